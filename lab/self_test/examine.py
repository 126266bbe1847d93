"""The rounds, played: break, audit, heal, and wait until the fleet is what it was."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lab import faults
from lab.faults import FaultError, RunningLab, active_faults
from lab.locking import changing
from lab.progress import Progress
from lab.self_test.rounds import Round, Rounds
from lab.self_test.score import Report, Score, score

ROOT = Path(__file__).resolve().parents[2]
AUDIT_S = 600.0
RECOVERY_S = 600.0
"""What was cut off elects leaders, renews leases and scrapes again."""


def examine(lab: RunningLab, plan: Rounds, say: Progress) -> Iterator[Score]:
    """
    Play every round, from a sound fleet to a sound fleet.

    Raises:
        FaultError: a fault is in force already, cannot be had, or leaves something behind that does not heal

    """
    if active := active_faults(lab.state):
        raise FaultError(f"in force already: {', '.join(it.title for it in active)}; `python -m lab heal` undoes it")
    say("auditing the fleet as it is")
    sound = _audit(plan)
    for number, one in enumerate(plan.rounds, 1):
        say(f"round {number} of {len(plan.rounds)}, {one.title}: {'; '.join(' '.join(it) for it in one.faults)}")
        try:
            broken = _broken(lab, one, say, plan)
        finally:
            with changing(lab.state.root, say):
                faults.heal(lab)
        yield score(one.title, tuple(" ".join(it) for it in one.faults), one.red, sound, broken)
        _await_recovery(sound, lambda: _audit(plan), say)


def _broken(lab: RunningLab, one: Round, say: Progress, plan: Rounds) -> Report:
    with changing(lab.state.root, say):
        for name, *words in one.faults:
            faults.break_it(lab, name, words)
    return _audit(plan)


def _audit(plan: Rounds) -> Report:
    """One audit at the operator's seat; what only looks at the fleet is neither kept in its history nor told."""
    audit = [sys.executable, "runbooks/nightly_audit.py", "--json", "--only", ",".join(plan.stages)]
    done = subprocess.run(
        [sys.executable, "-m", "lab", "exec", "--", *audit],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=AUDIT_S,
    )  # fmt: skip
    try:
        return Report(json.loads(done.stdout), plan.unsteady)
    except (ValueError, KeyError) as error:
        said = "\n".join(done.stderr.splitlines()[-10:])
        raise FaultError(f"the audit ended with {done.returncode} and without a report:\n{said}") from error


def _await_recovery(sound: Report, audit: Callable[[], Report], say: Progress) -> None:
    """Until nothing is bad that was not so at first; otherwise the next round would be blamed for it."""
    until = time.monotonic() + RECOVERY_S
    while left := audit().bad - sound.bad:
        if time.monotonic() > until:
            raise FaultError(f"healed, and after {RECOVERY_S:.0f} s still bad: {', '.join(sorted(left))}")
        say(f"healed; waiting for {len(left)} rows, {min(left)} among them")
