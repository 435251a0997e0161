"""One request and its answer on an open wire: GET only, and nothing else in kubesvc sends."""

import http.client
import zlib
from collections.abc import Mapping, Sequence
from typing import Final

from kubesvc import __version__
from kubesvc.client.target import Veiled
from kubesvc.client.wire import Wire
from kubesvc.errors import TooLarge

_CHUNK: Final = 256 * 1024
_GZIP: Final = 31  # zlib's name for "gzip header and trailer"
_MEBIBYTE: Final = 1024 * 1024


class Response(Veiled, frozen=True):
    """An answer of any status, complete and decompressed. Header names are in lower case."""

    secrets = ("body",)

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    wire: Wire, where: str, headers: Sequence[tuple[str, bytes]], body_limit: int
) -> tuple[Response, bool]:
    """Read `where`; also return whether the wire can be used again.

    The errors are those of sockets, `ssl`, `zlib` and `http.client`; an early end is IncompleteRead.

    Raises:
        TimedOut: The deadline of the wire has passed.
        TooLarge: The body, decompressed, is larger than `body_limit`.
    """
    lines = [f"GET {where} HTTP/1.1".encode(), f"User-Agent: kubesvc/{__version__}".encode()]
    lines += [name.encode() + b": " + value for name, value in headers]
    wire.sendall(b"\r\n".join([*lines, b"", b""]))
    with http.client.HTTPResponse(wire, method="GET") as answer:  # type: ignore[arg-type]  # it needs only makefile()
        answer.begin()
        found = {name.lower(): value for name, value in answer.headers.items()}
        body = _body(answer, found.get("content-encoding", ""), body_limit)
        return Response(answer.status, found, body), not answer.will_close


def _body(answer: http.client.HTTPResponse, encoding: str, limit: int) -> bytes:
    inflate = zlib.decompressobj(wbits=_GZIP) if encoding.lower() == "gzip" else None
    body = bytearray()
    while chunk := answer.read(_CHUNK):
        # One byte more than allowed is enough to know; a small answer may inflate to anything.
        body += chunk if inflate is None else inflate.decompress(chunk, limit - len(body) + 1)
        if len(body) > limit:
            raise TooLarge(
                f"the answer is larger than {limit // _MEBIBYTE} MiB", "Name a namespace or a selector."
            )
    if answer.length or (inflate is not None and not inflate.eof):
        raise http.client.IncompleteRead(b"")
    return bytes(body)
