"""Take secrets out of text, in every spelling in which they travel."""

from __future__ import annotations

import html
import json
import re
import shlex
from base64 import b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MASK = "***"

# What is secret wherever it comes from: private keys, and the token that kubeadm prints for joining a cluster
_PRIVATE_KEY = r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
_BOOTSTRAP_TOKEN = r"(?<![\w.-])[a-z0-9]{6}\.[a-z0-9]{16}(?![\w.-])"  # noqa: S105  a pattern, not a token
# A piece of base64 shorter than this turns up in any text
_SHORTEST_PIECE = 8


def mask_values(secrets: Iterable[str]) -> Callable[[str], str]:
    """
    A function that replaces each of these values, however it is encoded, by ``***``.

    Known spellings: plain, base64 (also inside a longer text that was encoded), URL, JSON, HTML, Python and shell.
    Private keys in PEM and bootstrap tokens of kubeadm are replaced whoever made them.
    """
    spellings = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
    # the longest first: a secret that begins with another must not leave its rest behind
    plain = [re.escape(spelling) for spelling in sorted(spellings, key=lambda s: (-len(s), s))]
    pattern = re.compile("|".join([_PRIVATE_KEY, *plain, _BOOTSTRAP_TOKEN]), re.DOTALL)
    return lambda text: pattern.sub(MASK, text)


def _spellings(secret: str) -> Iterator[str]:
    raw = secret.encode()
    yield secret
    yield from (b64encode(raw).decode(), urlsafe_b64encode(raw).decode())
    yield from (piece for piece in _base64_pieces(raw) if len(piece) >= _SHORTEST_PIECE)
    for quoted in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield quoted
        yield re.sub(r"%[0-9A-F]{2}", lambda hexadecimal: hexadecimal[0].lower(), quoted)
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1])
    yield from (html.escape(secret), html.escape(secret, quote=False), shlex.quote(secret))


def _base64_pieces(raw: bytes) -> Iterator[str]:
    """What a secret looks like inside the base64 of a longer text, for each way in which it may be aligned."""
    for offset in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            digits = encode(bytes(offset) + raw).decode()
            # a digit holds 6 bits; those that hold bits of the neighbours too are not the secret's alone
            yield digits[-(-8 * offset // 6) : 8 * (offset + len(raw)) // 6]
