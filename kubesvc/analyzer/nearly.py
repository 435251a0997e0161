"""Services that nearly select a pod, or the pods of a workload, and what would make the nearest do it."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from kubesvc.analyzer import candidates, commands, departed, reasons, selecting, wording, workloads
from kubesvc.analyzer.candidates import Candidate
from kubesvc.analyzer.workloads import Workloads
from kubesvc.model import derived, selector
from kubesvc.model.cell import StepKind
from kubesvc.model.objects import EndpointSlice, Obj, Pod, Service, Workload
from kubesvc.model.read import Portion, Read, Unavailable
from kubesvc.model.report import Confidence, Fix, Membership, Reason, Relation
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import endpoints, reads
from kubesvc.semantics.admission import ALIAS

Offer = Callable[[Service, Fix], Fix | None]
"""Completes a fix of a Service with what would come of it; None where it is not to be offered."""

_NEAREST: Final = 3


class Made(Struct, frozen=True):
    """A workload and the pods that it has."""

    by: Workload
    pods: tuple[Pod, ...]


def near(  # noqa: PLR0913 - what is near, and what may be offered
    snapshot: Snapshot,
    pods: tuple[Obj, ...],
    services: Iterable[Service],
    offer: Offer,
    *,
    alone: bool,
    made: Made | None = None,
) -> Iterator[Membership]:
    """Yield the Services that nearly select one of some pods, of which only labels matter, nearest first.

    With `alone` none does select it: then the nearest has a fix, unless it selects other pods. It is theirs
    then, and to change its selector would take it from them. Where the pods are `made` by a workload, its
    template may rather be what is to be changed.
    """
    services = tuple(services)
    yield from (_alias(service) for service in services if _is_alias_for(pods, service))
    found = [pair for service in services for pair in _candidates(snapshot, pods, service)]
    found.sort(key=lambda pair: candidates.nearness(*pair))
    for at, (service, candidate) in enumerate(found[:_NEAREST]):
        told = reasons.labels(service.spec.selector, candidate.pods[0].metadata.labels)
        fix = _fix(snapshot, service, candidate, made) if alone and not at else None
        yield _missing(service, told, _everyone(snapshot, service), fix, offer)


def called(
    snapshot: Snapshot, pod: Pod, services: Iterable[Service], offer: Offer, *, alone: bool
) -> Iterator[Membership]:
    """Yield the Services that ask for what a pod without labels is called like; nobody makes that pod.

    With `alone` the first has a fix: the labels, unless the Service selects or nearly selects other pods.
    """
    bare = candidates.unlabeled([pod])
    found = [one for one in services if endpoints.managed(one) and candidates.called(one, bare)]
    for at, service in enumerate(found[:_NEAREST]):
        told = f"{reasons.labels(service.spec.selector, pod.metadata.labels)}; but it is called like that"
        everyone = _everyone(snapshot, service)
        first = alone and not at and not _is_for_others(snapshot, service, everyone or ())
        fix = next(selecting.label_pods(service, [pod])) if first else None
        yield _missing(service, told, everyone, fix, offer)


def by_number(workload: Workload, pods: Iterable[Pod], services: Iterable[Service]) -> Iterator[Membership]:
    """Yield the Services that ask for one pod of a StatefulSet by its number, and for none that there is.

    What would help, more replicas or another number, is told of the Service itself.
    """
    there = [pod.metadata.labels.items() for pod in pods]
    for service in services:
        asked = workloads.numbered([workload], service.spec.selector) if endpoints.managed(service) else None
        if asked and not any(asked.labels.items() <= labels for labels in there):
            wants = wording.count(workloads.wanted(workload), "pod")
            told = f"it asks for one pod of {workload.ref} by its number, {asked.number}, which is not there"
            member = _nearly(service, Reason(StepKind.LABELS, f"{told}; {wants} are wanted"))
            yield replace(member, notes=(f"kubesvc explain {service.metadata.name} tells more.",))


def without_selector(
    snapshot: Snapshot, obj: Pod | Workload, services: Iterable[Service], offer: Offer, *, alone: bool
) -> Iterator[Membership]:
    """Yield the Services without a selector that were meant to have one that selects what is asked about.

    It is the one that kubectl apply wrote last, or else that of the workload they are called like. None for
    which somebody writes endpoints is among them. With `alone` the first has a fix.
    """
    found = [(one, *meant) for one in services if (meant := _meant(snapshot, obj, one))]
    for at, (service, labels, why) in enumerate(found[:_NEAREST]):
        title = f"select {selector.show(labels)} in {service.ref}"
        fix = selecting.give_selector(service, labels, title) if alone and not at else None
        told = Reason(StepKind.LABELS, f"it has no selector, and nobody writes endpoints for it; {why}")
        member = _nearly(service, told)
        yield replace(member, fix=offer(service, fix) if fix else None)


def _meant(snapshot: Snapshot, obj: Pod | Workload, service: Service) -> tuple[dict[str, str], str] | None:
    """Return the selector that a Service without one was probably to have for an object, and why it was."""
    if service.spec.type == ALIAS or service.spec.selector or _is_written(snapshot, service):
        return None
    applied = derived.applied_selector(service)
    if applied:
        carried = obj.metadata.labels if isinstance(obj, Pod) else obj.spec.template.metadata.labels
        fits = selector.matches(selector.selector(applied), carried)
        return (applied, f"kubectl apply wrote {selector.show(applied)} last") if fits else None
    if isinstance(obj, Pod) or obj.metadata.name != service.metadata.name:
        return None
    labels = obj.spec.selector.match_labels
    return (labels, f"it is called like {obj.ref}") if labels else None


def _is_written(snapshot: Snapshot, service: Service) -> bool:
    """Tell whether somebody else than Kubernetes' controllers may write endpoints of a Service."""
    try:
        slices = snapshot.find(reads.slices_of(service), EndpointSlice)
    except Unavailable:
        return True
    return len(departed.written(service, slices, None)) < len(slices)


def _is_for_others(snapshot: Snapshot, service: Service, everyone: Iterable[Obj]) -> bool:
    return any(one.likely for one in candidates.near_misses(snapshot, service, everyone))


def _missing(
    service: Service, told: str, everyone: tuple[Obj, ...] | None, fix: Fix | None, offer: Offer
) -> Membership:
    """Tell of a Service that misses a pod; of one that selects others no change is offered."""
    member = _nearly(service, Reason(StepKind.LABELS, told))
    if everyone is None:
        return replace(member, notes=("Which pods it selects could not be read.",))
    wanted = selector.selector(service.spec.selector)
    others = sum(selector.matches(wanted, pod.metadata.labels) for pod in everyone)
    if others:
        return replace(member, notes=(f"It selects {wording.count(others, 'other pod')}.",))
    return replace(member, fix=offer(service, fix) if fix else None)


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


def _fix(snapshot: Snapshot, service: Service, candidate: Candidate, made: Made | None) -> Fix:
    labels = _labels(snapshot, service, candidate, made) if made else None
    return labels or _selecting(service, candidate)


def _labels(snapshot: Snapshot, service: Service, candidate: Candidate, made: Made) -> Fix | None:
    """Return the labels that the template of a workload lacks, where it rather than the Service is wrong."""
    closer = candidates.near_misses(snapshot, service, candidate.pods, (made.by,))
    return next(
        (
            fix
            for one in closer[:1]
            if one.likely and selecting.labels_first(one)
            for fix in selecting.label_template(replace(one, pods=made.pods), Workloads((made.by,), ()))
        ),
        None,
    )


def _selecting(service: Service, candidate: Candidate) -> Fix:
    change = candidate.change(service)
    return Fix(
        title=f"select {candidate.requirements} in {service.ref}",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
    )
