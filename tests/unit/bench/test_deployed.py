"""The shell loops that a deployed fleet is measured against."""

import os
import subprocess
from pathlib import Path

import pytest

from bench.record import ROOT
from bench.subjects.deployed import loop
from tasks.fleet.load import load_fleet


@pytest.mark.parametrize(
    ("kustomize", "work", "code"),
    [
        ("echo built", 'grep -q built "$built" || exit 1', 0),
        ("exit 1", "true", 2),
        ("echo built", "[ $cluster != cluster-03 ] || exit 1", 2),
    ],
)
def test_a_loop_fails_where_one_step_of_one_cluster_does(kustomize: str, work: str, code: int, tmp_path: Path) -> None:
    """Side by side, a failure is easily lost; then half the work would look fast."""
    program = tmp_path / "bin" / "kustomize"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{kustomize}\n")
    program.chmod(0o755)
    for cluster in load_fleet(ROOT / "inventory").clusters:
        (tmp_path / "overlays" / cluster.name / "a").mkdir(parents=True)
    argv = loop(tmp_path / "overlays", work)
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    assert subprocess.run(argv, env=environment, check=False).returncode == code
