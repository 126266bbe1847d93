"""The fleet under test, and how a test asks it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tasks.fleet.load import load_fleet
from tasks.run.wait import wait_for
from tests.lab.harness import ROOT

if TYPE_CHECKING:
    import subprocess

    from tests.lab.operator import Operator

FLEET = load_fleet(ROOT / "inventory")
NAMES = tuple(cluster.name for cluster in FLEET.clusters)
VICTIM, OTHERS = "cluster-03", tuple(name for name in NAMES if name != "cluster-03")
PAIR = ("--limit", f"{VICTIM},{OTHERS[0]}")
"""One that is broken and one that is not: what a fault of one cluster must not do, it must not do to the other."""
MUTATING = (
    *("initialise-control-planes", "fetch-kubeconfigs", "define-kinds"),
    *("install-cilium", "announce-addresses", "close-kube-system"),
)
PROBE = "fleet-probe"
PHASE = ",".join((*MUTATING, "await-nodes"))
each_cluster = pytest.mark.parametrize("cluster", NAMES)


def ask_store(operator: Operator, method: str, path: str, body: str = "") -> dict[str, Any]:
    """Ask the central OpenSearch by the operator's certificate, with curl."""
    folder = operator.state / "authority"
    argv = ["curl", "--silent", "--show-error", "--fail-with-body", "--cacert", folder / "ca.crt"]
    argv += ["--cert", folder / "admin.crt", "--key", folder / "admin.key", "-X", method]
    argv += ["-H", "Content-Type: application/json", *(["-d", body] if body else [])]
    done = operator.lab.exec([*argv, f"https://{FLEET.central.vip.address}:9200{path}"])
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def await_probe(operator: Operator, process: subprocess.Popen[bytes]) -> None:
    """Until a proof that runs is in the middle: its namespace is there."""
    wait_for(
        "the probe's namespace",
        lambda: operator.kubectl(VICTIM, "get", "namespaces", "-o", "name"),
        done=lambda listed: PROBE in listed,
        timeout_s=60,
        every_s=0.2,
    )
    assert process.poll() is None, "the proof ended before it could be seen at work"
