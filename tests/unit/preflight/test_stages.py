"""The runbook's stages, walked by the real engine over recorded machines: what is declared comes back."""

from __future__ import annotations

import runpy
import time
from typing import TYPE_CHECKING, Any

import pytest
from nornir.core import Nornir
from nornir.core.configuration import Config
from nornir.core.state import GlobalState
from nornir.plugins.runners import SerialRunner

from tasks.fleet.plugin import FleetInventory
from tasks.model.command import Command, CommandResult
from tasks.model.errors import Unreachable
from tasks.model.finding import Row, Verdict
from tasks.preflight import check_fleet, check_operator, knock, try_store
from tasks.preflight.canary import CanaryDied
from tasks.preflight.object_store import Alive
from tasks.preflight.values import Clock, Unknown
from tasks.settings import Settings
from tasks.transport.fake import KeptShell, ScriptedShell
from tests.unit.preflight.recordings import RECORDED, ROOT, fleet
from tests.unit.run.workbench import HOSTS, Workbench

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tasks.model.finding import Finding

STAGES = runpy.run_path(str(ROOT / "runbooks" / "preflight.py"))["STAGES"]
OPERATOR, CHECK_HOSTS, PATHS = STAGES
CLOCK = Clock(ahead_s=0.0, error_s=0.01)
EXPECTED_RED = {"host.module.iscsi_tcp", "host.sysctl.vm.max_map_count", "host.images"}
"""What the recorded lab machines really lack."""


def recorded(kind: str, host: str) -> str:
    """cluster-01's recorded answer, as another host would give it now."""
    site = fleet()
    own, other = site.clusters[0], site.cluster(host)
    text = (RECORDED / kind / "lab-bare" / "stdout.txt").read_text("utf-8")
    text = text.replace(str(own.address), str(other.address)).replace("hostname:cluster-01", f"hostname:{host}")
    text = text.replace("cluster-01 0\x1d", f"{host} 0\x1d").replace(
        "81ef246110c59faeef04bc438f2cdd05", f"{other.cluster_id:032x}"
    )
    text = text.replace("02:00:c0:a8:65:c2", f"02:00:00:00:00:0{other.cluster_id}")
    if kind == "paths":
        ssh = "".join(
            f"\x1fssh/{one.address}:22 0\x1dSSH-2.0-OpenSSH_9.2\n\x1fmtu/{one.address}:22 0\x1d1500 1500\n"
            for one in site.clusters
            if one.name != host
        )
        text = text.replace("\x1eprobes\n", f"\x1eprobes\n{ssh}")
    now = time.time()
    begun, ended = text.split("\n")[1], text.rsplit("\n", 3)[-3]
    return text.replace(begun, f"{now:.6f}").replace(ended, f"{now:.6f}") if kind == "hosts" else text


def shell_for(host: str) -> ScriptedShell:
    """A machine of the lab, as it was recorded."""
    shell = ScriptedShell()
    for kind, part in (("hosts", "begin begun"), ("paths", "begin probes")):
        shell.answer_if(_live(part), stdout=recorded(kind, host))
    return shell


def _live(part: str) -> Callable[[Command], bool]:
    return lambda command: part.encode() in command.stdin


class Scene:
    """Four recorded machines, an operator with all tools, and a store that works; every part can be swapped."""

    def __init__(self, state: Path, patch: pytest.MonkeyPatch) -> None:
        inventory = FleetInventory(str(ROOT / "inventory")).load()
        self.nornir = Nornir(inventory=inventory, runner=SerialRunner(), config=Config(), data=GlobalState())
        self.bench = Workbench(state=state, nornir=self.nornir, fleet=inventory.defaults.data["fleet"])
        self.shells = {host: shell_for(host) for host in HOSTS}
        self.silent: set[str] = set()
        self.sent: list[str] = []
        for host, shell in self.shells.items():
            self.nornir.inventory.hosts[host].connections["node_shell"] = KeptShell(shell)
        alive = Alive(status=200, clock=CLOCK)
        patch.setattr(knock, "_answers", lambda _task, cluster: cluster.name not in self.silent)
        patch.setattr(check_operator, "LocalShell", lambda **_: self)
        patch.setattr(try_store, "ask_alive", lambda _: alive)
        patch.setattr(check_fleet, "store_clock", lambda _: CLOCK)
        patch.setattr(try_store, "open_store", lambda *_: None)
        patch.setattr(try_store, "send_canary", self.canary)
        self.patch = patch

    def run(self, command: Command) -> CommandResult:
        """The operator's own shell: all tools fit, all names resolve."""
        said = {"kubectl": '{"clientVersion": {"gitVersion": "v1.33.13"}}', "kustomize": "v5.8.1", "helm": "v3.19.0"}
        names = "".join(f"\x1f{name} 0\x1d{at} STREAM x\n" for name, at in fleet().dns_records.items())
        stdout = said.get(command.argv[0], f"\x1enames\n{names}\x1e=0\n")
        return CommandResult(command=command, exit_code=0, stdout=stdout, stderr="", duration_s=0.0)

    def canary(self, _store: Any, bucket: str, _name: str) -> str:
        """It comes back."""
        self.sent.append(bucket)
        return "came back"

    def walk(self, *, plan: bool = False, hosts: tuple[str, ...] = HOSTS) -> dict[Row, Finding]:
        """Walk all three stages; every declared row, and nothing else, is in the answer."""
        engine = self.bench.engine(*STAGES, plan=plan, hosts=hosts)
        keys = Settings(state=self.bench.state, s3_access_key="made-up", s3_secret_key="made-up")
        object.__setattr__(engine.ctx, "settings", keys)
        findings = engine.run().findings
        declared = [row for rows in engine.declared.values() for row in rows]
        assert [finding.row for finding in findings] == declared
        return {finding.row: finding for finding in findings}


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A fresh scene."""
    return Scene(tmp_path, monkeypatch)


def red(findings: dict[Row, Finding]) -> set[str]:
    """Headlines: what is bad and nobody's consequence, beside what the lab lacks anyway."""
    return {
        str(row)
        for row, finding in findings.items()
        if finding.verdict.blocks and finding.blocked_by is None and row.check not in EXPECTED_RED
    }


def test_four_recorded_machines_are_green(scene: Scene) -> None:
    """But for what they really lack; the S3 canaries went through all three buckets."""
    findings = scene.walk()
    assert red(findings) == set()
    assert {row.check for row, finding in findings.items() if finding.verdict.blocks} == EXPECTED_RED
    assert scene.sent == list(fleet().s3.buckets)


def test_every_finding_can_be_acted_upon(scene: Scene) -> None:
    """What is not good says what was seen, what was wanted, how to mend it and how to see it again."""
    for finding in scene.walk().values():
        assert finding.observed, finding.row
        if finding.verdict in {Verdict.FAIL, Verdict.WARN}:
            assert finding.wanted, finding.row
            assert finding.remedy, finding.row
            assert finding.reproduce, finding.row


def test_one_round_trip_per_stage(scene: Scene) -> None:
    """Each host is sent two commands in all, neither of which mutates."""
    scene.walk()
    for shell in scene.shells.values():
        assert len(shell.commands) == 2
        assert shell.mutations == []


def test_a_dead_host_is_one_headline(scene: Scene) -> None:
    """It is not logged in to, its rows point to the cause, and the other three are judged."""
    scene.silent.add("cluster-03")
    findings = scene.walk()
    assert red(findings) == {"reach.from-operator@cluster-03"}
    assert scene.shells["cluster-03"].commands == []
    others = [finding for row, finding in findings.items() if row.target == "cluster-02" and row.check == "host.swap"]
    assert [finding.verdict for finding in others] == [Verdict.PASS]


def test_a_host_that_refuses_the_login_is_one_headline(scene: Scene) -> None:
    """Its first row says why; all others of it point there."""
    shell = scene.shells["cluster-02"]
    shell.fail_if(lambda _: True, Unreachable("cluster-02", "login-refused"))
    findings = scene.walk()
    assert red(findings) == {"host.root@cluster-02"}
    assert findings[Row("host.root", "cluster-02")].verdict is Verdict.UNREACHABLE


def test_a_host_that_answers_nothing_is_never_green(scene: Scene) -> None:
    """An empty answer makes every row of the host an ERROR."""
    scene.shells["cluster-04"].answer_if(lambda _: True, stdout="")
    findings = scene.walk()
    own = {
        finding.verdict
        for row, finding in findings.items()
        if row.target == "cluster-04" and row.check not in {"reach.from-operator", "vip.free"}
    }
    assert own == {Verdict.ERROR, Verdict.SKIP}


def test_a_store_that_is_away_is_one_headline(scene: Scene) -> None:
    """No canary is sent, and what needs the store points to it."""
    scene.patch.setattr(try_store, "ask_alive", lambda _: Unknown("Connection refused"))
    scene.patch.setattr(check_fleet, "store_clock", lambda _: Unknown("Connection refused"))
    findings = scene.walk()
    assert red(findings) == {"s3.endpoint@fleet"}
    assert scene.sent == []
    assert findings[Row("s3.clock", "fleet")].blocked_by == Row("s3.endpoint", "fleet")


def test_a_bucket_that_is_missing_is_the_only_red_row(scene: Scene) -> None:
    """The others are tried all the same."""

    def fails(_store: Any, bucket: str, _name: str) -> str:
        if bucket == "opensearch-logs":
            raise CanaryDied("NoSuchBucket: gone", "NoSuchBucket")
        return "came back"

    scene.patch.setattr(try_store, "send_canary", fails)
    assert red(scene.walk()) == {"s3.bucket@fleet->opensearch-logs"}


def test_a_plan_sends_no_canary(scene: Scene) -> None:
    """It says what it would write; nothing is pending afterwards, for a canary stays nowhere."""
    findings = scene.walk(plan=True)
    assert scene.sent == []
    assert {finding.verdict for row, finding in findings.items() if row.check == "s3.bucket"} == {Verdict.SKIP}


def test_a_limit_leaves_the_others_alone(scene: Scene) -> None:
    """Only the chosen host is asked; rows of the others say that they were outside."""
    findings = scene.walk(hosts=("cluster-02",))
    assert red(findings) == set()
    assert [host for host, shell in scene.shells.items() if shell.commands] == ["cluster-02"]
    assert findings[Row("vip.free", "cluster-02")].verdict is Verdict.WARN
