"""What the files say is what the typed fleet holds."""

from __future__ import annotations

import tempfile
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.fleet.load import load_fleet
from tasks.fleet.model import S3, Cluster, Fleet, Lan, Versions, Vip
from tasks.model.errors import InventoryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks.model.errors import Mistake

    Edit = Callable[[str, str, str], None]

ROOT = Path(__file__).resolve().parents[3]
VALID = ROOT / "tests" / "fixtures" / "inventory" / "valid"
LINES = [(path.name, number) for path in VALID.iterdir() for number, _ in enumerate(path.read_text().splitlines())]


def test_the_files_become_typed_values(inventory: Path) -> None:
    """Addresses, networks and numbers are such; inherited values are on the host."""
    fleet = load_fleet(inventory)
    assert fleet.cluster("cluster-03") == Cluster(
        name="cluster-03",
        address=IPv4Address("192.168.101.197"),
        region="edge",
        node_name="node-03",
        cluster_id=3,
        domain="three.fleet.example",
        pod_cidr=IPv4Network("10.13.0.0/16"),
        service_cidr=IPv4Network("10.113.0.0/16"),
        vip=Vip(address=IPv4Address("192.168.101.212"), serves=("ingress", "storeapi")),
        ssh_port=2222,
        ssh_user="admin",
        proxy_jump="jump@192.168.102.7:2200",
    )
    assert [cluster.name for cluster in fleet.clusters] == ["cluster-01", "cluster-02", "cluster-03"]
    assert fleet.central.name == "cluster-01"
    assert fleet.lan.dns == (IPv4Address("192.168.101.2"), IPv4Address("172.16.9.9"))


def test_the_site_is_the_specified_one() -> None:
    """Hosts, roles, VIPs and what they serve, versions, object store and names are those of the specification."""
    fleet = load_fleet(ROOT / "inventory")
    hosts = [(c.name, str(c.address), c.region, str(c.vip.address), c.domain) for c in fleet.clusters]
    assert hosts == [
        ("cluster-01", "192.168.101.194", "central", "192.168.101.210", "k8s-cluster-01.miribit.lab"),
        ("cluster-02", "192.168.101.196", "edge", "192.168.101.211", "k8s-cluster-02.miribit.lab"),
        ("cluster-03", "192.168.101.197", "edge", "192.168.101.212", "k8s-cluster-03.miribit.lab"),
        ("cluster-04", "192.168.101.198", "edge", "192.168.101.213", "k8s-cluster-04.miribit.lab"),
    ]
    assert [c.vip.serves for c in fleet.clusters] == [
        ("ingress", "storeapi", "opensearch"),
        *3 * [("ingress", "storeapi")],
    ]
    assert fleet.versions == Versions(kubernetes="1.33.13", cilium="1.18.2")
    assert fleet.lan == Lan(
        cidr=IPv4Network("192.168.101.0/24"),
        gateway=IPv4Address("192.168.101.1"),
        dns=(IPv4Address("192.168.101.1"),),
    )
    assert fleet.s3 == S3(
        endpoint="s3.minio.miribit.lab:80",
        console="http://console.minio.miribit.lab",
        address=IPv4Address("172.16.203.1"),
        buckets=("thanos-bucket", "opensearch-logs", "longhorn-backups"),
    )
    assert fleet.dns_records["grafana.k8s-cluster-01.miribit.lab"] == IPv4Address("192.168.101.210")


@pytest.mark.parametrize(
    ("port_of_host", "port_of_group", "expected"), [("", "", 22), ("", "23", 23), ("24", "23", 24), ("24", "", 24)]
)
def test_the_nearest_speaker_is_heard(
    port_of_host: str, port_of_group: str, expected: int, inventory: Path, edit: Edit
) -> None:
    """A host goes before its groups, a group before the defaults."""
    if port_of_host:
        edit("hosts", "cluster-02:\n", f"cluster-02:\n  port: {port_of_host}\n")
    if port_of_group:
        edit("groups", "edge:\n", f"edge:\n  port: {port_of_group}\n")
    assert load_fleet(inventory).cluster("cluster-02").ssh_port == expected


def test_a_group_goes_before_its_own_groups(inventory: Path, edit: Edit) -> None:
    """Of nested groups the nearer one is heard, as in Nornir."""
    edit("groups", "edge:\n  data: {region: edge}", "edge:\n  data: {region: edge, proxy_jump: far.example}")
    fleet = load_fleet(inventory)
    assert fleet.cluster("cluster-02").proxy_jump == "far.example"
    assert fleet.cluster("cluster-03").proxy_jump == "jump@192.168.102.7:2200"


def test_a_group_may_be_a_mere_name(inventory: Path, edit: Edit) -> None:
    """A group without keys is for filtering, and no mistake."""
    edit("groups", "central:\n", "rack-7:\ncentral:\n")
    edit("hosts", "groups: [central]", "groups: [central, rack-7]")
    assert load_fleet(inventory).central.name == "cluster-01"


def test_versions_are_text(inventory: Path, edit: Edit) -> None:
    """A version that YAML takes for a number keeps its last zero."""
    edit("defaults", "kubernetes: 1.33.13", "kubernetes: 1.30")
    with pytest.raises(InventoryError, match=r"versions\.kubernetes 1\.30 has the wrong form"):
        load_fleet(inventory)


def test_an_unknown_cluster_is_a_key_error(inventory: Path) -> None:
    """The fleet never invents a cluster."""
    with pytest.raises(KeyError):
        load_fleet(inventory).cluster("cluster-09")


def verdict_on(inventory: Path) -> Fleet | tuple[Mistake, ...]:
    """What loading ends in."""
    try:
        return load_fleet(inventory)
    except InventoryError as error:
        return error.mistakes


@given(
    st.sampled_from(LINES),
    st.one_of(
        st.just(""),
        st.text(max_size=30),
        st.from_regex(r"( ){0,6}[a-z_]{1,8}: ?[\w.:/@\[\]{}, -]{0,20}", fullmatch=True),
    ),
)
def test_whatever_a_line_says_there_is_a_fleet_or_a_list_of_mistakes(line: tuple[str, int], text: str) -> None:
    """No content of a file ends in any other error, and no error is empty."""
    name, number = line
    with tempfile.TemporaryDirectory() as folder:
        inventory = copytree(VALID, Path(folder) / "inventory")
        lines = (inventory / name).read_text().splitlines()
        lines[number] = text
        (inventory / name).write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass")
        verdict = verdict_on(inventory)
    assert isinstance(verdict, Fleet) or verdict
