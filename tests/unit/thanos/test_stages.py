"""What a deployment ends with, what verifies it and what looks every night are the same probes."""

from __future__ import annotations

import runpy
from typing import TYPE_CHECKING

from tasks.fleet.load import load_fleet
from tasks.run.declare import declare
from tests.unit.onsite import ROOT

if TYPE_CHECKING:
    import pytest

    from tasks.run.runbook import Runbook

PROBES = ("ask-services", "ask-storeapis", "ask-query", "look-at-blocks")


def slugs(name: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stages of a runbook, in order; what they declare does not contradict itself."""
    monkeypatch.syspath_prepend(str(ROOT / "runbooks"))
    book: Runbook = runpy.run_path(str(ROOT / "runbooks" / f"{name}.py"))["RUNBOOK"]
    return list(declare(book.stages, load_fleet(ROOT / "inventory")))


def test_every_runbook_that_asks_asks_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the same order, so that causes come before what follows from them."""
    for name in ("full_deploy", "verify", "nightly_audit"):
        assert [it for it in slugs(name, monkeypatch) if it in PROBES] == list(PROBES)


def test_only_what_may_write_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The night looks only; a deployment also tries the Secrets; samples are sent by the verification alone."""
    writing = {
        name: set(slugs(name, monkeypatch)) & {"try-secrets", "send-samples"} for name in ("full_deploy", "verify")
    }
    assert writing == {"full_deploy": {"try-secrets"}, "verify": {"try-secrets", "send-samples"}}
    assert not set(slugs("nightly_audit", monkeypatch)) & {"try-secrets", "send-samples"}


def test_the_verification_asks_whatever_was_found_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """One target that is down must not hide a sidecar that is away."""
    monkeypatch.syspath_prepend(str(ROOT / "runbooks"))
    book: Runbook = runpy.run_path(str(ROOT / "runbooks" / "verify.py"))["RUNBOOK"]
    first, *rest = book.stages
    assert first.slug == "check-operator"
    assert all(stage.even_after_failure for stage in rest)
