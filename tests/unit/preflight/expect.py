"""
Write anew what recorded answers are read as and what they change. Read the difference before you commit it.

    python tests/unit/preflight/expect.py

writes `expected.json` and `verdicts.json` beside every `stdout.txt` of a section.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # a script of the tests, which are no package

from tests.unit.preflight.recordings import cases, changes, plain

if __name__ == "__main__":
    for case in cases():
        for name, value in (("expected", plain(case.value)), ("verdicts", changes(case))):
            text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
            (case.folder / f"{name}.json").write_text(text, "utf-8")
