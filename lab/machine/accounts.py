"""The two users of every machine, as lines of /etc/passwd, /etc/shadow and /etc/group."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.credentials import LOGIN_USER, ROBOT_USER, Credentials

_LOCKED = "*"
_FIRST_USER_ID = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user whose group has the user's own name and number."""

    name: str
    user_id: int
    password_hash: str
    authorized_key: str
    may_sudo: bool


def lab_accounts(credentials: Credentials) -> tuple[Account, ...]:
    """The operator's user, who may sudo with a password, and the robot, who has none and may sudo freely."""
    key = credentials.authorized_key()
    password = hash_of(credentials.environment()["NODE_PASSWORD"])
    return (
        Account(name=LOGIN_USER, user_id=_FIRST_USER_ID, password_hash=password, authorized_key=key, may_sudo=True),
        Account(name=ROBOT_USER, user_id=_FIRST_USER_ID + 1, password_hash=_LOCKED, authorized_key=key, may_sudo=False),
    )


def hash_of(password: str) -> str:
    """A shadow(5) hash by this host's crypt(3), with its best method and a fresh salt."""
    library = ctypes.CDLL("libcrypt.so.1")
    library.crypt.restype = library.crypt_gensalt.restype = ctypes.c_char_p
    salt = library.crypt_gensalt(None, ctypes.c_ulong(0), None, ctypes.c_int(0))
    hashed: bytes = library.crypt(password.encode(), salt)
    return hashed.decode()


def with_accounts(root: Path, accounts: tuple[Account, ...]) -> Iterator[tuple[str, str, int, int]]:
    """The account files of the root file system with these users added: path, content, mode, group id."""
    groups = (root / "etc/group").read_text()
    yield "/etc/passwd", _passwd((root / "etc/passwd").read_text(), accounts), 0o644, 0
    yield "/etc/group", _group(groups, accounts), 0o644, 0
    yield "/etc/shadow", _shadow((root / "etc/shadow").read_text(), accounts), 0o640, _group_id(groups, "shadow")


def _passwd(text: str, accounts: tuple[Account, ...]) -> str:
    return text + "".join(f"{a.name}:x:{a.user_id}:{a.user_id}::/home/{a.name}:/bin/bash\n" for a in accounts)


def _shadow(text: str, accounts: tuple[Account, ...]) -> str:
    return text + "".join(f"{a.name}:{a.password_hash}:20000:0:99999:7:::\n" for a in accounts)


def _group(text: str, accounts: tuple[Account, ...]) -> str:
    sudoers = ",".join(account.name for account in accounts if account.may_sudo)
    lines = [line + sudoers if line.startswith("sudo:") else line for line in text.splitlines()]
    return "\n".join([*lines, *(f"{account.name}:x:{account.user_id}:" for account in accounts)]) + "\n"


def _group_id(text: str, name: str) -> int:
    return next(int(line.split(":")[2]) for line in text.splitlines() if line.startswith(f"{name}:"))
