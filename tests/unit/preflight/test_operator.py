"""The operator's tools: what they print is read, and versions that do not fit are found."""

from __future__ import annotations

import pytest

from tasks.model.command import Command, CommandResult
from tasks.model.finding import Verdict
from tasks.preflight.checks_operator import TOOL_CHECKS, read_version, tool_findings
from tasks.preflight.values import Fact, Unknown, Version

KUBERNETES = Version(1, 33, 13)
FINE: dict[str, Fact[Version | None]] = {
    "kubectl": Version(1, 33, 13),
    "kustomize": Version(5, 8, 1),
    "helm": Version(3, 19, 0),
}


def result(stdout: str = "", *, exit_code: int = 0, stderr: str = "") -> CommandResult:
    """What a tool left behind."""
    return CommandResult(
        command=Command(argv=("tool", "version")), exit_code=exit_code, stdout=stdout, stderr=stderr, duration_s=0.0
    )


def judged(**versions: Fact[Version | None]) -> dict[str, Verdict]:
    """Check to verdict, some versions exchanged."""
    findings = tool_findings(FINE | versions, KUBERNETES)
    assert [finding.row for finding in findings] == [check.row for check in TOOL_CHECKS]
    return {finding.row.check: finding.verdict for finding in findings}


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ('{\n  "clientVersion": {\n    "major": "1",\n    "gitVersion": "v1.33.13"\n  }\n}', Version(1, 33, 13)),
        ("v5.8.1\n", Version(5, 8, 1)),
        ("{Version:kustomize/v4.5.7 GitCommit:56d82a8 BuildDate:2022-08-02}\n", Version(4, 5, 7)),
        ("v3.19.0", Version(3, 19, 0)),
        ("v4.0.0-rc.1", Version(4, 0, 0)),
    ],
    ids=["kubectl", "kustomize", "old kustomize", "helm", "release candidate"],
)
def test_versions_are_read_as_tools_print_them(printed: str, version: Version) -> None:
    """Each tool has a way of its own."""
    assert read_version(result(printed)) == version


def test_a_tool_that_is_not_there_is_told_from_one_that_fails() -> None:
    """A shell's 127 means missing; anything else that names no version is unknown."""
    assert read_version(result(exit_code=127, stderr="tool: No such file or directory")) is None
    assert read_version(result(exit_code=1, stderr="boom")) == Unknown("`tool version` exited with 1: boom")
    assert isinstance(read_version(result("(devel)")), Unknown)
    assert isinstance(read_version(result('{"clientVersion": {}}')), Unknown)


def test_fitting_versions_pass() -> None:
    """What the project is proven with."""
    assert set(judged().values()) == {Verdict.PASS}


@pytest.mark.parametrize(
    ("tool", "version", "verdict"),
    [
        ("kubectl", Version(1, 32, 0), Verdict.PASS),
        ("kubectl", Version(1, 34, 9), Verdict.PASS),
        ("kubectl", Version(1, 31, 0), Verdict.FAIL),
        ("kubectl", Version(1, 35, 0), Verdict.FAIL),
        ("kustomize", Version(4, 5, 7), Verdict.FAIL),
        ("kustomize", Version(5, 0, 0), Verdict.WARN),
        ("helm", Version(3, 9, 4), Verdict.FAIL),
        ("helm", Version(3, 10, 0), Verdict.PASS),
    ],
)
def test_each_tool_has_its_limits(tool: str, version: Version, verdict: Verdict) -> None:
    """Only the row of the tool itself changes."""
    got = judged(**{tool: version})
    assert got.pop(f"operator.{tool}") is verdict
    assert set(got.values()) == {Verdict.PASS}


def test_an_old_kustomize_cannot_call_helm_4() -> None:
    """Each is fine by itself; together they fail at the first chart."""
    assert judged(kustomize=Version(5, 7, 0), helm=Version(4, 0, 0))["operator.kustomize"] is Verdict.FAIL
    assert judged(helm=Version(4, 0, 0))["operator.kustomize"] is Verdict.PASS


@pytest.mark.parametrize("tool", FINE)
def test_a_missing_tool_fails_and_an_unknown_one_is_an_error(tool: str) -> None:
    """Neither is a PASS, and nobody else's row changes."""
    for version, verdict in ((None, Verdict.FAIL), (Unknown("(devel)"), Verdict.ERROR)):
        got = judged(**{tool: version})
        assert got.pop(f"operator.{tool}") is verdict
        assert set(got.values()) == {Verdict.PASS}
