"""Judge whether the place is free; what a cluster of ours has put on the host is at home there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.preflight import wanted_services
from tasks.preflight.installation import Installation, Owner, installation
from tasks.preflight.judge import HostCheck, Judgement, Wish, bad, fair, good, known, worse
from tasks.preflight.remedies import mend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tasks.preflight.host_facts import HostFacts
    from tasks.preflight.values_services import Listener
    from tasks.preflight.wanted_services import Port

_COMM = 15
"""Characters of a process's name that the kernel keeps."""

_MANIFESTS = tuple(
    f"/etc/kubernetes/manifests/{name}.yaml"
    for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
)
_ETCD = "/var/lib/etcd/"
_CLEAR = "sudo kubeadm reset"


def _installed(facts: HostFacts, wish: Wish) -> Installation:
    return installation(facts.admin, wish.cluster, wish.recorded_ca)


def whose_cluster(facts: HostFacts, wish: Wish) -> Judgement:
    """A bare host and our own cluster are fine; a stranger's is never touched."""
    found = _installed(facts, wish)
    match found.owner:
        case Owner.NOBODY:
            return good("no cluster on this host")
        case Owner.OURS:
            return good(f"already {found.says}")
        case Owner.FOREIGN:
            return bad(f"foreign cluster: {found.says}", mend(_CLEAR, "leftovers"), known(facts.leftovers))


def ports_free(ports: Sequence[Port], *, needed: bool) -> Callable[[HostFacts, Wish], Judgement]:
    """Build the check that nobody but our own cluster's processes holds these ports."""

    def judge(facts: HostFacts, wish: Wish) -> Judgement:
        listeners = known(facts.listeners)
        held = [(port, one) for port in ports for one in listeners if (one.port, one.protocol) == (port.number, "tcp")]
        if not held:
            return good("free")
        ours = _installed(facts, wish).owner is Owner.OURS
        strangers = [(port, one) for port, one in held if not (ours and _at_home(port, one))]
        if not strangers:
            return good(f"held by this cluster's own {_holders(one for _, one in held)}")
        said = "; ".join(f"{port.number} is held by {_holders([one])}" for port, one in strangers)
        remedy = mend(f"sudo ss -ltnp 'sport = :{strangers[0][0].number}'  # and stop what is listed", "leftovers")
        return worse(needed=needed)(said, remedy)

    return judge


def _at_home(port: Port, listener: Listener) -> bool:
    return bool(listener.holders) and all(name[:_COMM] == port.process[:_COMM] for name, _ in listener.holders)


def _holders(listeners: Iterable[Listener]) -> str:
    named = {f"{name} (pid {pid})" for listener in listeners for name, pid in listener.holders}
    return ", ".join(sorted(named)) or "a process that ss does not name"


def manifests(facts: HostFacts, wish: Wish) -> Judgement:
    """The kubelet would run static pods that lie here."""
    return _absent(facts, wish, [path for path in known(facts.leftovers) if path in _MANIFESTS])


def etcd_folder(facts: HostFacts, wish: Wish) -> Judgement:
    """A new etcd must begin empty."""
    return _absent(facts, wish, [path for path in known(facts.leftovers) if path.startswith(_ETCD)])


def _absent(facts: HostFacts, wish: Wish, found: list[str]) -> Judgement:
    if not found:
        return good("nothing there")
    if _installed(facts, wish).owner is Owner.OURS:
        return good(f"{len(found)} entries of this cluster's own")
    return bad(f"left behind: {', '.join(found)}", mend(_CLEAR, "leftovers"))


def remains(facts: HostFacts, wish: Wish) -> Judgement:
    """Network devices, CNI configurations and certificates of an earlier cluster would be taken for the new one's."""
    found = [path for path in known(facts.leftovers) if path not in _MANIFESTS and not path.startswith(_ETCD)]
    if not found:
        return good("nothing there")
    match _installed(facts, wish).owner:
        case Owner.OURS:
            return good(f"{len(found)} entries of this cluster's own")
        case Owner.NOBODY:
            return fair(
                f"an earlier cluster left {len(found)} entries: {found[0]} ...", mend(_CLEAR, "leftovers"), found
            )
        case Owner.FOREIGN:
            return bad(f"{len(found)} entries of a foreign cluster", mend(_CLEAR, "leftovers"), found)


CHECKS = (
    HostCheck(
        "host.installation",
        whose_cluster,
        "no cluster, or this inventory's own",
        "sudo grep -E 'server|name:' /etc/kubernetes/admin.conf",
    ),
    *(
        HostCheck(
            f"host.port.{port.number}",
            ports_free((port,), needed=True),
            f"free for {port.process}",
            f"sudo ss -ltnp 'sport = :{port.number}'",
        )
        for port in wanted_services.KUBERNETES_PORTS
    ),
    HostCheck(
        "host.ports-cilium", ports_free(wanted_services.CILIUM_PORTS, needed=True), "free for Cilium", "sudo ss -ltnp"
    ),
    HostCheck(
        "host.ports-node-exporter",
        ports_free(wanted_services.NODE_EXPORTER_PORTS, needed=False),
        "free for node_exporter",
        "sudo ss -ltnp 'sport = :9100'",
    ),
    HostCheck("host.manifests", manifests, "no static pods", "sudo ls /etc/kubernetes/manifests"),
    HostCheck("host.etcd-dir", etcd_folder, "no or an empty folder", "sudo ls -A /var/lib/etcd"),
    HostCheck(
        "host.leftovers",
        remains,
        "no trace of an earlier cluster",
        "sudo ls /etc/kubernetes /etc/cni/net.d; ip -br link",
    ),
)
