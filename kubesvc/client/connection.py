"""Requests to one API server: GET only, within a deadline, whatever the server does.

Transport: `http.client` reads the answers and `ssl` secures them; urllib3, which the official package uses,
is imported only for a proxy that itself speaks TLS. Measured as whole processes, each with one TLS handshake
and four GETs (best of 25): urllib3 174 ms, this way 91 ms, of which the bare interpreter takes 12; one GET by
`kubectl get --raw` takes 83 ms. So urllib3 costs as much again as one of the four kubectl commands that
`kubesvc explain` replaces. And the deadline: on our own wire it holds for every byte, there for each read.
"""

import http.client
import os
import random
import ssl
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote, urlencode, urlsplit

from kubesvc.client.credentials import Credentials, Login, header_value
from kubesvc.client.exchange import Response, ask
from kubesvc.client.failure import explained, refuse_plain
from kubesvc.client.pool import Pool
from kubesvc.client.target import Impersonation, Target
from kubesvc.client.wire import Wire
from kubesvc.errors import KubesvcError, TimedOut, UsageError
from kubesvc.model.text import one_line

__all__ = ["BODY_LIMIT", "Connection", "Response"]

BODY_LIMIT: Final = 512 * 1024 * 1024  # bytes, decompressed: a list of 100,000 whole pods is about 430 MB
_ATTEMPTS: Final = 10  # rest/request.go, maxRetries
# How often to ask again after an answer without Retry-After. kubectl never does.
_UNASKED: Final = {429: _ATTEMPTS, 502: 1, 503: 2, 504: 1}
_SERVER_ERROR: Final = 5  # hundred
_FIRST_PAUSE: Final = 0.1  # seconds, doubled each time
_LONGEST_PAUSE: Final = 2.0

_LOST: Final = (ConnectionError, http.client.IncompleteRead, ssl.SSLEOFError)
_UNESCAPED: Final = "/:@"  # in paths
_HEADER_SAFE: Final = "!#$&'*+^`|"  # in header names, as headerKeyEscape leaves them


class Connection:
    """A target that can be asked, from several threads at once.

    Opens what it needs at the first request and keeps it until `close` or the end of a `with`. `sleep` waits
    between two attempts. Raises CredentialError where the name to act as cannot be sent in a header.
    """

    def __init__(
        self,
        target: Target,
        env: Mapping[str, str] = os.environ,
        *,
        body_limit: int = BODY_LIMIT,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.target = target
        self._url = urlsplit(target.server)
        self._pool = Pool(target, env)
        self._credentials = Credentials(target, env)
        self._impersonation = _impersonation(target.impersonation)
        self._body_limit = body_limit
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up, and end a plug-in that still runs."""
        self._credentials.close()
        self._pool.close()

    @property
    def late(self) -> KubesvcError:
        """The error to raise where the deadline has passed first: it says what was waited for."""
        return self._credentials.late or TimedOut(
            f"{self.target.server} did not answer in time", "Raise --timeout, or set it to 0."
        )

    @property
    def warning(self) -> str:
        """What to say on stderr before anything else, or nothing."""
        if self.target.tls.insecure:
            return f"the certificate of {one_line(self._pool.host)} is not checked: anyone may be answering"
        return ""

    def get(
        self,
        path: str,
        query: Sequence[tuple[str, str]] = (),
        *,
        accept: str = "application/json",
        deadline: float,
    ) -> Response:
        """Read a path such as `/api/v1/pods`, given unescaped; `deadline` is a moment of `time.monotonic`.

        A busy server is asked again as long as the wait fits into the deadline; then its answer is returned.
        Redirects are answers too: an API server sends none, a login page does.

        Raises:
            TimedOut: The deadline, or the request timeout of the target, passed first.
            Cut: The answer ended early, twice.
            TooLarge: The answer is larger than the limit.
            ConnectionFailed: Anything else kept an answer from coming.
            CredentialError: The credentials cannot be had; nothing was sent.
            UsageError: The path leads out of the API.
        """
        if self.target.request_timeout is not None:
            deadline = min(deadline, time.monotonic() + self.target.request_timeout)
        where = self._url.path + _escaped(path, query)
        for attempt in range(_ATTEMPTS):
            response = self._read(where, accept, deadline)
            pause = _pause(response, attempt)
            if pause is None or time.monotonic() + pause >= deadline:
                return response
            self._sleep(pause)
        return self._read(where, accept, deadline)

    def _read(self, where: str, accept: str, deadline: float) -> Response:
        """Ask, and ask once more where the connection was lost: reading twice is harmless."""
        login = self._credentials.login(deadline)
        headers = self._headers(accept, login)
        if self._pool.forwards:
            where = f"http://{self._url.netloc}{where}"
        try:
            try:
                response = self._exchange(where, headers, login, deadline)
            except ConnectionRefusedError:
                raise
            except _LOST:
                response = self._exchange(where, headers, login, deadline)
        except (OSError, http.client.HTTPException, zlib.error, KubesvcError) as error:
            raise explained(error, self.target, self._pool) from None
        if response.status == HTTPStatus.UNAUTHORIZED:
            self._credentials.reject()
        refuse_plain(response)
        return response

    def _exchange(
        self, where: str, headers: Sequence[tuple[str, bytes]], login: Login, deadline: float
    ) -> Response:
        kept = self._pool.kept(login.certificate, deadline)
        if kept is not None:
            try:
                return self._talk(kept, where, headers, login)
            except _LOST:
                self._pool.close()  # whoever hangs up on one idle connection has probably hung up on all
        return self._talk(self._pool.dial(login.certificate, deadline), where, headers, login)

    def _talk(self, wire: Wire, where: str, headers: Sequence[tuple[str, bytes]], login: Login) -> Response:
        try:
            response, again = ask(wire, where, headers, self._body_limit)
        except BaseException:
            wire.close()
            raise
        if again:
            self._pool.keep(wire, login.certificate)
        else:
            wire.close()
        return response

    def _headers(self, accept: str, login: Login) -> list[tuple[str, bytes]]:
        proxy = self._pool.proxy
        headers = [
            ("Host", self._url.netloc.encode()),
            ("Accept", header_value(accept, "the accepted type")),
            # Exactly this: API servers compress only for clients that say it plainly.
            ("Accept-Encoding", b"gzip" if self.target.compression else b"identity"),
            *self._impersonation,
        ]
        if login.authorization:
            headers.append(("Authorization", login.authorization))
        if proxy is not None and self._pool.forwards and proxy.authorization:
            headers.append(("Proxy-Authorization", proxy.authorization))
        return headers


def _escaped(path: str, query: Sequence[tuple[str, str]]) -> str:
    if not path.startswith("/") or any(part in {".", ".."} for part in path.split("/")):
        raise UsageError(f"{one_line(path)} is no path of an API server")
    return quote(path, safe=_UNESCAPED) + (f"?{urlencode(query)}" if query else "")


def _impersonation(who: Impersonation) -> list[tuple[str, bytes]]:
    """Return the headers to act as somebody (transport/round_trippers.go, impersonatingRoundTripper)."""
    headers = [("Impersonate-User", who.user)] if who.user else []
    if who.uid:
        headers.append(("Impersonate-Uid", who.uid))
    headers += [("Impersonate-Group", group) for group in who.groups]
    headers += [(f"Impersonate-Extra-{quote(key, safe=_HEADER_SAFE)}", value) for key, value in who.extra]
    return [(name, header_value(value, name)) for name, value in headers]


def _pause(response: Response, attempt: int) -> float | None:
    """Return how long to wait before asking again, or None: the answer stands (rest/with_retry.go)."""
    busy = response.status == HTTPStatus.TOO_MANY_REQUESTS or response.status // 100 == _SERVER_ERROR
    wish = response.headers.get("retry-after", "")
    if busy and wish.isascii() and wish.isdigit():
        return float(wish)
    if attempt >= _UNASKED.get(response.status, 0):
        return None
    # Jitter: clients that were turned away together must not come back together.
    pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * (1 << attempt))
    return pause * random.uniform(0.5, 1.5)  # noqa: S311 (no secret)
