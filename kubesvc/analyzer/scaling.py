"""Who decides how many pods a workload has, and how it comes to have more: by hand, or by its autoscaler."""

from typing import Final

from kubesvc.analyzer import commands, wording
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.change import Change, Op
from kubesvc.model.objects import HorizontalPodAutoscaler, Ref
from kubesvc.model.read import Read
from kubesvc.model.report import Confidence, Fix, Row
from kubesvc.semantics import readiness

NOT_SIMULATED: Final = "Not simulated: whether the new pod becomes ready is not known before it runs."
_SCALED: Final = ("Deployment", "StatefulSet", "ReplicaSet")


def scaler_of(view: ServiceView, of: Ref) -> HorizontalPodAutoscaler | None:
    """Return the autoscaler of a workload; nobody sees it after a simulated change."""
    if view.simulated or of.kind not in _SCALED:
        return None
    read = Read(HorizontalPodAutoscaler.__name__, of.namespace)
    found = view.optional(lambda: view.snapshot.find(read, HorizontalPodAutoscaler)) or ()
    targets = ((entry, entry.spec.scale_target_ref) for entry in found)
    return next((entry for entry, to in targets if (to.kind, to.name) == (of.kind, of.name)), None)


def row(scaler: HorizontalPodAutoscaler) -> Row:
    """Say within which bounds an autoscaler scales, who made it, and whether it does anything."""
    return Row("scaled by", _bounds(scaler), "HorizontalPodAutoscaler")


def _bounds(scaler: HorizontalPodAutoscaler) -> str:
    spec, active = scaler.spec, readiness.condition(scaler.status.conditions, "ScalingActive")
    span = f"{scaler.ref}, {spec.min_replicas} to {wording.count(spec.max_replicas, 'pod')}"
    if by := scaler.owner:
        return f"{by.kind}/{by.name}, which made {span}"
    if active and active.reason == "ScalingDisabled":
        return f"{span}: it does nothing while 0 are asked for ({active.reason})"
    return span


def by_hand(of: Ref, least: int, scaler: HorizontalPodAutoscaler | None, *, name: str = "") -> Fix:
    """Return the `kubectl scale` to so many pods at least; `name` is what the title calls the workload.

    An autoscaler that is there does nothing while 0 are asked for, and goes on from what it is given.
    """
    number = max(least, scaler.spec.min_replicas) if scaler else least
    again: tuple[str, ...] = ()
    if scaler and scaler.owner:
        again = (f"{scaler.owner.kind}/{scaler.owner.name} scales it down again while nothing asks for it.",)
    elif scaler and scaler.spec.min_replicas < least:
        fewer = "no pod" if least == 1 else "fewer"
        again = (f"{scaler.ref} scales it down again while its metrics ask for {fewer}.",)
    return Fix(
        title=f"scale {f'{name} ' if name else ''}up to {wording.count(number, 'pod')}",
        certainty=Confidence.LIKELY,
        change=Change(of, (Op(("spec", "replicas"), number),)),
        command=commands.scale(of.kind, of.name, number),
        notes=(*again, NOT_SIMULATED),
    )


def by_minimum(scaler: HorizontalPodAutoscaler, least: int) -> Fix:
    """Return the change by which an autoscaler keeps so many pods: what is scaled by hand it takes back.

    Its maximum must not be less than its minimum (pkg/apis/autoscaling/validation).
    """
    most = scaler.spec.max_replicas
    fields = ("minReplicas", "maxReplicas") if most < least else ("minReplicas",)
    raised = (f"Its maximum, {most} so far, is raised along with it.",) if most < least else ()
    change = Change(scaler.ref, tuple(Op(("spec", field), least) for field in fields))
    return Fix(
        title=f"raise the minimum of {scaler.ref} to {wording.count(least, 'pod')}",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
        notes=(*raised, NOT_SIMULATED),
    )
