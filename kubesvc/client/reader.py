"""Makes one read: pages through a list, decodes it, and says why where there is no answer."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final, Protocol

from msgspec import Struct

from kubesvc.client import request as requests
from kubesvc.client.answer import head, told
from kubesvc.client.connection import Response
from kubesvc.client.request import Request
from kubesvc.errors import ConnectionFailed, Cut, KubesvcError, TimedOut, TooLarge, Unauthorized
from kubesvc.model import decode
from kubesvc.model.decode import Page, UndecodableError
from kubesvc.model.objects import Obj
from kubesvc.model.read import Gap, GapReason, Read
from kubesvc.model.snapshot import VERSION

_PROXY_HINT: Final = "Does a proxy or a login page answer? Compare the server's address in the kubeconfig."
_BUSY_HINT: Final = (
    "Try again in a moment; if it lasts, tell whoever runs the cluster or the proxy before it."
)
_BUSY: Final = frozenset(
    {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)


class Get(Protocol):
    """Sends one request."""

    def __call__(self, request: Request) -> Response:
        """Return the answer, whatever its status; raises a KubesvcError where there is none."""
        ...


class Reading(Struct, frozen=True):
    """What one read brought: its objects, and gaps for those that could not be decoded.

    Without `answered` there is one gap, about the read itself. `error` is set where what answered need not be
    an API server at all: it is the reason to stop if nothing else answered either.
    """

    read: Read
    objects: tuple[Obj, ...] = ()
    gaps: tuple[Gap, ...] = ()
    answered: bool = True
    error: KubesvcError | None = None


class _Failed(Exception):
    def __init__(self, reason: GapReason, detail: str, error: KubesvcError | None = None) -> None:
        self.reason = reason
        self.detail = detail
        self.error = error


class _Expired(Exception):
    """410: the list has changed too much to be continued."""


def make(read: Read, get: Get, server: str) -> Reading:
    """Make one read with as many requests as it has pages; `server` is named where something else answers.

    Raises:
        Unauthorized: The server does not know who is asking.
    """
    try:
        objects, gaps = _complete(read, get, server)
    except _Failed as failed:
        return failure(read, failed.reason, failed.detail, failed.error)
    except Unauthorized:
        raise
    except KubesvcError as error:
        return failure(read, _reason(error), error.message, error)
    return Reading(read, objects, gaps)


def failure(read: Read, reason: GapReason, detail: str, error: KubesvcError | None = None) -> Reading:
    """Return the reading of a read that failed."""
    return Reading(read, gaps=(Gap(read, reason, detail),), answered=False, error=error)


def _reason(error: KubesvcError) -> GapReason:
    match error:
        case TimedOut():
            return GapReason.TIMED_OUT
        case Cut() | TooLarge():
            return GapReason.CUT
        case _:
            return GapReason.UNREADABLE


def _complete(read: Read, get: Get, server: str) -> tuple[tuple[Obj, ...], tuple[Gap, ...]]:
    """Read every page. A list that expires half-way is begun again once, then asked for in one piece."""
    for paged in (True, True, False):
        try:
            pages = tuple(_pages(read, get, server, paged=paged))
        except _Expired:
            continue
        # Beyond the first page an object may have moved; the later page is the newer one.
        return tuple(obj for page in pages for obj in page.objects), tuple(
            g for page in pages for g in page.gaps
        )
    raise _Failed(GapReason.CUT, "the list expired again and again while it was read")


def _pages(read: Read, get: Get, server: str, *, paged: bool) -> Iterator[Page]:
    token = ""
    while True:
        request = requests.request(read, token=token, paged=paged)
        page = _page(read, request, get(request), server)
        yield page
        token = page.token
        if not token:
            return


def _page(read: Read, request: Request, response: Response, server: str) -> Page:
    match response.status:
        case HTTPStatus.OK:
            return _decoded(read, request, response, server)
        case HTTPStatus.NOT_FOUND:
            return _not_found(read, request, response, server)
        case HTTPStatus.GONE if not request.single:
            raise _Expired
        case HTTPStatus.UNAUTHORIZED:
            raise Unauthorized("You must be logged in to the server")
        case HTTPStatus.FORBIDDEN:
            about, detail = told(response.body, response.status)
            stranger = None if about.is_status else _stranger(request, server, detail)
            raise _Failed(GapReason.FORBIDDEN, detail, stranger)
        case status:
            about, detail = told(response.body, status)
            reason = GapReason.TIMED_OUT if status in _BUSY else GapReason.UNREADABLE
            if about.is_status:
                error = None
            elif status in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                # Priority and fairness, and proxies that wait for an API server, answer without a Status.
                what = "is busy" if status in _BUSY else "has failed"
                error = ConnectionFailed(
                    f"{server} {what}: to GET {request.path} it answered {detail}", _BUSY_HINT
                )
            else:
                error = _stranger(request, server, detail)
            raise _Failed(reason, f"the server answered: {detail}", error)


def _decoded(read: Read, request: Request, response: Response, server: str) -> Page:
    try:
        kind = head(response.body)
        if read == VERSION and kind.git_version is not None:
            return decode.version(response.body)
        if request.single and kind.kind in {read.kind, "PartialObjectMetadata"}:
            return _readable(decode.decode_one(response.body, read.kind, read.part))
        if not request.single and (kind.kind or "").endswith("List"):
            return decode.decode_list(response.body, read.kind, read.part)
        what = "JSON that is no Kubernetes object"
    except UndecodableError as error:
        what = str(error)
    stranger = _stranger(request, server, f"{what}, status {response.status}")
    raise _Failed(GapReason.UNREADABLE, f"the answer is {what}", stranger)


def _readable(page: Page) -> Page:
    """Refuse the one object that was asked for if it cannot be decoded: it is not absent."""
    if page.gaps:
        raise _Failed(GapReason.UNREADABLE, page.gaps[0].detail)
    return page


def _not_found(read: Read, request: Request, response: Response, server: str) -> Page:
    about, detail = told(response.body, response.status)
    if request.single and about.names_object:
        return Page(())
    # A group that is not served is answered in plain text. The core group always is: that is no API server.
    stranger = _stranger(request, server, detail) if requests.is_core(read) else None
    raise _Failed(GapReason.NOT_SERVED, detail, stranger if not about.is_status else None)


def _stranger(request: Request, server: str, what: str) -> ConnectionFailed:
    return ConnectionFailed(
        f"{server} is no Kubernetes API: to GET {request.path} it answered {what}", _PROXY_HINT
    )
