"""Near misses that another Service selects already: they need not be the pods that were meant."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from kubesvc.analyzer import candidates
from kubesvc.analyzer.candidates import Candidate
from kubesvc.analyzer.differences import Difference, Grounds
from kubesvc.analyzer.likeness import Likeness, is_within, likeness
from kubesvc.analyzer.misses import is_namesake
from kubesvc.analyzer.view import ServiceView
from kubesvc.model import selector
from kubesvc.model.objects import Obj, Service
from kubesvc.model.read import Read
from kubesvc.semantics import endpoints


def services_of(view: ServiceView) -> Read:
    """Return the read of the Services of the namespace."""
    return Read("Service", view.ref.namespace)


def told_apart(view: ServiceView, near: Iterable[Candidate], pods: Iterable[Obj]) -> tuple[Candidate, ...]:
    """Return candidates with the Services that have them already, nearest first; `pods` are all there are.

    Such a one stays likely only where it is sure whatever else selects it: a second Service for the same pods
    is usual. Where the Services cannot be read none has them.

    Raises:
        Unread: the Services were never read.
    """
    found = view.optional(lambda: view.snapshot.find(services_of(view), Service)) or ()
    others = [one for one in found if one.ref != view.ref and endpoints.managed(one)]
    everyone = tuple(pods)
    marked = (_marked(view, one, others, everyone) for one in near)
    return tuple(sorted(marked, key=lambda one: candidates.rank(view.service, one)))


def _marked(
    view: ServiceView, candidate: Candidate, others: Iterable[Service], everyone: tuple[Obj, ...]
) -> Candidate:
    if not candidate.likely:
        return candidate
    workload = view.workloads.get(candidate.owner)
    labels = [pod.metadata.labels for pod in candidate.pods]
    if workload and not labels:
        labels = [workload.spec.template.metadata.labels]
    by = tuple(other.ref for other in others if _has(other, candidate, labels, everyone))
    return replace(candidate, taken=by, likely=not by or _is_sure(view.service, candidate))


def _has(
    other: Service, candidate: Candidate, labels: Iterable[Mapping[str, str]], everyone: tuple[Obj, ...]
) -> bool:
    """Tell whether a Service is for what a candidate's change would select: that, and no others."""
    wanted = selector.selector(other.spec.selector)
    return all(selector.matches(wanted, carried) for carried in labels) and all(
        selector.matches(candidate.selector, pod.metadata.labels)
        for pod in everyone
        if selector.matches(wanted, pod.metadata.labels)
    )


def _is_sure(service: Service, candidate: Candidate) -> bool:
    """Tell whether they are meant, whoever else selects them: by the same words, or the Service's name."""
    return is_namesake(service, candidate.owner) or all(
        one.grounds is Grounds.SURE
        or (one.grounds is Grounds.ALIKE and _is_meant(service.metadata.name, one))
        for one in candidate.differences
    )


def _is_meant(name: str, difference: Difference) -> bool:
    """Tell whether a word alike is the same under another key, the Service's name, or a slip of its part."""
    value, found = difference.value, difference.new_value
    if min(likeness(value, found), likeness(name, found)) <= Likeness.LETTERS:
        return True
    part = is_within(name, found) and len(found) < len(name)
    return part and likeness(value, found) is Likeness.SLIP
