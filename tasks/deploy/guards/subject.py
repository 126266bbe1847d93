"""What a rule is asked about, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tasks.deploy.manifest import Document, Ref, Stream
    from tasks.deploy.overlay import Overlay
    from tasks.fleet.model import Cluster, Fleet

_CONTROLLERS = frozenset({"DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet"})


@dataclass(frozen=True, slots=True)
class Complaint:
    """
    One thing that must not be applied.

    Attributes:
        object: ``Deployment grafana``, or what else is meant
        said: what is wrong with it and what to do, as a sentence that begins with a verb
        part: the container, volume or field that is meant; empty: the whole object

    """

    object: str
    said: str
    part: str = ""

    def __str__(self) -> str:
        return f"{self.object}: {self.said}"


@dataclass(frozen=True, slots=True)
class Workload:
    """A pod's template, whatever makes pods from it."""

    ref: Ref
    content: dict[str, Any]
    template: dict[str, Any]

    @property
    def pod(self) -> dict[str, Any]:
        """The pod's spec."""
        return dict(self.template.get("spec") or {})

    @property
    def containers(self) -> tuple[dict[str, Any], ...]:
        """Those that run on, and before them those that prepare."""
        return (*(self.pod.get("initContainers") or ()), *(self.pod.get("containers") or ()))

    @property
    def replicas(self) -> int:
        """How many pods at once; 1 where it says nothing."""
        return int((self.content.get("spec") or {}).get("replicas") or 1)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One rendering, and whose it is."""

    overlay: Overlay
    stream: Stream
    cluster: Cluster
    fleet: Fleet

    def of_kind(self, *kinds: str) -> Iterator[Document]:
        """The objects of these kinds."""
        return (document for document in self.stream.documents if document.ref.kind in kinds)

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """Everything that makes pods."""
        return tuple(_workloads(self.stream.documents))


def words_of(container: dict[str, Any]) -> tuple[str, ...]:
    """What a container runs, its own arguments included; empty where the image decides."""
    return tuple(str(it) for it in (*(container.get("command") or ()), *(container.get("args") or ())))


def _workloads(documents: Iterable[Document]) -> Iterator[Workload]:
    for document in documents:
        content, kind = document.content, document.ref.kind
        if kind == "Pod":
            yield Workload(document.ref, content, content)
        elif kind in _CONTROLLERS:
            yield Workload(document.ref, content, content["spec"]["template"])
        elif kind == "CronJob":
            yield Workload(document.ref, content, content["spec"]["jobTemplate"]["spec"]["template"])


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One thing that no rendering may have.

    Attributes:
        name: as exceptions name it
        judge: every complaint about one rendering
        excusable: an entry with a reason may except an object

    """

    name: str
    judge: Callable[[Subject], Iterator[Complaint]]
    excusable: bool = False

    @property
    def says(self) -> str:
        """What is wanted, as one sentence."""
        return _first_line(self.judge)


@dataclass(frozen=True, slots=True)
class FleetRule:
    """One thing that the renderings of all clusters together may not have; complaints come with whose they are."""

    name: str
    judge: Callable[[tuple[Subject, ...]], Iterator[tuple[Subject, Complaint]]]

    @property
    def says(self) -> str:
        """What is wanted, as one sentence."""
        return _first_line(self.judge)


def _first_line(judge: Callable[..., object]) -> str:
    """A rule is stated where it is written: in its function's docstring."""
    return (judge.__doc__ or judge.__name__).strip().splitlines()[0].replace("``", "`")


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text below a value with its path."""
    match value:
        case str():
            yield path, value
        case dict():
            for key, inner in value.items():
                yield from strings(inner, f"{path}.{key}" if path else str(key))
        case list():
            for number, inner in enumerate(value):
                yield from strings(inner, f"{path}.{number}")
