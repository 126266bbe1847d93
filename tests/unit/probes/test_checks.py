"""Judgements of one cluster: each has a case that turns it red."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.cilium.status import AgentStatus
from tasks.fleet.load import load_fleet
from tasks.model.finding import Verdict
from tasks.probes import checks, vantage
from tasks.probes.names import judge_names, parse_getent, parse_nslookup
from tasks.probes.objects import NAMESPACE, VIP_PORT, probe_stream
from tasks.probes.path import Wanted
from tasks.probes.prove import CAUSES, declares
from tasks.probes.scripts import host_script, pod_script
from tasks.probes.targets import matrix_rows, targets_of
from tests.unit.onsite import ROOT

FLEET = load_fleet(ROOT / "inventory")
CLUSTER = FLEET.cluster("cluster-03")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
PASS, WARN, FAIL, ERROR = Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.ERROR


def node(*roles: str, ready: str = "True", taints: list[dict[str, str]] | None = None, **spec: Any) -> dict[str, Any]:
    """A node as the API server shows it."""
    return {
        "metadata": {"labels": {f"node-role.kubernetes.io/{role}": "" for role in roles}},
        "spec": {"taints": taints or [], **spec},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


@pytest.mark.parametrize(
    ("content", "verdict"), [(node(), PASS), (node(ready="Unknown"), FAIL), (node(unschedulable=True), FAIL)]
)
def test_the_node_has_to_be_ready_and_take_pods(content: dict[str, Any], verdict: Verdict) -> None:
    """A silent or cordoned node fails."""
    assert checks.judge_ready(CLUSTER, content).verdict is verdict


TAINT = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (node("control-plane", "worker"), PASS),
        (node("control-plane"), FAIL),
        (node(), FAIL),
        (node("control-plane", "worker", taints=[TAINT]), FAIL),
        (node("control-plane", "worker", taints=[{"key": "disk", "effect": "NoSchedule"}]), PASS),
    ],
)
def test_the_node_has_both_roles_and_no_taint_of_theirs(content: dict[str, Any], verdict: Verdict) -> None:
    """`kubectl get nodes` has to show control-plane,worker (US0), and pods have to land there."""
    assert checks.judge_roles(CLUSTER, content).verdict is verdict


@pytest.mark.parametrize(
    ("daemons", "chains", "verdict"), [(["cilium"], 0, PASS), (["kube-proxy"], 0, FAIL), ([], 3, FAIL)]
)
def test_no_kube_proxy_is_left(daemons: list[str], chains: int, verdict: Verdict) -> None:
    """Neither its DaemonSet nor its chains may be there."""
    listed = [{"metadata": {"name": name}} for name in daemons]
    assert checks.judge_no_kube_proxy(CLUSTER, listed, chains).verdict is verdict


def agent(**other: Any) -> AgentStatus:
    """An agent that is well, but for what is given."""
    well: dict[str, Any] = {
        "state": "Ok",
        "message": "",
        "kube_proxy_replacement": "True",
        "kubernetes": "Ok",
        "failing": (),
    }
    return AgentStatus(**{**well, **other})


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (agent(), PASS),
        (agent(failing=("sync-x: boom",)), WARN),
        (agent(state="Failure"), FAIL),
        (agent(kube_proxy_replacement="False", failing=("x: y",)), FAIL),
    ],
)
def test_the_agent_has_to_be_well(status: AgentStatus, verdict: Verdict) -> None:
    """A failing controller is a warning, a failing agent a fault."""
    assert checks.judge_agent(CLUSTER, status).verdict is verdict


@pytest.mark.parametrize(("days", "verdict"), [(400, PASS), (30, PASS), (20, WARN), (10, WARN), (6, FAIL), (-1, FAIL)])
def test_the_certificate_has_to_last(days: int, verdict: Verdict) -> None:
    """400 days are fine, 20 a warning, 6 a fault."""
    finding = checks.judge_certificate(CLUSTER, NOW + timedelta(days=days, hours=1), NOW)
    assert finding.verdict is verdict


def pod(ready: str = "True", on: str = "cluster-03") -> dict[str, Any]:
    """The probe's pod."""
    return {
        "spec": {"nodeName": on, "containers": [{"image": "busybox:1.35.0"}]},
        "status": {"podIP": "10.13.0.9", "conditions": [{"type": "Ready", "status": ready}]},
    }


@pytest.mark.parametrize(("content", "verdict"), [(pod(), PASS), (pod("False"), FAIL), (pod(on="other"), FAIL)])
def test_the_test_pod_runs_on_its_node(content: dict[str, Any], verdict: Verdict) -> None:
    """And what keeps it from running is its evidence."""
    finding = checks.judge_pod(CLUSTER, content, ("pulling failed",))
    assert finding.verdict is verdict
    assert (finding.evidence == ("pulling failed",)) is (verdict is FAIL)


def test_three_rows_speak_of_the_address() -> None:
    """Assigned, policy and lease are judged apart: each disagreement has its own finding."""
    findings = checks.judge_address(CLUSTER, [], [], NOW)
    assert [(it.row.check, it.verdict) for it in findings] == [
        ("vip.assigned", FAIL),
        ("vip.policy", PASS),
        ("vip.lease", PASS),
    ]


def test_the_matrix_has_every_cell() -> None:
    """Nine vantage points; four API servers, four VIPs, the object store and DNS as targets."""
    rows = matrix_rows(FLEET)
    assert len(rows) == len(set(rows)) == 9 * (4 + 4 + 1 + 1)
    owed = declares(FLEET)
    assert len(owed) == len(set(owed))
    assert set(rows) <= set(owed)


def test_causes_name_declared_checks() -> None:
    """A cause that nobody declares would never be found."""
    declared = {row.check for row in declares(FLEET)}
    for check, causes in CAUSES.items():
        assert any(one == check or one.startswith(f"{check}.") for one in declared), check
        assert {cause.partition("@")[0] for cause in causes} <= declared


def answers(**other: tuple[int, str]) -> dict[str, tuple[int, str]]:
    """What a host that reaches everything answers, but for what is given."""
    good = {}
    for target in targets_of(FLEET):
        body = {"api": "ok\n200 0.001", "vip": f"{target.peer}\n\n200 0.001", "s3": "x\n403 0.001"}
        good[target.key] = (0, body[target.service])
    return {**good, **{key.replace("__", "/"): value for key, value in other.items()}}


def test_a_host_that_reaches_everything_is_all_green() -> None:
    """One finding per target, all open."""
    findings = vantage.host_cells(CLUSTER, targets_of(FLEET), answers())
    assert {it.verdict for it in findings} == {PASS}
    assert len(findings) == len(targets_of(FLEET))


def test_a_blocked_pair_turns_exactly_its_cell_red() -> None:
    """And the cell names the layer at which it ends."""
    blocked = {"vip/cluster-02": (7, "curl: (7) Failed to connect to x port 8099: Connection refused\n\n000 0")}
    findings = vantage.host_cells(CLUSTER, targets_of(FLEET), {**answers(), **blocked})
    (red,) = [it for it in findings if it.verdict is not PASS]
    assert (red.row.check, red.row.peer, red.verdict) == ("reach.host.vip", "cluster-02", FAIL)
    assert red.observed.startswith("ends at TCP")
    assert red.reproduce.startswith("ssh 192.168.101.197 curl")


def test_an_unasked_cell_is_an_error() -> None:
    """No answer is never a good one."""
    seen = answers()
    del seen["s3/"]
    findings = vantage.host_cells(CLUSTER, targets_of(FLEET), seen)
    assert [it.row.check for it in findings if it.verdict is ERROR] == ["reach.host.s3"]
    assert {it.verdict for it in vantage.pod_cells(CLUSTER, targets_of(FLEET), {})} == {ERROR}


def test_a_service_is_reached_through_its_cluster_ip() -> None:
    """The pod's own answer is wanted; silence or another's answer fails, no attempt is an error."""
    wanted = Wanted(statuses=frozenset({200}), body="cluster-03")
    for seen, verdict in (
        ({"service": (0, "  HTTP/1.0 200 OK\ncluster-03\n")}, PASS),
        ({"service": (1, "wget: bad address 'probe'\n")}, FAIL),
        ({}, ERROR),
    ):
        assert vantage.judge_service(CLUSTER, wanted, seen).verdict is verdict


def test_names_have_to_resolve_to_exactly_their_address() -> None:
    """None, another or one too many is wrong, and named."""
    row = matrix_rows(FLEET)[0]
    wanted = {"a.lab": "192.0.2.1", "b.lab": "192.0.2.2"}
    good = {"a.lab": ("192.0.2.1",), "b.lab": ("192.0.2.2",)}
    assert judge_names(row, wanted, good, "dig NAME").verdict is PASS
    for found in ((), ("192.0.2.9",), ("192.0.2.1", "192.0.2.9")):
        finding = judge_names(row, wanted, {**good, "a.lab": found}, "dig NAME")
        assert (finding.verdict, finding.reproduce) == (FAIL, "dig a.lab")
        assert "1 of 2 names" in finding.observed


def test_resolvers_are_read_in_their_own_forms() -> None:
    """The getent of glibc, and BusyBox's nslookup with the server's own address before the answer."""
    getent = "172.16.203.1    STREAM s3.lab\n172.16.203.1    DGRAM\n172.16.203.1    RAW\n"
    assert parse_getent(getent) == ("172.16.203.1",)
    nslookup = "Server:\t\t10.113.0.10\nAddress:\t10.113.0.10:53\n\nName:\ts3.lab\nAddress: 172.16.203.1\n\n"
    assert parse_nslookup(nslookup) == ("172.16.203.1",)
    older = (
        "Server:    10.113.0.10\nAddress 1: 10.113.0.10 kube-dns\n\nName:      s3.lab\nAddress 1: 172.16.203.1 s3.lab\n"
    )
    assert parse_nslookup(older) == ("172.16.203.1",)
    assert (
        parse_nslookup("Server:\t\t10.113.0.10\nAddress:\t10.113.0.10:53\n\n** server can't find x: NXDOMAIN\n") == ()
    )
    assert parse_getent("") == ()


def test_scripts_ask_for_every_target_and_name() -> None:
    """Each question has its name in the script; addresses are quoted where a shell would stumble."""
    host = host_script(targets_of(FLEET), ("s3.lab",), "192.168.101.197", {"cluster-02": "192.168.101.211"})
    inside = pod_script(targets_of(FLEET), ("s3.lab",), "http://probe/")
    for target in targets_of(FLEET):
        assert f"job {target.key} " in host
        assert f"job {target.key} " in inside
    assert "job arp/cluster-02 owners 192.168.101.211" in host
    assert "job service " in inside


def test_the_probe_is_temporary_and_harmless() -> None:
    """A namespace of its own, no rights, no root, the shared address on a port that nothing else has."""
    text = probe_stream(FLEET, CLUSTER)
    assert text.count(f'"namespace": "{NAMESPACE}"') == 4
    assert '"runAsNonRoot": true' in text
    assert '"terminationGracePeriodSeconds": 0' in text
    assert f'"port": {VIP_PORT}' in text
    assert str(CLUSTER.vip.address) in text
    assert FLEET.probe_image in text
