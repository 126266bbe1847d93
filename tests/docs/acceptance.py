"""Makes ``docs/acceptance.md``, its twin and the README's table of the criteria: python -m tests.docs.acceptance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tasks.acceptance.criteria import load_criteria

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.acceptance.criteria import Criterion

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
MARKS = ("<!-- acceptance:begin -->", "<!-- acceptance:end -->")
PARTS = {
    "US0": "US0 four clusters",
    "US1": "US1 metrics are collected and kept",
    "US2": "US2 one view of all",
    "US3": "US3 logs in one place",
    "US4": "US4 storage and names",
    "US5": "US5 dashboards",
    "EC": "edge cases",
    "FR": "functional requirements",
    "SC": "success criteria",
}
WORDS = {
    "en": (
        "# Acceptance",
        "[한국어](ko/acceptance.md)",
        "Every sentence of the specification that can be tested, with its proof; verify.py ends with a row for each.",
        ("criterion", "what it says", "proven by"),
        {"live": "rows", "render": "rendering", "document": "document", "lab": "played in the lab"},
    ),
    "ko": (
        '# 인수 기준 <a id="acceptance"></a>',
        "[English](../acceptance.md)",
        "명세에서 시험할 수 있는 모든 문장과 그 증거입니다. verify.py가 마지막에 하나씩 판정합니다.",
        ("기준", "내용", "증거"),
        {"live": "행", "render": "렌더링", "document": "문서", "lab": "랩에서 재현"},
    ),
}


def _proofs(criterion: Criterion, words: dict[str, str]) -> Iterator[str]:
    if criterion.live:
        yield f"{words['live']}: {', '.join(criterion.live)}"
    for wish in criterion.render:
        yield f"{words['render']}: {str(wish).replace('|', chr(92) + '|')}"
    for name in criterion.document:
        yield f"{words['document']}: {name}"
    for name in criterion.lab:
        yield f"{words['lab']}: {name.partition('::')[2]}"


def render(language: str) -> str:
    """One language's document."""
    title, other, lead, head, words = WORDS[language]
    lines = [title, "", other, "", lead, "", f"| {' | '.join(head)} |", "|---|---|---|"]
    for it in load_criteria():
        said = it.en if language == "en" else it.ko
        lines.append(f"| {it.id} | {said} | {'<br>'.join(_proofs(it, words))} |")
    return "\n".join(lines) + "\n"


def summary() -> str:
    """The README's table: how many sentences of each part there are, and how many each kind of proof is for."""
    kinds = ("live", "render", "lab", "document")
    lines = ["| part of the specification | sentences | live rows | renderings | played in the lab | documents |"]
    lines.append(f"|---|{'---:|' * (len(kinds) + 1)}")
    for prefix, part in PARTS.items():
        its = [it for it in load_criteria() if it.id.startswith(prefix)]
        counts = [sum(bool(getattr(it, kind)) for it in its) for kind in kinds]
        lines.append(f"| {part} | {len(its)} | {' | '.join(map(str, counts))} |")
    return "\n".join(lines)


def readme() -> str:
    """The README with its table as it should be."""
    before, _, rest = README.read_text(encoding="utf-8").partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    return f"{before}{MARKS[0]}\n{summary()}\n{MARKS[1]}{after}"


def target(language: str) -> Path:
    """Where it stands."""
    return ROOT / "docs" / ("" if language == "en" else language) / "acceptance.md"


if __name__ == "__main__":
    for known in WORDS:
        target(known).write_text(render(known), encoding="utf-8")
    README.write_text(readme(), encoding="utf-8")
