"""Where the processes of a pod listen, as far as they tell."""

import pytest

from kubesvc.analyzer import listening
from kubesvc.model.objects import Container
from tests.support.builders import container, http_probe, pod, port, with_

PROXY = container("proxy", port(15001), restart_policy="Always")


@pytest.mark.parametrize(
    ("main", "init", "minor", "numbers"),
    [
        (container("app", port(8080), port(9090)), (), 36, {8080, 9090}),
        (container("app", port(8080), readiness_probe=http_probe(8081)), (), 36, {8080, 8081}),
        (container("app", port(8080, "web"), liveness_probe=http_probe("web")), (), 36, {8080}),
        (container("app", port(8080), liveness_probe=http_probe("web")), (), 36, {8080}),
        (container("app", port(8080)), (PROXY,), 36, {8080, 15001}),
        (container("app", port(8080)), (PROXY,), 32, {8080}),
        (container("app", port(8080)), (with_(PROXY, startup_probe=http_probe(15021)),), 32, {8080, 15021}),
        (container("app", port(8080)), (container("setup", port(9000)),), 36, {8080}),
    ],
    ids=[
        "declared",
        "probed",
        "probed by a name",
        "probed by a name that nobody has",
        "a native sidecar",
        "on an old server",
        "what is probed there",
        "an init container",
    ],
)
def test_what_counts_as_a_number_of_a_pod(
    main: Container, init: tuple[Container, ...], minor: int, numbers: set[int]
) -> None:
    """Where the controller would look, or the kubelet asks."""
    assert listening.numbers(with_(pod("web-1", main), spec__init_containers=init), minor) == numbers
