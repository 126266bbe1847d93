"""What a real OpenSearch answered is good, and each thing that can be wrong with it is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tasks.opensearch import answers
from tasks.opensearch.client import Answer
from tests.unit.opensearch.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Callable

JUDGES: dict[str, Callable[[Any], str]] = {
    "health": answers.wrong_health,
    "verify": answers.wrong_repository,
    "bulk": answers.refused,
}


@pytest.mark.parametrize("what", JUDGES)
def test_what_the_lab_answered_is_good(what: str) -> None:
    """Nothing is said of it."""
    assert JUDGES[what](recorded(what)) == ""


def test_a_red_store_is_said() -> None:
    """With how much of it is missing; yellow is fine, and so is what one node cannot be: green."""
    health = recorded("health")
    assert answers.wrong_health({**health, "status": "yellow"}) == ""
    assert answers.wrong_health({**health, "status": "red", "unassigned_shards": 2}) == (
        "it is red: 2 shards have no place"
    )


def test_a_repository_that_no_node_can_use_is_said() -> None:
    """An empty list of nodes is no success."""
    assert answers.wrong_repository({"nodes": {}}).startswith("no node can use it")


def test_documents_that_were_refused_under_http_200_are_said() -> None:
    """OpenSearch's own answer to a document that does not fit: HTTP 200, and errors within."""
    said = answers.refused(recorded("bulk", "refused"))
    assert said.startswith("1 of 2 documents were refused: ")
    assert "kubernetes" in said


def test_nothing_sent_is_no_success() -> None:
    """Nor is an error without a reason."""
    assert answers.refused({"errors": False, "items": []}) == "nothing was sent"
    assert "1 of 1 documents were refused" in answers.refused(
        {"errors": True, "items": [{"create": {"status": 429, "error": {}}}]}
    )


def tried(**statuses: int) -> dict[str, Answer]:
    """Every attempt with its status; the shipper's adding answers as recorded."""
    good = {what.replace(" ", "_"): status for what, status in answers.RIGHTS.items()} | statuses
    text = json.dumps(recorded("bulk"))
    return {what.replace("_", " "): Answer(status=status, text=text) for what, status in good.items()}


def test_rights_as_wanted_are_good() -> None:
    """Two denials are part of it."""
    assert answers.wrong_rights(tried()) == ""


@pytest.mark.parametrize(
    ("attempt", "status", "said"),
    [
        ("shipper_reads", 200, "shipper reads: HTTP 200, wanted 403"),
        ("reader_adds", 200, "reader adds: HTTP 200, wanted 403"),
        ("shipper_adds", 403, "shipper adds: HTTP 403, wanted 200"),
        ("reader_reads", 401, "reader reads: HTTP 401, wanted 200"),
    ],
)
def test_a_right_too_much_or_too_little_is_said(attempt: str, status: int, said: str) -> None:
    """Each on its own."""
    assert answers.wrong_rights(tried(**{attempt: status})) == said


def test_what_the_shipper_adds_must_be_taken() -> None:
    """HTTP 200 with errors within is red here, too."""
    asked = tried() | {"shipper adds": Answer(status=200, text=json.dumps(recorded("bulk", "refused")))}
    assert "shipper adds: 1 of 2 documents were refused" in answers.wrong_rights(asked)
