"""A socket whose every wait ends at one moment, however slowly bytes drip; and the dialing of it."""

import io
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from typing import Any, Protocol

from kubesvc.errors import TimedOut

_Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]


class Stream(Protocol):
    """What a socket, a TLS socket and TLS inside TLS have in common."""

    def settimeout(self, value: float, /) -> None:
        """Bound each further call."""

    def sendall(self, data: bytes, /) -> None:
        """Send everything."""

    def recv_into(self, buffer: "bytearray | memoryview[int]", /) -> Any:  # noqa: ANN401 (urllib3 says too much)
        """Receive some bytes, and return how many."""

    def close(self) -> None:
        """Hang up."""


class Wire:
    """A connected stream. `deadline`, a moment of `time.monotonic`, bounds every read and write on it.

    A socket's own timeout is per call: a server that sends a byte a second never trips it.
    """

    def __init__(self, stream: Stream, deadline: float) -> None:
        self.stream = stream
        self.deadline = deadline

    def sendall(self, data: bytes) -> None:
        """Send everything."""
        self._arm()
        self.stream.sendall(data)

    def recv_into(self, buffer: "bytearray | memoryview[int]") -> int:
        """Receive some bytes; 0 is the end."""
        self._arm()
        return int(self.stream.recv_into(buffer))

    def recv_exactly(self, size: int) -> bytes:
        """Receive `size` bytes; an earlier end is a ConnectionResetError."""
        found = bytearray()
        while len(found) < size:
            part = bytearray(size - len(found))
            count = self.recv_into(part)
            if not count:
                raise ConnectionResetError("the connection ended")
            found += part[:count]
        return bytes(found)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return a reader; closing it leaves the wire open (http.client asks for one per answer)."""
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Hang up."""
        self.stream.close()

    def remaining(self) -> float:
        """Return the seconds left, always positive.

        Raises:
            TimedOut: None are left.
        """
        return remaining(self.deadline)

    def _arm(self) -> None:
        self.stream.settimeout(self.remaining())


class _Reader(io.RawIOBase):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 (any writable buffer)
        return self._wire.recv_into(buffer)


def moment(seconds: float) -> float:
    """Return the moment of `time.monotonic` that many seconds from now: what deadlines are made of."""
    return time.monotonic() + seconds


def remaining(deadline: float) -> float:
    """Return the seconds until a moment of `time.monotonic`, always positive.

    Raises:
        TimedOut: It has passed.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimedOut("the deadline passed")
    return left


def connect(host: str, port: int, deadline: float) -> socket.socket:
    """Open a TCP connection; of several addresses, one that does not answer leaves time for the next."""
    addresses = _resolved(host, port, deadline)
    error: OSError = OSError(f"no address for {host}")
    for index, (family, kind, protocol, _, address) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(remaining(deadline) / (len(addresses) - index))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as failure:
            sock.close()
            error = failure
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise error


def secure(wire: Wire, context: ssl.SSLContext, name: str) -> Wire:
    """Start TLS on a wire, for the server called `name`."""
    wire.stream.settimeout(wire.remaining())
    if isinstance(wire.stream, ssl.SSLSocket):
        # An https:// proxy: TLS inside TLS, which the standard library has no socket for.
        from urllib3.util.ssltransport import SSLTransport

        return Wire(SSLTransport(wire.stream, context, server_hostname=name), wire.deadline)
    assert isinstance(wire.stream, socket.socket)  # noqa: S101 (tells the type checker)
    return Wire(context.wrap_socket(wire.stream, server_hostname=name), wire.deadline)


def _resolved(host: str, port: int, deadline: float) -> Sequence[_Address]:
    """Look a host up, in time: the system's resolver cannot be told how long it may take."""
    found: list[Sequence[_Address]] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failed.append(error if isinstance(error, OSError) else socket.gaierror("the name is malformed"))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(remaining(deadline))
    if failed:
        raise failed[0]
    if not found:
        raise TimedOut("the deadline passed")
    return found[0]
