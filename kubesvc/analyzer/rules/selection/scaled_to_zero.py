"""KSV102: every workload behind the Service is scaled to zero, suspended, or between its runs."""

from collections.abc import Iterator

from kubesvc.analyzer import clients, commands, ordinals, scaling, wording
from kubesvc.analyzer.ordinals import Ordinal
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.analyzer.workloads import Foreign, Maker
from kubesvc.model import selector
from kubesvc.model.change import Change, Op
from kubesvc.model.objects import CronJob, DaemonSet, HorizontalPodAutoscaler, Job, Obj, Workload
from kubesvc.model.read import Portion, Read
from kubesvc.model.report import Command, Confidence, Finding, Fix, Row
from kubesvc.semantics import endpoints


@rule("KSV102", "workload-scaled-to-zero", since="0.1")
def scaled_to_zero(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a Service whose only workloads want no pod now.

    What it means
        The selector fits the pod template of a workload, but that workload is asked for no pod: it is scaled
        to zero, a Job or CronJob is suspended, a CronJob is between two runs, a DaemonSet fits no node. The
        Service has no endpoint because nobody wants it to have one: this is idle, not broken. Of the owner of
        ReplicaSets that is no Deployment, such as a Rollout, kubesvc knows the name only; whether it wants
        pods is then not known.

    How to confirm
        `kubectl get deployments,statefulsets,daemonsets,replicasets` shows 0 desired,
        `kubectl get jobs,cronjobs` what is suspended.

    How to fix
        Scale the workload up, or resume it. An autoscaler that scales to zero on purpose will do that by
        itself when asked. A HorizontalPodAutoscaler does not: it does nothing while 0 pods are asked for,
        unless its own minimum is 0. A Service for one pod of a StatefulSet by its number takes as many
        replicas as that pod needs.

    When this is fine
        The application is switched off on purpose, for the night, until its first request or its next run.
    """
    for maker in _makers(view):
        foreign = isinstance(maker, Foreign)
        scaler = scaling.scaler_of(view, maker.ref)
        ordinal = ordinals.asked(view)
        yield this.finding(
            view,
            f"{maker.ref} {_state(maker)}",
            [view.place],
            maker.ref,
            _rows(view, maker, scaler, ordinal),
            confirm=[_shown(maker)] if isinstance(maker, Foreign) else (),
            fixes=ordinals.fixes(view.service, ordinal) if ordinal else _fixes(maker, scaler),
            # A workload of a kind that could not be read may make such pods too, and want some.
            confidence=Confidence.LIKELY if view.workloads.gaps or foreign else None,
        )


def _makers(view: ServiceView) -> tuple[Maker, ...]:
    """Return the workloads that want no pod where none wants any, else those of which that is not known."""
    if view.idle:
        return view.making
    if not endpoints.managed(view.service) or view.pods or view.waiting:
        return ()
    return tuple(maker for maker in view.making if isinstance(maker, Foreign))


def _state(maker: Maker) -> str:
    match maker:
        case DaemonSet():
            return "fits no node"
        case Job() | CronJob() if maker.spec.suspend:
            return "is suspended"
        case CronJob():
            return "is between two runs"
        case Foreign():
            return "has no pod now"
        case _:
            return "is scaled to zero"


def _rows(
    view: ServiceView, maker: Maker, scaler: HorizontalPodAutoscaler | None, ordinal: Ordinal | None
) -> Iterator[Row]:
    if ordinal:
        yield from ordinals.rows(ordinal)
    else:
        yield from _workload(view, maker)
        if scaler:
            yield scaling.row(scaler)
    yield Row("clients", clients.seen(view.service, view.ports), "EndpointSlice")


def _workload(view: ServiceView, maker: Maker) -> Iterator[Row]:
    makes = f"{maker.ref} makes pods with {selector.show(view.service.spec.selector)}"
    match maker:
        case DaemonSet():
            yield Row("workload", f"{makes}, and wants 0", "status.desiredNumberScheduled")
            yield from _nodes(view, maker)
        case Workload():
            yield Row("workload", f"{makes}, and wants 0", "spec.replicas")
        case Job():
            yield Row("workload", makes, "spec.suspend")
        case CronJob():
            last = maker.status.last_schedule_time
            zone = f" in {maker.spec.time_zone}" if maker.spec.time_zone else ""
            ran = f"last run {wording.ago(last, view.now)}" if last else "no run by it yet"
            yield Row("workload", f'{makes}; schedule "{maker.spec.schedule}"{zone}, {ran}', "spec.schedule")
        case Foreign():
            value = f"{maker.ref} owns {maker.through}, which carries these labels"
            yield Row("workload", f"{value}; whether it wants pods is not known", "metadata.ownerReferences")


def _nodes(view: ServiceView, maker: DaemonSet) -> Iterator[Row]:
    """Say whether any Node carries what the DaemonSet asks for."""
    wanted = maker.template.spec.node_selector
    if not wanted or view.simulated:
        return
    read = Read("Node", labels=selector.selector(wanted), part=Portion.METADATA)
    found = view.optional(lambda: view.snapshot.find(read, Obj))
    if found is None:
        return
    asks = f"it asks for Nodes with {selector.show(wanted)}"
    fitting = f"{len(found)} carry it, and taints or affinity keep it off" if found else "none carries it"
    yield Row("nodes", f"{asks}: {fitting}", "spec.template.spec.nodeSelector")


def _shown(maker: Foreign) -> Command:
    group = maker.api_version.rpartition("/")[0]
    kind = f"{maker.ref.kind.lower()}.{group}" if group else maker.ref.kind.lower()
    return Command(("kubectl", "get", kind, maker.ref.name, "-o", "yaml"), "shows how many pods it wants")


def _fixes(maker: Maker, scaler: HorizontalPodAutoscaler | None) -> Iterator[Fix]:
    match maker:
        case DaemonSet() | Foreign():
            return
        case Job() | CronJob() if maker.spec.suspend:
            resumed = Change(maker.ref, (Op(("spec", "suspend"), value=False),))
            later = ("It makes pods at its next time.",) if isinstance(maker, CronJob) else ()
            yield _fix(f"resume {maker.ref}", resumed, commands.patch(resumed), *later)
        case CronJob():
            yield _fix(f"run {maker.ref} once now", None, commands.run_now(maker.metadata.name))
        case _:
            yield scaling.by_hand(maker.ref, 1, scaler)


def _fix(title: str, change: Change | None, command: tuple[str, ...], *notes: str) -> Fix:
    return Fix(
        title=title,
        certainty=Confidence.LIKELY,
        change=change,
        command=command,
        notes=(*notes, scaling.NOT_SIMULATED),
    )
