"""What the lab makes up for itself, and who may read it."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from lab.credentials import Credentials, fingerprint_of, new_host_key
from lab.machine.accounts import Account, hash_of, lab_accounts, with_accounts
from lab.plan import LabPlan
from tasks.settings import VARIABLES

KNOWN_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl github.com"
KNOWN_FINGERPRINT = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"


@pytest.fixture
def credentials(tmp_path: Path, plan: LabPlan) -> Credentials:
    """A lab's credentials, just made."""
    made = Credentials(tmp_path / "secrets")
    made.create(plan)
    return made


def test_a_fingerprint_is_what_ssh_keygen_prints() -> None:
    """A published key and its published fingerprint."""
    assert fingerprint_of(KNOWN_KEY) == KNOWN_FINGERPRINT


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen here")
def test_openssh_reads_the_host_keys_that_the_lab_makes(tmp_path: Path, kind: str) -> None:
    """ssh-keygen derives the same public key from the private one."""
    key = new_host_key(kind)
    file = tmp_path / "key"
    file.write_text(key.private)
    file.chmod(0o600)
    derived = subprocess.run(["ssh-keygen", "-y", "-f", file], capture_output=True, text=True, check=True).stdout
    assert derived.split()[:2] == key.public.split()[:2]


def test_nobody_else_may_read_any_of_it(credentials: Credentials) -> None:
    """The folder is 0700 and every file in it 0600."""
    files = [path for path in credentials.folder.rglob("*") if path.is_file()]
    assert stat.S_IMODE(credentials.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert len(files) == 12


def test_the_operators_environment_is_complete(credentials: Credentials) -> None:
    """Every credential that a deployment reads, none of them empty, the key's path leading to a key."""
    environment = credentials.environment()
    chosen = {"ALERT_SLACK_URL", "ALERT_SMTP_PASSWORD"}  # for receivers that no overlay has chosen
    of_others = ("FLEETPROOF_", "AUDIT_")  # the seat's own, and whom an audit tells: nobody
    assert set(environment) == {name for name in VARIABLES if not name.startswith(of_others)} - chosen
    assert all(environment.values())
    assert "OPENSSH PRIVATE KEY" in Path(environment["NODE_SSH_KEY"]).read_text()


def test_a_second_up_changes_no_secret(credentials: Credentials, plan: LabPlan) -> None:
    """What machines already trust stays true."""
    before = {path: path.read_text() for path in credentials.folder.rglob("*") if path.is_file()}
    credentials.create(plan)
    assert {path: path.read_text() for path in credentials.folder.rglob("*") if path.is_file()} == before


def test_two_labs_share_no_secret(credentials: Credentials, tmp_path: Path, plan: LabPlan) -> None:
    """Everything but the user's name and the bucket of a path is made up anew."""
    other = Credentials(tmp_path / "other")
    other.create(plan)
    secret = ("NODE_PASSWORD", "S3_ACCESS_KEY", "S3_SECRET_KEY")
    assert not {credentials.environment()[name] for name in secret} & {other.environment()[name] for name in secret}


def test_the_fingerprints_list_names_every_key_of_every_machine(credentials: Credentials) -> None:
    """One line each: host, key type, fingerprint; enrolment compares with it."""
    lines = [line.split() for line in credentials.fingerprints_file.read_text().splitlines()]
    assert [line[:2] for line in lines] == [
        ["cluster-01", "ssh-ed25519"],
        ["cluster-01", "ecdsa-sha2-nistp256"],
        ["cluster-02", "ssh-ed25519"],
        ["cluster-02", "ecdsa-sha2-nistp256"],
    ]
    assert [line[2] for line in lines if line[0] == "cluster-02"] == [
        key.fingerprint for key in credentials.host_keys("cluster-02")
    ]


def test_the_password_is_stored_hashed(credentials: Credentials) -> None:
    """The machines' files never hold it; the robot's hash is none at all."""
    operator, robot = lab_accounts(credentials)
    assert operator.password_hash.startswith("$")
    assert credentials.environment()["NODE_PASSWORD"] not in operator.password_hash
    assert robot.password_hash == "*"


def test_hashes_are_salted() -> None:
    """The same password twice is two hashes."""
    assert hash_of("one") != hash_of("one")


def test_users_are_added_to_the_account_files(tmp_path: Path) -> None:
    """The root file system's own users stay; sudo rights go to who may sudo; shadow keeps its group."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    (tmp_path / "etc/shadow").write_text("root:*:19000:0:99999:7:::\n")
    (tmp_path / "etc/group").write_text("root:x:0:\nsudo:x:27:\nshadow:x:42:\n")
    users = (
        Account(name="fleet", user_id=1000, password_hash="$y$x", authorized_key="k", may_sudo=True),
        Account(name="robot", user_id=1001, password_hash="*", authorized_key="k", may_sudo=False),
    )
    files = {path: (content, mode, group) for path, content, mode, group in with_accounts(tmp_path, users)}
    assert files == {
        "/etc/passwd": (
            (
                "root:x:0:0:root:/root:/bin/bash\n"
                "fleet:x:1000:1000::/home/fleet:/bin/bash\n"
                "robot:x:1001:1001::/home/robot:/bin/bash\n"
            ),
            0o644,
            0,
        ),
        "/etc/group": ("root:x:0:\nsudo:x:27:fleet\nshadow:x:42:\nfleet:x:1000:\nrobot:x:1001:\n", 0o644, 0),
        "/etc/shadow": (
            "root:*:19000:0:99999:7:::\nfleet:$y$x:20000:0:99999:7:::\nrobot:*:20000:0:99999:7:::\n",
            0o640,
            42,
        ),
    }
