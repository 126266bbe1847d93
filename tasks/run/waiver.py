"""What the operator knowingly lives with: a bad row stays visible, but no longer blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.model.errors import SettingsError
from tasks.model.finding import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tasks.model.finding import Row

_KEYS = {"check", "target", "reason", "until"}
_HOW = "wanted a list like `- {check: host.swap, target: cluster-02, reason: test box, until: 2027-01-31}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """
    One check that may be bad.

    Attributes:
        check: exact id
        target: host, or host->peer; empty for everyone
        reason: goes into the report beside the verdict
        until: last day on which it counts; None: no end
        origin: where it was given, for messages

    """

    check: str
    target: str
    reason: str
    until: date | None = None
    origin: str = "--waive"

    def covers(self, row: Row) -> bool:
        """Whether it was given for this row."""
        whole = f"{row.target}->{row.peer}" if row.peer else row.target
        return row.check == self.check and self.target in {"", row.target, whole}

    def __str__(self) -> str:
        return self.check + (f"@{self.target}" if self.target else "")


@dataclass(frozen=True, slots=True)
class Waivers:
    """All waivers in force."""

    given: tuple[Waiver, ...] = ()

    def cover(self, row: Row) -> bool:
        """Whether any of them was given for this row."""
        return any(waiver.covers(row) for waiver in self.given)

    def applied(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Findings with the reason written onto each bad or doubtful row that is covered."""
        return tuple(self._applied(finding) for finding in findings)

    def _applied(self, finding: Finding) -> Finding:
        if not (finding.verdict.blocks or finding.verdict is Verdict.WARN):
            return finding
        reason = next((waiver.reason for waiver in self.given if waiver.covers(finding.row)), "")
        return replace(finding, waiver=reason) if reason else finding

    def without_use(self, rows: Sequence[Row]) -> tuple[Waiver, ...]:
        """Those that cover no declared row: misspelt, or of another runbook."""
        return tuple(waiver for waiver in self.given if not any(waiver.covers(row) for row in rows))


def parse_waiver(text: str) -> Waiver:
    """
    Read ``CHECK[@TARGET]=REASON``.

    Raises:
        SettingsError: a part is missing

    """
    name, _, reason = text.partition("=")
    check, _, target = name.strip().partition("@")
    if not check or not reason.strip():
        raise SettingsError(
            f"--waive {text!r}: wanted CHECK[@TARGET]=REASON, for example host.swap@cluster-02='test box'"
        )
    return Waiver(check=check, target=target, reason=reason.strip())


def read_waivers(path: Path, *, today: date | None = None) -> tuple[Waivers, tuple[str, ...]]:
    """
    Read a waiver file.

    Returns:
        the waivers in force, and one sentence per waiver that has expired and does not count

    Raises:
        SettingsError: one line per mistake

    """
    import yaml  # noqa: PLC0415  only who has a waiver file pays for it

    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: cannot be read as YAML: {error}; {_HOW}") from error
    if not isinstance(entries, list):
        raise SettingsError(f"{path}: holds no list; {_HOW}")
    mistakes = [said for number, entry in enumerate(entries, 1) for said in _mistakes(f"{path}: entry {number}", entry)]
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return _in_force(path, entries, today or datetime.now(UTC).date())


def filed_waivers(path: Path | None, rows: Sequence[Row]) -> tuple[Waivers, tuple[str, ...]]:
    """
    Read the waivers of a site, where it has a file of them.

    Returns:
        the waivers in force, and what to tell the operator of those that are not, or that are for none of ``rows``

    Raises:
        SettingsError: one line per mistake

    """
    if path is None:
        return Waivers(), ()
    waivers, expired = read_waivers(path)
    idle = ", ".join(map(str, waivers.without_use(rows)))
    unused = (f"waivers of {_shown(path)} that are for no row of this run: {idle}",) if idle else ()
    return waivers, (*expired, *unused)


def _mistakes(where: str, entry: object) -> list[str]:
    if not isinstance(entry, dict):
        return [f"{where}: is no mapping; {_HOW}"]
    said = [f"{where}: unknown key {key!r}; known: {', '.join(sorted(_KEYS))}" for key in entry if key not in _KEYS]
    for key in ("check", "reason"):
        value = entry.get(key)
        if not isinstance(value, str) or not value.strip():
            said += [f"{where}: {key} is missing; {_HOW}"]
    if not isinstance(entry.get("target", ""), str):
        said.append(f"{where}: target is no name; {_HOW}")
    until = entry.get("until")
    if until is not None and (not isinstance(until, date) or isinstance(until, datetime)):
        said.append(f"{where}: until is no date; write it as 2027-01-31, without quotes")
    return said


def _in_force(path: Path, entries: list[dict[str, object]], today: date) -> tuple[Waivers, tuple[str, ...]]:
    waivers = [
        Waiver(
            check=str(entry["check"]).strip(),
            target=str(entry.get("target", "")),
            reason=str(entry["reason"]).strip(),
            until=until if isinstance(until := entry.get("until"), date) else None,
            origin=str(path),
        )
        for entry in entries
    ]
    expired = [waiver for waiver in waivers if waiver.until is not None and waiver.until < today]
    return (
        Waivers(tuple(waiver for waiver in waivers if waiver not in expired)),
        tuple(f"waiver {waiver} of {_shown(path)} expired on {waiver.until} and does not count" for waiver in expired),
    )


def _shown(path: Path) -> Path:
    """As the operator would name it from where he stands."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
