"""``python -m tasks.fleet`` validates the inventory and prints it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.model.errors import InventoryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasks.fleet.model import Fleet
    from tasks.model.errors import Mistake

INVENTORY = Path(__file__).resolve().parents[2] / "inventory"
WRONG = 2
_WIDE = 200


def main(argv: Sequence[str] | None = None) -> int:
    """Validate the inventory and print it; 0 where it is right, 2 where it is not."""
    options = _parse_options(argv)
    from tasks.fleet.load import load_fleet  # noqa: PLC0415  `--help` does not pay for YAML

    try:
        fleet = load_fleet(options.inventory)
    except InventoryError as error:
        _print_mistakes(error.mistakes, as_json=options.json)
        return WRONG
    _print_fleet(fleet, as_json=options.json)
    return 0


def _parse_options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tasks.fleet",
        description="Validate the inventory and print it. Contacts no host and needs no credential.",
        epilog="examples:\n"
        "  python -m tasks.fleet                        tables for people\n"
        "  python -m tasks.fleet --json                 JSON: {fleet, mistakes}\n"
        "  python -m tasks.fleet --inventory ../other   another folder of the three files\n\n"
        "exit code: 0 right, 2 wrong (each mistake with file and line)",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--inventory", type=Path, default=INVENTORY, metavar="FOLDER", help="default: the project's")
    return parser.parse_args(argv)


def _print_mistakes(mistakes: Sequence[Mistake], *, as_json: bool) -> None:
    if as_json:
        found = [{"file": mistake.file, "line": mistake.line, "said": mistake.said} for mistake in mistakes]
        _print_json(None, found)
        return
    sys.stderr.writelines(f"{mistake}\n" for mistake in mistakes)
    sys.stderr.write(f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''} in the inventory; nothing was done\n")


def _print_fleet(fleet: Fleet, *, as_json: bool) -> None:
    if as_json:
        from tasks.fleet.typed import plain_of  # noqa: PLC0415  only JSON needs it

        _print_json(plain_of(fleet), [])
        return
    from rich.console import Console  # noqa: PLC0415  only tables need it

    from tasks.fleet.show import tables  # noqa: PLC0415  as above

    console = Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)
    for table in tables(fleet):
        console.print(table)
        console.print()


def _print_json(fleet: object, mistakes: list[dict[str, object]]) -> None:
    sys.stdout.write(json.dumps({"fleet": fleet, "mistakes": mistakes}, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
