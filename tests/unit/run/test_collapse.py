"""One fault, one headline."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.model.finding import FLEET, Finding, Row, Verdict
from tasks.run.collapse import collapse


def seen(check: str, target: str, verdict: Verdict, peer: str = "", **others: object) -> Finding:
    """A finding with something observed."""
    return replace(Finding(row=Row(check, target, peer), verdict=verdict, observed=f"saw {check}"), **others)


def by_row(findings: tuple[Finding, ...]) -> dict[str, tuple[Verdict, str]]:
    """Row by name to verdict and cause by name."""
    return {str(one.row): (one.verdict, str(one.blocked_by or "")) for one in findings}


def test_a_host_that_cannot_be_reached_has_one_headline() -> None:
    """Its further rows stay UNREACHABLE and point to the first; what others saw of it is SKIP, kept in words."""
    findings = (
        seen("host.ssh", "h2", Verdict.UNREACHABLE),
        seen("host.swap", "h2", Verdict.UNREACHABLE),
        seen("reach.vip", "h1", Verdict.FAIL, "h2"),
        seen("reach.vip", "h1", Verdict.PASS, "h3"),
        seen("vip.arp", "h2", Verdict.FAIL),
    )
    collapsed = collapse(findings)
    assert by_row(collapsed) == {
        "host.ssh@h2": (Verdict.UNREACHABLE, ""),
        "host.swap@h2": (Verdict.UNREACHABLE, "host.ssh@h2"),
        "reach.vip@h1->h2": (Verdict.SKIP, "host.ssh@h2"),
        "reach.vip@h1->h3": (Verdict.PASS, ""),
        "vip.arp@h2": (Verdict.SKIP, "host.ssh@h2"),
    }
    assert [one.observed for one in collapsed] == [one.observed for one in findings]


def test_a_host_lost_in_an_earlier_stage_is_still_the_cause() -> None:
    """The root is found among the findings of stages before."""
    known = (seen("host.ssh", "h2", Verdict.UNREACHABLE),)
    (one,) = collapse((seen("reach.vip", "h1", Verdict.FAIL, "h2"),), known=known)
    assert one.blocked_by == known[0].row


def test_what_works_towards_a_lost_host_stays_good() -> None:
    """A VIP that answers although SSH does not is a PASS."""
    (_, one) = collapse((seen("host.ssh", "h2", Verdict.UNREACHABLE), seen("reach.vip", "h1", Verdict.PASS, "h2")))
    assert one.verdict is Verdict.PASS


@pytest.mark.parametrize("row", [("reach.vip", "h1", "h2"), ("kubeadm.init", "h2", "")])
def test_what_a_blocked_host_could_not_bring_about_follows_from_its_cause(row: tuple[str, str, str]) -> None:
    """A bad row towards, or of, a host that was blocked before the stage is a consequence."""
    cause = Row("host.swap", "h2")
    check, target, peer = row
    (one,) = collapse((seen(check, target, Verdict.FAIL, peer),), blocked={"h2": cause})
    assert (one.verdict, one.blocked_by) == (Verdict.SKIP, cause)


@pytest.mark.parametrize(
    ("cause", "named"),
    [
        (seen("vip.arp", "h2", Verdict.FAIL), "vip.arp@peer"),
        (seen("reach.tcp", "h1", Verdict.ERROR, "h2"), "reach.tcp"),
        (seen("fleet.dns", FLEET, Verdict.FAIL), "fleet.dns@fleet"),
        (seen("host.route", "h1", Verdict.FAIL), "host.route"),
        (seen("reach.mtu", "h1", Verdict.FAIL, "h3"), "reach.mtu->any"),
        (seen("reach.mtu", "h2", Verdict.FAIL, "h3"), "reach.mtu@peer->any"),
    ],
)
@pytest.mark.parametrize("prefix", ["reach.http", "reach"])
def test_a_declared_cause_is_found_where_it_is_named(cause: Finding, named: str, prefix: str) -> None:
    """At the same target, at the peer, or at the fleet; by exact check or by a dotted beginning."""
    effect = seen("reach.http", "h1", Verdict.FAIL, "h2")
    assert collapse((cause, effect), causes={prefix: (named,)})[1].blocked_by == cause.row


def test_a_cause_elsewhere_is_no_cause() -> None:
    """The same check at another host, or towards another peer, explains nothing."""
    others = (seen("vip.arp", "h3", Verdict.FAIL), seen("reach.tcp", "h1", Verdict.FAIL, "h3"))
    effect = seen("reach.http", "h1", Verdict.FAIL, "h2")
    for named in ("vip.arp@peer", "reach.tcp", "vip.arp->any", "reach.tcp@peer->any"):
        assert collapse((*others, effect), causes={"reach.http": (named,)})[2] == effect


def test_a_prefix_ends_at_a_dot() -> None:
    """`reach` does not mean `reachable`."""
    findings = (seen("host.route", "h1", Verdict.FAIL), seen("reachable.http", "h1", Verdict.FAIL))
    assert collapse(findings, causes={"reach": ("host.route",)}) == findings


def test_causes_are_followed_to_the_root() -> None:
    """HTTP for want of TCP, for want of ARP: both point to ARP."""
    findings = (
        seen("http", "h1", Verdict.FAIL),
        seen("tcp", "h1", Verdict.FAIL),
        seen("arp", "h1", Verdict.FAIL),
    )
    causes = {"http": ("tcp",), "tcp": ("arp",)}
    assert [one.blocked_by for one in collapse(findings, causes=causes)] == [findings[2].row, findings[2].row, None]


def test_a_root_that_turns_out_to_be_a_consequence_takes_its_rows_along() -> None:
    """A step's first row carries its error; where that has a cause elsewhere, all its rows point there."""
    knock = seen("reach.knock", FLEET, Verdict.FAIL)
    first = seen("host.ssh", "h2", Verdict.UNREACHABLE)
    second = seen("host.swap", "h2", Verdict.UNREACHABLE, blocked_by=first.row)
    waived = seen("host.cpu", "h2", Verdict.UNREACHABLE, blocked_by=first.row, waiver="small box")
    collapsed = collapse((first, second, waived), known=(knock,), causes={"host.ssh": ("reach.knock@fleet",)})
    assert [one.blocked_by for one in collapsed] == [knock.row] * 3
    assert {one.verdict for one in collapsed} == {Verdict.UNREACHABLE}


def test_a_waived_row_neither_causes_nor_follows() -> None:
    """What the operator lives with must not hide what it would explain."""
    waived = seen("host.ssh", "h2", Verdict.UNREACHABLE, waiver="being mended")
    effect = seen("reach.vip", "h1", Verdict.FAIL, "h2")
    assert collapse((waived, effect)) == (waived, effect)


VERDICTS = st.sampled_from(Verdict)
ROWS = st.builds(Row, st.sampled_from("abcd"), st.sampled_from(["h1", "h2", "h3"]), st.sampled_from(["", "h1", "h2"]))
CAUSES = st.dictionaries(st.sampled_from("abcd"), st.tuples(st.sampled_from(["a", "b", "c@peer", "d", "a@fleet"])))


@settings(max_examples=200)
@given(st.dictionaries(ROWS, VERDICTS, max_size=12), CAUSES)
def test_collapsing_never_makes_a_run_look_better(
    drawn: dict[Row, Verdict], causes: dict[str, tuple[str, ...]]
) -> None:
    """Where anything was bad something stays bad without a cause, and every cause is a bad row that stays."""
    findings = tuple(Finding(row=row, verdict=verdict, observed="x") for row, verdict in drawn.items())
    collapsed = collapse(findings, causes=causes)
    roots = {one.row for one in collapsed if one.blocks and one.blocked_by is None}
    assert bool(roots) == any(one.blocks for one in findings)
    assert {one.blocked_by for one in collapsed if one.blocked_by} <= roots
    assert [one.row for one in collapsed] == [one.row for one in findings]
    assert all(
        after.verdict is before.verdict
        for before, after in zip(findings, collapsed, strict=True)
        if before.verdict.good
    )


def test_in_a_circle_of_causes_the_first_row_stays() -> None:
    """Rows that name each other as cause do not explain each other away."""
    findings = tuple(seen(check, "h1", Verdict.FAIL) for check in "abc")
    collapsed = collapse(findings, causes={"a": ("b",), "b": ("c",), "c": ("b",)})
    assert [one.blocked_by for one in collapsed] == [findings[1].row, None, findings[1].row]
