"""The self-test's own test: what it demands can be had, and every way to be wrong is seen."""

from __future__ import annotations

import json
import runpy
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from lab.faults import CATALOGUE
from lab.inventory import plan_from_inventory
from lab.plan import PlanError
from lab.self_test.rounds import Rounds, read_rounds
from lab.self_test.score import Report, Score, score
from lab.self_test.show import as_json, percent, show_score, show_total
from tasks.fleet.load import load_fleet
from tasks.run.declare import declare
from tests.unit.onsite import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.run.runbook import Runbook


@pytest.fixture(scope="module")
def rounds() -> Rounds:
    """As they are played."""
    return read_rounds()


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, ...]]:
    """What the audit declares: rows by stage."""
    monkeypatch.syspath_prepend(str(ROOT / "runbooks"))
    book: Runbook = runpy.run_path(str(ROOT / "runbooks" / "nightly_audit.py"))["RUNBOOK"]
    declared = declare(book.stages, load_fleet(ROOT / "inventory"))
    return {slug: tuple(map(str, rows)) for slug, rows in declared.items()}


def test_every_fault_of_the_lab_is_played(rounds: Rounds) -> None:
    """One that is not would be one that nobody has to find."""
    assert {name for one in rounds.rounds for name, *_ in one.faults} == set(CATALOGUE)


def test_every_fault_is_one_that_the_lab_understands(rounds: Rounds) -> None:
    """Each word passes the check of its parameter."""
    plan = plan_from_inventory(ROOT / "inventory")
    for one in rounds.rounds:
        for name, *words in one.faults:
            for parameter, word in zip(CATALOGUE[name].parameters, words, strict=False):
                parameter.check(plan, word)


def test_every_stage_that_looks_is_asked(rounds: Rounds, audit: dict[str, tuple[str, ...]]) -> None:
    """All but those that keep and tell."""
    assert list(rounds.stages) == [it for it in audit if it not in {"judge-trends", "tell-changes"}]


def test_what_has_to_be_red_is_declared(rounds: Rounds, audit: dict[str, tuple[str, ...]]) -> None:
    """Every pattern is about a row that there is."""
    rows = [row for stage in rounds.stages for row in audit[stage]]
    patterns = [*rounds.unsteady, *(it for one in rounds.rounds for it in one.red)]
    assert [it for it in patterns if not any(fnmatchcase(row, it) for row in rows)] == []


def row(name: str, verdict: str = "PASS", blames: str = "") -> dict[str, Any]:
    """A finding as a report has it."""
    return {"row": named(name), "verdict": verdict, "observed": "so", "blocked_by": named(blames) if blames else None}


def named(name: str) -> dict[str, str]:
    """A row of its name."""
    check, _, rest = name.partition("@")
    target, _, peer = rest.partition("->")
    return {"check": check, "target": target, "peer": peer}


def report(*rows: dict[str, Any]) -> Report:
    """A run of one stage."""
    return Report({"stages": [{"findings": list(rows)}]})


SOUND = report(row("a@1"), row("b@1"), row("c@1->2"), row("old@1", "FAIL"))


@pytest.mark.parametrize(
    ("red", "broken", "wrong"),
    [
        (["a@1"], [row("a@1", "FAIL"), row("b@1"), row("c@1->2")], {}),
        (["a@1"], [row("a@1", "FAIL"), row("b@1", "FAIL", "a@1"), row("c@1->2", "ERROR", "b@1")], {}),
        (["[ab]@1"], [row("a@1", "FAIL"), row("b@1", "UNREACHABLE"), row("c@1->2")], {}),
        (["a@1"], [row("a@1"), row("b@1"), row("c@1->2")], {"missed": ("a@1",)}),
        (["z@1"], [row("a@1"), row("b@1"), row("c@1->2")], {"missed": ("z@1",)}),
        (["?@1"], [row("a@1", "FAIL"), row("b@1"), row("c@1->2")], {"missed": ("b@1",)}),
        (["a@1"], [row("a@1", "FAIL", "b@1"), row("b@1"), row("c@1->2")], {"missed": ("a@1",), "astray": ("a@1",)}),
        (["a@1"], [row("a@1", "FAIL"), row("b@1", "FAIL"), row("c@1->2")], {"wrong": {"b@1": "so"}}),
        (["a@1"], [row("a@1", "FAIL"), row("b@1", "FAIL", "c@1->2"), row("c@1->2")], {"astray": ("b@1",)}),
        (["a@1"], [row("a@1", "FAIL"), row("b@1")], {"unanswered": ("c@1->2",)}),
    ],
)  # fmt: skip
def test_every_way_to_be_wrong_is_seen(red: list[str], broken: list[dict[str, Any]], wrong: dict[str, Any]) -> None:
    """What was bad before is nobody's fault."""
    seen = score("t", ("f",), red, SOUND, report(*broken, row("old@1", "FAIL")))
    assert seen == Score(title="t", faults=("f",), **wrong)
    assert seen.right is not bool(wrong)


def test_consequences_that_blame_each_other_are_astray() -> None:
    """A circle has no root."""
    broken = report(
        row("a@1", "FAIL"), row("b@1", "FAIL", "c@1->2"), row("c@1->2", "FAIL", "b@1"), row("old@1", "FAIL")
    )
    assert score("t", (), ["a@1"], SOUND, broken).astray == ("b@1", "c@1->2")


def test_what_is_judged_by_seconds_alone_is_left_out() -> None:
    """It is neither found beside nor missed, nor does it have to come back."""
    sound = Report({"stages": [{"findings": [row("a@1"), row("slow@1")]}]}, ("slow@*",))
    broken = Report({"stages": [{"findings": [row("a@1", "FAIL"), row("slow@1", "FAIL")]}]}, ("slow@*",))
    assert score("t", (), ["a@1"], sound, broken).right


def test_the_score_is_of_what_was_played(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing played is nothing proven; what was wrong is named."""
    right, wrong = (
        Score(title="r", faults=("f",)),
        Score(title="w", faults=("g",), missed=("a@1",), wrong={"b@1": "so"}),
    )
    assert (percent([]), percent([right]), percent([right, wrong]), percent([right, right, wrong])) == (0, 100, 50, 66)
    assert [it["right"] for it in json.loads(as_json([right, wrong]))["rounds"]] == [True, False]
    console = Console(width=200)
    show_score(wrong, console)
    show_total([right, wrong], console)
    told = capsys.readouterr().out
    assert all(it in told for it in ("WRONG  w: g", "not found: a@1", "found beside: b@1: so", "50 %, 1 of 2 rounds"))


def test_a_round_is_chosen_by_its_title(rounds: Rounds) -> None:
    """And one that is not there is told with those that are."""
    assert [it.title for it in rounds.only(["the wire"]).rounds] == ["the wire"]
    with pytest.raises(PlanError, match=r"no round is called 'x'; there are .*'the wire'"):
        rounds.only(["x"])


@pytest.mark.parametrize("text", ["", "rounds: []", "stages: []\nrounds: [{title: t}]", "stages: [", "[]"])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    """With its name."""
    (tmp_path / "rounds.yaml").write_text(text)
    with pytest.raises(PlanError, match=r"rounds\.yaml: wanted"):
        read_rounds(tmp_path / "rounds.yaml")
