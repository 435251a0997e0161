"""Requests at the HTTP seam: a server on loopback does to the client what servers and networks do."""

import os
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from kubesvc import __version__
from kubesvc.client import tls
from kubesvc.client.connection import Connection
from kubesvc.client.target import (
    Bearer,
    ClientCertificate,
    Credential,
    Impersonation,
    Target,
    Tls,
)
from kubesvc.client.wire import moment
from kubesvc.errors import (
    ConnectionFailed,
    CredentialError,
    Cut,
    KubesvcError,
    TimedOut,
    TooLarge,
    UsageError,
)
from tests.support.authority import Authority
from tests.support.fault_server import (
    FaultServer,
    Reply,
    answer,
    chunked,
    drip,
    drop_in_body,
    hang_up,
    ok,
    silence,
    then_hang_up,
    zipped,
)

pytestmark = pytest.mark.loopback

Build = Callable[..., Target]


def soon(seconds: float = 5.0) -> float:
    """Return a deadline."""
    return moment(seconds)


@contextmanager
def asking(*replies: Reply, **changes: object) -> Iterator[tuple[Connection, FaultServer, list[float]]]:
    """A connection to a plain server that plays the replies, and the pauses it takes."""
    pauses: list[float] = []
    limit = {name: changes.pop(name) for name in ("body_limit",) if name in changes}
    with FaultServer(replies) as server:
        target = Target(server=server.url, **changes)  # type: ignore[arg-type]
        with Connection(target, {}, sleep=pauses.append, **limit) as connection:  # type: ignore[arg-type]
            yield connection, server, pauses


def test_asks_with_get_and_says_who_it_is() -> None:
    """One request line, our user agent, JSON wanted, gzip accepted."""
    with asking(ok(b'{"a":1}')) as (connection, server, _):
        response = connection.get("/api/v1/pods", [("limit", "500")], deadline=soon())

    assert (response.status, response.body) == (200, b'{"a":1}')
    request = server.requests[0]
    assert (request.method, request.target) == ("GET", "/api/v1/pods?limit=500")
    assert request.headers["user-agent"] == f"kubesvc/{__version__}"
    assert request.headers["accept"] == "application/json"
    assert request.headers["accept-encoding"] == "gzip"
    assert "authorization" not in request.headers


def test_impersonates_with_every_header() -> None:
    """Groups and extras repeat; the key of an extra is escaped as Go escapes it."""
    who = Impersonation("jane", "42", ("dev", "ops"), (("acme.com/scope", "a"), ("acme.com/scope", "b")))

    with asking(ok(), impersonation=who) as (connection, server, _):
        connection.get("/", deadline=soon())

    sent = [header for header in server.requests[0].all_headers if header[0].startswith("impersonate-")]
    assert sent == [
        ("impersonate-user", "jane"),
        ("impersonate-uid", "42"),
        ("impersonate-group", "dev"),
        ("impersonate-group", "ops"),
        ("impersonate-extra-acme.com%2fscope", "a"),
        ("impersonate-extra-acme.com%2fscope", "b"),
    ]


def test_keeps_the_path_of_the_server_and_escapes_the_rest() -> None:
    """An API below a path (Rancher) is asked below it; a name cannot add a query."""
    with FaultServer() as server, Connection(Target(server=f"{server.url}/k8s/c1"), {}) as connection:
        connection.get("/api/v1/namespaces/a?b c/pods", deadline=soon())

    assert server.requests[0].target == "/k8s/c1/api/v1/namespaces/a%3Fb%20c/pods"


def test_refuses_a_path_that_leads_out_of_the_api() -> None:
    """A name given as `..` never reaches the server."""
    with asking(ok()) as (connection, server, _), pytest.raises(UsageError):
        connection.get("/api/v1/namespaces/../secrets", deadline=soon())

    assert server.requests == []


def test_reuses_a_connection() -> None:
    """Two requests, one connection."""
    with asking(ok(), zipped(b"{}"), chunked(b"{", b"}")) as (connection, server, _):
        bodies = [connection.get("/", deadline=soon()).body for _ in range(3)]

    assert bodies == [b"{}"] * 3
    assert server.connections == 1


def test_serves_several_threads() -> None:
    """Each thread gets the answer to its own question."""
    found: dict[str, bytes] = {}

    def echo(exchange: object) -> bool:
        return answer(200, exchange.request.target.encode())(exchange)  # type: ignore[attr-defined, arg-type]

    with asking(echo) as (connection, _, _pauses):

        def read(path: str) -> None:
            for _ in range(5):
                found[path] = connection.get(path, deadline=soon()).body

        threads = [threading.Thread(target=read, args=(f"/{number}",)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert found == {f"/{number}": f"/{number}".encode() for number in range(8)}


def test_unpacks_gzip() -> None:
    """The body arrives as it was before compression."""
    with asking(zipped(b'{"items":[]}')) as (connection, _, _pauses):
        assert connection.get("/", deadline=soon()).body == b'{"items":[]}'


def test_takes_cut_gzip_for_a_cut_answer() -> None:
    """A gzip stream without its end is not silently accepted."""
    with asking(zipped(b"x" * 1000, cut=6)) as (connection, _, _pauses), pytest.raises(Cut):
        connection.get("/", deadline=soon())


def test_names_damaged_gzip() -> None:
    """Bytes that only claim to be gzip are one line."""
    damaged = answer(200, b"no gzip", {"Content-Encoding": "gzip"})

    with asking(damaged) as (connection, _, _pauses), pytest.raises(ConnectionFailed, match="damaged"):
        connection.get("/", deadline=soon())


@pytest.mark.parametrize(
    "reply", [ok(b"x" * 2000), zipped(b"x" * 2000), chunked(b"x" * 2000)], ids=["plain", "gzip", "chunked"]
)
def test_refuses_a_body_over_the_limit(reply: Reply) -> None:
    """The limit counts what the body unpacks to, so a small gzip bomb is refused as well."""
    with asking(reply, body_limit=1000) as (connection, _, _pauses), pytest.raises(TooLarge):
        connection.get("/", deadline=soon())


@pytest.mark.parametrize("reply", [silence, drip(), drip(in_head=True)], ids=["silent", "body", "head"])
def test_the_deadline_holds_however_slowly_bytes_drip(reply: Reply) -> None:
    """Silence, a dripping body and a dripping header all end at the deadline."""
    with asking(reply) as (connection, _, _pauses):
        began = moment(0)
        with pytest.raises(TimedOut):
            connection.get("/", deadline=soon(0.2))

    assert moment(0) - began < 1


def test_the_request_timeout_ends_a_request_before_the_deadline() -> None:
    """--request-timeout bounds one request inside the command's deadline."""
    with asking(silence, request_timeout=0.1) as (connection, _, _pauses), pytest.raises(TimedOut):
        connection.get("/", deadline=soon(30))


def test_reads_again_after_a_connection_lost_in_the_body() -> None:
    """Reading twice is harmless, so one loss is not an error."""
    with asking(drop_in_body(), ok(b"[]")) as (connection, server, _):
        assert connection.get("/", deadline=soon()).body == b"[]"

    assert len(server.requests) == 2


def test_gives_up_after_the_second_loss() -> None:
    """Two losses are told as an answer cut short."""
    with asking(drop_in_body()) as (connection, server, _), pytest.raises(Cut):
        connection.get("/", deadline=soon())

    assert len(server.requests) == 2


def test_reads_again_when_a_kept_connection_is_dead() -> None:
    """A server that closed an idle connection without a word costs nothing."""
    with asking(then_hang_up(ok()), ok(b"[]")) as (connection, _, _pauses):
        connection.get("/", deadline=soon())
        assert connection.get("/", deadline=soon()).body == b"[]"


def test_a_dead_kept_connection_does_not_use_up_the_second_try() -> None:
    """It says nothing about the server; the loss after it is the first."""
    with asking(then_hang_up(ok()), drop_in_body(), ok(b"[]")) as (connection, _, _pauses):
        connection.get("/", deadline=soon())
        assert connection.get("/", deadline=soon()).body == b"[]"


def test_says_eof_for_a_server_that_hangs_up() -> None:
    """As kubectl does."""
    with asking(hang_up) as (connection, _, _pauses), pytest.raises(ConnectionFailed, match="EOF"):
        connection.get("/", deadline=soon())


@pytest.mark.parametrize("status", [429, 503, 500])
def test_waits_as_long_as_a_busy_server_wishes(status: int) -> None:
    """Retry-After is obeyed."""
    with asking(answer(status, headers={"Retry-After": "2"}), ok(b"[]")) as (connection, _, pauses):
        assert connection.get("/", deadline=soon(30)).body == b"[]"

    assert pauses == [2.0]


def test_does_not_wait_beyond_the_deadline() -> None:
    """A wish that does not fit is not waited for: the answer is returned at once."""
    with asking(answer(429, headers={"Retry-After": "60"})) as (connection, server, pauses):
        assert connection.get("/", deadline=soon(5)).status == 429

    assert (pauses, len(server.requests)) == ([], 1)


def test_asks_again_after_429_without_a_wish() -> None:
    """Pauses grow, with jitter."""
    with asking(answer(429), answer(429), answer(429), ok(b"[]")) as (connection, _, pauses):
        assert connection.get("/", deadline=soon(30)).body == b"[]"

    assert [0.5 * base <= pause <= 1.5 * base for base, pause in zip((0.1, 0.2, 0.4), pauses, strict=True)]


@pytest.mark.parametrize(("status", "asked"), [(500, 1), (502, 2), (503, 3), (404, 1), (403, 1), (302, 1)])
def test_other_answers_stand_soon(status: int, asked: int) -> None:
    """A gateway's error is asked about once or twice more; anything else is the reader's to judge."""
    with asking(answer(status)) as (connection, server, _):
        assert connection.get("/", deadline=soon(30)).status == status

    assert len(server.requests) == asked


def free_port() -> int:
    """Return a port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def test_says_refused_in_kubectls_words() -> None:
    """The line everybody knows, and a hint."""
    port = free_port()

    with (
        Connection(Target(server=f"http://127.0.0.1:{port}", note="Note."), {}) as connection,
        pytest.raises(ConnectionFailed) as caught,
    ):
        connection.get("/", deadline=soon())

    assert caught.value.message == (
        f"The connection to the server 127.0.0.1:{port} was refused - did you specify the right host or port?"
    )
    assert caught.value.hint.startswith("Note. Nothing listens there")


def test_says_that_a_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver's failure names the host."""

    def unknown(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with (
        Connection(Target(server="https://api.example.invalid"), {}) as connection,
        pytest.raises(ConnectionFailed, match=r"lookup api\.example\.invalid: no such host"),
    ):
        connection.get("/", deadline=soon())


def test_a_resolver_that_hangs_does_not_outlast_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's resolver cannot be told to hurry, so it is left behind."""
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: over.wait() and [])

    with Connection(Target(server="https://api.example.invalid"), {}) as connection, pytest.raises(TimedOut):
        connection.get("/", deadline=soon(0.1))
    over.set()


def failure(target: Target) -> KubesvcError:
    """Return the error of one request."""
    with Connection(target, {}) as connection, pytest.raises(KubesvcError) as caught:
        connection.get("/", deadline=soon())
    return caught.value


def test_trusts_the_given_authority_and_sends_the_token(authority: Authority, target: Build) -> None:
    """The ordinary case, over TLS."""
    with (
        FaultServer(tls=authority.server()) as server,
        Connection(target(server.url, Credential(Bearer("s3cret"))), {}) as connection,
    ):
        assert connection.get("/version", deadline=soon()).status == 200

    assert server.requests[0].headers["authorization"] == "Bearer s3cret"


def test_names_an_unknown_authority(target: Build) -> None:
    """Another CA signed the server's certificate."""
    with FaultServer(tls=Authority(trustme.CA()).server()) as server:
        error = failure(target(server.url))

    assert error.message.endswith("x509: certificate signed by unknown authority")
    assert "another server" in error.hint


def test_names_a_certificate_for_another_host(authority: Authority, target: Build) -> None:
    """The certificate is good, but for another name."""
    with FaultServer(tls=authority.server("api.example.com")) as server:
        error = failure(target(server.url))

    assert error.message.endswith("x509: certificate is not valid for 127.0.0.1")
    assert "tls-server-name" in error.hint


def test_names_an_expired_certificate(authority: Authority, target: Build) -> None:
    """The certificate is out of date."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.ca.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC)).configure_cert(context)

    with FaultServer(tls=context) as server:
        error = failure(target(server.url))

    assert error.message.endswith("x509: certificate has expired or is not yet valid")


def test_checks_the_certificate_for_the_name_of_the_kubeconfig(authority: Authority, target: Build) -> None:
    """tls-server-name replaces the host."""
    with FaultServer(tls=authority.server("api.example.com")) as server:
        named = Tls(ca_data=authority.pem, server_name="api.example.com")
        with Connection(target(server.url, tls=named), {}) as connection:
            assert connection.get("/", deadline=soon()).status == 200


def test_checks_nothing_when_told_so_and_warns(target: Build) -> None:
    """--insecure-skip-tls-verify has a warning to print."""
    with (
        FaultServer(tls=Authority(trustme.CA()).server("other")) as server,
        Connection(target(server.url, tls=Tls(insecure=True)), {}) as connection,
    ):
        assert connection.get("/", deadline=soon()).status == 200
        assert "127.0.0.1 is not checked" in connection.warning


def test_says_that_the_port_does_not_speak_tls(target: Build) -> None:
    """https:// to a plain port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer_in_plain, args=(listener,))
        thread.start()
        error = failure(target(f"https://127.0.0.1:{listener.getsockname()[1]}"))
        thread.join()

    assert error.message.endswith("http: server gave HTTP response to HTTPS client")


def _answer_in_plain(listener: socket.socket) -> None:
    sock, _ = listener.accept()
    with sock:
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def test_says_that_the_port_wants_tls() -> None:
    """http:// to a TLS port, in the words of Go's server."""
    reply = answer(400, b"Client sent an HTTP request to an HTTPS server.\n")

    with asking(reply) as (connection, _, _pauses), pytest.raises(ConnectionFailed) as caught:
        connection.get("/", deadline=soon())

    assert "https://" in caught.value.hint


def test_checks_certificates_no_stricter_than_kubectl() -> None:
    """Newer Pythons refuse old CAs, which lack a key identifier; kubectl does not."""
    context = tls.context_for(Tls(), None)

    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert not context.hostname_checks_common_name


def test_shows_a_client_certificate_given_as_data_or_file(
    authority: Authority, target: Build, tmp_path: Path
) -> None:
    """Both arrive; nothing is left on disk for the data."""
    issued = authority.ca.issue_cert("jane@example.com")
    cert, key = issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes()
    (tmp_path / "c.pem").write_bytes(cert)
    (tmp_path / "k.pem").write_bytes(key)
    data = ClientCertificate(cert_data=cert, key_data=key)
    files = ClientCertificate(cert_file=str(tmp_path / "c.pem"), key_file=str(tmp_path / "k.pem"))

    with FaultServer(tls=authority.server(clients=True)) as server:
        for certificate in (data, files):
            with Connection(target(server.url, Credential(certificate=certificate)), {}) as connection:
                assert connection.get("/", deadline=soon()).status == 200

    assert all(request.client_certificate for request in server.requests)


def test_a_key_leaves_no_file_behind_where_memory_has_no_path(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSL insists on a path; the private file that gives it one is gone before anything is sent."""
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    issued = authority.ca.issue_cert("jane@example.com")
    cert, key = issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes()

    tls.context_for(Tls(), ClientCertificate(cert_data=cert, key_data=key))

    assert list(tmp_path.iterdir()) == []


def test_a_client_certificate_without_its_key_is_one_line(authority: Authority, target: Build) -> None:
    """Certificate and key of two identities do not fit; nothing is sent."""
    first, second = (authority.ca.issue_cert(f"{name}@example.com") for name in "ab")
    mixed = ClientCertificate(
        cert_data=first.cert_chain_pems[0].bytes(), key_data=second.private_key_pem.bytes()
    )

    error = failure(target("https://127.0.0.1:1", Credential(certificate=mixed)))

    assert isinstance(error, CredentialError)
    assert "do not belong together" in error.message


def test_a_token_with_a_line_break_is_never_shown(target: Build) -> None:
    """It cannot be sent in a header, and must not be quoted either."""
    error = failure(target("https://127.0.0.1:1", Credential(Bearer("s3cret\n"))))

    assert isinstance(error, CredentialError)
    assert "s3cret" not in str(error) + error.hint
