"""A proxy on loopback: CONNECT over HTTP or HTTPS, or SOCKS5; it remembers where it was asked to lead to."""

import socket
import ssl
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class Relay:
    """A proxy for the length of a `with`; `refuse` makes it turn everybody away."""

    def __init__(self, kind: str, tls: ssl.SSLContext | None = None, *, refuse: bool = False) -> None:
        self._kind = kind
        self._tls = tls
        self._refuse = refuse
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self.asked: list[str] = []
        self.authorization: list[str] = []

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sock in [self._listener, *self._open]:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for sock in [self._listener, *self._open]:
            sock.close()

    def _start(self, call: object, *args: object) -> None:
        thread = threading.Thread(target=call, args=args)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                if self._tls is not None:
                    sock = self._tls.wrap_socket(sock, server_side=True)
                self._open.append(sock)
                with suppress(OSError, ValueError):
                    self._lead(sock)

    def _lead(self, client: socket.socket) -> None:
        host, port = self._socks(client) if self._kind == "socks5" else self._connect(client)
        if self._refuse:
            return
        server = socket.create_connection((host, port))
        self._open.append(server)
        client.sendall(
            b"\x05\x00\x00\x01" + bytes(6) if self._kind == "socks5" else b"HTTP/1.1 200 OK\r\n\r\n"
        )
        self._start(_pump, client, server)
        self._start(_pump, server, client)

    def _connect(self, client: socket.socket) -> tuple[str, int]:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        lines = head.decode().split("\r\n")
        self.asked.append(lines[0])
        self.authorization += [line for line in lines if line.startswith("Proxy-Authorization")]
        if self._refuse:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        host, _, port = lines[0].split(" ")[1].rpartition(":")
        return host, int(port)

    def _socks(self, client: socket.socket) -> tuple[str, int]:
        client.recv(4)
        client.sendall(b"\x05\x02")
        login = client.recv(512)
        self.authorization.append(login[2:].replace(b"\x04", b":").decode())
        client.sendall(b"\x01\x00")
        request = client.recv(512)
        host, port = request[5:-2].decode(), int.from_bytes(request[-2:], "big")
        self.asked.append(f"{host}:{port}")
        if self._refuse:
            client.sendall(b"\x05\x05\x00\x01" + bytes(6))
        return host, port


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
