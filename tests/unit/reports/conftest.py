"""Specimen runs as fixtures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.reports.specimens import specimens

if TYPE_CHECKING:
    from tasks.model.record import RunRecord


@pytest.fixture(params=tuple(specimens()))
def specimen(request: pytest.FixtureRequest) -> tuple[str, RunRecord]:
    """One specimen run, with its name."""
    return request.param, specimens()[request.param]


@pytest.fixture
def mixed() -> RunRecord:
    """The run that holds one of everything."""
    return specimens()["mixed"]
