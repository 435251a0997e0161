"""Certificates and clients for a server on loopback."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import trustme

from kubesvc.client.target import Credential, Target, Tls
from tests.support.authority import Authority
from tests.support.fault_server import FaultServer
from tests.support.side_by_side import World, api_servers


@pytest.fixture(scope="session")
def authority() -> Authority:
    """The authority that the clients of the tests trust."""
    return Authority(trustme.CA())


@pytest.fixture
def target(authority: Authority) -> Callable[..., Target]:
    """Build a target that trusts the authority."""

    def build(server: str, credential: Credential = Credential(), **changes: object) -> Target:  # noqa: B008
        tls = Tls(ca_data=authority.pem) if server.startswith("https") else Tls()
        return Target(**{"server": server, "credential": credential, "tls": tls} | changes)  # type: ignore[arg-type]

    return build


@pytest.fixture(scope="session")
def servers(authority: Authority) -> Iterator[Mapping[str, FaultServer]]:
    """The servers that kubesvc and kubectl both ask."""
    with api_servers(authority) as running:
        yield running


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where kubectl remembers the kinds of a server."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def world(
    servers: Mapping[str, FaultServer],
    authority: Authority,
    tmp_path: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """Fresh files in the working directory, the same servers."""
    monkeypatch.chdir(tmp_path)
    return World(servers, authority, tmp_path, cache)
