"""Where a host stands, from what it answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.kubeadm.state import HostState, Stand, certificate_sha256, parse_state
from tests.unit.kubeadm.conftest import answer

TRACES = "/etc/kubernetes/admin.conf\n/etc/kubernetes/manifests/etcd.yaml\n"

STANDS = [
    pytest.param({}, Stand.BARE, id="nothing there"),
    pytest.param({"attempt": "r1"}, Stand.BARE, id="an init that left no trace but its marker"),
    pytest.param({"established": "r1"}, Stand.BARE, id="kubeadm reset by hand"),
    pytest.param({"attempt": "r1", "unit": "active"}, Stand.RUNNING, id="kubeadm at work"),
    pytest.param({"attempt": "r1", "traces": TRACES}, Stand.HALF_MADE, id="killed before the API came"),
    pytest.param({"attempt": "r1", "traces": TRACES, "exit": "1"}, Stand.HALF_MADE, id="failed"),
    pytest.param({"attempt": "r1", "traces": TRACES, "ready": "ok"}, Stand.STALLED, id="killed after the API came"),
    pytest.param({"established": "r1", "traces": TRACES, "ready": "ok"}, Stand.ESTABLISHED, id="ours, healthy"),
    pytest.param({"established": "r1", "traces": TRACES, "ready": "refused"}, Stand.ESTABLISHED, id="ours, down"),
    pytest.param(
        {"established": "r1", "traces": "/var/lib/etcd/member"}, Stand.FOREIGN, id="rest of an established one"
    ),
    pytest.param({"traces": TRACES, "ready": "ok"}, Stand.FOREIGN, id="somebody else's"),
]


@pytest.mark.parametrize(("said", "expected"), STANDS)
def test_the_stand_follows_from_markers_and_traces(said: dict[str, str], expected: Stand) -> None:
    """An established cluster is never half made, whatever state it is in; what is not ours is foreign."""
    assert parse_state(answer(**said)).stand is expected


@given(st.from_regex(r"[a-z0-9]*", fullmatch=True), st.text(max_size=200).filter(lambda text: "\r" not in text))
def test_every_answer_is_read_as_it_was_given(run_id: str, config: str) -> None:
    """Markers and the text of the configuration survive the way, whatever is in them."""
    state = parse_state(answer(attempt=run_id, config=config))
    assert (state.attempt, state.config) == (run_id, config)


@pytest.mark.parametrize("text", ["", "attempt=\n", "attempt", answer().rsplit("\n", 2)[0], "attempt=%%%\n"])
def test_a_cut_answer_is_no_answer(text: str) -> None:
    """A missing or mangled line raises: a host that was cut off in mid-sentence is never taken for a bare one."""
    with pytest.raises(ValueError, match=r"."):
        parse_state(text)


def test_no_certificate_has_no_fingerprint() -> None:
    """An empty text is no certificate; mangled text is an error."""
    assert certificate_sha256("") == ""
    with pytest.raises(ValueError, match=r"."):
        certificate_sha256("-----BEGIN CERTIFICATE-----\nnonsense")


def test_ready_is_the_servers_own_word() -> None:
    """Only "ok" is healthy."""
    assert HostState(ready="ok").healthy
    assert not HostState(ready="[+]ping ok").healthy
