"""The way to a server that is behind a proxy."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kubesvc.client.connection import Connection
from kubesvc.client.proxy import proxy_for
from kubesvc.client.target import Bearer, Credential, Target, Tls
from kubesvc.client.wire import moment
from kubesvc.errors import ConnectionFailed
from tests.support.authority import Authority
from tests.support.fault_server import FaultServer, answer
from tests.support.relay import Relay


@pytest.mark.parametrize(
    ("server", "env", "expected"),
    [
        ("https://api.example.com", {}, None),
        ("https://api.example.com", {"HTTPS_PROXY": "http://p:3128"}, "p:3128"),
        ("https://api.example.com", {"https_proxy": "p:3128"}, "p:3128"),
        ("https://api.example.com", {"HTTP_PROXY": "http://p:3128"}, None),
        ("http://api.example.com", {"HTTP_PROXY": "http://p"}, "p:80"),
        ("https://localhost:6443", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https://127.0.0.1:6443", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https://[::1]:6443", {"HTTPS_PROXY": "http://p:1"}, None),
        ("https://api.example.com", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        ("https://api.example.com", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "x, example.com"}, None),
        ("https://api.example.com", {"HTTPS_PROXY": "http://p:1", "no_proxy": ".example.com"}, None),
        ("https://example.com", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".example.com"}, "p:1"),
        ("https://api.example.com", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*.example.com:443"}, None),
        ("https://api.example.com", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "example.com:6443"}, "p:1"),
        ("https://notexample.com", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "example.com"}, "p:1"),
        ("https://10.1.2.3", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.0.0.0/8"}, None),
        ("https://10.1.2.3", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "10.1.2.3:443"}, None),
        ("https://10.1.2.3", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "1.2.3"}, "p:1"),
        ("https://[fd00::1]", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "fd00::/8"}, None),
        ("https://[fd00::1]", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "[fd00::1]:443"}, None),
    ],
)
def test_chooses_the_proxy_of_the_environment_as_go_does(
    server: str, env: dict[str, str], expected: str | None
) -> None:
    """golang.org/x/net/http/httpproxy."""
    proxy = proxy_for(urlsplit(server), "", env)

    assert (str(proxy) if proxy else None) == expected


def test_the_kubeconfigs_proxy_wins_even_for_loopback() -> None:
    """proxy-url is meant for this cluster."""
    proxy = proxy_for(
        urlsplit("https://127.0.0.1"), "socks5://p", {"HTTPS_PROXY": "http://q:1", "NO_PROXY": "*"}
    )

    assert str(proxy) == "p:1080"


@contextmanager
def through(
    kind: str, authority: Authority, *, tls: bool = True
) -> Iterator[tuple[Connection, Relay, FaultServer]]:
    """A connection to a server through a proxy of a kind."""
    context = authority.server() if kind == "https" else None
    with (
        FaultServer([answer(200, b"[]")], tls=authority.server() if tls else None) as server,
        Relay(kind, context) as relay,
    ):
        target = Target(
            server=server.url,
            tls=Tls(ca_data=authority.pem) if tls else Tls(),
            credential=Credential(Bearer("s3cret")) if tls else Credential(),
            proxy_url=f"{kind}://jane:pass@127.0.0.1:{relay.port}",
        )
        with Connection(target, {}) as connection:
            yield connection, relay, server


@pytest.mark.loopback
@pytest.mark.parametrize("kind", ["http", "https", "socks5"])
def test_leads_through_a_proxy_with_tls_to_the_server(
    kind: str, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy learns where to, and its own login; the token is for the server alone."""
    trusted = tmp_path / "ca.pem"
    trusted.write_bytes(authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))  # what the system trusts: an https:// proxy needs it

    with through(kind, authority) as (connection, relay, server):
        bodies = [connection.get("/", deadline=moment(5)).body for _ in range(2)]

    assert bodies == [b"[]", b"[]"]
    assert len(relay.asked) == 1
    assert f"127.0.0.1:{server.port}" in relay.asked[0]
    login = "jane:pass" if kind == "socks5" else f"Basic {base64.b64encode(b'jane:pass').decode()}"
    assert relay.authorization[0].endswith(login)
    assert server.requests[0].headers["authorization"] == "Bearer s3cret"


@pytest.mark.loopback
def test_asks_an_http_proxy_for_the_whole_url_of_a_plain_server() -> None:
    """Without TLS there is no tunnel: the proxy itself is asked."""
    with FaultServer([answer(200, b"[]")]) as proxy:
        target = Target("http://api.example.com:8080", proxy_url=f"http://jane:pass@127.0.0.1:{proxy.port}")
        with Connection(target, {}) as connection:
            connection.get("/api", deadline=moment(5))

    request = proxy.requests[0]
    assert (request.target, request.headers["host"]) == (
        "http://api.example.com:8080/api",
        "api.example.com:8080",
    )
    assert request.headers["proxy-authorization"].startswith("Basic ")


@pytest.mark.loopback
@pytest.mark.parametrize(("kind", "reason"), [("http", "answered 407"), ("socks5", "connection refused")])
def test_a_proxy_that_refuses_is_named(kind: str, reason: str) -> None:
    """And its password is not."""
    with Relay(kind, refuse=True) as relay:
        target = Target("https://api.example.com", proxy_url=f"{kind}://jane:s3cret@127.0.0.1:{relay.port}")
        with Connection(target, {}) as connection, pytest.raises(ConnectionFailed, match=reason) as caught:
            connection.get("/", deadline=moment(5))

    assert f"127.0.0.1:{relay.port}" in caught.value.message
    assert "s3cret" not in caught.value.message


def test_a_proxy_address_that_cannot_be_used_is_named_without_its_password() -> None:
    """A typo in the scheme."""
    with pytest.raises(ConnectionFailed) as caught:
        proxy_for(urlsplit("https://api.example.com"), "", {"HTTPS_PROXY": "htp://jane:s3cret@p"})

    assert "'htp'" in caught.value.message
    assert "s3cret" not in caught.value.message
