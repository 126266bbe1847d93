"""What each cluster has been through, so that a run that died can be taken up again. One file per cluster."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tasks.run.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCHEMA = 1
STARTED, GOOD, BAD = "started", "good", "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One stage of one cluster.

    Attributes:
        run_id: of the run that walked it last
        inputs: digest of what the stage depended on
        outcome: ``STARTED`` (and never ended), ``GOOD`` or ``BAD``
        started, finished: ISO 8601, UTC; ``finished`` is empty while it runs

    """

    run_id: str
    inputs: str
    outcome: str
    started: str
    finished: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One cluster's journal; ``runbook`` is the one that touched it last, whose stages these are."""

    runbook: str = ""
    stages: dict[str, Entry] = field(default_factory=dict)


class Journal:
    """
    The journals of a site. A cluster's file is written for that cluster alone, atomically.

    Arguments:
        folder: ``.state/journal``
        tell: where to say that a file was unreadable

    """

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self._folder, self._tell = folder, tell

    def read(self, cluster: str) -> Page:
        """The cluster's journal; a corrupt one is set aside, told, and counts as empty."""
        path = self._path(cluster)
        try:
            return _page(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return Page()
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            aside = path.with_suffix(f".corrupt-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
            path.replace(aside)
            self._tell(f"journal of {cluster} was unreadable ({error}); kept as {aside.name}, starting from nothing")
            return Page()

    def start(self, cluster: str, stage: str, *, runbook: str, run_id: str, inputs: str) -> None:
        """Note that a stage is about to touch the cluster; another runbook's notes are void from here on."""
        page = self.read(cluster)
        stages = page.stages if page.runbook == runbook else {}
        entry = Entry(run_id=run_id, inputs=inputs, outcome=STARTED, started=_now())
        self._write(cluster, Page(runbook=runbook, stages={**stages, stage: entry}))

    def finish(self, cluster: str, stage: str, *, good: bool) -> None:
        """Note how the stage that was started came out."""
        page = self.read(cluster)
        if (entry := page.stages.get(stage)) is None:
            self._tell(f"journal of {cluster} lost its entry for {stage} while the stage ran")
            return
        ended = Entry(
            run_id=entry.run_id,
            inputs=entry.inputs,
            outcome=GOOD if good else BAD,
            started=entry.started,
            finished=_now(),
        )
        self._write(cluster, Page(runbook=page.runbook, stages={**page.stages, stage: ended}))

    def _write(self, cluster: str, page: Page) -> None:
        content = {"schema": SCHEMA, "cluster": cluster, **asdict(page)}
        write_atomically(self._path(cluster), json.dumps(content, indent=2) + "\n")

    def _path(self, cluster: str) -> Path:
        return self._folder / f"{cluster}.json"


def _page(content: dict[str, Any]) -> Page:
    if content["schema"] != SCHEMA:
        raise ValueError(f"schema {content['schema']}, this version writes {SCHEMA}")
    entries = {str(stage): Entry(**entry) for stage, entry in content["stages"].items()}
    return Page(runbook=str(content["runbook"]), stages=entries)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
