"""Open connections to one server: dialed through whatever proxy leads there, kept for the next request."""

import ssl
import threading
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from kubesvc.client import tls
from kubesvc.client.proxy import proxy_for, tunnel
from kubesvc.client.target import ClientCertificate, Target
from kubesvc.client.wire import Wire, connect, secure

_KEPT: Final = 8


class Pool:
    """Gives wires to one server, to several threads. `close` hangs up all that are not in use."""

    def __init__(self, target: Target, env: Mapping[str, str]) -> None:
        url = urlsplit(target.server)
        self.host = url.hostname or ""
        self.port = url.port or (443 if url.scheme == "https" else 80)
        self.proxy = proxy_for(url, target.proxy_url, env)
        self._secure = url.scheme == "https"
        self._tls = target.tls
        self._lock = threading.Lock()
        self._idle: list[Wire] = []
        self._context: tuple[ClientCertificate | None, ssl.SSLContext] | None = None

    @property
    def forwards(self) -> bool:
        """Whether the proxy reads our requests: plain HTTP through an HTTP proxy names the whole URL."""
        return self.proxy is not None and self.proxy.scheme != "socks5" and not self._secure

    def kept(self, certificate: ClientCertificate | None, deadline: float) -> Wire | None:
        """Return an idle wire of this identity, if there is one."""
        with self._lock:
            if not self._idle or (self._context and self._context[0] != certificate):
                return None
            wire = self._idle.pop()
        wire.deadline = deadline
        return wire

    def dial(self, certificate: ClientCertificate | None, deadline: float) -> Wire:
        """Open a new wire; the errors are those of sockets and `ssl`."""
        context = self._context_for(certificate) if self._secure else None  # before anything is opened
        proxy = self.proxy
        host, port = (proxy.host, proxy.port) if proxy else (self.host, self.port)
        wire = Wire(connect(host, port, deadline), deadline)
        try:
            if proxy and proxy.scheme == "https":
                wire = secure(wire, ssl.create_default_context(), proxy.host)
            if proxy and not self.forwards:
                tunnel(wire, proxy, self.host, self.port)
            return secure(wire, context, self._tls.server_name or self.host) if context else wire
        except BaseException:
            wire.close()
            raise

    def keep(self, wire: Wire, certificate: ClientCertificate | None) -> None:
        """Take a wire back."""
        with self._lock:
            if len(self._idle) < _KEPT and (self._context is None or self._context[0] == certificate):
                self._idle.append(wire)
                return
        wire.close()

    def close(self) -> None:
        """Hang up every idle wire."""
        with self._lock:
            idle, self._idle = self._idle, []
        for wire in idle:
            wire.close()

    def _context_for(self, certificate: ClientCertificate | None) -> ssl.SSLContext:
        with self._lock:
            if self._context is None or self._context[0] != certificate:
                self._context = (certificate, tls.context_for(self._tls, certificate))
                stale, self._idle = self._idle, []
            else:
                stale = []
            context = self._context[1]
        for wire in stale:
            wire.close()
        return context
