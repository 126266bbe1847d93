"""The task that looks after a control plane: its API server's answer, its certificates, its etcd. Changes nothing."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

from tasks.deploy.api import ApiError
from tasks.deploy.files import read_text
from tasks.deploy.identity import not_there_yet, open_cluster
from tasks.deploy.kubeconfig import folder_of, parse_kubeconfig
from tasks.model.command import Command
from tasks.model.errors import Unreachable, WrongCluster
from tasks.model.finding import Finding, Measure, Outcome, Row, Verdict
from tasks.preflight.knock import must_answer
from tasks.probes.certificates import Certificate, ends_of, judge_certificates, parse_certificates
from tasks.probes.checks import API
from tasks.probes.etcd import METRICS, Etcd, judge_health, judge_size, parse_etcd
from tasks.run.step import done
from tasks.run.wait import watch
from tasks.transport.shell_of import shell_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from nornir.core.task import Result, Task

    from tasks.fleet.model import Cluster, Fleet
    from tasks.run.context import RunContext

LATENCY = "api.latency"

PATIENCE_S = 20.0
"""An etcd whose disk is busy just then makes an API server not ready for a moment."""

KUBELET = "/var/lib/kubelet/pki/"
QUESTION = rf"""
say() {{ printf '%s %s %s\n' "$1" "$2" "$(printf %s "$3" | base64 | tr -d '\n')"; }}
for file in /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/etcd/*.crt {KUBELET}kubelet-client-current.pem; do
  [ ! -e "$file" ] || say cert "$file" "$(sed -n '/^-*BEGIN CERTIFICATE-*$/,/^-*END CERTIFICATE-*$/p' "$file")"
done
for file in /etc/kubernetes/*.conf; do
  data=$(sed -n 's/^ *client-certificate-data: *//p' "$file" | head -n 1)
  [ -z "$data" ] || printf 'cert %s %s\n' "$file" "$data"
done
ask() {{
  timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/2381 && printf "GET %s HTTP/1.0\r\n\r\n" "$0" >&3 && cat <&3' "$1"
}}
say etcd health "$(ask /health 2>/dev/null | tail -n 1)"
ask /metrics 2>/dev/null | grep -E '^({"|".join(METRICS)}) ' | while IFS= read -r line; do say etcd metric "$line"; done
echo end
"""
"""
Read-only, as root, one round trip; only certificates leave the host, never a key. kubeadm has etcd tell of itself on
port 2381 of the loopback device. The kubelet's serving certificate is left out: the API server does not verify it.
"""

_ETCD = ("health", "metric")

CHECKS = (
    API,
    "certificates.control-plane",
    "certificates.kubelet",
    "certificates.operator",
    "etcd.health",
    "etcd.size",
)


def declares(fleet: Fleet) -> tuple[Row, ...]:
    """Six rows for every cluster."""
    return tuple(Row(check, cluster.name) for cluster in fleet.clusters for check in CHECKS)


def inspect(task: Task, *, ctx: RunContext) -> Result:
    """
    Look at one control plane, from the operator's machine and on its host.

    Returns:
        Result with ``result`` = Outcome(findings=one per row of ``declares``)

    Raises:
        TransportError: the host could not be asked

    """
    cluster = ctx.fleet.cluster(task.host.name)
    here = (judge_api(ctx, cluster), judge_operator(ctx, cluster))
    try:
        must_answer(task, cluster)
        result = shell_of(task).run(Command.script(QUESTION, timeout_s=30, sudo=True)).must_succeed()
    except Unreachable as error:
        there = tuple(_unreachable(Row(it, cluster.name), error) for it in CHECKS if not _told(it, here))
        return done(task, Outcome(findings=(*here, *there)))
    return done(task, Outcome(findings=(*here, *judge_host(cluster, result.stdout, datetime.now(UTC)))))


def _told(check: str, findings: tuple[Finding, ...]) -> bool:
    return any(finding.row.check == check for finding in findings)


def _unreachable(row: Row, error: Unreachable) -> Finding:
    return Finding(row=row, verdict=Verdict.UNREACHABLE, observed=str(error), wanted="the host can be asked")


def judge_api(
    ctx: RunContext, cluster: Cluster, *, patience_s: float = PATIENCE_S, clock: Callable[[], float] = time.monotonic
) -> Finding:
    """The API server is the inventory's, is ready, and how long the answer took; it is asked again for a while."""
    row, number = Row(API, cluster.name), count(1)
    if ctx.plan and open_cluster(ctx, cluster) is None:
        return not_there_yet(row)
    said, took, asked = watch(
        f"{API} of {row.target}",
        lambda: (*_asked(ctx, cluster, clock), next(number)),
        done=lambda it: it[0] == "ok",
        timeout_s=patience_s,
        every_s=2.0,
    )
    reproduce = f"kubectl --context {cluster.name} get --raw '/readyz?verbose'"
    if said == "ok":
        return Finding(
            row=row,
            verdict=Verdict.PASS,
            observed=f"ready, told within {took:.2f} s",
            reproduce=reproduce,
            measured=(Measure(name=LATENCY, value=took, unit="s"),),
        )
    return Finding(
        row=row,
        verdict=Verdict.FAIL,
        observed=f"not ready, asked {asked} times: {said}",
        wanted=f"{cluster.api} says ok",
        remedy=f"ssh {cluster.address} sudo crictl ps -a; python runbooks/full_deploy.py --limit {cluster.name}",
        reproduce=reproduce,
    )


def _asked(ctx: RunContext, cluster: Cluster, clock: Callable[[], float]) -> tuple[str, float]:
    """What ``/readyz`` says, or what is in its way, in a line; and seconds of the faster of two answers."""
    took = []
    try:
        if (api := open_cluster(ctx, cluster)) is None:
            return "there is no cluster", 0.0
        for _ in range(2):
            began = clock()
            said = api.text("/readyz").strip()
            took.append(clock() - began)
    except (ApiError, WrongCluster) as error:
        failing = [line for line in str(error).splitlines() if line.startswith("[-]")]
        return "; ".join(failing) or str(error), 0.0
    return said, min(took)


def judge_operator(ctx: RunContext, cluster: Cluster) -> Finding:
    """The admin certificate that this site keeps for the cluster."""
    path = folder_of(ctx.state, cluster.name) / "admin.conf"
    row = Row("certificates.operator", cluster.name)
    reproduce = f"sed -n 's/ *client-certificate-data: //p' {path} | base64 -d | openssl x509 -noout -enddate"
    try:
        found = [Certificate(path=str(path), ends=ends_of(parse_kubeconfig(read_text(path)).certificate))]
    except ValueError as error:
        return Finding(row=row, verdict=Verdict.ERROR, observed=f"could not judge: {error}", reproduce=reproduce)
    remedy = f"python runbooks/full_deploy.py --only fetch-kubeconfigs --limit {cluster.name}"
    return judge_certificates(row, found, datetime.now(UTC), remedy=remedy, reproduce=reproduce)


def judge_host(cluster: Cluster, text: str, now: datetime) -> tuple[Finding, ...]:
    """
    Everything that the host's answer to ``QUESTION`` shows.

    Raises:
        ValueError: the answer was cut, or holds no certificate where it should

    """
    certificates, etcd = _read(text)
    kubelets = [one for one in certificates if one.path.startswith(KUBELET)]
    others = [one for one in certificates if one not in kubelets]
    control_plane = judge_certificates(
        Row("certificates.control-plane", cluster.name),
        others,
        now,
        remedy="sudo kubeadm certs renew all, then restart the control plane's pods",
        reproduce="sudo kubeadm certs check-expiration",
    )
    kubelet = judge_certificates(
        Row("certificates.kubelet", cluster.name),
        kubelets,
        now,
        remedy="sudo systemctl restart kubelet; sudo journalctl -u kubelet | grep -i certificate",
        reproduce=f"sudo openssl x509 -noout -enddate -in {KUBELET}kubelet-client-current.pem",
    )
    return (control_plane, kubelet, judge_health(cluster.name, etcd), judge_size(cluster.name, etcd))


def _read(text: str) -> tuple[tuple[Certificate, ...], Etcd]:
    lines = text.splitlines()
    if not lines or lines[-1] != "end":
        raise ValueError("the host's answer was cut")
    said = [line.split(" ", 2) for line in lines[:-1]]
    told = {what: [_plain(one) for kind, name, one in said if (kind, name) == ("etcd", what)] for what in _ETCD}
    certificates = parse_certificates([f"{name} {one}" for kind, name, one in said if kind == "cert"])
    return certificates, parse_etcd("".join(told["health"]), told["metric"])


def _plain(encoded: str) -> str:
    return base64.b64decode(encoded, validate=True).decode()
