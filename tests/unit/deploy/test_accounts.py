"""OpenSearch's accounts: a password's hash stays the same as long as the password does."""

from __future__ import annotations

import bcrypt
import pytest
import yaml

from tasks.deploy.accounts import internal_users

PASSWORDS = {"admin": "made-up-one", "shipper": "made-up-two"}


def test_every_account_has_the_hash_of_its_password() -> None:
    """And the administrator alone has the administrator's role."""
    users = yaml.safe_load(internal_users(PASSWORDS, live=""))
    assert all(bcrypt.checkpw(PASSWORDS[name].encode(), users[name]["hash"].encode()) for name in PASSWORDS)
    assert (users["admin"]["backend_roles"], users["shipper"]["backend_roles"]) == (["admin"], [])


def test_the_same_passwords_change_nothing() -> None:
    """Although two hashes of one password differ."""
    first = internal_users(PASSWORDS, live="")
    assert internal_users(PASSWORDS, live=first) == first
    assert internal_users(PASSWORDS, live="") != first


def test_a_new_password_gets_a_new_hash_and_the_other_keeps_its_own() -> None:
    """What did not change stays."""
    first = internal_users(PASSWORDS, live="")
    second = yaml.safe_load(internal_users({**PASSWORDS, "shipper": "made-up-three"}, live=first))
    assert second["admin"] == yaml.safe_load(first)["admin"]
    assert bcrypt.checkpw(b"made-up-three", second["shipper"]["hash"].encode())


@pytest.mark.parametrize("live", ["{", "[]", "admin: 3"])
def test_a_damaged_file_is_written_anew(live: str) -> None:
    """Nothing of it is believed."""
    assert set(yaml.safe_load(internal_users(PASSWORDS, live=live))) == {"_meta", "admin", "shipper"}
