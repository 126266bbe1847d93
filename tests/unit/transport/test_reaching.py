"""From the inventory to a shell, without a network."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nornir.core import Nornir
from nornir.core.configuration import Config
from nornir.core.inventory import Host, Hosts, Inventory
from nornir.core.state import GlobalState
from nornir.core.task import Result, Task
from nornir.plugins.runners import SerialRunner

from tasks.model.command import Command
from tasks.model.errors import PlanViolation, SettingsError, Unreachable
from tasks.transport.access import Access
from tasks.transport.execute import remote_line
from tasks.transport.fake import KeptShell, ScriptedShell
from tasks.transport.plugin import NodeShell, access_of
from tasks.transport.shell_of import shell_of
from tasks.transport.sudo import judge, probe

ROOT = Path(__file__).parents[3]


def access(**changes: object) -> Access:
    """A host with a bastion."""
    given = {"name": "cluster-01", "address": "10.0.0.1", "user": "me", "known_hosts": Path("k"), **changes}
    return Access(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("jump", "user", "address", "port", "name"),
    [
        ("10.0.0.9", "me", "10.0.0.9", 22, "10.0.0.9"),
        ("ops@10.0.0.9", "ops", "10.0.0.9", 22, "10.0.0.9"),
        ("ops@bastion.lab:2222", "ops", "bastion.lab", 2222, "[bastion.lab]:2222"),
        ("[fd00::9]:2222", "me", "fd00::9", 2222, "[fd00::9]:2222"),
        ("[fd00::9]", "me", "fd00::9", 22, "fd00::9"),
    ],
)
def test_a_bastion_is_read_from_proxy_jump(jump: str, user: str, address: str, port: int, name: str) -> None:
    """User and port are the host's own and 22 unless they are given; its name is its name in known_hosts."""
    bastion = access(proxy_jump=jump).bastion
    assert (bastion.user, bastion.address, bastion.port, bastion.name) == (user, address, port, name)
    assert bastion.proxy_jump == ""


@pytest.mark.parametrize("jump", ["a@b@c", "host:", "host:ssh", "fd00::9", "two words", "@host"])
def test_a_proxy_jump_that_is_no_address_is_a_mistake(jump: str) -> None:
    """It is said with what was wanted."""
    with pytest.raises(SettingsError, match=r"cluster-01: proxy_jump is .* wanted"):
        _ = access(proxy_jump=jump).bastion


def test_a_password_is_not_in_an_access_repr() -> None:
    """Tracebacks and logs show an access without its secret."""
    assert "hunter2" not in repr(access(password="hunter2"))


@pytest.mark.parametrize(
    ("hostname", "extras", "said"), [(None, {"known_hosts": "k"}, "no hostname"), ("10.0.0.1", {}, "no known_hosts")]
)
def test_what_the_inventory_lacks_is_said(hostname: str | None, extras: dict[str, str], said: str) -> None:
    """Nothing is connected to, and no host key file is guessed."""
    with pytest.raises(SettingsError, match=f"cluster-01: .*{said}"):
        NodeShell().open(hostname, "me", None, None, None, {"name": "cluster-01", **extras})


def test_connection_parameters_reach_the_access() -> None:
    """Per-host port and user, key, bastion and deadline arrive as the inventory has them."""
    extras = {"name": "c", "known_hosts": "k", "ssh_key": "id", "proxy_jump": "b", "connect_timeout_s": 3}
    assert access_of("10.0.0.1", "me", "pw", 2222, extras) == Access(
        name="c",
        address="10.0.0.1",
        port=2222,
        user="me",
        password="pw",
        ssh_key=Path("id"),
        known_hosts=Path("k"),
        proxy_jump="b",
        connect_timeout_s=3,
    )


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1), min_size=1))
def test_a_shell_reads_the_arguments_back(argv: list[str]) -> None:
    """The line for the host, taken apart as a shell does, ends in exactly the arguments."""
    line = remote_line(Command(argv=tuple(argv), timeout_s=1.5), ("sudo", "-n", "--"))
    head, _, rest = line.partition("; ")
    assert shlex.split(rest.removesuffix("; exit $?")) == ["sudo", "-n", "--", "timeout", "-k", "2", "1.5", *argv]
    assert head.startswith("export LC_ALL=C PATH=")


@pytest.mark.parametrize(
    ("stdout", "elevated"),
    [("free\n", ("sudo", "-n", "--")), ("asks\n", ("sudo", "-k", "-S", "-p", "", "--"))],
)
def test_sudo_is_told_the_password_only_where_it_asks(stdout: str, elevated: tuple[str, ...]) -> None:
    """A password that sudo does not read would become the command's own input."""
    shell, host = ScriptedShell(), access(password="pw")
    shell.answer_if(lambda _: True, stdout=stdout)
    elevation = judge(host, shell.run(probe(host)))
    assert (elevation.argv, elevation.stdin) == (elevated, b"pw\n" if "-S" in elevated else b"")
    assert "pw" not in repr(elevation)


def test_no_attempt_is_wasted_on_no_password() -> None:
    """An empty password would be a failed attempt on the host's account."""
    assert "-S" not in probe(access()).argv[-1]
    assert "-S" in probe(access(password="pw")).argv[-1]


@pytest.mark.parametrize("stdout", ["", "Last login\nfree\n", "freely\n"])
def test_any_other_answer_is_no_permission(stdout: str) -> None:
    """Whatever a login prints besides, it is not taken for a yes."""
    shell, host = ScriptedShell(), access(password="pw")
    shell.answer_if(lambda _: True, stdout=stdout)
    with pytest.raises(Unreachable, match="sudo-refused"):
        judge(host, shell.run(probe(host)))


def nornir(shell: ScriptedShell, *, dry_run: bool) -> Nornir:
    """One host with a scripted shell."""
    host = Host(name="cluster-01", hostname="10.0.0.1")
    host.connections["node_shell"] = KeptShell(shell)
    inventory = Inventory(hosts=Hosts({host.name: host}))
    return Nornir(inventory=inventory, runner=SerialRunner(), config=Config(), data=GlobalState(dry_run=dry_run))


def off(task: Task) -> Result:
    """Look, then change."""
    shell = shell_of(task)
    shell.run(Command(argv=("swapon", "--show")))
    return Result(host=task.host, result=shell.run(Command(argv=("swapoff", "-a"), mutates=True)).ok)


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_dry_run_lets_no_mutation_through(dry_run: bool) -> None:  # noqa: FBT001
    """Nornir's own flag is what decides; reading goes on, and the mutation never reaches the host's shell."""
    shell = ScriptedShell()
    shell.answer("swapon --show")
    shell.answer("swapoff -a")
    result = nornir(shell, dry_run=dry_run).run(off)["cluster-01"][0]
    assert isinstance(result.exception, PlanViolation) == dry_run
    assert [command.argv[0] for command in shell.commands] == (["swapon"] if dry_run else ["swapon", "swapoff"])


def imported_by(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after a statement."""
    script = f"{statement}; import sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(run.stdout.split())


def test_nobody_pays_for_ssh_before_a_connection_is_opened() -> None:
    """Plugin, shell_of and both other shells import neither paramiko nor netmiko."""
    modules = ("plugin", "shell_of", "local", "fake", "agree", "enrolment")
    statement = "; ".join(f"import tasks.transport.{module}" for module in modules)
    assert not imported_by(statement) & {"paramiko", "netmiko", "cryptography", "nornir"}


def test_paramiko_comes_without_invoke() -> None:
    """The part of paramiko's import that nothing here uses is left out, and importable afterwards."""
    loaded = imported_by("import tasks.transport.reach")
    assert ("paramiko" in loaded, loaded & {"invoke", "asyncio"}) == (True, set())
    assert "invoke" in imported_by("import tasks.transport.reach, invoke")


OURS = "from tasks.transport.connection import NodeConnection"
LINUX = "from netmiko.ssh_dispatcher import CLASS_MAPPER_BASE; driver = CLASS_MAPPER_BASE['linux']"


@pytest.mark.parametrize(
    "statements",
    [
        f"{OURS}; import sys; assert not any(name.startswith('netmiko.cisco.') for name in sys.modules)",
        f"{OURS}; import netmiko; assert netmiko.__version__ and netmiko.ConnectHandler and netmiko.base_connection",
        f"{OURS}; from netmiko import ConnectHandler; assert ConnectHandler",
        f"{OURS}; {LINUX}; assert issubclass(NodeConnection, driver)",
        f"import netmiko; {OURS}; {LINUX}; assert issubclass(NodeConnection, driver)",
        f"{OURS}; import netmiko\ntry: netmiko.nothing\nexcept AttributeError: pass\nelse: raise SystemExit(1)",
    ],
)
def test_netmiko_s_other_drivers_come_only_for_who_asks(statements: str) -> None:
    """Ours needs none of them; before or after ours the package is whole, and has one Linux driver."""
    assert subprocess.run((sys.executable, "-W", "error", "-c", statements), cwd=ROOT, check=False).returncode == 0


def test_enrolling_is_the_only_writer_of_host_keys() -> None:
    """No other module renders known_hosts, and none accepts keys by itself."""
    sources = [*ROOT.glob("tasks/**/*.py"), *ROOT.glob("runbooks/*.py")]
    writers = {path.relative_to(ROOT).as_posix() for path in sources if "render_known_hosts" in path.read_text()}
    assert writers == {"tasks/transport/enrolment.py", "runbooks/enrol.py"}
    careless = ("AutoAddPolicy", "WarningPolicy", "load_system_host_keys", "StrictHostKeyChecking")
    assert not [path for path in sources for word in careless if word in path.read_text()]
