"""The commands of ``python -m tasks.deploy``: each prints, and says whether something must not be applied."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from tasks.deploy.build import render, render_whole
from tasks.deploy.charts import contents_of, lay_in_place, sources_of
from tasks.deploy.check import check as judge_all
from tasks.deploy.check import overlays_of, subjects_of, wanted_of
from tasks.deploy.images import images_of_cluster
from tasks.deploy.pins import digest_of, read_lock
from tasks.deploy.pull import pull
from tasks.model.errors import SettingsError
from tasks.run.site import new_context, open_site
from tasks.transport.local import LocalShell

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tasks.deploy.check import Checked
    from tasks.run.context import RunContext


class _Silent:
    """A progress that says nothing: what is printed is the answer alone."""

    def doing(self, target: str, what: str) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""


def _context(limit: Sequence[str] = ()) -> RunContext:
    ctx = new_context(open_site(), _Silent(), plan=True, deadline_s=600)
    known = {cluster.name for cluster in ctx.fleet.clusters}
    if unknown := sorted(set(limit) - known):
        raise SettingsError(f"no cluster is called {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return ctx


def list(options: argparse.Namespace) -> bool:  # noqa: A001  the command's name
    """Every cluster's components with stage, namespace and trait."""
    ctx = _context(options.limit)
    overlays = overlays_of(ctx, options.limit)
    if options.json:
        _print_json([asdict(it) | {"path": str(it.path.relative_to(ctx.root))} for it in overlays])
        return False
    rows = [(it.cluster, it.component, str(it.stage), it.namespace, it.trait) for it in overlays]
    _print_table(("cluster", "component", "stage", "namespace", "trait"), rows)
    return False


def build(options: argparse.Namespace) -> bool:
    """One component's objects, as they would be applied."""
    ctx = _context([options.cluster])
    overlay, stream = render(ctx, ctx.fleet.cluster(options.cluster), options.component, LocalShell(plan=True))
    sys.stdout.write(stream.text)
    _tell_stand_ins(overlay.stand_ins)
    return False


def charts(options: argparse.Namespace) -> bool:
    """Every pinned input in its place; or, with ``--pin``, what one would be pinned by."""
    ctx, shell = _context(), LocalShell(plan=True)
    if not options.pin:
        found = lay_in_place(ctx.root, shell, sources_of(ctx.settings))
        rows = [(it.pin.base, it.pin.label, it.digest[:16], "stand-in" if it.stand_in else "") for it in found]
        _print_table(("base", "chart", "tree", ""), rows)
        return False
    pins = [pin for pin in read_lock(ctx.root) if pin.name == options.pin]
    if not pins:
        raise SettingsError(
            f"kustomize/charts.lock has no {options.pin}: write its name, version and source there first"
        )
    for pin in pins:
        try:
            content = pull(pin, ctx.settings.chart_mirror, shell)
        except OSError as error:
            raise SettingsError(f"{pin.label} cannot be had: {error}") from error
        sys.stdout.write(f"# {pin.label}, as it is served now\n  package: {hashlib.sha256(content).hexdigest()}\n")
        sys.stdout.write(f"  tree: {digest_of(contents_of(pin, content))}\n")
    return False


def images(options: argparse.Namespace) -> bool:
    """Every image; by cluster, with what asks for it, as JSON."""
    ctx = _context(options.limit)
    built = render_whole(ctx, wanted_of(ctx, options.limit), LocalShell(plan=True))
    subjects = subjects_of(ctx, built)
    found = {
        name: images_of_cluster((it for it in subjects if it.cluster.name == name), ctx.fleet)
        for name in dict.fromkeys(it.cluster.name for it in subjects)
    }
    if options.json:
        _print_json(found)
    else:
        sys.stdout.writelines(f"{image}\n" for image in sorted({image for it in found.values() for image in it}))
    _tell_stand_ins({chart for overlay, _ in built for chart in overlay.stand_ins})
    return False


def check(options: argparse.Namespace) -> bool:
    """A table of every rendering with its verdict, and each complaint beneath."""
    ctx = _context(options.limit)
    checked = judge_all(ctx, LocalShell(plan=True), options.limit)
    if options.json:
        _print_json(asdict(checked) | {"good": checked.good})
    else:
        _print_checked(checked)
    return not checked.good


def _print_checked(checked: Checked) -> None:
    rows = [
        (
            row.cluster,
            row.component,
            str(row.objects),
            f"{len(row.complaints)} complaints" if row.complaints else "good",
            f"stand-in {', '.join(row.stand_ins)}" if row.stand_ins else "",
        )
        for row in checked.rows
    ]
    _print_table(("cluster", "component", "objects", "verdict", ""), rows)
    said = [f"{row.cluster} {row.component}: {complaint}" for row in checked.rows for complaint in row.complaints]
    for line in (*said, *checked.mistakes):
        sys.stdout.write(f"{line}\n")
    objects = sum(row.objects for row in checked.rows)
    total = len(said) + len(checked.mistakes)
    sys.stdout.write(f"{len(checked.rows)} renderings, {objects} objects, {total or 'no'} complaints\n")


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(f"{line.rstrip()}\n")


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def _tell_stand_ins(charts: Sequence[str] | set[str]) -> None:
    if charts:
        sys.stderr.write(f"of the lab's own charts, not the published ones: {', '.join(sorted(charts))}\n")
