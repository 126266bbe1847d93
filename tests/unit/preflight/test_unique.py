"""Cloned machines: whatever two hosts share is found, and both owners are named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tasks.model.finding import Row, Verdict
from tasks.preflight.checks_unique import UNIQUE, unique_findings, unique_rows
from tasks.preflight.judge import known
from tasks.preflight.values import Unknown
from tests.unit.preflight.recordings import host_facts

if TYPE_CHECKING:
    from tasks.preflight.host_facts import HostFacts

HOSTS = ("cluster-01", "cluster-02", "cluster-03", "cluster-04")


def fleet_of_four() -> dict[str, HostFacts]:
    """Four hosts that share nothing."""
    return {host: machine(number) for number, host in enumerate(HOSTS, start=1)}


def machine(number: int) -> HostFacts:
    """The recorded host under an identity of its own."""
    facts = host_facts("lab-bare")
    system = replace(
        known(facts.system),
        hostname=f"cluster-0{number}",
        machine_id=f"{number:032x}",
        product_uuid=f"{number:08x}-0000-0000-0000-000000000000",
    )
    links = tuple(replace(link, mac=f"02:00:00:00:00:0{number}") for link in known(facts.links))
    return replace(facts, system=system, links=links)


def red(hosts: dict[str, HostFacts]) -> dict[Row, str]:
    """The failed rows and what they say."""
    return {one.row: one.observed for one in unique_findings(hosts) if one.verdict is Verdict.FAIL}


def test_four_different_hosts_are_green() -> None:
    """Every declared row passes."""
    findings = unique_findings(fleet_of_four())
    assert {finding.row for finding in findings} == set(unique_rows(HOSTS))
    assert {finding.verdict for finding in findings} == {Verdict.PASS}


@pytest.mark.parametrize(
    ("check", "field"),
    [("fleet.hostname", "hostname"), ("fleet.machine-id", "machine_id"), ("fleet.product-uuid", "product_uuid")],
)
def test_a_clone_turns_both_owners_red(check: str, field: str) -> None:
    """Each of the two rows names the other host, and nobody else is touched."""
    hosts = fleet_of_four()
    original = getattr(known(hosts["cluster-02"].system), field)
    hosts["cluster-04"] = replace(
        hosts["cluster-04"], system=replace(known(hosts["cluster-04"].system), **{field: original})
    )
    assert red(hosts) == {
        Row(check, "cluster-02"): f"cluster-02: {original} is also cluster-04's",
        Row(check, "cluster-04"): f"cluster-04: {original} is also cluster-02's",
    }


def test_a_cloned_network_card_turns_both_owners_red() -> None:
    """The same MAC twice on one network loses packets at random."""
    hosts = fleet_of_four()
    hosts["cluster-03"] = replace(hosts["cluster-03"], links=hosts["cluster-01"].links)
    assert set(red(hosts)) == {Row("fleet.mac", "cluster-01"), Row("fleet.mac", "cluster-03")}


def test_what_software_makes_on_every_host_is_no_clone() -> None:
    """Cilium's and Docker's devices may well have the same MAC on two hosts."""
    hosts = fleet_of_four()
    for host in hosts:
        links = known(hosts[host].links)
        hosts[host] = replace(hosts[host], links=(*links, replace(links[0], name="docker0", mac="02:42:00:00:00:01")))
    assert red(hosts) == {}


def test_machines_without_firmware_ids_are_not_each_others_clones() -> None:
    """An empty product UUID is none, not one that all share; the row says so and does not pass."""
    hosts = {
        host: replace(facts, system=replace(known(facts.system), product_uuid=""))
        for host, facts in fleet_of_four().items()
    }
    rows = {one.row: one.verdict for one in unique_findings(hosts) if one.row.check == "fleet.product-uuid"}
    assert set(rows.values()) == {Verdict.SKIP}


@pytest.mark.parametrize("check", UNIQUE)
def test_an_unknown_identity_is_an_error_of_that_host_alone(check: str) -> None:
    """What could not be read is not unique by default, and the other hosts are still compared."""
    hosts = fleet_of_four()
    gone = Unknown("no answer")
    hosts["cluster-01"] = replace(hosts["cluster-01"], system=gone, links=gone)
    rows = {one.row: one.verdict for one in unique_findings(hosts) if one.row.check == check}
    assert rows.pop(Row(check, "cluster-01")) is Verdict.ERROR
    assert set(rows.values()) == {Verdict.PASS}
