"""The order of a build, and what a failure does to the rest of it."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from lab.build.cache import Cache, Recipe
from lab.build.recipes import EVERYTHING, build_missing
from lab.build.workshop import BuildError, Workshop


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty cache."""
    (tmp_path / "cache").mkdir()
    return Cache(tmp_path / "cache")


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A workshop that tells nobody."""
    return Workshop(say=lambda _line: None, logs=tmp_path / "logs", go=Path("/nonexistent/go"))


def test_every_artefact_has_a_name_of_its_own_and_its_needs_are_built_too() -> None:
    """No recipe needs what is never built, and names can be told from keys."""
    names = [recipe.name for recipe in EVERYTHING]
    assert len(names) == len(set(names))
    assert all(re.fullmatch("[a-z-]+", name) for name in names)
    assert all(need in EVERYTHING for recipe in EVERYTHING for need in recipe.needs)


def test_needs_are_built_first_and_handed_over(cache: Cache, workshop: Workshop) -> None:
    """Each recipe finds what it needs finished; what is there already is not built again."""
    built: list[str] = []

    def build(_workshop: Workshop, draft: Path, needs: Mapping[str, Path]) -> None:
        text = "+".join((path / "made").read_text() for path in needs.values())
        (draft / "made").write_text(f"({text})")
        built.append(text)

    base = Recipe(name="base", build=build, inputs=())
    left, right = (Recipe(name=name, build=build, inputs=(), needs=(base,)) for name in ("left", "right"))
    top = Recipe(name="top", build=build, inputs=(), needs=(left, right))
    build_missing(cache, [top, right, left, base], workshop)
    assert (cache.path(top) / "made").read_text() == "((())+(()))"
    build_missing(cache, [top, right, left, base], workshop)
    assert len(built) == 4


def test_a_failure_ends_what_runs_beside_it(cache: Cache, workshop: Workshop) -> None:
    """The first error is the one that is told; a long build next to it is ended, and what came after never starts."""

    def fail(_workshop: Workshop, _draft: Path, _needs: Mapping[str, Path]) -> None:
        raise BuildError("no such module")

    def last(_workshop: Workshop, _draft: Path, _needs: Mapping[str, Path]) -> None:
        pytest.fail("built after a failure")

    def long(workshop: Workshop, _draft: Path, _needs: Mapping[str, Path]) -> None:
        if not workshop.stop.wait(timeout=30):
            pytest.fail("was not asked to stop")
        raise BuildError("abandoned")

    broken, slow = Recipe(name="broken", build=fail, inputs=()), Recipe(name="slow", build=long, inputs=())
    after = Recipe(name="after", build=last, inputs=(), needs=(broken,))
    with pytest.raises(BuildError, match="no such module"):
        build_missing(cache, [slow, broken, after], workshop)
    assert list(cache.root.iterdir()) == []
