"""One shell script out of many small sections, and its output taken apart again; nothing here runs anything."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.preflight.values import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

RECORD = "\x1e"
"""ASCII record separator: opens and closes a section on both streams, and occurs in no file that is read."""

UNIT = "\x1f"
"""ASCII unit separator: opens each answer of commands that run side by side in one section."""

GROUP = "\x1d"
"""ASCII group separator: stands for the line ends within such an answer."""

PRELUDE = r"""
LC_ALL=C; export LC_ALL
begin() { printf '\036%s\n' "$1"; printf '\036%s\n' "$1" >&2; }
end() { printf '\036=%s\n' "$1"; }
# show PATTERN FILE...: matching lines as FILE:LINE, and !FILE for each file that is not there
show() {
  pattern=$1; shift
  for file do
    shift
    if [ -e "$file" ]; then set -- "$@" "$file"; else printf '!%s\n' "$file"; fi
  done
  [ $# = 0 ] || grep -H -E -e "$pattern" -- "$@" || [ $? = 1 ]
}
# job NAME COMMAND...: an answer is one line, its own lines joined: shells write line by line, and jobs run side by side
job() (
  name=$1; shift
  answer=$("$@" 2>&1); code=$?
  set -f
  IFS="
"
  set -- "$name $code" $answer
  IFS=$(printf '\035')
  printf '\037%s\n' "$*"
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """
    One question to a host.

    Attributes:
        name: field of the value that the answers become
        command: POSIX shell
        parse: standard output in, value out; raises ``ValueError`` where it cannot be read
        fine: exit codes that mean an answer, besides 0

    """

    name: str
    command: str
    parse: Callable[[str], Any]
    fine: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one section printed; ``exit_code`` is None where the script ended inside it."""

    exit_code: int | None
    stdout: str
    stderr: str


def compose(sections: Iterable[Section], variables: Mapping[str, str]) -> str:
    """
    Put sections into one script; each runs as a function, so that none disturbs another's positional parameters.

    Arguments:
        variables: what the sections find in the shell's variables

    """
    parts = [PRELUDE, *(f"{name}={shlex.quote(value)}" for name, value in variables.items())]
    for section in sections:
        command = section.command.strip("\n")
        parts.append(f"_() {{\n{command}\n}}\nbegin {section.name}; _ </dev/null; end $?")
    return "\n".join(parts) + "\n"


def split(stdout: str, stderr: str) -> dict[str, Answer]:
    """Take the script's two streams apart, section by section."""
    complaints = dict(_records(stderr))
    answers: dict[str, Answer] = {}
    last = ""
    for head, body in _records(stdout):
        if head.startswith("=") and last:
            code = head.removeprefix("=")
            if code.isdecimal():
                answers[last] = Answer(exit_code=int(code), stdout=answers[last].stdout, stderr=answers[last].stderr)
            last = ""
        else:
            last = head
            answers[head] = Answer(exit_code=None, stdout=body, stderr=complaints.get(head, "").strip())
    return answers


def _records(text: str) -> list[tuple[str, str]]:
    """Head line and body of every record; what stands before the first one is a login's greeting."""
    records = []
    for record in text.split(RECORD)[1:]:
        head, _, body = record.partition("\n")
        records.append((head, body))
    return records


def read(section: Section, answers: dict[str, Answer]) -> Any:
    """Parse one section's answer; ``Unknown`` with the reason where it has none."""
    answer = answers.get(section.name)
    if answer is None:
        return Unknown(f"the script did not get to `{section.name}`")
    if answer.exit_code is None:
        return Unknown(f"the script ended inside `{section.name}`")
    if answer.exit_code not in {0, *section.fine}:
        return Unknown(f"`{section.name}` exited with {answer.exit_code}: {answer.stderr or 'no message'}")
    try:
        return section.parse(answer.stdout)
    except ValueError as error:
        return Unknown(f"cannot read what `{section.name}` printed: {error}")


NO_PROGRAM = 127
"""A shell's, and ``timeout``'s, exit code for a program that is not there: nothing was asked."""


def jobs(text: str) -> dict[str, tuple[int, str]]:
    """Answers of parallel jobs: name to exit code and output (standard error included, empty lines left out)."""
    answers = {}
    for record in text.split(UNIT)[1:]:
        head, *lines = record.rstrip("\n").split(GROUP)
        name, _, code = head.rpartition(" ")
        answers[name] = (int(code), "\n".join(lines))
    return answers


def shown(text: str) -> dict[str, tuple[str, ...] | None]:
    """What ``show`` printed: file to its matching lines, None where the file is not there."""
    found: dict[str, list[str]] = {}
    absent: list[str] = []
    for line in text.splitlines():
        file, colon, rest = line.partition(":")
        if line.startswith("!/"):
            absent.append(line[1:])
        elif colon and file.startswith("/"):
            found.setdefault(file, []).append(rest)
        elif line:
            raise ValueError(f"{line!r} is no `file:line`")
    return {**dict.fromkeys(absent), **{file: tuple(lines) for file, lines in found.items()}}
