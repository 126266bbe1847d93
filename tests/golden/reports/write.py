"""Write the golden reports anew: `python -m tests.golden.reports.write`; then look at the difference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tasks.reports import html, json, junit, markdown, text
from tasks.reports.build import build
from tests.unit.reports.specimens import specimens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tasks.reports.report import Report

FOLDER = Path(__file__).parent
RENDERINGS: dict[str, Callable[[Report], str]] = {
    "json": json.dump,
    "md": markdown.render,
    "xml": junit.render,
    "txt": text.render,
    "html": html.render,
}
# one run in full; of the others what shows how they ended
KEPT = {"mixed": tuple(RENDERINGS), "green": ("md",), "interrupted": ("md", "xml"), "plan": ("md", "txt")}


def golden() -> Iterator[tuple[Path, str]]:
    """Every golden file with what it should hold."""
    for name, kinds in KEPT.items():
        report = build(specimens()[name], str)
        for kind in kinds:
            yield FOLDER / f"{name}.{kind}", RENDERINGS[kind](report)


if __name__ == "__main__":
    for path, content in golden():
        path.write_text(content, encoding="utf-8")
