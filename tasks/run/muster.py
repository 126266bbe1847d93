"""How every host came out of a stage, and what its fleet step is given."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Outcome
from tasks.model.record import Fate, HostRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tasks.model.finding import Row
    from tasks.model.record import RunRecord, StageRecord
    from tasks.run.context import RunContext
    from tasks.run.stage import Stage
    from tasks.run.walked import Walked


def outcomes_for_fleet(stage: Stage, walking: tuple[str, ...], walked: Mapping[str, Walked]) -> dict[str, Outcome]:
    """What ``Stage.on_fleet`` is given; see ``FleetStep``."""
    if stage.on_hosts is None:
        return {host: Outcome() for host in walking}
    return {host: one.outcome for host, one in walked.items() if one.outcome is not None}


def last_step(
    stage: Stage,
    walking: tuple[str, ...],
    walked: Mapping[str, Walked],
    record: Callable[[], RunRecord],
    ctx: RunContext,
    *,
    with_fleet: bool,
) -> Callable[[], Outcome] | None:
    """What is left to do once, after the hosts; a step over the record needs no host that came this far."""
    if record_step := stage.on_record:
        so_far = record()
        return lambda: record_step(so_far, ctx)
    if (fleet_step := stage.on_fleet) and walking and with_fleet:
        outcomes = outcomes_for_fleet(stage, walking, walked)
        return lambda: fleet_step(outcomes, ctx)
    return None


def host_records(
    stage: Stage,
    hosts: tuple[str, ...],
    walked: Mapping[str, Walked],
    resumed: Mapping[str, str],
    blocked: Mapping[str, Row],
) -> tuple[HostRecord, ...]:
    """One record per step that the stage has: every chosen host, and the fleet."""
    steps = (*(hosts if stage.on_hosts else ()), *((FLEET,) if stage.on_fleet or stage.on_record else ()))
    return tuple(walked[one].record if one in walked else _stayed_out(one, resumed, blocked) for one in steps)


def _stayed_out(host: str, resumed: Mapping[str, str], blocked: Mapping[str, Row]) -> HostRecord:
    if host in resumed:
        return HostRecord(host=host, fate=Fate.RESUMED, detail=resumed[host])
    cause = blocked.get(host) or blocked.get(FLEET)
    return HostRecord(host=host, fate=Fate.BLOCKED, detail=f"blocked by {cause}" if cause else "no host came so far")


def good_hosts(walking: tuple[str, ...], record: StageRecord) -> tuple[str, ...]:
    """Those of ``walking`` whose steps came to their end and against whom no row of this stage speaks."""
    bad = {finding.row.target for finding in record.findings if finding.blocks or finding.blocked_by}
    fates: dict[str, set[Fate]] = defaultdict(set)
    for one in record.hosts:
        fates[one.host].add(one.fate)
    return tuple(
        host
        for host in walking
        if not bad & {host, FLEET} and fates.get(host, set()) | fates.get(FLEET, set()) == {Fate.DONE}
    )
