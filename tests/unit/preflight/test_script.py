"""The script and its answers: what goes in comes out, and what is cut off is known to be."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.preflight.script import Answer, Section, compose, jobs, read, shown, split
from tasks.preflight.values import Unknown

TEXT = st.text(st.characters(exclude_characters="\x00\x1e\x1f\r", exclude_categories=("Cs",)), max_size=40)
SHELLS = ("/bin/sh", "/bin/bash")


def section(name: str, command: str) -> Section:
    """A section whose value is its text."""
    return Section(name=name, command=command, parse=str)


def run(script: str, shell: str = "/bin/sh") -> dict[str, Answer]:
    """Run a script as a host would."""
    done = subprocess.run([shell, "-s"], input=script, capture_output=True, text=True, check=False)
    return split(done.stdout, done.stderr)


@pytest.mark.parametrize("shell", SHELLS)
def test_every_section_has_its_own_streams_and_exit_code(shell: str) -> None:
    """Standard output, standard error and exit code of neighbours never mix."""
    script = compose((section("one", "echo a; echo b >&2; return 3"), section("two", "echo c")), {})
    assert run(script, shell) == {
        "one": Answer(exit_code=3, stdout="a\n", stderr="b"),
        "two": Answer(exit_code=0, stdout="c\n", stderr=""),
    }


def test_a_script_that_ends_inside_a_section_leaves_it_unknown() -> None:
    """What was cut off is not taken for an answer, and what did not come at all says so."""
    first, cut, never = section("first", "echo a"), section("cut", "echo half; exit 1"), section("never", "echo b")
    answers = run(compose((first, cut, never), {}))
    assert read(first, answers) == "a\n"
    assert read(cut, answers) == Unknown("the script ended inside `cut`")
    assert read(never, answers) == Unknown("the script did not get to `never`")


def test_a_failed_command_is_unknown_with_its_own_words() -> None:
    """A non-zero exit code is no answer, unless the section says that it is one."""
    broken = section("broken", "echo partial; echo no such thing >&2; return 2")
    answers = run(compose((broken,), {}))
    assert read(broken, answers) == Unknown("`broken` exited with 2: no such thing")
    fine = Section(name="broken", command="", parse=str, fine=(2,))
    assert read(fine, answers) == "partial\n"


def test_a_greeting_before_the_script_is_no_answer() -> None:
    """What a login shell prints first belongs to nobody."""
    assert split("Welcome!\n\x1eone\nx\n\x1e=0\n", "motd\n\x1eone\n") == {
        "one": Answer(exit_code=0, stdout="x\n", stderr="")
    }


def test_sections_read_standard_input_from_nowhere() -> None:
    """A program that reads its standard input does not eat the rest of the script."""
    answers = run(compose((section("greedy", "cat"), section("next", "echo here")), {}))
    assert answers["next"].stdout == "here\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_show_tells_missing_files_from_empty_ones(shell: str, tmp_path: object) -> None:
    """A file that is not there is None, one without a matching line is not listed, and both are no error."""
    (there := f"{tmp_path}/there", gone := f"{tmp_path}/gone", empty := f"{tmp_path}/empty")
    with open(there, "w") as file:  # noqa: PTH123  a path as the script has it
        file.write("a: 1\nb: 2\n")
    open(empty, "w").close()  # noqa: PTH123
    answers = run(compose((section("files", f"show '^a|^c' {there} {gone} {empty}"),), {}), shell)
    assert answers["files"].exit_code == 0
    assert shown(answers["files"].stdout) == {there: ("a: 1",), gone: None}


@pytest.mark.parametrize("shell", SHELLS)
def test_parallel_jobs_answer_whole(shell: str) -> None:
    """Twenty jobs side by side: each answer keeps its lines together and its own exit code."""
    command = """
slowly() { echo "$1 begins"; echo "$1 ends" >&2; return "$1"; }
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do job "n$n" slowly "$n" & done
wait"""
    answers = run(compose((section("many", command),), {}), shell)
    assert jobs(answers["many"].stdout) == {f"n{n}": (n, f"{n} begins\n{n} ends") for n in range(1, 21)}


@pytest.mark.parametrize("shell", SHELLS)
@settings(max_examples=20)
@given(value=TEXT)
def test_variables_arrive_as_they_are(shell: str, value: str) -> None:
    """Whatever stands in a variable reaches the sections untouched by the shell."""
    answers = run(compose((section("echo", "printf '%s' \"$said\""),), {"said": value}), shell)
    assert answers["echo"].stdout == value


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.tuples(TEXT, TEXT, st.integers(0, 255))))
def test_split_undoes_what_a_script_prints(said: dict[str, tuple[str, str, int]]) -> None:
    """Any text without the separators comes back as it was printed."""
    stdout = "".join(f"\x1e{name}\n{out}\x1e={code}\n" for name, (out, _, code) in said.items())
    stderr = "".join(f"\x1e{name}\n{err}" for name, (_, err, _) in said.items())
    assert split(stdout, stderr) == {
        name: Answer(exit_code=code, stdout=out, stderr=err.strip()) for name, (out, err, code) in said.items()
    }


@given(st.text(), st.text())
def test_split_never_fails(stdout: str, stderr: str) -> None:
    """A host may print what it likes."""
    for answer in split(stdout, stderr).values():
        assert isinstance(answer, Answer)
