"""What one StoreAPI says of itself and of its series, over gRPC from the operator's machine."""

from __future__ import annotations

import os
import socket
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.model.errors import FleetError
from tasks.probes.operator import kernel_neighbours, read_failure
from tasks.probes.path import Layer, Seen, with_neighbour
from tasks.probes.scripts import ANSWER_S, CONNECT_S
from tasks.thanos.protos import method

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasks.fleet.model import Cluster

PORT = 10901
INFO_PATH = "/thanos.info.Info/Info"

_HEAD = 5
"""Bytes before a message of gRPC: whether it is compressed, and its length in four."""


class NotAnswered(FleetError):
    """A StoreAPI did not answer as one; ``seen`` says how far the question came."""

    def __init__(self, seen: Seen) -> None:
        super().__init__(str(seen))
        self.seen = seen


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreInfo:
    """
    What a StoreAPI says of itself.

    Attributes:
        kind: sidecar, store, rule ...
        label_sets: the external labels of what it serves
        min_ms, max_ms: Unix time in milliseconds between which it has samples

    """

    kind: str
    label_sets: tuple[Mapping[str, str], ...]
    min_ms: int
    max_ms: int

    @property
    def clusters(self) -> tuple[str, ...]:
        """Whose samples it serves."""
        return tuple(sorted({labels.get("cluster", "") for labels in self.label_sets}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a StoreAPI has in a span of time: its series' labels, the values of label ``cluster``, warnings."""

    series: tuple[Mapping[str, str], ...]
    clusters: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def address_of(cluster: Cluster) -> str:
    """Where Query, and everybody else, asks a cluster's sidecar."""
    return f"{cluster.vip.address}:{PORT}"


def read_info(message: Any) -> StoreInfo:
    """An ``InfoResponse`` as values."""
    return StoreInfo(
        kind=message.component_type,
        label_sets=tuple({it.name: it.value for it in one.labels} for one in message.label_sets),
        min_ms=message.store.min_time,
        max_ms=message.store.max_time,
    )


def info_of(body: bytes) -> StoreInfo:
    """
    Read the body of gRPC's HTTP answer to ``Info``.

    Raises:
        ValueError: it is no whole, plain message

    """
    length = int.from_bytes(body[1:_HEAD], "big")
    if len(body) < _HEAD or body[0] != 0 or len(body) != _HEAD + length:
        raise ValueError(f"{len(body)} bytes are no message of gRPC")
    from google.protobuf.message import DecodeError  # noqa: PLC0415  as in tasks/thanos/protos.py

    try:
        return read_info(method("info", "Info").response.FromString(body[_HEAD:]))
    except DecodeError as error:
        raise ValueError(str(error)) from error


def ask_info(address: str) -> tuple[StoreInfo, float]:
    """
    Ask a StoreAPI who it is.

    Returns:
        what it said, and the milliseconds that took from connecting to its answer

    Raises:
        NotAnswered: where and why the question ended

    """
    (message,), ms = _call(address, "info", "Info")
    return read_info(message), ms


def ask_held(address: str, wanted: Mapping[str, str], *, min_ms: int, max_ms: int) -> Held:
    """
    Ask which series a StoreAPI has, without their samples.

    Arguments:
        wanted: labels and their values, ``__name__`` among them

    Raises:
        NotAnswered: where and why the question ended

    """
    matchers = [{"name": name, "value": value} for name, value in wanted.items()]
    span = {"min_time": min_ms, "max_time": max_ms}
    answers, _ = _call(
        address, "store", "Series", **span, matchers=matchers, skip_chunks=True, partial_response_disabled=True
    )
    (values,), _ = _call(
        address, "store", "LabelValues", label="cluster", start=min_ms, end=max_ms, partial_response_disabled=True
    )
    return Held(
        series=tuple({it.name: it.value for it in one.series.labels} for one in answers if one.HasField("series")),
        clusters=tuple(values.values),
        warnings=(*(one.warning for one in answers if one.warning), *values.warnings),
    )


def _call(address: str, file: str, name: str, **fields: Any) -> tuple[list[Any], float]:
    """Ask; every message of the answer, and the milliseconds until the last."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its own log would come between the report's lines
    import grpc  # noqa: PLC0415  only who asks a StoreAPI pays for it

    asked = method(file, name)
    began = time.monotonic()
    with grpc.insecure_channel(address, options=(("grpc.enable_http_proxy", 0),)) as channel:
        kind = channel.unary_stream if asked.streams else channel.unary_unary
        ask = kind(
            asked.path,
            request_serializer=asked.request.SerializeToString,
            response_deserializer=asked.response.FromString,
        )
        try:
            answer = ask(asked.request(**fields), timeout=ANSWER_S)
            messages = list(answer) if asked.streams else [answer]
            return messages, (time.monotonic() - began) * 1000
        except grpc.RpcError as error:
            said = f"{error.code().name}: {error.details()}"
    raise NotAnswered(where_it_ended(address, said))


def where_it_ended(address: str, said: str) -> Seen:
    """
    Walk the path to a StoreAPI that did not answer once more, layer by layer.

    Arguments:
        said: gRPC's own words, which do not tell a closed port from TLS

    """
    host, _, port = address.rpartition(":")
    try:
        plain = socket.create_connection((host, int(port)), timeout=CONNECT_S)
    except TimeoutError:
        seen = Seen(layer=Layer.TCP, said=f"no connection within {CONNECT_S} s")
        return with_neighbour(seen, host, kernel_neighbours())
    except OSError as error:
        return with_neighbour(read_failure(error), host, kernel_neighbours())
    with plain:
        if _speaks_tls(plain):
            return Seen(layer=Layer.TLS, said="it speaks TLS, and the StoreAPIs of this fleet do not")
    return Seen(layer=Layer.GRPC, said=said)


def _speaks_tls(plain: socket.socket) -> bool:
    """Whether a handshake is answered, whoever signed the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        context.wrap_socket(plain).close()
    except (OSError, ValueError):
        return False
    return True
