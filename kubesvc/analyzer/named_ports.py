"""Named target ports: which live pods declare them, or, where there are none, which that are to be made."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from kubesvc.analyzer import listening
from kubesvc.analyzer.facts import PortFacts, port_facts
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import Pod, Ref, ServicePort
from kubesvc.model.report import Row
from kubesvc.semantics import endpoints, ports, readiness
from kubesvc.semantics.ports import Declared, Role

_PORTS: Final = "spec.containers[].ports"


class NamedPort(Struct, frozen=True):
    """A Service port with a name as target: the pods that resolve it and those that do not, by name.

    `position` is the port's in the Service. `planned`: no pod should serve, and these are those that would be
    made, one for each workload.
    """

    position: int
    facts: PortFacts
    port: ServicePort
    target: str
    with_it: tuple[Pod, ...]
    without: tuple[Pod, ...]
    planned: bool = False

    @property
    def everybody(self) -> str:
        """Who they all are, in words: `every pod`."""
        if not self.planned:
            return "every pod"
        return "every template" if len(self.with_it) + len(self.without) > 1 else "the template"

    def declaring(self, label: str, owner: Ref, pods: Sequence[Pod]) -> Row:
        """Say what those of them of an owner declare: `2 of Deployment/web declare: web 8080/TCP`."""
        verb = "declares" if self.planned or len(pods) == 1 else "declare"
        return Row(
            label, f"{self._those(owner, pods)} {verb}: {show(declared_by(pods))}", self._source(owner)
        )

    def having(self, label: str, owner: Ref, pods: Sequence[Pod]) -> Row:
        """Say what is called so in those of them of an owner: `2 of Deployment/web: http 8080/TCP`."""
        shown = show(entry for entry in declared_by(pods) if entry.port.name == self.target)
        return Row(label, f"{self._those(owner, pods)}: {shown}", self._source(owner))

    def _those(self, owner: Ref, pods: Sequence[Pod]) -> str:
        return f"the template of {owner}" if self.planned else f"{len(pods)} of {owner}"

    def _source(self, owner: Ref) -> str:
        if not self.planned:
            return _PORTS
        return (
            f"spec.jobTemplate.spec.template.{_PORTS}"
            if owner.kind == "CronJob"
            else f"spec.template.{_PORTS}"
        )

    @property
    def aside(self) -> bool:
        """Whether the port is called after metrics, health or the like, or its target is."""
        return listening.is_aside(self.port.name) or listening.is_aside(self.target)

    @property
    def lost(self) -> bool:
        """Whether there are pods that should serve, or would, and none resolves the name."""
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
    """Yield the judged ports whose target is a name, over the pods that should serve, or would."""
    for position, port in enumerate(view.service.spec.ports):
        if port.key in view.judged.keys:
            yield from _named(view, position, port)


def every_named_port(view: ServiceView) -> Iterator[NamedPort]:
    """Yield the Service's ports whose target is a name, judged or not."""
    for position, port in enumerate(view.service.spec.ports):
        yield from _named(view, position, port)


def _named(view: ServiceView, position: int, port: ServicePort) -> Iterator[NamedPort]:
    """Yield a port if its target is a name.

    Where nobody should serve it, and nobody does, the verdict looks at workloads: at their templates, too.
    """
    target = ports.target(port)
    if not isinstance(target, str):
        return
    judged = {facts.key: facts for facts in view.ports}
    facts = judged.get(port.key) or port_facts(view.service, port, view.all_cells, view.viewpoint, view.now)
    planned = facts.flow is None and endpoints.managed(view.service) and view.blind is None
    pods = view.prospects if planned else live(facts)
    found = [(pod, _resolves(facts, port, pod, view.minor)) for pod in pods]
    with_it = tuple(pod for pod, resolves in found if resolves)
    without = tuple(pod for pod, resolves in found if not resolves)
    yield NamedPort(position, facts, port, target, with_it, without, planned)


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
