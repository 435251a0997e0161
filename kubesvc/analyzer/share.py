"""A Service as far as it concerns some pods: which it selects, which its slices list, who gets traffic."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from kubesvc.analyzer import reasons
from kubesvc.analyzer.facts import PortFacts, port_facts, worst
from kubesvc.analyzer.reasons import Case
from kubesvc.model import selector
from kubesvc.model.cell import Cell
from kubesvc.model.objects import Endpoint, EndpointSlice, Pod, Service, ServicePort, TargetRef
from kubesvc.model.place import EndpointId
from kubesvc.model.query import Viewpoint
from kubesvc.model.read import Unavailable
from kubesvc.model.report import PortVerdict, Reason, Verdict
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import cells, endpoints, reads
from kubesvc.semantics.endpoints import Nodes


class Share(Struct, frozen=True):
    """The pods that a Service selects, its slices that list any of them (None: not read), its ports' facts.

    Whether slices are late is not judged: that takes the whole Service, and a second look.
    """

    service: Service
    selected: tuple[Pod, ...]
    slices: tuple[EndpointSlice, ...] | None
    ports: tuple[PortFacts, ...]
    nodes: Nodes
    minor: int

    @property
    def names(self) -> tuple[str, ...]:
        """The pods that it selects or lists."""
        found = {pod.metadata.name for pod in self.selected}
        return tuple(
            sorted(found | {cell.place.endpoint.name for cell in self._cells if cell.place.endpoint})
        )

    @property
    def _cells(self) -> Iterator[Cell]:
        return (cell for facts in self.ports for cell in facts.cells)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """How each port fares with these pods alone; where none of them should serve, it is idle."""
        if self.slices is None:
            return (Verdict.UNKNOWN,) * len(self.ports)
        return tuple(Verdict.IDLE if facts.flow is None else facts.flow for facts in self.ports)

    @property
    def verdict(self) -> Verdict:
        """How these pods fare with the Service."""
        return worst(self.verdicts)

    @property
    def counts(self) -> tuple[PortVerdict, ...]:
        """The ports, as far as these pods are their endpoints."""
        return tuple(
            PortVerdict(facts.key or "", verdict, _distinct(facts.usable), _distinct(facts.expected))
            for facts, verdict in zip(self.ports, self.verdicts, strict=True)
        )

    def reasons(self) -> Iterator[Reason]:
        """Yield why pods that should get traffic get none: the first condition of each that is not met."""
        found: dict[Reason, dict[str, None]] = {}
        for facts in self.ports:
            for cell in facts.troubled if self.slices is not None else facts.expected:
                if cell.why and cell.pod:
                    case = Case(
                        self.service, cell.pod, facts.port, cell.place.family or "", self.nodes, self.minor
                    )
                    told = Reason(cell.why.kind, reasons.tell(cell.why, case))
                    found.setdefault(told, {})[cell.pod.metadata.name] = None
        for reason, pods in found.items():
            yield replace(reason, pods=tuple(pods))

    @property
    def silent(self) -> bool:
        """Whether traffic is sent to some pod of which nothing can listen."""
        return any(facts.silent for facts in self.ports)

    @property
    def late(self) -> bool:
        """Whether some pod meets every condition and still gets no traffic."""
        return any(cell.why is None for facts in self.ports for cell in facts.troubled)


def _distinct(found: Iterable[Cell]) -> int:
    return len({cell.place.endpoint for cell in found})


def share(snapshot: Snapshot, service: Service, pods: tuple[Pod, ...], viewpoint: Viewpoint) -> Share | None:
    """Return what a Service makes of some pods; None where it has nothing to do with them.

    Raises:
        Unread: its slices, or the Nodes of the pods that it selects, were never read.
    """
    wanted = selector.selector(service.spec.selector)
    managed = endpoints.managed(service)
    selected = tuple(pod for pod in pods if managed and selector.matches(wanted, pod.metadata.labels))
    try:
        slices = snapshot.find(reads.slices_of(service), EndpointSlice)
    except Unavailable:
        own = None
    else:
        known = _known(pods)
        own = tuple(replace(entry, endpoints=tuple(_own(entry, known))) for entry in slices)
        own = tuple(entry for entry in own if entry.endpoints)
    if not selected and not own:
        return None
    nodes = reads.nodes_of(snapshot, service, selected)
    found = cells.cells(service, own or (), cells.Selected(selected, nodes, snapshot.minor))
    ports: tuple[ServicePort | None, ...] = service.spec.ports or (None,)
    facts = tuple(port_facts(service, port, found, viewpoint, snapshot.taken_at) for port in ports)
    return Share(service, selected, own, facts, nodes, snapshot.minor)


def _known(pods: Iterable[Pod]) -> Mapping[EndpointId, TargetRef]:
    """Return the pods by what an endpoint may name of them: the pod itself, or nothing but its address."""
    known: dict[EndpointId, TargetRef] = {}
    for pod in pods:
        meta = pod.metadata
        target = TargetRef(kind="Pod", namespace=meta.namespace, name=meta.name, uid=meta.uid)
        known[cells.pod_id(pod)] = target
        known.update({EndpointId("", address.ip): target for address in pod.status.pod_ips})
    return known


def _own(entry: EndpointSlice, known: Mapping[EndpointId, TargetRef]) -> Iterator[Endpoint]:
    for endpoint in entry.endpoints:
        target = known.get(cells.identify(endpoint))
        if target:
            yield replace(endpoint, target_ref=target)
