"""The proof of storage over a small cluster: what it makes goes again, however it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tasks.model.finding import Verdict
from tasks.probes import room, storage, volume
from tasks.run.change import Gate
from tests.unit.onsite import OnSite
from tests.unit.probes.world import CLASS, World

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.model.finding import Finding, Outcome

PASS, FAIL, SKIP = Verdict.PASS, Verdict.FAIL, Verdict.SKIP
ROOM = f"/api/v1/namespaces/{volume.NAMESPACE}"


class Bench:
    """One cluster's proof, in no time."""

    def __init__(self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch, *, plan: bool = False) -> None:
        """Put the small cluster in the place of the real one."""
        monkeypatch.setattr(storage, "open_cluster", lambda *_: world)
        monkeypatch.setattr(room, "kubectl_of", lambda *_: world.kubectl(folder))
        for name in ("MOUNTED_S", "GONE_S"):
            monkeypatch.setattr(storage, name, 0.0)
        monkeypatch.setattr(volume, "BOUND_S", 0.5)
        monkeypatch.setattr(room, "GONE_TIMEOUT_S", 0.0)
        self.onsite = OnSite(folder, plan=plan)

    def claim(self) -> dict[str, Finding]:
        """Every finding by its check."""
        self.outcome: Outcome = self.onsite.run(storage.claim)
        return {it.row.check: it for it in self.outcome.findings}


def verdicts(found: dict[str, Finding]) -> tuple[Verdict, ...]:
    """Bound, survives, removed."""
    return tuple(found[check].verdict for check in storage.CHECKS)


def test_a_sound_class_passes_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither namespace nor volume, though the class would keep it; every change is temporary."""
    world = World()
    bench = Bench(world, tmp_path, monkeypatch)
    assert verdicts(bench.claim()) == (PASS, PASS, PASS)
    assert (world.objects, world.volumes) == ({}, {})
    assert world.said == ["apply", "patch persistentvolume", "delete pod", "apply", "delete namespace"]
    assert all(change.temporary for change in bench.outcome.changes)


def test_what_a_proof_that_died_left_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its namespace, and a volume whose claim is gone already; nobody else's volume is touched."""
    world = World(objects={ROOM: {}, f"{ROOM}/pods/{volume.WRITER}": {}})
    world.claim_volume(volume.NAMESPACE, "pvc-of-yesterday")
    world.volumes["pvc-of-yesterday"]["released"] = True
    world.claim_volume("monitoring", "pvc-of-prometheus")
    assert verdicts(Bench(world, tmp_path, monkeypatch).claim()) == (PASS, PASS, PASS)
    assert world.said[0] == "delete namespace"
    assert set(world.volumes) == {"pvc-of-prometheus"}
    assert world.volumes["pvc-of-prometheus"]["spec"]["persistentVolumeReclaimPolicy"] == "Retain"


@pytest.mark.parametrize(
    ("world", "expected"),
    [
        (World(binds=False), (FAIL, SKIP, PASS)),
        (World(classes=()), (FAIL, SKIP, PASS)),
        (World(classes=(CLASS, CLASS)), (FAIL, SKIP, PASS)),
        (World(forgets=True), (PASS, FAIL, PASS)),
        (World(runs=False), (PASS, FAIL, PASS)),
        (World(goes=False), (PASS, PASS, FAIL)),
        (World(deletes=False), (PASS, PASS, FAIL)),
    ],
    ids=["unbound", "no-class", "two-classes", "empty-volume", "not-mounted", "namespace-stays", "volume-stays"],
)
def test_each_fault_has_its_row(
    world: World, expected: tuple[Verdict, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is removed is removed after each of them."""
    found = Bench(world, tmp_path, monkeypatch).claim()
    assert verdicts(found) == expected
    for finding in found.values():
        assert finding.verdict is not FAIL or finding.remedy
        assert finding.verdict is not SKIP or finding.blocked_by == found[volume.BOUND].row


def test_a_plan_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row says so."""
    world = World()
    assert verdicts(Bench(world, tmp_path, monkeypatch, plan=True).claim()) == (SKIP, SKIP, SKIP)
    assert world.said == []


def test_a_run_that_is_cut_lets_the_data_go_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked for at the end of the run deletes the volume with the namespace."""
    world = World(objects={ROOM: {}})
    world.claim_volume(volume.NAMESPACE)
    bench = Bench(world, tmp_path, monkeypatch)
    gate = Gate("cluster-03", plan=False)
    where = room.room_in(volume.NAMESPACE, ctx=bench.onsite.ctx, cluster=bench.onsite.cluster, api=world, gate=gate)  # type: ignore[arg-type]
    storage.Storage(cluster=bench.onsite.cluster, room=where, image="x", token="t").ask_away()
    assert (world.objects, world.volumes) == ({}, {})
