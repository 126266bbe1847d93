"""Judge whether the site's name servers answer a host, and whether its own resolver knows the site's names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Row, Verdict
from tasks.preflight.judge import CouldNotJudge, Judgement, bad, fair, finding, good, known, unjudged
from tasks.preflight.remedies import mend

if TYPE_CHECKING:
    from collections.abc import Callable
    from ipaddress import IPv4Address

    from tasks.fleet.model import Fleet
    from tasks.model.finding import Finding
    from tasks.preflight.host_facts import HostFacts
    from tasks.preflight.judge import Wish
    from tasks.preflight.values import Fact
    from tasks.preflight.values_services import Resolved

RECORDS = "host.dns"
SERVERS = "reach.dns"
OPERATOR = "operator.dns"
_GOOD_RCODES = {0: "NOERROR", 3: "NXDOMAIN"}


def askable(record: str) -> str:
    """A name to ask for: any name below a wildcard, else the record itself."""
    return f"fleet-preflight.{record.removeprefix('*.')}" if record.startswith("*.") else record


def asked_names(fleet: Fleet) -> tuple[str, ...]:
    """What every host has to resolve."""
    return tuple(askable(record) for record in fleet.dns_records)


def dns_rows(fleet: Fleet, host: str) -> tuple[Row, ...]:
    """One row per name server of the site, one per record."""
    return (
        *(Row(SERVERS, host, str(server)) for server in fleet.lan.dns),
        *(Row(RECORDS, host, record) for record in fleet.dns_records),
    )


def dns_findings(facts: HostFacts, wish: Wish) -> tuple[Finding, ...]:
    """Judge every name server and every record; a record that failed because all servers are silent points to them."""
    host = wish.cluster.name
    servers = tuple(_server(facts, Row(SERVERS, host, str(server))) for server in wish.fleet.lan.dns)
    silent = next((one.row for one in servers), None) if all(one.verdict is Verdict.FAIL for one in servers) else None
    records = (_record(facts, Row(RECORDS, host, name), at) for name, at in wish.fleet.dns_records.items())
    return (*servers, *(_blamed(record, silent) for record in records))


def _blamed(record: Finding, silent: Row | None) -> Finding:
    if silent is None or record.verdict is not Verdict.FAIL:
        return record
    return replace(record, verdict=Verdict.SKIP, blocked_by=silent)


def operator_dns_finding(names: Fact[dict[str, Resolved]], fleet: Fleet) -> Finding:
    """Judge the operator's own resolver; nothing here depends on it, but browsers will."""
    return _judged(
        Row(OPERATOR, FLEET), lambda: _all_resolve(names, fleet), "every record resolves", "getent ahostsv4 NAME"
    )


def _all_resolve(names: Fact[dict[str, Resolved]], fleet: Fleet) -> Judgement:
    resolved = {record: _asked(known(names), askable(record)) for record in fleet.dns_records}
    wrong = [record for record, at in fleet.dns_records.items() if resolved[record].addresses != {at}]
    if not wrong:
        return good(f"all {len(resolved)} names resolve")
    reason = resolved[wrong[0]].reason or "another address"
    return fair(f"{', '.join(wrong)}: {reason}", mend("cat /etc/resolv.conf", "dns"))


def _asked(names: dict[str, Resolved], name: str) -> Resolved:
    if name not in names:
        raise CouldNotJudge(f"{name} was not asked for")
    return names[name]


def _server(facts: HostFacts, row: Row) -> Finding:
    return _judged(row, lambda: _answers(facts, row.peer), "answers", f"dig @{row.peer}")


def _answers(facts: HostFacts, server: str) -> Judgement:
    answer = known(facts.dns).get(server)
    if answer is None:
        raise CouldNotJudge(f"{server} was not asked")
    remedy = mend(f"timeout 3 bash -c 'echo >/dev/tcp/{server}/53'; ip route get {server}", "dns")
    if answer.rcode is None:
        return bad(answer.reason, remedy)
    if answer.rcode not in _GOOD_RCODES:
        return bad(f"refuses to answer (rcode {answer.rcode})", remedy)
    return good(", ".join(map(str, answer.addresses)) or _GOOD_RCODES[answer.rcode])


def _record(facts: HostFacts, row: Row, address: IPv4Address) -> Finding:
    name = askable(row.peer)
    return _judged(row, lambda: _resolves(facts, name, address), str(address), f"getent ahostsv4 {name}")


def _resolves(facts: HostFacts, name: str, address: IPv4Address) -> Judgement:
    resolved = _asked(known(facts.names), name)
    seen = ", ".join(sorted(map(str, resolved.addresses)))
    if resolved.addresses == {address}:
        return good(seen)
    return bad(seen or resolved.reason, mend(f"getent ahostsv4 {name}; cat /etc/resolv.conf", "dns"))


def _judged(row: Row, judge: Callable[[], Judgement], wanted: str, reproduce: str) -> Finding:
    try:
        judgement = judge()
    except CouldNotJudge as error:
        judgement = unjudged(str(error))
    return finding(row, judgement, wanted=wanted, reproduce=reproduce)
