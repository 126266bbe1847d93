"""The report as JUnit XML, for whatever shows test results."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from tasks.model.finding import Finding, Verdict
from tasks.reports.words import details

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasks.model.record import StageRecord
    from tasks.reports.report import Report

_TAGS = {
    Verdict.FAIL: "failure",
    Verdict.ERROR: "error",
    Verdict.UNREACHABLE: "error",
    Verdict.SKIP: "skipped",
}


def render(report: Report) -> str:
    """One suite per stage, one case per row. A waived row is skipped, with the reason as its message."""
    root = ET.Element("testsuites", {"name": report.labels.runbook, **_counts(report.findings)})
    root.set("time", f"{report.duration_s:.3f}")
    root.extend(_suite(report, stage) for stage in report.stages)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(report: Report, stage: StageRecord) -> ET.Element:
    suite = ET.Element("testsuite", {"name": stage.title, **_counts(stage.findings)})
    suite.set("time", f"{stage.duration_s:.3f}")
    suite.set("timestamp", f"{report.started:%Y-%m-%dT%H:%M:%S}")
    suite.extend(_case(stage, finding) for finding in stage.findings)
    return suite


def _case(stage: StageRecord, finding: Finding) -> ET.Element:
    case = ET.Element("testcase", {"classname": f"{stage.slug}.{finding.row.target}", "name": str(finding.row)})
    case.set("time", f"{finding.duration_s:.3f}")
    if tag := _tag(finding):
        sub = ET.SubElement(case, tag, {"message": f"waived: {finding.waiver}" if finding.waiver else finding.observed})
        if tag != "skipped":
            sub.set("type", str(finding.verdict))
        sub.text = "\n".join((*(f"{name}: {text}" for name, text in details(finding)), *finding.evidence))
    elif finding.verdict is Verdict.WARN:
        ET.SubElement(case, "system-out").text = "\n".join(f"{name}: {text}" for name, text in details(finding))
    return case


def _tag(finding: Finding) -> str:
    if finding.waiver and finding.verdict.blocks:
        return "skipped"
    return _TAGS.get(finding.verdict, "")


def _counts(findings: Sequence[Finding]) -> dict[str, str]:
    tags = [_tag(finding) for finding in findings]
    return {
        "tests": str(len(tags)),
        "failures": str(tags.count("failure")),
        "errors": str(tags.count("error")),
        "skipped": str(tags.count("skipped")),
    }
