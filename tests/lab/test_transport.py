"""The transport on real machines: every way in, every way in which one can fail to answer, and who waits for whom."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from nornir.core.task import Result, Task

from lab import linux, wire
from lab.credentials import ROBOT_USER
from tasks.model.command import Command
from tasks.model.errors import Unreachable
from tasks.settings import Settings, load_settings, open_nornir
from tasks.transport.hostkeys import read_known_hosts
from tasks.transport.shell_of import shell_of
from tests.lab.harness import ROOT, Lab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nornir.core import Nornir

FACTS = Command.script("hostname; id -u", sudo=True)


@pytest.fixture(scope="module")
def operator(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The operator's settings, with every host enrolled by the runbook from the lab's out-of-band list."""
    state = tmp_path_factory.mktemp("state")
    done = lab.exec(
        [sys.executable, "runbooks/enrol.py", "--expect", lab.credentials.fingerprints_file],
        environment={"FLEETPROOF_STATE": str(state)},
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.splitlines() == [f"{machine.name}: enrolled" for machine in lab.machines]
    return load_settings(ROOT, {**lab.credentials.environment(), "FLEETPROOF_STATE": str(state)})


@contextmanager
def at_the_seat(lab: Lab, settings: Settings, *, user: str = "", connect_timeout_s: float = 15) -> Iterator[Nornir]:
    """Nornir over the real inventory, its connections opened from the operator's seat."""
    nornir = open_nornir(ROOT, settings)
    for host in nornir.inventory.hosts.values():
        host.username = user or host.username
        (host.connection_options["node_shell"].extras or {})["connect_timeout_s"] = connect_timeout_s
    with linux.inside_network(lab.state.network(wire.SEAT)), ExitStack() as closing:
        closing.callback(nornir.close_connections)
        yield nornir


def facts(task: Task) -> Result:
    """Name and user id on the host, and when they were known."""
    return Result(host=task.host, result=(shell_of(task).run(FACTS).stdout.split(), time.monotonic()))


@pytest.mark.parametrize("how", ["key", "password"])
def test_every_host_lets_the_operator_in_and_up(lab: Lab, operator: Settings, how: str) -> None:
    """Login by key or by password; sudo is told the password and makes root."""
    settings = operator if how == "key" else replace(operator, node_ssh_key=None)
    with at_the_seat(lab, settings) as nornir:
        result = nornir.run(facts)
    assert {name: one[0].result[0] for name, one in result.items()} == {it.name: [it.name, "0"] for it in lab.machines}


def test_an_account_without_a_password_gets_up_too(lab: Lab, operator: Settings) -> None:
    """The robot logs in by key; sudo asks it for nothing, and no password is sent."""
    with at_the_seat(lab, replace(operator, node_password=""), user=ROBOT_USER) as nornir:
        result = nornir.run(facts)
    assert {name: one[0].result[0] for name, one in result.items()} == {it.name: [it.name, "0"] for it in lab.machines}


def test_each_silence_has_its_own_reason_and_delays_nobody(lab: Lab, operator: Settings) -> None:
    """One host black-holed, one mute, one with other keys: each is told apart, and the good one has long answered."""
    with ExitStack() as faults:
        for fault, name in (
            ("blackhole-ssh", "cluster-01"),
            ("mute-ssh", "cluster-02"),
            ("changed-hostkey", "cluster-03"),
        ):
            faults.enter_context(lab.fault(fault, name))
        with at_the_seat(lab, operator, connect_timeout_s=5) as nornir:
            result, ended = nornir.run(facts), time.monotonic()
    errors = {name: one[0].exception for name, one in result.items() if one[0].failed}
    assert {name: error.reason for name, error in errors.items() if isinstance(error, Unreachable)} == {
        "cluster-01": "connect-timeout",
        "cluster-02": "no-banner",
        "cluster-03": "host-key-changed",
    }
    words, known_at = result["cluster-04"][0].result
    assert words == ["cluster-04", "0"]
    # it was asked before the others were given up, which took them all of their five seconds
    assert ended - known_at > 2


def test_a_machine_that_vanishes_under_a_command_is_noticed(lab: Lab, operator: Settings) -> None:
    """A cut line is noticed long before the command's own deadline; afterwards the host is reached again."""

    def wait(task: Task) -> Result:
        return Result(host=task.host, result=shell_of(task).run(Command(argv=("sleep", "300"), timeout_s=300)))

    with at_the_seat(lab, operator) as nornir:
        victim = nornir.filter(name="cluster-02")
        assert not victim.run(facts).failed
        with lab.fault("partition", "cluster-02"):
            error = victim.run(wait)["cluster-02"][0].exception
        assert isinstance(error, Unreachable)
        assert error.reason == "connection-lost"
        victim.data.reset_failed_hosts()
        assert not victim.run(facts).failed


def test_the_enrolled_keys_are_those_of_the_machines(lab: Lab, operator: Settings) -> None:
    """Every key of every machine, and no other, mode 0600."""
    theirs = {
        (str(it.address.ip), key.fingerprint) for it in lab.machines for key in lab.credentials.host_keys(it.name)
    }
    assert {(key.endpoint, key.fingerprint) for key in read_known_hosts(operator.known_hosts)} == theirs
    assert Path(operator.known_hosts).stat().st_mode & 0o777 == 0o600
