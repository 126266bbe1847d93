"""The preflight on real machines: green where it should be, and each fault turns exactly its own rows red."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from lab import linux, wire
from lab.self_test.score import name_of
from tasks.preflight.canary import open_store
from tasks.settings import Settings, load_settings
from tests.lab.harness import ROOT, Lab
from tests.unit.preflight.recordings import fleet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., "Report"]

HOSTS = ("cluster-01", "cluster-02", "cluster-03", "cluster-04")
BAD = ("FAIL", "ERROR", "UNREACHABLE")

FAULTS: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "four hosts, four faults": (
        (
            "swap-on cluster-01",
            "stop-service cluster-02 chrony.service",
            "wrong-cgroup-driver cluster-03",
            "no-forwarding cluster-04",
        ),
        {
            "host.swap@cluster-01",
            "host.time-service@cluster-02",
            "host.cgroup-driver@cluster-03",
            "host.sysctl.net.ipv4.ip_forward@cluster-04",
        },
    ),
    "storage, identity, time": (
        (
            "stop-service cluster-01 iscsid.socket",
            "duplicate-machine-id cluster-02 cluster-04",
            "clock-skew cluster-03 40",
            "fill-disk cluster-04",
        ),
        {
            "host.iscsi@cluster-01",
            "fleet.machine-id@cluster-02",
            "fleet.machine-id@cluster-04",
            "host.clock@cluster-03",
            "host.disk.longhorn@cluster-04",
        },
    ),
    "the wire": (
        ("mtu cluster-02 1400", "foreign-vip 192.168.101.212", "slow-link cluster-04 200"),
        {
            *(f"reach.mtu@cluster-02->{other}" for other in HOSTS if other != "cluster-02"),
            *(f"reach.mtu@{other}->cluster-02" for other in HOSTS if other != "cluster-02"),
            "vip.free@cluster-03",
        },
    ),
    "no object store": (("s3-away",), {"s3.endpoint@fleet"}),
    "no name server": (("dns-away",), {f"reach.dns@{host}->192.168.101.1" for host in HOSTS}),
    "no network": (("partition cluster-03",), {"reach.from-operator@cluster-03"}),
    "no way in": (
        ("changed-hostkey cluster-01", "blackhole-ssh cluster-02", "mute-ssh cluster-04"),
        {"host.root@cluster-01", "reach.from-operator@cluster-02", "host.root@cluster-04"},
    ),
    "no runtime": (("stop-service cluster-03 containerd.service",), {"host.containerd@cluster-03"}),
}
"""Faults in force together, and the headlines that they must make: no more, no fewer."""


class Report:
    """A finished run: its exit code and its findings."""

    def __init__(self, code: int, document: dict[str, Any]) -> None:
        self.code = code
        self.findings: list[dict[str, Any]] = [one for stage in document["stages"] for one in stage["findings"]]

    @property
    def headlines(self) -> set[str]:
        """What is bad, waived or not, and nobody's consequence."""
        return {name_of(one["row"]) for one in self.findings if one["verdict"] in BAD and not one.get("blocked_by")}

    def verdict(self, name: str) -> str:
        """How one row ended."""
        return next(str(one["verdict"]) for one in self.findings if name_of(one["row"]) == name)


@pytest.fixture(scope="module")
def operator(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An operator who has enrolled all hosts and knows no cluster."""
    state: Path = tmp_path_factory.mktemp("preflight")
    environment = {"FLEETPROOF_STATE": str(state)}
    enrol = [sys.executable, "runbooks/enrol.py", "--expect", lab.credentials.fingerprints_file]
    done = lab.exec(enrol, environment=environment)
    assert done.returncode == 0, done.stderr + done.stdout
    return load_settings(ROOT, {**lab.credentials.environment(), **environment})


@pytest.fixture(scope="module")
def run(lab: Lab, operator: Settings) -> Run:
    """Run the preflight at the operator's seat, with the lab's waivers."""

    def run(*options: str) -> Report:
        done = lab.exec(
            [sys.executable, "runbooks/preflight.py", "--json", "--waivers", "lab/waivers.yaml", *options],
            environment={"FLEETPROOF_STATE": str(operator.state)},
            timeout_s=300,
        )
        assert done.stdout.startswith("{"), done.stderr
        return Report(done.returncode, json.loads(done.stdout))

    return run


@pytest.fixture(scope="module")
def good(run: Run) -> Report:
    """The machines as they are."""
    return run()


def test_the_machines_are_ready_but_for_what_the_lab_lacks(good: Report) -> None:
    """Green with the lab's waivers, which cover what machines lack that share a kernel and a disk."""
    assert good.code == 0, sorted(good.headlines)
    lacking = {"host.module.iscsi_tcp", "host.module.nfs", "host.sysctl.vm.max_map_count", "host.disk.longhorn"}
    assert {name.partition("@")[0] for name in good.headlines} <= lacking | {"fleet.product-uuid", "host.memory"}


def test_every_declared_row_was_executed(good: Report) -> None:
    """Rows that were skipped say why: not here, or not on this machine."""
    skipped = {str(one["row"]["check"]) for one in good.findings if one["verdict"] == "SKIP"}
    not_here = {"host.sysctl.net.bridge.bridge-nf-call-iptables", "fleet.product-uuid"}
    assert skipped <= not_here | {"host.sysctl.vm.max_map_count"}
    assert len(good.findings) > 300


@pytest.mark.parametrize("title", FAULTS)
def test_faults_make_exactly_their_own_headlines(lab: Lab, run: Run, good: Report, title: str) -> None:
    """Everything else stays as it was, or points to the fault."""
    faults, expected = FAULTS[title]
    with ExitStack() as broken:
        for fault in faults:
            broken.enter_context(lab.fault(*fault.split()))
        report = run()
    assert report.headlines - good.headlines == expected
    assert report.code in {1, 3}


def test_before_anything_of_kubernetes_is_there(lab: Lab, run: Run, good: Report) -> None:
    """The preflight needs nothing on the host but a shell; it says what is missing and how to get it."""
    with _hidden(lab, "cluster-02", "/usr/bin/kubeadm", "/usr/bin/kubelet", "/usr/bin/kubectl"):
        report = run("--limit", "cluster-02", "--only", "check-hosts")
    assert report.headlines - good.headlines == {"host.kubeadm@cluster-02", "host.kubelet@cluster-02"}
    assert report.verdict("host.kubectl@cluster-02") == "WARN"


@contextmanager
def _hidden(lab: Lab, machine: str, *paths: str) -> Iterator[None]:
    lab.on(machine, ["/bin/sh", "-c", "for path; do mv $path $path.hidden; done", "sh", *paths])
    try:
        yield
    finally:
        lab.on(machine, ["/bin/sh", "-c", "for path; do mv $path.hidden $path; done", "sh", *paths])


FOREIGN = """
set -e
mkdir -p /etc/kubernetes/manifests
[ ! -e /etc/kubernetes/admin.conf ] || mv /etc/kubernetes/admin.conf /etc/kubernetes/admin.kept
cat >/etc/kubernetes/admin.conf <<'END'
clusters:
- cluster:
    server: https://192.168.101.40:6443
  name: kubernetes
END
[ -e /etc/kubernetes/manifests/etcd.yaml ] || echo '# foreign' >/etc/kubernetes/manifests/etcd.yaml
"""
MENDED = """
rm /etc/kubernetes/admin.conf
[ ! -e /etc/kubernetes/admin.kept ] || mv /etc/kubernetes/admin.kept /etc/kubernetes/admin.conf
grep -qv foreign /etc/kubernetes/manifests/etcd.yaml || rm /etc/kubernetes/manifests/etcd.yaml
"""


def test_a_foreign_cluster_is_one_headline_and_is_never_called_ours(lab: Lab, run: Run, good: Report) -> None:
    """Whatever of it is in the way points to it."""
    lab.on("cluster-04", ["/bin/sh", "-s"], stdin=FOREIGN)
    try:
        report = run("--limit", "cluster-04", "--only", "check-hosts")
    finally:
        lab.on("cluster-04", ["/bin/sh", "-s"], stdin=MENDED)
    assert report.headlines - good.headlines == {"host.installation@cluster-04"}
    assert report.verdict("host.manifests@cluster-04") == "SKIP"


def test_a_run_leaves_no_file_on_a_host(lab: Lab, run: Run) -> None:
    """Beside what the login and the system's own services write anyway: logs, and the state of time and sessions."""
    lab.on("cluster-01", ["touch", "/run/before"])
    run("--limit", "cluster-01")
    find = ["find", "/", "-xdev", "-newer", "/run/before", "-type", "f", "-not", "-path", "/proc/*"]
    touched = lab.on("cluster-01", find).splitlines()
    allowed = ("/var/log/", "/var/lib/chrony/", "/var/lib/systemd/", "/var/lib/private/")
    assert [path for path in touched if not path.startswith(allowed)] == []


def test_a_run_leaves_no_object_in_the_store(lab: Lab, run: Run, operator: Settings) -> None:
    """Canaries were sent through every bucket with the real keys, and none is left."""
    report = run("--only", "check-operator")
    buckets = fleet().s3.buckets
    assert [report.verdict(f"s3.bucket@fleet->{bucket}") for bucket in buckets] == ["PASS"] * 3
    with linux.inside_network(lab.state.network(wire.SEAT)):
        store = open_store(fleet().s3, operator.s3_access_key, operator.s3_secret_key)
        assert [list(store.list_objects(bucket_name=bucket, prefix="fleet-preflight/")) for bucket in buckets] == [
            [],
            [],
            [],
        ]


def test_wrong_keys_are_told_from_a_store_that_is_away(lab: Lab, operator: Settings) -> None:
    """The endpoint is fine, the buckets are not, and the wrong key itself is shown nowhere."""
    done = lab.exec(
        [sys.executable, "-c", WRONG_KEYS, sys.executable],
        environment={"FLEETPROOF_STATE": str(operator.state)},
        timeout_s=120,
    )
    report = Report(done.returncode, json.loads(done.stdout))
    assert report.verdict("s3.endpoint@fleet") == "PASS"
    assert report.headlines == {f"s3.bucket@fleet->{bucket}" for bucket in fleet().s3.buckets}
    assert "made-up-wrong-secret" not in done.stdout + done.stderr


WRONG_KEYS = """
import os, sys
os.environ["S3_SECRET_KEY"] = "made-up-wrong-secret"
os.execv(sys.argv[1], [sys.argv[1], "runbooks/preflight.py", "--json", "--only", "check-operator"])
"""
"""The seat hands out the right keys, so the wrong one is put in place behind it."""
