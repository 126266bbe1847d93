"""What a machine must have before anything is built."""

import shutil
from pathlib import Path

import pytest

from lab.build import requirements
from lab.build.workshop import BuildError

FITTING = {"root": 0, "release": ("debian", "bookworm"), "apt": "/usr/bin/apt-get", "free_gib": 100}


def machine(monkeypatch: pytest.MonkeyPatch, **differences: object) -> None:
    """Pretend to be on a machine that fits but for the differences."""
    facts = {**FITTING, **differences}
    usage = shutil.disk_usage("/")._replace(free=int(facts["free_gib"]) << 30)  # type: ignore[call-overload]
    monkeypatch.setattr(requirements.os, "geteuid", lambda: facts["root"])
    monkeypatch.setattr(requirements, "host_release", lambda: facts["release"])
    monkeypatch.setattr(requirements.shutil, "which", lambda _program: facts["apt"])
    monkeypatch.setattr(requirements.shutil, "disk_usage", lambda _path: usage)


def test_a_fitting_machine_is_not_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Root, apt, a known distribution and enough disk: also where the cache does not exist yet."""
    machine(monkeypatch)
    requirements.refuse_unfit_host(tmp_path / "not" / "yet", 25)


@pytest.mark.parametrize(
    ("difference", "told"),
    [
        ({"root": 1000}, "needs root: run it through sudo"),
        ({"release": ("fedora", "?")}, "this is fedora"),
        ({"apt": None}, "built on Debian or Ubuntu"),
        ({"free_gib": 3}, "needs 25 GiB of free disk, .* has 3.0: make room, or set XDG_CACHE_HOME"),
    ],
)
def test_an_unfit_machine_is_told_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, difference: dict[str, object], told: str
) -> None:
    """Each obstacle has its own sentence, with the way out."""
    machine(monkeypatch, **difference)
    with pytest.raises(BuildError, match=told):
        requirements.refuse_unfit_host(tmp_path, 25)


def test_packages_that_dpkg_does_not_know_as_installed_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removed but configured is not installed; unknown is missing."""
    told = "gcc installed\nlibc6-dev config-files\nca-certificates installed\n"
    answer = requirements.subprocess.CompletedProcess([], 1, stdout=told)
    monkeypatch.setattr(requirements.subprocess, "run", lambda *_args, **_options: answer)
    assert requirements.missing_requirements() == ("mmdebstrap", "libc6-dev", "maven")
