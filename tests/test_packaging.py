"""What is installed is what the project names: plugins that Nornir finds, and a wheel of the library alone."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from collections import defaultdict
from importlib.metadata import distribution, distributions, entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-run.lock")
_PIN = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_installed_entry_points_are_the_projects() -> None:
    """Entry points are read from installed metadata: after a change `make venv` is due."""
    installed = {(point.group, point.name, point.value) for point in distribution(PROJECT["name"]).entry_points}
    named = {
        (group, name, value) for group, points in PROJECT["entry-points"].items() for name, value in points.items()
    }
    assert installed == named


@pytest.mark.parametrize(
    ("group", "name", "method"),
    [("nornir.plugins.inventory", "fleet", "load"), ("nornir.plugins.connections", "node_shell", "open")],
)
def test_every_entry_point_loads(group: str, name: str, method: str) -> None:
    """Each is a class of the kind that Nornir expects there."""
    (point,) = entry_points(group=group, name=name)
    assert callable(getattr(point.load(), method))
    assert name in PROJECT["entry-points"][group]


def test_no_two_nornir_plugins_share_a_name() -> None:
    """Nornir keeps plugins of all kinds in one table: a runner and a connection of one name shut each other out."""
    owners = defaultdict(set)
    for point in (point for installed in distributions() for point in installed.entry_points):
        if point.group.startswith("nornir.plugins."):
            owners[point.name].add((point.group, point.value))
    assert {"fleet", "node_shell", "netmiko", "threaded"} <= owners.keys()
    assert {name: sorted(claims) for name, claims in owners.items() if len(claims) > 1} == {}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Names of all files in a freshly built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_the_wheel_holds_the_library_alone(wheel: list[str]) -> None:
    """Inventory, runbooks, lab and tests are the site's; they are not installed."""
    version = PROJECT["version"]
    assert {name.split("/")[0] for name in wheel} == {"tasks", f"{PROJECT['name']}-{version}.dist-info"}


def test_the_wheel_holds_the_whole_library(wheel: list[str]) -> None:
    """The marker of types, templates and schemas included."""
    listed = subprocess.run(["git", "ls-files", "tasks"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tracked = {name for name in listed.splitlines() if (ROOT / name).exists()}
    assert "tasks/py.typed" in tracked
    assert tracked <= set(wheel)


def test_what_is_needed_to_run_is_pinned_as_for_developing() -> None:
    """An image of the audit runs the very versions that were tested; what is not pinned twice would drift apart."""
    pins = {name: dict(_PIN.findall((ROOT / name).read_text())) for name in LOCKS}
    whole, run = (pins[name] for name in LOCKS)
    assert {name: version for name, version in run.items() if whole.get(name) != version} == {}
    assert {re.split("[<>=]", it)[0] for it in PROJECT["dependencies"]} <= run.keys()
    assert "pytest" not in run
