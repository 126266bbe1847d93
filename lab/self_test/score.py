"""One round's score: the report of a broken fleet against that of the sound one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

BAD = frozenset({"FAIL", "ERROR", "UNREACHABLE"})


class Report:
    """
    A run of the audit, from its JSON: rows by name, as `check@target->peer`.

    Arguments:
        unsteady: patterns of rows that are left out

    """

    def __init__(self, document: Mapping[str, Any], unsteady: Sequence[str] = ()) -> None:
        rows = ((name_of(it["row"]), it) for stage in document["stages"] for it in stage["findings"])
        self.rows: dict[str, Mapping[str, Any]] = {
            name: it for name, it in rows if not any(fnmatchcase(name, pattern) for pattern in unsteady)
        }

    @property
    def bad(self) -> frozenset[str]:
        """Rows that are bad, waived or not."""
        return frozenset(name for name, it in self.rows.items() if it["verdict"] in BAD)

    @property
    def headlines(self) -> frozenset[str]:
        """Rows that are bad and nobody's consequence."""
        return frozenset(name for name in self.bad if not self.rows[name]["blocked_by"])

    def root_of(self, name: str) -> str:
        """The row that stands at the beginning of a consequence's chain of causes."""
        seen = {name}
        while (blamed := self.rows[name]["blocked_by"] if name in self.rows else None) is not None:
            name = name_of(blamed)
            if name in seen:
                break
            seen.add(name)
        return name

    def observed(self, name: str) -> str:
        """What a row says."""
        return str(self.rows[name]["observed"]) if name in self.rows else "not among the rows"


def name_of(row: Mapping[str, str]) -> str:
    """The name by which a row is cited."""
    return f"{row['check']}@{row['target']}" + (f"->{row['peer']}" if row["peer"] else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """
    How one round went; right only where all four are empty.

    Attributes:
        missed: patterns and rows that had to be headlines and were not
        wrong: rows that became headlines and had to be none, with what they say
        astray: rows that became bad and blame one that is not of this round
        unanswered: rows of the sound fleet that did not come back

    """

    title: str
    faults: tuple[str, ...]
    missed: tuple[str, ...] = ()
    wrong: Mapping[str, str] = field(default_factory=dict)
    astray: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Everything was found, and nothing else."""
        return not (self.missed or self.wrong or self.astray or self.unanswered)


def score(title: str, faults: tuple[str, ...], red: Sequence[str], sound: Report, broken: Report) -> Score:
    """Hold a round's report against what it has to show."""
    wanted = {pattern: {name for name in broken.rows if fnmatchcase(name, pattern)} for pattern in red}
    due = frozenset[str]().union(*wanted.values())
    new = broken.bad - sound.bad
    headlines = broken.headlines - sound.headlines
    return Score(
        title=title,
        faults=faults,
        missed=(*(it for it, rows in wanted.items() if not rows), *sorted(due - headlines)),
        wrong={name: broken.observed(name) for name in sorted(headlines - due)},
        astray=tuple(sorted(name for name in new - headlines if broken.root_of(name) not in due)),
        unanswered=tuple(sorted(sound.rows.keys() - broken.rows.keys())),
    )
