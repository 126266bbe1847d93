"""
Speed, side by side with what one would use instead. Measures whole processes, interleaved, in one run.

    model       values: what to run, what it took, who is compared
    stopwatch   one process: wall clock, processor time, memory
    rounds      A B C, B C A, C A B ... and nobody counts whose output does not hold what was asked for
    figures     medians, ratios by round, targets
    record      the result as JSON
    show        tables for people, on the terminal and in the README
    equipment   the contenders' own Python environment, apart from the project's
    seat        the lab, and processes at its operator's seat
    subjects    what is measured: facts, scale, clusters, imports
    contenders  the programs that are measured
"""
