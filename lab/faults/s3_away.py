"""The object store's network is gone."""

from typing import ClassVar

from lab import wire
from lab.faults.fault import Case, Fault
from lab.wire import namespaces


class S3Away(Fault):
    """The gateway's leg to the object store goes down."""

    name: ClassVar[str] = "s3-away"
    parameters = ()
    breaks: ClassVar[str] = "The gateway knows no way to the object store: connecting fails with 'unreachable'."

    def apply(self, case: Case) -> None:
        """Take the link down."""
        namespaces.ip(case.lab.state.network(wire.GATEWAY), [f"link set {wire.STORE} down"])

    def undo(self, case: Case) -> None:
        """Bring the link up; the kernel adds its route again."""
        namespaces.ip(case.lab.state.network(wire.GATEWAY), [f"link set {wire.STORE} up"])
