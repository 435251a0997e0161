"""Which proxy leads to a server, decided as Go does (x/net/http/httpproxy), and the way through it."""

import http.client
import ipaddress
from base64 import b64encode
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from kubesvc.client.target import Veiled
from kubesvc.client.wire import Wire
from kubesvc.errors import ConnectionFailed
from kubesvc.model.text import one_line

_UNABLE: Final = "Unable to connect to the server: "
_PORTS: Final = {"http": 80, "https": 443, "socks5": 1080}
_SOCKS_ERRORS: Final = (
    "", "general failure", "not allowed by its rules", "network unreachable", "host unreachable",
    "connection refused", "TTL expired", "command not supported", "address type not supported",
)  # fmt: skip


class Proxy(Veiled, frozen=True):
    """A proxy; `scheme` is http, https or socks5."""

    secrets = ("password",)

    scheme: str
    host: str
    port: int
    username: str = ""
    password: str = ""

    @property
    def authorization(self) -> bytes:
        """The value of Proxy-Authorization, or nothing."""
        return b"Basic " + b64encode(f"{self.username}:{self.password}".encode()) if self.username else b""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def proxy_for(server: SplitResult, configured: str, env: Mapping[str, str]) -> Proxy | None:
    """Return the proxy: the configured one, else that of the environment, which spares loopback."""
    if configured:
        return _parse(configured)
    name = "HTTPS_PROXY" if server.scheme == "https" else "HTTP_PROXY"
    text = env.get(name) or env.get(name.lower()) or ""
    host, port = server.hostname or "", server.port or _PORTS[server.scheme]
    if not text or _spared(host, port, env.get("NO_PROXY") or env.get("no_proxy") or ""):
        return None
    return _parse(text if "://" in text else f"http://{text}")


def _parse(text: str) -> Proxy:
    url = urlsplit(text)
    try:
        port = url.port or _PORTS.get(url.scheme, 0)
    except ValueError:
        port = 0
    scheme = "socks5" if url.scheme == "socks5h" else url.scheme
    if scheme not in _PORTS or not url.hostname or not port:
        raise ConnectionFailed(
            f"the proxy address of scheme {one_line(url.scheme)!r} cannot be used",
            "proxy-url, --proxy-url and HTTPS_PROXY take http://, https:// or socks5:// and a host.",
        )
    return Proxy(scheme, url.hostname, port, unquote(url.username or ""), unquote(url.password or ""))


def _spared(host: str, port: int, no_proxy: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is not None and address.is_loopback:
        return True
    rules = (rule.strip().lower() for rule in no_proxy.split(","))
    return any(_matches(rule, host.lower(), address, port) for rule in rules if rule)


def _matches(
    rule: str, host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None, port: int
) -> bool:
    if rule == "*":
        return True
    if "/" in rule:
        try:
            return address is not None and address in ipaddress.ip_network(rule, strict=False)
        except ValueError:
            return False
    name, separator, wanted = rule.rpartition(":")
    if separator and wanted.isdigit() and (":" not in name or name.startswith("[")):
        if int(wanted) != port:
            return False
        rule = name
    rule = rule.strip("[]").removeprefix("*")
    if address is not None:
        return rule == str(address)
    return host.endswith(rule if rule.startswith(".") else f".{rule}") or host == rule


def tunnel(wire: Wire, proxy: Proxy, host: str, port: int) -> None:
    """Ask an HTTP or SOCKS5 proxy for a connection; afterwards the wire leads to the server.

    Raises:
        ConnectionFailed: The proxy refuses.
    """
    if proxy.scheme == "socks5":
        _socks(wire, proxy, host, port)
        return
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {address} HTTP/1.1".encode(), f"Host: {address}".encode()]
    if proxy.authorization:
        lines.append(b"Proxy-Authorization: " + proxy.authorization)
    wire.sendall(b"\r\n".join([*lines, b"", b""]))
    answer = http.client.HTTPResponse(wire, method="CONNECT")  # type: ignore[arg-type]  # it needs only makefile()
    answer.begin()
    if answer.status != http.client.OK:
        raise ConnectionFailed(
            f"{_UNABLE}proxy {proxy} answered {answer.status} {one_line(answer.reason)}",
            "NO_PROXY names servers that are reached without the proxy.",
        )


def _socks(wire: Wire, proxy: Proxy, host: str, port: int) -> None:
    """Speak SOCKS5 (RFC 1928, RFC 1929); the proxy resolves the name."""
    methods = b"\x02\x00\x02" if proxy.username else b"\x01\x00"
    wire.sendall(b"\x05" + methods)
    chosen = wire.recv_exactly(2)
    if chosen == b"\x05\x02":
        user, password = proxy.username.encode(), proxy.password.encode()
        wire.sendall(bytes([1, len(user)]) + user + bytes([len(password)]) + password)
        chosen = b"\x05" + wire.recv_exactly(2)[1:]
    if chosen != b"\x05\x00":
        raise ConnectionFailed(f"{_UNABLE}SOCKS proxy {proxy} refused the login")
    name = host.encode("idna")
    wire.sendall(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + port.to_bytes(2, "big"))
    _, status, _, kind = wire.recv_exactly(4)
    if status:
        reason = _SOCKS_ERRORS[status] if status < len(_SOCKS_ERRORS) else f"error {status}"
        raise ConnectionFailed(f"{_UNABLE}SOCKS proxy {proxy}: {reason}")
    wire.recv_exactly({1: 4, 4: 16}.get(kind) or wire.recv_exactly(1)[0])
    wire.recv_exactly(2)
