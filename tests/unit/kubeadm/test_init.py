"""Every stand of a host, and what is done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tasks.kubeadm.attempt import parse_follow
from tasks.kubeadm.evidence import headline
from tasks.kubeadm.init import declares, initialise
from tasks.model.errors import CommandFailed, Unreachable
from tasks.model.finding import Row, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks.model.command import Command
    from tasks.model.finding import Outcome
    from tests.unit.onsite import OnSite

TRACES = "/etc/kubernetes/admin.conf\n/etc/kubernetes/manifests/etcd.yaml\n"
CONFIG, INIT = Row("kubeadm.config", "cluster-03"), Row("kubeadm.init", "cluster-03")


def verdicts(outcome: Outcome) -> dict[str, Verdict]:
    """Check to verdict."""
    return {finding.row.check: finding.verdict for finding in outcome.findings}


def sentences(outcome: Outcome) -> list[str]:
    """What was changed, in order."""
    return [change.sentence for change in outcome.changes]


def teach_init(onsite: OnSite, follow: str = "unit=inactive\nexit=0\n") -> None:
    """Let kubeadm be started, and end as told."""
    onsite.shell.answer_if(lambda it: it.mutates)
    onsite.shell.answer_script("printf 'unit=%s", stdout=follow)
    onsite.shell.answer_script("--- %s", stdout="\n--- kubeadm's log\nerror: etcd did not come\n")


def test_the_stage_owes_two_rows_per_host(onsite: OnSite) -> None:
    """Every cluster of the inventory owes its configuration and its control plane."""
    assert len(declares(onsite.fleet)) == 2 * len(onsite.fleet.clusters)


def test_a_bare_host_gets_its_configuration_and_kubeadm(onsite: OnSite, stands: Callable[..., None]) -> None:
    """First the file, then kubeadm in a unit of its own, which bears the run's id."""
    stands(onsite)
    teach_init(onsite)
    outcome = onsite.run(initialise)
    assert verdicts(outcome) == {"kubeadm.config": Verdict.PASS, "kubeadm.init": Verdict.PASS}
    assert sentences(outcome) == ["write /etc/kubernetes/fleet/kubeadm.yaml", "run kubeadm init"]
    write, begin = onsite.shell.mutations
    assert b"clusterName: cluster-03" in write.stdin
    assert onsite.ctx.run_id.encode() in begin.stdin
    assert b"ignore-preflight-errors" not in begin.stdin


def test_a_plan_says_the_same_and_touches_nothing(planning: OnSite, stands: Callable[..., None]) -> None:
    """The sentences are the deployment's own, none is made, and no mutating command reaches the shell."""
    stands(planning)
    outcome = planning.run(initialise)
    assert sentences(outcome) == ["write /etc/kubernetes/fleet/kubeadm.yaml", "run kubeadm init"]
    assert not any(change.made for change in outcome.changes)
    assert planning.shell.mutations == []
    assert verdicts(outcome)["kubeadm.init"] is Verdict.SKIP


def test_a_plan_waits_for_nothing(planning: OnSite, stands: Callable[..., None]) -> None:
    """Neither for a kubeadm that is at work, nor for an API server that is silent."""
    stands(planning, attempt="r0", unit="active")
    assert verdicts(planning.run(initialise))["kubeadm.init"] is Verdict.SKIP
    stands(planning, **established(planning, ready="refused"))
    planning.shell.answer_script("--- %s", stdout="\n--- kubeadm's log\n")
    assert verdicts(planning.run(initialise))["kubeadm.init"] is Verdict.FAIL


def established(onsite: OnSite, **said: str) -> dict[str, str]:
    """The answer of a finished host; its configuration is today's."""
    config = (onsite.root / "tests/golden/kubeadm/cluster-03.yaml").read_text()
    return {"established": "r1", "traces": TRACES, "ready": "ok", "kubelet": "active", "config": config, **said}


def test_an_established_cluster_is_left_alone(onsite: OnSite, stands: Callable[..., None]) -> None:
    """Nothing differs, so nothing is done; one question was asked."""
    stands(onsite, **established(onsite))
    outcome = onsite.run(initialise)
    assert outcome.changes == ()
    assert verdicts(outcome) == {"kubeadm.config": Verdict.PASS, "kubeadm.init": Verdict.PASS}
    assert len(onsite.shell.commands) == 1


def test_an_inventory_that_changed_under_a_cluster_is_a_fault(onsite: OnSite, stands: Callable[..., None]) -> None:
    """A cluster cannot be made anew in passing: the difference is shown, nothing is written."""
    stands(onsite, **established(onsite, config="clusterName: cluster-03\n"))
    outcome = onsite.run(initialise)
    assert verdicts(outcome)["kubeadm.config"] is Verdict.FAIL
    assert any(line.startswith("+") for line in outcome.findings[0].evidence)
    assert onsite.shell.mutations == []


def test_a_stopped_kubelet_is_started(onsite: OnSite, stands: Callable[..., None]) -> None:
    """An established cluster whose API server is silent is started, never made anew."""
    stands(onsite, **established(onsite))
    stands(onsite, once=True, **established(onsite, ready="refused", kubelet="inactive"))
    onsite.shell.answer_if(lambda it: it.mutates)
    outcome = onsite.run(initialise)
    assert sentences(outcome) == ["start containerd and kubelet"]
    assert verdicts(outcome)["kubeadm.init"] is Verdict.PASS
    assert b"kubeadm" not in onsite.shell.mutations[0].stdin


def test_a_foreign_cluster_is_refused(onsite: OnSite, stands: Callable[..., None]) -> None:
    """Kubernetes that this library did not put there is named, and not touched."""
    stands(onsite, traces=TRACES, ready="ok")
    outcome = onsite.run(initialise)
    finding = outcome.findings[1]
    assert finding.verdict is Verdict.FAIL
    assert "/etc/kubernetes/admin.conf" in finding.observed
    assert onsite.shell.mutations == []


def test_a_half_made_attempt_is_discarded_first(onsite: OnSite, stands: Callable[..., None]) -> None:
    """An attempt of ours whose API server never came is taken back by kubeadm, then begun afresh."""
    stands(onsite, attempt="r0", traces=TRACES, exit="1")
    teach_init(onsite)
    outcome = onsite.run(initialise)
    assert sentences(outcome)[0] == "discard the unfinished init of run r0 (kubeadm reset)"
    discard = onsite.shell.mutations[0].stdin
    assert b"[ -e attempt ] && [ ! -e established ]" in discard
    assert verdicts(outcome)["kubeadm.init"] is Verdict.PASS


def test_a_stalled_attempt_is_run_again_over_its_traces(onsite: OnSite, stands: Callable[..., None]) -> None:
    """Where the API server came, kubeadm's own phases take up again; nothing is reset."""
    stands(onsite, attempt="r0", traces=TRACES, ready="ok")
    teach_init(onsite)
    onsite.run(initialise)
    begin = onsite.shell.mutations[-1].stdin
    assert b"--ignore-preflight-errors=FileAvailable" in begin
    assert not any(b"kubeadm reset" in it.stdin for it in onsite.shell.mutations)


def test_a_running_init_is_followed_not_doubled(onsite: OnSite, stands: Callable[..., None]) -> None:
    """A rerun finds kubeadm still at work, waits for it and shows its phases."""
    stands(onsite, attempt="r0", unit="active")
    onsite.shell.answer_script("printf 'unit=%s", stdout="unit=inactive\nexit=0\n")
    onsite.shell.answer_script("printf 'unit=%s", stdout="unit=active\nexit=\n[certs] Generating certs\n", once=True)
    outcome = onsite.run(initialise)
    assert verdicts(outcome)["kubeadm.init"] is Verdict.PASS
    assert onsite.shell.mutations == []
    assert any("[certs] Generating certs" in line for line in onsite.told.lines)


@pytest.mark.parametrize(
    ("follow", "said"),
    [("unit=inactive\nexit=1\n", "ended with exit code 1"), ("unit=inactive\nexit=\n", "was killed")],
)
def test_a_failed_init_brings_its_evidence(onsite: OnSite, stands: Callable[..., None], follow: str, said: str) -> None:
    """The finding says how it ended and why, carries the host's own words, and names the way on."""
    stands(onsite)
    teach_init(onsite, follow)
    finding = onsite.run(initialise).findings[1]
    assert finding.verdict is Verdict.FAIL
    assert said in finding.observed
    assert "etcd did not come" in finding.observed
    assert "--- kubeadm's log" in finding.evidence
    assert "--limit cluster-03" in finding.remedy


def test_evidence_that_cannot_be_had_is_said(onsite: OnSite, stands: Callable[..., None]) -> None:
    """A host that is lost while it is asked why does not hide the failure itself."""
    stands(onsite)
    teach_init(onsite, "unit=inactive\nexit=1\n")
    onsite.shell.fail_if(lambda it: b"journalctl" in it.stdin, Unreachable("cluster-03", "connection-lost"))
    finding = onsite.run(initialise).findings[1]
    assert finding.verdict is Verdict.FAIL
    assert "connection-lost" in finding.evidence[0]


def test_a_host_that_refuses_the_question_is_no_bare_host(onsite: OnSite) -> None:
    """Without an answer nothing is begun."""
    onsite.shell.answer_script("say traces", exit_code=1, stderr="sudo: no")
    with pytest.raises(CommandFailed):
        onsite.run(initialise)
    assert onsite.shell.mutations == []


def test_every_command_runs_as_root_and_only_marked_ones_change(onsite: OnSite, stands: Callable[..., None]) -> None:
    """What starts or resets kubeadm is marked as mutating, so that planning refuses it."""
    stands(onsite, attempt="r0", traces=TRACES)
    teach_init(onsite)
    onsite.run(initialise)

    def changes(command: Command) -> bool:
        return any(word in command.stdin for word in (b"kubeadm reset", b"systemd-run", b"clusterName"))

    assert all(command.sudo for command in onsite.shell.commands)
    assert [it for it in onsite.shell.commands if changes(it)] == onsite.shell.mutations


def test_the_follow_up_is_read_line_by_line() -> None:
    """Unit, exit code and the phase kubeadm is in."""
    seen = parse_follow("unit=active\nexit=\n[certs] Generating\n")
    assert (seen.ended, seen.exit_code, seen.line) == (False, None, "[certs] Generating")
    with pytest.raises(ValueError, match="no account"):
        parse_follow("something else")


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (("[ERROR Port-6443]: Port 6443 is in use", "error: exit"), "[ERROR Port-6443]: Port 6443 is in use"),
        (("noise", "error execution phase wait-control-plane: x"), "error execution phase wait-control-plane: x"),
        (
            (
                "error execution phase wait-control-plane: connection refused",
                'E1123 15:24:04.774967     925 kubelet.go:1671] "Failed to start cAdvisor" err="inotify_init: full"',
            ),
            'Failed to start cAdvisor" err="inotify_init: full"',
        ),
        (("an Error somewhere",), "an Error somewhere"),
        ((), "kubeadm left no error in its log"),
    ],
)
def test_the_headline_is_kubeadms_own_error(evidence: tuple[str, ...], expected: str) -> None:
    """Preflight errors first, then what the kubelet died of, then the failing phase, then anything alike."""
    assert headline(evidence) == expected
