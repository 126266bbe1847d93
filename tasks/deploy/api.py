"""Read access to one cluster's API server, through the official Python client."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tasks.deploy.client_library import library, why_unreachable
from tasks.deploy.files import read_text
from tasks.model.command import Command, CommandResult
from tasks.model.errors import CommandTimeout, FleetError, Unreachable
from tasks.run.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tasks.deploy.kubeconfig import AdminAccess

CONNECT_TIMEOUT_S = 6.0
READ_TIMEOUT_S = 15.0
NOT_FOUND = 404
"""HTTP's."""


class ApiError(FleetError):
    """The API server could not be asked, or it refused; ``status`` is its HTTP status, 0 where there was none."""

    def __init__(self, said: str, status: int = 0) -> None:
        super().__init__(said)
        self.status = status


class ApiUnreachable(ApiError, Unreachable):
    """Nobody is heard at the API server's address: the machine is gone or cut off, not its API server alone."""

    def __init__(self, name: str, server: str, reason: str) -> None:
        Unreachable.__init__(self, name, reason, f"{server} does not answer")
        self.status = 0


class KubeApi:
    """
    One API server; objects come back as the plain JSON that ``kubectl get -o json`` shows.

    Objects are never written through here: that is ``kubectl apply``'s.
    """

    def __init__(self, name: str, access: AdminAccess, folder: Path) -> None:
        """
        Make ready to ask; nothing is sent yet.

        Arguments:
            name: the cluster's, for messages
            folder: where the client's certificate and key may be laid down for the TLS library, mode 0600

        """
        self._library = library()
        self._name = name
        self._server = access.server
        configuration = self._library.Configuration(host=access.server)
        configuration.ssl_ca_cert = str(_laid_down(folder / "ca.crt", access.ca))
        configuration.cert_file = str(_laid_down(folder / "client.pem", access.certificate + access.key))
        # a server that is too busy to answer in time deserves a second question, of what only reads
        configuration.retries = self._library.Retry(
            connect=0, read=1, redirect=0, other=0, allowed_methods=["GET"], respect_retry_after_header=False
        )
        # the API server is on the LAN: a proxy meant for the world must not come between
        configuration.proxy = None
        self._client = self._library.ApiClient(configuration)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """
        Read one object or list.

        Arguments:
            path: from the server's root: ``/api/v1/nodes``
            query: for example ``labelSelector="k8s-app=cilium"``

        Raises:
            ApiError: no answer, or another than 200

        """
        parsed: dict[str, Any] = json.loads(self.text(path, **query))
        return parsed

    def find(self, path: str) -> dict[str, Any] | None:
        """Read one object; None where there is none."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def metadata(self, path: str) -> dict[str, dict[str, Any]]:
        """
        Read metadata alone, which is little where objects are large, by the objects' names.

        Arguments:
            path: of a list; where its kind is not known, nothing is in it

        """
        try:
            answer = self._ask("GET", path, accept="application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
        except ApiError as error:
            if error.status == NOT_FOUND:
                return {}
            raise
        return {it["metadata"]["name"]: it["metadata"] for it in json.loads(answer)["items"]}

    def items(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Read the objects of a list."""
        listed: list[dict[str, Any]] = self.get(path, **query)["items"]
        return listed

    def text(self, path: str, **query: str) -> str:
        """Read what is no JSON: a log, ``/readyz``; see ``get``."""
        return self._ask("GET", path + (f"?{urlencode(query)}" if query else ""))

    def post(self, path: str, body: object) -> str:
        """
        Hand JSON to a service behind the API server; what it changes there passes a gate first. See ``get``.

        Arguments:
            path: ``/api/v1/namespaces/<namespace>/services/<name>:<port>/proxy/<path>``

        """
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: object = None, accept: str = "") -> str:
        headers = {"Accept": accept} if accept else {}
        headers |= {} if body is None else {"Content-Type": "application/json"}
        try:
            answer = self._client.call_api(
                method,
                self._server + path,
                header_params=headers,
                body=body,
                _request_timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
            )
            content = answer.read() or b""
        except self._library.ApiException as error:
            raise ApiError(f"{self._name}: {error.reason}", error.status or 0) from error
        except self._library.HTTPError as error:
            if reason := why_unreachable(error):
                raise ApiUnreachable(self._name, self._server, reason) from error
            raise ApiError(f"{self._name}: {self._server} does not answer: {error}") from error
        text = content.decode(errors="replace")
        if answer.status != 200:  # noqa: PLR2004  HTTP's
            shown = path.partition("?")[0]
            raise ApiError(f"{self._name}: {method} {shown}: HTTP {answer.status}: {text[:300]}", answer.status)
        return text

    def execute(
        self, namespace: str, pod: str, argv: Sequence[str], *, container: str = "", timeout_s: float = 30.0
    ) -> CommandResult:
        """
        Run a program in a container, as ``kubectl exec`` does.

        Raises:
            ApiError: the container could not be entered
            CommandTimeout: the program outlived ``timeout_s``

        """
        wanted = [("command", list(argv)), ("stdout", "true"), ("stderr", "true")]
        wanted += [("container", container)] if container else []
        url = self._library.get_websocket_url(f"{self._server}/api/v1/namespaces/{namespace}/pods/{pod}/exec", wanted)
        began = time.monotonic()
        try:
            stream = self._library.WSClient(self._client.configuration, url, None, capture_all=False)
        except Exception as error:  # the websocket library raises its own, the socket's and ssl's
            raise ApiError(f"{self._name}: cannot enter {namespace}/{pod}: {error}") from error
        command = Command(argv=tuple(argv), timeout_s=timeout_s)
        stream.run_forever(timeout=timeout_s)
        if stream.is_open():
            stream.close()
            raise CommandTimeout(f"{self._name}: `{command}` in {namespace}/{pod} outlived its {timeout_s:g} s")
        return CommandResult(
            command=command,
            exit_code=stream.returncode or 0,
            stdout=stream.read_stdout(),
            stderr=stream.read_stderr(),
            duration_s=time.monotonic() - began,
        )

    def close(self) -> None:
        """Drop the kept connections."""
        self._client.close()


def _laid_down(path: Path, text: str) -> Path:
    if read_text(path) != text:
        write_atomically(path, text)
    return path
