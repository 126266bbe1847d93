"""A real gRPC server that speaks the StoreAPI, with made-up answers, for the length of a test."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc

from tasks.thanos.protos import method

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW_MS = 1_795_640_000_000
FOR_EVER_MS = (1 << 63) - 1


@dataclass
class StoreServer:
    """What the server answers; a method that is in ``refuses`` ends with that code."""

    labels: dict[str, str] = field(default_factory=lambda: {"cluster": "cluster-02", "region": "edge"})
    kind: str = "sidecar"
    min_ms: int = NOW_MS - 3_600_000
    max_ms: int = FOR_EVER_MS
    series: tuple[dict[str, str], ...] = ({"cluster": "cluster-02", "region": "edge"},)
    warning: str = ""
    refuses: dict[str, grpc.StatusCode] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)
    address: str = ""

    def info(self, request: Any, context: grpc.ServicerContext) -> Any:
        """``Info``."""
        self._enter("Info", request, context)
        return method("info", "Info").response(
            label_sets=[{"labels": _labels(self.labels)}] if self.labels else [],
            component_type=self.kind,
            store={"min_time": self.min_ms, "max_time": self.max_ms},
        )

    def held(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """``Series``."""
        self._enter("Series", request, context)
        response = method("store", "Series").response
        yield from (response(series={"labels": _labels(it)}) for it in self.series)
        if self.warning:
            yield response(warning=self.warning)

    def values(self, request: Any, context: grpc.ServicerContext) -> Any:
        """``LabelValues``."""
        self._enter("LabelValues", request, context)
        return method("store", "LabelValues").response(values=sorted({it.get("cluster", "") for it in self.series}))

    def _enter(self, name: str, request: Any, context: grpc.ServicerContext) -> None:
        self.asked.append(request)
        if name in self.refuses:
            context.abort(self.refuses[name], "made up")


def _labels(labels: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in labels.items()]


@contextmanager
def serving(server: StoreServer, *, only: tuple[str, ...] = ("Info", "Series", "LabelValues")) -> Iterator[StoreServer]:
    """Serve on a free port of this machine; ``only`` are the methods that it has."""
    handlers = {
        "Info": ("info", server.info, grpc.unary_unary_rpc_method_handler),
        "Series": ("store", server.held, grpc.unary_stream_rpc_method_handler),
        "LabelValues": ("store", server.values, grpc.unary_unary_rpc_method_handler),
    }
    running = grpc.server(ThreadPoolExecutor(2))
    for name in only:
        file, answer, handler = handlers[name]
        asked = method(file, name)
        made = handler(
            answer, request_deserializer=asked.request.FromString, response_serializer=asked.response.SerializeToString
        )
        service = asked.path.split("/")[1]
        running.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {name: made}),))
    server.address = f"127.0.0.1:{running.add_insecure_port('127.0.0.1:0')}"
    running.start()
    try:
        yield server
    finally:
        running.stop(0).wait(5)
