"""Judge the operator's machine: its tools, in versions that fit the clusters and each other."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasks.model.finding import FLEET, Row, Verdict
from tasks.preflight.judge import CouldNotJudge, bad, fair, finding, good, known, unjudged
from tasks.preflight.limits import HELM_NEEDED, HELM_PROVEN, KUSTOMIZE_NEEDED, KUSTOMIZE_RECOMMENDED
from tasks.preflight.remedies import at_the_seat
from tasks.preflight.values import Unknown, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tasks.model.command import CommandResult
    from tasks.model.finding import Finding
    from tasks.preflight.judge import Judgement
    from tasks.preflight.values import Fact

NOT_FOUND = 127
_HELM4 = Version(4, 0, 0)


def read_version(result: CommandResult) -> Fact[Version | None]:
    """Read what a tool prints of itself; None where there is no such tool."""
    if result.exit_code == NOT_FOUND:
        return None
    said = result.stdout
    try:
        if said.lstrip().startswith("{") and '"clientVersion"' in said:
            said = str(json.loads(said)["clientVersion"]["gitVersion"])
        return Version.find(said)
    except (ValueError, KeyError, TypeError) as error:
        return Unknown(f"`{result.command}` exited with {result.exit_code}: {result.stderr.strip() or error}")


def kubectl(versions: Mapping[str, Fact[Version | None]], kubernetes: Version) -> Judgement:
    """One minor version off the API server is supported, either way."""
    version = _installed(versions, "kubectl")
    if version.major != kubernetes.major or abs(version.minor - kubernetes.minor) > 1:
        return bad(f"{version}, more than one minor version off {kubernetes}", "")
    return good(str(version))


def kustomize(versions: Mapping[str, Fact[Version | None]], _: Version) -> Judgement:
    """Old ones know no `helmCharts[].kubeVersion`, and call helm in a way that helm 4 refuses."""
    version, helm_version = _installed(versions, "kustomize"), versions["helm"]
    if version < KUSTOMIZE_NEEDED:
        return bad(f"{version}, older than {KUSTOMIZE_NEEDED}", "")
    if version >= KUSTOMIZE_RECOMMENDED:
        return good(str(version))
    if isinstance(helm_version, Version) and helm_version >= _HELM4:
        return bad(f"{version} cannot call helm {helm_version}; {KUSTOMIZE_RECOMMENDED} can", "")
    return fair(f"{version}; proven with {KUSTOMIZE_RECOMMENDED}", "")


def helm(versions: Mapping[str, Fact[Version | None]], _: Version) -> Judgement:
    """Kustomize inflates charts by calling it."""
    version = _installed(versions, "helm")
    if version < HELM_NEEDED:
        return bad(f"{version}, older than {HELM_NEEDED}", "")
    return good(str(version))


class _Missing(Exception):
    """There is no such tool on the operator's PATH."""


def _installed(versions: Mapping[str, Fact[Version | None]], tool: str) -> Version:
    version = known(versions[tool])
    if version is None:
        raise _Missing
    return version


@dataclass(frozen=True, slots=True)
class ToolCheck:
    """One tool: how it tells its version, how that is judged, what is wanted, and how it is had from its makers."""

    name: str
    argv: tuple[str, ...]
    judge: Callable[[Mapping[str, Fact[Version | None]], Version], Judgement]
    wanted: str
    get: str

    @property
    def row(self) -> Row:
        """Where the verdict goes."""
        return Row(f"operator.{self.name}", FLEET)


TOOL_CHECKS = (
    ToolCheck(
        "kubectl",
        ("kubectl", "version", "--client", "--output=json"),
        kubectl,
        "within one minor version of the clusters",
        "curl -fLO https://dl.k8s.io/release/v{kubernetes}/bin/linux/amd64/kubectl"
        " && sudo install kubectl /usr/local/bin/",
    ),
    ToolCheck(
        "kustomize",
        ("kustomize", "version"),
        kustomize,
        f"{KUSTOMIZE_NEEDED}+, best {KUSTOMIZE_RECOMMENDED}",
        "curl -fL https://github.com/kubernetes-sigs/kustomize/releases/download/"
        f"kustomize%2Fv{KUSTOMIZE_RECOMMENDED}/kustomize_v{KUSTOMIZE_RECOMMENDED}_linux_amd64.tar.gz"
        " | sudo tar xzC /usr/local/bin",
    ),
    ToolCheck(
        "helm",
        ("helm", "version", "--template={{.Version}}"),
        helm,
        f"{HELM_NEEDED}+",
        f"curl -fL https://get.helm.sh/helm-v{HELM_PROVEN}-linux-amd64.tar.gz"
        " | sudo tar xzC /usr/local/bin --strip-components=1 linux-amd64/helm",
    ),
)


def tool_findings(versions: Mapping[str, Fact[Version | None]], kubernetes: Version) -> tuple[Finding, ...]:
    """
    Judge every tool.

    Arguments:
        versions: by tool; None where it is not installed
        kubernetes: what the clusters run

    """
    return tuple(_finding(check, versions, kubernetes) for check in TOOL_CHECKS)


def _finding(check: ToolCheck, versions: Mapping[str, Fact[Version | None]], kubernetes: Version) -> Finding:
    try:
        judgement = check.judge(versions, kubernetes)
    except _Missing:
        judgement = bad(f"{check.name} is not on the PATH", "")
    except CouldNotJudge as error:
        judgement = unjudged(str(error))
    if judgement.verdict in {Verdict.FAIL, Verdict.WARN}:
        judgement = replace(judgement, remedy=at_the_seat(check.get.format(kubernetes=kubernetes)))
    return finding(check.row, judgement, wanted=check.wanted, reproduce=" ".join(check.argv))
