"""The report as one HTML page that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from tasks.model.record import Exit
from tasks.reports import picture, words

if TYPE_CHECKING:
    from jinja2 import Template

    from tasks.reports.report import Report

_MOODS = {Exit.GREEN: "good", Exit.BAD: "bad", Exit.PENDING: "pending"}


def render(report: Report) -> str:
    """The page; every text in it is escaped by the template engine."""
    return template("report.html.j2").render(values(report))


def values(report: Report) -> dict[str, Any]:
    """What the page's template, and one that extends it, is given."""
    return {
        "report": report,
        "mood": _MOODS.get(Exit(report.exit_code), "unsure"),
        "facts": words.facts(report),
        "shares": picture.shares(report),
        "grids": picture.grids(report),
        "lanes": picture.lanes(report),
        "changes": words.changes(report),
        "warned": words.doubtful(report, waived=False),
        "waived": words.doubtful(report, waived=True),
        "words": words,
    }


@cache
def template(name: str, package: str = "tasks.reports") -> Template:
    """One template of a package, which may extend this room's: its blocks are ``style``, ``news`` and ``history``."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined  # noqa: PLC0415  only who renders pays for it

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(one) for one in dict.fromkeys((package, "tasks.reports"))]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["span"] = words.span
    return environment.get_template(name)
