"""`--help` is answered before anything heavy is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.unit.run.workbench import ROOT

# yaml and jinja2 are not among them: together they cost less than a fiftieth of a second
HEAVY = (
    *("nornir", "rich", "pydantic", "kubernetes", "netmiko", "paramiko", "requests", "minio", "cryptography"),
    *("grpc", "google.protobuf"),
)
RUNBOOKS = sorted((ROOT / "runbooks").glob("*.py"))

ASK = """
import runpy, sys
sys.path.insert(0, sys.argv[1].rpartition("/")[0])
sys.argv = [sys.argv[1], "--help"]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as ended:
    print("loaded:", *sorted(set(sys.modules) & set({heavy!r})))
    sys.exit(ended.code)
"""


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda path: path.name)
def test_help_is_light_and_says_what_the_exit_codes_mean(runbook: object) -> None:
    """No library that takes long to import is loaded, and examples and exit codes are there."""
    answer = subprocess.run(
        [sys.executable, "-c", ASK.format(heavy=HEAVY), str(runbook)], capture_output=True, text=True, check=True
    )
    assert answer.stdout.splitlines()[-1] == "loaded:"
    for words in ("examples:", "exit codes", "130", f"python runbooks/{getattr(runbook, 'name', '')}"):
        assert words in answer.stdout
