"""What every test may rely on: an empty home, a fixed environment, no network."""

import os
import socket
from pathlib import Path

import pytest
import pytest_socket


def test_home_is_an_empty_folder_of_its_own(home: Path) -> None:
    """A kubeconfig or cache of whoever runs the tests is out of reach."""
    assert Path.home() == home
    assert list(home.iterdir()) == []


def test_nothing_in_the_environment_selects_a_cluster_or_colors() -> None:
    """Output and cluster depend on what a test sets, not on the shell it was started from."""
    assert {"KUBECONFIG", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "GITHUB_ACTIONS"}.isdisjoint(os.environ)
    assert os.environ["TERM"] == "dumb"


@pytest.mark.filterwarnings("ignore:A test tried to use socket.socket.")
def test_the_network_is_blocked() -> None:
    """A forgotten request fails at once instead of reaching a real cluster."""
    with pytest.raises(pytest_socket.SocketBlockedError):
        socket.socket(socket.AF_INET)


@pytest.mark.loopback
def test_a_marked_test_reaches_its_own_server() -> None:
    """Fault servers listen on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()[:2], timeout=5).close()


@pytest.mark.loopback
@pytest.mark.filterwarnings("ignore:A test tried to use socket.socket.connect")
def test_a_marked_test_reaches_nothing_else() -> None:
    """203.0.113.0/24 is reserved for documentation."""
    with pytest.raises(pytest_socket.SocketConnectBlockedError):
        socket.create_connection(("203.0.113.1", 80), timeout=1)
