"""Asking before something is lost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tasks.model.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def agree(
    what: str,
    word: str,
    *,
    is_terminal: Callable[[], bool] = sys.stdin.isatty,
    ask: Callable[[str], str] = input,
) -> None:
    """
    Have one word typed.

    Arguments:
        what: what will be done: "deletes what earlier versions left"

    Raises:
        SettingsError: the word was not typed, or there is nobody to ask

    """
    if not is_terminal():
        raise SettingsError(f"this {what}. Nobody is here to be asked; say so with --yes")
    if ask(f"This {what}.\nType {word} to go on: ").strip() != word:
        raise SettingsError(f"{word} was not typed, so nothing was done")


def confirm(
    what: str,
    hosts: Sequence[str],
    confirmed: Sequence[str],
    *,
    is_terminal: Callable[[], bool] = sys.stdin.isatty,
    ask: Callable[[str], str] = input,
) -> None:
    """
    Have every host's name typed, on the command line or now.

    Arguments:
        what: what will be lost: "destroys the cluster on this machine"
        confirmed: names already given with ``--yes``

    Raises:
        SettingsError: a name was not given, given wrongly, or there is nobody to ask

    """
    if strangers := [name for name in confirmed if name not in hosts]:
        raise SettingsError(f"--yes names {', '.join(strangers)}, which is not among the hosts: {', '.join(hosts)}")
    for host in hosts:
        if host in confirmed:
            continue
        if not is_terminal():
            raise SettingsError(f"{host}: this {what}. Nobody is here to be asked; say so with --yes {host}")
        if ask(f"{host}: this {what}.\nType the name of the host to go on: ").strip() != host:
            raise SettingsError(f"{host}: the name was not typed, so nothing was done")
