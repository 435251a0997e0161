"""Which number a Service port reaches in a pod (kubernetes/endpointslice utils.go, FindPort)."""

from enum import StrEnum
from typing import Final, NamedTuple

from kubesvc.model.objects import Container, ContainerPort, Pod, PodSpec, ServicePort

SIDECAR_PORTS_SINCE: Final = 33
"""The first server minor whose controller finds named ports of restartable init containers."""


class Role(StrEnum):
    """What a container is to the controller; the ports of init and ephemeral containers never count."""

    CONTAINER = "container"
    SIDECAR = "sidecar"
    INIT = "init container"


class Declared(NamedTuple):
    """A port as a container declares it."""

    container: str
    role: Role
    port: ContainerPort


def is_sidecar(container: Container) -> bool:
    """Tell whether an init container restarts, and so runs beside the containers."""
    return container.restart_policy == "Always"


def declared(spec: PodSpec) -> tuple[Declared, ...]:
    """Return all declared ports in the order in which the controller looks."""
    found = [Declared(c.name, Role.CONTAINER, port) for c in spec.containers for port in c.ports]
    for container in spec.init_containers:
        role = Role.SIDECAR if is_sidecar(container) else Role.INIT
        found += [Declared(container.name, role, port) for port in container.ports]
    return tuple(found)


def counts(port: Declared, minor: int) -> bool:
    """Tell whether a controller of this minor looks at a declaration; an unknown minor (0) counts as new."""
    if port.role is Role.SIDECAR:
        return minor == 0 or minor >= SIDECAR_PORTS_SINCE
    return port.role is Role.CONTAINER


def target(port: ServicePort) -> int | str:
    """Return the target port; by default the same number as the port (defaults.go, SetDefaults_Service)."""
    return port.target_port or port.port


def find_port(pod: Pod, port: ServicePort, minor: int) -> int | None:
    """Return the number that `port` reaches in `pod`, None where no container declares its name and protocol.

    A numeric target is taken as is: no check that anybody declares it or listens there.
    """
    wanted = target(port)
    if isinstance(wanted, int):
        return wanted
    found = find_declared(pod, port, minor)
    return found.port.container_port if found else None


def find_declared(pod: Pod, port: ServicePort, minor: int) -> Declared | None:
    """Return the first declaration that counts and has the name and protocol that `port` wants."""
    wanted = target(port)
    for found in declared(pod.spec):
        if found.port.name == wanted and found.port.protocol == port.protocol and counts(found, minor):
            return found
    return None
