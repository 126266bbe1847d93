"""Before the first change: every rendering that may be applied, and all clusters' together, asked by every guard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.deploy.build import render_all
from tasks.deploy.check import lines_of, subjects_of, wanted_of
from tasks.deploy.guards import FLEET_RULES, RULES, exceptions_of, judge, judge_tree
from tasks.deploy.left_out import left_out
from tasks.deploy.overlay import of_stand_ins
from tasks.model.errors import InventoryError
from tasks.model.finding import FLEET, Finding, Outcome, Row, Verdict
from tasks.transport.local import LocalShell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tasks.deploy.guards.subject import Subject
    from tasks.fleet.model import Fleet
    from tasks.run.context import RunContext

RENDERED, INPUTS = "tree.rendered", "tree.inputs"

SHOWN = 3
"""How many complaints a row says; its evidence has them all."""


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """The tree's inputs; for every cluster its renderings and each guard; for the fleet each guard over all."""
    own = (RENDERED, *(f"tree.{rule.name}" for rule in RULES))
    return (
        Row(INPUTS, FLEET),
        *(Row(check, cluster.name) for cluster in fleet.clusters for check in own),
        *(Row(f"tree.{rule.name}", FLEET) for rule in FLEET_RULES),
    )


def check_tree(outcomes: Mapping[str, Outcome], ctx: RunContext) -> Outcome:
    """
    Render what the clusters are to have, and ask every guard. Contacts no cluster and changes nothing.

    Guards over the fleet look at all clusters, whichever are chosen; where one rendering is missing they know nothing.

    Returns:
        Outcome(findings=one per row of ``declares`` about the fleet or a chosen cluster, notes=the lab's own charts)

    Raises:
        InventoryError: the tree cannot be read

    """
    wanted = [it for it in wanted_of(ctx) if not left_out(ctx.root, ctx.settings.traits, it[1])]
    ctx.progress.doing(FLEET, f"rendering {len(wanted)} overlays")
    built = render_all(ctx, wanted, LocalShell(plan=True))
    failed = {(c.name, what): it for (c, what), it in zip(wanted, built, strict=True) if isinstance(it, Exception)}
    subjects = subjects_of(ctx, [it for it in built if not isinstance(it, Exception)])
    ctx.progress.doing(FLEET, "asking the guards")
    tree = _Tree(ctx=ctx, subjects=subjects, failed=failed, chosen=tuple(outcomes))
    return Outcome(
        findings=(tree.inputs(), *(it for name in outcomes for it in tree.cluster(name)), *tree.fleet()),
        notes=of_stand_ins(chart for subject in tree.subjects for chart in subject.overlay.stand_ins),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tree:
    """All renderings; ``failed`` has cluster and component to what was raised."""

    ctx: RunContext
    subjects: tuple[Subject, ...]
    failed: Mapping[tuple[str, str], Exception]
    chosen: tuple[str, ...]

    def inputs(self) -> Finding:
        """What is drawn from outside."""
        said = [str(mistake) for mistake in judge_tree(self.ctx.root)]
        wanted = "every chart and file from outside is pinned in kustomize/charts.lock"
        return _judged(Row(INPUTS, FLEET), said, wanted, "every input is pinned")

    def cluster(self, name: str) -> Iterator[Finding]:
        """One cluster's rows."""
        mine = [subject for subject in self.subjects if subject.cluster.name == name]
        rendered = self._rendered(name, len(mine))
        yield rendered
        exceptions = exceptions_of(self.ctx.root)
        said: dict[str, list[str]] = {rule.name: [] for rule in RULES}
        for subject in mine:
            for name_of_rule, complaint in judge(subject, exceptions).said:
                said[name_of_rule].append(f"{subject.overlay.component}: {complaint}")
        objects = sum(len(subject.stream.documents) for subject in mine)
        for rule in RULES:
            row = Row(f"tree.{rule.name}", name)
            if rendered.blocks and not said[rule.name]:
                yield _unknown(row, Verdict.SKIP, rule.says, rendered.observed, rendered.row)
            else:
                yield _judged(row, said[rule.name], rule.says, f"{objects} objects")

    def _rendered(self, name: str, good: int) -> Finding:
        errors = {component: error for (cluster, component), error in self.failed.items() if cluster == name}
        said = [f"{component}: {line}" for component, error in errors.items() for line in lines_of(error)]
        known = all(isinstance(error, InventoryError) for error in errors.values())
        if not good and not said:
            said, known = ["there is nothing to render"], False
        wanted = "every overlay builds, twice the same, from pinned charts"
        return _judged(
            Row(RENDERED, name), said, wanted, f"{good} renderings", Verdict.FAIL if known else Verdict.ERROR
        )

    def fleet(self) -> Iterator[Finding]:
        """The rows over all clusters."""
        missing = [f"{cluster} {component}: {lines_of(it)[0]}" for (cluster, component), it in self.failed.items()]
        cause = next((Row(RENDERED, cluster) for cluster, _ in self.failed if cluster in self.chosen), None)
        for rule in FLEET_RULES:
            row = Row(f"tree.{rule.name}", FLEET)
            said = [f"{it.cluster.name} {it.overlay.component}: {found}" for it, found in rule.judge(self.subjects)]
            if missing and not said:
                yield _unknown(row, Verdict.ERROR, rule.says, _short(missing), cause)
            else:
                yield _judged(row, said, rule.says, f"{len(self.subjects)} renderings of all clusters")


def _judged(row: Row, said: Sequence[str], wanted: str, good: str, bad: Verdict = Verdict.FAIL) -> Finding:
    if not said:
        return Finding(row=row, verdict=Verdict.PASS, observed=good)
    limit = "" if row.target == FLEET else f" --limit {row.target}"
    return Finding(
        row=row,
        verdict=bad,
        observed=_short(said),
        wanted=wanted,
        remedy=f"mend what is said below kustomize/, then: python -m tasks.deploy check{limit}",
        reproduce=f"python -m tasks.deploy check{limit}",
        evidence=tuple(said),
    )


def _unknown(row: Row, verdict: Verdict, wanted: str, why: str, cause: Row | None) -> Finding:
    said = f"not every overlay could be rendered: {why}"
    return Finding(row=row, verdict=verdict, observed=said, wanted=wanted, blocked_by=cause)


def _short(said: Sequence[str]) -> str:
    more = f" and {len(said) - SHOWN} more" if len(said) > SHOWN else ""
    return "; ".join(said[:SHOWN]) + more
