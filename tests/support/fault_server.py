"""An API server on loopback that answers as it is told, and remembers what it was asked.

    with FaultServer([ok(b"{}"), drop_in_body()], tls=certificate) as server:
        ...
        server.requests[0].headers["authorization"]

Each reply is played for one request, in order; the last one is played for all that follow.
"""

import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Request:
    """What arrived. Header names are in lower case; `all_headers` keeps repeated ones."""

    method: str
    target: str
    all_headers: tuple[tuple[str, str], ...]
    client_certificate: Mapping[str, object] | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers by name; of a repeated one the last."""
        return dict(self.all_headers)


@dataclass
class Exchange:
    """One request while it is answered. `over` is set when the test is done with the server."""

    request: Request
    sock: socket.socket
    over: threading.Event

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(data)


Reply = Callable[[Exchange], bool]
"""Answers one request; true keeps the connection open."""


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Write a status line and headers."""
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode()


def answer(status: int, body: bytes = b"{}", headers: Mapping[str, str] | None = None) -> Reply:
    """Answer completely, and keep the connection."""

    def reply(exchange: Exchange) -> bool:
        sent = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
        exchange.send(head(status, sent) + body)
        return True

    return reply


def ok(body: bytes = b"{}") -> Reply:
    """Answer 200."""
    return answer(200, body)


def zipped(body: bytes, *, cut: int = 0) -> Reply:
    """Answer 200 with gzip, without its last `cut` bytes."""
    data = gzip.compress(body)
    return answer(200, data[: len(data) - cut], {"Content-Encoding": "gzip"})


def chunked(*parts: bytes) -> Reply:
    """Answer 200 in chunks."""

    def reply(exchange: Exchange) -> bool:
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))
        exchange.send(head(200, {"Transfer-Encoding": "chunked"}) + body)
        return True

    return reply


def drop_in_body(sent: bytes = b'{"items":') -> Reply:
    """Announce more than is sent, then hang up."""

    def reply(exchange: Exchange) -> bool:
        exchange.send(head(200, {"Content-Length": "1000"}) + sent)
        return False

    return reply


def hang_up(_exchange: Exchange) -> bool:
    """Hang up without an answer."""
    return False


def then_hang_up(reply: Reply) -> Reply:
    """Answer without a word about closing, and close: a kept connection that turns out to be dead."""

    def both(exchange: Exchange) -> bool:
        reply(exchange)
        return False

    return both


def silence(exchange: Exchange) -> bool:
    """Never answer."""
    exchange.over.wait()
    return False


def drip(interval: float = 0.02, *, in_head: bool = False) -> Reply:
    """Send a byte now and then, without end."""

    def reply(exchange: Exchange) -> bool:
        exchange.send(b"HTTP/1.1 200 X\r\nX-Slow: " if in_head else head(200, {"Content-Length": "1000000"}))
        while not exchange.over.wait(interval):
            exchange.send(b"x")
        return False

    return reply


@dataclass
class FaultServer:
    """A server for the length of a `with`; plain HTTP without `tls`."""

    replies: Sequence[Reply] = field(default_factory=lambda: [ok()])
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        # A blocked accept is woken by a visitor, a blocked recv by a shutdown.
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            pass
        with self._lock:
            for sock in self._open:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    @property
    def url(self) -> str:
        """The address, as a kubeconfig has it."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self._over.is_set():
                sock.close()
                return
            thread = threading.Thread(target=self._serve, args=(sock,))
            with self._lock:
                self.connections += 1
                self._open.add(sock)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        current = sock
        try:
            if self.tls is not None:
                with self._lock:
                    self._open.discard(sock)
                current = self.tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
                with self._lock:
                    self._open.add(current)
                current.do_handshake()
            while (request := self._request(current)) is not None:
                if not self._next(request)(Exchange(request, current, self._over)):
                    return
        except OSError:
            pass  # the client hung up, or the test is over
        finally:
            with self._lock:
                self._open.discard(current)
            current.close()

    def _request(self, sock: socket.socket) -> Request | None:
        text = b""
        while b"\r\n\r\n" not in text:
            part = sock.recv(65536)
            if not part:
                return None
            text += part
        first, *lines = text.partition(b"\r\n\r\n")[0].decode().split("\r\n")
        method, target, _ = first.split(" ")
        headers = tuple(
            (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
        )
        certificate = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
        return Request(method, target, headers, certificate)

    def _next(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            return self.replies[min(len(self.requests), len(self.replies)) - 1]
