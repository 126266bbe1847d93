"""What was found equal and has not been written since is not compared again; whatever else happened, it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tasks.deploy.compare import compare, memory_of
from tasks.deploy.kubectl import Kubectl
from tasks.deploy.manifest import Stream, parse_stream
from tasks.model.errors import CommandFailed
from tasks.transport.fake import ScriptedShell

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: there}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: b}
"""
A, B = "/api/v1/namespaces/there/configmaps/a", "/api/v1/namespaces/there/configmaps/b"
DIFF = """\
diff -u -N /tmp/LIVE-1/v1.ConfigMap..b /tmp/MERGED-2/v1.ConfigMap..b
--- /tmp/LIVE-1/v1.ConfigMap..b\t2026-11-26 00:00:00
+++ /tmp/MERGED-2/v1.ConfigMap..b\t2026-11-26 00:00:00
-a: 1
+a: 2
"""


class Cluster:
    """Two objects, and what kubectl says of them."""

    def __init__(self, folder: Path) -> None:
        """Both are there and equal."""
        self.live: dict[str, dict[str, str] | None] = {
            A: {"uid": "1", "resourceVersion": "10"},
            B: {"uid": "2", "resourceVersion": "20"},
        }
        self.memory = memory_of(folder, "cluster-03", "demo")
        self.folder = folder

    def metadata(self, path: str) -> dict[str, dict[str, Any]]:
        """As the API server has it."""
        return {it.removeprefix(f"{path}/"): found for it, found in self.live.items() if found and it.startswith(path)}

    def compared(self, stream: Stream, said: str = "", code: int = 0) -> set[str]:
        """Names of the objects that kubectl was asked to compare; it says the same whatever it is asked."""
        shell = ScriptedShell()
        shell.answer_if(lambda it: "diff" in it.argv, stdout=said, exit_code=code)
        kubectl = Kubectl(shell=shell, kubeconfig=self.folder, context="cluster-03", cache=self.folder)
        self.said = compare(kubectl, self, stream, "there", self.memory)  # type: ignore[arg-type]
        asked = [parse_stream(it.stdin.decode()) for it in shell.commands]
        return {ref.name for one in asked for ref in one.refs}


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    """Nothing was compared yet."""
    return Cluster(tmp_path)


def test_what_nobody_has_written_is_compared_once(cluster: Cluster) -> None:
    """The second time kubectl is not even started."""
    assert cluster.compared(parse_stream(TEXT)) == {"a", "b"}
    assert cluster.compared(parse_stream(TEXT)) == set()
    assert cluster.said == {}


@pytest.mark.parametrize("now", [{"uid": "2", "resourceVersion": "21"}, {"uid": "3", "resourceVersion": "20"}, None])
def test_what_was_written_made_anew_or_deleted_is_compared(cluster: Cluster, now: dict[str, str] | None) -> None:
    """It alone."""
    cluster.compared(parse_stream(TEXT))
    cluster.live[B] = now
    assert cluster.compared(parse_stream(TEXT)) == {"b"}


def test_what_is_wanted_otherwise_is_compared(cluster: Cluster) -> None:
    """And what is wanted no longer is not asked for."""
    cluster.compared(parse_stream(TEXT))
    assert cluster.compared(parse_stream(TEXT.replace("name: b}", "name: b, labels: {c: d}}"))) == {"b"}
    assert cluster.compared(parse_stream(TEXT.partition("---")[0])) == set()


def test_what_differs_is_compared_until_it_is_equal(cluster: Cluster) -> None:
    """A difference is never remembered as equality."""
    stream = parse_stream(TEXT)
    assert cluster.compared(stream, DIFF, 1) == {"a", "b"}
    assert set(cluster.said) == {"v1.ConfigMap..b"}
    assert cluster.compared(stream, DIFF, 1) == {"b"}
    assert cluster.compared(stream) == {"b"}
    assert cluster.compared(stream) == set()


def test_a_comparison_that_failed_is_not_remembered(cluster: Cluster) -> None:
    """It is no equality."""
    with pytest.raises(CommandFailed):
        cluster.compared(parse_stream(TEXT), "", 2)
    assert cluster.compared(parse_stream(TEXT)) == {"a", "b"}


def test_what_is_not_there_is_not_remembered(cluster: Cluster) -> None:
    """Even where kubectl says nothing of it."""
    cluster.live[B] = None
    cluster.compared(parse_stream(TEXT))
    assert cluster.compared(parse_stream(TEXT)) == {"b"}


@pytest.mark.parametrize("text", ["{", "[]", "1"])
def test_a_memory_that_cannot_be_read_is_none(cluster: Cluster, text: str) -> None:
    """Everything is compared, and it is written anew."""
    cluster.memory.parent.mkdir(parents=True)
    cluster.memory.write_text(text)
    assert cluster.compared(parse_stream(TEXT)) == {"a", "b"}
    assert cluster.compared(parse_stream(TEXT)) == set()
