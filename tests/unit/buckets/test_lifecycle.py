"""The rule that ends log snapshots is looked at first, set beside others, and verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from minio.commonconfig import DISABLED, ENABLED, Filter
from minio.error import MinioException
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule

from tasks.buckets import lifecycle
from tasks.buckets.lifecycle import DAYS, RULE, days_of, look, tend
from tasks.model.finding import Verdict
from tests.unit.onsite import OnSite

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.model.finding import Outcome


def rule(name: str, days: int, *, status: str = ENABLED, prefix: str = "") -> Rule:
    """One rule that ends objects."""
    return Rule(status, rule_filter=Filter(prefix=prefix), rule_id=name, expiration=Expiration(days=days))


class Store:
    """A bucket with rules; ``deaf`` takes none, ``away`` does not answer."""

    def __init__(self, *rules: Rule, deaf: bool = False, away: bool = False) -> None:
        """Remember how it behaves."""
        self.config = LifecycleConfig(list(rules)) if rules else None
        self.deaf, self.away = deaf, away

    def get_bucket_lifecycle(self, bucket: str) -> LifecycleConfig | None:
        """The rules."""
        assert bucket == "opensearch-logs"
        if self.away:
            raise MinioException("no answer")
        return self.config

    def set_bucket_lifecycle(self, bucket: str, config: LifecycleConfig) -> None:
        """Take other rules."""
        assert bucket == "opensearch-logs"
        if not self.deaf:
            self.config = config


def tended(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, plan: bool = False) -> Outcome:
    """What the step makes of a store."""
    monkeypatch.setattr(lifecycle, "open_store", lambda *_: store)
    return tend({}, OnSite(tmp_path, plan=plan).ctx)


def test_a_bucket_without_a_rule_gets_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time nothing is changed."""
    store = Store()
    first, second = (tended(store, tmp_path, monkeypatch) for _ in range(2))
    assert [change.sentence for change in first.changes] == [
        "let objects of opensearch-logs end after 180 days (no rule until now)"
    ]
    assert days_of(store.config) == DAYS
    assert (second.changes, second.findings[0].verdict) == ((), Verdict.PASS)


def test_other_rules_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours is replaced, somebody else's is not."""
    store = Store(rule("theirs", 7, prefix="tmp/"), rule(RULE, 90))
    outcome = tended(store, tmp_path, monkeypatch)
    assert "(90 days until now)" in outcome.changes[0].sentence
    assert store.config
    assert {it.rule_id: it.expiration.days for it in store.config.rules if it.expiration} == {"theirs": 7, RULE: 180}


@pytest.mark.parametrize(
    "present",
    [
        rule(RULE, 180, status=DISABLED),
        rule(RULE, 180, prefix="a/"),
        rule("another", 180),
    ],
    ids=["switched off", "of a part", "by another name"],
)
def test_a_rule_that_does_not_end_everything_is_none(present: Rule) -> None:
    """It would let snapshots live for ever."""
    assert days_of(LifecycleConfig([present])) is None


def test_a_store_that_takes_no_rule_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked again after it was told."""
    outcome = tended(Store(deaf=True), tmp_path, monkeypatch)
    assert outcome.findings[0].verdict is Verdict.FAIL
    assert outcome.findings[0].observed == "the rule was set, and no rule of ours ends objects"


def test_a_store_that_is_away_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its own words."""
    finding = tended(Store(away=True), tmp_path, monkeypatch).findings[0]
    assert (finding.verdict, "no answer" in finding.observed) == (Verdict.FAIL, True)


def test_a_plan_sets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what would be set."""
    store = Store()
    outcome = tended(store, tmp_path, monkeypatch, plan=True)
    assert store.config is None
    assert [(change.made, outcome.findings[0].verdict) for change in outcome.changes] == [(False, Verdict.SKIP)]


@pytest.mark.parametrize(
    ("store", "verdict", "observed"),
    [
        (Store(rule(RULE, 180)), Verdict.PASS, "objects end after 180 days"),
        (Store(rule(RULE, 90)), Verdict.FAIL, "objects end after 90 days"),
        (Store(), Verdict.FAIL, "no rule of ours ends objects"),
        (Store(away=True), Verdict.FAIL, "MinioException: no answer"),
    ],
)
def test_a_look_changes_nothing(
    store: Store, verdict: Verdict, observed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that is missing or another is bad, and stays so."""
    monkeypatch.setattr(lifecycle, "open_store", lambda *_: store)
    before = store.config
    outcome = look({}, OnSite(tmp_path).ctx)
    assert [(it.verdict, it.observed) for it in outcome.findings] == [(verdict, observed)]
    assert (outcome.changes, store.config) == ((), before)
