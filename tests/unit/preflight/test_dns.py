"""Name servers and names: raw answers are read, and one silent server makes one headline."""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.model.finding import Row, Verdict
from tasks.preflight.checks_dns import asked_names, dns_findings, dns_rows
from tasks.preflight.parse_dns import parse_message
from tasks.preflight.values import Unknown
from tasks.preflight.values_services import NameServer, Resolved
from tests.unit.preflight.recordings import fleet, host_facts, wish

LABELS = st.lists(st.binary(min_size=1, max_size=63), min_size=1, max_size=3)
SERVER = Row("reach.dns", "cluster-01", "192.168.101.1")
SITE = fleet()
FINE = {name: Resolved(addresses=frozenset({at})) for name, at in SITE.dns_records.items()}
ANSWERS = {"192.168.101.1": NameServer(rcode=0, addresses=frozenset({SITE.s3.address}))}


def encoded(labels: list[bytes]) -> bytes:
    """A name in DNS's wire form."""
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


@given(labels=LABELS, addresses=st.lists(st.ip_addresses(v=4), max_size=4, unique=True), rcode=st.integers(0, 5))
def test_any_answer_is_read(labels: list[bytes], addresses: list[IPv4Address], rcode: int) -> None:
    """Question and a CNAME are passed over; addresses behind pointers are found."""
    question = encoded(labels) + struct.pack("!HH", 1, 1)
    alias = b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 60, len(encoded(labels))) + encoded(labels)
    records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + one.packed for one in addresses)
    message = struct.pack("!HHHHHH", 7, 0x8180 | rcode, 1, len(addresses) + 1, 0, 0) + question + alias + records
    assert parse_message(message) == NameServer(rcode=rcode, addresses=frozenset(addresses))


@given(st.binary(max_size=80))
def test_noise_is_refused_or_read(message: bytes) -> None:
    """Any bytes are either a message or a ValueError; never another error."""
    with suppress(ValueError):
        assert isinstance(parse_message(message), NameServer)


def test_a_question_is_no_answer() -> None:
    """What a port mirror sends back is not taken for a name server."""
    with pytest.raises(ValueError, match="a question"):
        parse_message(struct.pack("!HHHHHH", 7, 0x0100, 0, 0, 0, 0))


def judged(**changes: object) -> dict[Row, Verdict]:
    """Judge a good host with some facts exchanged."""
    facts = replace(host_facts("lab-bare"), **{"names": FINE, "dns": ANSWERS, **changes})
    findings = dns_findings(facts, wish())
    assert [finding.row for finding in findings] == list(dns_rows(SITE, "cluster-01"))
    return {finding.row: finding.verdict for finding in findings}


def test_all_names_resolve() -> None:
    """Each record to exactly the inventory's address."""
    assert set(judged().values()) == {Verdict.PASS}


def test_a_wrong_address_is_the_only_red_row() -> None:
    """A stale record, and one that resolves to two addresses, are both wrong."""
    for addresses in ({IPv4Address("10.0.0.1")}, {SITE.s3.address, IPv4Address("10.0.0.1")}):
        got = judged(names=FINE | {"s3.minio.miribit.lab": Resolved(addresses=frozenset(addresses))})
        red = {row for row, verdict in got.items() if verdict is not Verdict.PASS}
        assert red == {Row("host.dns", "cluster-01", "s3.minio.miribit.lab")}


def test_a_silent_server_is_the_one_headline() -> None:
    """The names that fail with it point to it instead of standing beside it."""
    silent = {name: Resolved(addresses=frozenset(), reason="the resolver did not answer in time") for name in FINE}
    got = judged(names=silent, dns={"192.168.101.1": NameServer(rcode=None, reason="no answer in time")})
    assert got.pop(SERVER) is Verdict.FAIL
    assert set(got.values()) == {Verdict.SKIP}


def test_names_that_fail_although_the_server_answers_stand_for_themselves() -> None:
    """Then the host's own resolver is to blame."""
    unknown = {name: Resolved(addresses=frozenset(), reason="the name is not known") for name in FINE}
    got = judged(names=unknown)
    assert got.pop(SERVER) is Verdict.PASS
    assert set(got.values()) == {Verdict.FAIL}


@pytest.mark.parametrize(("rcode", "verdict"), [(0, "PASS"), (3, "PASS"), (2, "FAIL"), (5, "FAIL")])
def test_a_server_that_refuses_is_no_server(rcode: int, verdict: str) -> None:
    """NXDOMAIN is an answer; SERVFAIL and REFUSED are none."""
    assert judged(dns={"192.168.101.1": NameServer(rcode=rcode)})[SERVER] == verdict


@pytest.mark.parametrize(
    "changes",
    [
        {"dns": Unknown("cut short"), "names": Unknown("cut short")},
        {"dns": {}, "names": {}},
    ],
    ids=["unknown", "not asked"],
)
def test_what_was_not_asked_is_no_pass(changes: dict[str, object]) -> None:
    """Every row is an ERROR."""
    assert set(judged(**changes).values()) == {Verdict.ERROR}


def test_a_wildcard_is_asked_by_a_name_below_it() -> None:
    """`*.example` itself is no name to ask for."""
    site = replace(SITE, dns_records={"*.k8s-cluster-01.miribit.lab": IPv4Address("192.168.101.210")})
    assert asked_names(site) == ("fleet-preflight.k8s-cluster-01.miribit.lab",)
