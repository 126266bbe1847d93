"""Every sidecar is asked from every vantage point, and one that is silent is one cause."""

from __future__ import annotations

import time
from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tasks.model.finding import FLEET, Outcome, Row, Verdict
from tasks.probes.path import Layer
from tasks.thanos import check_storeapi
from tasks.thanos.from_hosts import cells, host_script, read_answer, target_of
from tasks.thanos.protos import method
from tasks.thanos.storeapi import StoreInfo
from tests.unit.onsite import ROOT, OnSite
from tests.unit.thanos.store_server import StoreServer, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.model.finding import Finding

NAMES = ("cluster-01", "cluster-02", "cluster-03", "cluster-04")


def curl(body: bytes, status: str = "200", code: int = 0, said: str = "") -> str:
    """What a job of the script prints."""
    printed = body + f"\n{status} 0.0123\n{code}".encode()
    return said + b64encode(printed).decode()


def message(cluster: str) -> bytes:
    """A sidecar's answer to Info as it comes over HTTP/2."""
    labels = [{"name": "cluster", "value": cluster}]
    plain = method("info", "Info").response(label_sets=[{"labels": labels}], component_type="sidecar")
    raw: bytes = plain.SerializeToString()
    return b"\0" + len(raw).to_bytes(4, "big") + raw


OK = curl(message("cluster-02"))


@pytest.mark.parametrize(
    ("text", "layer", "said"),
    [
        (OK, Layer.OPEN, "cluster-02 answers Info"),
        (curl(message("cluster-04")), Layer.GRPC, "cluster-04 answers, not cluster-02"),
        (curl(b"\0\0\0\0\0"), Layer.GRPC, "a StoreAPI without labels answers"),
        (curl(b""), Layer.GRPC, "without a message"),
        (curl(b"", "404"), Layer.HTTP, "HTTP 404"),
        (curl(b"", "000", 7, "curl: (7) Failed to connect to x: Connection refused\n"), Layer.TCP, "refused"),
        (curl(b"", "000", 7, "curl: (7) Failed to connect to x: No route to host\n"), Layer.ROUTE, "No route"),
        (curl(b"", "000", 28, "curl: (28) Connection timed out after 3001 ms\n"), Layer.TCP, "timed out"),
        (curl(b"", "000", 56, "curl: (56) Recv failure: Connection reset by peer\n"), Layer.HTTP, "reset"),
    ],
)
def test_curl_tells_how_far_the_question_came(text: str, layer: Layer, said: str) -> None:
    """Only the right cluster's own answer is open."""
    seen = read_answer(text, "cluster-02")
    assert (seen.layer, said in seen.said) == (layer, True)


@pytest.mark.parametrize("text", ["", "sh: curl: not found", "no pod has the address 10.0.0.1", curl(b"\0\0\0\0\7x")])
def test_what_is_no_answer_is_no_verdict(text: str) -> None:
    """A tool that is missing, a pod that is not there, a message that is cut."""
    with pytest.raises(ValueError, match=r"."):
        read_answer(text, "cluster-02")


def test_the_pod_is_asked_for_only_where_there_is_one(tmp_path: Path) -> None:
    """One question per sidecar and vantage point; every one of them is a row."""
    fleet = OnSite(tmp_path).fleet
    targets = [target_of(cluster) for cluster in fleet.clusters]
    assert host_script(targets).count("job host/storeapi/") == 4
    assert "job pod/" not in host_script(targets)
    both = host_script(targets, "10.11.0.7")
    assert both.count("job pod/storeapi/cluster-0") == 4
    text = "".join(f"\x1fhost/storeapi/{name} 0\x1d{curl(message(name))}\n" for name in NAMES)
    found = cells(fleet.central, targets, text, "10.11.0.7")
    assert [it.verdict for it in found] == [Verdict.PASS] * 4 + [Verdict.ERROR] * 4
    assert "nsenter" in found[-1].reproduce


@pytest.mark.parametrize(("case", "red"), [("lab", set()), ("one-away", {"cluster-03"})])
def test_what_a_host_and_querys_pod_really_saw_is_read(case: str, red: set[str], tmp_path: Path) -> None:
    """As the lab's central machine printed it: everybody answers, then one sidecar's address leads nowhere."""
    fleet = OnSite(tmp_path).fleet
    text = (ROOT / "tests" / "recorded" / "thanos" / "host" / case / "stdout.txt").read_text()
    found = cells(fleet.central, [target_of(cluster) for cluster in fleet.clusters], text, "10.11.0.33")
    assert len(found) == 8
    assert {it.row.peer for it in found if it.verdict is Verdict.FAIL} == red
    assert sum(it.verdict is Verdict.PASS for it in found) == 8 - 2 * len(red)


class Api:
    """The central API server, which knows where Query runs."""

    def __init__(self, *pods: dict[str, Any]) -> None:
        """Remember the pods."""
        self.pods = pods

    def items(self, path: str, **_: str) -> list[dict[str, Any]]:
        """Query's pods."""
        assert path.endswith("/thanos/pods")
        return list(self.pods)


def asked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    *,
    host: str = "cluster-02",
    printed: str | None = None,
    plan: bool = False,
    pods: tuple[dict[str, Any], ...] = (),
) -> tuple[dict[str, Finding], Outcome]:
    """Every finding of one host's step by its row, and the outcome; one sidecar's address is given."""
    onsite = OnSite(tmp_path, host=host, plan=plan)
    monkeypatch.setattr(check_storeapi, "address_of", lambda _: address)
    monkeypatch.setattr(check_storeapi, "open_cluster", lambda *_: Api(*pods))
    text = f"\x1fhost/storeapi/{host} 0\x1d{curl(message(host))}\n" if printed is None else printed
    onsite.shell.answer_script("storeapi", stdout=text)
    outcome = onsite.run(check_storeapi.ask)
    return {str(it.row): it for it in outcome.findings}, outcome


def server(**fields: Any) -> StoreServer:
    """Cluster-02's sidecar, now."""
    made = StoreServer(**fields)
    made.min_ms = int(time.time() * 1000) - 600_000
    return made


def test_a_sidecar_that_is_well_passes_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own four rows over gRPC, and the host's; what it said goes on to the fleet's step."""
    with serving(server()) as running:
        found, outcome = asked(tmp_path, monkeypatch, running.address)
    assert {it.verdict for it in found.values()} == {Verdict.PASS}
    assert set(found) == {
        "reach.operator.storeapi@fleet->cluster-02",
        "storeapi.labels@fleet->cluster-02",
        "storeapi.times@fleet->cluster-02",
        "storeapi.series@fleet->cluster-02",
        "reach.host.storeapi@cluster-02->cluster-02",
    }
    assert " ms" in found["reach.operator.storeapi@fleet->cluster-02"].observed
    assert isinstance(outcome.value, StoreInfo)


def test_a_silent_sidecar_is_one_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it would have said of itself is not asked, and points to it."""
    found, outcome = asked(tmp_path, monkeypatch, "127.0.0.1:1")
    cause = found["reach.operator.storeapi@fleet->cluster-02"]
    assert (cause.verdict, "ends at TCP" in cause.observed) == (Verdict.FAIL, True)
    rest = [found[f"storeapi.{it}@fleet->cluster-02"] for it in ("labels", "times", "series")]
    assert {(it.verdict, it.blocked_by) for it in rest} == {(Verdict.SKIP, cause.row)}
    assert outcome.value is None


def test_an_impostor_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another cluster's sidecar answers on this address."""
    labels = {"cluster": "cluster-04", "region": "edge"}
    with serving(server(labels=labels, series=(labels,))) as running:
        found, _ = asked(tmp_path, monkeypatch, running.address)
    assert "cluster-04 answers, not cluster-02" in found["reach.operator.storeapi@fleet->cluster-02"].observed
    assert {found[f"storeapi.{it}@fleet->cluster-02"].verdict for it in ("labels", "series")} == {Verdict.FAIL}


def test_querys_own_pod_is_a_vantage_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the central cluster; where Query does not run, nobody can say."""
    pod = {"status": {"phase": "Running", "podIP": "10.11.0.7"}}
    labels = {"cluster": "cluster-01", "region": "central"}
    answers = "".join(f"\x1f{it}/storeapi/cluster-01 0\x1d{curl(message('cluster-01'))}\n" for it in ("host", "pod"))
    with serving(server(labels=labels, series=(labels,))) as running:
        common = {"host": "cluster-01", "printed": answers}
        found, _ = asked(tmp_path, monkeypatch, running.address, pods=(pod,), **common)  # type: ignore[arg-type]
        without, _ = asked(tmp_path, monkeypatch, running.address, **common)  # type: ignore[arg-type]
    row = "reach.pod.storeapi@cluster-01->cluster-01"
    assert (found[row].verdict, without[row].verdict) == (Verdict.PASS, Verdict.ERROR)
    assert "no pod of Query" in without[row].observed


def test_a_plan_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row of the host is there, and none is judged."""
    found, _ = asked(tmp_path, monkeypatch, "127.0.0.1:1", plan=True)
    assert {it.verdict for it in found.values()} == {Verdict.SKIP}
    assert len(found) == 4 + 4


def test_every_declared_row_has_one_step_that_answers_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan's rows of all hosts and the fleet's own are what is declared."""
    rows: list[Row] = []
    for name in NAMES:
        rows += [it.row for it in asked(tmp_path, monkeypatch, "", host=name, plan=True)[1].findings]
    onsite = OnSite(tmp_path, plan=True)
    rows += [it.row for it in check_storeapi.judge_all({}, onsite.ctx).findings]
    assert sorted(rows) == sorted(check_storeapi.declares(onsite.fleet))


def test_twins_are_found_among_all(tmp_path: Path) -> None:
    """Two sidecars with one set of labels; and silence of all is no proof."""
    info = StoreInfo(kind="sidecar", label_sets=({"cluster": "cluster-01"},), min_ms=0, max_ms=0)
    other = replace(info, label_sets=({"cluster": "cluster-02"},))
    ctx = OnSite(tmp_path).ctx

    def judged(*values: StoreInfo) -> Finding:
        outcomes = {name: Outcome(value=value) for name, value in zip(NAMES, values, strict=False)}
        (found,) = check_storeapi.judge_all(outcomes, ctx).findings
        return found

    assert judged(info, other).verdict is Verdict.PASS
    assert (judged(info, info).verdict, judged().verdict) == (Verdict.FAIL, Verdict.FAIL)
    assert judged().row == Row("storeapi.unique", FLEET)
