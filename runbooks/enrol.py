"""Enrol the hosts' SSH keys: show their fingerprints, have them compared, write known_hosts. Nothing else writes it."""

from __future__ import annotations

import argparse
import fcntl
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.model.errors import FleetError, SettingsError, Unreachable
from tasks.transport.agree import Asked, Decision, State, Terms, decide_all, render_json, render_table
from tasks.transport.enrolment import compare, parse_expectations, render_known_hosts, with_keys
from tasks.transport.hostkeys import read_known_hosts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tasks.transport.access import Access
    from tasks.transport.hostkeys import HostKey

EPILOG = """\
examples:
  python runbooks/enrol.py                                  show every host's fingerprints, ask for each host
  python runbooks/enrol.py --expect fingerprints.txt        enrol what agrees with an out-of-band list, ask nothing
  python runbooks/enrol.py --host cluster-03 --replace      a machine was set up anew
  python runbooks/enrol.py --host cluster-03 --remove       forget a machine; it cannot be logged in to afterwards

On a host's own console, this prints what to compare with:
  for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf "$key"; done

exit codes (where several hold, the first in this order):
  130  interrupted; answers given so far are not kept
  1    a host's keys were not enrolled: they differ, or nobody agreed
  3    a host could not be asked
  0    every chosen host is enrolled
before anything is asked:
  2    wrong usage, inventory, settings or list
"""
_WORKERS = 32


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; returns the exit code."""
    options = _parse(argv)
    try:
        servers = _chosen(options.host)
        decisions = _remove(servers, options.host) if options.remove else _enrol(servers, options)
    except FleetError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    _tell(decisions, as_json=options.json)
    states = {decision.state for decision in decisions}
    return 1 if State.REFUSED in states else 3 if State.UNREACHABLE in states else 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="enrol.py",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--host", metavar="HOST[,..]", action="append", default=[], help="these alone, bastions by their address"
    )
    agreed = parser.add_mutually_exclusive_group()
    agreed.add_argument(
        "--expect", metavar="FILE", type=Path, help="lines of `host keytype SHA256:...`; any difference refuses all"
    )
    agreed.add_argument(
        "--i-have-compared", action="store_true", help="you did, out of band; take what is presented and ask nothing"
    )
    agreed.add_argument("--remove", action="store_true", help="forget the keys of the hosts named by --host")
    parser.add_argument("--replace", action="store_true", help="also take keys other than the enrolled ones")
    parser.add_argument("--json", action="store_true", help="the outcome on standard output, nothing else")
    options = parser.parse_args(argv)
    options.host = [name for names in options.host for name in names.split(",") if name]
    if options.remove and not options.host:
        parser.error("--remove wants --host: whom to forget?")
    return options


def _chosen(names: Sequence[str]) -> tuple[Access, ...]:
    """The servers to ask, bastions first, for the hosts behind them are asked over them."""
    from tasks import open_nornir  # noqa: PLC0415  `--help` does not pay for nornir
    from tasks.transport.plugin import CONNECTION_NAME, access_of  # noqa: PLC0415  as above

    hosts = []
    for host in open_nornir().inventory.hosts.values():
        it = host.get_connection_parameters(CONNECTION_NAME)
        extras = {**(it.extras or {}), "name": host.name}
        hosts.append(access_of(it.hostname, it.username, it.password, it.port, extras))
    bastions = {host.name: host.bastion for host in hosts if host.proxy_jump}
    known = {access.name: access for access in (*bastions.values(), *hosts)}
    if strangers := [name for name in names if name not in known]:
        raise SettingsError(f"--host: {', '.join(strangers)} is not in the inventory: {', '.join(known)}")
    wanted = names or list(known)
    needed = {bastions[name].name for name in wanted if name in bastions}
    return tuple(access for name, access in known.items() if name in wanted or name in needed)


def _enrol(servers: tuple[Access, ...], options: argparse.Namespace) -> list[Decision]:
    terms = Terms(
        expected=_expectations(options.expect, servers) if options.expect else None,
        compared=options.i_have_compared,
        replace=options.replace,
        ask=_ask if sys.stdin.isatty() else None,
    )
    decisions: list[Decision] = []
    behind = {access.proxy_jump and access.bastion.endpoint for access in servers}
    bastions = [access for access in servers if access.endpoint in behind]
    for group in filter(None, (bastions, [access for access in servers if access not in bastions])):
        asked = _scan(group)
        print(render_table(asked) + "\n", file=sys.stderr)
        decisions += (decided := decide_all(asked, terms))
        taken = [decision.asked for decision in decided if decision.state is State.ENROLLED]
        _write({asked.access.endpoint: asked.presented for asked in taken}, group[0].known_hosts)
    return decisions


def _remove(servers: tuple[Access, ...], names: Sequence[str]) -> list[Decision]:
    leaving = [access for access in servers if access.name in names]
    _write({access.endpoint: () for access in leaving}, leaving[0].known_hosts)
    return [Decision(asked=Asked(access=access), state=State.REMOVED) for access in leaving]


def _expectations(file: Path, servers: Sequence[Access]) -> dict[str, frozenset[tuple[str, str]]]:
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"--expect: {error}") from error
    every = {access.name for access in _chosen(())} | {access.name for access in servers}
    return parse_expectations(text, source=str(file), hosts=every)


def _scan(servers: Sequence[Access]) -> tuple[Asked, ...]:
    print(f"asking {', '.join(access.name for access in servers)} for their keys", file=sys.stderr)
    with ThreadPoolExecutor(_WORKERS) as pool:
        return tuple(pool.map(_ask_one, servers))


def _ask_one(access: Access) -> Asked:
    from tasks.transport.scan import scan_host_keys  # noqa: PLC0415  imports paramiko

    try:
        presented = scan_host_keys(access)
    except Unreachable as error:
        return Asked(access=access, unreachable=f"{error.reason}: {error.detail}")
    enrolled = [key for key in read_known_hosts(access.known_hosts) if key.endpoint == access.endpoint]
    return Asked(access=access, presented=presented, difference=compare(presented, enrolled))


def _ask(question: str) -> str:
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()


def _write(taken: dict[str, tuple[HostKey, ...]], known_hosts: Path) -> None:
    from tasks.run.files import write_atomically  # noqa: PLC0415  `--help` needs no engine

    if not taken:
        return
    with _alone(known_hosts):
        keys = read_known_hosts(known_hosts)
        for endpoint, presented in taken.items():
            keys = with_keys(keys, endpoint, presented)
        write_atomically(known_hosts, render_known_hosts(keys))


@contextmanager
def _alone(known_hosts: Path) -> Iterator[None]:
    """Two enrolments at once must not lose each other's keys."""
    known_hosts.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with known_hosts.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _tell(decisions: Sequence[Decision], *, as_json: bool) -> None:
    print(render_json(decisions) if as_json else "\n".join(map(str, decisions)))


if __name__ == "__main__":
    sys.exit(main())
