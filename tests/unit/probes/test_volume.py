"""Storage, judged over what a real API server showed, and every way in which it is not as wanted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tasks.fleet.load import load_fleet
from tasks.model.finding import Verdict
from tasks.probes import volume
from tasks.probes.storage import declares
from tests.unit.onsite import ROOT

FLEET = load_fleet(ROOT / "inventory")
PASS, FAIL = Verdict.PASS, Verdict.FAIL


def recorded(what: str) -> list[dict[str, Any]]:
    """The items of a list, as the API server showed them."""
    found: list[dict[str, Any]] = json.loads(
        (ROOT / "tests" / "recorded" / "probes" / what / "lab" / "stdout.txt").read_text(encoding="utf-8")
    )
    return found


CLASSES = recorded("classes")


def test_a_stand_in_is_said_to_be_one() -> None:
    """The lab's class says for what it stands in, and so does the row."""
    storage = volume.default_class(CLASSES)
    finding = volume.judge_bound("cluster-01", storage, 3.9, "")
    assert finding.verdict is PASS
    assert finding.observed.startswith("bound after 3.9 s, class longhorn (stands in for Longhorn, ")


def test_a_real_class_is_named_alone() -> None:
    """Nothing is said to stand in for anything without the annotation."""
    storage = {"metadata": {"name": "longhorn"}}
    assert volume.judge_bound("cluster-01", storage, 3.9, "").observed == "bound after 3.9 s, class longhorn"


@pytest.mark.parametrize(
    ("took_s", "lacking", "verdict"), [(60.0, "", PASS), (60.1, "", FAIL), (60.2, "it is Pending, not Bound", FAIL)]
)
def test_a_claim_is_bound_within_a_minute(took_s: float, lacking: str, verdict: Verdict) -> None:
    """SC-008: bound late is as bad as not bound, and the time is shown."""
    finding = volume.judge_bound("cluster-01", CLASSES[0], took_s, lacking, ("provisioning failed",))
    assert finding.verdict is verdict
    assert f"{took_s:.1f} s" in finding.observed
    assert bool(finding.remedy) is (verdict is FAIL)


@pytest.mark.parametrize("classes", [[], [{"metadata": {"name": "slow"}}], [*CLASSES, *CLASSES]])
def test_there_is_exactly_one_default_class(classes: list[dict[str, Any]]) -> None:
    """With none a claim waits for ever, with two nobody knows which one it gets."""
    with pytest.raises(ValueError, match="default StorageClasses, wanted 1"):
        volume.default_class(classes)


@pytest.mark.parametrize(
    ("read", "reader", "verdict"), [("t-1\n", "b", PASS), ("", "b", FAIL), ("t-0\n", "b", FAIL), ("t-1\n", "a", FAIL)]
)
def test_the_next_pod_reads_what_the_first_wrote(read: str, reader: str, verdict: Verdict) -> None:
    """An empty volume, an older token, or the same pod again prove nothing."""
    assert volume.judge_survives("cluster-01", "t-1", read, "a", reader).verdict is verdict


def test_only_volumes_of_the_probe_are_its_own() -> None:
    """Of a real cluster's six volumes one; none that holds data of somebody else is ever touched."""
    volumes = recorded("volumes")
    assert len(volumes) == 6
    (name,) = (it["metadata"]["name"] for it in volumes if it["spec"]["claimRef"]["namespace"] == volume.NAMESPACE)
    assert volume.volumes_of_probe(volumes) == {name: "Retain"}
    assert volume.volumes_of_probe([{"metadata": {"name": "free"}, "spec": {}}]) == {}


def test_the_claim_names_no_class_and_both_pods_mount_it() -> None:
    """The default class is what is proven; the second pod only reads."""
    writing = json.loads(volume.writing_stream("busybox:1", "t-1"))["items"]
    (claim,) = (it for it in writing if it["kind"] == "PersistentVolumeClaim")
    assert "storageClassName" not in claim["spec"]
    (reader,) = json.loads(volume.reading_stream("busybox:1"))["items"]
    writer = writing[-1]
    for pod in (writer, reader):
        assert pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert ["t-1" in pod["spec"]["containers"][0]["command"][2] for pod in (writer, reader)] == [True, False]


def test_every_cluster_owes_three_rows() -> None:
    """Bound, survives, removed."""
    rows = declares(FLEET)
    assert len(rows) == len(set(rows)) == 3 * len(FLEET.clusters)
