"""Recorded output of real machines, and what becomes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.fleet.plugin import FleetInventory
from tasks.preflight.check_host import host_findings
from tasks.preflight.facts import read_facts
from tasks.preflight.judge import Wish
from tasks.preflight.script import Answer, Section, read, split
from tasks.preflight.sections import SECTIONS
from tasks.preflight.values import Unknown, Version

if TYPE_CHECKING:
    from tasks.fleet.model import Fleet
    from tasks.preflight.host_facts import HostFacts

ROOT = Path(__file__).resolve().parents[3]
RECORDED = ROOT / "tests" / "recorded" / "preflight"
SECTION = {section.name: section for section in SECTIONS}


@dataclass(frozen=True, slots=True)
class Case:
    """One recorded answer: ``expected`` is the value it means, ``verdicts`` what it changes on a good host."""

    section: Section
    folder: Path

    @property
    def answer(self) -> Answer:
        """What the section printed, and how it ended: with 0 unless ``exit_code.txt`` says otherwise."""
        code, stderr = self.folder / "exit_code.txt", self.folder / "stderr.txt"
        return Answer(
            exit_code=int(code.read_text()) if code.exists() else 0,
            stdout=(self.folder / "stdout.txt").read_text("utf-8"),
            stderr=stderr.read_text("utf-8").strip() if stderr.exists() else "",
        )

    @property
    def value(self) -> Any:
        """What it is read as."""
        return read(self.section, {self.section.name: self.answer})

    def expected(self, file: str) -> Any:
        """The JSON beside it."""
        return json.loads((self.folder / file).read_text("utf-8"))

    def __str__(self) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}"


def cases() -> tuple[Case, ...]:
    """Every recorded answer of every section."""
    return tuple(
        Case(SECTION[folder.name], case)
        for folder in sorted(RECORDED.iterdir())
        if folder.name in SECTION
        for case in sorted(folder.iterdir())
    )


def case_of(name: str) -> Case:
    """The case named ``section/case``."""
    section, _, case = name.partition("/")
    return Case(SECTION[section], RECORDED / section / case)


def plain(value: Any) -> Any:
    """A value as JSON has it: sets sorted, addresses and versions as text."""
    match value:
        case Unknown(reason):
            result: Any = {"unknown": reason}
        case dict():
            result = {str(key): plain(one) for key, one in value.items()}
        case frozenset():
            result = sorted(map(plain, value))
        case tuple():
            result = [plain(one) for one in value]
        case None | bool() | int() | str():
            result = value
        case _ if is_dataclass(value) and not isinstance(value, Version):
            result = {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            result = str(value)
    return result


@cache
def fleet() -> Fleet:
    """The project's own inventory."""
    loaded: Fleet = FleetInventory(str(ROOT / "inventory")).load().defaults.data["fleet"]
    return loaded


@cache
def recorded_answers(host: str) -> dict[str, Answer]:
    """A whole host's script, taken apart."""
    folder = RECORDED / "hosts" / host
    return split((folder / "stdout.txt").read_text("utf-8"), (folder / "stderr.txt").read_text("utf-8"))


def host_facts(host: str, **other: Answer) -> HostFacts:
    """A whole recorded host, some of its sections exchanged; its clock is taken to be the operator's."""
    answers = recorded_answers(host) | other
    facts = read_facts(answers, sent=float(answers["begun"].stdout), received=float(answers["ended"].stdout))
    assert isinstance(facts.clock, Unknown) or facts.clock.error_s == 0
    return facts


def wish(**changes: Any) -> Wish:
    """What cluster-01's host should be."""
    site = fleet()
    return replace(Wish(cluster=site.clusters[0], fleet=site), **changes)


def verdicts(facts: HostFacts, **wishes: Any) -> dict[str, str]:
    """Every verdict on cluster-01's host; rows of a path by ``check->peer``."""
    return {
        finding.row.check + (f"->{finding.row.peer}" if finding.row.peer else ""): str(finding.verdict)
        for finding in host_findings(facts, wish(**wishes))
    }


def changes(case: Case) -> dict[str, str]:
    """What one recorded answer changes on the bare lab machine, everything else being equal."""
    return changed({case.section.name: case.answer})


def changed(answers: dict[str, Answer]) -> dict[str, str]:
    """What some other answers change on the bare lab machine."""
    good = bare_verdicts()
    got = verdicts(host_facts("lab-bare", **answers))
    return {check: verdict for check, verdict in got.items() if verdict != good[check]}


@cache
def bare_verdicts() -> dict[str, str]:
    """How the bare lab machine comes out."""
    return verdicts(host_facts("lab-bare"))
