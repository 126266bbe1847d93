"""What enrolling changes, and who has to agree."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.model.errors import SettingsError
from tasks.transport.access import Access
from tasks.transport.agree import Asked, State, Terms, decide, decide_all, render_table
from tasks.transport.enrolment import compare, contradictions, parse_expectations, with_keys
from tasks.transport.hostkeys import HostKey

ED, ED2 = HostKey("10.0.0.1", "ssh-ed25519", b"one"), HostKey("10.0.0.1", "ssh-ed25519", b"two")
RSA = HostKey("10.0.0.1", "ssh-rsa", b"three")
KEYS = st.sets(st.builds(HostKey, st.just("10.0.0.1"), st.sampled_from("abc"), st.binary(max_size=1)))


def asked(presented: tuple[HostKey, ...], enrolled: tuple[HostKey, ...], name: str = "cluster-01") -> Asked:
    """One server."""
    access = Access(name=name, address="10.0.0.1", user="", known_hosts=Path("known_hosts"))
    return Asked(access=access, presented=presented, difference=compare(presented, enrolled))


@given(KEYS, KEYS)
def test_every_key_is_accounted_for_once(presented: set[HostKey], enrolled: set[HostKey]) -> None:
    """Presented keys are same, new or changed; enrolled ones are same or gone; settled is never also a replacement."""
    it = compare(presented, enrolled)
    assert sorted((*it.same, *it.new, *it.changed)) == sorted(presented)
    assert sorted((*it.same, *it.gone)) == sorted(enrolled)
    assert not (it.settled and it.replaces)


@pytest.mark.parametrize(
    ("presented", "enrolled", "settled", "replaces"),
    [
        ((ED, RSA), (), False, False),
        ((ED, RSA), (ED, RSA), True, False),
        ((ED, RSA), (ED,), False, False),
        ((ED,), (ED, RSA), True, False),
        ((ED2, RSA), (ED, RSA), False, True),
        ((RSA,), (ED,), False, True),
    ],
    ids=["first", "same", "one-more", "one-less", "one-changed", "quite-others"],
)
def test_what_a_difference_means(
    presented: tuple[HostKey, ...],
    enrolled: tuple[HostKey, ...],
    settled: bool,  # noqa: FBT001
    replaces: bool,  # noqa: FBT001
) -> None:
    """A key more is new, a key less does no harm, another key or none of the enrolled ones is a replacement."""
    it = compare(presented, enrolled)
    assert (it.settled, it.replaces) == (settled, replaces)


def test_other_endpoints_keep_their_keys() -> None:
    """Writing one server's keys touches no other's, not even one whose address begins alike."""
    others = (HostKey("10.0.0.10", "ssh-rsa", b"x"), HostKey("[10.0.0.1]:2222", "ssh-rsa", b"y"))
    assert set(with_keys((*others, ED), "10.0.0.1", (ED2, RSA))) == {*others, ED2, RSA}


def test_expectations_are_read_with_comments() -> None:
    """Blank lines and comments are skipped, several keys of a host are gathered."""
    text = f"# list\n\ncluster-01 ssh-ed25519 {ED.fingerprint}  # console\ncluster-01 ssh-rsa {RSA.fingerprint}\n"
    found = parse_expectations(text, source="list", hosts=["cluster-01"])
    assert found == {"cluster-01": {("ssh-ed25519", ED.fingerprint), ("ssh-rsa", RSA.fingerprint)}}


def test_every_wrong_line_is_named() -> None:
    """All mistakes at once, each with its line."""
    text = f"cluster-01 ssh-rsa\ncluster-01 ssh-rsa SHA256:short\nstranger ssh-rsa {RSA.fingerprint}\n"
    with pytest.raises(SettingsError) as caught:
        parse_expectations(text, source="list", hosts=["cluster-01"])
    assert [line.split(" ")[0] for line in str(caught.value).splitlines()] == ["list:1:", "list:2:", "list:3:"]


@given(KEYS, KEYS)
def test_only_equal_sets_do_not_contradict(presented: set[HostKey], listed: set[HostKey]) -> None:
    """A key more or less on either side is a contradiction, each of them named."""
    expected = {(key.keytype, key.fingerprint) for key in listed}
    shown = {(key.keytype, key.fingerprint) for key in presented}
    assert len(contradictions(presented, expected)) == len(expected ^ shown)


def test_the_list_goes_before_what_is_enrolled() -> None:
    """A host that is enrolled as it presents itself is refused all the same where the list disagrees."""
    terms = Terms(expected={"cluster-01": frozenset({("ssh-ed25519", ED2.fingerprint)})})
    assert decide(asked((ED,), (ED,)), terms).state is State.REFUSED


def test_a_list_without_the_host_refuses_it() -> None:
    """Silence is no agreement."""
    assert decide(asked((ED,), ()), Terms(expected={})).state is State.REFUSED


def test_a_list_does_not_replace_on_its_own() -> None:
    """Giving up an enrolled key also wants ``--replace``."""
    expected = {"cluster-01": frozenset({("ssh-ed25519", ED2.fingerprint)})}
    it = asked((ED2,), (ED,))
    states = [decide(it, Terms(expected=expected, replace=replace)).state for replace in (False, True)]
    assert states == [State.REFUSED, State.ENROLLED]


def test_replacing_forgets_keys_that_are_not_presented_any_more() -> None:
    """A key less is no reason to ask, but who says ``--replace`` gets exactly what is presented."""
    it = asked((ED,), (ED, RSA))
    states = [decide(it, Terms(compared=True, replace=replace)).state for replace in (False, True)]
    assert states == [State.UNCHANGED, State.ENROLLED]


def test_one_refused_host_stops_what_a_list_would_have_enrolled() -> None:
    """With a list it is all or nothing; what is enrolled already is not touched."""
    expected = {"cluster-01": frozenset({("ssh-ed25519", ED.fingerprint)}), "cluster-02": frozenset[tuple[str, str]]()}
    servers = [asked((ED,), ()), asked((ED,), (), name="cluster-02")]
    states = [decision.state for decision in decide_all(servers, Terms(expected=expected))]
    assert states == [State.REFUSED, State.REFUSED]


def test_the_table_shows_whole_fingerprints() -> None:
    """However many columns: a fingerprint is never cut, a changed one stands beside the enrolled one."""
    table = render_table([asked((ED2, RSA), (ED,), name="a-host-with-a-rather-long-name-" * 4)])
    lines = table.splitlines()
    assert any(ED2.fingerprint in line and f"OTHER THAN ENROLLED {ED.fingerprint}" in line for line in lines)
    assert any(RSA.fingerprint in line and line.endswith("new") for line in lines)
