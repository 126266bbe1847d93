"""Ask and read ``kubectl diff``: which objects of a stream differ, and how."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tasks.model.errors import CommandFailed

if TYPE_CHECKING:
    from tasks.deploy.kubectl import Kubectl
    from tasks.deploy.manifest import Ref, Stream

_HEAD = re.compile(r"^diff -u -N \S*/LIVE-\d+/(\S+) \S*/MERGED-\d+/\S+$", re.MULTILINE)
_FILES = re.compile(r"^(---|\+\+\+) \S*/(?:LIVE|MERGED)-\d+/(\S+)\t.*$", re.MULTILINE)


def differences_of(kubectl: Kubectl, stream: Stream, namespace: str) -> dict[str, str]:
    """
    Compare a stream with what the API server has, by its own dry run; see ``parse_diff``.

    Raises:
        CommandFailed: the comparison failed, which is never equality

    """
    result = kubectl.diff(stream.text, namespace)
    if result.exit_code > 1:
        raise CommandFailed(result)
    return parse_diff(result.stdout)


def parse_diff(text: str) -> dict[str, str]:
    """
    Read the differences by the name under which kubectl shows an object.

    Returns:
        ``{"apps.v1.DaemonSet.kube-system.cilium": "--- ...unified diff..."}``, without kubectl's temporary paths and
        times, so that the same difference always reads the same

    Raises:
        ValueError: there is text, but no difference of kubectl's form in it

    """
    heads = list(_HEAD.finditer(text))
    if text.strip() and not heads:
        raise ValueError(f"not the output of kubectl diff: {text[:200]!r}")
    starts = [head.start() for head in heads] + [len(text)]
    return {
        head[1]: _FILES.sub(r"\1 \2", text[head.end() : end]).strip("\n")
        for head, end in zip(heads, starts[1:], strict=True)
    }


def differing(stream: Stream, differences: dict[str, str]) -> frozenset[Ref]:
    """
    The stream's objects that differ.

    Raises:
        ValueError: a difference is of no object of the stream

    """
    known = {ref.diff_name: ref for ref in stream.refs}
    if unknown := set(differences) - set(known):
        raise ValueError(f"differences of objects that the stream does not have: {', '.join(sorted(unknown))}")
    return frozenset(known[name] for name in differences)
