"""A machine's files and its disk."""

import os
from pathlib import Path, PurePosixPath

import pytest

from lab.credentials import Credentials
from lab.machine.accounts import lab_accounts
from lab.machine.disk import DiskError, make_disk
from lab.machine.files import MASKED_UNITS, File, Link, machine_files
from lab.plan import LabPlan
from lab.state import MachineFolder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root file system that has account files and nothing else."""
    etc = tmp_path / "root" / "etc"
    etc.mkdir(parents=True)
    (etc / "passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    (etc / "shadow").write_text("root:*:19000:0:99999:7:::\n")
    (etc / "group").write_text("root:x:0:\nsudo:x:27:\nshadow:x:42:\n")
    return etc.parent


@pytest.fixture
def files(tmp_path: Path, plan: LabPlan, root: Path) -> dict[str, dict[str, File | Link]]:
    """All files of both machines, by path."""
    credentials = Credentials(tmp_path / "secrets")
    credentials.create(plan)
    accounts = lab_accounts(credentials)
    return {
        machine.name: {str(file.path): file for file in machine_files(plan, machine, credentials, accounts, root)}
        for machine in plan.machines
    }


def content(file: File | Link) -> str:
    """What a plain file holds."""
    assert isinstance(file, File)
    return file.content


@pytest.mark.parametrize(
    "path",
    [
        "/etc/hostname",
        "/etc/hosts",
        "/etc/machine-id",
        "/etc/iscsi/initiatorname.iscsi",
        "/etc/ssh/ssh_host_ed25519_key",
        "/etc/ssh/ssh_host_ecdsa_key.pub",
    ],
)
def test_what_names_a_machine_is_its_own(files: dict[str, dict[str, File | Link]], path: str) -> None:
    """No two machines share it: clones are what preflight has to find, not what the lab starts with."""
    assert content(files["cluster-01"][path]) != content(files["cluster-02"][path])


def test_a_machine_asks_the_labs_dns_and_finds_its_own_name_without(files: dict[str, dict[str, File | Link]]) -> None:
    """A resolver that does not answer costs every login seconds; an own name that does not resolve is a warning."""
    assert content(files["cluster-01"]["/etc/resolv.conf"]) == "nameserver 192.168.101.1\nsearch miribit.lab\n"
    assert "192.168.101.194 cluster-01.miribit.lab cluster-01\n" in content(files["cluster-01"]["/etc/hosts"])


def test_units_that_would_reach_the_host_are_masked(files: dict[str, dict[str, File | Link]]) -> None:
    """A masked unit is a link to /dev/null; udevd is among them, or all machines get one MAC."""
    masked = {path for path, file in files["cluster-01"].items() if file == Link(PurePosixPath(path), "/dev/null")}
    assert masked == {f"/etc/systemd/system/{unit}" for unit in MASKED_UNITS}
    assert "systemd-udevd.service" in MASKED_UNITS


def test_private_keys_are_private(files: dict[str, dict[str, File | Link]]) -> None:
    """An SSH server refuses keys that others may read."""
    keys = [file for path, file in files["cluster-01"].items() if path.endswith("_key")]
    assert [file.mode for file in keys if isinstance(file, File)] == [0o600, 0o600]


def test_no_machine_sets_the_hosts_clock(files: dict[str, dict[str, File | Link]]) -> None:
    """Their chronyd measures only (-x)."""
    assert content(files["cluster-01"]["/etc/default/chrony"]) == 'DAEMON_OPTS="-x"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MachineFolder:
    """Where a disk is to be made; who owns its files is for root to decide, and only noted here."""
    monkeypatch.setattr(os, "chown", lambda path, user, group: OWNERS.__setitem__(str(path), (user, group)))
    return MachineFolder(tmp_path / "machines" / "cluster-01")


OWNERS: dict[str, tuple[int, int]] = {}
NO_LOCK = 0


def test_a_disk_holds_the_files_with_their_modes_and_owners(folder: MachineFolder) -> None:
    """A home belongs to its user down to the last folder, the folder of all homes to root; a link stays a link."""
    files = (
        File(PurePosixPath("/etc/a/b"), "text", mode=0o640, group=42),
        File(PurePosixPath("/home/fleet/.ssh/authorized_keys"), "key", mode=0o600, owner=1000, group=1000),
        Link(PurePosixPath("/etc/c"), "/dev/null"),
    )
    make_disk(folder, files, None, NO_LOCK)
    owners = {path.removeprefix(str(folder.upper)): owner for path, owner in OWNERS.items()}
    assert (folder.upper / "etc/a/b").read_text() == "text"
    assert (folder.upper / "etc/a/b").stat().st_mode & 0o777 == 0o640
    assert (folder.upper / "etc/c").readlink() == Path("/dev/null")
    assert (owners["/etc/a"], owners["/etc/a/b"]) == ((0, 0), (0, 42))
    assert (owners["/home"], owners["/home/fleet"], owners["/home/fleet/.ssh"]) == ((0, 0), (1000, 1000), (1000, 1000))


def test_a_complete_disk_is_kept_and_a_half_made_one_is_not(folder: MachineFolder) -> None:
    """A machine that is switched on again finds what it wrote; the debris of a crash is made anew."""
    written = File(PurePosixPath("/etc/hostname"), "first")
    make_disk(folder, [written], None, NO_LOCK)
    (folder.upper / "etc/hostname").write_text("changed by the machine")
    make_disk(folder, [written], None, NO_LOCK)
    assert (folder.upper / "etc/hostname").read_text() == "changed by the machine"
    folder.ready.unlink()
    make_disk(folder, [written], None, NO_LOCK)
    assert (folder.upper / "etc/hostname").read_text() == "first"


def test_images_are_shared_and_databases_are_not(folder: MachineFolder, tmp_path: Path) -> None:
    """A machine writes into its databases: through a hard link it would write into all machines' and the cache's."""
    primed = tmp_path / "primed" / "io.containerd.metadata.v1.bolt"
    primed.mkdir(parents=True)
    (primed / "meta.db").write_text("database")
    (primed / "blob").write_text("layer")
    with Path(os.devnull).open() as lock:
        make_disk(folder, [], primed.parent, lock.fileno())
    own = folder.real / "containerd" / primed.name
    assert (own / "blob").samefile(primed / "blob")
    assert not (own / "meta.db").samefile(primed / "meta.db")
    assert (own / "meta.db").read_text() == "database"


def test_images_that_cannot_be_linked_are_an_error(folder: MachineFolder, tmp_path: Path) -> None:
    """The copying program's own words are kept, and the disk is not called ready."""
    with Path(os.devnull).open() as lock, pytest.raises(DiskError, match=r"cannot be linked: .*No such file"):
        make_disk(folder, [], tmp_path / "nowhere", lock.fileno())
    assert not folder.ready.exists()
