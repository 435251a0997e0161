"""Which near misses of a Service's selector are shown and offered, in few reads, and what is said of them."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from msgspec import Struct

from kubesvc.analyzer import candidates, ordinals, selecting, taken, wording, workloads
from kubesvc.analyzer.candidates import Candidate
from kubesvc.analyzer.narrowing import narrowed
from kubesvc.analyzer.ordinals import Ordinal
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import Obj, Pod, Ref
from kubesvc.model.read import Read
from kubesvc.model.report import Fix, Row
from kubesvc.model.selector import Selector
from kubesvc.semantics import readiness, reads
from kubesvc.semantics.simulate import changed

_SHOWN: Final = 3
_SMALL: Final = 200
"""Pods of a namespace up to which one list of them costs less than a list for each candidate."""


class Choice(Struct, frozen=True):
    """The near misses, nearest first; those of them whose change is offered, or else pods without labels.

    `called` are those of them that are called like what the Service asks for: labels are offered for them.
    `numbered` is the pod of a StatefulSet that is asked for by its number: then nothing else is near.
    """

    near: tuple[Candidate, ...] = ()
    offered: tuple[Candidate, ...] = ()
    unlabeled: tuple[Obj, ...] = ()
    called: tuple[Obj, ...] = ()
    numbered: Ordinal | None = None

    @property
    def offers(self) -> bool:
        """Whether any change is offered."""
        return bool(self.offered or self.called)


def choose(view: ServiceView) -> Choice:
    """Look for near misses among the pods and workloads of the Service's namespace.

    In a small namespace all pods are read whole, at once, where several changes are likely: who is ready
    comes first. In a large one that would cost more than it tells: only one change is tried.

    Raises:
        Unread: what decides was never read.
    """
    pods = view.optional(lambda: view.neighbors)
    if numbered := ordinals.asked(view):
        return Choice(numbered=numbered)
    if pods is None:
        return Choice()
    near = candidates.near_misses(view.snapshot, view.service, pods, view.workloads.found)
    small = len(pods) <= _SMALL
    most = _SHOWN if small else 1
    everything = Read("Pod", view.service.metadata.namespace)
    if any(one.likely for one in near):
        several = small and _are_several(near)
        view.snapshot.want([taken.services_of(view), *([everything] if several else [])])
        near = taken.told_apart(view, near, pods)
    if small:
        near = candidates.with_variants(view.service, near)
    if small and _are_several(near):
        view.snapshot.want([everything])
        near = tuple(sorted(near, key=lambda one: candidates.rank(view.service, one, _ready(one.pods))))
    offered = tuple(_distinct(view, near))[:most]
    if offered:
        return Choice(near[:_SHOWN], offered)
    unlabeled = tuple(candidates.unlabeled(pods))
    called = tuple(candidates.called(view.service, unlabeled))[:most]
    if len(called) > 1:
        view.snapshot.want([everything])
    return Choice(near[:_SHOWN], (), unlabeled, called)


def _are_several(near: Iterable[Candidate]) -> bool:
    return len({one.selector for one in near if one.likely}) > 1


def _distinct(view: ServiceView, near: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield the likely changes, each with its first owner; where many are equally near, none of them is.

    Other parts that bear the name count along: where everything bears it, it tells nothing. Beside a slip
    nothing is meant that is more than one.
    """
    first: dict[Selector, Candidate] = {}
    for one in near:
        first.setdefault(one.selector, one)
    parts = sum(one.is_part for one in first.values() if not one.likely)
    likely = (one for one in first.values() if one.likely)
    slipped = False
    for _, equal in groupby(likely, key=lambda one: candidates.nearness(view.service, one)):
        several = [one for one in equal if one.is_slip or not slipped]
        yield from several if len(several) == 1 or len(several) + parts <= _SHOWN else ()
        slipped = slipped or any(one.is_slip for one in several)


def _ready(pods: Iterable[Obj]) -> int:
    return sum(isinstance(pod, Pod) and readiness.is_ready(pod) for pod in pods)


def rows(view: ServiceView, choice: Choice) -> Iterator[Row]:
    """Yield what is near, and what is there instead."""
    simulated = {one.selector for one in choice.offered}
    for position, one in enumerate(choice.near):
        pods = _pods(view, one, whole=one.selector in simulated)
        value = f"{one.requirements}, differs in {one.kinds}: {pods}{_another(one)}{_taken(one)}"
        yield Row("nearest" if position == 0 else "", value, "metadata.labels")
    yield from _unwritten(choice.near)
    if choice.numbered:
        yield from ordinals.rows(choice.numbered)
    if choice.unlabeled:
        names = wording.names(pod.metadata.name for pod in choice.unlabeled)
        verb = "carries" if len(choice.unlabeled) == 1 else "carry"
        yield Row("unlabeled", f"{names} {verb} no label that a selector could name", "metadata.labels")


def _another(candidate: Candidate) -> str:
    """Say why pods are not offered: what they are another of, or declare."""
    if candidate.likely:
        return ""
    part = f"{candidate.part} names another part" if candidate.part else ""
    another = (f"another {key}" for key in candidate.distinctions)
    return "".join(f"; {why}" for why in (part, *another, candidate.misfit) if why)


def _taken(candidate: Candidate) -> str:
    if not candidate.taken:
        return ""
    verb = "selects" if len(candidate.taken) == 1 else "select"
    return f"; {wording.names(map(str, candidate.taken))} {verb} these pods already"


def _unwritten(near: Iterable[Candidate]) -> Iterator[Row]:
    """Say which labels of running pods are not in the template of what makes them, once for each workload."""
    keys: dict[Ref, set[str]] = {}
    for one in near:
        if one.unwritten:
            keys.setdefault(one.owner, set()).update(one.unwritten)
    for owner, those in sorted(keys.items()):
        missing = f"{wording.names(sorted(those))} {'is' if len(those) == 1 else 'are'} not in the template"
        value = f"{missing} of {owner}: set on running pods by something else"
        yield Row("labels", value, "spec.template.metadata.labels")


def _pods(view: ServiceView, candidate: Candidate, *, whole: bool) -> str:
    """Count a candidate's pods, and say how many of them are ready where that is known."""
    workload = view.workloads.get(candidate.owner)
    if workload and not candidate.pods:
        return f"{candidate.owner} has no pods, and wants {workloads.wanted(workload)}"
    total = len(candidate.pods)
    ready = view.optional(lambda: _ready_of(view, candidate)) if whole else None
    if ready is None or ready == total:
        return f"{wording.count(total, 'pod' if ready is None else 'ready pod')} of {candidate.owner}"
    return f"{wording.count(total, 'pod')}, {ready} ready, of {candidate.owner}"


def _ready_of(view: ServiceView, candidate: Candidate) -> int:
    """Count a candidate's ready pods; raises as `Snapshot.find`."""
    read = reads.pods_of(changed(view.service, candidate.change(view.service)))
    members = {pod.metadata.name for pod in candidate.pods}
    return _ready(pod for pod in view.snapshot.find(read, Pod) if pod.metadata.name in members)


def fixes(view: ServiceView, choice: Choice) -> Iterator[Fix]:
    """Yield the changes: of the selector, of the template of the nearest, of pods without labels."""
    for position, near in enumerate(choice.offered):
        one = narrowed(view, near)
        change = list(selecting.select(view.service, one, view.workloads))
        labels = list(selecting.label_template(one, view.workloads)) if position == 0 else []
        yield from (*labels, *change) if selecting.labels_first(one) else (*change, *labels)
    yield from selecting.label_pods(view.service, choice.called)
    if choice.numbered:
        yield from ordinals.fixes(view.service, choice.numbered)
