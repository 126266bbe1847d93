"""Web interfaces through the ingress: real answers over a socket, and every way in which one is not as wanted."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from tasks.deploy.manifest import parse_stream
from tasks.fleet.load import load_fleet
from tasks.model.finding import Row, Verdict
from tasks.probes import ingress, web
from tasks.probes.path import Layer, Seen
from tests.unit.onsite import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

FLEET = load_fleet(ROOT / "inventory")
CENTRAL, EDGE = FLEET.cluster("cluster-01"), FLEET.cluster("cluster-02")
PASS, FAIL = Verdict.PASS, Verdict.FAIL
ROW = Row("ingress.http.prometheus", "cluster-01")
STREAM = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: a, namespace: x}
spec: {rules: [{host: prometheus.k8s-cluster-02.miribit.lab}, {http: {}}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: b, namespace: x, annotations: {ingress.cilium.io/tls-passthrough: enabled}}
spec: {rules: [{host: opensearch.k8s-cluster-02.miribit.lab}]}
---
apiVersion: v1
kind: Service
metadata: {name: c, namespace: x}
"""


def test_hostnames_come_from_the_rendering() -> None:
    """Every rule's host of every Ingress, and whether TLS goes through it."""
    assert web.rendered_hosts([parse_stream(STREAM)]) == {
        "prometheus.k8s-cluster-02.miribit.lab": False,
        "opensearch.k8s-cluster-02.miribit.lab": True,
    }


def names(*hosts: str) -> dict[str, bool]:
    """Rendered hostnames below cluster-02's domain."""
    return {f"{it}.{EDGE.domain}": False for it in hosts}


@pytest.mark.parametrize(
    ("rendered", "left_out", "verdict"),
    [
        (names("prometheus", "alertmanager", "hubble", "longhorn"), (), PASS),
        (names("prometheus", "alertmanager", "hubble"), ("longhorn",), PASS),
        (names("prometheus", "alertmanager", "hubble"), (), FAIL),
        (names("prometheus", "alertmanager", "hubble", "longhorn", "stranger"), (), FAIL),
        ({}, ("prometheus", "alertmanager", "hubble", "longhorn"), FAIL),
    ],
)
def test_exactly_the_known_hostnames_are_rendered(
    rendered: dict[str, bool], left_out: tuple[str, ...], verdict: Verdict
) -> None:
    """A new one would be asked by nobody, a missing one in vain, and none at all is no success."""
    assert web.judge_hosts(EDGE, rendered, left_out).verdict is verdict


@pytest.mark.parametrize(
    ("found", "verdict"), [(("192.168.101.210",), PASS), ((), FAIL), (("192.168.101.210", "10.0.0.1"), FAIL)]
)
def test_a_hostname_resolves_to_the_vip_alone(found: tuple[str, ...], verdict: Verdict) -> None:
    """DNS has a row of its own: a wrong name is not a broken ingress."""
    row = Row("ingress.name.prometheus", "cluster-01")
    assert web.judge_name(row, "prometheus.k8s-cluster-01.miribit.lab", found, "192.168.101.210").verdict is verdict


@pytest.mark.parametrize(
    ("seen", "verdict", "word"),
    [
        (Seen(layer=Layer.OPEN, said="HTTP 200", ms=3.0), PASS, "HTTP 200"),
        (Seen(layer=Layer.HTTP, said="HTTP 404, wanted 200"), FAIL, "the ingress has no such route"),
        (Seen(layer=Layer.HTTP, said="HTTP 503, wanted 200"), FAIL, "no backend behind it"),
        (Seen(layer=Layer.TCP, said="Connection refused"), FAIL, "ends at TCP"),
    ],
)
def test_who_answers_is_told_apart(seen: Seen, verdict: Verdict, word: str) -> None:
    """A route that is not there, a backend that is not there, and nobody at all each say what they are."""
    finding = web.judge_answer(ROW, seen, "http://prometheus.x/-/ready", "192.168.101.210")
    assert finding.verdict is verdict
    assert word in finding.observed
    assert bool(finding.remedy) is (verdict is FAIL)
    assert "--resolve prometheus.x:80:192.168.101.210" in finding.reproduce


class _Router(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Know one hostname, as an ingress does."""
        known = self.headers["Host"] == "prometheus.x" and self.path == "/-/ready"
        self.send_response(200 if known else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """A server on this machine that routes by hostname."""
    server = HTTPServer(("127.0.0.1", 0), _Router)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("host", "layer"), [("prometheus.x", Layer.OPEN), ("stranger.x", Layer.HTTP)])
def test_an_address_is_asked_by_name(port: int, host: str, layer: Layer) -> None:
    """The connection goes to the address, the hostname only into the request."""
    assert ingress.reach_by_name(f"http://{host}/-/ready", "127.0.0.1", port=port).layer is layer


def test_nobody_at_the_address_is_no_answer(port: int) -> None:
    """Plain HTTP behind a TLS question ends at TLS; a closed port at TCP."""
    assert ingress.reach_by_name("https://prometheus.x/", "127.0.0.1", port=port).layer is Layer.TLS
    assert ingress.reach_by_name("http://prometheus.x/", "127.0.0.1", port=1).layer is Layer.TCP


def test_every_cluster_owes_its_interfaces() -> None:
    """Two rows for each, one for the hostnames; the central cluster has more of them."""
    rows = ingress.declares(FLEET)
    assert len(rows) == len(set(rows))
    for cluster in FLEET.clusters:
        assert len([row for row in rows if row.target == cluster.name]) == 1 + 2 * len(web.webs_of(cluster))
    assert len(web.webs_of(CENTRAL)) > len(web.webs_of(EDGE)) > 0
