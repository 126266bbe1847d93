"""What contenders print, read back as host -> kind -> text. Pure."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from bench.figures import CRITICAL_PATH, LONGEST_CHAIN
from bench.model import BenchError
from bench.subjects.kinds import KINDS
from tasks.model.finding import FLEET
from tasks.preflight.script import split

Answers = dict[str, dict[str, str]]

_TASK = re.compile(r"^TASK \[(?P<kind>[^\]]+)\]")
_RESULT = re.compile(r"^(?:ok|changed): \[(?P<host>[^\]]+)\] => (?P<result>\{.*\})$")


def of_script(texts: Mapping[str, str]) -> Answers:
    """Outputs of the product's fact script, by host."""
    return {
        host: _kinds({name: answer.stdout for name, answer in split(text, "").items()}) for host, text in texts.items()
    }


def of_json(text: str) -> Answers:
    """One JSON object: host to kind to text."""
    return {host: dict(answers) for host, answers in json.loads(text).items()}


def of_files(folder: Path) -> Answers:
    """One file per host, named for it: kind to text, as JSON."""
    return {file.name: json.loads(file.read_text()) for file in folder.iterdir()}


def of_sections(text: str) -> Answers:
    """One JSON object: host to section of the fact script to its parsed value; what is not known is left out."""
    return {
        host: _kinds({name: json.dumps(value) for name, value in sections.items()})
        for host, sections in json.loads(text).items()
    }


def of_ansible_tasks(text: str, cached: Mapping[str, str]) -> Answers:
    """
    What `ansible-playbook -v` prints where each task is named for the kind it gathers.

    Arguments:
        cached: the fact cache's files by host; what the module `setup` gathers is kept there and never printed

    """
    found: Answers = {host: {"system": facts} for host, facts in cached.items()}
    kind = ""
    for line in text.splitlines():
        if task := _TASK.match(line):
            kind = task["kind"]
        elif result := _RESULT.match(line):
            found.setdefault(result["host"], {})[kind] = _said(result["result"])
    return found


def of_ansible_script(text: str) -> Answers:
    """What `ansible-playbook -v` prints of a single task that runs the fact script, which it does on a terminal."""
    results = {found["host"]: _said(found["result"]) for found in map(_RESULT.match, text.splitlines()) if found}
    return of_script({host: said.replace("\r\n", "\n") for host, said in results.items()})


def of_report(text: str) -> dict[str, int]:
    """
    What a runbook's report says it judged.

    Raises:
        BenchError: it judged nothing, or could not ask everybody

    """
    totals = json.loads(text)["totals"]
    unasked = totals["unreachable"] + totals["errors"]
    if unasked or not totals["rows"]:
        raise BenchError(f"{unasked} of {totals['rows']} rows could not be judged")
    return {"rows judged": totals["rows"] - totals["skipped"], "not good": totals["failed"]}


def of_stages(text: str) -> dict[str, int]:
    """
    What bounds a run from below, by its own report, in milliseconds.

    The longest chain is what one host's steps took, one after the other, and the fleet's; the critical path waits in
    every stage for the slowest host, as stages do.
    """
    stages = [
        {host["host"]: host["duration_s"] for host in stage["hosts"] if host["duration_s"]}
        for stage in json.loads(text)["stages"]
    ]
    fleet = sum(stage.pop(FLEET, 0.0) for stage in stages)
    hosts = {host for stage in stages for host in stage}
    chains = [sum(stage.get(host, 0.0) for stage in stages) for host in hosts]
    critical = sum(max(stage.values(), default=0.0) for stage in stages)
    return {CRITICAL_PATH: round((critical + fleet) * 1000), LONGEST_CHAIN: round((max(chains) + fleet) * 1000)}


def _said(result: str) -> str:
    """A task's own output where it ran a command, all of its facts otherwise."""
    document = json.loads(result)
    return str(document.get("stdout") or result)


def _kinds(sections: Mapping[str, str]) -> dict[str, str]:
    return {
        kind.name: "\n".join(sections[name] for name in kind.sections)
        for kind in KINDS
        if all(name in sections for name in kind.sections)
    }
