"""Where the processes of a pod listen, as far as declarations, arguments and probes tell: clues, no proof."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from kubesvc.model import derived
from kubesvc.model.argument_ports import parts
from kubesvc.model.objects import Container, Pod, Probe
from kubesvc.semantics import ports
from kubesvc.semantics.ports import Declared, Role

_WORDS: Final = """
metric metrics prom prometheus exporter stat stats statsd telemetry monitor monitoring jmx trace tracing
health healthz healthcheck healthchecks livez liveness readyz readiness probe probes ping status
admin management mgmt actuator debug pprof profiling diagnostics
"""
ASIDE: Final = frozenset(_WORDS.split())
"""Words by which ports are called that are not what a pod is there for."""
_LISTENING: Final = """
port ports listen listener bind addr address p b http https http2 h2c grpc tcp udp web server app main secure
container
"""
_MAIN: Final = frozenset(_LISTENING.split())
"""The words of flags and variables that name what a program listens on, rather than what it dials."""
_PROTOCOLS: Final = frozenset({"http", "https", "http2", "h2c", "grpc", "tcp", "udp"})
_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")


def is_aside(name: str) -> bool:
    """Tell whether a port, container or Service is called after metrics, health or the like."""
    return not ASIDE.isdisjoint(words(name))


def words(name: str) -> frozenset[str]:
    """Return the words of a name, in lower case."""
    return frozenset(_SEPARATORS.split(name.lower()))


def aside(entry: Declared) -> bool:
    """Tell whether a declared port is one beside the application: by its name, or that of its container."""
    return is_aside(entry.port.name) or is_aside(entry.container)


def beside(pod: Pod, entry: Declared) -> bool:
    """Tell whether a port that a pod declares is one beside its application.

    A container that is alone is the application, whatever it is called.
    """
    alone = len(list(running(pod))) == 1
    return is_aside(entry.port.name) if alone else aside(entry)


def serving(pod: Pod) -> tuple[Declared, ...]:
    """Return what the containers that run while the pod serves declare."""
    return tuple(entry for entry in ports.declared(pod.spec) if entry.role is not Role.INIT)


class Said(NamedTuple):
    """A port that arguments or a variable of a container name."""

    container: str
    flag: str
    number: int


def said(pod: Pod) -> tuple[Said, ...]:
    """Return the ports that the arguments of the containers name, whatever for."""
    named = derived.argument_ports(pod)
    return tuple(Said(name, port.flag, port.number) for name in named for port in named[name])


def listens(entry: Said, port: str) -> bool:
    """Tell whether a flag says where a program listens, by all of its words; not one of an exporter.

    Nor one of another protocol than the Service port's name tells: `--grpc-port` says nothing of port http.
    """
    flag = frozenset(parts(entry.flag))
    spoken = flag & _PROTOCOLS
    alike = not spoken or not port or not spoken.isdisjoint(words(port))
    return flag <= _MAIN and not is_aside(entry.container) and alike


def agreed(pods: Iterable[Pod], port: str) -> tuple[Said, ...]:
    """Return the only number that arguments say the pods listen on for a port of that name, if they do.

    Once for each container and flag; not every pod need say so.
    """
    found = dict.fromkeys(entry for pod in pods for entry in said(pod) if listens(entry, port))
    return tuple(found) if len({entry.number for entry in found}) == 1 else ()


class Asked(NamedTuple):
    """The number that a probe of a container asks, and the name under which it is declared there, if any."""

    container: str
    number: int
    name: str


def readiness_asks(pod: Pod) -> tuple[Asked, ...]:
    """Return what the readiness probes ask over the network."""
    found = (_asked(c, c.readiness_probe) for c in running(pod) if c.readiness_probe)
    return tuple(entry for entry in found if entry)


def asked_by_all(pods: Iterable[Pod]) -> tuple[Asked, ...]:
    """Return the only number that the readiness probes of every pod ask, once for each container, if so."""
    each = [readiness_asks(pod) for pod in pods]
    found = dict.fromkeys(entry for several in each for entry in several)
    return tuple(found) if all(each) and len({entry.number for entry in found}) == 1 else ()


def probed(pod: Pod) -> frozenset[int]:
    """Return the numbers that any probe asks."""
    return frozenset(entry.number for c in running(pod) for probe in c.probes if (entry := _asked(c, probe)))


def numbers(pod: Pod, minor: int) -> frozenset[int]:
    """Return the numbers that a pod declares, where that counts, or that any probe asks."""
    return probed(pod).union(
        e.port.container_port for e in ports.declared(pod.spec) if ports.counts(e, minor)
    )


def running(pod: Pod) -> Iterator[Container]:
    """Yield the containers that run while the pod serves."""
    yield from pod.spec.containers
    yield from (c for c in pod.spec.init_containers if ports.is_sidecar(c))


def _asked(container: Container, probe: Probe) -> Asked | None:
    """Resolve a probe's port as the kubelet does: by name alone (pkg/probe/util.go, findPortByName)."""
    asked = probe.asks
    for port in container.ports:
        if asked in (port.name, port.container_port):
            return Asked(container.name, port.container_port, port.name)
    return Asked(container.name, asked, "") if isinstance(asked, int) else None


def mentioned(pods: Iterable[Pod]) -> frozenset[int]:
    """Return the numbers that something of the pods names: their arguments, or any probe."""
    return frozenset(
        number for pod in pods for number in (*(entry.number for entry in said(pod)), *probed(pod))
    )
