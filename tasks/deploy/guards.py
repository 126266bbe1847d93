"""What must never be in a rendered stream."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.deploy.manifest import Document, Stream

PLACEHOLDER = re.compile(r"\b(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}\b")
"""The three networks for documentation (RFC 5737): a base's value that no overlay has replaced."""


def complaints(stream: Stream, namespace: str) -> tuple[str, ...]:
    """
    One sentence for each thing that must not be applied.

    Arguments:
        namespace: what ``kubectl apply -n`` will be given; it refuses objects of any other

    """
    if not stream.documents:
        return ("nothing was rendered",)
    return tuple(
        f"{document.ref}: {said}" for document in stream.documents for said in _complaints(document, namespace)
    )


def _complaints(document: Document, namespace: str) -> Iterator[str]:
    metadata = document.content["metadata"]
    if document.ref.namespace not in {"", namespace}:
        yield f"belongs to namespace {document.ref.namespace}, but the stream is applied with -n {namespace}"
    if "helm.sh/hook" in (metadata.get("annotations") or {}):
        yield "is a Helm hook, which would be applied as an ordinary object"
    if found := PLACEHOLDER.search(json.dumps(document.content)):
        yield f"still has the placeholder {found[0]}: the overlay's facts did not reach it"
    for image in _images(document.content):
        if image.endswith(":latest") or not re.search(r":[^/]+$|@sha256:", image):
            yield f"image {image} is not pinned to a version"


def _images(value: Any) -> Iterator[str]:
    """Every container's image below a value."""
    match value:
        case {"image": str(image), "name": str()}:
            yield image
    match value:
        case dict():
            for inner in value.values():
                yield from _images(inner)
        case list():
            for inner in value:
                yield from _images(inner)
