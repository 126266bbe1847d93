"""The stages of this room that prove what stands; the same in every runbook."""

from __future__ import annotations

from tasks.run.stage import Stage


def storage_stage() -> Stage:
    """A claim of every cluster's default class, and its data after its pod."""
    from tasks.probes import storage

    return Stage(
        title="Claim volumes",
        declares=storage.declares,
        on_hosts=storage.claim,
        causes=storage.CAUSES,
        deadline_s=480,
    )


def policies_stage() -> Stage:
    """Flows that must pass, and flows that must not."""
    from tasks.probes import policies

    return Stage(
        title="Try flows",
        declares=policies.declares,
        on_hosts=policies.try_flows,
        causes=policies.CAUSES,
        deadline_s=300,
    )


def ingress_stage() -> Stage:
    """Every web interface by its hostname, through its cluster's VIP."""
    from tasks.probes import ingress

    return Stage(
        title="Ask interfaces",
        declares=ingress.declares,
        on_hosts=ingress.ask,
        causes=ingress.CAUSES,
        deadline_s=180,
    )
