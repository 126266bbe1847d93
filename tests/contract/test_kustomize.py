"""Every overlay, built by the real Kustomize and Helm with the command that the specification names."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import threading
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from lab.build.cache import default_cache
from lab.build.prime import CONTAINERD
from lab.build.sources import SOURCES
from tasks.deploy.charts import Sources, charts_of, lay_in_place
from tasks.deploy.guards import refuse
from tasks.deploy.left_out import left_out
from tasks.deploy.manifest import Stream, parse_stream
from tasks.deploy.overlay import buildable, components_of_cluster, facts_of, facts_that_differ, read_overlay
from tasks.fleet.load import load_fleet
from tasks.model.errors import InventoryError
from tasks.model.finding import Verdict
from tasks.probes.web import judge_hosts, rendered_hosts
from tasks.transport.local import LocalShell
from tests.contract import programs

if TYPE_CHECKING:
    from tasks.fleet.model import Cluster

ROOT = Path(__file__).resolve().parents[2]
FLEET = load_fleet(ROOT / "inventory")
LAB = ("lab", "audit")
"""The traits of the lab's seat."""

OVERLAYS = [
    (cluster, overlay.component)
    for cluster in FLEET.clusters
    for overlay in components_of_cluster(ROOT, cluster, ("audit", "ingress-nginx"))
]
each_overlay = pytest.mark.parametrize(("cluster", "component"), OVERLAYS, ids=lambda it: getattr(it, "name", it))
each_cluster = pytest.mark.parametrize("cluster", FLEET.clusters, ids=lambda it: it.name)


@dataclass(frozen=True)
class Site:
    """A copy of the tree with every chart in its place, and an environment in which kustomize and helm are found."""

    root: Path
    environment: dict[str, str]

    def build(self, path: Path) -> Stream:
        """What `kustomize build PATH --enable-helm` prints (FR-020)."""
        return parse_stream(self.text(path))

    def text(self, path: Path) -> str:
        """The same as text."""
        argv = ["kustomize", "build", str(path), "--enable-helm"]
        env = self.environment
        return subprocess.run(argv, env=env, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """With the lab's charts where upstream's are not at hand; skips where the programs are not."""
    cache = default_cache()
    programs.want("kustomize", "helm")
    if not cache.has(SOURCES):
        pytest.skip("the charts of the pinned modules are not here; `python -m lab build` brings them")
    root = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "kustomize", root / "kustomize", ignore=shutil.ignore_patterns("charts"))
    folders = (ROOT / "lab" / "charts", cache.path(SOURCES) / "charts")
    lay_in_place(root, LocalShell(), Sources(folders=folders, stand_ins=True))
    return Site(root, {**os.environ, "PATH": programs.search_path()})


@each_overlay
def test_every_overlay_builds_the_same_twice(cluster: Cluster, component: str, site: Site) -> None:
    """Nothing in a rendering is random: two builds are the same bytes."""
    path = read_overlay(site.root, cluster, component).path
    assert site.text(path) == site.text(path)


@pytest.mark.parametrize("traits", [(), LAB], ids=["site", "lab"])
@each_overlay
def test_nothing_that_must_not_be_applied_is_rendered(
    cluster: Cluster, component: str, traits: tuple[str, ...], site: Site, tmp_path: Path
) -> None:
    """Every guard is content, with and without the lab's differences, which are a component on top of the overlay."""
    overlay = read_overlay(site.root, cluster, component)
    refuse(site.root, FLEET, overlay, site.build(buildable(site.root, overlay, traits, tmp_path)))


@each_cluster
def test_the_labs_cilium_is_the_sites_less_what_the_lab_cannot_carry(
    cluster: Cluster, site: Site, tmp_path: Path
) -> None:
    """No object more, and no capability that the carrying machine may not grant."""
    overlay = read_overlay(site.root, cluster, "cilium")
    plain, in_lab = (site.build(buildable(site.root, overlay, traits, tmp_path)) for traits in ((), LAB))
    assert set(in_lab.refs) < set(plain.refs)
    assert "SYS_RESOURCE" not in in_lab.text


@each_cluster
def test_every_hostname_of_an_ingress_is_one_that_is_asked(cluster: Cluster, site: Site) -> None:
    """Longhorn's own chart renders the one that is not here; with a hostname more, nobody would know what to expect."""
    overlays = components_of_cluster(site.root, cluster, ())
    rendered = rendered_hosts(site.build(overlay.path) for overlay in overlays)
    assert judge_hosts(cluster, rendered, ("longhorn",)).verdict is Verdict.PASS


def test_the_lab_has_every_image_that_it_is_asked_for(site: Site, tmp_path: Path) -> None:
    """Under the very reference, or no pod of it would ever start."""
    cache = default_cache()
    if not cache.has(CONTAINERD):
        pytest.skip("the lab's images are not here; `python -m lab build` makes them")
    there = {entry["reference"] for entry in json.loads((cache.path(CONTAINERD) / "images.json").read_text())}
    asked = set()
    for cluster, component in OVERLAYS:
        overlay = read_overlay(site.root, cluster, component)
        if overlay.trait not in {"", *LAB} or left_out(site.root, LAB, component):
            continue
        stream = site.build(buildable(site.root, overlay, LAB, tmp_path))
        asked |= set(re.findall(r"(?:image: |prometheus-config-reloader=)(\S+)", stream.text))
    assert len(asked) > 8
    assert {image.partition("@")[0] for image in asked} - there == set()


@each_cluster
def test_overlays_state_the_inventorys_facts(cluster: Cluster) -> None:
    """Both say the same of every cluster, word for word."""
    assert facts_that_differ(ROOT, FLEET, cluster) == []


@each_cluster
def test_the_facts_arrive_in_the_rendered_cilium(cluster: Cluster, site: Site) -> None:
    """Cluster name and id, API server and VIP are the cluster's own wherever Cilium reads them."""
    facts = facts_of(FLEET, cluster)
    stream = site.build(read_overlay(site.root, cluster, "cilium").path)
    objects = {(document.ref.kind, document.ref.name): document.content for document in stream.documents}
    config = objects["ConfigMap", "cilium-config"]["data"]
    assert (config["cluster-name"], config["cluster-id"]) == (facts["name"], facts["id"])
    hosts = {
        variable["value"]
        for kind, name in (("DaemonSet", "cilium"), ("DaemonSet", "cilium-envoy"), ("Deployment", "cilium-operator"))
        for group in ("containers", "initContainers")
        for container in objects[kind, name]["spec"]["template"]["spec"].get(group, ())
        for variable in container.get("env", ())
        if variable["name"] == "KUBERNETES_SERVICE_HOST"
    }
    assert hosts == {facts["address"]}
    service = objects["Service", "cilium-ingress"]
    assert service["metadata"]["annotations"]["lbipam.cilium.io/ips"] == facts["vip"]
    assert service["spec"]["externalTrafficPolicy"] == "Cluster"


@each_cluster
def test_hubble_is_the_clusters_own_and_brings_no_certificate_along(cluster: Cluster, site: Site) -> None:
    """Relay asks for agents by the cluster's name, people by its domain; certificates are the deployment's to make."""
    stream = site.build(read_overlay(site.root, cluster, "cilium").path)
    objects = {(document.ref.kind, document.ref.name): document.content for document in stream.documents}
    config = yaml.safe_load(objects["ConfigMap", "hubble-relay-config"]["data"]["config.yaml"])
    assert config["cluster-name"] == cluster.name
    assert config["peer-service"] == "hubble-peer.kube-system.svc.cluster.local.:443"
    (rule,) = objects["Ingress", "hubble-ui"]["spec"]["rules"]
    assert rule["host"] == f"hubble.{cluster.domain}"
    assert not {"Secret", "Job", "CronJob"} & {kind for kind, _ in objects}


def test_the_agent_starts_without_hubbles_certificate_and_the_relay_waits_for_its_own(site: Site) -> None:
    """A cluster's network never depends on who looks at it."""
    stream = site.build(read_overlay(site.root, FLEET.central, "cilium").path)
    optional = {
        (it.ref.name, source["secret"]["name"]): source["secret"].get("optional", False)
        for it in stream.documents
        if it.ref.kind in {"DaemonSet", "Deployment"}
        for volume in it.content["spec"]["template"]["spec"]["volumes"]
        for source in volume.get("projected", {}).get("sources", ())
        if source.get("secret", {}).get("name", "").startswith("hubble-")
    }
    assert optional == {
        ("cilium", "hubble-server-certs"): True,
        ("hubble-relay", "hubble-relay-client-certs"): False,
    }


@each_cluster
def test_everything_of_cilium_is_scraped_every_half_minute(cluster: Cluster, site: Site) -> None:
    """FR-004 and FR-010: agent, operator, Envoy, Hubble and its relay, each by a port that a service of theirs has."""
    stream = site.build(read_overlay(site.root, cluster, "cilium").path)
    services = [it.content for it in stream.documents if it.ref.kind == "Service"]
    monitors = {it.ref.name: it.content["spec"] for it in stream.documents if it.ref.kind == "ServiceMonitor"}
    assert set(monitors) == {"cilium-agent", "cilium-operator", "cilium-envoy", "hubble", "hubble-relay"}
    for monitor in monitors.values():
        (endpoint,) = monitor["endpoints"]
        assert endpoint["interval"] == "30s"
        wanted = monitor["selector"]["matchLabels"].items()
        chosen = [it["spec"] for it in services if wanted <= it["metadata"]["labels"].items()]
        assert [port.get("name") for spec in chosen for port in spec["ports"]].count(endpoint["port"]) == 1


@each_cluster
def test_the_pool_holds_the_one_address(cluster: Cluster, site: Site) -> None:
    """FR-003b: the pool is the cluster's VIP and nothing besides."""
    text = site.text(read_overlay(site.root, cluster, "cilium-l2").path)
    pool, policy = sorted(yaml.safe_load_all(text), key=lambda it: it["kind"], reverse=True)
    vip = str(cluster.vip.address)
    if pool["kind"] != "CiliumLoadBalancerIPPool":
        pool, policy = policy, pool
    assert pool["spec"]["blocks"] == [{"start": vip, "stop": vip}]
    assert policy["spec"]["loadBalancerIPs"] is True


def test_the_chart_is_of_the_inventorys_version() -> None:
    """One line in the inventory, one in the base: they agree, and so do the Kubernetes that it is rendered for."""
    (chart,) = yaml.safe_load((ROOT / "kustomize/base/cilium/kustomization.yaml").read_text())["helmCharts"]
    assert chart["version"] == FLEET.versions.cilium
    assert chart["kubeVersion"].rsplit(".", 1)[0] == FLEET.versions.kubernetes.rsplit(".", 1)[0]


def test_a_package_is_pulled_by_the_real_helm_and_verified(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a repository over HTTP; one that serves another package than the pinned one is refused."""
    monkeypatch.setenv("PATH", site.environment["PATH"])
    chart = tmp_path / "chart" / "small"
    chart.mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: small\nversion: 1.0.0\n")
    repository = tmp_path / "repository"
    for argv in (("package", chart, "-d", repository), ("repo", "index", repository)):
        subprocess.run(["helm", *map(str, argv)], env=site.environment, check=True, capture_output=True)
    package = hashlib.sha256((repository / "small-1.0.0.tgz").read_bytes()).hexdigest()
    handler = partial(SimpleHTTPRequestHandler, directory=str(repository))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for pinned, refused in ((package, False), ("0" * 64, True)):
            root = tmp_path / pinned[:8]
            (root / "kustomize" / "base" / "b").mkdir(parents=True)
            pin = {"name": "small", "version": "1.0.0", "base": "b", "package": pinned}
            pin["repository"] = f"http://127.0.0.1:{server.server_port}"
            (root / "kustomize" / "charts.lock").write_text(yaml.safe_dump([pin]))
            with pytest.raises(InventoryError, match="do not use it") if refused else nullcontext():
                (chart_there,) = charts_of(root, "b", LocalShell(), Sources())
                assert "Chart.yaml" in chart_there.files
        server.shutdown()


@each_cluster
def test_every_overlay_says_where_and_when_it_is_applied(cluster: Cluster) -> None:
    """What brings kinds comes before what uses them, and storage before what stores."""
    stages = {overlay.component: overlay.stage for overlay in components_of_cluster(ROOT, cluster, ())}
    order = ("prometheus-crds", "cilium", "cilium-l2", "kube-system", "longhorn", "monitoring", "fluent-bit")
    assert [stages[component] for component in order] == sorted(stages[component] for component in order)
    central = {"thanos", "opensearch", "grafana"}
    assert set(stages) == {*order, *(central if cluster.region == "central" else ())}


@pytest.mark.parametrize("traits", [(), LAB], ids=["site", "lab"])
def test_init_containers_keep_the_charts_order(traits: tuple[str, ...], site: Site, tmp_path: Path) -> None:
    """What mounts comes before what needs the mount; a merge patch would put the patched ones first."""
    overlay = read_overlay(site.root, FLEET.clusters[0], "cilium")
    stream = site.build(buildable(site.root, overlay, traits, tmp_path / "build"))
    (agent,) = (it.content for it in stream.documents if (it.ref.kind, it.ref.name) == ("DaemonSet", "cilium"))
    assert [container["name"] for container in agent["spec"]["template"]["spec"]["initContainers"]] == [
        "config",
        "mount-cgroup",
        "apply-sysctl-overwrites",
        "mount-bpf-fs",
        "clean-cilium-state",
        "install-cni-binaries",
    ]
