"""Whether a server's keys are to be enrolled: by an out-of-band list, by the operator's word, or by asking."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from tasks.transport.enrolment import Difference, contradictions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tasks.transport.access import Access
    from tasks.transport.hostkeys import HostKey


class State(StrEnum):
    """What became of one server."""

    ENROLLED = "enrolled"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One server: what it presents and how that differs from what is enrolled, or why it could not be asked."""

    access: Access
    presented: tuple[HostKey, ...] = ()
    difference: Difference = field(default_factory=Difference)
    unreachable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """
    On what grounds keys are taken.

    Attributes:
        expected: the out-of-band list, host to (keytype, fingerprint) pairs; None without one
        compared: the operator says that the fingerprints shown were compared
        replace: an enrolled key may be given up for another
        ask: puts a question to the operator; None where nobody is there

    """

    expected: Mapping[str, frozenset[tuple[str, str]]] | None = None
    compared: bool = False
    replace: bool = False
    ask: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one server's keys, and why where that is not plain."""

    asked: Asked
    state: State
    why: str = ""

    def __str__(self) -> str:
        """One line for the operator."""
        return f"{self.asked.access.name}: {self.state}{': ' if self.why else ''}{self.why}"


def decide_all(servers: Sequence[Asked], terms: Terms) -> tuple[Decision, ...]:
    """Decide on every server; where one differs from the out-of-band list, nothing at all is taken."""
    decisions = tuple(decide(asked, terms) for asked in servers)
    if terms.expected is None or all(decision.state is not State.REFUSED for decision in decisions):
        return decisions
    return tuple(
        replace(decision, state=State.REFUSED, why="agrees, but another host does not: nothing was written")
        if decision.state is State.ENROLLED
        else decision
        for decision in decisions
    )


def decide(asked: Asked, terms: Terms) -> Decision:
    """Decide on one server."""
    name, difference = asked.access.name, asked.difference
    differs: tuple[str, ...] = ()
    if terms.expected is not None and not asked.unreachable:
        differs = contradictions(asked.presented, terms.expected.get(name, frozenset()))
    if asked.unreachable:
        state, why = State.UNREACHABLE, asked.unreachable
    elif differs:
        state, why = State.REFUSED, "; ".join(differs)
    elif difference.settled and not (difference.gone and terms.replace):
        state, why = State.UNCHANGED, ""
    elif difference.replaces and not terms.replace:
        state, why = State.REFUSED, "presents other keys than the enrolled ones; if it was set up anew: --replace"
    elif terms.expected is not None or terms.compared:
        state, why = State.ENROLLED, ""
    elif terms.ask is None:
        state, why = State.REFUSED, "nobody is here to be asked; compare, then --expect FILE or --i-have-compared"
    else:
        state, why = _ask(name, terms.ask, replaces=difference.replaces)
    return Decision(asked=asked, state=state, why=why)


def _ask(name: str, ask: Callable[[str], str], *, replaces: bool) -> tuple[State, str]:
    """A plain yes adds keys; giving up enrolled ones wants the host's name."""
    word = name if replaces else "yes"
    what = f"{name}: give up the enrolled keys for these?" if replaces else f"{name}: are these its keys?"
    agreed = ask(f"{what} Type {word} if you have compared them: ").strip() == word
    return (State.ENROLLED, "") if agreed else (State.REFUSED, f"{word} was not typed")


def render_table(servers: Sequence[Asked]) -> str:
    """Every key of every server with its whole fingerprint and its standing, aligned for people."""
    rows = [("HOST", "ENDPOINT", "KEY TYPE", "FINGERPRINT", "")]
    for asked in servers:
        head = (asked.access.name, asked.access.endpoint)
        if asked.unreachable:
            rows.append((*head, "-", "-", asked.unreachable))
        for key, standing in _standings(asked.difference):
            rows.append((*head, key.keytype, key.fingerprint, standing))
            head = ("", "")
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = (
        "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4])) for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def render_json(decisions: Sequence[Decision]) -> str:
    """The outcome for machines."""
    hosts = [
        {
            "host": decision.asked.access.name,
            "endpoint": decision.asked.access.endpoint,
            "state": decision.state,
            "why": decision.why,
            "keys": [{"keytype": key.keytype, "fingerprint": key.fingerprint} for key in decision.asked.presented],
        }
        for decision in decisions
    ]
    return json.dumps({"hosts": hosts}, indent=2)


def _standings(difference: Difference) -> list[tuple[HostKey, str]]:
    old = {key.keytype: key.fingerprint for key in difference.gone}
    return [
        *((key, "enrolled") for key in difference.same),
        *((key, "new") for key in difference.new),
        *((key, f"OTHER THAN ENROLLED {old.get(key.keytype, '')}".rstrip()) for key in difference.changed),
        *((key, "enrolled, not presented") for key in difference.gone),
    ]
