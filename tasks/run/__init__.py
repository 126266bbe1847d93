"""The engine under a runbook: stages, accounting, plan, journal, lock, progress. It decides no domain question."""
