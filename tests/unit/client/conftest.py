"""Certificates and clients for a server on loopback."""

from collections.abc import Callable

import pytest
import trustme

from kubesvc.client.target import Credential, Target, Tls
from tests.support.authority import Authority


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
