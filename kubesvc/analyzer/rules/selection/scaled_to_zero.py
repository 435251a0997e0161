"""KSV102: every workload behind the Service is scaled to zero."""

from collections.abc import Iterator

from kubesvc.analyzer import clients, commands
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import DaemonSet
from kubesvc.model.report import Confidence, Finding, Fix, Row


@rule("KSV102", "workload-scaled-to-zero", since="0.1")
def scaled_to_zero(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a Service whose only workloads want no pod.

    What it means
        The selector fits the pod template of a workload, but that workload is asked for zero pods.
        The Service has no endpoint because nobody wants it to have one: this is idle, not broken.

    How to confirm
        `kubectl get deployments,statefulsets,daemonsets` shows 0 desired.

    How to fix
        Scale the workload up. An autoscaler that scales to zero on purpose will do that by itself when asked.

    When this is fine
        The application is switched off on purpose, for the night or until its first request.
    """
    if not view.idle:
        return
    for workload in view.making:
        field = "status.desiredNumberScheduled" if isinstance(workload, DaemonSet) else "spec.replicas"
        labels = ",".join(f"{key}={value}" for key, value in sorted(view.service.spec.selector.items()))
        rows = (
            Row("workload", f"{workload.ref} makes pods with {labels}, and wants 0", field),
            Row("clients", clients.seen(view.service, view.ports), "EndpointSlice"),
        )
        daemons = isinstance(workload, DaemonSet)
        yield this.finding(
            view,
            f"{workload.ref} {'fits no node' if daemons else 'is scaled to zero'}",
            [view.place],
            workload.ref,
            rows,
            fixes=() if daemons else (_fix(workload.ref.kind, workload.metadata.name),),
            # A workload of a kind that could not be read may make such pods too, and want some.
            confidence=Confidence.LIKELY if view.workloads.gaps else None,
        )


def _fix(kind: str, name: str) -> Fix:
    return Fix(
        title="scale up to 1 pod",
        certainty=Confidence.LIKELY,
        command=commands.scale(kind, name, 1),
        notes=("Not simulated: whether the new pod becomes ready is not known before it runs.",),
    )
