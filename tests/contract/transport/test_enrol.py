"""Enrolling the keys of real servers with the runbook itself."""

from __future__ import annotations

import importlib.util
import io
import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from nornir.core import Nornir
from nornir.core.configuration import Config
from nornir.core.inventory import ConnectionOptions, Host, Hosts, Inventory

import tasks
from tasks.transport.hostkeys import HostKey, parse_known_hosts
from tests.contract.transport.box import keygen

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from tests.contract.transport.box import Box

RUNBOOK = Path(__file__).parents[3] / "runbooks" / "enrol.py"


class Site:
    """
    A project whose hosts are test servers.

    Attributes:
        known_hosts: the file that the runbook writes
        out, err: what the last call has printed

    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.known_hosts = folder / "state" / "known_hosts"
        self.hosts: dict[str, Host] = {}
        self.out = self.err = ""
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(
            tasks, "open_nornir", lambda: Nornir(inventory=Inventory(hosts=Hosts(self.hosts)), config=Config())
        )

    def add(self, name: str, port: int, **extras: Any) -> None:
        """Put a host into the inventory."""
        options = {"known_hosts": self.known_hosts, "connect_timeout_s": 5, **extras}
        self.hosts[name] = Host(
            name=name,
            hostname="127.0.0.1",
            port=port,
            username="free",
            connection_options={"node_shell": ConnectionOptions(extras=options)},
        )

    def enrol(self, *arguments: str, answers: str | None = None) -> int:
        """Run the runbook; with ``answers`` somebody sits at the terminal and types them."""
        stdin = io.StringIO(answers or "")
        stdin.isatty = lambda: answers is not None  # type: ignore[method-assign]
        self._monkeypatch.setattr("sys.stdin", stdin)
        code: int = runbook().main(arguments)
        self.out, self.err = self._capsys.readouterr()
        return code

    @property
    def enrolled(self) -> tuple[HostKey, ...]:
        """What is in the file; nothing where there is none."""
        return parse_known_hosts(self.known_hosts.read_text(), source="") if self.known_hosts.exists() else ()


def runbook() -> ModuleType:
    """The runbook as a module, although runbooks are no package."""
    spec = importlib.util.spec_from_file_location("enrol", RUNBOOK)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], box: Box) -> Site:
    """A site with one host, the shared server."""
    site = Site(tmp_path, monkeypatch, capsys)
    site.add("cluster-01", box.port)
    return site


def keys_of(box: Box) -> tuple[HostKey, ...]:
    """A server's keys as they ought to be enrolled."""
    return parse_known_hosts("".join(f"[127.0.0.1]:{box.port} {key}\n" for key in box.host_keys), source="")


def listed(host: str, keys: tuple[HostKey, ...]) -> str:
    """An out-of-band list."""
    return "".join(f"{host} {key.keytype} {key.fingerprint}\n" for key in keys)


def test_yes_enrols_every_key_that_the_server_has(site: Site, box: Box) -> None:
    """All three are shown with their fingerprints and, once agreed to, written for the owner's eyes alone."""
    assert site.enrol(answers="yes\n") == 0
    assert set(site.enrolled) == set(keys_of(box))
    assert all(f"{key.keytype} " in site.err and key.fingerprint in site.err for key in site.enrolled)
    assert site.known_hosts.stat().st_mode & 0o777 == 0o600
    assert site.out == "cluster-01: enrolled\n"


@pytest.mark.parametrize("answer", ["\n", "no\n", "y\n", "YES\n", ""])
def test_anything_but_yes_enrols_nothing(site: Site, answer: str) -> None:
    """Only the word itself agrees; the end of input does not."""
    assert (site.enrol(answers=answer), site.enrolled) == (1, ())


def test_nobody_to_ask_enrols_nothing_and_says_what_to_do(site: Site) -> None:
    """Without a terminal the fingerprints are shown and the two other ways are named."""
    assert (site.enrol(), site.enrolled) == (1, ())
    assert "--expect FILE or --i-have-compared" in site.out


def test_the_operators_word_enrols(site: Site, box: Box) -> None:
    """``--i-have-compared`` asks nothing."""
    assert site.enrol("--i-have-compared") == 0
    assert set(site.enrolled) == set(keys_of(box))


def test_a_second_time_there_is_nothing_to_do(site: Site) -> None:
    """Enrolled hosts are asked again, found unchanged, and nobody is bothered."""
    site.enrol("--i-have-compared")
    before = site.known_hosts.stat().st_mtime_ns
    assert site.enrol() == 0
    assert (site.out, site.known_hosts.stat().st_mtime_ns) == ("cluster-01: unchanged\n", before)


def test_a_list_that_agrees_enrols(site: Site, box: Box, tmp_path: Path) -> None:
    """An out-of-band list with exactly the presented keys needs nobody."""
    (tmp_path / "list").write_text("# from the consoles\n\n" + listed("cluster-01", keys_of(box)))
    assert site.enrol("--expect", str(tmp_path / "list")) == 0
    assert set(site.enrolled) == set(keys_of(box))


def test_a_list_that_differs_refuses_all_hosts_without_asking(
    site: Site, box: Box, tmp_path: Path, start_box: Callable[..., Box]
) -> None:
    """One host with another key than listed, or with one more, or with one less: nothing at all is written."""
    other = start_box()
    site.add("cluster-02", other.port)
    good, bad = keys_of(other), keys_of(box)
    for wrong in (bad[1:], (*bad, good[0]), ()):
        (tmp_path / "list").write_text(listed("cluster-02", good) + listed("cluster-01", wrong))
        assert (site.enrol("--expect", str(tmp_path / "list"), answers="yes\nyes\n"), site.enrolled) == (1, ())
    assert f"presents {bad[0].keytype} {bad[0].fingerprint}, which is not in the list" in site.out
    assert "cluster-02: refused: agrees, but another host does not" in site.out


def test_a_list_also_judges_what_is_enrolled_already(site: Site, box: Box, tmp_path: Path) -> None:
    """A host that was enrolled wrongly is found out by the list."""
    site.enrol("--i-have-compared")
    (tmp_path / "list").write_text(listed("cluster-01", keys_of(box)[1:]))
    assert site.enrol("--expect", str(tmp_path / "list")) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("cluster-01 ssh-ed25519", "list:1: wanted `host keytype SHA256:fingerprint`"),
        ("cluster-01 ssh-ed25519 MD5:00", "list:1: wanted `host keytype SHA256:fingerprint`"),
        ("cluster-09 ssh-ed25519 SHA256:x", "list:1: cluster-09 is not in the inventory: cluster-01"),
    ],
)
def test_a_list_that_cannot_be_read_is_wrong_usage(site: Site, tmp_path: Path, line: str, said: str) -> None:
    """Every wrong line is named by its number, and no host is asked."""
    (tmp_path / "list").write_text(line)
    assert site.enrol("--expect", str(tmp_path / "list")) == 2
    assert said in site.err
    assert "asking" not in site.err


@pytest.fixture
def changed(site: Site, box: Box, tmp_path: Path) -> tuple[HostKey, ...]:
    """The shared server, enrolled with an ed25519 key that it does not have."""
    keytype, blob = Path(f"{keygen(tmp_path / 'old')}.pub").read_text().split()[:2]
    site.known_hosts.parent.mkdir()
    site.known_hosts.write_text(f"[127.0.0.1]:{box.port} {keytype} {blob}\n10.0.0.9 {keytype} {blob}\n")
    return site.enrolled


@pytest.mark.parametrize("arguments", [(), ("--i-have-compared",)])
def test_a_changed_key_is_not_replaced_by_the_way(
    site: Site, changed: tuple[HostKey, ...], arguments: tuple[str, ...]
) -> None:
    """Without ``--replace`` the old key stays, whatever is typed; both fingerprints are shown."""
    assert (site.enrol(*arguments, answers="yes\n"), site.enrolled) == (1, changed)
    assert f"OTHER THAN ENROLLED {changed[0].fingerprint}" in site.err
    assert "--replace" in site.out


def test_replacing_wants_the_hosts_name(site: Site, box: Box, changed: tuple[HostKey, ...]) -> None:
    """A yes is not enough to give up a key; other hosts' keys stay."""
    assert (site.enrol("--replace", answers="yes\n"), site.enrolled) == (1, changed)
    assert site.enrol("--replace", answers="cluster-01\n") == 0
    assert set(site.enrolled) == {*keys_of(box), changed[1]}


def test_a_host_is_forgotten(site: Site, start_box: Callable[..., Box]) -> None:
    """``--remove`` takes the named host's keys out and asks no host."""
    other = start_box()
    site.add("cluster-02", other.port)
    site.enrol("--i-have-compared")
    assert site.enrol("--host", "cluster-01", "--remove") == 0
    assert (set(site.enrolled), site.out) == (set(keys_of(other)), "cluster-01: removed\n")


def test_forgetting_wants_a_name(site: Site) -> None:
    """All hosts are not forgotten at once."""
    with pytest.raises(SystemExit, match="2"):
        site.enrol("--remove")


def test_a_name_that_is_not_in_the_inventory_is_wrong_usage(site: Site) -> None:
    """The message lists the names there are."""
    assert site.enrol("--host", "cluster-09") == 2
    assert "cluster-09 is not in the inventory: cluster-01" in site.err


def test_a_host_that_cannot_be_asked_does_not_hold_up_the_others(site: Site, box: Box) -> None:
    """The others are enrolled, and the exit code tells."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        site.add("cluster-02", taken.getsockname()[1])
        assert site.enrol("--i-have-compared", "--json") == 3
    assert set(site.enrolled) == set(keys_of(box))
    first, second = json.loads(site.out)["hosts"]
    assert (first["state"], second["state"]) == ("enrolled", "unreachable")
    assert second["why"].startswith("connection-refused")
    assert {key["fingerprint"] for key in first["keys"]} == {key.fingerprint for key in site.enrolled}


def test_a_bastion_is_enrolled_before_the_hosts_behind_it(site: Site, box: Box, start_box: Callable[..., Box]) -> None:
    """Its keys are asked for first, and once they are agreed to the hosts are asked over it, in the same run."""
    bastion = start_box()
    site.hosts.clear()
    jump = f"none@127.0.0.1:{bastion.port}"
    site.add("cluster-01", box.port, proxy_jump=jump, ssh_key=box.keys["ed25519"])
    assert site.enrol("--host", "cluster-01", answers="yes\nyes\n") == 0
    assert set(site.enrolled) == {*keys_of(box), *keys_of(bastion)}
    assert site.out.splitlines() == [f"[127.0.0.1]:{bastion.port}: enrolled", "cluster-01: enrolled"]


def test_ctrl_c_at_the_question_writes_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit code is 130."""

    def interrupt(_: str) -> str:
        raise KeyboardInterrupt

    module = runbook()
    monkeypatch.setattr(module, "_ask", interrupt)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    assert (module.main([]), site.enrolled) == (130, ())
