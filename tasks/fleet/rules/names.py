"""Names, versions and endpoints have the form that DNS, Kubernetes, S3 and SSH demand of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.fleet.draft import Draft, Said
    from tasks.model.errors import Mistake

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = rf"{_LABEL}(\.{_LABEL})*"
_PORT = r"([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])"
VERSION = r"\d+\.\d+\.\d+"
_USER = r"[A-Za-z_][A-Za-z0-9._-]*"

# Field, its form, the longest it may be, and the form in words. A value that could hold a password is not repeated.
_FORMS = (
    ("host name", _LABEL, 63, "lower-case letters, digits and '-' (RFC 1123 label), the metrics label too"),
    ("node_name", _NAME, 63, "lower-case letters, digits, '-' and '.' (RFC 1123), at most 63"),
    ("domain", _NAME, 253, "a lower-case DNS name (RFC 1123), without wildcard"),
    ("s3.buckets", r"(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", 63,
     "3 to 63 lower-case letters, digits, '-' and '.', and no IP address"),
    ("versions.kubernetes", VERSION, 20, "three numbers such as 1.33.13, without 'v'"),
    ("versions.cilium", VERSION, 20, "three numbers such as 1.18.2, without 'v'"),
    ("probe_image", r"[a-z0-9._:/-]+(@sha256:[0-9a-f]{64}|:(?!latest$)[\w.-]+)", 255,
     "an image with a tag other than latest, or with a digest"),
)  # fmt: skip
_DISCREET_FORMS = (
    ("s3.endpoint", rf"{_NAME}:{_PORT}", "host:port such as s3.minio.miribit.lab:80, without scheme and path"),
    ("s3.console", rf"https?://{_NAME}(:{_PORT})?/?", "http://host, without credentials"),
    ("username", _USER, "a login name"),
    ("proxy_jump", rf"({_USER}@)?{_NAME}(:{_PORT})?", "[user@]host[:port]; a password never stands here"),
)


def values_have_their_form(draft: Draft) -> Iterator[Mistake]:
    """What the program at the other end would refuse, later and in other words, is refused here."""
    for field, form, longest, words in _FORMS:
        for said in draft.texts(field):
            if len(said.value) > longest or not re.fullmatch(form, said.value):
                yield said.place.mistake(f"{said} has the wrong form; wanted: {words}")


def values_that_may_hide_a_password_have_their_form(draft: Draft) -> Iterator[Mistake]:
    """As above, without repeating the value."""
    for field, form, words in _DISCREET_FORMS:
        for said in draft.texts(field):
            if not re.fullmatch(form, said.value):
                owner = f" of {said.owner}" if said.owner else ""
                yield said.place.mistake(f"{field}{owner} has the wrong form; wanted: {words}")


def dns_names_are_valid(draft: Draft) -> Iterator[Mistake]:
    """Every record is looked up, so it must be a whole name; a wildcard cannot be."""
    for said in draft.addresses("dns_records"):
        if len(said.key) > 253 or not re.fullmatch(_NAME, said.key):  # noqa: PLR2004  RFC 1035, 2.3.4
            yield said.place.mistake(
                f"dns_records {said.key} is no lower-case DNS name (RFC 1123); name what is looked up, without wildcard"
            )


def s3_hosts(draft: Draft) -> Iterator[tuple[Said[str], str]]:
    """Where endpoint and console are, as far as their form is right."""
    for said in draft.texts("s3.endpoint", "s3.console"):
        if match := re.fullmatch(rf"(https?://)?(?P<host>{_NAME})(:\d+)?/?", said.value):
            yield said, match["host"]


NAME_RULES = (values_have_their_form, values_that_may_hide_a_password_have_their_form, dns_names_are_valid)
