"""Grafana's variables are replaced as Grafana replaces them; one that is left would be sent to Prometheus as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.panels.substitute import POINTS, SCRAPE_S, built_in, chosen, span_s, step_s, substitute

names = st.from_regex(r"[a-z_][a-z0-9_]{0,12}", fullmatch=True)
plain = st.text(alphabet=st.characters(blacklist_characters="$[]{}"), max_size=30)


@pytest.mark.parametrize("written", ["$cluster", "${cluster}", "${cluster:regex}", "[[cluster]]", "[[cluster:pipe]]"])
def test_a_variable_is_replaced_however_it_is_written(written: str) -> None:
    """Four spellings, with and without a format."""
    assert substitute(f'up{{cluster=~"{written}"}}', {"cluster": ".+"}) == 'up{cluster=~".+"}'


@given(name=names, value=plain, before=plain, after=plain)
def test_nothing_but_the_variable_changes(name: str, value: str, before: str, after: str) -> None:
    """What stands around it stays, whatever it is."""
    assert substitute(f"{before}${{{name}}}{after}", {name: value}) == before + value + after


@given(text=plain)
def test_a_text_without_a_variable_stays(text: str) -> None:
    """Label names and durations are no variables."""
    assert substitute(text, {}) == text


def test_a_variable_that_nobody_knows_is_refused() -> None:
    """Prometheus would take it for something else, or show nothing."""
    with pytest.raises(ValueError, match="nobody knows variable node"):
        substitute('up{node="$node"}', {"cluster": ".+"})


def test_the_longer_name_is_not_taken_for_the_shorter() -> None:
    """`$cluster_name` is not `$cluster` and `_name`."""
    assert substitute("$cluster_name", {"cluster": "a", "cluster_name": "b"}) == "b"


@pytest.mark.parametrize(("begin", "seconds"), [("now-6h", 21600), ("now-15m", 900), ("now-7d", 604800)])
def test_a_dashboards_range_is_read(begin: str, seconds: int) -> None:
    """As it is written in its JSON."""
    assert span_s(begin, "now") == seconds


@pytest.mark.parametrize(("begin", "end"), [("now-6h", "now-1h"), ("now/d", "now"), ("2026-11-25", "now")])
def test_a_range_that_is_not_understood_is_refused(begin: str, end: str) -> None:
    """Another one would be asked for in its place."""
    with pytest.raises(ValueError, match="time range"):
        span_s(begin, end)


@given(span=st.integers(min_value=60, max_value=80_000_000))
def test_no_step_is_under_the_scrape_interval_nor_gives_too_many_points(span: int) -> None:
    """Which is what Grafana's own choice keeps to."""
    step = step_s(span)
    assert step >= SCRAPE_S
    assert span / step <= POINTS


def test_six_hours_are_asked_for_every_thirty_seconds() -> None:
    """The dashboards' default."""
    values = built_in(21600, step_s(21600))
    assert (values["__interval"], values["__rate_interval"], values["__range"]) == ("30s", "120s", "21600s")


def test_all_values_are_asked_for_by_the_variables_own_expression() -> None:
    """Chosen ones are joined, and taken literally."""
    assert chosen({"name": "cluster", "allValue": ".+", "current": {"value": ["$__all"]}}) == ".+"
    assert chosen({"name": "cluster", "current": {"value": ["a.b", "c"]}}) == r"a\.b|c"
    assert chosen({"name": "cluster", "current": {"value": "one"}}) == "one"


def test_all_values_without_an_expression_are_refused() -> None:
    """They would have to be listed first, which nothing here does."""
    with pytest.raises(ValueError, match="cluster shows all of its values"):
        chosen({"name": "cluster", "current": {"value": ["$__all"]}})
