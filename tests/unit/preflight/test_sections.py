"""
Every recorded answer is read as the value beside it, and turns exactly the rows beside it.

A new case is a new folder in `tests/recorded/preflight/<section>/`; `expect.py` writes what is expected of it.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.preflight.host_checks import HOST_CHECKS
from tasks.preflight.values import Unknown
from tests.unit.preflight.recordings import (
    RECORDED,
    SECTION,
    Case,
    bare_verdicts,
    case_of,
    cases,
    changed,
    changes,
    host_facts,
    plain,
    verdicts,
)

CASES = cases()
TOGETHER: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "multipathd is kept from Longhorn's disks": (("units/multipathd-active", "multipath/blacklisted"), {}),
    "multipathd would take Longhorn's disks": (
        ("units/multipathd-active", "multipath/blacklist-of-others"),
        {"host.multipath": "FAIL"},
    ),
    "containerd and kubelet agree on cgroupfs": (
        ("containerd/cgroupfs", "kubelet/cgroupfs"),
        {"host.cgroup-driver": "WARN"},
    ),
    "a kernel without what pods need": (
        ("modules/kernel-without", "kernel_config/kernel-without"),
        {
            "host.module.overlay": "FAIL",
            "host.module.nf_conntrack": "FAIL",
            "host.module.vxlan": "FAIL",
            "host.module.br_netfilter": "WARN",
        },
    ),
    "a foreign cluster with all that belongs to it": (
        ("admin/foreign-cluster", "leftovers/after-kubeadm-init", "listeners/kubernetes"),
        {
            "host.installation": "FAIL",
            "host.manifests": "FAIL",
            "host.etcd-dir": "FAIL",
            "host.leftovers": "FAIL",
            **{f"host.port.{port}": "FAIL" for port in (6443, 10259, 10257, 10250, 2379, 2380)},
        },
    ),
    "our own cluster is at home": (
        ("admin/our-cluster", "leftovers/after-kubeadm-init", "listeners/kubernetes"),
        {},
    ),
    "our own cluster does not hide a stranger on its port": (
        ("admin/our-cluster", "leftovers/after-kubeadm-init", "listeners/foreign-api"),
        {"host.port.6443": "FAIL"},
    ),
    "a resolver on the host itself, run by systemd": (("nameservers/itself", "units/resolved-active"), {}),
}


def test_cases_were_found() -> None:
    """Every section has at least one recorded answer, so that an empty folder does not pass for a full one."""
    assert {case.section.name for case in CASES} == set(SECTION)
    assert len(CASES) > 130


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_answer_is_read_as_expected(case: Case) -> None:
    """Text in, value out; and each case says where its text comes from."""
    assert plain(case.value) == case.expected("expected.json")
    assert (case.folder / "origin.md").read_text("utf-8").count("\n") >= 3


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_answer_turns_exactly_its_own_rows(case: Case) -> None:
    """On a machine that is otherwise as the bare one of the lab."""
    assert changes(case) == case.expected("verdicts.json")


@pytest.mark.parametrize("title", TOGETHER)
def test_answers_together(title: str) -> None:
    """What only several answers together can say."""
    names, expected = TOGETHER[title]
    assert changed({name.partition("/")[0]: case_of(name).answer for name in names}) == expected


OWN = {"host.installation", "host.manifests", "host.etcd-dir", "host.leftovers", "host.ports-cilium"} | {
    f"host.port.{port}" for port in (6443, 10259, 10257, 10250, 2379, 2380)
}


def test_a_recorded_cluster_of_ours_is_as_good_as_a_bare_host() -> None:
    """Ports, manifests, etcd's folder, devices and routes of a running cluster are its own."""
    got = verdicts(host_facts("lab-cluster"))
    assert {got[check] for check in OWN} == {"PASS"}
    assert {check for check, verdict in got.items() if verdict != "PASS"} <= {
        check for check, verdict in bare_verdicts().items() if verdict != "PASS"
    }


def test_the_same_cluster_is_foreign_where_another_ca_is_recorded() -> None:
    """A host that was set up anew behind this site's back is not taken for the old one."""
    got = verdicts(host_facts("lab-cluster"), recorded_ca="TUFERS1VUA==")
    assert {check for check, verdict in got.items() if verdict == "FAIL"} - set(bare_fails()) == OWN


def bare_fails() -> list[str]:
    """What the bare machine lacks anyway."""
    return [check for check, verdict in bare_verdicts().items() if verdict == "FAIL"]


@pytest.mark.parametrize("check", [check.check for check in HOST_CHECKS])
def test_every_check_has_a_case_that_turns_it(check: str) -> None:
    """A check that nothing turns red, or yellow where that is all it can be, could as well not be there."""
    turned = {(check, verdict) for case in CASES for check, verdict in case.expected("verdicts.json").items()}
    turned |= {(check, verdict) for _, expected in TOGETHER.values() for check, verdict in expected.items()}
    assert {(check, "FAIL"), (check, "WARN")} & (turned | set(bare_verdicts().items()))


@pytest.mark.parametrize("name", SECTION)
@given(text=st.text(max_size=200))
def test_no_answer_breaks_a_parser(name: str, text: str) -> None:
    """Whatever a host prints is read, or refused with a ValueError, which makes the fact unknown."""
    try:
        SECTION[name].parse(text)
    except ValueError:
        return


@pytest.mark.parametrize("name", SECTION)
@given(data=st.data())
def test_a_mangled_answer_breaks_no_parser(name: str, data: st.DataObject) -> None:
    """The same for real answers that were cut, or that lost a piece in the middle."""
    text = (RECORDED / name / "debian-12-bare" / "stdout.txt").read_text("utf-8")
    start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    for mangled in (text[:start], text[end:], text[:start] + text[end:]):
        try:
            SECTION[name].parse(mangled)
        except ValueError:
            continue


def test_a_host_that_answers_nothing_passes_nothing() -> None:
    """Every row is an ERROR: unknown is never good."""
    from tasks.preflight.facts import read_facts  # noqa: PLC0415

    facts = read_facts({}, sent=0.0, received=1.0)
    assert all(isinstance(getattr(facts, name), Unknown) for name in SECTION)
    judged = verdicts(facts)
    assert {check: verdict for check, verdict in judged.items() if verdict != "ERROR"} == {}
