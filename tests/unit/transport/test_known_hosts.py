"""The project's own known_hosts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.model.errors import SettingsError
from tasks.transport.enrolment import render_known_hosts
from tasks.transport.hostkeys import HostKey, endpoint_of, enrolled_keys, parse_known_hosts, read_known_hosts

if TYPE_CHECKING:
    from pathlib import Path

WORD = st.text(st.characters(categories=("L", "N", "P"), exclude_characters="#"), min_size=1)
KEYS = st.builds(HostKey, WORD, WORD, st.binary(min_size=1))

# made by `ssh-keygen -t ed25519`, the fingerprint printed by `ssh-keygen -lf`, OpenSSH 9.2
LINE = "192.168.101.194 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG6THqCtvMM18WGtnfoHWPiXUaz9c/wc5pkkL0A9o3Bt"
FINGERPRINT = "SHA256:0avcnAyd9QU7r53hzM2g053UeOd77gm8rDjtl0DVYPQ"


def test_fingerprints_are_those_of_ssh_keygen() -> None:
    """What is shown is what ``ssh-keygen -lf`` prints on the host's console."""
    (key,) = parse_known_hosts(LINE, source="")
    assert key.fingerprint == FINGERPRINT


@given(st.lists(KEYS))
def test_what_is_written_is_read_again(keys: list[HostKey]) -> None:
    """Rendering and parsing are each other's inverse."""
    assert parse_known_hosts(render_known_hosts(keys), source="") == tuple(keys)


@pytest.mark.parametrize(
    "line",
    [
        "10.0.0.1",
        "10.0.0.1 ssh-rsa",
        "10.0.0.1 ssh-rsa AAAA comment",
        "@revoked 10.0.0.1 ssh-rsa AAAA",
        "a b c=d",
        "a b é",
    ],
)
def test_a_line_that_is_no_plain_key_is_a_mistake(line: str) -> None:
    """It is named by file and line, each one of them; nothing is skipped in silence."""
    with pytest.raises(SettingsError) as caught:
        parse_known_hosts(f"# head\n{line}\n\n{LINE}\n{line}\n", source="known_hosts")
    assert [said.partition(" ")[0] for said in str(caught.value).splitlines()] == ["known_hosts:2:", "known_hosts:5:"]


def test_only_the_endpoints_own_keys_count(tmp_path: Path) -> None:
    """The same address at another port is another server."""
    file = tmp_path / "known_hosts"
    file.write_text(f"{LINE}\n[192.168.101.194]:2222 {LINE.split(maxsplit=1)[1]}\n")
    assert [str(key) for key in enrolled_keys(file, endpoint_of("192.168.101.194", 22))] == [LINE]
    assert len(enrolled_keys(file, endpoint_of("192.168.101.194", 2222))) == 1
    assert enrolled_keys(file, "192.168.101.19") == ()


def test_no_file_is_no_key(tmp_path: Path) -> None:
    """Before the first enrolment there is no file."""
    assert read_known_hosts(tmp_path / "none") == ()


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    """It is not taken for an empty one."""
    with pytest.raises(SettingsError, match=str(tmp_path)):
        read_known_hosts(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="binary"):
        read_known_hosts(tmp_path / "binary")


def test_a_change_of_the_file_is_seen(tmp_path: Path) -> None:
    """A key that is enrolled while the process runs counts at once, however quickly it was written."""
    file = tmp_path / "known_hosts"
    file.write_text("")
    assert read_known_hosts(file) == ()
    stat = file.stat()
    file.write_text(f"{LINE}\n")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert len(read_known_hosts(file)) == 1
