"""Clocks: a wrong one is found, a slow way is not taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.model.finding import FLEET, Row, Verdict
from tasks.preflight.checks_clock import clock_findings
from tasks.preflight.clock import read_clock, read_http_date
from tasks.preflight.object_store import read_date
from tasks.preflight.values import Clock, Unknown

NOW = 1_795_000_000.0
HOSTS = ("cluster-01", "cluster-02", "cluster-03", "cluster-04")
MILLISECONDS = st.floats(0, 0.4)
OPERATOR, S3 = Row("operator.clock", FLEET), Row("s3.clock", FLEET)


def observed(ahead_s: float, out_s: float = 0.0, back_s: float = 0.0, work_s: float = 0.2) -> Clock:
    """What is read of a clock that is ``ahead_s`` ahead, over a way of ``out_s`` there and ``back_s`` back."""
    begun = NOW + out_s + ahead_s
    clock = read_clock(begun, begun + work_s, sent=NOW, received=NOW + out_s + work_s + back_s)
    assert isinstance(clock, Clock)
    return clock


def date_of_store(ahead_s: float, out_s: float = 0.0, back_s: float = 0.0) -> Clock:
    """What is read of a store's ``Date``, which is cut to whole seconds."""
    return read_http_date(float(int(NOW + out_s + ahead_s)), sent=NOW, received=NOW + out_s + back_s)


def verdicts(hosts: dict[str, float], *, s3: float = 0.0, operator: float = 0.0) -> dict[Row, Verdict]:
    """Judge clocks by how far each is ahead of the true time; all are seen from the operator's."""
    clocks = {host: observed(ahead - operator) for host, ahead in hosts.items()}
    findings = clock_findings(clocks, date_of_store(s3 - operator))
    return {finding.row: finding.verdict for finding in findings}


@given(ahead=st.floats(-1e6, 1e6), out=MILLISECONDS, back=MILLISECONDS, work=st.floats(0, 30))
def test_the_true_offset_lies_within_the_error(ahead: float, out: float, back: float, work: float) -> None:
    """However the time on the way is split, and however long the script takes."""
    clock = observed(ahead, out, back, work)
    assert abs(clock.ahead_s - ahead) <= clock.error_s + 1e-6
    assert clock.error_s <= (out + back) / 2 + 1e-6


@given(ahead=st.floats(-1e4, 1e4), out=MILLISECONDS, back=MILLISECONDS)
def test_a_date_header_is_an_interval(ahead: float, out: float, back: float) -> None:
    """The store's true offset lies within the error, although its header has whole seconds only."""
    clock = date_of_store(ahead, out, back)
    assert abs(clock.ahead_s - ahead) <= clock.error_s + 1e-6


@given(ways=st.lists(st.tuples(MILLISECONDS, MILLISECONDS), min_size=5, max_size=5))
def test_a_slow_way_raises_nothing(ways: list[tuple[float, float]]) -> None:
    """Clocks that agree stay green over any ways of up to 400 ms there and 400 ms back, however uneven."""
    hosts = {host: observed(0.0, *way) for host, way in zip(HOSTS, ways, strict=False)}
    findings = clock_findings(hosts, date_of_store(0.0, *ways[4]))
    assert {finding.verdict for finding in findings} == {Verdict.PASS}


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("ahead", [40.0, -40.0, 86400.0])
def test_one_wrong_host_is_the_only_red_one(host: str, ahead: float) -> None:
    """Although each cluster has one host only, so that no cluster could tell by itself."""
    got = verdicts({name: ahead if name == host else 0.0 for name in HOSTS})
    assert {row for row, verdict in got.items() if verdict is not Verdict.PASS} == {Row("host.clock", host)}
    assert got[Row("host.clock", host)] is Verdict.FAIL


def test_a_wrong_operator_is_the_only_red_one() -> None:
    """The operator's clock is judged like any other; all hosts disagreeing with it does not make them wrong."""
    got = verdicts(dict.fromkeys(HOSTS, 0.0), operator=40.0)
    assert {row for row, verdict in got.items() if verdict is not Verdict.PASS} == {OPERATOR}


def test_a_wrong_object_store_is_the_only_red_one() -> None:
    """The store refuses requests that are 15 minutes off, so its clock counts."""
    got = verdicts(dict.fromkeys(HOSTS, 0.0), s3=-1000.0)
    assert {row for row, verdict in got.items() if verdict is not Verdict.PASS} == {S3}


def test_two_against_two_follow_the_operator() -> None:
    """Without a majority the operator's clock decides, not chance."""
    clocks = {"cluster-01": observed(0.0), "cluster-02": observed(40.0), "cluster-03": observed(40.0)}
    findings = clock_findings(clocks, Unknown("the store is away"))
    red = {finding.row for finding in findings if finding.verdict is Verdict.FAIL}
    assert red == {Row("host.clock", "cluster-02"), Row("host.clock", "cluster-03")}


@pytest.mark.parametrize(("ahead", "verdict"), [(0.9, Verdict.PASS), (2.0, Verdict.WARN), (6.0, Verdict.FAIL)])
def test_limits_are_one_and_five_seconds(ahead: float, verdict: Verdict) -> None:
    """Up to a second passes, more warns, more than five fails."""
    got = verdicts({"cluster-01": ahead, "cluster-02": 0.0, "cluster-03": 0.0, "cluster-04": 0.0})
    assert got[Row("host.clock", "cluster-01")] is verdict


def test_a_reading_too_blurred_to_tell_is_no_pass() -> None:
    """A round trip of half a minute could hide any fault."""
    findings = clock_findings({"cluster-01": observed(0.0, 15, 15)}, Unknown("away"))
    verdict = {finding.row: finding.verdict for finding in findings}
    assert verdict[Row("host.clock", "cluster-01")] is Verdict.ERROR
    assert verdict[S3] is Verdict.ERROR


def test_a_clock_that_nobody_could_read_is_an_error() -> None:
    """A host without `date`, or a script cut short, is not in time by default."""
    assert read_clock(Unknown("no date"), NOW, sent=NOW, received=NOW) == Unknown("no date")
    assert read_clock(NOW, Unknown("cut short"), sent=NOW, received=NOW) == Unknown("cut short")
    findings = clock_findings({"cluster-01": Unknown("no date")}, date_of_store(0.0))
    assert findings[-1].verdict is Verdict.ERROR
    assert "no date" in findings[-1].observed


@pytest.mark.parametrize("header", ["", "yesterday", "Mon, 99 Nov 2026 14:00:00 GMT"])
def test_a_strange_date_header_is_unknown(header: str) -> None:
    """A store without a usable `Date` has no clock to compare."""
    assert isinstance(read_date(header, NOW, NOW), Unknown)


def test_a_real_date_header_is_read() -> None:
    """As MinIO sends it: the middle of the second that it names."""
    clock = read_date("Thu, 19 Nov 2026 08:26:40 GMT", 1795076800.0, 1795076800.2)
    assert clock == Clock(ahead_s=pytest.approx(0.4), error_s=pytest.approx(0.6))
