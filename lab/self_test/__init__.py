"""
Does the nightly audit find what is broken? Every fault, brought about on a deployed fleet, has to be localised.

`rounds.yaml` says which faults are in force together and which rows they must turn red: these and no others.
"""
