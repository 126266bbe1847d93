"""A secret is found in text in every spelling in which it travels."""

from __future__ import annotations

import html
import json
import re
import shlex
from base64 import b64encode, urlsafe_b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.model.masking import MASK, mask_values

if TYPE_CHECKING:
    from collections.abc import Callable

SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: urlsafe_b64encode(text.encode()).decode(),
    "URL": lambda text: quote(text, safe=""),
    "URL path": quote,
    "URL form": quote_plus,
    "URL in lower case": lambda text: re.sub("%..", lambda code: code[0].lower(), quote(text, safe="")),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "Python": lambda text: repr(text)[1:-1],
    "HTML": html.escape,
    "shell": shlex.quote,
}
SECRET = "p&ss/w\"or'd +<암호>"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_masked(spelling: str) -> None:
    """Wherever a report, a manifest, a URL or a traceback puts it."""
    written = SPELLINGS[spelling](SECRET)
    assert mask_values([SECRET])(f"before {written} after") == f"before {MASK} after"


@pytest.mark.parametrize("user", ["a", "ab", "abc"])
def test_a_secret_inside_longer_base64_is_masked(user: str) -> None:
    """However it is aligned there, as in a header of HTTP basic authentication."""
    secret = "correct-horse-battery"
    masked = mask_values([secret])(b64encode(f"{user}:{secret}:tail".encode()).decode())
    assert MASK in masked
    assert len(masked) < 30


@given(st.text(min_size=1, alphabet=st.characters(codec="utf-8", exclude_characters="\n*")), st.text(), st.text())
def test_no_text_keeps_the_secret(secret: str, before: str, after: str) -> None:
    """For any password and any text around it."""
    masked = mask_values([secret])(f"{before}{secret}{after}")
    assert secret not in masked.replace(MASK, "\n")


def test_the_longer_secret_goes_first() -> None:
    """A secret that begins with another leaves nothing of itself behind."""
    assert mask_values(["pass", "password"])("password pass") == f"{MASK} {MASK}"


def test_private_keys_and_join_tokens_are_masked_unasked() -> None:
    """They come from the machines, not from the operator; one whose end is cut off is masked to the end."""
    mask = mask_values([])
    begin, end = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
    assert mask(f"key: {begin}\nabc\n{end}\nnext") == f"key: {MASK}\nnext"
    assert mask(f"key: {begin}\nabc\nde") == f"key: {MASK}"
    assert mask("kubeadm join --token abcdef.0123456789abcdef --x") == f"kubeadm join --token {MASK} --x"


def test_ordinary_text_is_left_alone() -> None:
    """Names, versions, addresses, certificates and empty secrets cause no mask."""
    text = "k8s-cluster-01.miribit.lab v1.33.13 192.168.0.1 -----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----"
    assert mask_values(["", "hunter2"])(text) == text
