"""Reads against an API server on loopback: pages, metadata, and every way to have no answer."""

import threading
from collections.abc import Iterable, Iterator
from time import monotonic  # noqa: TID251 - deadlines are moments of this clock
from typing import Any

import pytest

from kubesvc.client.cluster import READER, REQUESTS, ClusterSource, Observer
from kubesvc.client.connection import Connection
from kubesvc.client.request import Request
from kubesvc.client.target import Target
from kubesvc.errors import ConnectionFailed, KubesvcError, TimedOut, Unauthorized
from kubesvc.model.objects import EndpointSlice, Obj, Partial, Pod, Service
from kubesvc.model.read import Gap, GapReason, Portion, Read, Unavailable, Unread
from kubesvc.model.selector import selector
from kubesvc.model.snapshot import VERSION, Snapshot
from tests.support.api_server import Answer, ApiServer, Asked, Fault, always, forbidden, html, status
from tests.support.documents import Document, endpoint_slice, healthy, pod, service

pytestmark = pytest.mark.loopback

WEB = Read("Service", "shop", "web")
PODS = Read("Pod", "shop")
POD_NAMES = Read("Pod", "shop", part=Portion.METADATA)
SLICES = Read("EndpointSlice", "shop")
EXPIRED = status(410, "Expired", "The provided continue parameter is too old")


class Client:
    """Opens sources, and hangs up at the end of a test."""

    def __init__(self) -> None:
        self._connections: list[Connection] = []

    def source(self, url: str, seconds: float = 20.0, **options: Any) -> ClusterSource:
        """A source on a server; its second look is immediate."""
        connection = Connection(Target(url, context="test"), {}, sleep=lambda _: None)
        self._connections.append(connection)
        return ClusterSource(connection, deadline=monotonic() + seconds, **{"second_look": 0.0, **options})

    def read(
        self, server: ApiServer, *reads: Read, first: Iterable[Read] = (WEB,), seconds: float = 20.0
    ) -> Snapshot:
        """Make reads after others that succeed: a failure is then not the first contact."""
        source = self.source(server.url, seconds)
        snapshot = source.begin()
        if first:
            snapshot = source.answer(snapshot, Unread(frozenset(first)))
        return source.answer(snapshot, Unread(frozenset(reads)))

    def close(self) -> None:
        """Hang up, after the last thread has its answer."""
        for thread in threading.enumerate():
            if thread.name == READER:
                thread.join(5)
        for connection in self._connections:
            connection.close()


@pytest.fixture
def client() -> Iterator[Client]:
    """A client that is closed."""
    client = Client()
    yield client
    client.close()


def gap_of(snapshot: Snapshot) -> Gap:
    """The only gap."""
    (gap,) = snapshot.gaps
    return gap


def pods(count: int) -> list[Document]:
    """Many pods."""
    return [pod(f"web-{number:04}") for number in range(count)]


def names(found: Iterable[Obj]) -> list[str]:
    """Their names."""
    return [obj.metadata.name for obj in found]


def once(fault: Answer, when: str) -> Fault:
    """Fail once, when a token is sent (`continue`) or a page is asked for (`limit`)."""
    left = [fault]
    return lambda asked: left.pop() if left and when in asked.query else None


def test_a_beginning_sends_nothing(client: Client) -> None:
    """It only says where and when."""
    with ApiServer() as server:
        snapshot = client.source(server.url).begin()

    assert (snapshot.context, server.asked) == ("test", [])


def test_wanted_reads_are_answered_together(client: Client) -> None:
    """Objects of several kinds, selected as the server selects."""
    with ApiServer([*healthy(), pod("other", app="api")]) as server:
        labeled = Read("Pod", "shop", labels=selector({"app": "web"}))
        snapshot = client.read(server, WEB, labeled, SLICES, VERSION, first=())

    assert names(snapshot.find(labeled, Pod)) == ["web-1"]
    assert names(snapshot.find(SLICES, EndpointSlice)) == ["web-abcde"]
    assert snapshot.server is not None
    assert snapshot.server.git_version == "v1.36.0"
    assert snapshot.gaps == ()


def test_an_object_that_does_not_exist_is_an_answer(client: Client) -> None:
    """None, which is not: not read."""
    with ApiServer(healthy()) as server:
        snapshot = client.read(server, Read("Service", "shop", "nope"))

    assert snapshot.get(Read("Service", "shop", "nope"), Service) is None


def test_a_read_within_another_costs_no_request(client: Client) -> None:
    """The wider answer holds it."""
    with ApiServer(healthy()) as server:
        snapshot = client.read(server, PODS, Read("Pod", "shop", "web-1"), first=())

    assert len(server.paths("pods")) == 1
    assert snapshot.get(Read("Pod", "shop", "web-1"), Pod) is not None


def test_metadata_is_asked_for_and_decoded_as_such(client: Client) -> None:
    """The objects are partial."""
    with ApiServer(healthy()) as server:
        snapshot = client.read(server, POD_NAMES)

    (found,) = snapshot.find(POD_NAMES, Partial)
    assert found.metadata.labels == {"app": "web"}


def test_a_list_is_read_page_by_page(client: Client) -> None:
    """Nothing of it is lost."""
    with ApiServer([service(), *pods(1001)]) as server:
        snapshot = client.read(server, PODS)

    assert len(snapshot.find(PODS, Pod)) == 1001
    assert len(server.paths("pods")) == 3


def test_a_list_that_expires_is_read_again_from_its_first_page(client: Client) -> None:
    """410 once, in the middle."""
    with ApiServer([service(), *pods(1001)], {"pods": once(EXPIRED, "continue")}) as server:
        snapshot = client.read(server, PODS)

    assert len(snapshot.find(PODS, Pod)) == 1001


def test_a_list_that_expires_twice_is_read_in_one_piece(client: Client) -> None:
    """Never is its first page taken for all of it."""

    def expire(asked: Asked) -> Answer | None:
        return EXPIRED if "continue" in asked.query else None

    with ApiServer([service(), *pods(1001)], {"pods": expire}) as server:
        snapshot = client.read(server, PODS)

    assert len(snapshot.find(PODS, Pod)) == 1001
    assert "limit" not in server.paths("pods")[-1].query


def test_a_list_that_always_expires_is_a_gap(client: Client) -> None:
    """With none of its objects."""
    with ApiServer([service(), *pods(1)], {"pods": always(EXPIRED)}) as server:
        snapshot = client.read(server, PODS)

    assert gap_of(snapshot).reason is GapReason.CUT
    assert not any(ref.kind == "Pod" for ref in snapshot.objects)


def test_items_null_is_an_empty_list(client: Client) -> None:
    """As the server writes it for none."""
    body = b'{"kind":"PodList","apiVersion":"v1","metadata":{},"items":null}'
    with ApiServer([service()], {"pods": always(Answer(200, body))}) as server:
        assert client.read(server, PODS).find(PODS, Pod) == ()


def test_one_odd_object_does_not_lose_the_list(client: Client) -> None:
    """It is a gap of its own, and the list counts as read."""
    odd = pod("odd")
    odd["spec"]["containers"] = [{"name": "app", "ports": [{"containerPort": "eighty"}]}]
    with ApiServer([service(), pod(), odd]) as server:
        snapshot = client.read(server, PODS)

    assert names(snapshot.find(PODS, Pod)) == ["web-1"]
    assert gap_of(snapshot).read == Read("Pod", "shop", "odd")
    assert gap_of(snapshot).reason is GapReason.UNREADABLE


def test_one_odd_object_that_was_asked_for_is_not_absent(client: Client) -> None:
    """It exists: its read has no answer."""
    odd = service(ports=[{"port": "eighty"}])
    with ApiServer([odd, pod()]) as server:
        snapshot = client.read(server, WEB, first=(PODS,))

    assert gap_of(snapshot).read == WEB
    assert "ports" in gap_of(snapshot).detail
    with pytest.raises(Unavailable):
        snapshot.get(WEB, Service)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (html(), GapReason.UNREADABLE),
        (Answer(200, b""), GapReason.UNREADABLE),
        (Answer(200, b"[]"), GapReason.UNREADABLE),
        (Answer(200, b"{}"), GapReason.UNREADABLE),
        (Answer(200, b'{"login":"required"}'), GapReason.UNREADABLE),
        (Answer(200, b'{"kind":"PodList","items":[{"metadata":'), GapReason.UNREADABLE),
        (Answer(200, b"not gzip", {"Content-Encoding": "gzip"}), GapReason.UNREADABLE),
        (Answer(200, b"\xff\xfe\x00"), GapReason.UNREADABLE),
        (Answer(200, b'{"kind":"PodList","items":' + b"[" * 100_000), GapReason.UNREADABLE),
        (status(403, "Forbidden", "pods is forbidden"), GapReason.FORBIDDEN),
        (Answer(403, b"<html>blocked</html>"), GapReason.FORBIDDEN),
        (status(404, "NotFound", "the server could not find the requested resource"), GapReason.NOT_SERVED),
        (Answer(404, b"404 page not found\n"), GapReason.NOT_SERVED),
        (status(429, "TooManyRequests"), GapReason.TIMED_OUT),
        (status(503, "ServiceUnavailable"), GapReason.TIMED_OUT),
        (status(500, "InternalError", "etcd is gone"), GapReason.UNREADABLE),
        (status(400, "BadRequest"), GapReason.UNREADABLE),
    ],
)
@pytest.mark.parametrize("wanted", [PODS, POD_NAMES, Read("Pod", "shop", "web-1")])
def test_an_answer_of_no_use_is_a_gap(
    client: Client, answer: Answer, reason: GapReason, wanted: Read
) -> None:
    """Once something has answered, no later answer ends the run or passes for an empty list."""
    with ApiServer(healthy(), {"pods": always(answer)}) as server:
        snapshot = client.read(server, wanted)

    assert gap_of(snapshot).reason is reason
    assert gap_of(snapshot).read == wanted


def test_the_message_of_a_refusal_is_kept_on_one_clean_line(client: Client) -> None:
    """It is the server's, so it may be anything."""
    refusal = status(403, "Forbidden", "no \x1b[31mpods\u202e\nfor you")
    with ApiServer(healthy(), {"pods": always(refusal)}) as server:
        snapshot = client.read(server, PODS)

    assert gap_of(snapshot).detail == "no \\x1b[31mpods\\u202e for you"


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (html(), "an HTML page, status 200"),
        (html(302), "302 Found"),
        (Answer(200, b""), "an empty body, status 200"),
        (Answer(200, b"[]"), "JSON that is no Kubernetes object, status 200"),
        (Answer(200, b'{"kind":"Service","metadata":'), "JSON that is cut off or malformed, status 200"),
        (Answer(200, b"hello"), "something that is no JSON, status 200"),
        (Answer(404, b"Not here"), "404 Not Found"),
    ],
)
def test_what_is_no_api_server_ends_the_run_at_the_first_contact(
    client: Client, answer: Answer, what: str
) -> None:
    """One line that names what answered, and a hint."""
    with ApiServer((), {"services": always(answer)}) as server, pytest.raises(ConnectionFailed) as caught:
        client.read(server, WEB, first=())

    assert caught.value.message.endswith(f"to GET /api/v1/namespaces/shop/services/web it answered {what}")
    assert "login page" in caught.value.hint


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (Answer(429, b"Too many requests, please try again later.\n"), "is busy: .* 429 Too Many Requests"),
        (html(503), "is busy: .* 503 Service Unavailable"),
        (html(502), "has failed: .* 502 Bad Gateway"),
        (Answer(500, b"Internal Server Error"), "has failed: .* 500 Internal Server Error"),
    ],
)
def test_a_busy_server_is_not_taken_for_something_else(client: Client, answer: Answer, what: str) -> None:
    """Priority and fairness refuses in plain text, and so does a proxy that waits for an API server."""
    with (
        ApiServer((), {"services": always(answer)}) as server,
        pytest.raises(ConnectionFailed, match=what) as caught,
    ):
        client.read(server, WEB, first=())

    assert "login page" not in caught.value.hint
    assert caught.value.hint.startswith("Try again")


def test_one_good_answer_among_the_first_is_contact(client: Client) -> None:
    """Then the bad one is a gap."""
    with ApiServer(healthy(), {"pods": always(html())}) as server:
        snapshot = client.read(server, WEB, PODS, first=())

    assert gap_of(snapshot).read == PODS


def test_a_refusal_is_contact(client: Client) -> None:
    """Whoever may read nothing is told so, not that there is no API server."""
    with ApiServer((), {"services": forbidden("services")}) as server:
        assert gap_of(client.read(server, WEB, first=())).reason is GapReason.FORBIDDEN


def test_an_unknown_user_is_told_who_was_refused(client: Client) -> None:
    """The server does not say; the kubeconfig does."""
    with (
        ApiServer((), {"services": always(status(401, "Unauthorized"))}) as server,
        pytest.raises(Unauthorized, match=r"^You must be logged in to the server: .*no credentials"),
    ):
        client.read(server, WEB, first=())


def test_the_deadline_leaves_gaps(client: Client) -> None:
    """What was not answered by then is one; what was, stays."""

    def hang(_: Asked) -> Answer:
        server.closing.wait(10)
        return Answer(200, b"")

    with ApiServer(healthy(), {"pods": hang}) as server:
        snapshot = client.read(server, PODS, seconds=0.3)
        server.closing.set()

    assert gap_of(snapshot) == Gap(PODS, GapReason.TIMED_OUT, gap_of(snapshot).detail)
    assert snapshot.get(WEB, Service) is not None


def test_a_deadline_that_passes_before_any_answer_is_an_error(client: Client) -> None:
    """Nothing is known then."""
    with ApiServer() as server, pytest.raises(TimedOut):
        client.read(server, WEB, first=(), seconds=0.0)


def test_nobody_listening_is_an_error(client: Client) -> None:
    """In kubectl's words."""
    with ApiServer() as server:
        url = server.url
    source = client.source(url)
    with pytest.raises(KubesvcError, match=r"did you specify the right host or port\?"):
        source.answer(source.begin(), Unread(frozenset({WEB})))


def test_a_server_that_goes_away_leaves_gaps(client: Client) -> None:
    """What was read is still worth a report."""
    with ApiServer(healthy()) as server:
        source = client.source(server.url)
        snapshot = source.answer(source.begin(), Unread(frozenset({WEB})))
    snapshot = source.answer(snapshot, Unread(frozenset({PODS})))

    assert gap_of(snapshot).read == PODS


def test_the_request_budget_leaves_gaps(client: Client) -> None:
    """It bounds what one run costs the server."""
    wanted = {Read("Pod", "shop", f"web-{number}") for number in range(REQUESTS + 5)}
    with ApiServer(healthy()) as server:
        snapshot = client.read(server, *wanted)

    assert len(server.asked) == REQUESTS
    assert {gap.reason for gap in snapshot.gaps} == {GapReason.CUT}
    assert len(snapshot.gaps) == len(wanted) + 1 - REQUESTS


def test_each_named_service_has_a_budget(client: Client) -> None:
    """Many of them are no reason to leave some out."""
    wanted = {Read("Service", "shop", f"web-{number}") for number in range(REQUESTS + 5)}
    with ApiServer(healthy()) as server:
        source = client.source(server.url, named=len(wanted))
        snapshot = source.answer(source.begin(), Unread(frozenset(wanted)))

    assert snapshot.gaps == ()


def test_a_request_that_fails_is_heard_of(client: Client) -> None:
    """With what went wrong."""
    heard: list[str] = []

    class Ear(Observer):
        def failed(self, request: Request, error: KubesvcError, seconds: float) -> None:
            heard.append(f"{request.path} {error.message} {seconds >= 0}")

    source = client.source("http://127.0.0.1:1", observer=Ear())
    with pytest.raises(ConnectionFailed):
        source.answer(source.begin(), Unread(frozenset({WEB})))

    (line,) = heard
    assert line.startswith(
        "/api/v1/namespaces/shop/services/web The connection to the server 127.0.0.1:1 was"
    )
    assert line.endswith("True")


def test_a_second_look_replaces_the_first_and_keeps_it(client: Client) -> None:
    """What has gone meanwhile is gone; the earlier state stays available."""
    with ApiServer([*healthy(), pod("web-2")]) as server:
        source = client.source(server.url)
        first = source.answer(source.begin(), Unread(frozenset({PODS, SLICES})))
        server.objects = [pod("web-2"), endpoint_slice(pod("web-2"))]
        second = source.answer(first, Unread(frozenset({PODS, SLICES}), again=True))

    assert names(second.find(PODS, Pod)) == ["web-2"]
    assert second.earlier is not None
    assert names(second.earlier.find(PODS, Pod)) == ["web-1", "web-2"]


def test_a_second_look_waits_for_the_controllers(client: Client) -> None:
    """At least so long after the first one, with signs of life."""
    beats: list[float] = []

    class Heart(Observer):
        def waiting(self) -> None:
            beats.append(monotonic())

    with ApiServer(healthy()) as server:
        source = client.source(server.url, second_look=0.15, observer=Heart())
        first = source.answer(source.begin(), Unread(frozenset({PODS})))
        start = monotonic()
        source.answer(first, Unread(frozenset({PODS}), again=True))

    assert monotonic() - start >= 0.14
    assert beats


def test_a_second_look_that_fails_leaves_the_first(client: Client) -> None:
    """Half of each would be a state that never was."""
    with ApiServer(healthy()) as server:
        source = client.source(server.url)
        first = source.answer(source.begin(), Unread(frozenset({PODS, SLICES})))
        server.faults["pods"] = forbidden("pods")
        second = source.answer(first, Unread(frozenset({PODS, SLICES}), again=True))

    assert second.objects == first.objects
    assert second.gaps == ()
    assert second.earlier == first


def test_every_request_is_a_get(client: Client) -> None:
    """Kubesvc is read-only."""
    with ApiServer(healthy()) as server:
        client.read(server, PODS, POD_NAMES, SLICES, VERSION)

    assert {asked.method for asked in server.asked} == {"GET"}
