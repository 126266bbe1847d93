"""OpenSearch's own accounts: who there is, and how a password is known again without being kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

_ADMIN_ROLES = {"admin": ["admin"]}


def internal_users(passwords: Mapping[str, str], *, live: str) -> str:
    """
    Write ``internal_users.yml`` with the bcrypt hash of every password.

    A hash has a random salt, and two hashes of one password differ; so the hash that the cluster has is kept as long as
    it is the password's, or every run would change the Secret.

    Arguments:
        passwords: by account
        live: the file as the cluster has it; empty where there is none

    """
    import bcrypt  # noqa: PLC0415  only a deployment of OpenSearch needs it

    known = _hashes(live)

    def hashed(name: str, password: str) -> str:
        old = known.get(name, "")
        if old and bcrypt.checkpw(password.encode(), old.encode()):
            return old
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt()).decode()

    users = {
        name: {"hash": hashed(name, password), "reserved": False, "backend_roles": _ADMIN_ROLES.get(name, [])}
        for name, password in passwords.items()
    }
    head = {"_meta": {"type": "internalusers", "config_version": 2}}
    return yaml.safe_dump(head | users, sort_keys=False)


def _hashes(text: str) -> dict[str, str]:
    try:
        users = yaml.safe_load(text) or {}
    except yaml.YAMLError:
        return {}
    return {name: str(user["hash"]) for name, user in users.items() if isinstance(user, dict) and "hash" in user}
