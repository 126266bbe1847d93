"""What the operator wants run, and whether that is possible at all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.model.errors import SettingsError
from tasks.run.choose import check_canary, choose_hosts, choose_stages
from tasks.run.declare import declare
from tasks.run.waiver import Waivers, filed_waivers, parse_waiver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.model.finding import Row
    from tasks.run.options import Options
    from tasks.run.runbook import Runbook
    from tasks.run.site import Site
    from tasks.run.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    One run, resolved.

    Attributes:
        argv: the arguments as given, for the report
        declared: stage slug to the rows it owes
        hosts: the chosen ones, never empty
        notes: what the operator is to be told before anything runs

    """

    runbook: Runbook
    options: Options
    argv: tuple[str, ...]
    site: Site
    stages: tuple[Stage, ...]
    declared: Mapping[str, tuple[Row, ...]]
    hosts: tuple[str, ...]
    waivers: Waivers
    notes: tuple[str, ...]

    @property
    def touches(self) -> bool:
        """Whether anything may be changed."""
        return self.runbook.mutates and not self.options.plan


def order_of(runbook: Runbook, options: Options, argv: tuple[str, ...], site: Site) -> Order:
    """
    Resolve names against the site.

    Raises:
        SettingsError: an unknown stage, host, canary or waived check; a waiver file that cannot be read
        BrokenRunbook: the stages contradict themselves

    """
    stages = choose_stages(runbook.stages, options.only)
    # what destroys names its hosts one by one, never by group
    groups_of = dict.fromkeys(site.groups_of, ()) if runbook.confirm else site.groups_of
    hosts = choose_hosts(groups_of, options.limit)
    declared = declare(stages, site.fleet)
    waivers, notes = _waivers(site, options, [row for rows in declared.values() for row in rows])
    if options.canary:
        check_canary(options.canary, hosts, stages, runbook.stages)
        others = ", ".join(host for host in hosts if host != options.canary) or "nobody else"
        notes = (*notes, f"canary: {options.canary} is changed and proven first; {others} only when it is good")
    return Order(
        runbook=runbook,
        options=options,
        argv=argv,
        site=site,
        stages=stages,
        declared=declared,
        hosts=hosts,
        waivers=waivers,
        notes=notes,
    )


def _waivers(site: Site, options: Options, rows: list[Row]) -> tuple[Waivers, tuple[str, ...]]:
    typed = Waivers(tuple(map(parse_waiver, options.waive)))
    if strangers := typed.without_use(rows):
        checks = ", ".join(sorted({row.check for row in rows}))
        raise SettingsError(f"--waive: no row for {', '.join(map(str, strangers))}; known checks: {checks}")
    filed, notes = filed_waivers(options.waivers or site.settings.waivers, rows)
    return Waivers((*typed.given, *filed.given)), notes


def listing(order: Order) -> str:
    """The stages with the rows they owe, for people or, with ``--json``, for machines."""
    if order.options.json:
        stages = [
            {"slug": stage.slug, "title": stage.title, "rows": [str(row) for row in order.declared[stage.slug]]}
            for stage in order.stages
        ]
        return json.dumps(stages, indent=2) + "\n"
    lines = []
    for stage in order.stages:
        lines.append(f"{stage.slug}: {stage.title}")
        lines.extend(f"  {row}" for row in order.declared[stage.slug])
    return "\n".join(lines) + "\n"
