"""Rounds: everybody once per round, in an order that moves on by one each time, after one round that does not count."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

from bench.model import BenchError, Contender, Run, Sample, Took

_TAIL = 1500


def play(
    contenders: Sequence[Contender], repetitions: int, run: Run, say: Callable[[str], None]
) -> tuple[dict[str, list[Sample]], dict[str, Sample]]:
    """
    Time every contender ``repetitions`` times.

    Returns:
        the samples that count, by contender; and those of the round before, in which memory was watched

    Raises:
        BenchError: a contender failed, or did not do the work; nothing is left to compare then

    """
    samples: dict[str, list[Sample]] = {contender.name: [] for contender in contenders}
    warm = {}
    for number in range(repetitions + 1):
        for place, contender in enumerate(in_order(contenders, number)):
            say(f"round {number}/{repetitions}: {contender.title}" + (" (warm-up)" if number == 0 else ""))
            sample = _once(contender, number, place, run)
            if number == 0:
                warm[contender.name] = sample
            else:
                samples[contender.name].append(sample)
    return samples, warm


def in_order(contenders: Sequence[Contender], number: int) -> list[Contender]:
    """The order of one round: as given, begun one further each round, so that nobody always follows the same one."""
    start = number % len(contenders)
    return [*contenders[start:], *contenders[:start]]


def _once(contender: Contender, number: int, place: int, run: Run) -> Sample:
    folder = Path(mkdtemp(prefix=f"fleetproof-bench-{contender.name}-"))
    try:
        contender.before()
        took = run(replace(contender.order(folder), watch_memory=number == 0))
        try:
            gathered = contender.gathered(folder, took)
        except BenchError as error:
            raise BenchError(f"{contender.title}: {error}\n{_said(folder)}") from error
        finally:
            contender.after(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Sample(round=number, place=place, took=took, gathered=gathered)


def _said(folder: Path) -> str:
    """The end of what the process wrote, for whoever has to find out why it does not count."""
    return "\n".join(
        f"--- {stream.name}\n{stream.read_text(errors='replace')[-_TAIL:]}"
        for stream in (folder / "stdout", folder / "stderr")
        if stream.exists() and stream.stat().st_size
    )


def must_exit(took: Took, *fine: int) -> None:
    """Raise ``BenchError`` unless the process ended with 0 or one of ``fine``."""
    if took.exit_code not in {0, *fine}:
        raise BenchError(f"ended with {took.exit_code} after {took.wall_s:.1f} s")
