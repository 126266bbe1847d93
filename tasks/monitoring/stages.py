"""The stage of this room, the same in every runbook."""

from __future__ import annotations

from tasks.monitoring import ask
from tasks.run.stage import Stage


def services_stage(patience_s: float) -> Stage:
    """
    Ask what each service can only answer when it works.

    Arguments:
        patience_s: how long what does not answer well yet is asked again

    """
    return Stage(
        title="Ask services",
        declares=ask.declares,
        on_hosts=ask.asks(patience_s),
        causes={"answers": ("api.ready",)},
        deadline_s=600,
    )
