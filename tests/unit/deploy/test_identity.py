"""An API server that is not the inventory's is refused before anything is written."""

from __future__ import annotations

import base64
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tasks.deploy import fetch, identity, merge
from tasks.deploy.identity import Identity, open_cluster, recorded
from tasks.deploy.kubeconfig import folder_of, render_kubeconfig
from tasks.model.errors import WrongCluster
from tasks.model.finding import Verdict
from tests.unit.deploy.credentials import access_of, admin_conf
from tests.unit.onsite import OnSite

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.deploy.kubeconfig import AdminAccess

UID = "7a0c3c0e-0000-4000-8000-000000000003"


class Server:
    """Stands in for the API server: one cluster's UID and node."""

    uid = UID

    def __init__(self, name: str, access: AdminAccess, folder: Path) -> None:
        """Remember nothing: every server here is the same."""
        del name, access, folder

    def get(self, path: str) -> dict[str, Any]:
        """The namespace with the UID, or a node that has both roles already."""
        if path.endswith("/namespaces/kube-system"):
            return {"metadata": {"uid": self.uid}}
        labels = {"node-role.kubernetes.io/control-plane": "", "node-role.kubernetes.io/worker": ""}
        return {"metadata": {"labels": labels}, "spec": {}}


@pytest.fixture
def onsite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OnSite:
    """Cluster-03's host, and an API server that answers with its UID."""
    monkeypatch.setattr(identity, "KubeApi", Server)
    monkeypatch.setattr(fetch, "KubeApi", Server)
    return OnSite(tmp_path)


def serves(onsite: OnSite, access: AdminAccess, made_by: str = "r1") -> None:
    """Let the host have this admin.conf, made by that run."""
    encoded = base64.b64encode(admin_conf(access).encode()).decode()
    onsite.shell.answer_script("admin.conf", stdout=f"{made_by}\n{encoded}")


def own_access(onsite: OnSite) -> AdminAccess:
    """The true way into the host's cluster."""
    return access_of(onsite.cluster.api)


def record(onsite: OnSite, access: AdminAccess, **other: str) -> None:
    """Keep a kubeconfig and an identity, as an earlier fetch did."""
    folder = folder_of(onsite.state, onsite.host)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "admin.conf").write_text(render_kubeconfig({onsite.host: access}))
    known = {
        "cluster": onsite.host,
        "server": access.server,
        "ca_sha256": access.ca_sha256,
        "uid": UID,
        "made_by": "r1",
    }
    (folder / "identity.json").write_text(Identity(**{**known, **other}).to_json())


def test_the_first_fetch_keeps_kubeconfig_and_identity(onsite: OnSite) -> None:
    """Both are written for the owner alone, and the second fetch writes nothing."""
    access = own_access(onsite)
    serves(onsite, access)
    outcome = onsite.run(fetch.fetch)
    assert [finding.verdict for finding in outcome.findings] == [Verdict.PASS, Verdict.PASS]
    folder = folder_of(onsite.state, onsite.host)
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "admin.conf": 0o600,
        "identity.json": 0o600,
    }
    known = recorded(onsite.state, onsite.host)
    assert known is not None
    assert (known.uid, known.ca_sha256, known.made_by) == (UID, access.ca_sha256, "r1")
    assert onsite.run(fetch.fetch).changes == ()


def test_the_open_cluster_is_the_recorded_one(onsite: OnSite) -> None:
    """Server, CA and UID agree, so it may be written to."""
    record(onsite, own_access(onsite))
    assert open_cluster(onsite.ctx, onsite.cluster) is not None


def test_a_kubeconfig_that_leads_elsewhere_is_refused(onsite: OnSite) -> None:
    """The server's address is not the inventory's."""
    record(onsite, access_of("https://192.168.101.194:6443"))
    with pytest.raises(WrongCluster, match=r"leads to https://192\.168\.101\.194:6443, but cluster-03 is"):
        open_cluster(onsite.ctx, onsite.cluster)


def test_another_ca_is_refused(onsite: OnSite) -> None:
    """The address is right, the CA is not the recorded one."""
    record(onsite, access_of(onsite.cluster.api, ca="somebody else"), ca_sha256=own_access(onsite).ca_sha256)
    with pytest.raises(WrongCluster, match="belongs to another cluster"):
        open_cluster(onsite.ctx, onsite.cluster)


def test_another_uid_is_refused(onsite: OnSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Address and CA are right, but what answers is another cluster with the same CA."""
    record(onsite, own_access(onsite))
    monkeypatch.setattr(Server, "uid", "other")
    with pytest.raises(WrongCluster, match="with UID other"):
        open_cluster(onsite.ctx, onsite.cluster)


def test_a_damaged_record_tells_nothing_apart(onsite: OnSite) -> None:
    """What cannot be read is refused, with the way out."""
    record(onsite, own_access(onsite))
    path = folder_of(onsite.state, onsite.host) / "identity.json"
    path.write_text("{")
    with pytest.raises(WrongCluster, match=f"rm {path}"):
        open_cluster(onsite.ctx, onsite.cluster)


def test_without_a_record_only_a_plan_goes_on(tmp_path: Path) -> None:
    """A plan may foresee a cluster that is not there; a real run is refused."""
    planning = OnSite(tmp_path, plan=True)
    assert open_cluster(planning.ctx, planning.cluster) is None
    with pytest.raises(WrongCluster, match="no kubeconfig and identity"):
        open_cluster(OnSite(tmp_path).ctx, planning.cluster)


def test_swapped_files_are_refused_and_nothing_is_written(onsite: OnSite) -> None:
    """Somebody swapped two clusters' kubeconfigs: the fetch that follows does not paint over it."""
    serves(onsite, own_access(onsite))
    record(onsite, own_access(onsite))
    other = OnSite(onsite.state, host="cluster-01")
    record(other, access_of(other.cluster.api))
    here, there = (folder_of(onsite.state, name) / "admin.conf" for name in ("cluster-03", "cluster-01"))
    swap = here.with_suffix(".swap")
    shutil.move(here, swap)
    shutil.move(there, here)
    shutil.move(swap, there)
    before = here.read_text()
    outcome = onsite.run(fetch.fetch)
    admin, identified = outcome.findings
    assert (identified.verdict, admin.verdict, admin.blocked_by) == (Verdict.FAIL, Verdict.SKIP, identified.row)
    assert "leads to https://192.168.101.194:6443" in identified.observed
    assert outcome.changes == ()
    assert here.read_text() == before
    merged = merge.merge({}, onsite.ctx)
    assert merged.findings[0].verdict is Verdict.FAIL
    assert "cluster-0" not in onsite.ctx.settings.kubeconfig.read_text()


def test_a_host_whose_ca_changed_behind_our_back_is_refused(onsite: OnSite) -> None:
    """The same run's marker with another CA is no cluster of ours."""
    record(onsite, own_access(onsite))
    serves(onsite, access_of(onsite.cluster.api, ca="somebody else"))
    outcome = onsite.run(fetch.fetch)
    assert outcome.findings[1].verdict is Verdict.FAIL
    assert outcome.changes == ()


def test_a_cluster_that_we_made_anew_is_recorded_anew(onsite: OnSite) -> None:
    """The host bears the marker of a later init of this library: the new identity takes the old one's place."""
    record(onsite, access_of(onsite.cluster.api, ca="the one before"))
    serves(onsite, own_access(onsite), made_by="r2")
    outcome = onsite.run(fetch.fetch)
    assert [finding.verdict for finding in outcome.findings] == [Verdict.PASS, Verdict.PASS]
    known = recorded(onsite.state, onsite.host)
    assert known is not None
    assert (known.made_by, known.ca_sha256) == ("r2", own_access(onsite).ca_sha256)


def test_a_host_without_a_control_plane_is_a_fault_or_a_plan(tmp_path: Path) -> None:
    """In a real run the row fails; a plan foresees the same changes as the run would make."""
    for plan, verdict in ((False, Verdict.FAIL), (True, Verdict.SKIP)):
        onsite = OnSite(tmp_path, plan=plan)
        onsite.shell.answer_script("admin.conf", stdout="\n")
        outcome = onsite.run(fetch.fetch)
        assert outcome.findings[1].verdict is verdict
    folder = folder_of(tmp_path, "cluster-03")
    assert [change.sentence for change in outcome.changes] == [
        f"write {folder}/admin.conf",
        "record the identity of cluster-03",
        "label node cluster-03 as worker",
    ]
    assert not folder.exists()


def test_fetched_kubeconfigs_are_merged_for_the_operator(onsite: OnSite) -> None:
    """One file with a context per cluster that was ever fetched; without any, a real run fails."""
    nothing = merge.merge({}, onsite.ctx)
    assert nothing.findings[0].verdict is Verdict.FAIL
    serves(onsite, own_access(onsite))
    onsite.run(fetch.fetch)
    assert merge.merge({}, onsite.ctx).findings[0].verdict is Verdict.PASS
    assert "name: cluster-03-admin" in onsite.ctx.settings.kubeconfig.read_text()
    assert onsite.ctx.settings.kubeconfig.stat().st_mode & 0o777 == 0o600
    assert merge.merge({}, onsite.ctx).changes == ()
