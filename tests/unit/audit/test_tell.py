"""Who is told what, when, and what becomes of a message that nobody takes."""

from __future__ import annotations

import json
import os
import socket
import stat
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tasks.audit import channels, textfile
from tasks.audit.around import judge_lock, look
from tasks.audit.channels import ATTEMPTS, Undelivered, patiently
from tasks.model.finding import Verdict
from tasks.notices import Notices, wrong_notices
from tasks.run.lock import Owner, hold, holder
from tasks.settings import Settings, masker
from tests.unit.audit.nights import DISK, SWAP, Site, audit, disk, good, red
from tests.unit.audit.servers import http_server, smtp_server
from tests.unit.onsite import OnSite

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr(channels, "PAUSE_S", 0.0)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site that tells nobody yet."""
    return Site(state=tmp_path / "state")


def test_only_a_change_is_told(site: Site) -> None:
    """Two nights alike, then a fault for two nights, then it is mended: two messages, new and fixed."""
    with http_server() as heard:
        site.notices = Notices(webhook_url=f"http://127.0.0.1:{heard.port}/secret-path")
        for number, finding in enumerate((good(SWAP), good(SWAP), red(SWAP), red(SWAP), good(SWAP))):
            assert site.tell(audit(number, finding))["audit.told.webhook"].verdict is Verdict.PASS
    told = [json.loads(body) for body in heard.told]
    assert [one["summary"] for one in told] == ["1 new", "1 fixed"]
    assert told[0]["changes"] == [
        {
            "kind": "new",
            "row": "host.swap@cluster-02",
            "verdict": "FAIL",
            "said": "swap is on",
            "since": "20261102T031700Z-0002",
        }
    ]
    assert told[0]["headline"].startswith("BAD: 1 cause")


def test_a_mail_says_what_changed_and_where_the_report_is(site: Site) -> None:
    """Subject, rows with what was seen, and what is red besides."""
    with smtp_server() as heard:
        site.notices = Notices(
            mail_to=("ops@example.org",), mail_from="audit@example.org", smtp_server=f"127.0.0.1:{heard.port}"
        )
        site.tell(audit(0, red(SWAP), good(DISK)))
        assert site.tell(audit(1, red(SWAP), red(DISK, "full")))["audit.told.mail"].verdict is Verdict.PASS
    first, second = heard.told
    assert "Subject: [fleetproof] 1 new: host.swap@cluster-02" in first
    assert "To: ops@example.org" in first
    assert "FAIL  host.disk.etcd@cluster-02" in second
    assert "Besides: 1 still." in second
    assert "20261101T031700Z-0001" in second


def test_slack_gets_its_own_form(site: Site) -> None:
    """Text with the three characters escaped that Slack reads as markup."""
    with http_server() as heard:
        site.notices = Notices(slack_url=f"http://127.0.0.1:{heard.port}/x")
        site.tell(audit(0, red(SWAP, "a < b & <!channel>")))
    (body,) = (json.loads(one)["text"] for one in heard.told)
    assert "a &lt; b &amp; &lt;!channel&gt;" in body
    assert body.startswith("*[fleetproof] 1 new: host.swap@cluster-02*")


def test_what_is_not_delivered_is_red_and_told_the_next_night(site: Site) -> None:
    """The row fails, the message waits, and the next audit delivers it before its own."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        site.notices = Notices(webhook_url=f"http://127.0.0.1:{nobody.getsockname()[1]}/secret-path")
        found = site.tell(audit(0, red(SWAP)))["audit.told.webhook"]
    assert found.verdict is Verdict.FAIL
    assert f"Connection refused (attempt {ATTEMPTS}); 1 messages wait" in found.observed
    assert "secret-path" not in found.observed
    with http_server() as heard:
        site.notices = Notices(webhook_url=f"http://127.0.0.1:{heard.port}/x")
        after = site.tell(audit(1, good(SWAP)))["audit.told.webhook"]
    assert [json.loads(body)["summary"] for body in heard.told] == ["1 new", "1 fixed"]
    assert (after.verdict, after.observed) == (Verdict.PASS, "told 1 fixed; 1 of an earlier audit among them")


@pytest.mark.parametrize(
    ("answers", "requests", "verdict"),
    [((503, 429, 200), 3, Verdict.PASS), ((404,), 1, Verdict.FAIL), ((500,), 3, Verdict.FAIL)],
)
def test_another_attempt_is_made_where_it_may_help(
    answers: tuple[int, ...], requests: int, verdict: Verdict, site: Site
) -> None:
    """A server that is busy is asked again, one that refuses is not."""
    with http_server(*answers) as heard:
        site.notices = Notices(webhook_url=f"http://127.0.0.1:{heard.port}/x")
        assert site.tell(audit(0, red(SWAP)))["audit.told.webhook"].verdict is verdict
    assert len(heard.told) == requests


@pytest.mark.parametrize(("code", "attempts"), [(550, 1), (451, ATTEMPTS)])
def test_a_refused_recipient_is_told(code: int, attempts: int, site: Site) -> None:
    """With the server's own code; only a passing refusal is tried again."""
    with smtp_server(code) as heard:
        site.notices = Notices(mail_to=("a@b.c",), mail_from="a@b.c", smtp_server=f"127.0.0.1:{heard.port}")
        found = site.tell(audit(0, red(SWAP)))["audit.told.mail"]
    assert found.verdict is Verdict.FAIL
    assert f"{code}" in found.observed
    assert f"(attempt {attempts})" in found.observed


def test_a_password_never_travels_in_the_open(site: Site) -> None:
    """A server without TLS is told no password, and no mail."""
    with smtp_server() as heard:
        site.notices = Notices(
            mail_to=("a@b.c",),
            mail_from="a@b.c",
            smtp_server=f"127.0.0.1:{heard.port}",
            smtp_user="audit",
            smtp_password="hunter2-canary",
        )
        found = site.tell(audit(0, red(SWAP)))["audit.told.mail"]
    assert (found.verdict, heard.told) == (Verdict.FAIL, [])
    assert "the server offers no TLS" in found.observed


def test_without_a_channel_that_is_a_warning(site: Site) -> None:
    """Every channel says which variable it wants; that nobody is told is a doubt of its own."""
    found = site.tell(audit(0, red(SWAP)))
    assert found["audit.listeners"].verdict is Verdict.WARN
    assert found["audit.told.mail"].verdict is Verdict.SKIP
    assert "AUDIT_SMTP_SERVER" in found["audit.told.mail"].observed


@pytest.mark.parametrize(
    "changed", [{"argv": ("--only", "x")}, {"argv": ("--only=x",)}, {"plan": True}, {"runbook": "repl"}]
)
def test_a_part_of_an_audit_is_kept_and_told_by_nobody(changed: dict[str, object], site: Site) -> None:
    """Neither compared nor kept: a row that was left out on purpose is not fixed."""
    site.tell(audit(0, red(SWAP)))
    assert {found.verdict for found in site.tell(audit(1, **changed)).values()} == {Verdict.SKIP}
    assert "1 still" in site.tell(audit(2, red(SWAP)))["audit.compared"].observed


def test_a_part_of_the_fleet_is_no_audit_either(site: Site) -> None:
    """As `--limit` has it."""
    record = audit(0, good(SWAP))
    first, *others = record.labels.members
    outside = replace(record.labels, members=(replace(first, chosen=False), *others))
    assert {found.verdict for found in site.tell(replace(record, labels=outside)).values()} == {Verdict.SKIP}


def test_the_heartbeat_is_asked_for_and_its_silence_is_red(site: Site) -> None:
    """Once per audit, whatever it found."""
    with http_server() as heard:
        site.notices = Notices(heartbeat_url=f"http://127.0.0.1:{heard.port}/ping/abc")
        assert site.tell(audit(0, red(SWAP)))["audit.heartbeat"].verdict is Verdict.PASS
        assert heard.told == ["/ping/abc"]
    found = site.tell(audit(1, red(SWAP)))["audit.heartbeat"]
    assert found.verdict is Verdict.FAIL


def test_the_metrics_are_readable_for_others_and_whole(site: Site, tmp_path: Path) -> None:
    """Prometheus' text format, mode 0644, every verdict and kind, and when it was."""
    site.notices = Notices(textfile=tmp_path)
    assert site.tell(audit(0, red(SWAP), disk(40.0)))["audit.textfile"].verdict is Verdict.PASS
    path = tmp_path / textfile.NAME
    lines = path.read_text().splitlines()
    samples = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert samples['fleetproof_audit_rows{verdict="FAIL"}'] == "1"
    assert samples['fleetproof_audit_changes{kind="new"}'] == "1"
    assert samples["fleetproof_audit_exit_code"] == "1"
    assert abs(float(samples["fleetproof_audit_finished_timestamp_seconds"]) - time.time()) < 60
    assert all(line.startswith("# ") or line.partition(" ")[2] for line in lines)


def test_metrics_that_cannot_be_written_are_red(site: Site, tmp_path: Path) -> None:
    """For then a missed night would not be noticed."""
    (tmp_path / "file").touch()
    site.notices = Notices(textfile=tmp_path / "file")
    assert site.tell(audit(0, good(SWAP)))["audit.textfile"].verdict is Verdict.FAIL


def test_nothing_red_is_believed_while_a_deployment_is_at_work(site: Site) -> None:
    """It held the lock during the audit: nothing is new, and the next quiet audit tells."""
    site.tell(audit(0, good(SWAP)))
    (site.state / "lock").touch()
    disturbed = site.tell(audit(1, red(SWAP)))["audit.compared"]
    assert disturbed.verdict is Verdict.WARN
    assert "nothing; a deployment held the fleet" in disturbed.observed
    os.utime(site.state / "lock", (0, 0))
    assert "1 new" in site.tell(audit(2, red(SWAP)))["audit.compared"].observed


def test_an_audit_beside_which_nobody_deploys_does_not_vouch_for_who_does(tmp_path: Path) -> None:
    """In a cluster there is no lock to look at: that says nothing, and is said."""
    onsite = OnSite(tmp_path)
    ctx = replace(onsite.ctx, settings=replace(onsite.ctx.settings, notices=Notices(lock="elsewhere")))
    (found, _) = look({}, ctx).findings
    assert (str(found.row), found.verdict) == ("audit.undisturbed@fleet", Verdict.SKIP)
    (found, _) = look({}, onsite.ctx).findings
    assert found.verdict is Verdict.PASS


def test_the_lock_is_looked_at_without_being_touched(tmp_path: Path) -> None:
    """Who holds it is named while it is held, and nobody afterwards; a dead owner holds nothing."""
    lock = tmp_path / "lock"
    assert holder(lock) is None
    with hold(lock, runbook="full_deploy", run_id="run-1", tell=print):
        owner = holder(lock)
        assert owner is not None
        assert judge_lock(owner).verdict is Verdict.ERROR
        assert "full_deploy (run run-1" in judge_lock(owner).observed
    assert holder(lock) is None
    assert judge_lock(None).verdict is Verdict.PASS
    dead = {"pid": 2**22, "host": socket.gethostname(), "user": "u", "runbook": "r", "run_id": "x", "started": ""}
    for heartbeat, host in ((time.time(), dead["host"]), (time.time() - 3600, "elsewhere")):
        lock.write_text(json.dumps({**dead, "host": host, "heartbeat": heartbeat}))
        assert holder(lock) is None
    lock.write_text(json.dumps({**dead, "host": "elsewhere", "heartbeat": time.time()}))
    assert isinstance(holder(lock), Owner)


def test_patience_pauses_longer_each_time() -> None:
    """And ends with the last attempt's error."""
    pauses: list[float] = []

    def fail() -> None:
        raise Undelivered("busy", again=True)

    assert patiently(fail, pauses.append) == f"busy (attempt {ATTEMPTS})"
    assert len(pauses) == ATTEMPTS - 1


def test_secrets_of_the_channels_are_masked() -> None:
    """The URL as a whole, and its path alone, as errors of HTTP clients show it."""
    notices = Notices(slack_url="https://hooks.example.org/services/T0/B0/canary", smtp_password="hunter2-canary")
    mask = masker(Settings(notices=notices))
    for text in (notices.slack_url, "url: /services/T0/B0/canary (refused)", "hunter2-canary"):
        assert "canary" not in mask(text)
    assert "canary" not in repr(notices)


@pytest.mark.parametrize(
    ("notices", "said"),
    [
        (Notices(webhook_url="hooks.example.org/x"), "AUDIT_WEBHOOK_URL is no URL"),
        (Notices(heartbeat_url="ftp://x/y"), "AUDIT_HEARTBEAT_URL is no URL"),
        (Notices(mail_to=("a@b.c",), smtp_server="mail"), "AUDIT_MAIL_FROM: missing"),
        (Notices(lock="here"), "FLEETPROOF_LOCK is neither empty nor elsewhere"),
        (Notices(smtp_user="u"), "AUDIT_SMTP_USER and AUDIT_SMTP_PASSWORD"),
        (Notices(mail_to=("a@b.c",), mail_from="a@b.c", smtp_server="mail:smtp"), "its port is no number"),
    ],
)
def test_half_a_channel_is_a_mistake(notices: Notices, said: str) -> None:
    """Told before anything runs, without a value."""
    (mistake,) = wrong_notices(notices)
    assert said in mistake
