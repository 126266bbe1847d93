"""What earlier runs can teach: how long each stage took last time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def last_durations(reports: Path, runbook: str) -> dict[str, float]:
    """
    Seconds per stage of the last finished run of the same runbook; nothing where there is none.

    Arguments:
        reports: the folder of all reports

    """
    try:
        report = json.loads((reports / "latest" / "report.json").read_text(encoding="utf-8"))
        if report["labels"]["runbook"] != runbook:
            return {}
        return {stage["slug"]: float(stage["duration_s"]) for stage in report["stages"] if stage["reached"]}
    except (OSError, ValueError, TypeError, KeyError):
        return {}
