"""The stage of this room."""

from __future__ import annotations

from tasks.alerting import deliver
from tasks.run.stage import Stage


def delivery_stage(*, always: bool = False) -> Stage:
    """
    A test alert on every cluster, followed to the receiver; it ends itself.

    Arguments:
        always: also after something else was found bad

    """
    return Stage(
        title="Deliver alerts",
        declares=deliver.declares,
        on_hosts=deliver.deliver,
        causes=deliver.CAUSES,
        even_after_failure=always,
        deadline_s=240,
    )
