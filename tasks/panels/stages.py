"""The stage of this room."""

from __future__ import annotations

from functools import partial

from tasks.panels import ask
from tasks.run.stage import Stage


def dashboards_stage(patience_s: float) -> Stage:
    """
    Every query of every dashboard, of each cluster where it tells clusters apart; and Grafana where it is.

    Arguments:
        patience_s: how long a dashboard that is not good yet is opened again

    """
    return Stage(
        title="Open dashboards",
        declares=ask.declares,
        on_hosts=partial(ask.ask, patience_s=patience_s),
        causes=ask.CAUSES,
        deadline_s=300,
    )
