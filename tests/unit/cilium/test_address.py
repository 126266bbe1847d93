"""The announced address as the API server tells it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.cilium.address import balanced, wrong_policy, wrongly_assigned, wrongly_held
from tasks.cilium.install import frontend_of, unannounced
from tasks.cilium.status import parse_status
from tasks.fleet.load import load_fleet
from tests.unit.onsite import ROOT

VIP = "192.168.101.212"
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def service(
    name: str = "cilium-ingress", *ips: str, kind: str = "LoadBalancer", policy: str = "Cluster", **status: Any
) -> dict[str, Any]:
    """A service as the API server shows it."""
    return {
        "metadata": {"namespace": "kube-system", "name": name},
        "spec": {"type": kind, "externalTrafficPolicy": policy},
        "status": {"loadBalancer": {"ingress": [{"ip": ip} for ip in ips]}, **status},
    }


def lease(name: str, holder: str, renewed: datetime = NOW, seconds: int = 120) -> dict[str, Any]:
    """A lease as the API server shows it."""
    return {
        "metadata": {"name": f"cilium-l2announce-kube-system-{name}"},
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": seconds,
            "renewTime": renewed.isoformat().replace("+00:00", "Z"),
        },
    }


UNSATISFIED = {
    "conditions": [
        {"type": "cilium.io/IPAMRequestSatisfied", "status": "False", "reason": "no_pool", "message": "No pool exists"}
    ]
}


@pytest.mark.parametrize(
    ("services", "said"),
    [
        ([service("a", VIP), service("b", VIP)], ()),
        ([], ("no service of type LoadBalancer is there",)),
        ([service("a")], ("kube-system/a has no address",)),
        ([service("a", **UNSATISFIED)], ("kube-system/a has no address (No pool exists)",)),
        ([service("a", "192.168.101.210")], ("kube-system/a has 192.168.101.210",)),
        ([service("a", VIP, "192.168.101.210")], (f"kube-system/a has {VIP}, 192.168.101.210",)),
    ],
)
def test_every_balanced_service_has_exactly_the_vip(services: list[dict[str, Any]], said: tuple[str, ...]) -> None:
    """No address, another one or one too many is named, with LB-IPAM's own reason; no service at all is no success."""
    assert wrongly_assigned(services, VIP) == said


def test_only_balanced_services_count() -> None:
    """ClusterIP services have no announced address."""
    assert [it["metadata"]["name"] for it in balanced([service("a"), service("b", kind="ClusterIP")])] == ["a"]


def test_a_local_traffic_policy_is_named() -> None:
    """The address would die with the last local pod."""
    assert wrong_policy([service("a"), service("b", policy="Local")]) == (
        "kube-system/b has externalTrafficPolicy Local",
    )


@pytest.mark.parametrize(
    ("leases", "said"),
    [
        ([lease("a", "cluster-03")], ()),
        ([], ("kube-system/a is announced by nobody",)),
        ([lease("b", "cluster-03")], ("kube-system/a is announced by nobody",)),
        ([lease("a", "")], ("kube-system/a is announced by nobody",)),
        ([lease("a", "cluster-04")], ("kube-system/a is announced by cluster-04",)),
        (
            [lease("a", "cluster-03", NOW - timedelta(seconds=150))],
            ("kube-system/a: cluster-03 should have renewed its lease 30 s ago",),
        ),
        ([lease("a", "cluster-03", NOW - timedelta(seconds=119))], ()),
    ],
)
def test_the_lease_has_to_be_the_nodes_and_fresh(leases: list[dict[str, Any]], said: tuple[str, ...]) -> None:
    """A holder that is gone without giving its lease back is found by the lease's age."""
    assert wrongly_held([service("a", VIP)], leases, "cluster-03", NOW) == said


STATUS = (
    '{"cilium": {"state": "%s", "msg": "m"}, "kubernetes": {"state": "%s"}, "kube-proxy-replacement": {"mode": "%s"}}'
)


@pytest.mark.parametrize(
    ("state", "kubernetes", "mode", "problems"),
    [
        ("Ok", "Ok", "True", 0),
        ("Warning", "Ok", "True", 1),
        ("Ok", "Failure", "True", 1),
        ("Ok", "Ok", "False", 1),
        ("Failure", "Failure", "False", 3),
    ],
)
def test_each_part_of_the_agents_status_counts(state: str, kubernetes: str, mode: str, problems: int) -> None:
    """State, connection and replacement of kube-proxy are three separate problems."""
    assert len(parse_status(STATUS % (state, kubernetes, mode)).problems) == problems


@pytest.mark.parametrize("text", ["", "null", "[]", '{"cilium": {}}', "Error: unable to connect"])
def test_another_text_is_no_status(text: str) -> None:
    """It raises: what cannot be read is never Ok."""
    with pytest.raises(ValueError, match="not a status"):
        parse_status(text)


def test_a_real_status_is_read() -> None:
    """As the agent of Cilium 1.18.2 prints it."""
    status = parse_status((ROOT / "tests/recorded/cilium/status/ok/stdout.txt").read_text(encoding="utf-8"))
    assert (status.problems, status.failing, status.kube_proxy_replacement) == ((), (), "True")


@pytest.mark.parametrize("traits", [(), ("ingress-nginx",)])
def test_the_address_is_waited_for_where_it_is(traits: tuple[str, ...]) -> None:
    """With the trait another controller has it, Cilium's own keeps to the inside; who has it also holds its lease."""
    namespace, name = frontend_of(traits)
    cluster = load_fleet(ROOT / "inventory").cluster("cluster-03")
    there: dict[str, Any] = {
        f"/api/v1/namespaces/{namespace}/services/{name}": service(name, VIP),
        f"/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/cilium-l2announce-{namespace}-{name}": lease(
            name, cluster.node_name
        ),
    }

    class Api:
        find = staticmethod(there.get)

    assert unannounced(Api(), cluster, (namespace, name)) == ""  # type: ignore[arg-type]
    (other,) = {frontend_of(()), frontend_of(("ingress-nginx",))} - {(namespace, name)}
    assert unannounced(Api(), cluster, other) == f"there is no Service {other[1]}"  # type: ignore[arg-type]
