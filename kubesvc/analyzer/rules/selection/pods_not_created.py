"""KSV104: a workload behind the Service wants pods, and none is created."""

from collections.abc import Iterator

from kubesvc.analyzer import clients, commands, errands, refusals, rollouts, wording, workloads
from kubesvc.analyzer.creation import Refused
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model import selector
from kubesvc.model.change import Change, Op
from kubesvc.model.objects import Job, Workload
from kubesvc.model.read import Gap
from kubesvc.model.report import Command, Confidence, Finding, Fix, Row
from kubesvc.semantics import endpoints, readiness


@rule("KSV104", "pods-not-created", explains={"KSV302"}, since="0.1")
def pods_not_created(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a Service behind which a workload wants pods, and none of them is created.

    What it means
        The selector fits the pod template of a workload that wants pods, but there is none. Mostly the API
        server refuses to create them: a quota is exceeded, a LimitRange or Pod Security forbids what the
        template asks for, its service account does not exist, an admission webhook denies it or cannot be
        called, the namespace is being deleted, of which few controllers tell. Or the template was changed,
        and the change is held back: the Deployment is paused, or a StatefulSet's update strategy leaves its
        pods as they are.

    How to confirm
        `kubectl describe` of the workload, or of the ReplicaSet of a Deployment, ends with events of reason
        FailedCreate; they quote the API server. The condition ReplicaFailure of a Deployment quotes what its
        ReplicaSet failed for first.

    How to fix
        Remove what the answer names. The controller tries again by itself, after pauses that grow to a
        quarter of an hour; `kubectl rollout restart` starts at once.

    When this is fine
        For the seconds before a service account or a webhook that was installed together with the workload
        is there.
    """
    # Pods that do some work and end are not those that another workload than a Job wants.
    servers = [pod for pod in view.pods if not errands.is_errand(pod)]
    if not endpoints.managed(view.service) or not all(map(readiness.is_terminal, servers)):
        return
    for workload in view.waiting:
        told = view.refused(workload)
        failing = isinstance(told, Refused)
        # What has finished is told about as such, unless it is known why nothing follows.
        finished = view.pods if isinstance(workload, Job) else servers
        if view.is_coming(workload) or (finished and not failing):
            continue
        refusal = refusals.understood(told.text if isinstance(told, Refused) else "")
        yield this.finding(
            view,
            _headline(workload, refusal, failing=failing),
            [view.place],
            workload.ref,
            _rows(view, workload, told),
            confirm=[_confirm(view, workload, told, refusal)],
            fixes=_fixes(view, workload, refusal),
        )


def _headline(workload: Workload | Job, refusal: refusals.Refusal, *, failing: bool) -> str:
    has = workloads.has(workload)
    if has and not failing:
        return f"none of the {wording.count(has, 'pod')} of {workload.ref} is of its present template"
    wants = wording.count(workloads.wanted(workload) or 0, "pod")
    of = " of its present template" if has else ""
    why = f": {refusal.headline}" if refusal.kind else ""
    return f"{workload.ref} wants {wants}, and none{of} is created{why}"


def _rows(view: ServiceView, workload: Workload | Job, told: Refused | Gap | None) -> Iterator[Row]:
    labels = selector.show(view.service.spec.selector)
    yield Row("workload", f"the template of {workload.ref} carries {labels}", "spec.template.metadata.labels")
    if isinstance(told, Refused):
        seen = f", {wording.ago(told.seen, view.now)}" if told.seen else ""
        yield Row("answer", f'"{told.text}"{seen}', told.source)
    elif isinstance(workload, Workload) and rollouts.is_stuck(workload):
        yield Row("rollout", rollouts.held_back(workload).rstrip("."), "spec")
    elif isinstance(told, Gap):
        yield Row("answer", f"not known: events could not be read ({told.reason})", "Event")
    elif workloads.has(workload):
        yield Row("rollout", "not done, or the pods were relabeled by hand", "status.updatedReplicas")
    else:
        yield Row("answer", "no condition and no event tells why", "status.conditions")
    if isinstance(workload, Workload) and workload.status.observed_generation < workload.metadata.generation:
        yield Row(
            "controller", "has not looked at the workload since it was changed", "status.observedGeneration"
        )
    yield Row("clients", clients.seen(view.service, view.ports), "EndpointSlice")


def _confirm(
    view: ServiceView, workload: Workload | Job, told: Refused | Gap | None, refusal: refusals.Refusal
) -> Command:
    text = told.text if isinstance(told, Refused) else ""
    shown = refusals.confirm(refusal, text, view.service.metadata.namespace)
    return shown or Command(commands.describe(workload.ref), "shows its conditions and events")


def _fixes(view: ServiceView, workload: Workload | Job, refusal: refusals.Refusal) -> Iterator[Fix]:
    if refusal.kind:
        lacking = (workloads.wanted(workload) or 0) - workloads.has(workload)
        yield from refusals.fixes(refusal, workload, lacking)
    elif isinstance(workload, Workload) and rollouts.is_stuck(workload):
        yield from _released(view, workload)


_ROLLED_OUT = "Not simulated: whether the new pods become ready is not known before they run."


def _released(view: ServiceView, workload: Workload) -> Iterator[Fix]:
    """Let the changed template through to the pods."""
    strategy = workload.spec.update_strategy
    if workload.spec.paused:
        title, command = f"resume the rollout of {workload.ref}", commands.resume(workload.ref)
        notes = (_ROLLED_OUT,)
        yield Fix(title, Confidence.LIKELY, command=command, notes=notes, target=workload.ref)
    elif strategy.type == "OnDelete":
        neighbors = view.optional(lambda: view.neighbors) or ()
        pods = [pod for pod in neighbors if pod.owner and pod.owner.uid == workload.metadata.uid]
        yield Fix(
            title="delete the pods: new ones are made from the present template",
            certainty=Confidence.LIKELY,
            command=commands.delete_pods(pod.metadata.name for pod in pods) if pods else None,
            notes=(_ROLLED_OUT,),
        )
    else:
        change = Change(workload.ref, (Op(("spec", "updateStrategy", "rollingUpdate", "partition"), 0),))
        yield Fix(
            title=f"roll out to all pods of {workload.ref}",
            certainty=Confidence.LIKELY,
            change=change,
            command=commands.patch(change),
            notes=(_ROLLED_OUT,),
        )
