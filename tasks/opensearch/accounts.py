"""
OpenSearch's accounts, held to the operator's environment.

OpenSearch reads its file of accounts at its very first start and never again: a password that is changed later goes
through its security API, which the operator's certificate opens. Whether it has to is found out by logging in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from tasks.deploy.accounts import internal_users
from tasks.deploy.secrets import READER, SHIPPER
from tasks.model.finding import Finding, Row, Verdict, skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.opensearch.client import OpenSearch
    from tasks.run.change import Gate
    from tasks.settings import Settings

CHECK = "opensearch.account"
ACCOUNTS = ("admin", SHIPPER, READER)
_WHO = "/_plugins/_security/authinfo"
_USERS = "/_plugins/_security/api/internalusers"
_LOGGED_IN, _REFUSED = 200, 401


def password_of(settings: Settings, account: str) -> str:
    """The password that the operator's environment gives an account."""
    return str(getattr(settings, f"opensearch_{account}_password"))


def hold_accounts(search: OpenSearch, settings: Settings, gate: Gate, target: str, *, plan: bool) -> Iterator[Finding]:
    """One finding per account: it logs in with its password; where it does not, it is given it."""
    for account in ACCOUNTS:
        row = Row(CHECK, target, account)
        password = password_of(settings, account)
        status = search.ask_as(account, password, _WHO).status
        if status == _REFUSED:
            gate.make(f"give OpenSearch's account {account} its new password", lambda: _give(search, account, password))  # noqa: B023  called at once
            if plan:
                yield skipped(row, "planned: it does not log in with its password")
                continue
            status = search.ask_as(account, password, _WHO).status
        yield judge_login(row, status)


def judge_login(row: Row, status: int) -> Finding:
    """Whether an account got in, by the HTTP status of its own question who it is."""
    if status == _LOGGED_IN:
        return Finding(row=row, verdict=Verdict.PASS, observed="logs in with its password")
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed=f"HTTP {status} to its password",
        wanted="it logs in",
        remedy="kubectl -n opensearch logs statefulset/opensearch | tail",
    )


def _give(search: OpenSearch, account: str, password: str) -> None:
    user = yaml.safe_load(internal_users({account: password}, live=""))[account]
    search.send("PUT", f"{_USERS}/{account}", {"hash": user["hash"], "backend_roles": user["backend_roles"]})
