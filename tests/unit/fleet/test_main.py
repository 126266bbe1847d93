"""``python -m tasks.fleet``."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tasks.fleet.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_tables_show_the_fleet(inventory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every host with its VIP and what that serves, networks, names; nothing is cut off where there is no terminal."""
    assert main(["--inventory", str(inventory)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[4][2:5] == ["admin@192.168.101.197:2222", "via", "jump@192.168.102.7:2200"]
    assert rows[2][-4:] == ["192.168.101.210", "ingress,", "storeapi,", "opensearch"]
    assert ["cluster-02", "2", "10.12.0.0/16", "10.112.0.0/16"] in rows
    assert ["grafana.one.fleet.example", "192.168.101.210", "VIP", "of", "cluster-01"] in rows
    assert ["s3.fleet.example", "172.16.203.1", "object", "store"] in rows


def test_json_is_the_fleet(inventory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A machine reads the same, and that there are no mistakes."""
    assert main(["--json", "--inventory", str(inventory)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["mistakes"] == []
    assert printed["fleet"]["clusters"][1]["vip"] == {"address": "192.168.101.211", "serves": ["ingress", "storeapi"]}


def test_mistakes_are_told_and_end_in_2(inventory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """People read them on standard error, nothing else is printed."""
    (inventory / "hosts.yaml").write_text("")
    assert main(["--inventory", str(inventory)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "inventory/hosts.yaml:1: names no host; an empty fleet can prove nothing",
        "1 mistake in the inventory; nothing was done",
    ]


def test_mistakes_are_told_to_machines(inventory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON holds no fleet then, and each mistake's file and line."""
    (inventory / "hosts.yaml").write_text("")
    assert main(["--json", "--inventory", str(inventory)]) == 2
    said = "names no host; an empty fleet can prove nothing"
    mistakes = [{"file": "inventory/hosts.yaml", "line": 1, "said": said}]
    assert json.loads(capsys.readouterr().out) == {"fleet": None, "mistakes": mistakes}


def test_it_runs_as_a_module() -> None:
    """The command of the documentation works, on the project's own inventory."""
    done = subprocess.run([sys.executable, "-m", "tasks.fleet"], capture_output=True, text=True, check=True)
    assert "192.168.101.213" in done.stdout
