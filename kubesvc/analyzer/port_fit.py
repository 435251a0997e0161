"""Whether pods listen on anything that a Service leads to, as far as their declarations and probes tell."""

from kubesvc.analyzer import listening, wording
from kubesvc.analyzer.likeness import Likeness, likeness
from kubesvc.model.objects import Pod, Service, ServicePort
from kubesvc.semantics import ports
from kubesvc.semantics.ports import target


def misfit(service: Service, pod: Pod, minor: int) -> str:
    """Say what containers declare where nothing of it is what the Service leads to; else empty.

    Empty, too, where nothing is declared, which is allowed and tells nothing (core/v1, Container.ports).
    """
    declared = [entry.port for entry in ports.declared(pod.spec) if ports.counts(entry, minor)]
    if not declared or any(_fits(port, pod, minor) for port in service.spec.ports):
        return ""
    numbers = sorted({port.container_port for port in declared})
    wanted = dict.fromkeys(str(target(port)) for port in service.spec.ports)
    return f"declares {wording.names(map(str, numbers))}, not {wording.names(wanted)}" if wanted else ""


def _fits(port: ServicePort, pod: Pod, minor: int) -> bool:
    """Tell whether a port is declared or probed, by its number or by a name alike."""
    led_to, numbers = target(port), listening.numbers(pod, minor)
    if isinstance(led_to, int):
        return led_to in numbers
    names = [e.port.name for e in ports.declared(pod.spec) if e.port.name and ports.counts(e, minor)]
    return port.port in numbers or any(likeness(led_to, name) < Likeness.UNLIKE for name in names)
