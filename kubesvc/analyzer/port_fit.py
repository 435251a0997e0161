"""Whether pods listen on anything that a Service leads to, as far as their declarations and probes tell."""

from collections.abc import Iterator

from kubesvc.analyzer import wording
from kubesvc.analyzer.likeness import Likeness, likeness
from kubesvc.model.objects import PodSpec, Service, ServicePort
from kubesvc.semantics import ports
from kubesvc.semantics.ports import Declared, target


def misfit(service: Service, spec: PodSpec, minor: int) -> str:
    """Say what containers declare where nothing of it is what the Service leads to; else empty.

    Empty, too, where nothing is declared, which is allowed and tells nothing (core/v1, Container.ports).
    """
    declared = [entry for entry in ports.declared(spec) if ports.counts(entry, minor)]
    if not declared or any(_fits(port, spec, declared) for port in service.spec.ports):
        return ""
    numbers = sorted({entry.port.container_port for entry in declared})
    wanted = dict.fromkeys(str(target(port)) for port in service.spec.ports)
    return f"declares {wording.names(map(str, numbers))}, not {wording.names(wanted)}" if wanted else ""


def _fits(port: ServicePort, spec: PodSpec, declared: list[Declared]) -> bool:
    """Tell whether a port is declared or probed, by its number or by a name alike."""
    numbers = {entry.port.container_port for entry in declared} | set(_asked(spec))
    led_to = target(port)
    if isinstance(led_to, int):
        return led_to in numbers
    names = [entry.port.name for entry in declared if entry.port.name]
    return port.port in numbers or any(likeness(led_to, name) < Likeness.UNLIKE for name in names)


def _asked(spec: PodSpec) -> Iterator[int | str]:
    for container in spec.containers:
        yield from (probe.asks for probe in container.probes if probe.asks is not None)
