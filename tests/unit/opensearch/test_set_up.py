"""Settings and accounts are looked at first, changed only where they differ, and verified; a plan changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import bcrypt
import pytest

from tasks.model.finding import Verdict
from tasks.opensearch import drifted, set_up
from tasks.opensearch.accounts import ACCOUNTS
from tasks.opensearch.wishes import NAMES
from tests.unit.onsite import OnSite
from tests.unit.opensearch.fake import GOOD, FakeSearch

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.model.finding import Outcome

ALL = ("opensearch-security", "repository-s3", "opensearch-index-management")


@pytest.fixture
def on_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a step against a fake OpenSearch of the central cluster."""

    def run(
        search: FakeSearch,
        step: Any = set_up.set_up,
        *,
        traits: tuple[str, ...] = (),
        host: str = "cluster-01",
        there: Any = "it",
    ) -> Outcome:
        for module in (set_up, drifted):
            monkeypatch.setattr(module, "open_opensearch", lambda _: search)
            monkeypatch.setattr(module, "open_cluster", lambda *_: there)
        monkeypatch.setattr("tasks.run.wait.time.sleep", lambda _: None)
        onsite = OnSite(tmp_path, host=host, plan=search.plan, traits=traits)
        given = {f"opensearch_{name}_password": value for name, value in GOOD.items()}
        onsite.ctx = replace(onsite.ctx, settings=replace(onsite.ctx.settings, **given))
        outcome: Outcome = onsite.run(step)
        return outcome

    return run


def verdicts(outcome: Outcome) -> dict[str, Verdict]:
    """By what the row is about."""
    return {finding.row.peer: finding.verdict for finding in outcome.findings}


def test_an_empty_store_gets_everything_once(on_site: Any) -> None:
    """In order, each by its own method; the second time nothing is changed."""
    search = FakeSearch(plugins=ALL)
    first = on_site(search)
    assert search.sent == [
        "PUT /_snapshot/s3",
        "PUT /_index_template/logs",
        "PUT /_plugins/_ism/policies/logs",
        "POST /_plugins/_sm/policies/daily",
    ]
    assert verdicts(first) == dict.fromkeys((*NAMES, *ACCOUNTS), Verdict.PASS)
    assert all("DELETE" in change.undo and change.diff for change in first.changes)
    assert on_site(search).changes == ()


def test_a_policy_that_differs_is_changed_in_the_version_that_was_seen(on_site: Any) -> None:
    """By PUT, also where it was made by POST: two operators at once cannot overwrite each other."""
    search = FakeSearch(plugins=ALL)
    on_site(search)
    search.kept["/_plugins/_sm/policies/daily"]["sm_policy"]["enabled"] = False
    search.sent.clear()
    (change,) = on_site(search).changes
    assert search.sent == ["PUT /_plugins/_sm/policies/daily?if_seq_no=7&if_primary_term=2"]
    assert change.sentence == "change daily of OpenSearch: PUT /_plugins/_sm/policies/daily"


def test_what_was_there_can_be_brought_back(on_site: Any) -> None:
    """The undo has the former body."""
    search = FakeSearch(plugins=ALL)
    on_site(search)
    search.kept["/_snapshot/s3"]["s3"] = {"type": "s3", "settings": {"bucket": "another", "client": "default"}}
    (change,) = on_site(search).changes
    assert "another" in change.undo


def test_a_store_that_takes_nothing_is_found_out(on_site: Any) -> None:
    """It is asked again after it was told."""
    outcome = on_site(FakeSearch(plugins=ALL, deaf=True))
    assert set(verdicts(outcome).values()) == {Verdict.FAIL, Verdict.PASS}
    assert outcome.findings[0].observed == "it was set, and is not there"


def test_a_plugin_that_is_missing_is_red_unless_a_trait_leaves_it_out(on_site: Any) -> None:
    """The reason is said; the rest is set all the same."""
    assert verdicts(on_site(FakeSearch()))["retention"] is Verdict.FAIL
    outcome = on_site(FakeSearch(), traits=("lab",))
    assert [verdicts(outcome)[name] for name in NAMES] == [Verdict.PASS, Verdict.PASS, Verdict.SKIP, Verdict.SKIP]
    assert "opensearch-index-management is left out by trait lab: " in outcome.findings[2].observed


def test_a_changed_password_is_given_to_its_account(on_site: Any) -> None:
    """By its hash, with the roles that the account has; nobody else's is touched, and no sentence shows it."""
    search = FakeSearch(plugins=ALL)
    on_site(search)
    search.passwords["shipper"] = "old"
    search.sent.clear()
    outcome = on_site(search)
    assert search.sent == ["PUT /_plugins/_security/api/internalusers/shipper"]
    assert bcrypt.checkpw(b"s", search.bodies[-1]["hash"].encode())
    assert [change.sentence for change in outcome.changes] == ["give OpenSearch's account shipper its new password"]
    assert verdicts(outcome)["shipper"] is Verdict.PASS


def test_an_account_that_does_not_get_in_is_red(on_site: Any) -> None:
    """Also after it was given its password."""
    search = FakeSearch(plugins=ALL)
    on_site(search)
    search.deaf, search.passwords["reader"] = True, "old"
    assert verdicts(on_site(search))["reader"] is Verdict.FAIL


def test_a_plan_sends_nothing(on_site: Any) -> None:
    """It says what would be set, and who would be given a password."""
    search = FakeSearch(plugins=ALL, plan=True, passwords={**GOOD, "admin": "old"})
    outcome = on_site(search)
    assert search.sent == []
    assert [verdicts(outcome)[name] for name in (*NAMES, "admin")] == [Verdict.SKIP] * 5
    assert [change.made for change in outcome.changes] == [False] * 5


def test_a_plan_for_bare_machines_foresees_every_setting(on_site: Any) -> None:
    """But what a trait leaves out; accounts come with the first start."""
    outcome = on_site(FakeSearch(plan=True), traits=("lab",), there=None)
    assert [change.sentence.split()[:2] for change in outcome.changes] == [["set", "repository"], ["set", "template"]]
    assert set(verdicts(outcome).values()) == {Verdict.SKIP}


def test_a_store_that_answers_late_is_waited_for(on_site: Any) -> None:
    """One that never answers is red in every row; in a plan it is what would be waited for."""
    assert verdicts(on_site(FakeSearch(plugins=ALL, silent=3)))["template"] is Verdict.PASS


def test_a_store_that_never_answers_is_red(on_site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every row; in a plan it is what would be waited for."""
    monkeypatch.setattr(set_up, "PATIENCE_S", 0.0)
    assert set(verdicts(on_site(FakeSearch(silent=99))).values()) == {Verdict.FAIL}
    assert set(verdicts(on_site(FakeSearch(silent=99, plan=True))).values()) == {Verdict.SKIP}


def test_other_clusters_have_no_settings(on_site: Any) -> None:
    """No row, no question."""
    assert on_site(FakeSearch(), host="cluster-02").findings == ()


def test_drift_shows_the_field_and_changes_nothing(on_site: Any) -> None:
    """What was set does not differ; what somebody changed does, with the diff."""
    search = FakeSearch(plugins=ALL)
    on_site(search)
    search.sent.clear()
    assert set(verdicts(on_site(search, drifted.compare)).values()) == {Verdict.PASS}
    search.kept["/_snapshot/s3"]["s3"] = {"type": "s3", "settings": {"bucket": "another", "client": "default"}}
    del search.kept["/_index_template/logs"]
    outcome = on_site(search, drifted.compare)
    assert verdicts(outcome) == dict(zip(NAMES, [Verdict.FAIL, Verdict.FAIL, Verdict.PASS, Verdict.PASS], strict=True))
    assert outcome.findings[0].observed == 'settings.bucket is "another", wanted "opensearch-logs"'
    assert outcome.findings[1].observed == "it is not there"
    assert search.sent == []
