"""How far a path went, from what each vantage point's own tool says."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from tasks.probes.operator import kernel_neighbours, mac_seen, reach, read_failure
from tasks.probes.path import (
    Layer,
    Seen,
    Wanted,
    parse_curl,
    parse_neighbours,
    parse_wget,
    with_neighbour,
)
from tasks.probes.targets import Target

WEB = Wanted(statuses=frozenset({200}), body="cluster-03")
TLS = Wanted(statuses=frozenset({400}))

CURL = [
    (0, "cluster-03\n\n200 0.0123", WEB, Layer.OPEN),
    (0, "cluster-04\n\n200 0.0123", WEB, Layer.HTTP),
    (0, "not found\n404 0.0123", WEB, Layer.HTTP),
    (0, "Client sent an HTTP request to an HTTPS server.\n\n400 0.001", TLS, Layer.OPEN),
    (6, "curl: (6) Could not resolve host: s3.x\n\n000 0.001", WEB, Layer.NAME),
    (7, "curl: (7) Failed to connect to 192.168.101.211 port 8099: Connection refused\n\n000 0.0", WEB, Layer.TCP),
    (7, "curl: (7) Failed to connect to 192.168.101.211 port 8099: No route to host\n\n000 3.0", WEB, Layer.ROUTE),
    (28, "curl: (28) Failed to connect to x port 1 after 3000 ms: Timeout was reached\n\n000 3.0", WEB, Layer.TCP),
    (28, "curl: (28) Connection timed out after 3001 milliseconds\n\n000 3.0", WEB, Layer.TCP),
    (28, "curl: (28) Operation timed out after 6001 milliseconds with 0 bytes received\n\n000 6.0", WEB, Layer.HTTP),
    (35, "curl: (35) OpenSSL/3.0.17: error:0A00010B:SSL routines::wrong version number\n\n000 0.0", WEB, Layer.TLS),
    (60, "curl: (60) SSL certificate problem: certificate has expired\n\n000 0.0", WEB, Layer.TLS),
    (52, "curl: (52) Empty reply from server\n\n000 0.1", WEB, Layer.HTTP),
]


@pytest.mark.parametrize(("code", "text", "wanted", "layer"), CURL)
def test_curl_tells_the_layer(code: int, text: str, wanted: Wanted, layer: Layer) -> None:
    """Exit code and words lead to the layer; only the wanted answer is open."""
    assert parse_curl(code, text, wanted).layer is layer


WGET = [
    (0, "Connecting to x\n  HTTP/1.0 200 OK\ncluster-03\n", WEB, Layer.OPEN),
    (0, "  HTTP/1.0 200 OK\ncluster-04\n", WEB, Layer.HTTP),
    (1, "wget: server returned error: HTTP/1.0 400 Bad Request\n", TLS, Layer.OPEN),
    (1, "  HTTP/1.1 503 Service Unavailable\nwget: server returned error: HTTP/1.1 503 x\n", WEB, Layer.HTTP),
    (1, "wget: bad address 's3.x'\n", WEB, Layer.NAME),
    (1, "wget: can't connect to remote host (192.168.101.211): Connection refused\n", WEB, Layer.TCP),
    (1, "wget: can't connect to remote host (192.168.101.211): No route to host\n", WEB, Layer.ROUTE),
    (1, "wget: download timed out\n", WEB, Layer.TCP),
    (143, "Terminated\n", WEB, Layer.TCP),
    (1, "wget: error getting response\n", WEB, Layer.HTTP),
]


@pytest.mark.parametrize(("code", "text", "wanted", "layer"), WGET)
def test_wget_tells_the_layer(code: int, text: str, wanted: Wanted, layer: Layer) -> None:
    """BusyBox's words lead to the layer; only the wanted answer is open."""
    assert parse_wget(code, text, wanted).layer is layer


@given(st.integers(0, 255).filter(lambda code: code != 143), st.text(max_size=80).filter(lambda it: "HTTP/" not in it))
def test_no_other_output_ever_counts_as_open(code: int, text: str) -> None:
    """Whatever else is printed is an error or a path that ends; it never passes."""
    for parse in (parse_curl, parse_wget):
        try:
            seen = parse(code, text, WEB)
        except ValueError:
            continue
        assert not seen.open or "cluster-03" in text


def test_an_unanswered_address_is_blamed_on_arp() -> None:
    """A connection that did not come about, to an address that nobody on the LAN answers for, ended at ARP."""
    neighbours = parse_neighbours(
        "192.168.101.211 dev eth0  FAILED\n192.168.101.210 dev eth0 lladdr 02:00:c0:a8:65:c2 REACHABLE\n"
    )
    dead = Seen(layer=Layer.TCP, said="timeout")
    assert with_neighbour(dead, "192.168.101.211", neighbours).layer is Layer.ARP
    assert with_neighbour(dead, "192.168.101.210", neighbours).layer is Layer.TCP
    answered = Seen(layer=Layer.HTTP, said="503")
    assert with_neighbour(answered, "192.168.101.211", neighbours).layer is Layer.HTTP


ARP_TABLE = """\
IP address       HW type     Flags       HW address            Mask     Device
192.168.101.210  0x1         0x2         02:00:C0:A8:65:C2     *        ops0
192.168.101.211  0x1         0x0         00:00:00:00:00:00     *        ops0
"""


def test_the_kernels_own_table_is_read(tmp_path) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Complete entries have a MAC, incomplete ones have failed; without a table nothing is known."""
    table = tmp_path / "arp"
    table.write_text(ARP_TABLE)
    assert kernel_neighbours(str(table)) == {"192.168.101.210": "REACHABLE", "192.168.101.211": "FAILED"}
    assert mac_seen("192.168.101.210", str(table)) == "02:00:c0:a8:65:c2"
    assert mac_seen("192.168.101.211", str(table)) == ""
    assert kernel_neighbours(str(tmp_path / "none")) == {}
    assert mac_seen("192.168.101.210", str(tmp_path / "none")) == ""


@pytest.mark.parametrize(
    ("cause", "layer"),
    [
        (socket.gaierror(-2, "Name or service not known"), Layer.NAME),
        (OSError(errno.EHOSTUNREACH, "No route to host"), Layer.ROUTE),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), Layer.TCP),
        (ConnectionResetError(errno.ECONNRESET, "reset"), Layer.HTTP),
        (ssl.SSLCertVerificationError(1, "certificate verify failed: certificate has expired"), Layer.TLS),
        (ssl.SSLError(1, "wrong version number"), Layer.TLS),
    ],
)
def test_the_operators_errors_tell_the_layer(cause: OSError, layer: Layer) -> None:
    """The operating system's own error at the root of the library's decides."""
    error = requests.ConnectionError("wrapped")
    error.__cause__ = cause
    assert read_failure(error).layer is layer


def test_a_connection_that_times_out_ended_at_tcp() -> None:
    """Nobody answered, so nothing above TCP was tried."""
    assert read_failure(requests.ConnectTimeout("after 3 s")).layer is Layer.TCP


def target(url: str, body: str = "") -> Target:
    """A target on this machine."""
    wanted = Wanted(statuses=frozenset({200}), body=body)
    return Target(service="vip", peer="cluster-03", url=url, address="127.0.0.1", wanted=wanted)


def test_a_closed_port_on_this_machine_ends_at_tcp() -> None:
    """A real attempt through the real library."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert reach(target(f"http://127.0.0.1:{port}/")).layer is Layer.TCP


def test_a_name_that_does_not_exist_ends_at_the_name() -> None:
    """A real attempt at a name that is reserved for not existing."""
    assert reach(target("http://nowhere.invalid/")).layer is Layer.NAME
