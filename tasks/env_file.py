"""The file ``.env``: readable by its owner alone; lines of KEY=VALUE, quotes where they are needed, comments."""

from __future__ import annotations

import re
import shlex
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

# Nothing is expanded: a password may hold any `$`. A comment after a value begins with a space.
_LINE = re.compile(
    r"""
    \s* (?:export\s+)? (?P<key>\w+) \s*=\s*
    (?: '(?P<literal>[^']*)' | "(?P<escaped>(?:[^"\\]|\\.)*)" | (?P<bare>[^\s'"\#]\S*|) )
    (?:\s+\#.*|\s*)
    """,
    re.VERBOSE,
)


def read_env_file(path: Path, known: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """As ``parse_env_file``; nothing where there is no such file, and no empty values."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}, []
    except OSError as error:
        return {}, [f"{path} cannot be read: {error.strerror}"]
    except UnicodeDecodeError:
        return {}, [f"{path} is not UTF-8 text"]
    values, mistakes = parse_env_file(text, path.name, known)
    return {key: value for key, value in values.items() if value}, [*open_to_others(path), *mistakes]


def open_to_others(path: Path) -> Iterator[str]:
    """The mistake, if it is one, that others than its owner can read or write a file with a secret."""
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        yield f"{path} is open to others (mode {mode:04o}); run: chmod 600 {shlex.quote(str(path))}"


def parse_env_file(text: str, shown: str, known: Collection[str]) -> tuple[dict[str, str], list[str]]:
    r"""
    Read KEY=VALUE lines; ``export``, comments and blank lines are allowed; within double quotes ``\"`` and ``\\``.

    Arguments:
        text: the file's content
        shown: the file's name in mistakes
        known: the keys there are

    Returns:
        the values by key, and one sentence per mistake, none of which repeats a value

    """
    values: dict[str, str] = {}
    mistakes: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if not match:
            mistakes.append(f"{shown}:{number}: is not KEY=VALUE; put single quotes around a value with spaces or '#'")
        elif match["key"] not in known:
            close = get_close_matches(match["key"], known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
            mistakes.append(f"{shown}:{number}: unknown variable {match['key']}; {hint}")
        elif match["key"] in values:
            mistakes.append(f"{shown}:{number}: {match['key']} is given twice; keep one")
        else:
            values[match["key"]] = _value(match)
    return values, mistakes


def _value(match: re.Match[str]) -> str:
    if match["escaped"] is not None:
        return re.sub(r'\\(["\\])', r"\1", match["escaped"])
    return match["literal"] if match["literal"] is not None else match["bare"]
