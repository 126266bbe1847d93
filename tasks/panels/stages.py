"""The stage of this room."""

from __future__ import annotations

from tasks.panels import ask
from tasks.run.stage import Stage


def dashboards_stage(*, always: bool = False) -> Stage:
    """
    Every query of every dashboard, of each cluster where it tells clusters apart; and Grafana where it is.

    Arguments:
        always: also after something else was found bad

    """
    return Stage(
        title="Open dashboards",
        declares=ask.declares,
        on_hosts=ask.ask,
        causes=ask.CAUSES,
        even_after_failure=always,
        deadline_s=300,
    )
