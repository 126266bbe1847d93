"""Reading files that may not be there yet, YAML that many ask for, and the line that a mistake is about; writing."""

from __future__ import annotations

import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_text(path: Path) -> str:
    """The file's text; empty where there is no such file."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


@lru_cache(maxsize=1000)
def parse_yaml(text: str) -> Any:
    """
    Read YAML; the same text only once, for every rendering asks for the same files. What is returned is shared.

    Raises:
        yaml.YAMLError: it is none

    """
    return yaml.load(text, Loader=yaml.CSafeLoader)


def line_of_name(text: str, name: object) -> int:
    """The line of a YAML text that ends with ``name: <name>``; 1 where there is none."""
    wanted = f"name: {name}"
    return next((number for number, line in enumerate(text.splitlines(), 1) if line.endswith(wanted)), 1)


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write each file below ``folder``, which need not be there."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def make_folder(place: Path, files: Mapping[str, bytes]) -> None:
    """
    Make a folder that appears whole or not at all; who comes second keeps what the first has made.

    Raises:
        OSError: it cannot be written

    """
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=place.parent, prefix=".new-"))
    try:
        write_files(draft, files)
        draft.chmod(0o755)
        draft.rename(place)
    except OSError:
        if not place.is_dir():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
