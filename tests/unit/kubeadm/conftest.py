"""A host that tells how far it is."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.unit.onsite import OnSite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def answer(**said: str) -> str:
    """What a host answers to the question where it stands."""
    keys = ("attempt", "established", "exit", "config", "unit", "kubelet", "ca", "traces")
    said = {**dict.fromkeys(keys, ""), "unit": "inactive", "kubelet": "inactive", **said}
    return "".join(f"{key}={base64.b64encode(value.encode()).decode()}\n" for key, value in said.items())


@pytest.fixture
def onsite(tmp_path: Path) -> OnSite:
    """Cluster-03's host, before anything was asked."""
    return OnSite(tmp_path)


@pytest.fixture
def planning(tmp_path: Path) -> OnSite:
    """The same, while planning."""
    return OnSite(tmp_path, plan=True)


@pytest.fixture
def stands() -> Callable[..., None]:
    """Teach a host's shell where it stands."""

    def teach(onsite: OnSite, *, once: bool = False, **said: str) -> None:
        onsite.shell.answer_script("say traces", stdout=answer(**said), once=once)

    return teach
