"""
Compare a stream with what the API server has, by its own dry run: the one comparison of deployment and drift.

A dry run of a kind's definition costs the API server seconds. An object that nobody has written since it was found
equal, by the API server's own resource version, is equal still, and is not compared again.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from tasks.deploy.drift import differences_of
from tasks.deploy.files import read_text
from tasks.deploy.kubectl import FIELD_MANAGER
from tasks.deploy.manifest import Stream
from tasks.run.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.deploy.api import KubeApi
    from tasks.deploy.kubectl import Kubectl


def memory_of(state: Path, cluster: str, component: str) -> Path:
    """The file of one component of one cluster."""
    return state / "compared" / cluster / f"{component}.json"


def compare(kubectl: Kubectl, api: KubeApi, stream: Stream, namespace: str, memory: Path) -> dict[str, str]:
    """
    What differs, as ``drift.parse_diff`` gives it.

    Arguments:
        memory: file of what was found equal, written anew where that has grown; without it everything is compared

    Raises:
        CommandFailed: the comparison failed, which is never equality
        ApiError: the API server does not answer

    """
    known = _read(memory)
    # read before the comparison: what is written in between is compared the next time
    marks = _marks(stream, api, namespace)
    due = tuple(it for it in stream.documents if not _is_known(it.ref.path(namespace), known, marks))
    differences = differences_of(kubectl, Stream(due), namespace) if due else {}
    equal = {it.ref.path(namespace) for it in due if it.ref.diff_name not in differences}
    found = {path: mark for path, mark in marks.items() if path in equal and mark}
    if found:
        write_atomically(memory, json.dumps(known | found, indent=1, sort_keys=True))
    return differences


def _is_known(path: str, known: dict[str, str], marks: dict[str, str]) -> bool:
    return bool(marks[path]) and known.get(path) == marks[path]


def _marks(stream: Stream, api: KubeApi, namespace: str) -> dict[str, str]:
    """By its path, each object as it is and as it is wanted; empty where it is not there."""
    marks: dict[str, str] = {}
    lists: dict[str, dict[str, dict[str, Any]]] = {}
    for document in stream.documents:
        path = document.ref.path(namespace)
        folder, _, name = path.rpartition("/")
        if folder not in lists:
            lists[folder] = api.metadata(folder)
        live = lists[folder].get(name)
        wanted = hashlib.sha256(f"{FIELD_MANAGER}\n{namespace}\n{document.text}".encode()).hexdigest()
        marks[path] = f"{live['uid']} {live['resourceVersion']} {wanted}" if live else ""
    return marks


def _read(memory: Path) -> dict[str, str]:
    """What was found equal; nothing where the file is not of its form: then everything is compared."""
    try:
        known = json.loads(read_text(memory) or "{}")
    except ValueError:
        return {}
    return known if isinstance(known, dict) else {}
