"""The official client's modules, and what its errors say of the network."""

from __future__ import annotations

import errno
from functools import cache
from threading import Lock
from types import SimpleNamespace

_IMPORTING = Lock()
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ETIMEDOUT})


def library() -> SimpleNamespace:
    """The client library; its modules import each other in a circle, which deadlocks two threads that begin at once."""
    with _IMPORTING:
        return _import_kubernetes()


@cache
def _import_kubernetes() -> SimpleNamespace:
    from kubernetes.client import ApiClient, Configuration  # noqa: PLC0415  0.4 s that `--help` need not pay
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415  as above
    from kubernetes.stream.ws_client import WSClient, get_websocket_url  # noqa: PLC0415  as above
    from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError  # noqa: PLC0415  as above
    from urllib3.util import Retry  # noqa: PLC0415  as above

    return SimpleNamespace(
        ApiClient=ApiClient,
        ApiException=ApiException,
        ConnectTimeoutError=ConnectTimeoutError,
        Configuration=Configuration,
        HTTPError=HTTPError,
        NewConnectionError=NewConnectionError,
        Retry=Retry,
        WSClient=WSClient,
        get_websocket_url=get_websocket_url,
    )


def why_unreachable(error: BaseException) -> str:
    """`no-route` or `connect-timeout` where nobody was heard at the address; empty where somebody was."""
    lost = getattr(error, "reason", None) or error
    if isinstance(lost, library().NewConnectionError):
        below = lost.__cause__ or lost.__context__
        return "no-route" if isinstance(below, OSError) and below.errno in _NO_ROUTE else ""
    return "connect-timeout" if isinstance(lost, library().ConnectTimeoutError) else ""
