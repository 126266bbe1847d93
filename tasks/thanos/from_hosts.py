"""
The same question from every host and from the network of Query's own pod: ``Info`` by curl, which speaks HTTP/2.

A pod's network is entered from its host, as root: so the row proves the pod's routes and its NetworkPolicy, whatever
programs its image has.
"""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING

from tasks.model.finding import Row
from tasks.preflight.script import PRELUDE, jobs
from tasks.probes.path import WRITE_OUT, Layer, Seen, Wanted, parse_curl
from tasks.probes.scripts import ANSWER_S, CONNECT_S
from tasks.probes.targets import HOST, POD, Target
from tasks.probes.vantage import cell, not_asked
from tasks.thanos.storeapi import INFO_PATH, address_of, info_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tasks.fleet.model import Cluster
    from tasks.model.finding import Finding

ANSWERS = Wanted(statuses=frozenset({200}))


def target_of(cluster: Cluster) -> Target:
    """One cluster's StoreAPI as a column of the matrix."""
    return Target(
        service="storeapi",
        peer=cluster.name,
        url=f"http://{address_of(cluster)}{INFO_PATH}",
        address=str(cluster.vip.address),
        wanted=ANSWERS,
    )


_OF_STOREAPI = rf"""
# netns ADDRESS: the network of the pod with this address
netns() {{
  for it in /run/netns/*; do
    nsenter --net="$it" ip -4 -o address show 2>/dev/null | grep -qF " $1/" && {{ echo "$it"; return; }}
  done
  echo "no pod has the address $1" >&2; return 3
}}
# info URL [PROGRAM...]: curl, run by a program; its error, then all it printed and its exit code in base64. The five
# bytes are a message of gRPC with nothing in it.
info() {{
  url=$1; shift
  {{
    printf '\000\000\000\000\000' | "$@" curl -sS --noproxy '*' --http2-prior-knowledge --connect-timeout {CONNECT_S} \
      -m {ANSWER_S} -H 'content-type: application/grpc' -H 'te: trailers' --data-binary @- -w '{WRITE_OUT}' "$url"
    printf '\n%s' $?
  }} | base64 | tr -d '\n'
}}
within() {{ net=$(netns "$1") || return; info "$2" nsenter --net="$net"; }}
"""


def host_script(targets: Sequence[Target], pod: str = "") -> str:
    """
    Ask every StoreAPI from the host, and where ``pod`` is a pod's address on this host, from its network as well.

    As root, for the pod's network.
    """
    asks = [f"job {HOST}/{it.key} info {it.url} &" for it in targets]
    asks += [f"job {POD}/{it.key} within {pod} {it.url} &" for it in targets if pod]
    return "\n".join([PRELUDE, _OF_STOREAPI, *asks, "wait"])


def read_answer(text: str, peer: str) -> Seen:
    """
    Read one job of ``host_script``.

    Arguments:
        peer: the cluster whose sidecar has to answer

    Raises:
        ValueError: curl was not run, or printed something else

    """
    *said, encoded = text.splitlines() or [""]
    raw, _, code = b64decode(encoded, validate=True).rpartition(b"\n")
    body, _, figures = raw.rpartition(b"\n")
    if not code.isdigit():
        raise ValueError(f"not the output of curl: {text[:200]!r}")
    seen = parse_curl(int(code), "\n".join([*said, figures.decode(errors="replace")]), ANSWERS)
    if not seen.open:
        return seen
    if not body:
        return Seen(
            layer=Layer.GRPC, said="HTTP 200 without a message: whoever answers has no service Info", ms=seen.ms
        )
    return answered_by(info_of(body).clusters, peer, seen.ms)


def answered_by(clusters: tuple[str, ...], peer: str, ms: float) -> Seen:
    """Whether the right sidecar answered."""
    who = ", ".join(name or "nobody's" for name in clusters) or "a StoreAPI without labels"
    if clusters != (peer,):
        return Seen(layer=Layer.GRPC, said=f"{who} answers, not {peer}", ms=ms)
    return Seen(layer=Layer.OPEN, said=f"{who} answers Info", ms=ms)


def cells(cluster: Cluster, targets: Iterable[Target], stdout: str, pod: str) -> list[Finding]:
    """The rows of one host, and where ``pod`` is given those of Query's pod."""
    answers = jobs(stdout)
    findings = []
    for vantage in (HOST, POD) if pod else (HOST,):
        for target in targets:
            row = Row(f"reach.{vantage}.storeapi", cluster.name, target.peer)
            reproduce = _by_hand(cluster, target, pod if vantage == POD else "")
            try:
                seen = read_answer(answers[f"{vantage}/{target.key}"][1], target.peer)
            except (KeyError, ValueError) as error:
                findings.append(not_asked(row, error, reproduce))
            else:
                findings.append(cell(row, target, seen, reproduce))
    return findings


def _by_hand(cluster: Cluster, target: Target, pod: str) -> str:
    inside = f"sudo nsenter --net=NETNS-OF-{pod} " if pod else ""
    ask = "curl -sS --http2-prior-knowledge -H content-type:application/grpc -H te:trailers --data-binary @-"
    return f'ssh {cluster.address} "head -c5 /dev/zero | {inside}{ask} {target.url} | strings"'
