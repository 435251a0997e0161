"""Named target ports: which live pods declare them, and which other declared port was probably meant."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from kubesvc.analyzer import listening
from kubesvc.analyzer.facts import PortFacts, port_facts
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import Pod, ServicePort
from kubesvc.semantics import ports, readiness
from kubesvc.semantics.ports import Declared, Role


class NamedPort(Struct, frozen=True):
    """A Service port with a name as target: the live pods that resolve it and those that do not, by name.

    `position` is the port's in the Service.
    """

    position: int
    facts: PortFacts
    port: ServicePort
    target: str
    with_it: tuple[Pod, ...]
    without: tuple[Pod, ...]

    @property
    def aside(self) -> bool:
        """Whether the port is called after metrics, health or the like, or its target is."""
        return listening.is_aside(self.port.name) or listening.is_aside(self.target)

    @property
    def lost(self) -> bool:
        """Whether there are pods that should serve, and none resolves the name."""
        return bool(self.without) and not self.with_it

    def is_taken(self, view: ServiceView, pod: Pod, entry: Declared) -> bool:
        """Tell whether a port of another target leads to what a pod declares, or is called so.

        Or would lead there, if what the pod declares under that name counted.
        """
        others = [
            port
            for port in view.service.spec.ports
            if port.protocol == self.port.protocol and ports.target(port) != self.target
        ]
        number = entry.port.container_port
        return any(port.name == entry.port.name or number in _numbers(pod, port) for port in others)


def _numbers(pod: Pod, port: ServicePort) -> frozenset[int]:
    """Return where a port leads in a pod, or would, whether or not what is declared counts."""
    target = ports.target(port)
    if isinstance(target, int):
        return frozenset({target})
    return frozenset(e.port.container_port for e in ports.declared(pod.spec) if e.port.name == target)


def named_ports(view: ServiceView) -> Iterator[NamedPort]:
    """Yield the judged ports whose target is a name, over the pods that should serve."""
    return (wanted for wanted in every_named_port(view) if wanted.port.key in view.judged.keys)


def every_named_port(view: ServiceView) -> Iterator[NamedPort]:
    """Yield the Service's ports whose target is a name, judged or not."""
    judged = {facts.key: facts for facts in view.ports}
    for position, port in enumerate(view.service.spec.ports):
        target = ports.target(port)
        if isinstance(target, str):
            facts = judged.get(port.key) or port_facts(
                view.service, port, view.all_cells, view.viewpoint, view.now
            )
            pods = live(facts)
            found = {pod.metadata.uid: _resolves(facts, port, pod, view.minor) for pod in pods}
            yield NamedPort(
                position,
                facts,
                port,
                target,
                tuple(pod for pod in pods if found[pod.metadata.uid]),
                tuple(pod for pod in pods if not found[pod.metadata.uid]),
            )


def live(facts: PortFacts) -> tuple[Pod, ...]:
    """Return the pods that should serve a port, by name."""
    pods = {cell.pod.metadata.name: cell.pod for cell in facts.expected if cell.pod}
    return tuple(pod for _, pod in sorted(pods.items()))


def _resolves(facts: PortFacts, port: ServicePort, pod: Pod, minor: int) -> bool:
    """Tell whether a pod resolves a named target.

    Where that takes a server that is not known its slices say so; a pod that none lists yet is taken to.
    """
    found = ports.find_declared(pod, port, minor)
    if found is None or found.role is not Role.SIDECAR or minor:
        return found is not None
    listed = [cell for cell in facts.cells if cell.pod is pod and cell.conditions is not None]
    return not listed or any(cell.number is not None for cell in listed)


def declared_by(pods: Iterable[Pod]) -> tuple[Declared, ...]:
    """Return the different declarations of some pods, in order of appearance."""
    return tuple(dict.fromkeys(found for pod in pods for found in ports.declared(pod.spec)))


def show(found: Iterable[Declared]) -> str:
    """Write declarations: `web 8080/TCP, metrics 9090/TCP`; `no port` for none."""
    return ", ".join(_one(entry) for entry in found) or "no port"


def _one(entry: Declared) -> str:
    port = entry.port
    role = "" if entry.role is ports.Role.CONTAINER else f" ({entry.role} {entry.container})"
    return f"{port.name or 'unnamed'} {port.container_port}/{port.protocol}{role}"


def asked(pod: Pod, entry: Declared) -> bool:
    """Tell whether the readiness probe of the declaring container asks this port, by name or number."""
    container = readiness.find_container(pod, entry.container)
    probe = container.readiness_probe if container else None
    return probe is not None and probe.asks in (entry.port.name, entry.port.container_port)
