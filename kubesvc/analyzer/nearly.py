"""Services that nearly select a pod, or the pods of a workload, and what would make the nearest do it."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

from msgspec.structs import replace

from kubesvc.analyzer import candidates, departed, reasons, wording, workloads
from kubesvc.analyzer.candidates import Candidate
from kubesvc.model import derived, selector
from kubesvc.model.cell import StepKind
from kubesvc.model.objects import EndpointSlice, Obj, Pod, Service, Workload
from kubesvc.model.read import Portion, Read, Unavailable
from kubesvc.model.report import Fix, Membership, Reason, Relation
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import endpoints, reads
from kubesvc.semantics.admission import ALIAS

Advise = Callable[[Service], Fix | None]
"""Returns what is offered where a Service is explained and would make it select what is asked about."""

_NEAREST: Final = 3


def near(
    snapshot: Snapshot, pods: tuple[Obj, ...], services: Iterable[Service], advise: Advise, *, alone: bool
) -> Iterator[Membership]:
    """Yield the Services that nearly select one of some pods, of which only labels matter, nearest first.

    With `alone` none does select it: then the nearest may have a fix, unless it selects other pods. It is
    theirs then, and to change its selector would take it from them.
    """
    services = tuple(services)
    yield from (_alias(service) for service in services if _is_alias_for(pods, service))
    found = [pair for service in services for pair in _candidates(snapshot, pods, service)]
    found.sort(key=lambda pair: candidates.nearness(*pair))
    for at, (service, candidate) in enumerate(found[:_NEAREST]):
        told = reasons.labels(service.spec.selector, candidate.pods[0].metadata.labels)
        yield _missing(snapshot, service, told, advise if alone and not at else None)


def called(
    snapshot: Snapshot, pod: Pod, services: Iterable[Service], advise: Advise, *, alone: bool
) -> Iterator[Membership]:
    """Yield the Services that ask for what a pod without labels is called like; nobody makes that pod.

    With `alone` the first may have a fix, as of `near`.
    """
    bare = candidates.unlabeled([pod])
    found = [one for one in services if endpoints.managed(one) and candidates.called(one, bare)]
    for at, service in enumerate(found[:_NEAREST]):
        told = f"{reasons.labels(service.spec.selector, pod.metadata.labels)}; but it is called like that"
        yield _missing(snapshot, service, told, advise if alone and not at else None)


def by_number(
    workload: Workload, pods: Iterable[Pod], services: Iterable[Service], advise: Advise, *, alone: bool
) -> Iterator[Membership]:
    """Yield the Services that ask for one pod of a StatefulSet by its number, and for none that there is.

    With `alone` the first may have a fix: more replicas, or another number.
    """
    found = False
    there = [pod.metadata.labels.items() for pod in pods]
    for service in services:
        asked = workloads.numbered([workload], service.spec.selector) if endpoints.managed(service) else None
        if asked and not any(asked.labels.items() <= labels for labels in there):
            wants = wording.count(workloads.wanted(workload), "pod")
            told = f"it asks for one pod of {workload.ref} by its number, {asked.number}, which is not there"
            member = _nearly(service, Reason(StepKind.LABELS, f"{told}; {wants} are wanted"))
            first, found = alone and not found, True
            yield _advised(member, service, advise) if first else replace(member, notes=(more(service),))


def without_selector(
    snapshot: Snapshot, obj: Pod | Workload, services: Iterable[Service], advise: Advise, *, alone: bool
) -> Iterator[Membership]:
    """Yield the Services without a selector that were meant to have one that selects what is asked about.

    It is the one that kubectl apply wrote last, or else that of the workload they are called like. None for
    which somebody writes endpoints is among them. With `alone` the first may have a fix.
    """
    found = [(one, why) for one in services if (why := _meant(snapshot, obj, one))]
    for at, (service, why) in enumerate(found[:_NEAREST]):
        told = Reason(StepKind.LABELS, f"it has no selector, and nobody writes endpoints for it; {why}")
        member = _nearly(service, told)
        yield _advised(member, service, advise) if alone and not at else member


def _meant(snapshot: Snapshot, obj: Pod | Workload, service: Service) -> str:
    """Say why a Service without a selector was probably to have one for an object; empty if it was not."""
    if service.spec.type == ALIAS or service.spec.selector or _is_written(snapshot, service):
        return ""
    applied = derived.applied_selector(service)
    if applied:
        carried = obj.metadata.labels if isinstance(obj, Pod) else obj.spec.template.metadata.labels
        fits = selector.matches(selector.selector(applied), carried)
        return f"kubectl apply wrote {selector.show(applied)} last" if fits else ""
    called = not isinstance(obj, Pod) and obj.metadata.name == service.metadata.name
    return f"it is called like {obj.ref}" if called else ""


def _is_written(snapshot: Snapshot, service: Service) -> bool:
    """Tell whether somebody else than Kubernetes' controllers may write endpoints of a Service."""
    try:
        slices = snapshot.find(reads.slices_of(service), EndpointSlice)
    except Unavailable:
        return True
    return len(departed.written(service, slices, None)) < len(slices)


def _missing(snapshot: Snapshot, service: Service, told: str, advise: Advise | None) -> Membership:
    """Tell of a Service that misses a pod; of one that selects others no change is offered."""
    member = _nearly(service, Reason(StepKind.LABELS, told))
    everyone = _everyone(snapshot, service)
    if everyone is None:
        return replace(member, notes=("Which pods it selects could not be read.",))
    wanted = selector.selector(service.spec.selector)
    others = sum(selector.matches(wanted, pod.metadata.labels) for pod in everyone)
    if others:
        return replace(member, notes=(f"It selects {wording.count(others, 'other pod')}.",))
    return _advised(member, service, advise) if advise else member


def _advised(member: Membership, service: Service, advise: Advise) -> Membership:
    """Add what would help; where nothing is known that would, say where there is more."""
    fix = advise(service)
    return replace(member, fix=fix) if fix else replace(member, notes=(*member.notes, more(service)))


def more(service: Service) -> str:
    """Say where the Service itself is explained."""
    return f"kubesvc explain {service.metadata.name} tells more."


def _everyone(snapshot: Snapshot, service: Service) -> tuple[Obj, ...] | None:
    """Return the metadata of the pods of a Service's namespace; None where it could not be read."""
    try:
        return snapshot.find(Read("Pod", service.metadata.namespace, part=Portion.METADATA), Obj)
    except Unavailable:
        return None


def _nearly(service: Service, reason: Reason) -> Membership:
    return Membership(
        service=service.ref,
        relation=Relation.NEARLY,
        verdict=None,
        selector=selector.show(service.spec.selector),
        pods=(),
        reasons=(reason,),
    )


def _is_alias_for(pods: Iterable[Obj], service: Service) -> bool:
    wanted = selector.selector(service.spec.selector)
    fits = any(selector.matches(wanted, pod.metadata.labels) for pod in pods)
    return bool(wanted) and service.spec.type == ALIAS and fits


def _alias(service: Service) -> Membership:
    return _nearly(
        service,
        Reason(StepKind.TYPE, "its selector fits, but the type is ExternalName: an alias has no endpoints"),
    )


def _candidates(
    snapshot: Snapshot, pods: tuple[Obj, ...], service: Service
) -> Iterator[tuple[Service, Candidate]]:
    """Yield how a Service would have to change, at most once; what is far-fetched is none."""
    if endpoints.managed(service):
        likely = (one for one in candidates.near_misses(snapshot, service, pods) if one.likely)
        yield from ((service, one) for one in islice(likely, 1))
