"""One Service as the rules see it: small parts, each fact derived once."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from msgspec.structs import replace

from kubesvc.analyzer import asked_port, creation, departed, errands, prospects, rollouts, workloads
from kubesvc.analyzer.asked_port import Judged
from kubesvc.analyzer.creation import Refused
from kubesvc.analyzer.facts import PortFacts, port_facts, worst
from kubesvc.analyzer.workloads import Maker, Workloads
from kubesvc.model import selector
from kubesvc.model.cell import Cell
from kubesvc.model.objects import (
    Endpoints,
    EndpointSlice,
    Event,
    Job,
    Obj,
    Pod,
    Ref,
    Service,
    Workload,
)
from kubesvc.model.place import EndpointId, Place
from kubesvc.model.query import Viewpoint
from kubesvc.model.read import Gap, Portion, Read, Unavailable, Unread
from kubesvc.model.report import Effect, Verdict
from kubesvc.model.snapshot import VERSION, Snapshot
from kubesvc.semantics import cells, drift, endpoints, readiness, reads

T = TypeVar("T")


class ServiceView:
    """Its parts are lazy: one that lacks what was never read raises Unread, what was refused Unavailable."""

    def __init__(
        self,
        snapshot: Snapshot,
        service: Service,
        viewpoint: Viewpoint,
        *,
        simulated: bool = False,
        asked: str = "",
    ) -> None:
        """Look at `service` as `snapshot` holds it, seen from `viewpoint`; `simulated`: after a change.

        `asked` is the port that is dialed: only what is about it is judged.
        """
        self.simulated = simulated
        self.asked = asked
        self.snapshot = snapshot
        self.service = service
        self.viewpoint = viewpoint

    @property
    def now(self) -> datetime:
        """The moment of the analysis."""
        return self.snapshot.taken_at

    @property
    def ref(self) -> Ref:
        """The Service."""
        return self.service.ref

    @property
    def place(self) -> Place:
        """The whole Service as a place."""
        return Place(self.ref)

    def want_first(self) -> None:
        """Ask at once for what every Service needs; raises Unread."""
        namespace, name = self.service.metadata.namespace, self.service.metadata.name
        wanted = [VERSION, reads.slices_of(self.service), events_of(namespace, "Service", name)]
        if endpoints.managed(self.service):
            wanted.append(reads.pods_of(self.service))
        self.snapshot.want(wanted)

    @cached_property
    def slices(self) -> tuple[EndpointSlice, ...]:
        """All slices of the Service, whoever manages them."""
        return self.snapshot.find(reads.slices_of(self.service), EndpointSlice)

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """The selected pods; none for a Service without a selector."""
        if not endpoints.managed(self.service):
            return ()
        return self.snapshot.find(reads.pods_of(self.service), Pod)

    @cached_property
    def source(self) -> Endpoints | None:
        """The Endpoints object that is mirrored for a Service without a selector; None if there is none."""
        if endpoints.managed(self.service) or self.service.spec.type == "ExternalName":
            return None
        return self.snapshot.get(reads.source_of(self.service), Endpoints)

    @cached_property
    def selected(self) -> cells.Selected | None:
        """The selected pods with what decides about them; None where they could not be read."""
        try:
            pods = self.pods
        except Unavailable:
            return None
        # Of pods that have all finished no Node decides anything.
        over = bool(pods) and all(map(readiness.is_terminal, pods))
        nodes = None if over else reads.nodes_of(self.snapshot, self.service, pods)
        return cells.Selected(pods, nodes, self.snapshot.minor)

    @property
    def minor(self) -> int:
        """The server's minor version, 0 where it is not known."""
        return self.snapshot.minor

    @cached_property
    def all_cells(self) -> tuple[Cell, ...]:
        """Every pod × port × family, judged or not; none where the slices could not be read."""
        slices = self.optional(lambda: self.slices)
        return () if slices is None else cells.cells(self.service, slices, self.selected)

    @cached_property
    def judged(self) -> Judged:
        """The ports that are judged: those asked about, else all."""
        return asked_port.judged(self.service, self.asked, lambda: self.all_cells)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Those of the judged ports, with what is known of pods that are gone."""
        return tuple(
            replace(cell, gone=True) if cell.place.endpoint in self.gone else cell
            for cell in self.all_cells
            if cell.place.port in self.judged.keys
        )

    @cached_property
    def written(self) -> tuple[EndpointSlice, ...]:
        """The slices that Kubernetes' own controllers wrote for this incarnation of the Service."""
        source = self.optional(lambda: self.source) if self.slices else None
        return departed.written(self.service, self.slices, source)

    @cached_property
    def gone(self) -> frozenset[EndpointId]:
        """The pods that such slices list at two looks and that are proven not to be there any more."""
        strangers = any(cell.pod is None and cell.conditions for cell in self.all_cells)
        if not strangers or not departed.suspects(self.first_drift, self.written):
            return frozenset()
        suspected = departed.suspects(self.drift, self.written)
        namespace = self.service.metadata.namespace
        return self.optional(lambda: departed.proven(self.snapshot, namespace, suspected)) or frozenset()

    @cached_property
    def first_drift(self) -> tuple[drift.Drift, ...]:
        """Where the slices differ from the prediction at this look, as far as the judged ports feel it."""
        keys = {*self.judged.keys, None} if self.judged.ports else set[str | None]()
        return tuple(entry for entry in self._whole_drift if entry.place.port in keys)

    @cached_property
    def _whole_drift(self) -> tuple[drift.Drift, ...]:
        gaps = self.snapshot.unreadable("Pod", self.service.metadata.namespace)
        unread = frozenset(gap.read.name for gap in gaps)
        source = self.optional(lambda: self.source)
        return drift.drift(self.service, self.slices, self.selected, unread=unread, source=source)

    @cached_property
    def drift(self) -> tuple[drift.Drift, ...]:
        """Where they differ at two looks: lists of different kinds are not one moment.

        Raises:
            Unread: there was one look only, and what it shows could be a race.
        """
        kinds = {entry.kind for entry in self.first_drift}
        if self.simulated or kinds <= {drift.DriftKind.FOREIGN}:
            return self.first_drift
        earlier = self.snapshot.earlier
        if earlier is None:
            managed = endpoints.managed(self.service)
            other = reads.pods_of(self.service) if managed else reads.source_of(self.service)
            again = [reads.slices_of(self.service), other]
            if drift.DriftKind.LAST_SYNC in kinds:
                again += [Read("Node", name=name) for name in self._nodes_of_drift]
            raise Unread(frozenset(_holding(self.snapshot, read) for read in again), again=True)
        before = ServiceView(earlier, self.service, self.viewpoint, asked=self.asked).first_drift
        return tuple(entry for entry in self.first_drift if entry in before)

    @property
    def _nodes_of_drift(self) -> list[str]:
        """The Nodes of the pods that a difference is about, and that may have come or gone meanwhile."""
        told = {entry.place.endpoint for entry in self.first_drift}
        return sorted({pod.spec.node_name for pod in self.pods if cells.pod_id(pod) in told} - {""})

    @cached_property
    def ports(self) -> tuple[PortFacts, ...]:
        """The facts of each judged port."""
        ports = self.judged.ports
        return tuple(port_facts(self.service, port, self.cells, self.viewpoint, self.now) for port in ports)

    @cached_property
    def workloads(self) -> Workloads:
        """The workloads of the namespace.

        Those of rarer kinds only where no other makes pods for the Service, and no endpoint is left in its
        slices, unless its pod is gone: only then they decide anything.
        """
        namespace = self.service.metadata.namespace
        requirements = selector.selector(self.service.spec.selector)
        known = workloads.of_namespace(self.snapshot, namespace)
        left = any(cell.conditions and not cell.gone for cell in self.cells)
        if known.making(requirements) or not self._is_over or left:
            return known
        # Where nobody at all makes such pods, a near miss is looked for: in the same round.
        pods = None if self.pods else self._neighbors
        return workloads.with_rarer(self.snapshot, namespace, known, requirements, pods)

    @property
    def _is_over(self) -> bool:
        """Whether no pod is selected, or, of a Job, only such as have finished."""
        pods = self.optional(lambda: self.pods)
        if not endpoints.managed(self.service) or pods is None:
            return False
        kinds = {pod.owner.kind for pod in pods if pod.owner}
        return not pods or ("Job" in kinds and all(map(readiness.is_terminal, pods)))

    @property
    def _neighbors(self) -> Read:
        return Read("Pod", self.service.metadata.namespace, part=Portion.METADATA)

    @cached_property
    def neighbors(self) -> tuple[Obj, ...]:
        """The metadata of all pods of the namespace."""
        return self.snapshot.find(self._neighbors, Obj)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """The events of the Service, oldest first."""
        meta = self.service.metadata
        return in_order(self.snapshot.find(events_of(meta.namespace, "Service", meta.name), Event))

    def pod_events(self, pod: Pod) -> tuple[Event, ...] | Gap:
        """The events of this incarnation of a pod, oldest first; the gap where they could not be read.

        After a simulated change they are not asked for: they decide nothing, and nobody sees them.
        """
        if self.simulated:
            return ()
        read = events_of(pod.metadata.namespace, "Pod", pod.metadata.name)
        try:
            found = self.snapshot.find(read, Event)
        except Unavailable as unavailable:
            return unavailable.gap
        return in_order(event for event in found if event.involved_object.uid in ("", pod.metadata.uid))

    def optional(self, part: Callable[[], T]) -> T | None:
        """Return a part, None where it could not be read; what was never read is still asked for."""
        try:
            return part()
        except Unavailable:
            return None

    def verdict_of(self, facts: PortFacts) -> Verdict:
        """Judge one port from facts; those of an ExternalName carry nothing, so that nothing fails there."""
        if self.service.spec.type == "ExternalName":
            return Verdict.HEALTHY
        if self.blind is not None:
            return Verdict.UNKNOWN
        if facts.flow is None:
            return self._without_endpoints
        return self._flowing(facts) if facts.flow is Verdict.HEALTHY else facts.flow

    def _flowing(self, facts: PortFacts) -> Verdict:
        """Judge a port whose endpoints get all the traffic that they should."""
        if self.snapshot.unreadable("Pod", self.service.metadata.namespace):
            return Verdict.UNKNOWN
        # What is being deleted is about to stop.
        ending = self.service.metadata.deletion_timestamp is not None
        if ending or self.stale(facts):
            return Verdict.DEGRADED
        return self._without_servers if self._of_errands else Verdict.HEALTHY

    def suffering(self, facts: PortFacts) -> tuple[Cell, ...]:
        """Return the cells that make a port's verdict worse than healthy; none where it has no cell."""
        return facts.troubled or self.stale(facts) or facts.usable or facts.cells

    def stale(self, facts: PortFacts) -> tuple[Cell, ...]:
        """Return the endpoints that get traffic otherwise than the controller should have written by now."""
        return tuple(cell for cell in facts.sent if cell.place in self._late) if facts.sent else ()

    @cached_property
    def _late(self) -> frozenset[Place]:
        late = (entry.place for entry in self.drift if entry.kind in _LATE and entry.field in drift.TRAFFIC)
        return frozenset(cell.place for cell in self.touched(late))

    def touched(self, places: Iterable[Place]) -> tuple[Cell, ...]:
        """Return the cells at some places, which may be wider than a cell."""
        return tuple(cell for place in places for cell in self._cells_of(place) if cell.place.within(place))

    def _cells_of(self, place: Place) -> Iterable[Cell]:
        return self._by_endpoint.get(place.endpoint, ()) if place.endpoint else self.cells

    @cached_property
    def _by_endpoint(self) -> dict[EndpointId | None, list[Cell]]:
        found: dict[EndpointId | None, list[Cell]] = {}
        for cell in self.cells:
            found.setdefault(cell.place.endpoint, []).append(cell)
        return found

    @cached_property
    def blind(self) -> Gap | None:
        """The gap that leaves every port unknown: the slices, or the pods of a Service that selects."""
        for part in (lambda: self.slices, lambda: self.pods):
            try:
                part()
            except Unavailable as unavailable:
                return unavailable.gap
        return next(iter(self.snapshot.unreadable("EndpointSlice", self.service.metadata.namespace)), None)

    @cached_property
    def making(self) -> tuple[Maker, ...]:
        """The workloads whose pods the selector would select."""
        return self.workloads.making(selector.selector(self.service.spec.selector))

    @property
    def unwanted(self) -> bool:
        """Whether every workload behind the Service, of the kinds that could be read, wants no pod."""
        return bool(self.making) and all(workloads.wanted(maker) == 0 for maker in self.making)

    @property
    def waiting(self) -> tuple[Workload | Job, ...]:
        """The workloads behind the Service that want pods."""
        makers = (maker for maker in self.making if isinstance(maker, (Workload, Job)))
        return tuple(maker for maker in makers if workloads.wanted(maker))

    @cached_property
    def prospects(self) -> tuple[Pod, ...]:
        """The pods that the workloads behind the Service would have, as far as their templates are known."""
        return prospects.prospects(self.making)

    def refused(self, workload: Workload | Job) -> Refused | Gap | None:
        """Why the pods of a workload cannot be created, as far as it is told.

        After a simulated change no events are asked for.
        """
        return creation.refused(self.snapshot, workload, events=not self.simulated)

    def is_coming(self, workload: Workload | Job) -> bool:
        """Whether a workload without a pod is so new that nothing is wrong yet."""
        if rollouts.is_stuck(workload) or not workloads.is_young(workload, self.now):
            return False
        return not isinstance(self.refused(workload), Refused)

    @cached_property
    def idle(self) -> bool:
        """Whether nobody should serve: no selected pod stays, and every workload behind it wants none.

        Raises:
            Unavailable: who should serve could not be read.
        """
        if self.blind is not None:
            raise Unavailable(self.blind)
        if not endpoints.managed(self.service) or any(facts.expected for facts in self.ports):
            return False
        if self.judged.lacking and not self.judged.ports:
            return False
        return self.unwanted

    @cached_property
    def _of_errands(self) -> bool:
        """Whether all pods that should get traffic do some work and end."""
        pods = [cell.pod for facts in self.ports for cell in facts.expected]
        return bool(pods) and all(pod is not None and errands.is_errand(pod) for pod in pods)

    @cached_property
    def absent(self) -> tuple[Workload, ...]:
        """The workloads that are meant where all pods that should get traffic do work and end; else none.

        Only where there is no other pod the workloads are asked for.
        """
        if not self._of_errands:
            return ()
        return tuple(maker for maker in self.making if isinstance(maker, Workload))

    @property
    def _without_servers(self) -> Verdict:
        """Those who get traffic are about to end: that is well unless others are meant."""
        if self.waiting and all(map(self.is_coming, self.waiting)):
            return Verdict.PROGRESSING
        if self.absent:
            return Verdict.DEGRADED
        return Verdict.UNKNOWN if self.workloads.gaps else Verdict.HEALTHY

    @cached_property
    def _without_endpoints(self) -> Verdict:
        """Nobody serves, and no pod that stays should: idle, or pods are missing."""
        if not endpoints.managed(self.service):
            return Verdict.BROKEN
        if self.waiting:
            hopeful = map(self.is_coming, self.waiting)
            return Verdict.PROGRESSING if all(hopeful) else Verdict.BROKEN
        if self.workloads.gaps or any(workloads.wanted(maker) is None for maker in self.making):
            return Verdict.UNKNOWN
        return Verdict.IDLE if self.idle else Verdict.BROKEN

    @cached_property
    def verdicts(self) -> dict[str | None, Verdict]:
        """The verdict of each judged port by its key; a port that the Service does not have leads nowhere."""
        if self.judged.lacking and not self.judged.ports:
            return {self.asked: Verdict.BROKEN}
        return {facts.key: self.verdict_of(facts) for facts in self.ports}

    @cached_property
    def verdict(self) -> Verdict:
        """The verdict of the Service; of an ExternalName, an alias, nothing more can be known from here."""
        if self.service.spec.type == "ExternalName":
            return Verdict.HEALTHY
        return worst(self.verdicts.values())

    def effect(self, places: Iterable[Place]) -> Effect:
        """Return what a finding about these places does to traffic: what their ports suffer, at worst.

        Endpoints that all get their traffic, as they should, suffer nothing.
        """
        used = {cell.place for facts in self.ports for cell in facts.usable}
        late = {cell.place for facts in self.ports for cell in self.stale(facts)}
        if used.issuperset(places) and not late.intersection(places):
            return Effect.ADVICE
        keys = {place.port for place in places}
        verdicts = [verdict for key, verdict in self.verdicts.items() if None in keys or key in keys]
        return _EFFECTS[worst(verdicts)]

    @property
    def namespace_pods(self) -> int:
        """How many pods the namespace has."""
        return len(self.neighbors)


_LATE = frozenset(drift.DriftKind) - {
    drift.DriftKind.FOREIGN,
    drift.DriftKind.DUPLICATE,
    drift.DriftKind.LAST_SYNC,
}
"""The kinds that the controller mends once it catches up, and that a client may feel until then."""

_EFFECTS = {
    Verdict.HEALTHY: Effect.ADVICE,
    Verdict.IDLE: Effect.IDLE,
    Verdict.PROGRESSING: Effect.PROGRESSING,
    Verdict.DEGRADED: Effect.DEGRADED,
    Verdict.BROKEN: Effect.BROKEN,
    # What cannot be judged may be as bad as it gets; the verdict itself stays unknown.
    Verdict.UNKNOWN: Effect.BROKEN,
}


def _holding(snapshot: Snapshot, read: Read) -> Read:
    """Return the widest read that brought an answer: it would be forgotten with it, and be made once more."""
    wider = [made for made in snapshot.covered if made.contains(read)]
    return next((made for made in wider if all(made.contains(other) for other in wider)), read)


def events_of(namespace: str, kind: str, name: str) -> Read:
    """Return the read of one object's events, whatever uid they carry (kube-proxy writes another)."""
    fields = selector.selector({"involvedObject.kind": kind, "involvedObject.name": name})
    return Read("Event", namespace, fields=fields)


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """Sort events by when they were last seen."""
    return tuple(sorted(events, key=lambda event: (str(event.last_seen or ""), event.metadata.name)))
