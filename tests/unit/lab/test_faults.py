"""Faults as words, their journal, and the parts of them that need no machine."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from lab import faults, processes
from lab.faults import CATALOGUE, FaultError, RunningLab, active_faults, break_it, heal
from lab.faults.delay_line import Direction
from lab.faults.expired_cert import expired_twin
from lab.faults.fault import MACHINE, Case, Fault, Parameter, a_whole_number
from lab.plan import LabPlan, PlanError
from lab.record import Materials
from lab.state import State


class Probe(Fault):
    """Writes down what is done to it."""

    name: ClassVar[str] = "probe"
    parameters = (MACHINE, Parameter("LEVEL", a_whole_number(-5, 5), default="1"))
    breaks: ClassVar[str] = "Nothing."
    done: ClassVar[list[str]] = []

    def apply(self, case: Case) -> None:
        """Refuse level 5."""
        self.done.append(f"apply {' '.join(case.words)}")
        if case.words[1] == "5":
            raise FaultError("cannot be had")

    def undo(self, case: Case) -> None:
        """Refuse level 4."""
        self.done.append(f"undo {' '.join(case.words)}")
        if case.words[1] == "4":
            raise FaultError("cannot be mended")


@pytest.fixture
def lab(plan: LabPlan, state: State, monkeypatch: pytest.MonkeyPatch) -> RunningLab:
    """A lab on paper whose machines are said to run, with one fault in the catalogue."""
    monkeypatch.setattr(faults, "CATALOGUE", {"probe": Probe()})
    monkeypatch.setattr(Probe, "done", [])
    own = processes.find(os.getpid())
    assert own is not None
    for machine in plan.machines:
        state.machine(machine.name).root.mkdir(parents=True)
        own.save(state.machine(machine.name).pid)
    materials = Materials(root_file_system=Path("/r"), images=None, tools=Path("/t"))
    return RunningLab(plan=plan, materials=materials, state=state)


def titles(lab: RunningLab) -> list[str]:
    """The faults in force, latest first."""
    return [active.title for active in active_faults(lab.state)]


def test_a_fault_is_in_force_until_it_is_healed(lab: RunningLab) -> None:
    """Defaults are filled in; healing strikes it out of the journal."""
    assert break_it(lab, "probe", ["cluster-01"]) == "probe cluster-01 1"
    assert titles(lab) == ["probe cluster-01 1"]
    assert heal(lab) == ("probe cluster-01 1",)
    assert (titles(lab), Probe.done) == ([], ["apply cluster-01 1", "undo cluster-01 1"])


def test_faults_are_healed_latest_first(lab: RunningLab) -> None:
    """What was broken on top of something is mended before it."""
    for words in (["cluster-01"], ["cluster-02", "3"], ["cluster-01", "2"]):
        break_it(lab, "probe", words)
    assert heal(lab) == ("probe cluster-01 2", "probe cluster-02 3", "probe cluster-01 1")


def test_one_fault_can_be_healed_and_the_others_stay(lab: RunningLab) -> None:
    """By its name and first words."""
    for words in (["cluster-01"], ["cluster-02", "3"]):
        break_it(lab, "probe", words)
    assert heal(lab, "probe", ["cluster-02"]) == ("probe cluster-02 3",)
    assert titles(lab) == ["probe cluster-01 1"]


def test_a_fault_that_fails_half_way_can_still_be_healed(lab: RunningLab) -> None:
    """The journal is written before anything breaks."""
    with pytest.raises(FaultError, match="cannot be had"):
        break_it(lab, "probe", ["cluster-01", "5"])
    assert heal(lab) == ("probe cluster-01 5",)


def test_a_fault_that_cannot_be_undone_stays_in_the_journal(lab: RunningLab) -> None:
    """It is not forgotten because mending it failed."""
    break_it(lab, "probe", ["cluster-01", "4"])
    with pytest.raises(FaultError, match="cannot be mended"):
        heal(lab)
    assert titles(lab) == ["probe cluster-01 4"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["probe"], r"wanted: probe MACHINE \[LEVEL\]"),
        (["probe", "cluster-01", "1", "2"], r"wanted: probe MACHINE \[LEVEL\]"),
        (["probe", "cluster-09"], "this lab has cluster-01, cluster-02"),
        (["probe", "cluster-01", "six"], "'six': wanted a whole number from -5 to 5"),
        (["probe", "cluster-01", "6"], "'6': wanted a whole number from -5 to 5"),
        (["prob", "cluster-01"], "no fault is called 'prob'; there are probe"),
    ],
)
def test_a_wrong_word_breaks_nothing(lab: RunningLab, words: list[str], complaint: str) -> None:
    """The error says what was wanted; the journal stays empty."""
    with pytest.raises((FaultError, PlanError), match=complaint):
        break_it(lab, words[0], words[1:])
    assert (titles(lab), Probe.done) == ([], [])


def test_a_machine_that_is_off_cannot_be_broken(lab: RunningLab) -> None:
    """It would not be there to be mended either."""
    lab.state.machine("cluster-01").pid.unlink()
    with pytest.raises(FaultError, match="cluster-01 is off; `python -m lab up` starts it"):
        break_it(lab, "probe", ["cluster-01"])
    assert titles(lab) == []


def test_the_same_fault_twice_is_refused(lab: RunningLab) -> None:
    """The second would take the broken state for what is to be brought back."""
    break_it(lab, "probe", ["cluster-01"])
    with pytest.raises(FaultError, match="in force already"):
        break_it(lab, "probe", ["cluster-01", "1"])


def test_healing_what_is_not_broken_is_an_error(lab: RunningLab) -> None:
    """Named, so a slip of the finger is no silent success; without a name it is nothing to do."""
    with pytest.raises(FaultError, match="no fault 'probe cluster-01' is in force"):
        heal(lab, "probe", ["cluster-01"])
    assert heal(lab) == ()


def test_every_fault_says_in_a_sentence_what_it_breaks() -> None:
    """`lab fault --list` is made of these."""
    assert [name for name, fault in CATALOGUE.items() if not fault.breaks.endswith(".")] == []
    assert {name for name, fault in CATALOGUE.items() if fault.breaks.startswith("Stand-in")} == {
        "clock-skew",
        "swap-on",
    }


@pytest.mark.parametrize(
    ("name", "word", "complaint"),
    [
        ("foreign-vip", "192.168.101.196", "no machine's, the gateway's or the seat's"),
        ("foreign-vip", "10.0.0.1", "an address of 192.168.101.0/24"),
        ("foreign-vip", "vip", "'vip': wanted an IPv4 address"),
        ("mtu", "1500", "from 576 to 1499"),
        ("slow-link", "0", "from 1 to 5000"),
        ("clock-skew", "86401", "from -86400 to 86400"),
        ("stop-service", "ssh", "blackhole-ssh"),
        ("fill-disk", "var", "absolute path"),
    ],
)
def test_each_fault_refuses_what_it_cannot_mean(plan: LabPlan, name: str, word: str, complaint: str) -> None:
    """Before anything is touched."""
    with pytest.raises(PlanError, match=complaint):
        CATALOGUE[name].parameters[-1].check(plan, word)


def authority() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A cluster's certificate authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    dated = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=3650))
    return dated.sign(key, SHA256()), key


def test_the_expired_twin_differs_in_its_dates_alone() -> None:
    """Same key, names and authority, so that the only thing wrong with it is that it has ended."""
    issuer, issuer_key = authority()
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("kubernetes.default.svc")])
    original = (
        x509.CertificateBuilder(
            issuer.subject,
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")]),
            key.public_key(),
            x509.random_serial_number(),
            now - timedelta(days=1),
            now + timedelta(days=365),
        )
        .add_extension(names, critical=False)
        .sign(issuer_key, SHA256())
    )
    private = issuer_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    pems = (certificate.public_bytes(Encoding.PEM).decode() for certificate in (original, issuer))
    twin = x509.load_pem_x509_certificate(expired_twin(*pems, private).encode())
    twin.verify_directly_issued_by(issuer)
    assert twin.not_valid_after_utc < now - timedelta(hours=23)
    assert (twin.subject, twin.public_key(), list(twin.extensions)) == (
        original.subject,
        original.public_key(),
        list(original.extensions),
    )


@contextmanager
def wires() -> Iterator[tuple[socket.socket, socket.socket, socket.socket, socket.socket]]:
    """A sender with its wire, and a wire with its receiver; packets keep their bounds."""
    sender, source = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sink, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with sender, source, sink, receiver:
        for end in (source, receiver):
            end.settimeout(0)
        yield sender, source, sink, receiver


def test_a_delay_line_holds_frames_and_keeps_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing comes out before its time; what is due comes out whole and in order."""
    clock = [100.0]
    monkeypatch.setattr("lab.faults.delay_line.time.monotonic", lambda: clock[0])
    with wires() as (sender, source, sink, receiver):
        line = Direction(source, sink, delay_s=0.5)
        sender.send(b"first")
        line.take()
        clock[0] = 100.2
        sender.send(b"second")
        line.take()
        assert line.give() == pytest.approx(0.3)
        with pytest.raises(BlockingIOError):
            receiver.recv(64)
        clock[0] = 100.5
        assert line.give() == pytest.approx(0.2)
        assert receiver.recv(64) == b"first"
        clock[0] = 100.7
        assert line.give() is None
        assert receiver.recv(64) == b"second"


def test_a_delay_line_drops_what_its_far_end_does_not_take() -> None:
    """As a wire does; it goes on with the next frame."""
    with wires() as (sender, source, sink, receiver):
        line = Direction(source, sink, delay_s=0)
        receiver.close()
        sender.send(b"lost")
        line.take()
        assert line.give() is None
