"""Judge whether Longhorn can work here, by its three known stumbling blocks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tasks.preflight.judge import HostCheck, Judgement, Wish, bad, good, known
from tasks.preflight.remedies import install, mend

if TYPE_CHECKING:
    from tasks.preflight.host_facts import HostFacts

_BLACKLIST = (
    "printf 'blacklist {\\n  devnode \"^sd[a-z0-9]+\"\\n}\\n' | sudo tee /etc/multipath/conf.d/longhorn.conf"
    " && sudo systemctl restart multipathd"
)


def iscsi(facts: HostFacts, _: Wish) -> Judgement:
    """Longhorn attaches volumes through the host's own initiator; its socket starts the daemon on demand."""
    units = known(facts.units)
    if not known(facts.tools).get("iscsiadm"):
        package = install(facts.system, debian="open-iscsi", rhel="iscsi-initiator-utils", chapter="iscsi")
        return bad("not installed", package)
    for name in ("iscsid.service", "iscsid.socket"):
        if name in units and units[name].active:
            return good(f"{name} is active")
    states = ", ".join(
        f"{name} is {units[name].state}" for name in ("iscsid.service", "iscsid.socket") if name in units
    )
    return bad(states or "no iscsid unit", mend("sudo systemctl enable --now iscsid", "iscsi"))


def nfs_client(facts: HostFacts, _: Wish) -> Judgement:
    """Longhorn's shared volumes are NFS 4 mounts of the host."""
    path = known(facts.tools).get("mount.nfs4")
    if path:
        return good(path)
    return bad(
        "mount.nfs4 is not installed", install(facts.system, debian="nfs-common", rhel="nfs-utils", chapter="nfs")
    )


def multipath(facts: HostFacts, _: Wish) -> Judgement:
    """Multipath's daemon takes every new disk, Longhorn's among them, unless it is told to leave them alone."""
    unit = known(facts.units).get("multipathd.service")
    if unit is None or not unit.active:
        return good("multipathd is not active")
    patterns = known(facts.multipath)
    if any(_matches(pattern, "sda") for pattern in patterns):
        return good(f"active, and leaves alone {', '.join(patterns)}")
    return bad("active, and would take Longhorn's disks (sd*)", mend(_BLACKLIST, "multipath"))


def _matches(pattern: str, device: str) -> bool:
    try:
        return re.search(pattern if pattern != "*" else ".*", device) is not None
    except re.error:
        return False


CHECKS = (
    HostCheck(
        "host.iscsi", iscsi, "open-iscsi installed, iscsid active", "systemctl status iscsid.service iscsid.socket"
    ),
    HostCheck("host.nfs", nfs_client, "an NFS 4 client", "command -v mount.nfs4"),
    HostCheck("host.multipath", multipath, "multipathd off, or kept from sd*", "systemctl is-active multipathd"),
)
