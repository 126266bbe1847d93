"""The tree holds no credential, and no word about the machine it was written on."""

from __future__ import annotations

import os
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
SECRET_VARIABLES = re.findall(r"^(\w+(?:PASSWORD|ACCESS_KEY|SECRET_KEY|_URL))=", EXAMPLE, re.MULTILINE)
PATTERNS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/=]{20}"),
    "a literal password in YAML": re.compile(r"(?im)^\s*(password|secret_?key|access_?key)\s*:\s*[\"']?\w{6,}"),
    "an access key id": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "a bearer token": re.compile(r"\beyJhbGciOi[A-Za-z0-9_-]{20,}\."),
}
EXEMPT = {
    "tests/fixtures/inventory/invalid": "made-up passwords that the inventory's rules have to refuse",
}


def tracked_files() -> list[Path]:
    """Every text file that git tracks."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@cache
def history() -> str:
    """Everything that git remembers of what was ever added or removed."""
    argv = ["git", "log", "--all", "--patch", "--format=%B"]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, check=True).stdout.decode(errors="replace")


def text_of(path: Path) -> str:
    """The file's text; empty for what is not text."""
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Relative name to text of all tracked files but the exempt ones."""
    found = {str(path.relative_to(ROOT)): text_of(path) for path in tracked_files()}
    assert len(found) > 10, "git listed next to nothing: this test would prove nothing"
    return {name: text for name, text in found.items() if not name.startswith(tuple(EXEMPT))}


@pytest.mark.parametrize("what", PATTERNS)
def test_no_credential_is_in_the_tree(what: str, texts: dict[str, str]) -> None:
    """No tracked file matches the shape of a credential."""
    assert [name for name, text in texts.items() if PATTERNS[what].search(text)] == []


@pytest.mark.parametrize("variable", SECRET_VARIABLES)
def test_the_operators_own_credentials_are_not_in_the_tree(variable: str, texts: dict[str, str]) -> None:
    """Where the environment holds a credential, its value stands in no tracked file, and in no earlier one."""
    value = os.environ.get(variable, "")
    if not value:
        pytest.skip(f"{variable} is not set here")
    assert [name for name, text in texts.items() if value in text] == []
    assert value not in history()


def test_every_credential_that_an_operator_fills_in_is_looked_for() -> None:
    """Those of hosts, object store, services and notices."""
    assert {"NODE_PASSWORD", "S3_SECRET_KEY", "GRAFANA_ADMIN_PASSWORD", "AUDIT_SLACK_URL"} < set(SECRET_VARIABLES)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-run.lock"])
def test_a_lock_file_names_no_index(name: str) -> None:
    """Packages come from wherever the installing machine gets them."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert re.findall(r"://|--(?:extra-)?index-url|--trusted-host|--find-links", text) == []


def test_the_patterns_do_find_credentials() -> None:
    """Each pattern turns red on an example of what it looks for."""
    dashes = "-" * 5
    examples = {
        "a private key": f"{dashes}BEGIN OPENSSH PRIVATE KEY{dashes}\n" + "b3Bl" * 8,
        "a literal password in YAML": "pass" + "word: hunter2hunter2",
        "an access key id": "AKIA" + "ABCDEFGHIJKLMNOP",
        "a bearer token": "eyJhbGciOi" + "J" * 30 + ".x",
    }
    assert {what for what, pattern in PATTERNS.items() if pattern.search(examples[what])} == set(PATTERNS)
