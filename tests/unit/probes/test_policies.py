"""The trial of flows over a small cluster: who is asked, what is left out, and that nobody is silently passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.model.finding import Verdict
from tasks.probes import policies, room
from tasks.probes.flow import FLOWS, NAMESPACE
from tests.unit.onsite import OnSite
from tests.unit.probes.world import World

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tasks.model.finding import Finding

PASS, ERROR, SKIP = Verdict.PASS, Verdict.ERROR, Verdict.SKIP


def services(*, without: str = "") -> dict[str, dict[str, object]]:
    """Every flow's Service, with a ClusterIP."""
    paths = {f"/api/v1/namespaces/{it.namespace}/services/{it.service}" for it in FLOWS if it.name != without}
    return {path: {"spec": {"clusterIP": "10.1.1.1"}} for path in paths}


def said(code: int, words: str) -> str:
    """The same answer to every job."""
    return "".join(f"\x1f{it.name} {code}\x1d{words}\n" for it in FLOWS)


def tried(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch, **where: object) -> dict[str, Finding]:
    """Every finding of one cluster by its check; its host connects to everything."""
    monkeypatch.setattr(policies, "open_cluster", lambda *_: world)
    monkeypatch.setattr(room, "kubectl_of", lambda *_: world.kubectl(folder))
    monkeypatch.setattr(policies, "READY_S", 0.0)
    onsite = OnSite(folder, **where)  # type: ignore[arg-type]
    onsite.shell.answer_script("/dev/tcp/", stdout=said(0, ""))
    return {it.row.check: it for it in onsite.run(policies.try_flows).findings}


def test_every_row_comes_back_and_the_pod_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod that hears nothing from anybody: denials hold, what must pass is red."""
    world = World(objects=services(), answer=said(1, "nc: timed out"))
    found = tried(world, tmp_path, monkeypatch)
    assert {row.check for row in policies.declares(OnSite(tmp_path).fleet) if row.target == "cluster-03"} == set(found)
    assert all((it.verdict is PASS) is check.startswith(("policy.denies", "policy.rem")) for check, it in found.items())
    assert not [path for path in world.objects if NAMESPACE in path]


def test_a_pod_that_does_not_start_proves_no_denial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every flow is an ERROR; what was made is removed."""
    found = tried(World(objects=services(), runs=False), tmp_path, monkeypatch)
    assert found.pop("policy.removed").verdict is PASS
    assert {it.verdict for it in found.values()} == {ERROR}


def test_a_service_that_is_not_there_is_an_error_of_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are tried all the same."""
    world = World(objects=services(without="prometheus"), answer=said(1, "nc: timed out"))
    found = tried(world, tmp_path, monkeypatch)
    assert found["policy.denies.prometheus"].verdict is ERROR
    assert found["policy.denies.sidecar"].verdict is PASS


def test_what_a_trait_goes_without_is_skipped_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By component or by the row's own name; nothing else is skipped."""
    world = World(objects=services(), answer=said(1, "nc: timed out"))
    found = tried(world, tmp_path, monkeypatch, host="cluster-01", traits=("lab",))
    skips = {check: it.observed for check, it in found.items() if it.verdict is SKIP}
    assert "policy.denies.grafana" in skips
    assert all(it.startswith("left out by trait lab: ") for it in skips.values())
    assert found["policy.denies.query"].verdict is PASS


def test_a_plan_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row says so."""
    world = World()
    assert {it.verdict for it in tried(world, tmp_path, monkeypatch, plan=True).values()} == {SKIP}
    assert world.said == []
