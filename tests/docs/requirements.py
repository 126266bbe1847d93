"""Makes ``docs/requirements.md`` and its Korean twin of the YAML beside them: python -m tests.docs.requirements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tasks.acceptance.criteria import load_criteria

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "docs" / "requirements.yaml"
WORDS = {
    "en": (
        "# Requirements",
        "[한국어](ko/requirements.md)",
        "Every functional requirement, the files that implement it and the tests that prove it.",
        ("requirement", "what it asks", "implemented by", "proven by"),
    ),
    "ko": (
        '# 요구 사항 <a id="requirements"></a>',
        "[English](../requirements.md)",
        "모든 기능 요구 사항과 그것을 구현하는 파일, 증명하는 테스트입니다.",
        ("요구 사항", "내용", "구현", "증명"),
    ),
}


def entries() -> list[dict[str, Any]]:
    """What the YAML says."""
    found: list[dict[str, Any]] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    return found


def render(language: str) -> str:
    """One language's document."""
    title, other, lead, head = WORDS[language]
    lines = [title, "", other, "", lead, "", f"| {' | '.join(head)} |", "|---|---|---|---|"]
    says = {it.id: it.en if language == "en" else it.ko for it in load_criteria()}
    for entry in entries():
        files = "<br>".join(f"`{it}`" for it in entry["by"])
        proofs = "<br>".join("`{}` {}".format(*it.split("::")) for it in entry["proof"])
        lines.append(f"| {entry['id']} | {says[entry['id']]} | {files} | {proofs} |")
    return "\n".join(lines) + "\n"


def target(language: str) -> Path:
    """Where it stands."""
    return ROOT / "docs" / ("" if language == "en" else language) / "requirements.md"


if __name__ == "__main__":
    for known in WORDS:
        target(known).write_text(render(known), encoding="utf-8")
