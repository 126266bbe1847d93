"""Makes ``docs/acceptance.md`` and its Korean twin of the criteria: python -m tests.docs.acceptance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tasks.acceptance.criteria import load_criteria

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.acceptance.criteria import Criterion

ROOT = Path(__file__).resolve().parents[2]
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


def target(language: str) -> Path:
    """Where it stands."""
    return ROOT / "docs" / ("" if language == "en" else language) / "acceptance.md"


if __name__ == "__main__":
    for known in WORDS:
        target(known).write_text(render(known), encoding="utf-8")
