"""The canonical report counts right, finds causes, and holds no secret."""

from __future__ import annotations

import json as stdlib_json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from tasks.model.finding import FLEET, Finding, Row, Verdict
from tasks.model.record import Exit, StageRecord, exit_of
from tasks.reports import json
from tasks.reports.build import build
from tasks.reports.clean import printable
from tasks.reports.words import span
from tests.unit.reports.specimens import check_hosts, run_of, specimens, stage

if TYPE_CHECKING:
    from tasks.model.record import RunRecord

SCHEMA = Path(json.__file__).with_name("report.schema.json")


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """Of the published schema."""
    schema = stdlib_json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


def test_the_published_schema_is_the_one_of_the_types() -> None:
    """`python -m tasks.reports schema > tasks/reports/report.schema.json` after a change of the types."""
    assert SCHEMA.read_text(encoding="utf-8") == json.schema()


def test_every_report_keeps_to_the_schema(specimen: tuple[str, RunRecord], validator: Draft202012Validator) -> None:
    """Finished, interrupted, planned and still running."""
    for record in (specimen[1], replace(specimen[1], finished=None)):
        validator.validate(stdlib_json.loads(json.dump(build(record, str))))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), 2),
        (("surprise",), 1),
        (("labels", "plan"), "no"),
        (("stages", 0, "findings", 0, "verdict"), "MAYBE"),
        (("stages", 0, "findings", 0, "row", "target"), None),
        (("totals", "rows"), "many"),
    ],
)
def test_the_schema_refuses_what_no_report_says(
    path: tuple[Any, ...], value: object, validator: Draft202012Validator, mixed: RunRecord
) -> None:
    """Another version, an unknown key, a seventh verdict, a wrong type."""
    content = stdlib_json.loads(json.dump(build(mixed, str)))
    inner = content
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    assert not validator.is_valid(content)


def test_totals_add_up(specimen: tuple[str, RunRecord]) -> None:
    """The six verdicts are the rows, and each is counted once."""
    record = specimen[1]
    totals = build(record, str).totals
    by = Counter(finding.verdict for finding in record.findings)
    six = (totals.passed, totals.warned, totals.failed, totals.errors, totals.skipped, totals.unreachable)
    assert sum(six) == totals.rows == len(record.findings)
    assert six == tuple(by[verdict] for verdict in Verdict)


def test_causes_stand_for_themselves(mixed: RunRecord) -> None:
    """A cause is bad, unwaived and nobody's consequence; together they explain every blocked row."""
    report = build(mixed, str)
    assert [(str(cause.row), len(cause.consequences)) for cause in report.causes] == [
        ("host.swap@cluster-02", 20),
        ("host.ssh@cluster-03", 23),
        ("reach.vip.http@cluster-01->cluster-04", 0),
    ]
    assert sum(len(cause.consequences) for cause in report.causes) == report.totals.blocked


def test_the_matrix_has_a_cell_per_declared_path(mixed: RunRecord) -> None:
    """Rows are vantage points, columns destinations; what nobody declared stays empty."""
    lone = stage(
        "Lone",
        0.0,
        (Finding(row=Row("reach.api", "cluster-01", "s3"), verdict=Verdict.PASS, observed="x"),),
        {},
        mutates=False,
        took=0.1,
    )
    matrices = {one.check: one for one in build(replace(mixed, stages=(*mixed.stages, lone)), str).matrices}
    api = matrices["reach.api"]
    assert api.destinations == (*api.vantages, "s3")
    assert [row[-1] for row in api.cells] == [Verdict.PASS, None, None, None]
    assert matrices["reach.vip.http"].cells[0] == (Verdict.PASS, Verdict.SKIP, Verdict.SKIP, Verdict.FAIL)


@pytest.mark.parametrize(
    ("name", "code", "headline"),
    [
        ("mixed", Exit.BAD, "BAD: 3 causes; 2 of 72 rows failed, 44 were not judged, 1 waived"),
        ("green", Exit.GREEN, "GREEN: 72 of 72 rows judged, none bad"),
        ("interrupted", Exit.INTERRUPTED, "INTERRUPTED by SIGINT: 20 of 73 rows were judged"),
        ("plan", Exit.PENDING, "PENDING: 4 changes would be made"),
    ],
)
def test_the_headline_says_what_the_exit_code_means(name: str, code: Exit, headline: str) -> None:
    """One sentence, and the same verdict in a number."""
    report = build(specimens()[name], str)
    assert (report.exit_code, report.headline) == (code, headline)


def test_a_run_that_is_not_over_is_not_green() -> None:
    """Whoever reads the file of a killed run is told."""
    record = replace(specimens()["green"], finished=None)
    report = build(record, str)
    assert (report.state, report.exit_code) == ("running", Exit.UNJUDGED)
    assert report.headline == "UNFINISHED: 72 of 72 rows were judged so far"


def test_every_text_is_masked(mixed: RunRecord) -> None:
    """Wherever a secret may have come in: no string of the report escapes the mask."""

    def swallow(text: str) -> str:
        return "*" * bool(text)

    content = stdlib_json.loads(json.dump(build(mixed, swallow)))
    kept = {"state", "verdict", "fate", "headline", "started", "finished", "cells"}

    def texts(value: object, key: str = "") -> set[str]:
        match value:
            case dict():
                return {text for name, inner in value.items() for text in texts(inner, name)}
            case list():
                return {text for inner in value for text in texts(inner, key)}
            case str() if key not in kept:
                return {value}
        return set()

    assert texts(content) <= {"", "*"}


def test_numbers_are_written_as_they_are_read_back() -> None:
    """An int where seconds are wanted, and a time with microseconds, change nothing on the way."""
    finding = Finding(row=Row("a", FLEET), verdict=Verdict.PASS, observed="x", duration_s=0)
    record = run_of(stage("Look", 0, (finding,), {}, mutates=False, took=1))
    record = replace(record, duration_s=2, started=datetime(2026, 11, 23, 14, 5, 1, 999999, tzinfo=UTC))
    text = json.dump(build(record, str))
    assert json.dump(json.load(text)) == text
    assert '"started": "2026-11-23T14:05:01Z"' in text


@given(st.text())
def test_what_is_printable_stays_and_nothing_else_comes_through(text: str) -> None:
    """Tab and line feed stay; controls, terminal codes and lone surrogates do not reach any file."""
    shown = printable(text)
    shown.encode("utf-8")
    assert all(char in "\t\n" or char.isprintable() or ord(char) > 159 for char in shown)
    if text.isprintable():
        assert shown == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (7620, "2 h 07 min"),
    ],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    """Tenths where they matter, and never sixty seconds."""
    assert span(seconds) == text


def test_an_empty_run_is_unjudged() -> None:
    """No stage, no row, no success."""
    empty: tuple[StageRecord, ...] = ()
    assert exit_of(run_of(*empty)) is Exit.UNJUDGED
    assert exit_of(run_of(replace(check_hosts(), findings=()))) is Exit.UNJUDGED
