"""A stream of objects: taken apart, guarded, recorded, compared."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tasks.deploy.drift import differing, parse_diff
from tasks.deploy.manifest import Ref, Stream, parse_stream, record_name, record_of
from tests.unit.onsite import ROOT

CONFIG = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: kube-system\ndata:\n  x: |\n    ---\n    y\n"
)
ROLE = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: cilium\n"


def test_a_stream_is_split_at_its_documents() -> None:
    """Dashes inside a text do not split it; what is applied is what was rendered."""
    stream = parse_stream(f"{CONFIG}---\n{ROLE}")
    assert [str(ref) for ref in stream.refs] == ["ConfigMap a", "ClusterRole cilium"]
    assert stream.text == f"{CONFIG}---\n{ROLE}"
    assert parse_stream(stream.text) == stream


@given(st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True), max_size=5), st.text(max_size=60))
def test_no_object_is_lost_on_the_way(names: list[str], value: str) -> None:
    """Whatever the values hold, every object comes out again, in order."""
    objects = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": n}, "data": {"v": value}} for n in names]
    stream = parse_stream(yaml.safe_dump_all(objects))
    assert [document.content for document in stream.documents] == objects
    assert [document.content for document in parse_stream(stream.text).documents] == objects


@pytest.mark.parametrize("text", ["just text", "a: 1", "kind: Pod\nmetadata: {}\napiVersion: v1", "a: [", "- 1"])
def test_what_is_no_object_is_refused(text: str) -> None:
    """The server would say so later, and less clearly."""
    with pytest.raises(ValueError, match="not a Kubernetes object"):
        parse_stream(text)


def test_a_time_stays_the_text_that_it_is() -> None:
    """For Kubernetes every scalar of YAML is JSON's; a date of Python's could not be kept."""
    (document,) = parse_stream(f"{CONFIG}  at: 2026-11-25T18:00:00Z\n").documents
    assert document.content["data"]["at"] == "2026-11-25T18:00:00Z"


def test_the_record_holds_every_object() -> None:
    """Its presence says that the whole stream went through; a changed stream changes it."""
    stream = parse_stream(f"{CONFIG}---\n{ROLE}")
    record = record_of("cilium", "kube-system", stream)
    assert record.ref == Ref("v1", "ConfigMap", "kube-system", record_name("cilium"))
    assert len(json.loads(record.content["data"]["objects"])) == 2
    assert record.content["data"]["digest"] != record_of("cilium", "kube-system", Stream(())).content["data"]["digest"]


DIFF = """\
diff -u -N /tmp/LIVE-2617/apps.v1.DaemonSet.kube-system.cilium /tmp/MERGED-3311/apps.v1.DaemonSet.kube-system.cilium
--- /tmp/LIVE-2617/apps.v1.DaemonSet.kube-system.cilium\t2026-11-23 15:00:00.1 +0000
+++ /tmp/MERGED-3311/apps.v1.DaemonSet.kube-system.cilium\t2026-11-23 15:00:00.2 +0000
@@ -6,1 +6,1 @@
-  generation: 2
+  generation: 3
diff -u -N /tmp/LIVE-2617/rbac.authorization.k8s.io.v1.ClusterRole..cilium /tmp/MERGED-3311/rbac.authorization.k8s.io.v1.ClusterRole..cilium
--- /tmp/LIVE-2617/rbac.authorization.k8s.io.v1.ClusterRole..cilium\t2026-11-23 15:00:00.1 +0000
+++ /tmp/MERGED-3311/rbac.authorization.k8s.io.v1.ClusterRole..cilium\t2026-11-23 15:00:00.2 +0000
@@ -0,0 +1,2 @@
+apiVersion: rbac.authorization.k8s.io/v1
+kind: ClusterRole
"""  # noqa: E501  kubectl's own lines


def test_a_difference_is_read_without_times_and_temporary_paths() -> None:
    """The same difference reads the same tomorrow."""
    differences = parse_diff(DIFF)
    assert list(differences) == [
        "apps.v1.DaemonSet.kube-system.cilium",
        "rbac.authorization.k8s.io.v1.ClusterRole..cilium",
    ]
    assert differences["apps.v1.DaemonSet.kube-system.cilium"].splitlines()[0] == (
        "--- apps.v1.DaemonSet.kube-system.cilium"
    )
    assert "/tmp" not in "".join(differences.values())
    assert "2026" not in "".join(differences.values())


def test_differences_lead_to_the_streams_objects() -> None:
    """Only what differs is applied; a difference of something else is an error."""
    stream = parse_stream(f"{CONFIG}---\n{ROLE}")
    differences = {"rbac.authorization.k8s.io.v1.ClusterRole..cilium": "..."}
    assert [str(ref) for ref in stream.only(differing(stream, differences)).refs] == ["ClusterRole cilium"]
    with pytest.raises(ValueError, match="does not have"):
        differing(stream, {"v1.Secret.kube-system.other": "..."})


@given(st.text(min_size=1).filter(str.strip))
def test_any_other_text_is_no_difference(text: str) -> None:
    """An error message of kubectl is never taken for "nothing differs"."""
    with pytest.raises(ValueError, match="not the output of kubectl diff"):
        parse_diff(text)


def test_no_text_is_no_difference() -> None:
    """There is no output where nothing differs."""
    assert parse_diff("") == {}


def test_a_real_difference_leads_to_the_objects_that_were_edited() -> None:
    """One Deployment scaled and one ConfigMap deleted by hand: exactly those two differ."""
    text = (ROOT / "tests/recorded/deploy/kubectl-diff/edited-by-hand/stdout.txt").read_text(encoding="utf-8")
    differences = parse_diff(text)
    assert set(differences) == {
        "apps.v1.Deployment.kube-system.cilium-operator",
        "v1.ConfigMap.kube-system.cilium-config",
    }
    assert "-  replicas: 2\n+  replicas: 1" in differences["apps.v1.Deployment.kube-system.cilium-operator"]
