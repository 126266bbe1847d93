"""The task that asks interfaces: every declared row comes back, whatever is rendered and whatever is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tasks.deploy import build
from tasks.deploy.manifest import parse_stream
from tasks.model.errors import InventoryError, Mistake
from tasks.model.finding import Verdict
from tasks.probes import ingress, web
from tasks.probes.path import Layer, Seen
from tests.unit.onsite import OnSite

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.fleet.model import Cluster
    from tasks.model.finding import Finding

PASS, FAIL, SKIP = Verdict.PASS, Verdict.FAIL, Verdict.SKIP
OPEN, CLOSED = Seen(layer=Layer.OPEN, said="HTTP 200"), Seen(layer=Layer.TCP, said="refused")


def rendering(cluster: Cluster, *, without: tuple[str, ...] = ()) -> str:
    """One Ingress with every hostname."""
    hosts = [it.host(cluster) for it in web.webs_of(cluster) if it.name not in without]
    rules = ", ".join(f"{{host: {it}}}" for it in hosts)
    head = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\n"
    return f"{head}spec: {{rules: [{rules}]}}\n"


def asked(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    seen: Seen = OPEN,
    resolved: bool = True,
    without: tuple[str, ...] = (),
    **where: object,
) -> dict[str, Finding]:
    """Every finding of one cluster by its check."""
    onsite = OnSite(folder, **where)  # type: ignore[arg-type]
    cluster = onsite.cluster
    built = (None, parse_stream(rendering(cluster, without=without)))
    monkeypatch.setattr(ingress, "render_whole", lambda *_: (built,))
    monkeypatch.setattr(ingress, "reach_by_name", lambda *_: seen)
    monkeypatch.setattr(ingress, "resolve", lambda _: (str(cluster.vip.address),) if resolved else ())
    found = onsite.run(ingress.ask).findings
    owed = {row for row in ingress.declares(onsite.fleet) if row.target == cluster.name}
    assert {it.row for it in found} == owed
    assert len(found) == len(owed)
    return {it.row.check: it for it in found}


def test_every_interface_answers_and_every_name_resolves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows of a sound cluster pass."""
    assert {it.verdict for it in asked(tmp_path, monkeypatch).values()} == {PASS}


@pytest.mark.parametrize(
    ("wrong", "red"),
    [({"seen": CLOSED}, "ingress.http."), ({"resolved": False}, "ingress.name.")],
    ids=["http", "dns"],
)
def test_names_and_answers_are_red_apart(
    wrong: dict[str, Any], red: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken ingress leaves the names good, and the other way round."""
    found = asked(tmp_path, monkeypatch, **wrong)
    assert all((it.verdict is FAIL) is check.startswith(red) for check, it in found.items())


def test_a_hostname_that_nobody_renders_is_one_red_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name and its answer follow from that."""
    found = asked(tmp_path, monkeypatch, without=("prometheus",))
    assert found["ingress.hosts"].verdict is FAIL
    assert {it.blocked_by for it in found.values() if it.verdict is SKIP} == {found["ingress.hosts"].row}
    assert [check for check, it in found.items() if it.verdict is SKIP] == [
        "ingress.name.prometheus",
        "ingress.http.prometheus",
    ]


def test_the_lab_says_why_nothing_routes_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names are asked all the same; what has no interface there is not."""
    found = asked(tmp_path, monkeypatch, seen=CLOSED, without=("hubble", "longhorn"), traits=("lab",))
    assert {it.verdict for check, it in found.items() if check.startswith("ingress.http.")} == {SKIP}
    assert all("left out by trait lab: " in it.observed for it in found.values() if it.verdict is SKIP)
    assert found["ingress.hosts"].verdict is found["ingress.name.prometheus"].verdict is PASS


def test_an_overlay_that_cannot_be_rendered_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it would have rendered is unknown, so nothing is judged."""
    monkeypatch.setattr(build, "render_all", lambda *_: (InventoryError((Mistake("x.yaml", 1, "broken"),)),))
    with pytest.raises(InventoryError, match="broken"):
        OnSite(tmp_path).run(ingress.ask)


def test_a_plan_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it would ask may not be there yet."""
    assert {it.verdict for it in asked(tmp_path, monkeypatch, plan=True).values()} == {SKIP}
