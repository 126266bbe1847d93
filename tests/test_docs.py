"""The documents name nothing that does not exist, and say the same in both languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

import pytest

from tasks.acceptance.criteria import load_criteria
from tasks.model.errors import Unreachable
from tasks.model.finding import Verdict
from tasks.model.record import Exit
from tests.docs import acceptance, claims, commands
from tests.docs.project import ROOT, Project
from tests.docs.reading import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.docs.reading import Document

PROJECT = Project(ROOT)
FILES = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")),
)
LIBRARY = {name: read(name, (ROOT / name).read_text()) for name in FILES}
TRANSLATED = (
    *("README.md", "acceptance.md", "alerts.md", "deploy.md", "failures.md", "hosts.md", "operate.md"),
    "requirements.md",
)
REMEDY = re.compile(r"docs/([\w/]+\.md)#([\w-]+)")

JUDGES: dict[str, Callable[[Document], Iterable[str]]] = {
    "commands": lambda document: commands.wrong_commands(document, PROJECT),
    "shell": commands.wrong_shell,
    "names": lambda document: claims.wrong_spans(document, PROJECT),
    "rows": lambda document: claims.wrong_rows(document, PROJECT),
    "python": claims.wrong_python,
    "yaml": lambda document: claims.wrong_yaml(document, PROJECT),
    "links": lambda document: claims.wrong_links(document, LIBRARY),
}


def sh(*lines: str) -> str:
    """A document with one shell block."""
    return "\n".join(("```sh", *lines, "```"))


WRONG = [
    ("commands", sh("python runbooks/no_such.py"), "there is no runbooks/no_such.py"),
    ("commands", sh("python runbooks/preflight.py --no-such"), "does not know --no-such"),
    ("commands", sh("python runbooks/full_deploy.py --only no-such"), "there is no stage no-such"),
    ("commands", sh("python -m tasks.no_such"), "there is no module tasks.no_such"),
    ("commands", sh("python -m lab no-such"), "the lab has no command no-such"),
    ("commands", sh("python -m lab fault no-such cluster-01"), "the lab has no fault no-such"),
    ("commands", sh("python -m lab exec -- python runbooks/no_such.py"), "there is no runbooks/no_such.py"),
    ("commands", sh("sh -c 'python runbooks/no_such.py \"$X\"'"), "there is no runbooks/no_such.py"),
    ("commands", sh("python -m lab status --no-such"), "does not know --no-such"),
    ("commands", sh("make no-such"), "no target no-such"),
    ("commands", sh("echo x && sudo systemclt restart x"), "systemclt is no program"),
    ("commands", "run `make no-such` once", "no target no-such"),
    ("shell", sh("for x in 1 2; do echo"), "syntax error"),
    ("names", "see `tasks/no/such.py`", "no such file"),
    ("names", "see `no_such.yaml`", "no such file"),
    ("names", "set `FLEETPROOF_NO_SUCH`", "no code reads this variable"),
    ("names", "give `--no-such`", "nothing has this option"),
    ("names", "the key `no_such`", "no inventory and no code has this name"),
    ("names", "the row `host.no-such`", "no runbook declares this row"),
    ("rows", "```yaml\n- check: host.no-such\n```", "the row host.no-such"),
    ("rows", sh("python runbooks/preflight.py --waive 'host.no-such@cluster-01=why'"), "the row host.no-such"),
    ("python", "```python\nimport tasks.no_such\n```", "no module tasks.no_such"),
    ("python", "```python\nfrom tasks import no_such\n```", "tasks has no no_such"),
    ("python", "```python\ndef\n```", "does not compile"),
    ("yaml", "```yaml\ncluster-01:\n  hostname: x\n  data: {no_such: 1}\n```", "no key no_such"),
    ("links", "[x](no-such.md)", "no such document"),
    ("links", "[x](docs/hosts.md#no-such)", "no such heading"),
    ("links", "[x](#no-such)", "no such heading"),
]


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("name", FILES)
def test_a_document_names_only_what_exists(name: str, judge: str) -> None:
    """Every command, option, file, variable, key, row, import and link of every document is real."""
    assert list(JUDGES[judge](LIBRARY[name])) == []


@pytest.mark.parametrize(("judge", "text", "said"), WRONG, ids=[f"{judge}: {said}" for judge, _, said in WRONG])
def test_a_wrong_document_is_found_out(judge: str, text: str, said: str) -> None:
    """Each judge turns red on what it is there for, with one complaint that names it."""
    (complaint,) = JUDGES[judge](read("wrong.md", text))
    assert said in complaint


@pytest.mark.parametrize("name", TRANSLATED)
def test_both_languages_say_the_same(name: str) -> None:
    """The Korean document has the same sections in the same order, the same code and the same names in them."""
    assert list(claims.differences(LIBRARY[f"docs/{name}"], LIBRARY[f"docs/ko/{name}"])) == []


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("# A\n\n## C\n", "sections"),
        ("# A\n\n## B\n\n```sh\necho 2  # zwei\n```\n\n`x`\n", "code block differs"),
        ("# A\n\n## B\n\n```sh\necho 1\n```\n\n`y`\n", "inline code differs"),
    ],
)
def test_a_translation_that_says_something_else_is_found_out(there: str, said: str) -> None:
    """Sections, code and names are compared; comments in code are not."""
    here = "# A\n\n## B\n\n```sh\necho 1  # one\n```\n\n`x`\n"
    assert list(claims.differences(read("en.md", here), read("ko.md", here.replace("one", "eins")))) == []
    (complaint,) = claims.differences(read("en.md", here), read("ko.md", there))
    assert said in complaint


def test_every_korean_document_is_a_translation() -> None:
    """Neither language has a document that the other lacks."""
    english = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert english == {path.name for path in (ROOT / "docs" / "ko").glob("*.md")} == set(TRANSLATED)


def test_every_variable_is_explained() -> None:
    """What `.env.example` offers stands in the operator's document, and is read by the code."""
    explained = {span.text for span in LIBRARY["docs/operate.md"].spans}
    assert PROJECT.offered
    assert PROJECT.offered - explained == set()
    assert PROJECT.offered - PROJECT.variables == set()


def known_reasons() -> set[str]:
    """Why a host can be unreachable, as the error's own documentation lists it."""
    listed = re.search(r"one of: (.*?)\.", Unreachable.__doc__ or "", re.DOTALL)
    assert listed
    return {reason.strip() for reason in listed[1].split(",")}


COMPLETE = {
    "verdicts": ("report", 1, {str(verdict) for verdict in Verdict}),
    "exit codes": ("exit-codes", 0, {str(int(code)) for code in Exit}),
    "reasons": ("troubleshooting", 0, known_reasons()),
    "stages": ("deploy", 0, {stage.slug for stage in PROJECT.runbooks["full_deploy.py"].stages}),
    "audit": ("nightly-audit", 0, {stage.slug for stage in PROJECT.runbooks["nightly_audit.py"].stages}),
}


@pytest.mark.parametrize("name", ["docs/operate.md", "docs/ko/operate.md"])
@pytest.mark.parametrize("what", COMPLETE)
def test_tables_are_complete(what: str, name: str) -> None:
    """The operator's tables have every verdict, exit code, reason and stage that the code has, and no other."""
    anchor, number, wanted = COMPLETE[what]
    cells = LIBRARY[name].section(anchor).tables[number]
    assert {word.strip(" `") for cell in cells for word in cell.split(",")} == wanted


def anchors_named_by_code() -> set[tuple[str, str]]:
    """Document and anchor of every pointer into the documents that the library's code can print."""
    from tasks.preflight.remedies import Chapter  # noqa: PLC0415

    texts = (path.read_text() for path in (*(ROOT / "tasks").rglob("*.py"), *(ROOT / "runbooks").glob("*.py")))
    written = {found for text in texts for found in REMEDY.findall(text)}
    return written | {("hosts.md", chapter) for chapter in get_args(Chapter)}


def test_remedies_point_to_headings() -> None:
    """Every `docs/...#anchor` that a remedy can name is a heading, in both languages."""
    named = anchors_named_by_code()
    assert ("hosts.md", "swap") in named
    for name, anchor in named:
        assert anchor in LIBRARY[f"docs/{name}"].anchors & LIBRARY[f"docs/ko/{name}"].anchors


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("docs/")])
def test_documents_speak_of_this_inventory(name: str) -> None:
    """Versions and LAN addresses in the documents are those of the inventory."""
    text = (ROOT / name).read_text()
    assert (
        strangers(
            text, (ROOT / "inventory" / "defaults.yaml").read_text(), (ROOT / "inventory" / "hosts.yaml").read_text()
        )
        == []
    )


def strangers(text: str, defaults: str, hosts: str) -> list[str]:
    """Addresses and Kubernetes patch versions in ``text`` that the inventory's files do not have."""
    said = re.findall(r"192\.168\.101\.\d+|1\.33\.\d+|1\.18\.\d+", text)
    return sorted({one for one in said if one not in defaults + hosts})


def test_a_stranger_is_found_out() -> None:
    """An address or a version that the inventory does not have is named."""
    text = "192.168.101.250 runs 1.33.99, 192.168.101.194 runs 1.33.13"
    assert strangers(text, "kubernetes: 1.33.13", "hostname: 192.168.101.194") == ["1.33.99", "192.168.101.250"]


def test_acceptance_is_told_as_it_is_judged() -> None:
    """Both documents and the README's table are what `python -m tests.docs.acceptance` makes of the criteria."""
    assert {it.id for it in load_criteria()} == {
        it.id for part in acceptance.PARTS for it in load_criteria() if it.id.startswith(part)
    }
    for language in acceptance.WORDS:
        assert acceptance.target(language).read_text() == acceptance.render(language)
    assert acceptance.README.read_text() == acceptance.readme()
