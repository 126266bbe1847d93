"""The whole tree's verdict, its images, and the command line for both."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tasks.deploy import build, commands
from tasks.deploy import check as checking
from tasks.deploy.__main__ import main
from tasks.deploy.check import check, wanted_of
from tasks.deploy.guards.subject import Subject
from tasks.deploy.images import images_of_cluster, kubeadm_images
from tasks.deploy.manifest import parse_stream
from tasks.deploy.overlay import read_overlay
from tasks.model.errors import InventoryError, SettingsError
from tasks.transport.fake import ScriptedShell
from tests.unit.onsite import ROOT, OnSite

if TYPE_CHECKING:
    from pathlib import Path

GOOD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: operator}
spec:
  template:
    spec:
      containers:
        - name: c
          image: quay.io/x/operator:v1
          args: [--reloader=quay.io/x/reloader:v2, "--endpoint=http://a.b/c:80", --listen=:8080, /etc/a:b]
          env: [{name: IMAGE, value: "longhornio/csi:v3"}, {name: STORE, value: "s3.lab:80"}]
"""


class Tree:
    """All four clusters, each component rendered to one harmless object unless a test says otherwise."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put scripted parts in the place of Kustomize and kubeconform."""
        self.ctx = OnSite(folder).ctx
        self.texts: dict[tuple[str, str], str] = {}
        self.errors: dict[tuple[str, str], Exception] = {}
        self.unfit: dict[str, tuple[str, ...]] = {}
        monkeypatch.setattr(checking, "render_all", self.render_all)
        monkeypatch.setattr(checking, "conform", self.conform)
        monkeypatch.setattr(build, "render_all", self.render_all)
        monkeypatch.setattr(commands, "_context", lambda _limit=(): self.ctx)

    def render_all(self, ctx: Any, wanted: Any, _shell: object) -> tuple[Any, ...]:
        """What the test has said."""
        return tuple(
            self.errors.get((cluster.name, component))
            or (
                replace(read_overlay(ctx.root, cluster, component), stand_ins=("x-1",)),
                parse_stream(self.texts.get((cluster.name, component), GOOD)),
            )
            for cluster, component in wanted
        )

    def conform(self, streams: Any, *_: object, **__: object) -> dict[str, tuple[str, ...]]:
        """What the test has said."""
        return {name: self.unfit.get(name, ()) for name in streams}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """Everything good."""
    return Tree(tmp_path, monkeypatch)


def test_everything_good(tree: Tree) -> None:
    """Every component of every cluster has its row, in the order of deployment."""
    checked = check(tree.ctx, ScriptedShell())
    assert checked.good
    assert [(row.cluster, row.component) for row in checked.rows] == [
        (cluster.name, component) for cluster, component in wanted_of(tree.ctx)
    ]
    assert {row.cluster for row in checked.rows} == {f"cluster-0{number}" for number in (1, 2, 3, 4)}


def test_each_kind_of_complaint_arrives_at_its_row(tree: Tree) -> None:
    """A build that failed, a guard, a fleet-wide guard, a schema."""
    service = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: s, annotations: "
        "{lbipam.cilium.io/ips: 192.168.101.210, lbipam.cilium.io/sharing-key: vip}}\nspec: {type: LoadBalancer}\n"
    )
    tree.errors["cluster-01", "cilium"] = InventoryError(())
    tree.errors["cluster-02", "cilium"] = ValueError("odd")
    tree.texts["cluster-01", "cilium-l2"] = service
    tree.texts["cluster-02", "cilium-l2"] = service
    tree.unfit["cluster-03/cilium"] = ("ConfigMap a: does not fit its schema",)
    checked = check(tree.ctx, ScriptedShell())
    said = {(row.cluster, row.component): row.complaints for row in checked.rows}
    assert not checked.good
    assert said["cluster-02", "cilium"] == ("ValueError: odd",)
    own, fleet_wide = said["cluster-02", "cilium-l2"]
    assert own.startswith("Service s: asks for address 192.168.101.210")
    assert fleet_wide.startswith("Service s: claims 192.168.101.210")
    assert said["cluster-03", "cilium"] == ("ConfigMap a: does not fit its schema",)
    assert said["cluster-04", "cilium"] == ()


def test_nothing_rendered_is_not_good(tree: Tree) -> None:
    """Zero is never success."""
    assert not replace(check(tree.ctx, ScriptedShell()), rows=()).good


def test_only_the_chosen_clusters(tree: Tree) -> None:
    """Named ones alone."""
    assert {cluster.name for cluster, _ in wanted_of(tree.ctx, ["cluster-04"])} == {"cluster-04"}


def test_images_that_no_manifest_shows(tree: Tree) -> None:
    """Containers', an operator's own from its arguments and environment, kubeadm's and the probes'."""
    cluster = tree.ctx.fleet.clusters[0]
    subject = Subject(
        overlay=read_overlay(ROOT, cluster, "cilium"),
        stream=parse_stream(WORKLOAD),
        cluster=cluster,
        fleet=tree.ctx.fleet,
    )
    found = images_of_cluster([subject], tree.ctx.fleet)
    assert found["quay.io/x/operator:v1"] == ("cilium: Deployment operator",)
    assert found["quay.io/x/reloader:v2"] == ("cilium: Deployment operator, in its arguments or environment",)
    assert {"longhornio/csi:v3", "registry.k8s.io/pause:3.10", tree.ctx.fleet.probe_image} < set(found)
    assert not {"s3.lab:80", "/etc/a:b"} & set(found)
    assert len(found) == 3 + 6 + 1


def test_what_an_unknown_kubeadm_pulls_is_not_guessed() -> None:
    """A list that lacks images would be found out by the machine that cannot pull them."""
    with pytest.raises(InventoryError, match="kubeadm config images list"):
        list(kubeadm_images("1.99.0"))


def test_check_prints_a_table_and_every_complaint(tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0 where all is good, 1 where not."""
    assert main(["check"]) == 0
    assert "31 renderings, 31 objects, no complaints" in capsys.readouterr().out
    tree.unfit["cluster-03/cilium"] = ("ConfigMap a: does not fit its schema",)
    assert main(["check"]) == 1
    printed = capsys.readouterr().out
    assert "cluster-03 cilium: ConfigMap a: does not fit its schema" in printed
    assert "stand-in x-1" in printed


def test_check_prints_json(tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    """The same as data."""
    tree.unfit["cluster-03/cilium"] = ("wrong",)
    assert main(["check", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["good"] is False
    assert [row["complaints"] for row in answer["rows"] if row["complaints"]] == [["wrong"]]


def test_nothing_judged_is_exit_code_2(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing tool is no verdict."""

    def missing(*_: object, **__: object) -> None:
        raise SettingsError("kubeconform is not on the PATH")

    monkeypatch.setattr(checking, "conform", missing)
    assert main(["check"]) == 2
    assert "not on the PATH" in capsys.readouterr().err
    assert tree


@pytest.mark.usefixtures("tree")
def test_images_are_printed_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard output nothing else, so that a mirror's script can read it; stand-ins are told beside."""
    assert main(["images"]) == 0
    printed = capsys.readouterr()
    assert "registry.k8s.io/pause:3.10" in printed.out.splitlines()
    assert "x-1" in printed.err
    assert main(["images", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cluster-04"]["registry.k8s.io/pause:3.10"] == ["kubeadm"]


@pytest.mark.usefixtures("tree")
def test_list_prints_what_each_cluster_has(capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of stages."""
    assert main(["list", "--limit", "cluster-04"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines[1:4]] == ["prometheus-crds", "cilium", "cilium-l2"]
    assert {line.split()[0] for line in lines[1:]} == {"cluster-04"}
    assert main(["list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["namespace"] == "kube-system"


def test_an_unknown_cluster_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """With those that there are."""
    assert main(["list", "--limit", "cluster-09"]) == 2
    assert "no cluster is called cluster-09; there are cluster-01" in capsys.readouterr().err
