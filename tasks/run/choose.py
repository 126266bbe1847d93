"""Which stages and which hosts a run is about."""

from __future__ import annotations

from itertools import dropwhile
from typing import TYPE_CHECKING

from tasks.model.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasks.run.stage import Stage


def choose_stages(stages: tuple[Stage, ...], only: Sequence[str]) -> tuple[Stage, ...]:
    """
    The stages that ``--only`` names, in the runbook's order; all where it names none.

    Raises:
        SettingsError: an unknown name, answered with the known ones

    """
    known = [stage.slug for stage in stages]
    if strangers := [name for name in only if name not in known]:
        raise SettingsError(f"--only: no stage {', '.join(strangers)}; known: {', '.join(known)}")
    return tuple(stage for stage in stages if not only or stage.slug in only)


def choose_hosts(groups_of: Mapping[str, Sequence[str]], limit: Sequence[str]) -> tuple[str, ...]:
    """
    The hosts that ``--limit`` names, in the inventory's order; all where it names none.

    Arguments:
        groups_of: host to the groups it is in
        limit: names of hosts or groups

    Raises:
        SettingsError: an unknown name, or an inventory without hosts

    """
    groups = sorted({group for groups in groups_of.values() for group in groups})
    if strangers := [name for name in limit if name not in groups_of and name not in groups]:
        known = f"hosts: {', '.join(groups_of) or 'none'}; groups: {', '.join(groups) or 'none'}"
        raise SettingsError(f"no host or group {', '.join(strangers)}; {known}")
    chosen = tuple(
        host for host, its in groups_of.items() if not limit or host in limit or not set(limit).isdisjoint(its)
    )
    if not chosen:
        raise SettingsError("no host is chosen, so nothing would be judged; the inventory has none")
    return chosen


def check_canary(canary: str, hosts: Sequence[str], chosen: Sequence[Stage], every: Sequence[Stage]) -> None:
    """
    Refuse a canary that is none of the run's hosts, and a choice of stages by which it would prove nothing.

    Arguments:
        chosen: the stages of this run
        every: the runbook's

    Raises:
        SettingsError: the sentence says what is known, or what to add

    """
    if canary not in hosts:
        raise SettingsError(f"--canary: no host {canary} among those of this run: {', '.join(hosts)}")
    last = chosen[-1]
    if last.mutates:
        after = dropwhile(lambda stage: stage.slug != last.slug, every)
        proofs = ", ".join(stage.slug for stage in after if not stage.mutates)
        raise SettingsError(
            f"--canary: after {last.slug} nothing proves the canary; add one of these to --only: {proofs}"
        )
