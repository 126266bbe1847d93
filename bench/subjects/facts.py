"""The same facts of four hosts, gathered by everything that one might use for it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from bench.equipment import Equipment, equip, openssh_version
from bench.model import BenchError, Contender, Order, Subject, Target, Took
from bench.record import ROOT, Report, played
from bench.rounds import must_exit
from bench.seat import Ground, Seat, addresses, ground
from bench.subjects import readers
from bench.subjects.kinds import KINDS, Expected, must_hold
from bench.subjects.readers import Answers
from bench.subjects.tooling import (
    CONTENDERS,
    commands,
    ssh_options,
    targets_of,
    write_ansible_inventory,
    write_commands,
    write_nornir_config,
    write_pyinfra_inventory,
)
from tasks import open_nornir
from tasks.preflight.facts import fact_script
from tasks.preflight.sections import SECTIONS
from tasks.settings import Settings

_CURVE = "KexAlgorithms=curve25519-sha256"
_FAIL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    One measurement of this subject.

    Attributes:
        folder: for what the contenders are given; they only read it
        script: the product's fact script, as a file

    """

    ground: Ground
    equipment: Equipment
    folder: Path

    @property
    def script(self) -> Path:
        """The product's fact script."""
        file = self.folder / "facts.sh"
        if not file.exists():
            file.write_text(fact_script(open_nornir(settings=Settings()).inventory.defaults.data["fleet"]))
        return file

    def order(self, folder: Path, *argv: str, **env: str) -> Order:
        """Run a program with the project's folder as its own."""
        return Order(argv=argv, env=env, cwd=str(ROOT), stdout=str(folder / "stdout"), stderr=str(folder / "stderr"))

    def judge(self, read: Callable[[Path], Answers], fine: tuple[int, ...], folder: Path, took: Took) -> dict[str, int]:
        """See that a run brought every kind of fact of every host home."""
        must_exit(took, *fine)
        answers = read(folder)
        store = self.ground.plan.store.address.ip
        for machine in self.ground.plan.machines:
            must_hold(Expected(name=machine.name, mac=machine.mac, store=store), answers.get(machine.name, {}))
        return {"hosts": len(answers), "kinds of facts": len(KINDS)}


REPETITIONS = 9


def measure(folder: Path, repetitions: int | None, say: Callable[[str], None]) -> Iterator[Report]:
    """Measure on the lab's four machines, which need nothing but SSH."""
    equipment = equip(say)
    with ground(say, folder) as here, Seat() as seat:
        yield played(subject(here, equipment, folder), repetitions or REPETITIONS, seat.run, say)


def subject(here: Ground, equipment: Equipment, folder: Path) -> Subject:
    """Everybody, ours first."""
    facts = Facts(ground=here, equipment=equipment, folder=folder)
    return Subject(
        name="facts",
        title=f"Facts of {len(here.plan.machines)} hosts",
        reference="ours",
        unit="host",
        unit_count=len(here.plan.machines),
        contenders=(
            _ours(facts),
            _preflight(facts),
            _openssh(facts, "openssh", "OpenSSH in parallel, one script"),
            _openssh(facts, "openssh-curve25519", "OpenSSH in parallel, one script, curve25519", _CURVE),
            _libssh2(facts),
            _pyinfra(facts, "pyinfra-script", "pyinfra, one script", {"script": facts.script.read_text()}),
            _pyinfra(facts, "pyinfra", f"pyinfra, {len(KINDS)} facts", commands(here)),
            _netmiko(facts),
            _ansible(facts, "ansible-script", "Ansible, one script task", "facts_script.yml", _read_ansible_script),
            _ansible(facts, "ansible", f"Ansible, {len(KINDS)} tasks", "facts_tasks.yml", _read_ansible_tasks),
        ),
        targets=(
            Target(who="ours", than="openssh", limit=1.1, says="fact gathering, times OpenSSH's one-shot"),
            Target(who="ours", than="ansible", limit=0.1, says="fact gathering, times Ansible's tasks"),
        ),
        notes=(
            "All verify host keys and log in by key as a user whom sudo asks nothing.",
            f"Every run's output is seen to hold the same {len(KINDS)} kinds of facts of every host.",
            f"Who runs one script runs the product's own, which has {len(SECTIONS)} sections and so asks for more.",
        ),
    )


def _ours(facts: Facts) -> Contender:
    def order(folder: Path) -> Order:
        program = str(CONTENDERS / "facts_ours.py")
        return facts.order(folder, sys.executable, program, **facts.ground.environment)

    def read(folder: Path) -> Answers:
        return readers.of_sections((folder / "stdout").read_text())

    return Contender(
        name="ours",
        title="fleetproof, its facts",
        version=version("fleetproof"),
        order=order,
        gathered=partial(facts.judge, read, ()),
    )


def _preflight(facts: Facts) -> Contender:
    def order(folder: Path) -> Order:
        program = (sys.executable, "runbooks/preflight.py", "--json")
        return facts.order(folder, *program, **facts.ground.environment)

    def gathered(folder: Path, took: Took) -> dict[str, int]:
        must_exit(took, _FAIL)
        return readers.of_report((folder / "stdout").read_text())

    return Contender(
        name="preflight",
        title="fleetproof, its whole preflight",
        version=version("fleetproof"),
        order=order,
        gathered=gathered,
    )


def _openssh(facts: Facts, name: str, title: str, *options: str) -> Contender:
    ground = facts.ground

    def order(folder: Path) -> Order:
        hosts = targets_of(addresses(ground.plan))
        argv = ("bash", str(CONTENDERS / "openssh.sh"), str(facts.script), str(_answers(folder)), ground.user, *hosts)
        return facts.order(folder, *argv, SSH_OPTIONS=ssh_options(ground, *options))

    return Contender(
        name=name,
        title=title,
        version=openssh_version(),
        order=order,
        gathered=partial(facts.judge, _read_script_outputs(ground), ()),
    )


def _libssh2(facts: Facts) -> Contender:
    ground, equipment = facts.ground, facts.equipment

    def order(folder: Path) -> Order:
        hosts = targets_of(addresses(ground.plan))
        program = (equipment.program("python"), str(CONTENDERS / "libssh2.py"))
        what = (facts.script, _answers(folder), ground.known_hosts, ground.key)
        return facts.order(folder, *program, *map(str, what), ground.user, str(len(hosts)), *hosts)

    return Contender(
        name="libssh2",
        title="libssh2 in threads, one script",
        version=f"ssh2-python {equipment.version('ssh2-python')}",
        order=order,
        gathered=partial(facts.judge, _read_script_outputs(ground), ()),
    )


def _pyinfra(facts: Facts, name: str, title: str, asked: dict[str, str]) -> Contender:
    inventory = write_pyinfra_inventory(facts.folder, facts.ground)
    (facts.folder / name).mkdir(exist_ok=True)
    commands_file = write_commands(facts.folder / name, asked)

    def order(folder: Path) -> Order:
        argv = (facts.equipment.program("pyinfra"), "-y", str(inventory), str(CONTENDERS / "facts_pyinfra.py"))
        env = {"BENCH_COMMANDS": str(commands_file), "BENCH_OUT": str(_answers(folder))}
        return facts.order(folder, *argv, **env)

    def read(folder: Path) -> Answers:
        answers = readers.of_files(_answers(folder))
        return (
            readers.of_script({host: one["script"] for host, one in answers.items()}) if "script" in asked else answers
        )

    return Contender(
        name=name,
        title=title,
        version=facts.equipment.version("pyinfra"),
        order=order,
        gathered=partial(facts.judge, read, ()),
    )


def _netmiko(facts: Facts) -> Contender:
    config = write_nornir_config(facts.folder, facts.ground)
    commands_file = write_commands(facts.folder, commands(facts.ground))

    def order(folder: Path) -> Order:
        argv = (facts.equipment.program("python"), str(CONTENDERS / "facts_nornir_netmiko.py"), str(config))
        return facts.order(folder, *argv, BENCH_COMMANDS=str(commands_file))

    def read(folder: Path) -> Answers:
        return readers.of_json((folder / "stdout").read_text())

    return Contender(
        name="nornir-netmiko",
        title=f"nornir_netmiko as it comes, {len(KINDS)} commands",
        version=facts.equipment.version("nornir-netmiko"),
        order=order,
        gathered=partial(facts.judge, read, ()),
    )


def _ansible(facts: Facts, name: str, title: str, playbook: str, read: Callable[[Path], Answers]) -> Contender:
    inventory = write_ansible_inventory(facts.folder, facts.ground)

    def order(folder: Path) -> Order:
        argv = (facts.equipment.program("ansible-playbook"), "-v", "-i", str(inventory), str(CONTENDERS / playbook))
        env = {
            "ANSIBLE_CONFIG": str(CONTENDERS / "ansible.cfg"),
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "kept"),
            "ANSIBLE_CACHE_PLUGIN": "jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(folder / "facts"),
        }
        return facts.order(folder, *argv, "-e", f"script={facts.script}", **env)

    return Contender(
        name=name,
        title=title,
        version=f"ansible-core {facts.equipment.version('ansible-core')}",
        order=order,
        gathered=partial(facts.judge, read, ()),
        after=end_kept_connections,
    )


def _read_ansible_script(folder: Path) -> Answers:
    return readers.of_ansible_script((folder / "stdout").read_text())


def _read_ansible_tasks(folder: Path) -> Answers:
    # the cache puts a version and an underscore before the host's name
    cached = {file.name.partition("_")[2]: file.read_text() for file in (folder / "facts").iterdir()}
    return readers.of_ansible_tasks((folder / "stdout").read_text(), cached)


def end_kept_connections(folder: Path) -> None:
    """Every run logs in anew: the connections that Ansible leaves open for a minute are ended."""
    for socket in (folder / "kept").glob("*"):
        subprocess.run(("ssh", "-o", f"ControlPath={socket}", "-O", "exit", "-"), capture_output=True, check=False)


def _answers(folder: Path) -> Path:
    """Where a contender leaves one file per host."""
    answers = folder / "answers"
    answers.mkdir(exist_ok=True)
    return answers


def _read_script_outputs(ground: Ground) -> Callable[[Path], Answers]:
    names = [machine.name for machine in ground.plan.machines]

    def read(folder: Path) -> Answers:
        try:
            return readers.of_script({name: (_answers(folder) / name).read_text() for name in names})
        except FileNotFoundError as error:
            raise BenchError(f"no answer: {error}") from error

    return read
