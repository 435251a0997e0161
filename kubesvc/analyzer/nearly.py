"""Services that nearly select a pod, or the pods of a workload, and what would make the nearest do it."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

from msgspec.structs import replace

from kubesvc.analyzer import candidates, commands, reasons, wording
from kubesvc.analyzer.candidates import Candidate
from kubesvc.model import selector
from kubesvc.model.cell import StepKind
from kubesvc.model.objects import Obj, Service
from kubesvc.model.read import Portion, Read, Unavailable
from kubesvc.model.report import Confidence, Fix, Membership, Reason, Relation
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import endpoints
from kubesvc.semantics.admission import ALIAS

Offer = Callable[[Service, Fix], Fix | None]
"""Completes a fix of a Service with what would come of it; None where it is not to be offered."""

_NEAREST: Final = 3


def near(
    snapshot: Snapshot, pods: tuple[Obj, ...], services: Iterable[Service], offer: Offer, *, alone: bool
) -> Iterator[Membership]:
    """Yield the Services that nearly select one of some pods, of which only labels matter, nearest first.

    With `alone` none does select it: then the nearest has a fix, unless it selects other pods. It is theirs
    then, and to change its selector would take it from them.
    """
    services = tuple(services)
    yield from (_alias(service) for service in services if _is_alias_for(pods, service))
    found = [pair for service in services for pair in _candidates(snapshot, pods, service)]
    found.sort(key=lambda pair: candidates.nearness(*pair))
    for at, (service, candidate) in enumerate(found[:_NEAREST]):
        others = _selected_by(snapshot, service)
        told = reasons.labels(service.spec.selector, candidate.pods[0].metadata.labels)
        member = _nearly(service, Reason(StepKind.LABELS, told))
        if others is None:
            yield replace(member, notes=("Which pods it selects could not be read.",))
        elif others:
            yield replace(member, notes=(f"It selects {wording.count(others, 'other pod')}.",))
        else:
            yield replace(member, fix=offer(service, _fix(service, candidate)) if alone and not at else None)


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


def _selected_by(snapshot: Snapshot, service: Service) -> int | None:
    """Count the pods that a Service selects; None where they could not be read."""
    wanted = selector.selector(service.spec.selector)
    try:
        everyone = snapshot.find(Read("Pod", service.metadata.namespace, part=Portion.METADATA), Obj)
    except Unavailable:
        return None
    return sum(selector.matches(wanted, pod.metadata.labels) for pod in everyone)


def _fix(service: Service, candidate: Candidate) -> Fix:
    change = candidate.change(service)
    return Fix(
        title=f"select {candidate.requirements} in {service.ref}",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
    )
