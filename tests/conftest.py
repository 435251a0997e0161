"""Every test starts from the same empty environment and without a network.

The terminal libraries read some variables when they are imported, so the environment is scrubbed once, before
any test module is imported; each test then gets a home folder of its own.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import pytest_socket

SCRUBBED = {
    "BROWSER",
    "CI",
    "COLORTERM",
    "COLUMNS",
    "EDITOR",
    "GITHUB_ACTIONS",
    "KUBECONFIG",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "LANG",
    "LANGUAGE",
    "LINES",
    "PAGER",
    "POD_NAMESPACE",
    "PY_COLORS",
}
SCRUBBED_PREFIXES = (
    "CLICOLOR",
    "FORCE_COLOR",
    "KUBECTL_",
    "KUBESVC_",
    "LC_",
    "NO_COLOR",
    "TTY_",
    "XDG_",
    "_TYPER_",
)
PROXIES = {"ALL_PROXY", "FTP_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"}
FIXED = {"LC_ALL": "C.UTF-8", "TERM": "dumb", "TZ": "UTC"}
LOOPBACK = ["127.0.0.1", "::1"]


def pytest_configure() -> None:
    """Scrubs the environment, and makes generated examples repeatable where CI is set."""
    hypothesis.settings.register_profile("local", deadline=None)
    hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
    hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")
    for name in list(os.environ):
        if name in SCRUBBED or name.upper() in PROXIES or name.startswith(SCRUBBED_PREFIXES):
            del os.environ[name]
    os.environ.update(FIXED)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder: no test reads the kubeconfig or the caches of whoever runs it."""
    path = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(path))
    monkeypatch.setenv("USERPROFILE", str(path))
    return path


@pytest.fixture(autouse=True)
def network(request: pytest.FixtureRequest) -> Iterator[None]:
    """Blocks sockets except unix ones; a test marked `loopback` may also talk to this machine by address."""
    if request.node.get_closest_marker("loopback"):
        pytest_socket.socket_allow_hosts(LOOPBACK, allow_unix_socket=True)
    else:
        pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()
