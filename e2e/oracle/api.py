"""Plain JSON over HTTP to an API server: many small requests at once, and watches."""

from __future__ import annotations

import base64
import ssl
import tempfile
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import yaml
from urllib3 import HTTPSConnectionPool, Retry, Timeout
from urllib3.util import parse_url

from kubesvc.model.kinds import KINDS

MERGE_PATCH: Final = "application/merge-patch+json"
_JSON: Final = "application/json"
_SECONDS: Final = 60.0
_REFUSED: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


class ApiError(Exception):
    """The server did not answer as it should."""


class Answer(NamedTuple):
    """What the server said; `refused` is its message where it would not do it."""

    body: bytes
    refused: str = ""


class _Status(msgspec.Struct):
    message: str = ""


def path(kind: str, namespace: str = "", name: str = "", below: str = "") -> str:
    """Return the path of a kind's list, of one object, or of something below it such as `/status`."""
    found = KINDS[kind]
    root = "apis" if "/" in found.group_version else "api"
    where = f"/namespaces/{namespace}" if found.namespaced and namespace else ""
    return f"/{root}/{found.group_version}{where}/{found.plural}{f'/{name}' if name else ''}{below}"


class Api:
    """A client with the rights of a kubeconfig's only user; safe to share between threads."""

    def __init__(self, kubeconfig: Path, connections: int) -> None:
        document: dict[str, Any] = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        server = parse_url(document["clusters"][0]["cluster"]["server"])
        context = _context(document)

        def pool(size: int, *, block: bool) -> HTTPSConnectionPool:
            return HTTPSConnectionPool(
                server.host or "",
                server.port,
                maxsize=size,
                block=block,
                ssl_context=context,
                retries=Retry(0),
                timeout=Timeout(_SECONDS),
                headers={"User-Agent": "kubesvc-oracle", "Accept": _JSON},
            )

        self._pool = pool(connections, block=True)
        self._watches = pool(1, block=False)  # they keep their connections

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()
        self._watches.close()

    def send(self, method: str, target: str, body: object = None, content: str = _JSON) -> Answer:
        """Make one request; raises ApiError unless the server did it or had a reason not to."""
        response = self._pool.request(
            method,
            target,
            body=None if body is None else msgspec.json.encode(body),
            headers={**self._pool.headers, "Content-Type": content},
        )
        if response.status < HTTPStatus.MULTIPLE_CHOICES:
            return Answer(response.data)
        message = f"{method} {target}: {response.status} {_message(response.data)}"
        if response.status in _REFUSED:
            return Answer(response.data, message)
        raise ApiError(message)

    def watch(self, target: str, version: str) -> Iterator[bytes]:
        """Yield the lines of a watch, one event each, until the server ends it or the pool is closed."""
        response = self._watches.request(
            "GET",
            f"{target}?watch=1&timeoutSeconds=36000&resourceVersion={version}",
            preload_content=False,
            timeout=Timeout(connect=_SECONDS, read=None),
        )
        if response.status != HTTPStatus.OK:
            raise ApiError(f"watch {target}: {response.status} {_message(response.data)}")
        try:
            rest = b""
            for chunk in response.stream():
                *lines, rest = (rest + chunk).split(b"\n")
                yield from lines
        finally:
            response.close()


def _message(body: bytes) -> str:
    try:
        return msgspec.json.decode(body, type=_Status).message
    except msgspec.MsgspecError:
        return body.decode(errors="replace")[:200]


def _context(document: dict[str, Any]) -> ssl.SSLContext:
    user, cluster = document["users"][0]["user"], document["clusters"][0]["cluster"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    with tempfile.TemporaryDirectory() as folder:  # readable by the owner alone
        certificate, key = Path(folder) / "certificate", Path(folder) / "key"
        certificate.write_bytes(base64.b64decode(user["client-certificate-data"]))
        key.write_bytes(base64.b64decode(user["client-key-data"]))
        context.load_cert_chain(certificate, key)
    return context
