"""The services beside the machines: DNS, time and who is told of alerts on the gateway, S3 behind it."""

from collections.abc import Callable
from dataclasses import dataclass

from lab.record import Record
from lab.services import clock, dns, receiver, store
from lab.services.daemon import Daemon
from lab.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One program, and the question whose answer proves that it serves."""

    daemon: Daemon
    answers: Callable[[], bool]


def all_services(record: Record, state: State) -> tuple[Service, ...]:
    """DNS, time, S3 and the alerts' receiver, with their configuration written."""
    plan, materials = record.plan, record.materials
    return (
        Service(
            daemon=dns.daemon(plan, state, materials.tools / "coredns"),
            answers=lambda: dns.answers(plan, state),
        ),
        Service(
            daemon=store.daemon(plan, state, materials.tools / "minio"),
            answers=lambda: store.answers(plan, state),
        ),
        Service(
            daemon=clock.daemon(plan, materials.root_file_system),
            answers=lambda: clock.answers(plan, state),
        ),
        Service(
            daemon=receiver.daemon(plan, state),
            answers=lambda: receiver.answers(plan, state),
        ),
    )
