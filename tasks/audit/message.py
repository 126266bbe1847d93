"""What operators are told, in each channel's form. Pure: a comparison in, text out."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from tasks.audit.comparison import WORTH_TELLING, Kind, counts

if TYPE_CHECKING:
    from jinja2 import Template

    from tasks.audit.comparison import Comparison
    from tasks.reports.report import Report

VERSION: Final = 1
SHOWN: Final = 40
"""Changes that a text names one by one; the webhook's JSON has them all."""

TITLES: Final = {
    Kind.NEW: "New",
    Kind.CHANGED: "Still red, but differently",
    Kind.FLAPPING: "Flapping: told once, then not before it comes to rest",
    Kind.DOUBTFUL: "New warnings",
    Kind.FIXED: "Fixed",
    Kind.DROPPED: "No longer asked",
    Kind.UNJUDGED: "Red before, not judged this time",
    Kind.STILL: "Still red",
    Kind.SILENCED: "Silenced",
}


def content_of(report: Report, comparison: Comparison, folder: str) -> str:
    """
    The message as JSON, which is also the webhook's body.

    Returns:
        an object with ``version``, ``run``, ``started``, ``operator``, ``headline``, ``exit_code``, ``summary``,
        ``changes`` (``kind``, ``row``, ``verdict``, ``said``, ``since``), ``others`` (kind to number) and ``report``,
        the folder of the report on the operator's machine

    """
    told = [change for change in comparison.changes if change.kind in WORTH_TELLING]
    others = {kind: len(comparison.of(kind)) for kind in Kind if kind not in WORTH_TELLING}
    content = {
        "version": VERSION,
        "run": report.labels.run_id,
        "started": report.started.isoformat(),
        "operator": report.labels.operator,
        "headline": report.headline,
        "exit_code": report.exit_code,
        "summary": counts(told),
        "changes": [
            {
                "kind": str(one.kind),
                "row": one.row,
                "verdict": one.verdict,
                "said": one.said,
                "since": one.since,
            }
            for one in told
        ],
        "others": {str(kind): number for kind, number in others.items() if number},
        "report": folder,
    }
    return json.dumps(content, ensure_ascii=False)


def subject(content: str) -> str:
    """One line without line breaks: what changed, and where first."""
    told = json.loads(content)
    rows = [change["row"] for change in told["changes"]]
    more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
    return " ".join(f"[fleetproof] {told['summary']}: {rows[0] if rows else 'nothing'}{more}".split())


def text(content: str) -> str:
    """The message for people, as a mail has it."""
    return _template().render(**_shown(content))


def slack(content: str) -> str:
    """The body for a Slack webhook; the three characters that Slack reads as markup are escaped."""
    escaped = text(content).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return json.dumps({"text": f"*{subject(content)}*\n```{escaped}```"}, ensure_ascii=False)


def _shown(content: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(content)
    shown = told["changes"][:SHOWN]
    groups = [(TITLES[kind], [one for one in shown if one["kind"] == kind]) for kind in Kind]
    return {**told, "groups": [group for group in groups if group[1]], "more": len(told["changes"]) - len(shown)}


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415  only who tells pays for it

    environment = Environment(  # noqa: S701  plain text, which nobody renders
        loader=PackageLoader("tasks.audit"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("message.txt.j2")
