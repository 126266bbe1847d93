"""What must never be in a rendered stream: one module per family of rules, and what they are asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.deploy.guards import access, addresses, fleet, hooks, limits, places, secrets, storage, workloads
from tasks.deploy.guards.exceptions import read_exceptions
from tasks.deploy.guards.inputs import wrong_inputs
from tasks.deploy.guards.subject import FleetRule, Rule, Subject
from tasks.deploy.pins import read_lock
from tasks.model.errors import InventoryError, Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tasks.deploy.guards.exceptions import Exempt
    from tasks.deploy.guards.subject import Complaint
    from tasks.deploy.manifest import Stream
    from tasks.deploy.overlay import Overlay
    from tasks.fleet.model import Fleet

RULES = (
    Rule("nothing", places.nothing),
    Rule("namespaces", places.namespaces),
    Rule("placeholders", places.placeholders),
    Rule("default-deny", places.default_deny),
    Rule("hooks", hooks.hooks),
    Rule("bare-pods", hooks.bare_pods),
    Rule("uninstallers", hooks.uninstallers),
    Rule("images", workloads.images),
    Rule("requests", workloads.requests, excusable=True),
    Rule("single-node", workloads.single_node),
    Rule("local-volumes", storage.local_volumes, excusable=True),
    Rule("claims", storage.claims, excusable=True),
    Rule("volume-replicas", storage.volume_replicas),
    Rule("sizes", limits.sizes),
    Rule("versions", limits.versions, excusable=True),
    Rule("literal-secrets", secrets.literal_secrets, excusable=True),
    Rule("secret-arguments", secrets.secret_arguments, excusable=True),
    Rule("references", secrets.references, excusable=True),
    Rule("roles", access.roles, excusable=True),
    Rule("load-balancers", addresses.load_balancers),
    Rule("pools", addresses.pools),
)
"""Each is asked about every rendering, before it is applied."""

FLEET_RULES = (
    FleetRule("one-compactor", fleet.one_compactor),
    FleetRule("external-labels", fleet.external_labels),
    FleetRule("addresses", fleet.addresses),
    FleetRule("closed-namespaces", fleet.closed_namespaces),
)
"""Each is asked about all renderings of the fleet together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """
    What the rules say of one rendering.

    Attributes:
        said: each complaint after the name of its rule, in the order of ``RULES``
        used: the exceptions without which there would be more

    """

    said: tuple[tuple[str, Complaint], ...]
    used: frozenset[Exempt]

    @property
    def complaints(self) -> tuple[Complaint, ...]:
        """Every complaint."""
        return tuple(complaint for _, complaint in self.said)


def exceptions_of(root: Path) -> tuple[Exempt, ...]:
    """
    The tree's exceptions.

    Raises:
        InventoryError: an entry is none

    """
    return read_exceptions(root, {rule.name for rule in RULES if rule.excusable})


def judge(subject: Subject, exceptions: Sequence[Exempt]) -> Judged:
    """Ask every rule about one rendering."""
    said: list[tuple[str, Complaint]] = []
    used: set[Exempt] = set()
    for rule in RULES:
        for complaint in rule.judge(subject):
            covering = [it for it in exceptions if it.covers(rule.name, subject.overlay.component, complaint)]
            used.update(covering)
            said += [] if covering else [(rule.name, complaint)]
    return Judged(said=tuple(said), used=frozenset(used))


def judge_fleet(subjects: tuple[Subject, ...]) -> Iterator[tuple[Subject, Complaint]]:
    """Ask every fleet-wide rule about all renderings together."""
    for rule in FLEET_RULES:
        yield from rule.judge(subjects)


def judge_tree(root: Path) -> tuple[Mistake, ...]:
    """
    What is wrong with what the tree draws from outside; nothing is rendered.

    Raises:
        InventoryError: ``kustomize/charts.lock`` is wrong

    """
    return tuple(wrong_inputs(root, read_lock(root)))


def unused(exceptions: Sequence[Exempt], used: frozenset[Exempt], overlays: Sequence[Overlay]) -> Iterator[Mistake]:
    """
    Entries that except nothing: what they excused is gone, and they would hide the next thing of that name.

    Arguments:
        overlays: what was rendered as the site has it: with no trait's component and no stand-in

    """
    known = {overlay.component for overlay in overlays}
    for entry in exceptions:
        if entry.component in known and not entry.trait and entry not in used:
            said = f"{entry.component}: {entry.object} {entry.part}".rstrip()
            yield Mistake(
                entry.file, entry.line, f"{said} is excepted from {entry.rule}, and needs it no more: remove it"
            )


def refuse(root: Path, fleet_: Fleet, overlay: Overlay, stream: Stream) -> None:
    """
    Refuse what must not be applied.

    Raises:
        InventoryError: one mistake for each complaint, with the overlay, the object and what to do

    """
    subject = Subject(overlay=overlay, stream=stream, cluster=fleet_.cluster(overlay.cluster), fleet=fleet_)
    mistakes = [Mistake(str(overlay.path), 1, str(it)) for it in judge(subject, exceptions_of(root)).complaints]
    own = (str(overlay.path), str(root / "kustomize" / "base" / overlay.component))
    mistakes += [mistake for mistake in judge_tree(root) if mistake.file.startswith(own)]
    if mistakes:
        raise InventoryError(tuple(mistakes))
