"""Which faults are in force: one file each, written before anything breaks, removed after it is whole again."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveFault:
    """One fault in force; `since` is in nanoseconds of the epoch."""

    name: str
    words: tuple[str, ...]
    memory: Mapping[str, str]
    since: int

    @property
    def title(self) -> str:
        """As it was typed."""
        return " ".join((self.name, *self.words))


def note(state: State, name: str, words: tuple[str, ...], memory: Mapping[str, str]) -> None:
    """Write the fault down."""
    active = ActiveFault(name=name, words=words, memory=memory, since=time.time_ns())
    file = _file(state, active.title)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(active)))
    draft.replace(file)


def forget(state: State, active: ActiveFault) -> None:
    """Strike it out."""
    _file(state, active.title).unlink(missing_ok=True)


def active_faults(state: State) -> tuple[ActiveFault, ...]:
    """All faults in force, the latest first: the order in which to heal them."""
    if not state.faults.exists():
        return ()
    found = [_read(file) for file in state.faults.glob("*.json")]
    return tuple(sorted(found, key=lambda fault: fault.since, reverse=True))


def _read(file: Path) -> ActiveFault:
    fields = json.loads(file.read_text())
    return ActiveFault(**{**fields, "words": tuple(fields["words"])})


def _file(state: State, title: str) -> Path:
    return state.faults / (title.replace("/", "_") + ".json")
