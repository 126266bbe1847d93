"""Many SSH endpoints: what a client costs per host when there are more of them than it can work on at once."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from ipaddress import IPv4Address
from pathlib import Path

import yaml

from bench.aliases import aliases, write_known_hosts
from bench.equipment import Equipment, equip, openssh_version
from bench.model import BenchError, Contender, Order, Subject, Target, Took
from bench.record import ROOT, Report, played
from bench.rounds import must_exit
from bench.seat import Ground, Seat, ground
from bench.subjects.tooling import CONTENDERS, ssh_options, targets_of
from tasks.preflight.script import compose, split
from tasks.preflight.sections_machine import MACHINE

REPETITIONS = 5
SIZES = (64, 256)
_FLAT = 1.15
_MEMORY_MIB = 150
_SILENT_DROP_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """
    One size.

    Attributes:
        endpoints: name, the machine that carries it, address
        ground: its ``known_hosts`` holds the endpoints
        script: what every endpoint is asked

    """

    endpoints: list[tuple[str, str, IPv4Address]]
    ground: Ground
    equipment: Equipment
    script: Path

    @property
    def targets(self) -> tuple[str, ...]:
        """NAME=ADDRESS words."""
        return targets_of([(name, str(address)) for name, _, address in self.endpoints])

    def order(self, folder: Path, argv: tuple[str, ...], env: dict[str, str]) -> Order:
        """Run a program that leaves one file per endpoint in ``answers``."""
        return Order(
            argv=(*argv, *self.targets),
            env=env,
            cwd=str(ROOT),
            stdout=str(folder / "stdout"),
            stderr=str(folder / "stderr"),
            timeout_s=_SILENT_DROP_S,
        )

    def judge(self, folder: Path, took: Took) -> dict[str, int]:
        """Every endpoint answered every section, as the machine that carries it."""
        must_exit(took)
        for name, machine, _ in self.endpoints:
            must_be_whole(name, machine, _read(folder / "answers" / name))
        return {"hosts": len(self.endpoints), "dropped logins tried again": retries((folder / "stdout").read_text())}


def measure(folder: Path, repetitions: int | None, say: Callable[[str], None]) -> Iterator[Report]:
    """Measure both sizes on the lab's four machines."""
    equipment = equip(say)
    script = folder / "machine.sh"
    script.write_text(compose(MACHINE, {}))
    per_host = 0.0
    with ground(say, folder) as here, Seat() as seat:
        for size in SIZES:
            with aliases(here, size) as endpoints:
                known_hosts = folder / str(size) / "known_hosts"
                known_hosts.parent.mkdir()
                write_known_hosts(here, endpoints, known_hosts)
                there = Ground(state=here.state, plan=here.plan, known_hosts=known_hosts)
                scale = Scale(endpoints=endpoints, ground=there, equipment=equipment, script=script)
                report = played(subject(scale, per_host), repetitions or REPETITIONS, seat.run, say)
            per_host = next(one.wall_s.median for one in report.standings if one.name == "ours") / size
            yield report


def subject(scale: Scale, per_host: float) -> Subject:
    """
    Everybody at one size, ours first.

    Arguments:
        per_host: seconds of ours at the size before, 0 at the first

    """
    size, workers = len(scale.endpoints), _workers()
    flat = Target(
        who="ours",
        limit=per_host * size * _FLAT,
        says=f"{size} endpoints, seconds at the smaller size's cost per host and {_FLAT - 1:.0%}",
    )
    return Subject(
        name=f"scale-{size}",
        title=f"{size} SSH endpoints, {workers} at a time",
        reference="ours",
        unit="host",
        unit_count=size,
        contenders=(
            _ours(scale, "ours", f"fleetproof's connections, {workers} at a time", "config"),
            _ours(scale, "ours-runbook", "fleetproof's connections, as its runbooks walk hosts", "runbook"),
            _libssh2(scale, workers),
            _openssh(scale, workers),
        ),
        targets=(
            Target(who="ours", than="libssh2", limit=1.3, says=f"{size} endpoints, times a libssh2 client"),
            Target(who="ours", than="openssh", limit=1.0, says=f"{size} endpoints, times OpenSSH processes"),
            Target(who="ours", figure="peak_rss_mib", limit=_MEMORY_MIB, says=f"{size} endpoints, MiB of memory"),
            *((flat,) if per_host else ()),
        ),
        notes=(
            f"The endpoints are further addresses of the four machines, asked {len(MACHINE)} sections that read files.",
            "All verify host keys, and try again where sshd drops a login (MaxStartups 10:30:100).",
        ),
    )


def must_be_whole(name: str, machine: str, text: str) -> None:
    """Raise ``BenchError`` unless the text holds every section, and the machine's own name."""
    answers = split(text, "")
    missing = [
        section.name for section in MACHINE if section.name not in answers or answers[section.name].exit_code is None
    ]
    if missing:
        raise BenchError(f"{name}: did not gather {', '.join(missing)}")
    if f"/proc/sys/kernel/hostname:{machine}\n" not in answers["system"].stdout:
        raise BenchError(f"{name}: is not {machine}")


def retries(text: str) -> int:
    """What the contender counted; raises ``BenchError`` where it says nothing."""
    for line in text.splitlines():
        word, _, count = line.partition(" ")
        if word == "retries" and count.isdecimal():
            return int(count)
    raise BenchError("did not say how often it tried again")


def _ours(scale: Scale, name: str, title: str, runner: str) -> Contender:
    argv = (sys.executable, str(CONTENDERS / "scale_ours.py"), runner, str(scale.script))
    return Contender(
        name=name,
        title=title,
        version=version("fleetproof"),
        order=lambda folder: scale.order(folder, (*argv, _answers(folder)), scale.ground.environment),
        gathered=scale.judge,
    )


def _libssh2(scale: Scale, workers: int) -> Contender:
    program = (scale.equipment.program("python"), str(CONTENDERS / "libssh2.py"), str(scale.script))
    access = (str(scale.ground.known_hosts), str(scale.ground.key), scale.ground.user, str(workers))
    return Contender(
        name="libssh2",
        title="libssh2 in threads",
        version=f"ssh2-python {scale.equipment.version('ssh2-python')}",
        order=lambda folder: scale.order(folder, (*program, _answers(folder), *access), {}),
        gathered=scale.judge,
    )


def _openssh(scale: Scale, workers: int) -> Contender:
    program = ("bash", str(CONTENDERS / "openssh_many.sh"), str(scale.script))
    env = {"SSH_OPTIONS": ssh_options(scale.ground)}
    return Contender(
        name="openssh",
        title="an OpenSSH process per host",
        version=openssh_version(),
        order=lambda folder: scale.order(folder, (*program, _answers(folder), scale.ground.user, str(workers)), env),
        gathered=scale.judge,
    )


def _answers(folder: Path) -> str:
    (folder / "answers").mkdir()
    return str(folder / "answers")


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except FileNotFoundError as error:
        raise BenchError(f"{file.name}: no answer") from error


def _workers() -> int:
    """How many hosts the product works on at once; everybody else gets as many."""
    config = yaml.safe_load((ROOT / "nornir_config.yaml").read_text())
    return int(config["runner"]["options"]["num_workers"])
