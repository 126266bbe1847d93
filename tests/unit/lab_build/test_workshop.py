"""Programs that a build runs: their failures are told, and they never outlive it."""

import os
import select
from pathlib import Path

import pytest

from lab.build.workshop import BuildError, Workshop

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces of its own need root")


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A workshop that tells nobody."""
    return Workshop(say=lambda _line: None, logs=tmp_path / "logs", go=Path("/nonexistent/go"))


@NEEDS_ROOT
def test_a_failure_shows_the_end_of_the_log(workshop: Workshop) -> None:
    """Exit code, the log's path and its last lines are in the error."""
    with pytest.raises(BuildError, match=r"(?s)step one: exit code 3; .*step-one\.log ends with:\nthe reason$"):
        workshop.run("step one", ["sh", "-c", "echo the reason >&2; exit 3"])


@NEEDS_ROOT
def test_an_abandoned_program_takes_its_children_along(workshop: Workshop, tmp_path: Path) -> None:
    """Asked to stop, it ends with every process that it has started."""
    pipe = tmp_path / "alive"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    def stop_once_started(_elapsed_s: float) -> None:
        if select.select([reader], [], [], 0)[0] and os.read(reader, 100):
            workshop.stop.set()

    with pytest.raises(BuildError, match="abandoned"):
        workshop.run(
            "long", ["sh", "-c", f"exec 9> {pipe}; sleep 1000 & echo started >&9; wait"], watch=stop_once_started
        )
    # the child held the pipe open; reading to its end proves that nobody does any more
    os.set_blocking(reader, True)
    with os.fdopen(reader) as alive:
        assert alive.read() == ""


@NEEDS_ROOT
def test_mounts_of_a_program_are_its_own(workshop: Workshop, tmp_path: Path) -> None:
    """What it mounts is not seen outside."""
    workshop.run("mounting", ["mount", "-t", "tmpfs", "tmpfs", tmp_path])
    assert str(tmp_path) not in Path("/proc/self/mounts").read_text()


def test_a_question_that_fails_says_why(workshop: Workshop) -> None:
    """The command, its exit code and what it said are in the error."""
    with pytest.raises(BuildError, match=r"sh -c .*: exit code 2: no answer"):
        workshop.ask(["sh", "-c", "echo no answer >&2; exit 2"])
