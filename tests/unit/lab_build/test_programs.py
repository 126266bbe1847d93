"""Building a tool set, with a Go command that only writes files."""

from pathlib import Path

import pytest

from lab.build import programs, toolchain
from lab.build.programs import ToolSet
from lab.build.workshop import BuildError, Workshop

PINS = """\
module example.test/pins

go 1.24.0

tool (
	go.test/release/cmd/one
	go.test/release/cmd/two
)

require (
	go.test/release v1.33.13 // indirect
	go.test/release/client v0.2.0 // indirect
)
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ToolSet:
    """A tool set of two programs and a source."""
    monkeypatch.setattr(programs, "TOOLS", tmp_path / "tools")
    (tmp_path / "tools" / "pair").mkdir(parents=True)
    (tmp_path / "tools" / "pair" / "go.mod").write_text(PINS)
    (tmp_path / "tools" / "pair" / "go.sum").write_text("")
    stamp = {"v.full": "{version}", "v.bare": "{bare}", "v.minor": "{major}.{minor}"}
    return ToolSet(
        name="pair", module="go.test/release", stamp=stamp, rename={"two": "second"}, sources={"run.sh": "run.sh"}
    )


def workshop(tmp_path: Path, build: str) -> Workshop:
    """A workshop whose Go command knows a module folder, and builds by a shell line that finds its target in $1."""
    module = tmp_path / "module"
    module.mkdir()
    (module / "run.sh").write_text("#!/bin/sh\n")
    (module / "run.sh").chmod(0o444)
    go = tmp_path / "go"
    go.write_text(
        f'#!/bin/sh\nif [ "$1" = list ]; then echo {module}; exit; fi\nwhile [ $# -gt 2 ]; do shift; done\n{build}\n'
    )
    go.chmod(0o755)
    return Workshop(say=lambda _line: None, logs=tmp_path / "logs", go=go)


def plain_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run programs without namespaces of their own, which would need root."""
    monkeypatch.setattr("lab.build.workshop._CONTAINED", ())


def test_versions_and_programs_are_read_from_the_pins(tools: ToolSet) -> None:
    """A module is told from another whose name it begins."""
    assert (tools.version, tools.version_of("go.test/release/client")) == ("v1.33.13", "v0.2.0")
    assert tools.programs == ("go.test/release/cmd/one", "go.test/release/cmd/two")
    assert tools.linker_flags == "-s -w -X 'v.full=v1.33.13' -X 'v.bare=1.33.13' -X 'v.minor=1.33'"


def test_a_module_that_is_not_pinned_is_an_error(tools: ToolSet) -> None:
    """No version is invented."""
    with pytest.raises(BuildError, match="does not require go"):
        tools.version_of("go.test/other")


def test_programs_are_renamed_and_sources_kept(tools: ToolSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script of a module, which has no executable files, is executable again."""
    plain_run(monkeypatch)
    (tmp_path / "draft").mkdir()
    tools.recipe.build(workshop(tmp_path, "echo 1 > $1/one; echo 2 > $1/two"), tmp_path / "draft", {})
    assert {file.name for file in (tmp_path / "draft" / "bin").iterdir()} == {"one", "second"}
    assert (tmp_path / "draft" / "run.sh").stat().st_mode & 0o777 == 0o755


def test_a_missing_program_is_an_error(tools: ToolSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that exits with success but lacks a program is no success."""
    plain_run(monkeypatch)
    (tmp_path / "draft").mkdir()
    with pytest.raises(BuildError, match=r"pair: 2 programs were wanted, \['one'\] were built"):
        tools.recipe.build(workshop(tmp_path, "echo 1 > $1/one"), tmp_path / "draft", {})


def test_progress_counts_programs_and_shows_life(tmp_path: Path) -> None:
    """A program is told when it appears; without news a line comes every 20 s."""
    said: list[str] = []
    teller = Workshop(say=said.append, logs=tmp_path, go=tmp_path)
    (tmp_path / "bin").mkdir()
    watch = programs._Watch(teller, "kubernetes", 6, tmp_path / "bin")
    for elapsed_s in (5.0, 19.0, 20.0, 39.0):
        watch(elapsed_s)
    (tmp_path / "bin" / "kubelet").touch()
    watch(41.0)
    watch(50.0)
    assert said == ["kubernetes 0/6 compiling, 20 s", "kubernetes 1/6 kubelet, 41 s"]


@pytest.mark.parametrize(
    ("told", "found"),
    [("go version go1.99.1 linux/amd64", True), ("go version go1.5.4 linux/amd64", False), ("not a compiler", False)],
)
def test_only_a_toolchain_new_enough_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, *, found: bool
) -> None:
    """An older one, or something else of that name, counts as none."""
    (tmp_path / "go").write_text(f"#!/bin/sh\necho {told}\n")
    (tmp_path / "go").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert toolchain.machine_go() == (tmp_path / "go" if found else None)


def test_a_machine_without_go_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the wheel is installed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert toolchain.machine_go() is None
