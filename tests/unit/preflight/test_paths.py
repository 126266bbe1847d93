"""Ways from one host: recorded probes are judged, and each fault turns exactly its own rows."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.model.finding import Row, Verdict
from tasks.preflight.checks_paths import path_findings, path_rows
from tasks.preflight.judge import known
from tasks.preflight.parse_paths import parse_macs, parse_probes
from tasks.preflight.paths import HostPaths, read_paths
from tasks.preflight.script import split
from tasks.preflight.values import Unknown
from tasks.preflight.values_services import Probe
from tests.unit.preflight.recordings import RECORDED, wish

CASES = sorted(path.name for path in (RECORDED / "paths").iterdir())
S3, NEIGHBOUR = "s3/172.16.203.1:80", "192.168.101.196:22"


def recorded(case: str) -> HostPaths:
    """What cluster-01 saw."""
    folder = RECORDED / "paths" / case
    return read_paths(split((folder / "stdout.txt").read_text("utf-8"), (folder / "stderr.txt").read_text("utf-8")))


def verdicts(paths: HostPaths) -> dict[str, str]:
    """Row to verdict."""
    findings = path_findings(paths, wish())
    assert [finding.row for finding in findings] == list(path_rows(wish().fleet, wish().cluster))
    return {str(finding.row): str(finding.verdict) for finding in findings}


def judged(**probes: Probe) -> dict[Row, tuple[Verdict, str]]:
    """Row to verdict and words, some probes exchanged; names carry ``_`` for what a keyword cannot."""
    bare = recorded("lab-bare")
    other = {_name(key): probe for key, probe in probes.items()}
    findings = path_findings(replace(bare, probes=known(bare.probes) | other), wish())
    return {finding.row: (finding.verdict, finding.observed) for finding in findings}


def _name(key: str) -> str:
    return {
        "s3": S3,
        "ssh": f"ssh/{NEIGHBOUR}",
        "mtu": f"mtu/{NEIGHBOUR}",
        "registry": "registry/registry.k8s.io:443",
    }.get(key, key)


@pytest.mark.parametrize("case", CASES)
def test_recorded_probes_turn_exactly_their_own_rows(case: str) -> None:
    """What the lab's faults did to the machines' view of each other."""
    expected = json.loads((RECORDED / "paths" / case / "verdicts.json").read_text("utf-8"))
    assert {row: verdict for row, verdict in verdicts(recorded(case)).items() if verdict != "PASS"} == expected


@pytest.mark.parametrize(
    ("probe", "said"),
    [
        (Probe(ok=False, output="", reason="timed out"), "timed out"),
        (Probe(ok=False, output="", reason="refused"), "refused"),
        (Probe(ok=True, output="220 mail ESMTP"), "something else greets: '220 mail ESMTP'"),
    ],
)
def test_a_neighbour_that_does_not_greet_is_red(probe: Probe, said: str) -> None:
    """Silence, refusal and the wrong server each say so."""
    verdict, observed = judged(ssh=probe)[Row("reach.host", "cluster-01", "cluster-02")]
    assert (verdict, observed) == (Verdict.FAIL, f"{NEIGHBOUR} {said}")


@pytest.mark.parametrize(
    ("output", "verdict"),
    [("9000 9000", "PASS"), ("9000 1500", "FAIL"), ("1500 0", "FAIL"), ("nonsense", "ERROR"), ("", "ERROR")],
)
def test_packets_must_fit_whole(output: str, verdict: str) -> None:
    """A jumbo frame that a switch drops is red although small packets pass."""
    assert judged(mtu=Probe(ok=True, output=output))[Row("reach.mtu", "cluster-01", "cluster-02")][0] == verdict


@pytest.mark.parametrize(
    ("output", "verdict"),
    [
        ("HTTP/1.1 200 OK\r", "PASS"),
        ("HTTP/1.1 403 Forbidden", "PASS"),
        ("HTTP/1.1 503 Busy", "FAIL"),
        ("SSH-2.0", "FAIL"),
    ],
)
def test_the_store_must_answer_below_500(output: str, verdict: str) -> None:
    """Asked from the host, without keys."""
    row = Row("reach.s3", "cluster-01", "s3.minio.miribit.lab:80")
    assert judged(s3=Probe(ok=True, output=output))[row][0] == verdict


def test_images_are_on_the_host_or_can_be_had() -> None:
    """All there: fine without a registry. Some missing: fine with one, red without. kube-proxy is not missed."""
    wanted = "registry.k8s.io/kube-apiserver:v1\nregistry.k8s.io/kube-proxy:v1\nregistry.k8s.io/pause:3.10"
    lists = {"wanted": Probe(ok=True, output=wanted), "detours": Probe(ok=True, output="")}
    here = Probe(ok=True, output="registry.k8s.io/kube-apiserver:v1\nregistry.k8s.io/pause:3.10\nother:1")
    some = Probe(ok=True, output="registry.k8s.io/pause:3.10")
    away, answers = Probe(ok=False, output="", reason="timed out"), Probe(ok=True, output="")
    row = Row("host.images", "cluster-01")
    assert judged(**lists, present=here, registry=away)[row] == (Verdict.PASS, "all 2 are on the host")
    assert judged(**lists, present=some, registry=answers)[row][0] is Verdict.PASS
    verdict, said = judged(**lists, present=some, registry=away)[row]
    assert verdict is Verdict.FAIL
    assert "kube-apiserver" in said
    assert "kube-proxy" not in said
    mirror = Probe(ok=True, output="HTTPS_PROXY=http://user:made-up@proxy.example:3128")
    verdict, said = judged(**lists | {"detours": mirror}, present=some, registry=away)[row]
    assert verdict is Verdict.WARN
    assert "made-up" not in said


@pytest.mark.parametrize("name", ["wanted", "present"])
def test_images_that_nobody_could_list_are_not_there_by_default(name: str) -> None:
    """A kubeadm that is missing, or a containerd that does not answer, makes an ERROR."""
    for probe in (
        Probe(ok=False, output="kubeadm: not found", reason="kubeadm: not found", asked=False),
        Probe(ok=False, output="", reason="timed out"),
    ):
        assert judged(**{name: probe})[Row("host.images", "cluster-01")][0] is Verdict.ERROR
    empty = Probe(ok=True, output="")
    assert judged(wanted=empty)[Row("host.images", "cluster-01")][0] is Verdict.ERROR


@pytest.mark.parametrize("probes", [Unknown("cut short"), {}])
def test_probes_that_did_not_run_pass_nothing(probes: Unknown | dict[str, Probe]) -> None:
    """Every row is an ERROR."""
    assert set(verdicts(replace(recorded("lab-bare"), probes=probes)).values()) == {"ERROR"}


def test_a_missing_program_is_no_closed_door() -> None:
    """Without bash or ping nothing was asked, so nothing is judged."""
    probe = Probe(ok=False, output="", reason="ping: not found", asked=False)
    got = judged(ssh=probe, mtu=probe, s3=probe)
    red = {row for row, (verdict, _) in got.items() if verdict is Verdict.ERROR}
    assert {row.check for row in red} == {"reach.host", "reach.mtu", "reach.s3"}


@pytest.mark.parametrize(
    ("code", "output", "reason"),
    [
        (124, "", "timed out"),
        (142, "", "accepts connections and says nothing"),
        (1, "x: connect: Connection refused", "refused"),
        (1, "x: connect: No route to host", "unreachable (nobody answers ARP, or a firewall rejects)"),
        (1, "registry.k8s.io: Name or service not known", "its name does not resolve"),
        (1, "one\nsomething new", "something new"),
        (7, "", "exited with 7"),
    ],
)
def test_reasons_point_to_the_layer(code: int, output: str, reason: str) -> None:
    """Refused, silent and unreachable are different faults in different places."""
    text = "\x1f" + "\x1d".join([f"ssh/x:22 {code}", *output.splitlines()]) + "\n"
    assert parse_probes(text)["ssh/x:22"].reason == reason


def test_both_kinds_of_arping_are_read() -> None:
    """Of iputils, whose octets may be short, and of Thomas Habets."""
    iputils = "ARPING 10.0.0.1\nUnicast reply from 10.0.0.1 [02:0:C0:A8:65:D3]  0.6ms\nReceived 1 response(s)"
    habets = "ARPING 10.0.0.1\n60 bytes from 52:54:00:12:34:56 (10.0.0.1): index=0 time=5.8 usec\n1 packets transmitted"
    assert parse_macs(iputils) == {"02:00:c0:a8:65:d3"}
    assert parse_macs(habets) == {"52:54:00:12:34:56"}


@given(st.text())
def test_no_probe_breaks_the_parser(text: str) -> None:
    """Whatever comes back is read or refused."""
    try:
        probes = parse_probes(text)
    except ValueError:
        return
    for probe in probes.values():
        with suppress(ValueError):
            parse_macs(probe.output)
