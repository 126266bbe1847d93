"""The rounds of the self-test, as `rounds.yaml` has them."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from lab.plan import PlanError

FILE = Path(__file__).with_name("rounds.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """
    Faults that are in force together.

    Attributes:
        title: by which the round is chosen
        faults: command lines of `lab fault`, split
        red: patterns of rows (`check@target->peer`, with `*`): every row that matches has to be a headline, and no
            other row may become one

    """

    title: str
    faults: tuple[tuple[str, ...], ...]
    red: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """
    All of them.

    Attributes:
        stages: the audit's that are asked in each round: those that look at the fleet
        unsteady: patterns of rows that no round is judged by

    """

    stages: tuple[str, ...]
    unsteady: tuple[str, ...]
    rounds: tuple[Round, ...]

    def only(self, titles: Sequence[str]) -> "Rounds":
        """
        Those rounds alone.

        Raises:
            PlanError: there is no round of that title

        """
        if unknown := set(titles) - {it.title for it in self.rounds}:
            known = ", ".join(repr(it.title) for it in self.rounds)
            raise PlanError(f"no round is called {', '.join(map(repr, sorted(unknown)))}; there are {known}")
        return replace(self, rounds=tuple(it for it in self.rounds if it.title in titles))


def read_rounds(file: Path = FILE) -> Rounds:
    """
    Read the file.

    Raises:
        PlanError: it is not of its form

    """
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        rounds = tuple(_round(it) for it in document["rounds"])
        return Rounds(stages=tuple(document["stages"]), unsteady=tuple(document.get("unsteady") or ()), rounds=rounds)
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise PlanError(f"{file}: wanted `stages` and `rounds` of title, faults and red: {error}") from error


def _round(entry: dict[str, Any]) -> Round:
    return Round(
        title=entry["title"],
        faults=tuple(tuple(shlex.split(it)) for it in entry["faults"]),
        red=tuple(entry["red"]),
    )
