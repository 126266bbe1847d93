"""The commands that a document tells to run, held against the project."""

from __future__ import annotations

import re
import subprocess
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tests.docs.foreign import PROGRAMS
from tests.docs.reading import commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.docs.project import Project
    from tests.docs.reading import Document

_SHELL = {"sh", "console"}


def wrong_commands(document: Document, project: Project) -> Iterator[str]:
    """Commands in shell blocks and inline code that nobody could run."""
    for where, script in _scripts(document):
        for words in commands(script):
            yield from (f"{where}: `{' '.join(words)}`: {said}" for said in _wrong_command(words, project))


def _scripts(document: Document) -> Iterator[tuple[str, str]]:
    for block in document.blocks:
        if block.language in _SHELL:
            yield f"{document.name}:{block.line}", block.text
    for span in document.spans:
        if re.match(r"(sudo |\.venv/bin/)?(python|make|kubectl) ", span.text):
            yield f"{document.name}:{span.line}", span.text


def _wrong_command(words: list[str], project: Project) -> Iterator[str]:
    match _without_sudo(words):
        case [python, *rest] if python.rpartition("/")[2] in {"python", "python3.11", "$(BIN)/python"}:
            yield from _wrong_python(rest, project)
        case ["sh", "-c", script, *_]:
            yield from (said for inner in commands(script) for said in _wrong_command(inner, project))
        case ["make", *rest]:
            targets = [word for word in rest if "=" not in word and not word.startswith("-")]
            yield from (f"the Makefile has no target {word}" for word in targets if word not in project.make_targets)
        case [program, *_] if program not in PROGRAMS:
            yield f"{program} is no program that an operator of this project is told to use"


def _without_sudo(words: list[str]) -> list[str]:
    return words[1:] if words[0] == "sudo" and not words[1].startswith("-") else words


def _wrong_python(words: list[str], project: Project) -> Iterator[str]:
    match words:
        case ["-m", "lab", *rest]:
            yield from _wrong_lab(rest, project)
        case ["-m", module, *rest]:
            if find_spec(module) is None:
                yield f"there is no module {module}"
            yield from _wrong_options(("-m", module), rest, project)
        case [script, *rest] if script.endswith(".py"):
            if not (project.root / script).is_file():
                yield f"there is no {script}"
            else:
                yield from _wrong_options((script,), rest, project)


def _wrong_lab(words: list[str], project: Project) -> Iterator[str]:
    match words:
        case [] | ["--help"]:
            return
        case ["exec", "--", *rest]:
            yield from _wrong_command(rest, project)
        case [command, *_] if command not in project.lab_commands:
            yield f"the lab has no command {command}"
        case ["fault", fault, *_] if not fault.startswith("-") and fault not in project.faults:
            yield f"the lab has no fault {fault}"
        case [command, *rest]:
            yield from _wrong_options(("-m", "lab", command), rest, project)


def _wrong_options(program: tuple[str, ...], words: list[str], project: Project) -> Iterator[str]:
    options = [word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    known = project.options(program)
    yield from (f"its --help does not know {option}" for option in options if option not in known | {"--help"})
    if "--only" in words[:-1]:
        slugs = words[words.index("--only") + 1].split(",")
        yield from (f"there is no stage {slug}" for slug in slugs if slug not in project.stages)


def wrong_shell(document: Document) -> Iterator[str]:
    """Shell blocks that a shell cannot even read."""
    for block in document.blocks:
        if block.language == "sh":
            done = subprocess.run(("bash", "-n"), input=block.text, capture_output=True, text=True, check=False)
            if done.returncode != 0 or done.stderr:
                yield f"{document.name}:{block.line}: {done.stderr.strip()}"
