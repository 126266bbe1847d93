"""What a real OpenSearch answered."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.onsite import ROOT


def recorded(what: str, case: str = "lab") -> Any:
    """One answer as JSON."""
    return json.loads((ROOT / "tests" / "recorded" / "opensearch" / what / case / "stdout.txt").read_text())
