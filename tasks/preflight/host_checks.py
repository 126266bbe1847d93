"""Every check that one host's facts answer, in the order of the report."""

from __future__ import annotations

from tasks.preflight import (
    checks_kernel,
    checks_leftovers,
    checks_machine,
    checks_network,
    checks_runtime,
    checks_storage,
)

HOST_CHECKS = (
    *checks_machine.CHECKS,
    *checks_kernel.CHECKS,
    *checks_network.CHECKS,
    *checks_runtime.CHECKS,
    *checks_storage.CHECKS,
    *checks_leftovers.CHECKS,
)
