"""Judgements of what OpenSearch answers. Pure: JSON in, a sentence out that is empty where all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.opensearch.client import Answer

_GOOD = frozenset({"green", "yellow"})
_OK, _FORBIDDEN = 200, 403


def wrong_health(answer: Mapping[str, Any]) -> str:
    """
    Whether every log can be read and written.

    Arguments:
        answer: of ``/_cluster/health``

    """
    status = answer["status"]
    if status in _GOOD:
        return ""
    return f"it is {status}: {answer['unassigned_shards']} shards have no place"


def wrong_repository(answer: Mapping[str, Any]) -> str:
    """
    Whether every node can write to the snapshots' bucket.

    Arguments:
        answer: of ``POST /_snapshot/<name>/_verify``

    """
    return "" if answer.get("nodes") else f"no node can use it: {dict(answer)}"


def refused(answer: Mapping[str, Any]) -> str:
    """
    What of a bulk request was not taken; HTTP 200 says nothing of that.

    Arguments:
        answer: of ``/_bulk``

    """
    items = [next(iter(item.values())) for item in answer["items"]]
    said = [it["error"].get("reason", "no reason") for it in items if "error" in it]
    if not items:
        return "nothing was sent"
    if answer["errors"] or said:
        return f"{len(said)} of {len(items)} documents were refused: {'; '.join(dict.fromkeys(said)) or 'no reason'}"
    return ""


def wrong_rights(asked: Mapping[str, Answer]) -> str:
    """
    Whether the shipper may add and not read, and the reader read and not add.

    Arguments:
        asked: ``shipper adds``, ``shipper reads``, ``reader reads``, ``reader adds``, each with its answer

    """
    said = []
    for what, wanted in RIGHTS.items():
        status = asked[what].status
        if status != wanted:
            said.append(f"{what}: HTTP {status}, wanted {wanted}")
        elif what == "shipper adds" and (why := refused(asked[what].json)):
            said.append(f"{what}: {why}")
    return "; ".join(said)


RIGHTS: Mapping[str, int] = {
    "shipper adds": _OK,
    "shipper reads": _FORBIDDEN,
    "reader reads": _OK,
    "reader adds": _FORBIDDEN,
}
"""What is tried, and the HTTP status that it has to end with; an expected denial is as good as a success."""
