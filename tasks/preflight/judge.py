"""From facts to findings: how one small check function becomes one row that cannot pass by not running."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tasks.model.finding import Finding, Row, Verdict
from tasks.preflight.values import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tasks.fleet.model import Cluster, Fleet
    from tasks.model.finding import Measure
    from tasks.preflight.host_facts import HostFacts
    from tasks.preflight.values import Fact

T = TypeVar("T")


class CouldNotJudge(Exception):
    """A check needs a fact that nobody could get; it becomes an ERROR row with this reason."""


def known(fact: Fact[T]) -> T:
    """The fact itself; raises ``CouldNotJudge`` where it is unknown."""
    if isinstance(fact, Unknown):
        raise CouldNotJudge(fact.reason)
    return fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How a check came out, what was seen, what mends it, and the numbers behind it that are worth a trend."""

    verdict: Verdict
    observed: str
    remedy: str = ""
    evidence: tuple[str, ...] = ()
    measured: tuple[Measure, ...] = ()


def good(observed: str) -> Judgement:
    """As wanted."""
    return Judgement(verdict=Verdict.PASS, observed=observed)


def fair(observed: str, remedy: str, evidence: Iterable[str] = ()) -> Judgement:
    """It will work, but not for long or not well."""
    return Judgement(verdict=Verdict.WARN, observed=observed, remedy=remedy, evidence=tuple(evidence))


def bad(observed: str, remedy: str, evidence: Iterable[str] = ()) -> Judgement:
    """It will not work."""
    return Judgement(verdict=Verdict.FAIL, observed=observed, remedy=remedy, evidence=tuple(evidence))


def moot(why: str) -> Judgement:
    """The question does not arise, and why."""
    return Judgement(verdict=Verdict.SKIP, observed=why)


def worse(*, needed: bool) -> Callable[..., Judgement]:
    """``bad`` where the wish is a need, ``fair`` where it is a recommendation."""
    return bad if needed else fair


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """
    What one host should be.

    Attributes:
        recorded_ca: base64 of the CA that this site's kubeconfig has for the cluster; empty where it knows none

    """

    cluster: Cluster
    fleet: Fleet
    recorded_ca: str = ""


@dataclass(frozen=True, slots=True)
class HostCheck:
    """
    One declared check of a host.

    Attributes:
        check: id of the row
        judge: facts and wish in, judgement out; raises ``CouldNotJudge`` only
        wanted: what would be good
        reproduce: command that shows the same on the host

    """

    check: str
    judge: Callable[[HostFacts, Wish], Judgement]
    wanted: str
    reproduce: str

    def find(self, facts: HostFacts, wish: Wish) -> Finding:
        """Judge one host; what cannot be judged is an ERROR that says why."""
        row = Row(self.check, wish.cluster.name)
        try:
            judgement = self.judge(facts, wish)
        except CouldNotJudge as error:
            judgement = unjudged(str(error))
        return finding(row, judgement, wanted=self.wanted, reproduce=self.reproduce)


def unjudged(reason: str) -> Judgement:
    """Nobody can say; never a PASS."""
    return Judgement(
        verdict=Verdict.ERROR, observed=f"could not judge: {reason}", remedy="run the command below on the host"
    )


def finding(row: Row, judgement: Judgement, *, wanted: str, reproduce: str) -> Finding:
    """A judgement as the report's row."""
    return Finding(
        row=row,
        verdict=judgement.verdict,
        observed=judgement.observed,
        wanted=wanted,
        remedy=judgement.remedy,
        reproduce=reproduce,
        evidence=judgement.evidence,
        measured=judgement.measured,
    )
