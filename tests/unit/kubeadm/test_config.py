"""The kubeadm configuration of every cluster."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tasks.kubeadm.config import render_config, same_meaning, unified_diff
from tests.unit.onsite import ROOT, OnSite

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = ROOT / "tests" / "golden" / "kubeadm"
NAMES = ("cluster-01", "cluster-02", "cluster-03", "cluster-04")


def rendered(onsite: OnSite) -> str:
    """The configuration of the host's cluster."""
    texts: list[str] = []

    def step(task, *, ctx):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  nornir's own signature
        texts.append(render_config(task, ctx.fleet, ctx.fleet.cluster(task.host.name)))

    onsite.nornir.run(task=step, ctx=onsite.ctx)
    return texts[0]


@pytest.mark.parametrize("name", NAMES)
def test_every_cluster_renders_as_committed(tmp_path: Path, name: str) -> None:
    """The configuration is the golden file to the byte; UPDATE_GOLDEN=1 writes it anew."""
    text = rendered(OnSite(tmp_path, host=name))
    golden = GOLDEN / f"{name}.yaml"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text)
    assert golden.read_text() == text


@pytest.mark.parametrize("name", NAMES)
def test_the_configuration_says_what_the_inventory_says(tmp_path: Path, name: str) -> None:
    """Addresses, ranges, names and version are the inventory's; kube-proxy is skipped and no taint is set."""
    onsite = OnSite(tmp_path, host=name)
    init, cluster, kubelet = yaml.safe_load_all(rendered(onsite))
    own = onsite.cluster
    assert init["nodeRegistration"]["name"] == own.node_name
    assert init["nodeRegistration"]["taints"] == []
    assert init["localAPIEndpoint"] == {"advertiseAddress": str(own.address), "bindPort": 6443}
    assert init["skipPhases"] == ["addon/kube-proxy"]
    assert cluster["clusterName"] == name
    assert cluster["controlPlaneEndpoint"] == f"{own.address}:6443"
    assert cluster["kubernetesVersion"] == f"v{onsite.fleet.versions.kubernetes}"
    assert cluster["networking"]["podSubnet"] == str(own.pod_cidr)
    assert cluster["networking"]["serviceSubnet"] == str(own.service_cidr)
    assert str(own.address) in cluster["apiServer"]["certSANs"]
    assert kubelet["cgroupDriver"] == "systemd"


def test_comments_do_not_change_the_meaning() -> None:
    """Two texts of the same values are the same configuration."""
    assert same_meaning("# one\na: 1\n---\nb: [2]\n", "a: 1   # two\n---\nb:\n- 2\n")


@given(st.text(max_size=40))
def test_nothing_means_the_same_as_a_mangled_file(text: str) -> None:
    """Text that is no YAML equals nothing, and never raises."""
    assert not same_meaning("a: [1", text)


def test_a_difference_names_both_lines() -> None:
    """The diff shows what was and what will be."""
    assert unified_diff("a: 1\n", "a: 2\n", "/x").splitlines()[-2:] == ["-a: 1", "+a: 2"]
