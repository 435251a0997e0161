"""Which number a Service port reaches in a pod: endpointslice utils.go, FindPort."""

import pytest

from kubesvc.model.objects import Container, Pod, ServicePort
from kubesvc.semantics import ports
from tests.support.builders import container, pod, port, with_

NAMED = ServicePort(name="http", port=80, target_port="web")


def with_init(*init: Container) -> Pod:
    """A pod whose container declares nothing by the name web."""
    return with_(pod("web-1", container("app", port(8080, "other"))), spec__init_containers=init)


def test_a_number_is_taken_as_it_is() -> None:
    """Nobody checks that it is declared, or its protocol."""
    assert ports.find_port(pod(), ServicePort(port=80, target_port=9999, protocol="UDP"), 36) == 9999


@pytest.mark.parametrize("unset", [0, ""])
def test_the_default_is_the_same_number(unset: int | str) -> None:
    """The API server fills it in; manifests lack it."""
    assert ports.find_port(pod(), ServicePort(port=80, target_port=unset, node_port=30080), 36) == 80


def test_a_name_is_looked_up_in_the_containers() -> None:
    """The first hit wins."""
    found = pod("p", container("a", port(1, "x"), port(2, "web")), container("b", port(3, "web")))

    assert ports.find_port(found, NAMED, 36) == 2


def test_the_declaration_that_is_found_is_known() -> None:
    """With its container and what that is; none for a number."""
    sidecar = container("proxy", port(15000, "web"), restart_policy="Always")

    found = ports.find_declared(with_init(sidecar), NAMED, 36)

    assert found is not None
    assert (found.container, found.role, found.port.container_port) == ("proxy", ports.Role.SIDECAR, 15000)
    assert ports.find_declared(with_init(sidecar), NAMED, 32) is None
    assert ports.find_declared(pod(), ServicePort(port=80, target_port=8080), 36) is None


def test_the_protocol_must_be_the_same() -> None:
    """A UDP port of the same name does not count, and a later TCP one does."""
    dns = container("a", port(53, "web", "UDP"))

    assert ports.find_port(pod("p", dns), NAMED, 36) is None
    assert ports.find_port(pod("p", dns, container("b", port(53, "web"))), NAMED, 36) == 53


def test_a_name_that_nobody_declares_is_not_found() -> None:
    """Letter case counts, and what a container is called does not."""
    assert ports.find_port(pod("p", container("a", port(1, "Web"))), NAMED, 36) is None
    assert ports.find_port(pod("p", container("web", port(1, "other"))), NAMED, 36) is None


@pytest.mark.parametrize(("minor", "number"), [(28, None), (32, None), (33, 15000), (36, 15000), (0, 15000)])
def test_a_sidecar_counts_from_1_33_on(minor: int, number: int | None) -> None:
    """An unknown version counts as new."""
    sidecar = container("proxy", port(15000, "web"), restart_policy="Always")

    assert ports.find_port(with_init(sidecar), NAMED, minor) == number


@pytest.mark.parametrize("policy", ["", "Never", "OnFailure"])
def test_an_init_container_never_counts(policy: str) -> None:
    """It has ended before the pod serves, unless it restarts always."""
    setup = container("setup", port(1, "web"), restart_policy=policy)

    assert ports.find_port(with_init(setup), NAMED, 36) is None


def test_containers_are_looked_at_before_sidecars() -> None:
    """Whatever their order in the spec."""
    sidecar = container("proxy", port(15000, "web"), restart_policy="Always")
    found = with_(pod("p", container("app", port(8080, "web"))), spec__init_containers=(sidecar,))

    assert ports.find_port(found, NAMED, 36) == 8080


def test_declarations_say_who_makes_them() -> None:
    """For people to see why one does not count."""
    sidecar = container("proxy", port(2), restart_policy="Always")
    found = with_init(sidecar, container("setup", port(3)))

    roles = [(entry.container, entry.role) for entry in ports.declared(found.spec)]

    assert roles == [("app", ports.Role.CONTAINER), ("proxy", ports.Role.SIDECAR), ("setup", ports.Role.INIT)]
