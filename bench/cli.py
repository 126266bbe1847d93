"""`python -m bench`: words to measurements, errors to sentences, results to exit codes."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.model import BenchError

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130
_WIDTH = 150
SUBJECTS = ("facts", "scale", "clusters", "deploy", "render", "apply", "audit", "imports")
_DESCRIPTION = """\
Speed, side by side with what one would use instead: whole processes, interleaved in one run, on the lab's machines.
"""
_EPILOG = """\
subjects:
  facts      the same facts of four hosts: ours, OpenSSH, libssh2, pyinfra, nornir_netmiko, Ansible
  scale      64 and 256 SSH endpoints: ours, libssh2, OpenSSH
  clusters   from bare machines to announced addresses: ours, a shell script
  deploy     from bare machines to the whole monitored fleet, against its own critical path
  render     all overlays of all clusters: ours cold and again, a loop over the literal command
  apply      a deployed fleet applied once more: ours, a loop over the literal command
  audit      the nightly audit of 4, 64 and 512 made-up hosts, and of a lab that is up and deployed
  imports    `--help` of every runbook
  all        each of them (the default)
  tables     what bench/results holds, as Markdown

examples:
  python -m bench facts --repeat 9
  python -m bench scale --json /tmp/scale.json        a trial that leaves bench/results as it is
  python -m bench tables --into README.md             the tables between the README's two markers

A lab is booted where none is up, and taken away again then. Its name is `bench` unless FLEETPROOF_LAB says otherwise.

exit codes:
  0    measured; the tables say which targets are met
  1    a measurement could not be made, or somebody did not do the work
  2    wrong use
  130  interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    options = _parse(words)
    try:
        return _render(options) if options.subject == "tables" else _measure(options, words)
    except BenchError as error:
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("\ninterrupted; nothing was kept", file=sys.stderr)
        return INTERRUPTED


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("subject", nargs="?", default="all", choices=(*SUBJECTS, "all", "tables"), metavar="SUBJECT")
    parser.add_argument("--repeat", type=_count, metavar="N", help="rounds that count; default: by subject, 3 to 9")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there instead of bench/results")
    parser.add_argument("--into", type=Path, metavar="FILE", help="tables: replace the tables between its markers")
    options = parser.parse_args(arguments)
    if options.json and options.subject in {"all", "tables"}:
        parser.error("--json goes with one subject")
    if options.into and options.subject != "tables":
        parser.error("--into goes with tables")
    return options


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number of rounds")
    return int(text)


def _measure(options: argparse.Namespace, words: list[str]) -> int:
    # only now, so that --help and a slip of the finger are answered at once
    from rich.console import Console  # noqa: PLC0415

    from bench.record import RESULTS, save  # noqa: PLC0415
    from bench.seat import choose_lab  # noqa: PLC0415
    from bench.show import print_report  # noqa: PLC0415
    from lab.privilege import NoRoot, become_root, caller  # noqa: PLC0415
    from lab.progress import Progress  # noqa: PLC0415

    if options.subject not in {"imports", "render"}:
        try:
            become_root(words, "boot the lab that is measured on", module="bench")
        except NoRoot as error:
            raise BenchError(str(error)) from error
    owner = caller()
    choose_lab()
    say, console = Progress(), Console(width=None if sys.stdout.isatty() else _WIDTH)
    for name in SUBJECTS if options.subject == "all" else (options.subject,):
        with TemporaryDirectory(prefix="fleetproof-bench-") as folder:
            for report in import_module(f"bench.subjects.{name}").measure(Path(folder), options.repeat, say):
                file = options.json or RESULTS / f"{report.name}.json"
                save(report, file)
                if owner is not None:
                    os.chown(file, *owner)
                print_report(report, console)
    return 0


def _render(options: argparse.Namespace) -> int:
    from bench.record import NAMES, RESULTS, load  # noqa: PLC0415  as above
    from bench.show import markdown, within  # noqa: PLC0415

    files = [RESULTS / f"{name}.json" for name in NAMES]
    tables = markdown([load(file) for file in files if file.exists()])
    if not tables:
        raise BenchError("nothing is measured yet; `python -m bench all` does")
    if not options.into:
        print(tables)
        return 0
    try:
        options.into.write_text(within(options.into.read_text(), tables))
    except (OSError, ValueError) as error:
        print(f"{options.into}: {error}", file=sys.stderr)
        return WRONG_USE
    return 0
