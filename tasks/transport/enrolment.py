"""What enrolling would change, and whether an out-of-band list agrees; nothing here reads or writes a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.model.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from tasks.transport.hostkeys import HostKey

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """
    What a server presents against what is enrolled for it.

    Attributes:
        same: presented and enrolled
        new: presented, and no other key of that type is enrolled
        changed: presented, and another key of that type is enrolled
        gone: enrolled and not presented

    """

    same: tuple[HostKey, ...] = ()
    new: tuple[HostKey, ...] = ()
    changed: tuple[HostKey, ...] = ()
    gone: tuple[HostKey, ...] = ()

    @property
    def settled(self) -> bool:
        """The server proves itself by enrolled keys alone; a key that it has no more does no harm."""
        return bool(self.same) and not self.new and not self.changed

    @property
    def replaces(self) -> bool:
        """An enrolled key would be given up for another: the machine was set up anew, or somebody sits in between."""
        return bool(self.changed) or bool(self.gone and not self.same)


def compare(presented: Collection[HostKey], enrolled: Collection[HostKey]) -> Difference:
    """Compare all keys that one endpoint presents with all that are enrolled for it."""
    types = {key.keytype for key in enrolled}
    return Difference(
        same=tuple(key for key in presented if key in enrolled),
        new=tuple(key for key in presented if key not in enrolled and key.keytype not in types),
        changed=tuple(key for key in presented if key not in enrolled and key.keytype in types),
        gone=tuple(key for key in enrolled if key not in presented),
    )


def with_keys(enrolled: Iterable[HostKey], endpoint: str, keys: Collection[HostKey]) -> tuple[HostKey, ...]:
    """Every enrolled key, with those of one endpoint replaced by ``keys``; sorted, so that a diff reads well."""
    return tuple(sorted({*(key for key in enrolled if key.endpoint != endpoint), *keys}))


def render_known_hosts(keys: Iterable[HostKey]) -> str:
    """The whole file."""
    head = "# Written by runbooks/enrol.py alone. A server whose key is not here is never logged in to.\n"
    return head + "".join(f"{key}\n" for key in keys)


def parse_expectations(text: str, *, source: str, hosts: Collection[str]) -> dict[str, frozenset[tuple[str, str]]]:
    """
    Read an out-of-band list: lines of ``host keytype fingerprint``, ``#`` starts a comment.

    Arguments:
        text: of the file
        source: its name, for messages
        hosts: names that may be in it

    Returns:
        host to its (keytype, fingerprint) pairs

    Raises:
        SettingsError: one line per mistake

    """
    found: dict[str, set[tuple[str, str]]] = {}
    mistakes = []
    for number, line in enumerate(text.splitlines(), start=1):
        match line.partition("#")[0].split():
            case []:
                pass
            case [host, _, _] if host not in hosts:
                mistakes.append(f"{source}:{number}: {host} is not in the inventory: {', '.join(sorted(hosts))}")
            case [host, keytype, fingerprint] if _FINGERPRINT.fullmatch(fingerprint):
                found.setdefault(host, set()).add((keytype, fingerprint))
            case _:
                mistakes.append(f"{source}:{number}: wanted `host keytype SHA256:fingerprint`")
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return {host: frozenset(keys) for host, keys in found.items()}


def contradictions(presented: Collection[HostKey], expected: Collection[tuple[str, str]]) -> tuple[str, ...]:
    """Every way in which a host's keys differ from the out-of-band list, as sentences; none where they agree."""
    shown = {(key.keytype, key.fingerprint) for key in presented}
    return (
        *(
            f"presents {keytype} {fingerprint}, which is not in the list"
            for keytype, fingerprint in sorted(shown - {*expected})
        ),
        *(f"does not present {keytype} {fingerprint}" for keytype, fingerprint in sorted({*expected} - shown)),
    )
