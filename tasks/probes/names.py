"""Whether names resolve, to exactly the address they should."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tasks.model.finding import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.model.finding import Row


def judge_names(row: Row, wanted: Mapping[str, str], found: Mapping[str, tuple[str, ...]], reproduce: str) -> Finding:
    """
    Judge all names of one vantage point at once.

    Arguments:
        wanted: name to its address
        found: name to the addresses it resolved to; empty where it did not
        reproduce: a shell command with ``NAME`` in the place of the name

    """
    wrong = [
        f"{name}: {', '.join(found.get(name, ())) or 'does not resolve'}, wanted {address}"
        for name, address in wanted.items()
        if found.get(name, ()) != (address,)
    ]
    if not wrong:
        return Finding(row=row, verdict=Verdict.PASS, observed=f"{len(wanted)} names resolve as the inventory says")
    name = wrong[0].split(":")[0]
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed=f"{len(wrong)} of {len(wanted)} names are wrong: {'; '.join(wrong)}",
        wanted="every name of the inventory's dns_records, with its address and no other",
        remedy="mend the records on the site's DNS server, or dns_records in inventory/defaults.yaml",
        reproduce=reproduce.replace("NAME", name),
    )


def parse_getent(text: str) -> tuple[str, ...]:
    """Read ``getent ahostsv4 NAME``: its addresses, each once; nothing where there are none."""
    return tuple(dict.fromkeys(line.split()[0] for line in text.splitlines() if re.match(r"\d+\.", line)))


def parse_nslookup(text: str) -> tuple[str, ...]:
    """Read BusyBox's ``nslookup NAME``: the addresses behind the answer's name, not the server's own."""
    _, _, answer = text.partition("\nName:")
    return tuple(dict.fromkeys(re.findall(r"^Address(?: \d+)?: (\d+\.\d+\.\d+\.\d+)\b", answer, re.MULTILINE)))
