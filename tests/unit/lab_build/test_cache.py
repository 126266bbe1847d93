"""The cache: keys follow inputs, and an artefact is there whole or not at all."""

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.build.cache import Cache, Recipe, content_of, mounted_somewhere
from lab.build.workshop import BuildError, Workshop


def fill(_workshop: Workshop, draft: Path, _needs: Mapping[str, Path]) -> None:
    """Build something small."""
    (draft / "made").write_text("whole")


def recipe(name: str = "thing", inputs: tuple[str, ...] = ("a",), needs: tuple[Recipe, ...] = ()) -> Recipe:
    """A recipe that succeeds."""
    return Recipe(name=name, build=fill, inputs=inputs, needs=needs)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty cache."""
    root = tmp_path / "cache"
    root.mkdir()
    return Cache(root)


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A workshop that tells nobody."""
    return Workshop(say=lambda _line: None, logs=tmp_path / "logs", go=Path("/nonexistent/go"))


@given(st.lists(st.text(), max_size=3), st.lists(st.text(), max_size=3))
def test_the_key_changes_exactly_with_the_inputs(one: list[str], other: list[str]) -> None:
    """Equal inputs give equal keys, others give others, however the texts are split."""
    same = recipe(inputs=tuple(one)).key == recipe(inputs=tuple(other)).key
    assert same == (one == other)


def test_the_key_changes_with_name_needs_and_their_inputs() -> None:
    """An artefact made from another changes with it, at any distance."""
    base, changed = recipe("base"), recipe("base", ("b",))
    middle, middle_changed = recipe("middle", needs=(base,)), recipe("middle", needs=(changed,))
    top, top_changed = recipe("top", needs=(middle,)), recipe("top", needs=(middle_changed,))
    assert len({base.key, changed.key, middle.key, middle_changed.key, top.key, top_changed.key}) == 6


def test_the_key_changes_with_a_file(tmp_path: Path) -> None:
    """A file counts by its name and by what it holds, not by where it is."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "go.sum").write_text("pinned")
    (tmp_path / "one" / "go.mod").write_text("pinned")
    assert content_of(tmp_path / "one" / "go.sum") == content_of(tmp_path / "two" / "go.sum")
    assert content_of(tmp_path / "one" / "go.sum") != content_of(tmp_path / "one" / "go.mod")
    (tmp_path / "two" / "go.sum").write_text("moved")
    assert content_of(tmp_path / "one" / "go.sum") != content_of(tmp_path / "two" / "go.sum")


def test_a_finished_artefact_is_published_whole(cache: Cache, workshop: Workshop) -> None:
    """It is there under its key, readable by everybody, and no draft remains."""
    assert not cache.has(recipe())
    path = cache.make(recipe(), workshop)
    assert cache.has(recipe())
    assert (path / "made").read_text() == "whole"
    assert path.stat().st_mode & 0o777 == 0o755
    assert list(cache.root.iterdir()) == [path]


def test_a_failed_build_publishes_nothing(cache: Cache, workshop: Workshop) -> None:
    """What it had made so far is gone."""

    def fail(workshop: Workshop, draft: Path, needs: Mapping[str, Path]) -> None:
        fill(workshop, draft, needs)
        raise BuildError("no compiler")

    broken = Recipe(name="thing", build=fail, inputs=())
    with pytest.raises(BuildError, match="no compiler"):
        cache.make(broken, workshop)
    assert not cache.has(broken)
    assert list(cache.root.iterdir()) == []


_KILLED = """
import os, signal, sys
from pathlib import Path
from lab.build.cache import Cache, Recipe
from lab.build.workshop import Workshop

def die(workshop, draft, needs):
    (draft / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)

cache = Cache(Path(sys.argv[1]))
with cache.locked(print):
    cache.make(Recipe(name="thing", build=die, inputs=("a",)), Workshop(say=print, logs=cache.root, go=Path("go")))
"""


def test_a_killed_build_leaves_nothing_that_looks_finished(cache: Cache, workshop: Workshop) -> None:
    """Its lock ends with it, its draft is swept by the next build, and that build succeeds."""
    done = subprocess.run([sys.executable, "-c", _KILLED, str(cache.root)], check=False)
    assert done.returncode == -9
    assert not cache.has(recipe())
    assert len(list(cache.root.glob(".draft-*"))) == 1
    with cache.locked(lambda line: pytest.fail(f"had to wait: {line}")):
        assert list(cache.root.glob(".draft-*")) == []
        cache.make(recipe(), workshop)
    assert cache.has(recipe())


def test_two_builds_exclude_each_other(cache: Cache) -> None:
    """The second says that it waits, and goes on when the first is done."""
    said, inside = [], threading.Event()

    def second() -> None:
        with cache.locked(said.append):
            inside.set()

    with (cache.root / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        other = threading.Thread(target=second)
        other.start()
        while not said:
            pass
        assert not inside.is_set()
    other.join(timeout=10)
    assert inside.is_set()
    assert said == ["another build is under way; waiting for it"]


def test_prune_takes_only_what_nobody_wants(cache: Cache, workshop: Workshop) -> None:
    """The current, the recently used, the mounted and what is no artefact of these stay; the rest goes."""
    current, fresh, mounted, old = (recipe(inputs=(text,)) for text in ("current", "fresh", "mounted", "old"))
    for each in (current, fresh, mounted, old):
        os.utime(cache.make(each, workshop), (0, 0))
    cache.touch([fresh])
    stranger = cache.root / "somebody-elses-0123456789abcdef"
    stranger.mkdir()
    os.utime(stranger, (0, 0))
    gone = cache.prune([current], 3600.0, lambda entry: entry == cache.path(mounted))
    assert gone == (cache.path(old),)
    assert {*cache.root.iterdir()} == {stranger, *(cache.path(each) for each in (current, fresh, mounted))}


def test_a_mount_is_found_by_its_path() -> None:
    """Something is mounted on /proc; nothing is on a path that does not exist."""
    assert mounted_somewhere(Path("/proc"))
    assert not mounted_somewhere(Path("/nonexistent/artefact"))
