"""Reads back what the receiver of alerts got, where it can be read: the lab's is a stand-in that shows it."""

from __future__ import annotations

from typing import Any

from tasks.model.errors import FleetError
from tasks.preflight.object_store import innermost

TIMEOUT_S = 5.0


class ReceiverSilent(FleetError):
    """The receiver did not show what it got; the text does not show its address, which is secret."""


def read_back(url: str) -> list[dict[str, Any]]:
    """
    Ask for everything that came, the oldest first.

    Raises:
        ReceiverSilent: no answer, or none that is meant

    """
    import requests  # noqa: PLC0415  keeps `--help` light

    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(url, timeout=TIMEOUT_S)
            answer.raise_for_status()
            received: list[dict[str, Any]] = answer.json()["received"]
        except requests.HTTPError as error:
            raise ReceiverSilent(f"ALERT_READBACK_URL answers HTTP {error.response.status_code}") from None
        except (requests.RequestException, KeyError, TypeError) as error:
            said = innermost(error) if isinstance(error, requests.ConnectionError) else type(error).__name__
            raise ReceiverSilent(f"ALERT_READBACK_URL does not show what came: {said}") from None
    return received
