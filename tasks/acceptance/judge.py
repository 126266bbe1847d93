"""The verdict about one criterion, from what a run has found, what the tree says and which documents there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Finding, Row, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tasks.acceptance.criteria import Criterion, Wish

SHOWN = 5
"""How many rows a verdict names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """
    What there is to judge from.

    Attributes:
        findings: every row of the run so far
        unfulfilled: for each wish, by cluster, what its rendering lacks; empty text where nothing; a cluster that does
            not have the component is not among them
        missing: documents and tests that criteria name and that are not there

    """

    findings: Sequence[Finding]
    unfulfilled: Mapping[Wish, Mapping[str, str]]
    missing: frozenset[str] = frozenset()


def judge(criterion: Criterion, seen: Seen) -> Finding:
    """One row: bad where any proof is bad, not judged where one is not, good only where every one is good."""
    parts = [
        *(_live(pattern, seen.findings) for pattern in criterion.live),
        *(_render(wish, seen.unfulfilled.get(wish, {})) for wish in criterion.render),
        *(_exists("by document", name, seen) for name in criterion.document),
    ]
    played = [_exists("played in the lab by", name, seen) for name in criterion.lab]
    if not parts and all(verdict is Verdict.PASS for verdict, _ in played):
        played = [(Verdict.SKIP, f"{said}: a site is not broken in order to prove it") for _, said in played]
    every = [*parts, *played]
    verdict = max((it for it, _ in every), key=_WEIGHT.index, default=Verdict.FAIL)
    worst = [said for it, said in every if it is verdict]
    return Finding(
        row=Row(criterion.check, FLEET),
        verdict=verdict,
        observed="; ".join(worst) or "nothing proves it",
        wanted=criterion.en,
        evidence=tuple(f"{it}: {said}" for it, said in every),
        remedy="" if verdict.good else "mend the rows that are named; then: python runbooks/verify.py",
    )


_WEIGHT = (Verdict.PASS, Verdict.WARN, Verdict.SKIP, Verdict.UNREACHABLE, Verdict.ERROR, Verdict.FAIL)
Part = tuple[Verdict, str]


def matching(pattern: str, findings: Iterable[Finding]) -> list[Finding]:
    """The rows that ``check``, or a dotted beginning of one, with or without ``@target``, stands for."""
    check, _, target = pattern.partition("@")
    return [
        it
        for it in findings
        if (it.row.check == check or it.row.check.startswith(f"{check}.")) and target in {"", it.row.target}
    ]


def _live(pattern: str, findings: Iterable[Finding]) -> Part:
    rows = matching(pattern, findings)
    if not rows:
        return Verdict.FAIL, f"no row {pattern} in this run: nothing proves it"
    if bad := [it for it in rows if it.blocks]:
        return max((it.verdict for it in bad), key=_WEIGHT.index), _named("", bad)
    if unproven := [it for it in rows if not it.verdict.good]:
        return Verdict.SKIP, _named("not judged, or waived: ", unproven)
    verdict = Verdict.WARN if any(it.verdict is Verdict.WARN for it in rows) else Verdict.PASS
    return verdict, f"live, {len(rows)} rows {pattern}"


def _named(head: str, rows: Sequence[Finding]) -> str:
    said = ", ".join(f"{it.row} ({it.waiver or it.observed})" for it in rows[:SHOWN])
    return head + said + (f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else "")


def _render(wish: Wish, lacking: Mapping[str, str]) -> Part:
    if not lacking:
        return Verdict.FAIL, f"no cluster has {wish.component}: nothing proves {wish}"
    if bad := [f"{cluster}: {said}" for cluster, said in lacking.items() if said]:
        return Verdict.FAIL, f"by rendering, {wish.component} of {'; '.join(bad)}"
    return Verdict.PASS, f"by rendering of {len(lacking)} clusters, {wish}"


def _exists(how: str, name: str, seen: Seen) -> Part:
    if name in seen.missing:
        return Verdict.FAIL, f"{name} is not there: nothing proves it"
    return Verdict.PASS, f"{how} {name}"
