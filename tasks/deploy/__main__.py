"""``python -m tasks.deploy``: look at what would be deployed, without a cluster."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tasks.model.errors import FleetError, InventoryError

if TYPE_CHECKING:
    from collections.abc import Sequence

REFUSED, WRONG = 1, 2

_EXAMPLES = {
    "list": "  python -m tasks.deploy list                         every cluster's components, in their order\n",
    "build": "  python -m tasks.deploy build cluster-01 monitoring  the objects, as they would be applied\n",
    "charts": "  python -m tasks.deploy charts                       fetch, verify, and lay where Kustomize looks\n"
    "  python -m tasks.deploy charts --pin grafana         what the version in charts.lock would be pinned by\n",
    "images": "  python -m tasks.deploy images                       one image a line, for a mirror\n"
    "  python -m tasks.deploy images --json                by cluster, with what asks for each\n",
    "check": "  python -m tasks.deploy check                        every rendering of all clusters\n"
    "  python -m tasks.deploy check --limit cluster-04     of one\n",
}
_SAYS = {
    "list": "print what each cluster has",
    "build": "render one component of one cluster, and refuse what must not be applied",
    "charts": "put every pinned chart in its place, for the specification's literal command",
    "images": "print every image that the clusters pull",
    "check": "render everything, ask every guard, and hold every object against its schema",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 where all is right, 1 where something must not be applied, 2 where nothing could be judged."""
    options = _parse_options(argv)
    from tasks.deploy import commands  # noqa: PLC0415  `--help` does not pay for it

    try:
        return REFUSED if getattr(commands, options.command)(options) else 0
    except InventoryError as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED if options.command in {"build", "charts"} else WRONG
    except FleetError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG


def _parse_options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tasks.deploy",
        description="Look at what would be deployed. Contacts no cluster and needs no credential.",
        epilog="examples:\n" + "".join(_EXAMPLES.values()) + "\n"
        "exit code: 0 right, 1 something must not be applied, 2 nothing could be judged",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    one = {
        name: commands.add_parser(
            name,
            help=said,
            description=said.capitalize() + ".",
            epilog="examples:\n" + _EXAMPLES[name],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for name, said in _SAYS.items()
    }
    one["build"].add_argument("cluster", metavar="CLUSTER")
    one["build"].add_argument("component", metavar="COMPONENT")
    one["charts"].add_argument("--pin", metavar="NAME", default="", help="print digests instead; trust them only after")
    for name in ("list", "images", "check"):
        one[name].add_argument("--json", action="store_true", help="print JSON")
        one[name].add_argument(
            "--limit", metavar="CLUSTER", action="append", default=[], help="only this one; repeatable"
        )
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
