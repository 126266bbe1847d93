"""The stages of this room, the same in every runbook."""

from __future__ import annotations

from tasks.opensearch import prove
from tasks.run.stage import Stage


def logs_stage() -> Stage:
    """OpenSearch's health, bucket and rights, and a line of every cluster; what is made for it is removed again."""
    return Stage(
        title="Prove logs",
        declares=prove.declares,
        on_hosts=prove.prove,
        causes=prove.CAUSES,
        deadline_s=300,
    )
