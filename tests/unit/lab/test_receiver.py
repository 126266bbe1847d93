"""The lab's receiver of alerts keeps what is posted to its secret path, and shows it there and nowhere else."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from lab.credentials import Credentials
from lab.plan import LabPlan
from lab.services import receiver
from lab.services.receive import HEALTH, Receiver
from lab.state import State


@pytest.fixture
def url() -> Iterator[str]:
    """A receiver on loopback whose path is /secret; without the path."""
    with Receiver(("127.0.0.1", 0), "/secret") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def shown(url: str) -> Any:
    """What it shows on its secret path."""
    return requests.get(f"{url}/secret", timeout=5).json()


def test_what_is_posted_is_shown_in_its_order_by_what_calls_itself_a_stand_in(url: str) -> None:
    """With the time at which it came."""
    for number in (1, 2):
        assert requests.post(f"{url}/secret", json={"number": number}, timeout=5).ok
    assert "stand-in" in shown(url)
    first, second = shown(url)["received"]
    assert (first["message"], second["message"]) == ({"number": 1}, {"number": 2})
    assert first["at"] <= second["at"]


def test_who_does_not_know_the_path_neither_reads_nor_writes(url: str) -> None:
    """But may ask whether it is there."""
    assert requests.get(f"{url}/", timeout=5).status_code == 404
    assert requests.post(f"{url}/other", json={}, timeout=5).status_code == 404
    assert requests.get(f"{url}{HEALTH}", timeout=5).ok


@pytest.mark.parametrize(("body", "code"), [(b"no json", 400), (b"", 413)])
def test_what_is_no_message_is_refused(url: str, body: bytes, code: int) -> None:
    """And not kept."""
    assert requests.post(f"{url}/secret", data=body, timeout=5).status_code == code
    assert shown(url)["received"] == []


def test_its_path_is_in_its_environment_alone(plan: LabPlan, state: State) -> None:
    """Not in its arguments; it listens at the address that pods are given."""
    credentials = Credentials(state.secrets)
    credentials.create(plan)
    daemon = receiver.daemon(plan, state)
    path = daemon.environment["RECEIVER_PATH"]
    environment = credentials.environment()
    assert environment["ALERT_WEBHOOK_URL"] == environment["ALERT_READBACK_URL"] == f"http://192.168.101.1:8080{path}"
    assert path not in " ".join(daemon.argv) + repr(daemon)
    assert daemon.argv[-2:] == ("192.168.101.1", "8080")
