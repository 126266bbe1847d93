"""Which stages a cluster need not walk again, and the journal's part in a run."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from tasks.fleet.typed import plain_of
from tasks.run.hooks import Hooks
from tasks.run.journal import GOOD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tasks.fleet.model import Fleet
    from tasks.model.record import RunRecord
    from tasks.run.journal import Journal, Page
    from tasks.run.stage import Stage


def inputs_of(
    fleet: Fleet, cluster: str, *, traits: Sequence[str], library: str, manifests: str, prune: bool = False
) -> str:
    """
    Digest everything a cluster's stages depend on.

    The other clusters are left out, so that a change to one never makes another repeat its work.

    Arguments:
        library: this library's name and version
        manifests: digest of the kustomizations
        prune: what was finished without is not finished with it

    """
    shared = {key: value for key, value in plain_of(fleet).items() if key != "clusters"}
    own = plain_of(fleet.cluster(cluster))
    whole = json.dumps([own, shared, sorted(traits), library, manifests, prune], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def digest_of(folder: Path) -> str:
    """Digest a folder: every file's path and content."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def finished_stages(page: Page, stages: Sequence[Stage], *, runbook: str, inputs: str) -> dict[str, str]:
    """
    The stages that one cluster may skip: all finished ones up to the first that is not, without the last of them.

    The last finished one is walked again, for the machine, not the journal, has the last word.

    Arguments:
        stages: the runbook's, in order; only those that mutate are journalled
        inputs: today's digest; an entry with another one counts as unfinished

    Returns:
        stage slug to the sentence that says why it is skipped

    """
    entries = page.stages if page.runbook == runbook else {}
    finished = []
    for stage in stages:
        if not stage.mutates:
            continue
        entry = entries.get(stage.slug)
        if entry is None or entry.outcome != GOOD or entry.inputs != inputs:
            break
        finished.append((stage.slug, f"finished at {entry.finished} by run {entry.run_id}; inputs unchanged"))
    return dict(finished[:-1])


class Journalled(Hooks):
    """
    Keeps the journal of a mutating run, and reads it where the run resumes.

    Arguments:
        inputs: cluster to today's digest
        resume: skip what is finished
        write: False while planning

    """

    def __init__(
        self,
        journal: Journal,
        stages: Sequence[Stage],
        inputs: Mapping[str, str],
        *,
        runbook: str,
        run_id: str,
        resume: bool,
        write: bool,
    ) -> None:
        self._journal, self._inputs, self._write = journal, inputs, write
        self._runbook, self._run_id = runbook, run_id
        self._finished = {
            cluster: finished_stages(journal.read(cluster), stages, runbook=runbook, inputs=digest)
            for cluster, digest in inputs.items()
            if resume
        }

    def finished_before(self, stage: Stage) -> Mapping[str, str]:
        """See ``finished_stages``."""
        return {cluster: done[stage.slug] for cluster, done in self._finished.items() if stage.slug in done}

    def before(self, stage: Stage, hosts: tuple[str, ...]) -> None:
        """Note the start on every cluster's own page, before its machine is touched."""
        if self._write and stage.mutates:
            for host in hosts:
                self._journal.start(
                    host, stage.slug, runbook=self._runbook, run_id=self._run_id, inputs=self._inputs[host]
                )

    def after(self, stage: Stage, record: RunRecord, walked: tuple[str, ...], good: tuple[str, ...]) -> None:
        """Note the end likewise."""
        del record
        if self._write and stage.mutates:
            for host in walked:
                self._journal.finish(host, stage.slug, good=host in good)
