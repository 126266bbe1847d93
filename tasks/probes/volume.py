"""Storage as a claim sees it: the objects of its proof, and the judgements. Pure: values in, findings out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.model.finding import Finding, Measure, Row, Verdict
from tasks.probes.objects import object_of, pod_spec, room_of, stream_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAMESPACE = "fleet-probe-storage"
CLAIM, WRITER, READER = "probe", "writer", "reader"
SIZE = "64Mi"
BOUND_S = 60.0
"""What the specification allows a claim (SC-008)."""

BOUND, SURVIVES, REMOVED = "storage.bound", "storage.survives", "storage.removed"

_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_STANDS_IN = "fleetproof/stands-in-for"
_MOUNT = "/data"
TOKEN_FILE = f"{_MOUNT}/token"


def writing_stream(image: str, token: str) -> str:
    """A claim of the default class, and a pod that writes ``token``; both at once, for a class may wait for a pod."""
    claim = object_of(
        NAMESPACE,
        "PersistentVolumeClaim",
        CLAIM,
        spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": SIZE}}},
    )
    script = f"echo {token} > {TOKEN_FILE} && sync && exec sleep 3600"
    return stream_of(*room_of(NAMESPACE), claim, _pod(WRITER, image, script))


def reading_stream(image: str) -> str:
    """Another pod that mounts the same volume, and writes nothing."""
    return stream_of(_pod(READER, image, "exec sleep 3600"))


def _pod(name: str, image: str, script: str) -> dict[str, Any]:
    spec = pod_spec(
        image,
        script,
        volumeMounts=[{"name": CLAIM, "mountPath": _MOUNT}],
        readinessProbe={"exec": {"command": ["test", "-s", TOKEN_FILE]}, "periodSeconds": 1},
    )
    return object_of(
        NAMESPACE,
        "Pod",
        name,
        spec=spec | {"volumes": [{"name": CLAIM, "persistentVolumeClaim": {"claimName": CLAIM}}]},
    )


def default_class(classes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """
    The one class that a claim gets which names none.

    Raises:
        ValueError: there is none, or more than one

    """
    default = [it for it in classes if (it["metadata"].get("annotations") or {}).get(_DEFAULT) == "true"]
    if len(default) != 1:
        names = ", ".join(it["metadata"]["name"] for it in classes) or "none"
        raise ValueError(f"{len(default)} default StorageClasses, wanted 1; there are: {names}")
    return default[0]


def judge_bound(
    cluster: str, storage: Mapping[str, Any], took_s: float, lacking: str, evidence: tuple[str, ...] = ()
) -> Finding:
    """
    The claim is bound within the time that the specification allows.

    Arguments:
        storage: the StorageClass; one that says for what it stands in is named so
        took_s: from the claim's making to its being bound, or until nobody waited any longer
        lacking: why it is not bound; empty where it is

    """
    stands_in = (storage["metadata"].get("annotations") or {}).get(_STANDS_IN, "")
    name = storage["metadata"]["name"] + (f" (stands in for {stands_in})" if stands_in else "")
    good = not lacking and took_s <= BOUND_S
    said = f"not bound after {took_s:.1f} s: {lacking}" if lacking else f"bound after {took_s:.1f} s"
    return Finding(
        row=Row(BOUND, cluster),
        verdict=Verdict.PASS if good else Verdict.FAIL,
        observed=f"{said}, class {name}",
        wanted=f"a claim of the default class is bound within {BOUND_S:.0f} s",
        remedy="" if good else f"kubectl --context {cluster} -n longhorn-system get pods,events",
        reproduce=f"kubectl --context {cluster} get storageclasses,persistentvolumeclaims -A",
        evidence=evidence,
        duration_s=took_s,
        measured=(Measure(name=BOUND, value=took_s, unit="s"),),
    )


def judge_survives(cluster: str, token: str, read: str, writer: str, reader: str) -> Finding:
    """
    What one pod has written is what the next one reads.

    Arguments:
        read: the file's content as the second pod sees it
        writer, reader: uids of the pods; the same one twice would prove nothing

    """
    bad = ""
    if writer == reader:
        bad = "it was read by the pod that wrote it"
    elif read.strip() != token:
        bad = f"read {read.strip()[:80]!r}, wanted {token!r}"
    return Finding(
        row=Row(SURVIVES, cluster),
        verdict=Verdict.FAIL if bad else Verdict.PASS,
        observed=bad or "what a pod wrote was read by another one after its deletion",
        wanted="the volume's content outlives its pod",
        remedy=f"kubectl --context {cluster} get persistentvolumes,volumeattachments" if bad else "",
        reproduce=f"kubectl --context {cluster} -n {NAMESPACE} exec {READER} -- cat {TOKEN_FILE}",
    )


def volumes_of_probe(volumes: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Every volume that a claim of the proof has or had, whenever that was: name to its reclaim policy."""
    return {
        it["metadata"]["name"]: it["spec"].get("persistentVolumeReclaimPolicy", "")
        for it in volumes
        if (it["spec"].get("claimRef") or {}).get("namespace") == NAMESPACE
    }
