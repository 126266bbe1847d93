"""All renderings are pure, say the same, and let nothing slip through unescaped."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tasks.model.finding import FLEET, Change, Finding, Row, Verdict
from tasks.reports import html, json, junit, markdown, text
from tasks.reports.__main__ import main
from tasks.reports.build import build
from tests.golden.reports.write import RENDERINGS, golden
from tests.unit.reports.specimens import check_hosts, run_of, stage

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.model.record import RunRecord
    from tasks.reports.report import Report

NASTY = "<script>alert(1)</script> & \"quoted\" 'single' | `tick` ]]> \x1b[31mred\x1b[0m \x00\x07 [a](http://x) é 한"


def nasty() -> Report:
    """A run in which every text that comes from outside is hostile."""
    row = Row("host.name", "cluster-01", "cluster-02")
    bad = Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed=NASTY,
        wanted=NASTY,
        remedy=NASTY,
        reproduce=NASTY,
        evidence=(NASTY, "two\nlines"),
    )
    warned = replace(bad, row=Row("host.other", FLEET), verdict=Verdict.WARN, waiver=NASTY)
    changes = (Change(target="cluster-01", sentence=NASTY, made=True, undo=NASTY, diff=NASTY),)
    record = stage(NASTY, 0.0, (bad, warned), {}, mutates=True, took=1.0, changes=changes)
    return build(run_of(record, notes=(NASTY,)), str)


class Tags(HTMLParser):
    """Every tag and every address in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count it, and remember what it opens and links to."""
        self.tags[tag] += 1
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "action"}]
        if tag not in {"meta", "br", "link", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It closes what was opened last."""
        assert self.open.pop() == tag


@pytest.mark.parametrize(("path", "content"), list(golden()), ids=lambda one: getattr(one, "name", ""))
def test_a_rendering_is_the_golden_one(path: Path, content: str) -> None:
    """A difference is either a mistake, or meant: then `python -m tests.golden.reports.write` and look."""
    assert path.read_text(encoding="utf-8") == content


@pytest.mark.parametrize("kind", RENDERINGS)
def test_rendering_again_from_json_gives_the_same_bytes(kind: str, specimen: tuple[str, RunRecord]) -> None:
    """What was written to disk is all that a rendering needs."""
    report = build(specimen[1], str)
    again = json.load(json.dump(report))
    assert again == report
    assert RENDERINGS[kind](again) == RENDERINGS[kind](report)


@pytest.mark.parametrize("kind", ["html", "junit", "md", "text", "json"])
def test_the_command_renders_from_a_file(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m tasks.reports render FILE --as KIND`."""
    report = build(run_of(check_hosts()), str)
    path = tmp_path / "report.json"
    path.write_text(json.dump(report), encoding="utf-8")
    assert main(["render", str(path), "--as", kind]) == 0
    renderings = {**RENDERINGS, "junit": junit.render, "text": text.render}
    assert capsys.readouterr().out == renderings[kind](report)


def test_what_is_no_report_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 and the file's name, for broken JSON and for another schema version."""
    path = tmp_path / "report.json"
    for content in ("{", json.dump(nasty()).replace('"schema_version": 1', '"schema_version": 2')):
        path.write_text(content, encoding="utf-8")
        assert main(["render", str(path)]) == 2
        assert f"{path}: no report of this version" in capsys.readouterr().err


def test_junit_counts_equal_the_reports(specimen: tuple[str, RunRecord]) -> None:
    """Every row is a case: FAIL a failure, ERROR and UNREACHABLE errors, SKIP and what is waived skipped."""
    report = build(specimen[1], str)
    root = ET.fromstring(junit.render(report))  # noqa: S314  our own output
    totals = report.totals
    waived = Counter(one.verdict for one in report.findings if one.waiver and one.verdict.blocks)
    expected = {
        "tests": totals.rows,
        "failures": totals.failed - waived[Verdict.FAIL],
        "errors": totals.errors + totals.unreachable - waived[Verdict.ERROR] - waived[Verdict.UNREACHABLE],
        "skipped": totals.skipped + waived.total(),
    }
    assert {name: int(root.attrib[name]) for name in expected} == expected
    assert expected["tests"] == len(root.findall("./testsuite/testcase"))
    for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert len(root.findall(f"./testsuite/testcase/{tag}")) == expected[name]
    for name, count in expected.items():
        assert sum(int(suite.attrib[name]) for suite in root) == count


def test_junit_survives_every_text() -> None:
    """Control characters that XML cannot hold are gone, the rest reads back as it was."""
    root = ET.fromstring(junit.render(nasty()))  # noqa: S314  our own output
    message = root.find("./testsuite/testcase/failure").attrib["message"]  # type: ignore[union-attr]
    assert message.startswith('<script>alert(1)</script> & "quoted"')
    assert "red" in message
    assert "\x1b" not in message


def test_the_page_needs_nothing_from_anywhere(specimen: tuple[str, RunRecord]) -> None:
    """No script, no link, no picture, no import: it opens offline, and the browser is told to fetch nothing."""
    page = html.render(build(specimen[1], str))
    tags = Tags(page)
    assert tags.links == []
    assert tags.open == []
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & set(tags.tags)
    assert "default-src 'none'" in page
    style = page[page.index("<style>") : page.index("</style>")]
    assert not re.search(r"url\(|@import|@font-face", style)
    assert "prefers-color-scheme: dark" in style
    assert 'name="viewport"' in page


def test_the_page_escapes_everything() -> None:
    """Hostile text shows as text, in attributes as well."""
    calm, hostile = Tags(html.render(build(run_of(check_hosts()), str))), html.render(nasty())
    assert "<script" not in hostile
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in hostile
    assert set(Tags(hostile).tags) <= set(calm.tags) | {"table", "caption", "thead", "tbody", "tr", "th", "td", "small"}
    assert "\x00" not in hostile


def test_the_page_shows_causes_first_and_what_follows_beneath(mixed: RunRecord) -> None:
    """One card per cause, with its consequences folded in; then matrix, warnings, changes, time line, rows."""
    page = html.render(build(mixed, str))
    places = [
        page.index(words)
        for words in ("BAD: 3 causes", ">Causes", ">Reachability", ">Warnings", ">Waived", ">Changes", ">Time line")
    ]
    assert places == sorted(places)
    card = page[page.index("<code>host.swap@cluster-02</code>") :]
    assert "20 rows blocked by it" in card[: card.index("</article>")]
    assert "kubeadm.init@cluster-02" in card[: card.index("</article>")]


def test_the_matrix_shows_where_it_is_red(mixed: RunRecord) -> None:
    """Exactly the cell of the bad path is a FAIL; cells of lost hosts are hatched."""
    page = html.render(build(mixed, str))
    table = page[page.index("<caption>reach.vip.http") :]
    table = table[: table.index("</table>")]
    assert table.count('class="FAIL"') == 1
    assert table.count('class="SKIP held"') == 12
    assert table.count('class="PASS"') == 3


@pytest.mark.parametrize("kind", ["md", "txt"])
def test_hostile_text_stays_on_its_line(kind: str) -> None:
    """No raw HTML, no control character, no link of a stranger's making."""
    rendered = RENDERINGS[kind](nasty())
    assert "\x1b" not in rendered
    assert "\x00" not in rendered
    if kind == "md":
        assert "<script" not in re.sub(r"`[^`]+`|^ {6}.*$", "", rendered.replace("`tick`", ""), flags=re.MULTILINE)
        rows = [line for line in rendered.splitlines() if line.startswith("| ✗ FAIL | `host.name@")]
        assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [4]


def test_the_terminal_has_colours_only_where_it_can(mixed: RunRecord) -> None:
    """Plain text is the coloured one without its codes, and no line is wider than asked for."""
    report = build(mixed, str)
    plain, coloured = text.render(report), text.render(report, colour=True)
    assert "\x1b[" not in plain
    assert "\x1b[" in coloured
    bare = "\n".join(line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", coloured).splitlines()) + "\n"
    assert bare == plain
    assert max(map(len, plain.splitlines())) <= 100


def test_markdown_names_every_row(specimen: tuple[str, RunRecord]) -> None:
    """Nothing that was declared is left out."""
    report = build(specimen[1], str)
    rendered = markdown.render(report)
    for finding in report.findings:
        assert f"`{finding.row}`" in rendered
