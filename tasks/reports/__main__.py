"""
Render a report again, or print the schema.

    python -m tasks.reports render .state/reports/latest/report.json --as html > report.html
    python -m tasks.reports schema
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tasks.reports.report import Report


def _renderings() -> dict[str, Callable[[Report], str]]:
    from tasks.reports import html, json, junit, markdown, text  # noqa: PLC0415  `--help` needs none of them

    return {"html": html.render, "json": json.dump, "junit": junit.render, "md": markdown.render, "text": text.render}


def main(argv: Sequence[str] | None = None) -> int:
    """Render or print; returns 0, or 2 where the file is no report."""
    parser = argparse.ArgumentParser(
        prog="python -m tasks.reports", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    render = commands.add_parser("render", help="render a report.json; the same file always gives the same bytes")
    render.add_argument("file", type=Path)
    render.add_argument("--as", dest="kind", choices=("html", "json", "junit", "md", "text"), default="text")
    commands.add_parser("schema", help="print the JSON Schema of report.json")
    options = parser.parse_args(argv)
    from tasks.reports import json  # noqa: PLC0415  as above

    if options.command == "schema":
        sys.stdout.write(json.schema())
        return 0
    try:
        report = json.load(options.file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"{options.file}: no report of this version: {error}", file=sys.stderr)  # noqa: T201  a program speaks
        return 2
    sys.stdout.write(_renderings()[options.kind](report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
