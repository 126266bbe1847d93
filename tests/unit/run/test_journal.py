"""What a cluster has been through, and what it need not go through again."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tasks.model.finding import Outcome, Row, Verdict
from tasks.run.files import write_atomically
from tasks.run.journal import GOOD, STARTED, Entry, Journal, Page
from tasks.run.resume import Journalled, digest_of, finished_stages, inputs_of
from tests.unit.run.workbench import HOSTS, failing, passing, verdicts

if TYPE_CHECKING:
    from pathlib import Path

    from nornir.core.task import Task

    from tasks.run.context import RunContext
    from tests.unit.run.workbench import Workbench


@pytest.fixture
def told() -> list[str]:
    """What the journal had to say."""
    return []


@pytest.fixture
def journal(tmp_path: Path, told: list[str]) -> Journal:
    """An empty journal."""
    return Journal(tmp_path / "journal", told.append)


def test_a_stage_is_started_and_finished(journal: Journal) -> None:
    """Reading back gives what was written, outcome and times included."""
    journal.start("cluster-01", "init", runbook="full_deploy", run_id="r1", inputs="abc")
    started = journal.read("cluster-01").stages["init"]
    assert (started.outcome, started.finished) == (STARTED, "")
    journal.finish("cluster-01", "init", good=True)
    finished = journal.read("cluster-01").stages["init"]
    assert (finished.outcome, finished.run_id, finished.inputs) == (GOOD, "r1", "abc")
    assert finished.started == started.started
    assert finished.finished >= finished.started
    assert journal.read("cluster-02") == Page()


def test_another_runbook_voids_what_was_noted(journal: Journal) -> None:
    """After a reset, no stage of the deployment counts as finished."""
    journal.start("cluster-01", "init", runbook="full_deploy", run_id="r1", inputs="abc")
    journal.finish("cluster-01", "init", good=True)
    journal.start("cluster-01", "reset", runbook="reset_cluster", run_id="r2", inputs="abc")
    assert set(journal.read("cluster-01").stages) == {"reset"}


@pytest.mark.parametrize(
    "content",
    [
        '{"schema": 1, "clus',
        "[]",
        '{"schema": 2, "runbook": "x", "stages": {}}',
        '{"schema": 1, "runbook": "x"}',
        "\udcff",
    ],
)
def test_a_corrupt_journal_is_told_set_aside_and_empty(
    tmp_path: Path, journal: Journal, told: list[str], content: str
) -> None:
    """It never stops a run, and is kept for whoever wants to know."""
    path = tmp_path / "journal" / "cluster-01.json"
    path.parent.mkdir()
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert journal.read("cluster-01") == Page()
    assert not path.exists()
    (aside,) = path.parent.iterdir()
    assert aside.name.startswith("cluster-01.corrupt-")
    assert aside.name in told[0]


def test_a_write_that_dies_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing half is ever seen under the file's name, and no scrap stays behind."""
    path = tmp_path / "file.json"
    write_atomically(path, "old")

    def no_sync(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_sync)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def page(*stages: tuple[str, str, str]) -> Page:
    """A journal of (stage, outcome, inputs)."""
    return Page(
        runbook="full_deploy",
        stages={
            slug: Entry(run_id="r1", inputs=inputs, outcome=outcome, started="s", finished="f")
            for slug, outcome, inputs in stages
        },
    )


ALL_GOOD = (("a", "good", "i"), ("b", "good", "i"), ("c", "good", "i"))


@pytest.mark.parametrize(
    ("noted", "skipped"),
    [
        ((), []),
        (ALL_GOOD[:1], []),
        (ALL_GOOD[:2], ["a"]),
        (ALL_GOOD, ["a", "b"]),
        ((("a", "good", "i"), ("b", "started", "i"), ("c", "good", "i")), []),
        ((("a", "good", "i"), ("b", "bad", "i"), ("c", "good", "i")), []),
        ((("a", "good", "i"), ("b", "good", "other"), ("c", "good", "i")), []),
        ((*ALL_GOOD[:2], ("c", "started", "i")), ["a"]),
        ((("a", "good", "other"), *ALL_GOOD[1:]), []),
    ],
)
def test_what_is_finished_is_skipped_but_for_the_last(
    bench: Workbench, noted: tuple[tuple[str, str, str], ...], skipped: list[str]
) -> None:
    """Up to the first stage that is not finished with today's inputs; the last finished one is walked again."""
    stages = [bench.stage("x", title=title, mutates=True) for title in "abc"]
    stages.insert(1, bench.stage("y", title="look"))
    assert list(finished_stages(page(*noted), stages, runbook="full_deploy", inputs="i")) == skipped
    assert finished_stages(page(*noted), stages, runbook="other", inputs="i") == {}


def test_inputs_are_the_clusters_own(bench: Workbench, tmp_path: Path) -> None:
    """Its values, the shared ones, traits, library and manifests count; another cluster's values do not."""
    manifests = tmp_path / "kustomize"
    manifests.mkdir()
    (manifests / "a.yaml").write_text("a: 1\n")

    def digest(fleet: Any = bench.fleet, *, traits: tuple[str, ...] = (), library: str = "l", **how: bool) -> str:
        return inputs_of(fleet, "cluster-01", traits=traits, library=library, manifests=digest_of(manifests), **how)

    def changed(name: str, **values: Any) -> Any:
        clusters = tuple(replace(one, **values) if one.name == name else one for one in bench.fleet.clusters)
        return replace(bench.fleet, clusters=clusters)

    today = digest()
    assert digest(changed("cluster-02", cluster_id=9)) == today
    assert digest(changed("cluster-01", cluster_id=9)) != today
    versions = replace(bench.fleet.versions, cilium="1.18.3")
    assert digest(replace(bench.fleet, versions=versions)) != today
    assert digest(traits=("lab",)) != today
    assert digest(library="m") != today
    assert digest(prune=True) != today
    (manifests / "a.yaml").write_text("a: 2\n")
    assert digest() != today


def resuming(bench: Workbench, journal: Journal, stages: tuple[Any, ...], *, resume: bool, write: bool = True) -> Any:
    """A run with a journal."""
    inputs = dict.fromkeys(HOSTS, "i")
    hooks = Journalled(journal, stages, inputs, runbook="test", run_id="r", resume=resume, write=write)
    return bench.run(*stages, hooks=hooks, plan=not write)


def test_a_resumed_run_repeats_on_each_host_only_what_it_must(bench: Workbench, journal: Journal) -> None:
    """One cluster's failure makes no other cluster repeat anything, and a skipped row says why."""
    broken, walked = {"cluster-03"}, []

    def step(slug: str) -> Any:
        def act(task: Task, _ctx: RunContext) -> Outcome:
            walked.append((slug, task.host.name))
            row = Row(f"{slug}.ok", task.host.name)
            return Outcome(findings=(failing(row) if slug == "b" and task.host.name in broken else passing(row),))

        return act

    stages = tuple(bench.stage(f"{slug}.ok", title=slug, host=step(slug), mutates=True) for slug in "abc")
    resuming(bench, journal, stages, resume=False)
    assert ("c", "cluster-03") not in walked
    assert len(walked) == 11
    walked.clear()
    broken.clear()
    record = resuming(bench, journal, stages, resume=True)
    assert sorted(walked) == [
        ("a", "cluster-03"),
        ("b", "cluster-03"),
        *(("c", host) for host in HOSTS),
    ]
    assert verdicts(record)["a.ok@cluster-01"] is Verdict.SKIP
    skipped = next(one for one in record.findings if str(one.row) == "a.ok@cluster-01")
    assert "by run r; inputs unchanged" in skipped.observed
    assert skipped.blocked_by is None


def test_a_plan_writes_no_journal(bench: Workbench, journal: Journal, tmp_path: Path) -> None:
    """What was only foreseen is not noted as done."""
    resuming(bench, journal, (bench.stage("a", mutates=True),), resume=False, write=False)
    assert not (tmp_path / "journal").exists()


def test_a_stage_that_only_looks_is_not_journalled(bench: Workbench, journal: Journal) -> None:
    """It is walked every time."""
    resuming(bench, journal, (bench.stage("a", title="Look"), bench.stage("b", title="Do", mutates=True)), resume=False)
    assert set(journal.read("cluster-01").stages) == {"do"}


def test_the_files_are_json_with_a_schema_number(journal: Journal, tmp_path: Path) -> None:
    """Other programs may read them."""
    journal.start("cluster-01", "init", runbook="full_deploy", run_id="r1", inputs="abc")
    content = json.loads((tmp_path / "journal" / "cluster-01.json").read_text())
    assert (content["schema"], content["cluster"]) == (1, "cluster-01")
