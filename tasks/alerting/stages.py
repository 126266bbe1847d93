"""The stage of this room."""

from __future__ import annotations

from tasks.alerting import deliver
from tasks.run.stage import Stage


def delivery_stage() -> Stage:
    """A test alert on every cluster, followed to the receiver; it ends itself."""
    return Stage(
        title="Deliver alerts",
        declares=deliver.declares,
        on_hosts=deliver.deliver,
        causes=deliver.CAUSES,
        deadline_s=240,
    )
