"""What went wrong on the way to the server, in kubectl's words where it has some, each with a hint."""

import http.client
import socket
import ssl
import zlib
from typing import Final

from kubesvc.client import tls
from kubesvc.client.exchange import Response
from kubesvc.client.pool import Pool
from kubesvc.client.target import Target
from kubesvc.errors import ConnectionFailed, Cut, KubesvcError, TimedOut
from kubesvc.model.text import one_line

_REFUSED: Final = "did you specify the right host or port?"
_UNABLE: Final = "Unable to connect to the server: "
# net/http server.go, when a TLS port is addressed without TLS.
_WANTS_TLS: Final = b"HTTP request to an HTTPS server"
_WANTS_TLS_HINT: Final = "The kubeconfig gives the address without https:// in front."


def explained(error: Exception, target: Target, pool: Pool) -> KubesvcError:
    """Return the error to raise instead of what a socket, `ssl`, `zlib` or `http.client` raised."""
    if isinstance(error, TimedOut | TimeoutError):
        return TimedOut(
            f"{_UNABLE}timed out while talking to {_address(pool)}",
            _noted(
                target,
                "Check the address and the network, or allow more with --request-timeout and --timeout.",
            ),
        )
    if isinstance(error, KubesvcError):
        return error
    if isinstance(error, http.client.IncompleteRead):
        return Cut(f"the answer of {_address(pool)} ended early", "The connection was lost; try again.")
    message, hint = _words(error, target, pool)
    return ConnectionFailed(message, _noted(target, hint))


def _words(error: Exception, target: Target, pool: Pool) -> tuple[str, str]:  # noqa: PLR0911 (a table)
    match error:
        case ConnectionRefusedError():
            return (
                f"The connection to the server {_address(pool)} was refused - {_REFUSED}",
                "Nothing listens there: is the cluster running, or is a tunnel or VPN missing?",
            )
        case socket.gaierror():
            return (
                f"{_UNABLE}dial tcp: lookup {one_line(_host(pool))}: no such host",
                "The name is not known here: check the server address, and the VPN or DNS it needs.",
            )
        case ssl.SSLError() if not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            message, hint = tls.explain(error, target.tls.server_name or pool.host)
            return _UNABLE + message, hint
        case http.client.RemoteDisconnected() | ConnectionError() | ssl.SSLError():
            return (
                f"{_UNABLE}EOF",
                f"{_address(pool)} hangs up without an answer: check the port, or a proxy.",
            )
        case http.client.HTTPException():
            hint = (
                _WANTS_TLS_HINT
                if target.server.startswith("http:")
                else "Check the port, or a proxy in between."
            )
            return f"{_UNABLE}malformed HTTP response", hint
        case zlib.error():
            return f"the answer of {_address(pool)} is damaged: its gzip data cannot be read", (
                "A proxy in between may have changed it; try again without one."
            )
        case OSError():
            return f"{_UNABLE}dial tcp {_address(pool)}: {one_line(error.strerror or str(error)).lower()}", ""
        case _:
            return f"{_UNABLE}{type(error).__name__}", ""


def refuse_plain(response: Response) -> None:
    """Tell a TLS port that was addressed without TLS from an API server that found our request bad.

    Raises:
        ConnectionFailed: It is the former.
    """
    if response.status == http.client.BAD_REQUEST and _WANTS_TLS in response.body[:200]:
        raise ConnectionFailed(f"{_UNABLE}client sent an HTTP request to an HTTPS server", _WANTS_TLS_HINT)


def _host(pool: Pool) -> str:
    return pool.proxy.host if pool.proxy else pool.host


def _address(pool: Pool) -> str:
    if pool.proxy:
        return f"proxy {one_line(str(pool.proxy))}"
    host = f"[{pool.host}]" if ":" in pool.host else pool.host
    return f"{one_line(host)}:{pool.port}"


def _noted(target: Target, hint: str) -> str:
    return f"{target.note} {hint}".strip()
