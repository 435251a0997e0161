"""A small API server on loopback: serves objects as Kubernetes does, remembers requests, fails on demand.

It knows GET and LIST, label and field selectors, pages, and metadata-only answers; nothing can be changed.
"""

import json
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

from kubesvc.model.kinds import KINDS
from tests.support.documents import Document

VERSION = {"major": "1", "minor": "36", "gitVersion": "v1.36.0"}


class Answer(NamedTuple):
    """What is sent instead of an object."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = {"Content-Type": "application/json"}  # noqa: RUF012 - never changed


class Asked(NamedTuple):
    """A request as it came in. `query` is decoded, `headers` are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]


Fault = Callable[[Asked], Answer | None]


def status(code: int, reason: str, message: str = "", **more: Any) -> Answer:
    """A Status, as the API server refuses."""
    document = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason}
    return Answer(code, json.dumps({**document, "message": message, **more}).encode())


def html(code: int = 200) -> Answer:
    """A login page."""
    return Answer(
        code, b"<!DOCTYPE html><html><body>Please log in</body></html>", {"Content-Type": "text/html"}
    )


def always(answer: Answer) -> Fault:
    """Fail each time."""
    return lambda _: answer


def forbidden(kind: str) -> Fault:
    """Refuse a kind, as RBAC does."""
    return always(
        status(403, "Forbidden", f"{kind} is forbidden: User cannot list resource", details={"kind": kind})
    )


@dataclass
class ApiServer:
    """Serves `objects` while it is entered. `faults` are asked first, by plural or path."""

    objects: Iterable[Document] = ()
    faults: dict[str, Fault] = field(default_factory=dict[str, Fault])
    asked: list[Asked] = field(default_factory=list[Asked])
    closing: threading.Event = field(default_factory=threading.Event)
    sockets: list[socket.socket] = field(default_factory=list[socket.socket])

    def __enter__(self) -> Self:
        handler = type("_Bound", (_Handler,), {"api": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        for kept in self.sockets:
            with suppress(OSError):
                kept.shutdown(socket.SHUT_RDWR)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def paths(self, plural: str) -> list[Asked]:
        """The requests for one resource."""
        return [asked for asked in self.asked if plural in asked.path.split("/")]

    def answer(self, asked: Asked) -> Answer:
        """Decide on one request."""
        for key, fault in self.faults.items():
            if (key == asked.path or key in asked.path.split("/")) and (answer := fault(asked)) is not None:
                return answer
        if asked.path == "/version":
            return _json(VERSION)
        return self._resource(asked)

    def _resource(self, asked: Asked) -> Answer:
        parts = asked.path.strip("/").split("/")
        at = 2 if parts[0] == "api" else 3
        group_version, rest = "/".join(parts[1:at]), parts[at:]
        namespace = ""
        if len(rest) > 2 and rest[0] == "namespaces":
            namespace, rest = rest[1], rest[2:]
        kind = next(
            (k for k in KINDS.values() if k.group_version == group_version and rest and k.plural == rest[0]),
            None,
        )
        if kind is None:
            return Answer(404, b"404 page not found\n", {"Content-Type": "text/plain; charset=utf-8"})
        known = [
            document
            for document in self.objects
            if document["kind"] == kind.name and namespace in ("", document["metadata"].get("namespace", ""))
        ]
        if len(rest) > 1:
            return _one(known, kind.plural, rest[1], asked)
        return _list([document for document in known if _selected(document, asked.query)], kind.name, asked)


def _one(known: list[Document], plural: str, name: str, asked: Asked) -> Answer:
    for document in known:
        if document["metadata"]["name"] == name:
            return _json(_partial(document) if _metadata_only(asked) else document)
    return status(404, "NotFound", f'{plural} "{name}" not found', details={"name": name, "kind": plural})


def _list(found: list[Document], kind: str, asked: Asked) -> Answer:
    start = int(asked.query.get("continue") or 0)
    limit = int(asked.query.get("limit") or 0)
    end = start + limit if limit else len(found)
    token = str(end) if end < len(found) else ""
    page = found[start:end]
    if _metadata_only(asked):
        kind, items = "PartialObjectMetadata", [_partial(document) for document in page]
    else:
        items = [
            {key: document[key] for key in document if key not in ("kind", "apiVersion")} for document in page
        ]
    metadata = {"resourceVersion": "7", **({"continue": token} if token else {})}
    return _json({"kind": f"{kind}List", "apiVersion": "v1", "metadata": metadata, "items": items or None})


def _partial(document: Document) -> Document:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": document["metadata"]}


def _metadata_only(asked: Asked) -> bool:
    return "as=PartialObjectMetadata" in asked.headers.get("accept", "")


def _selected(document: Document, query: dict[str, str]) -> bool:
    labels = document["metadata"].get("labels") or {}
    wanted = [part.partition("=") for part in query.get("labelSelector", "").split(",") if part]
    fields = [part.partition("=") for part in query.get("fieldSelector", "").split(",") if part]
    return all(labels.get(key) == value for key, _, value in wanted) and all(
        _field(document, path) == value for path, _, value in fields
    )


def _field(document: Document, path: str) -> Any:
    value: Any = document
    for part in path.split("."):
        value = (value or {}).get(part)
    return value


def _json(document: Document) -> Answer:
    return Answer(200, json.dumps(document).encode())


class _Handler(BaseHTTPRequestHandler):
    api: ApiServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one segment for head and body, or each answer waits for a delayed acknowledgment
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.api.sockets.append(self.connection)

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        asked = Asked(self.command, url.path, query, headers)
        self.api.asked.append(asked)
        answer = self.api.answer(asked)
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Say nothing."""
