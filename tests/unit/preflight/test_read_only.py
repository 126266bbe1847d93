"""The scripts that go to hosts look and change nothing: by the programs that they call, and by what they redirect."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tasks.preflight.facts import fact_script, gather_facts
from tasks.preflight.paths import path_script, probe_paths
from tasks.transport.fake import ScriptedShell
from tests.unit.preflight.recordings import RECORDED, fleet

if TYPE_CHECKING:
    from pathlib import Path

LOOKING = {
    "arping": "sends ARP requests",
    "bash": "opens TCP and UDP connections",
    "cat": "prints files",
    "containerd": "config dump alone: prints the configuration",
    "ctr": "version, plugins ls and images ls alone: ask the daemon",
    "date": "without -s: prints the time",
    "getent": "resolves names",
    "grep": "prints lines",
    "gzip": "-dc alone: prints what it unpacks",
    "ip": "address, route, route get and show alone",
    "kubeadm": "version and config images list alone",
    "kubectl": "version --client alone",
    "kubelet": "--version alone",
    "ping": "sends ICMP echo requests",
    "ss": "lists sockets",
    "stat": "-f alone: file systems' sizes",
    "systemctl": "show alone",
    "timeout": "ends what hangs",
    "uname": "prints the machine's architecture",
}
"""Every program that a script may call, and why it is harmless."""

HARMLESS = re.compile(
    r"containerd config dump|ctr( --connect-timeout 3s)?( -n k8s.io)? (version|plugins ls|images ls -q)|date \+%s\.%N"
    r"|gzip -dc|ip (-[jdo46] )*(address|route)( (get|show to) \S+)?|kubeadm (version -o short|config images list .*)"
    r"|kubectl version --client|kubelet --version|stat -f .*|systemctl show .*|ss -Hlntup|uname -m"
)
"""The only ways in which programs that could change something may be called."""

SITE = fleet()
SCRIPTS = {"facts": fact_script(SITE), "paths": path_script(SITE, SITE.clusters[0])}
SHELLS = ("/bin/sh", "/bin/bash")
"""Debian's sh is dash, Red Hat's is bash."""

COULD_CHANGE = ("containerd", "ctr", "date", "gzip", "ip", "kubeadm", "kubectl", "kubelet", "stat", "systemctl")


@pytest.fixture
def calls(tmp_path: Path, request: pytest.FixtureRequest) -> list[str]:
    """Run one script where every allowed program only notes how it was called; any other is not found."""
    script, shell = request.param
    log, programs = tmp_path / "calls", tmp_path / "bin"
    programs.mkdir()
    for name in LOOKING:
        stub = programs / name
        then = {"timeout": 'shift; exec "$@"', "ip": "echo 1: eth0 dev eth0"}.get(name, ":")
        said = name if name in {"bash", "timeout"} else f"{name} $*"
        stub.write_text(f'#!/bin/sh\necho "{said}" >>{log}\n{then}\n')
        stub.chmod(0o755)
    done = subprocess.run(
        [shell, "-s"], input=SCRIPTS[script], capture_output=True, text=True, check=False,
        env={"PATH": str(programs)}, cwd=tmp_path,
    )  # fmt: skip
    assert "not found" not in done.stderr + done.stdout, "a program that LOOKING does not name was called"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "calls"], "a file was left behind"
    return log.read_text().splitlines()


@pytest.mark.parametrize("calls", [(script, shell) for script in SCRIPTS for shell in SHELLS], indirect=True)
def test_scripts_call_only_programs_that_look(calls: list[str]) -> None:
    """Programs that could do more are called in their harmless ways alone."""
    careful = [call for call in calls if call.split()[0] in COULD_CHANGE]
    assert len(careful) > 3
    assert [call for call in careful if not HARMLESS.fullmatch(call.strip())] == []


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=list(SCRIPTS))
def test_scripts_write_no_file(script: str) -> None:
    """Output goes to the two streams or to nowhere; nothing but sockets is opened for writing."""
    targets = re.findall(r"(<>|>>|[0-9]?>\|?&?)\s*([^\s;|)]+)", re.sub(r"'[^']*\$0[^']*'", "", script))
    assert {target for _, target in targets} <= {"/dev/null", "2", "1", "&1"}
    sockets = re.findall(r'<>"([^"$]+)', script)
    assert sockets
    assert set(sockets) <= {"/dev/tcp/", "/dev/udp/"}


def test_transports_are_told_that_nothing_is_changed() -> None:
    """The commands pass a transport that refuses mutations, as root, in one round trip each."""
    shell = ScriptedShell(plan=True)
    shell.answer_if(lambda _: True)
    gather_facts(shell, SITE)
    probe_paths(shell, SITE, SITE.clusters[0])
    assert [(command.mutates, command.sudo) for command in shell.commands] == [(False, True)] * 2


def test_no_credential_leaves_the_host() -> None:
    """Of admin.conf only names, server and CA are printed, never a client's certificate or key."""
    printed = "\n".join(path.read_text("utf-8") for path in RECORDED.rglob("stdout.txt"))
    assert "certificate-authority-data" in printed
    assert not re.search(r"client-key-data|client-certificate-data|PRIVATE KEY|token:", printed)
