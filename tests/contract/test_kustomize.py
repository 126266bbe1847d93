"""Every overlay, built by the real Kustomize and Helm with the command that the specification names."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import threading
from contextlib import nullcontext
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from lab.build.cache import default_cache
from lab.build.recipes import BIN
from lab.build.toolsets import CILIUM
from tasks.deploy.charts import ensure_charts, read_lock, tree_digest
from tasks.deploy.guards import complaints
from tasks.deploy.manifest import parse_stream
from tasks.deploy.overlay import buildable, facts_of, facts_that_differ, read_overlay
from tasks.fleet.load import load_fleet
from tasks.model.errors import InventoryError
from tasks.transport.local import LocalShell

ROOT = Path(__file__).resolve().parents[2]
FLEET = load_fleet(ROOT / "inventory")
OVERLAYS = sorted(path.parent for path in (ROOT / "kustomize" / "overlays").glob("*/*/kustomization.yaml"))
COMPONENTS = tuple((cluster, component) for cluster in FLEET.clusters for component in ("cilium", "cilium-l2"))
each_component = pytest.mark.parametrize(("cluster", "component"), COMPONENTS, ids=lambda it: getattr(it, "name", it))


@pytest.fixture(scope="session")
def tools() -> dict[str, str]:
    """An environment in which kustomize and helm are found, and the chart is in its place; skips where they are not."""
    cache = default_cache()
    where = str(cache.path(BIN)) + os.pathsep + os.environ["PATH"] if cache.has(BIN) else os.environ["PATH"]
    if missing := [name for name in ("kustomize", "helm") if shutil.which(name, path=where) is None]:
        pytest.skip(f"{' and '.join(missing)} not found; `python -m lab build` makes them")
    chart = ROOT / "kustomize/base/cilium/charts/cilium-1.18.2/cilium"
    if not chart.is_dir():
        if not cache.has(CILIUM.recipe):
            pytest.skip("the Cilium chart is not here; `python -m lab build` brings it")
        shutil.copytree(cache.path(CILIUM.recipe) / "chart", chart)
    ensure_charts(ROOT, "cilium", LocalShell(), None)
    return {**os.environ, "PATH": where}


def build(path: Path, tools: dict[str, str]) -> str:
    """What `kustomize build PATH --enable-helm` prints (FR-020)."""
    argv = ["kustomize", "build", str(path), "--enable-helm"]
    return subprocess.run(argv, env=tools, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.mark.parametrize("path", OVERLAYS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_overlay_builds_the_same_twice(path: Path, tools: dict[str, str]) -> None:
    """Nothing in a rendering is random: two builds are the same bytes."""
    first = build(path, tools)
    assert first == build(path, tools)


@each_component
def test_nothing_that_must_not_be_applied_is_rendered(cluster, component: str, tools: dict[str, str]) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """No placeholder, no hook, no foreign namespace, no unpinned image; with and without the lab's traits."""
    overlay = read_overlay(ROOT, cluster, component)
    assert complaints(parse_stream(build(overlay.path, tools)), overlay.namespace) == ()


@each_component
def test_traits_are_a_component_on_top(cluster, component: str, tools: dict[str, str], tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """The lab's differences are applied by a wrapper around the overlay, which itself stays the site's."""
    overlay = read_overlay(ROOT, cluster, component)
    plain = parse_stream(build(overlay.path, tools))
    path = buildable(ROOT, overlay, ("lab",), tmp_path / "build")
    with_trait = parse_stream(build(path, tools))
    assert complaints(with_trait, overlay.namespace) == ()
    assert (plain == with_trait) is (component != "cilium")
    assert set(with_trait.refs) <= set(plain.refs)
    assert "SYS_RESOURCE" not in with_trait.text


@pytest.mark.parametrize("cluster", FLEET.clusters, ids=lambda it: it.name)
def test_overlays_state_the_inventorys_facts(cluster) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Both say the same of every cluster, word for word."""
    assert facts_that_differ(ROOT, cluster) == []


@pytest.mark.parametrize("cluster", FLEET.clusters, ids=lambda it: it.name)
def test_the_facts_arrive_in_the_rendered_cilium(cluster, tools: dict[str, str]) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Cluster name and id, API server and VIP are the cluster's own wherever Cilium reads them."""
    facts = facts_of(cluster)
    objects = {
        (document.ref.kind, document.ref.name): document.content
        for document in parse_stream(build(read_overlay(ROOT, cluster, "cilium").path, tools)).documents
    }
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


@pytest.mark.parametrize("cluster", FLEET.clusters, ids=lambda it: it.name)
def test_the_pool_holds_the_one_address(cluster, tools: dict[str, str]) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """FR-003b: the pool is the cluster's VIP and nothing besides."""
    text = build(read_overlay(ROOT, cluster, "cilium-l2").path, tools)
    pool, policy = sorted(yaml.safe_load_all(text), key=lambda it: it["kind"], reverse=True)
    vip = str(cluster.vip.address)
    if pool["kind"] != "CiliumLoadBalancerIPPool":
        pool, policy = policy, pool
    assert pool["spec"]["blocks"] == [{"start": vip, "stop": vip}]
    assert policy["spec"]["loadBalancerIPs"] is True


def test_the_chart_is_the_pinned_one(tools: dict[str, str]) -> None:
    """The tree in place has the digest of the lock, and the base names the inventory's version."""
    del tools
    (pin,) = read_lock(ROOT)
    assert tree_digest(ROOT / "kustomize/base/cilium/charts" / pin.label / pin.name) == pin.tree
    (chart,) = yaml.safe_load((ROOT / "kustomize/base/cilium/kustomization.yaml").read_text())["helmCharts"]
    assert (chart["name"], chart["version"], chart["repo"]) == (pin.name, pin.version, pin.repository)
    assert chart["version"] == FLEET.versions.cilium
    assert chart["kubeVersion"].rsplit(".", 1)[0] == FLEET.versions.kubernetes.rsplit(".", 1)[0]


def test_a_package_is_pulled_by_the_real_helm_and_verified(
    tools: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a repository over HTTP; one that serves another package than the pinned one is refused."""
    monkeypatch.setenv("PATH", tools["PATH"])
    chart = tmp_path / "chart" / "small"
    chart.mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: small\nversion: 1.0.0\n")
    repository = tmp_path / "repository"
    for argv in (("package", chart, "-d", repository), ("repo", "index", repository)):
        subprocess.run(["helm", *map(str, argv)], env=tools, check=True, capture_output=True)
    package = hashlib.sha256((repository / "small-1.0.0.tgz").read_bytes()).hexdigest()
    handler = partial(SimpleHTTPRequestHandler, directory=str(repository))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for pinned, refused in ((package, False), ("0" * 64, True)):
            root = tmp_path / pinned[:8]
            (root / "kustomize" / "base" / "b").mkdir(parents=True)
            pin = {"name": "small", "version": "1.0.0", "base": "b", "tree": "", "package": pinned}
            pin["repository"] = f"http://127.0.0.1:{server.server_port}"
            (root / "kustomize" / "charts.lock").write_text(yaml.safe_dump([pin]))
            with pytest.raises(InventoryError, match="do not use it") if refused else nullcontext():
                ensure_charts(root, "b", LocalShell(), None)
            assert (root / "kustomize/base/b/charts/small-1.0.0/small/Chart.yaml").is_file() is not refused
        server.shutdown()


def test_every_overlay_says_where_and_when_it_is_applied() -> None:
    """Namespace and stage stand in each overlay; what brings kinds comes before what uses them."""
    stages = {
        (cluster.name, component): read_overlay(ROOT, cluster, component).stage for cluster, component in COMPONENTS
    }
    assert all(stages[cluster.name, "cilium"] < stages[cluster.name, "cilium-l2"] for cluster in FLEET.clusters)
    assert {path.name for path in OVERLAYS} == {"cilium", "cilium-l2", "facts"}


@pytest.mark.parametrize("traits", [(), ("lab",)], ids=["site", "lab"])
def test_init_containers_keep_the_charts_order(traits: tuple[str, ...], tools: dict[str, str], tmp_path: Path) -> None:
    """What mounts comes before what needs the mount; a merge patch would put the patched ones first."""
    overlay = read_overlay(ROOT, FLEET.clusters[0], "cilium")
    stream = parse_stream(build(buildable(ROOT, overlay, traits, tmp_path / "build"), tools))
    (agent,) = (it.content for it in stream.documents if (it.ref.kind, it.ref.name) == ("DaemonSet", "cilium"))
    assert [container["name"] for container in agent["spec"]["template"]["spec"]["initContainers"]] == [
        "config",
        "mount-cgroup",
        "apply-sysctl-overwrites",
        "mount-bpf-fs",
        "clean-cilium-state",
        "install-cni-binaries",
    ]
