"""A criterion is good only where every proof is; unknown is never good."""

from __future__ import annotations

import pytest

from tasks.acceptance.criteria import Criterion, Wish
from tasks.acceptance.judge import Seen, judge
from tasks.model.finding import Finding, Row, Verdict

WISH = Wish(component="thanos", kind="Service", at="spec.type")


def criterion(**proofs: tuple[object, ...]) -> Criterion:
    """One with these proofs."""
    return Criterion(id="SC-000", en="it works", ko="된다", **proofs)  # type: ignore[arg-type]


def found(verdict: Verdict, *, check: str = "a.b", target: str = "cluster-01", waiver: str = "") -> Finding:
    """One row of the run."""
    return Finding(row=Row(check, target), verdict=verdict, observed="seen", waiver=waiver)


def verdict_of(it: Criterion, *findings: Finding, **seen: object) -> Verdict:
    """What is made of a run with these rows."""
    return judge(it, Seen(findings=findings, **({"unfulfilled": {}} | seen))).verdict  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ((found(Verdict.PASS), found(Verdict.PASS, target="cluster-02")), Verdict.PASS),
        ((found(Verdict.PASS), found(Verdict.WARN)), Verdict.WARN),
        ((found(Verdict.PASS), found(Verdict.FAIL)), Verdict.FAIL),
        ((found(Verdict.PASS), found(Verdict.ERROR)), Verdict.ERROR),
        ((found(Verdict.PASS), found(Verdict.UNREACHABLE)), Verdict.UNREACHABLE),
        ((found(Verdict.PASS), found(Verdict.SKIP)), Verdict.SKIP),
        ((found(Verdict.FAIL, waiver="known"),), Verdict.SKIP),
        ((found(Verdict.FAIL, waiver="known"), found(Verdict.FAIL)), Verdict.FAIL),
        ((found(Verdict.PASS, check="a.bc"),), Verdict.FAIL),
        ((), Verdict.FAIL),
    ],
)
def test_rows_prove_it_only_where_all_are_good(findings: tuple[Finding, ...], verdict: Verdict) -> None:
    """A bad one makes it bad, one that was not judged or is waived leaves it open, none at all proves nothing."""
    assert verdict_of(criterion(live=("a.b",)), *findings) is verdict


def test_a_beginning_stands_for_all_rows_below_it_and_a_target_for_one() -> None:
    """``a`` is every check ``a.*``; ``@cluster-02`` looks at that cluster alone."""
    rows = (found(Verdict.PASS, target="cluster-02"), found(Verdict.FAIL))
    assert verdict_of(criterion(live=("a",)), *rows) is Verdict.FAIL
    assert verdict_of(criterion(live=("a.b@cluster-02",)), *rows) is Verdict.PASS
    assert verdict_of(criterion(live=("a@cluster-03",)), *rows) is Verdict.FAIL


@pytest.mark.parametrize(
    ("lacking", "verdict"),
    [({"cluster-01": ""}, Verdict.PASS), ({"cluster-01": "", "cluster-02": "not"}, Verdict.FAIL), ({}, Verdict.FAIL)],
)
def test_a_rendering_proves_it_on_every_cluster_that_has_it(lacking: dict[str, str], verdict: Verdict) -> None:
    """And where no cluster has the component, nothing is proven."""
    assert verdict_of(criterion(render=(WISH,)), unfulfilled={WISH: lacking}) is verdict


def test_a_document_has_to_be_there() -> None:
    """Its absence is bad."""
    it = criterion(document=("docs/a.md",))
    assert verdict_of(it) is Verdict.PASS
    assert verdict_of(it, missing=frozenset({"docs/a.md"})) is Verdict.FAIL


def test_what_only_the_lab_plays_is_not_proven_by_a_run() -> None:
    """It is named, with the reason; where the test is gone it is bad."""
    it = criterion(lab=("tests/a.py::test_b",))
    assert verdict_of(it) is Verdict.SKIP
    assert "a site is not broken" in judge(it, Seen(findings=(), unfulfilled={})).observed
    assert verdict_of(it, missing=frozenset({"tests/a.py::test_b"})) is Verdict.FAIL


def test_without_any_proof_it_is_bad() -> None:
    """Nobody could tell."""
    assert verdict_of(criterion()) is Verdict.FAIL


def test_one_bad_proof_outweighs_all_good_ones() -> None:
    """And the row says which, with all of them as evidence."""
    it = criterion(live=("a.b",), render=(WISH,), document=("docs/a.md",))
    seen = Seen(findings=(found(Verdict.PASS),), unfulfilled={WISH: {"cluster-01": "it has no Service *"}})
    finding = judge(it, seen)
    assert finding.verdict is Verdict.FAIL
    assert finding.observed == "by rendering, thanos of cluster-01: it has no Service *"
    assert len(finding.evidence) == 3
    assert finding.remedy
