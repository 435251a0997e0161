"""A Service that asks for one pod of a StatefulSet by its number, and has none.

Pods are made in order: for one of them there have to be all before it. Where nothing but this Service asks
for so many, its number is more likely wrong than the number of replicas.
"""

from collections.abc import Iterator

from msgspec import Struct

from kubesvc.analyzer import commands, scaling, taken, wording, workloads
from kubesvc.analyzer.view import ServiceView
from kubesvc.analyzer.workloads import Numbered
from kubesvc.model import selector
from kubesvc.model.change import Change, Op
from kubesvc.model.objects import HorizontalPodAutoscaler, Ref, Service
from kubesvc.model.report import Confidence, Fix, Row


class Ordinal(Struct, frozen=True):
    """The pod that is asked for, and what there is instead.

    `lacking`: the workload can have it, with more replicas, and something speaks for so many. Where nothing
    does `nearest` is the number next to it, which is among those that are wanted, and `holders` are the
    Services that ask for that one; None if none is wanted. Else it is its controller's matter.
    """

    pod: Numbered
    scaler: HorizontalPodAutoscaler | None = None
    lacking: bool = False
    nearest: int | None = None
    holders: tuple[Ref, ...] = ()


def asked(view: ServiceView) -> Ordinal | None:
    """Return what a Service asks for by its number; None where it asks otherwise.

    Raises:
        Unread: who scales, or which Services ask for others, was never read.
    """
    pod = workloads.numbered(view.workloads.found, view.service.spec.selector)
    if pod is None:
        return None
    wanted, first = workloads.wanted(pod.of), pod.of.spec.ordinals.start
    if pod.possible and pod.replicas <= wanted:
        return Ordinal(pod)
    scaler = scaling.scaler_of(view, pod.of.ref)
    if pod.possible and (pod.replicas == wanted + 1 or (scaler and pod.replicas <= scaler.spec.max_replicas)):
        return Ordinal(pod, scaler, lacking=True)
    others = _others(view, pod)
    if pod.possible and all(number in others for number in range(first + wanted, pod.number)):
        return Ordinal(pod, scaler, lacking=True)
    if not wanted:
        return Ordinal(pod, scaler)
    nearest = min(max(pod.number, first), first + wanted - 1)
    return Ordinal(pod, scaler, nearest=nearest, holders=tuple(others.get(nearest, ())))


def _others(view: ServiceView, pod: Numbered) -> dict[int, list[Ref]]:
    """Return the Services that ask for pods of this StatefulSet, by number; none where they are not known."""
    services = view.optional(lambda: view.snapshot.find(taken.services_of(view), Service)) or ()
    found: dict[int, list[Ref]] = {}
    for service in services:
        other = workloads.numbered([pod.of], service.spec.selector)
        if other and other.possible:
            found.setdefault(other.number, []).append(service.ref)
    return found


def rows(ordinal: Ordinal) -> Iterator[Row]:
    """Say which pod is asked for, whether there can be such a one, who scales, and which is next to it."""
    pod, of = ordinal.pod, ordinal.pod.of
    yield Row("selects", _selects(pod), "spec.replicas")
    if ordinal.scaler:
        yield scaling.row(ordinal.scaler)
    if ordinal.nearest is not None:
        labels = selector.show(pod.of_number(ordinal.nearest))
        verb = "asks" if len(ordinal.holders) == 1 else "ask"
        held = (
            f"; {wording.names(map(str, ordinal.holders))} {verb} for it already" if ordinal.holders else ""
        )
        near = f"{labels}, differs in the number: {_which(ordinal)} {of.ref} wants{held}"
        yield Row("nearest", near, "spec.replicas")


def _selects(pod: Numbered) -> str:
    of, wanted = pod.of.ref, workloads.wanted(pod.of)
    if pod.possible and pod.replicas <= wanted:
        return f"one pod of {of}, which wants {wording.count(wanted, 'pod')}"
    name = pod.labels.get(workloads.POD_NAME) or selector.show(pod.labels)
    if pod.possible:
        return f"{name}, which {of} has from {wording.count(pod.replicas, 'replica')} on; it wants {wanted}"
    return f"{name}, which {of} never has: its first pod is {of.name}-{pod.of.spec.ordinals.start}"


def _which(ordinal: Ordinal) -> str:
    wanted = workloads.wanted(ordinal.pod.of)
    return "the only one that" if wanted == 1 else f"one of the {wanted} that"


def fixes(service: Service, ordinal: Ordinal) -> Iterator[Fix]:
    """Yield so many replicas that the pod is one of them, or else the number next to it that nobody has."""
    pod, of = ordinal.pod, ordinal.pod.of
    if ordinal.lacking:
        if ordinal.scaler and workloads.wanted(of):
            yield scaling.by_minimum(ordinal.scaler, pod.replicas)
        else:
            yield scaling.by_hand(of.ref, pod.replicas, ordinal.scaler, name=str(of.ref))
    elif ordinal.nearest is not None and not ordinal.holders:
        labels = pod.of_number(ordinal.nearest)
        change = Change(service.ref, tuple(Op(("spec", "selector", k), v) for k, v in sorted(labels.items())))
        unsure = workloads.wanted(of) > 1 and ordinal.nearest != pod.number
        yield Fix(
            title=f"select {selector.show(labels)}",
            certainty=Confidence.LIKELY,
            change=change,
            command=commands.patch(change),
            notes=("Which number is meant is not known.",) if unsure else (),
        )
