"""KSV107: the Service is being deleted, and something holds it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from kubesvc.analyzer import clients, commands, wording
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.report import Command, Confidence, Finding, Fix, Row

_STUCK: Final = timedelta(minutes=10)
"""A cloud takes minutes to remove a load balancer; whoever holds a Service for longer will not let go."""

_HOLDERS: Final = (
    (
        "service.kubernetes.io/load-balancer-cleanup",
        "the cloud controller, until the load balancer is gone",
    ),
    ("foregroundDeletion", "the garbage collector, until what the Service owns is gone"),
    ("orphan", "the garbage collector, until what the Service owns is let go"),
    ("service.k8s.aws/", "the AWS Load Balancer Controller, until the load balancer is gone"),
    ("networking.gke.io/", "the controller of GKE, until what it made is gone"),
    ("gke.networking.io/", "the controller of GKE, until what it made is gone"),
)
"""Who takes which finalizers away (cloud-provider service/helpers, ServiceLoadBalancerCleanupFinalizer)."""


@rule("KSV107", "service-terminating", since="0.1")
def service_terminating(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a Service whose deletion was asked for, and that is still there because of its finalizers.

    What it means
        Deletion cannot be taken back. The Service stays until every finalizer is taken away by whoever set
        it, mostly a controller that first removes a load balancer. Until then kube-proxy and DNS serve it as
        before; but its endpoints get no new slice, and at its end its address and its name are gone.

    How to confirm
        `kubectl get service NAME -o yaml` shows deletionTimestamp and finalizers; the Service's events tell
        what its controller fails at.

    How to fix
        Look at the controller that the finalizer names: it may be gone, or lack the rights to remove what it
        made. To have the Service back, wait until it is gone, and create it again. Taking the finalizers away
        by hand is the last resort: what they were to clean up stays.

    When this is fine
        For the minutes that a cloud takes to remove a load balancer.
    """
    meta = view.service.metadata
    if meta.deletion_timestamp is None:
        return
    asked = view.now - meta.deletion_timestamp
    shown = Command(("kubectl", "describe", "service", meta.name), "shows the events of its controllers")
    yield this.finding(
        view,
        f"it is being deleted, held by {wording.count(len(meta.finalizers), 'finalizer')}",
        [view.place],
        view.ref,
        _rows(view, asked),
        confirm=[shown],
        fixes=[_let_go(view)] if asked >= _STUCK else (),
    )


def _rows(view: ServiceView, asked: timedelta) -> Iterator[Row]:
    yield Row("deletion", f"asked for {wording.span(asked)} ago", "metadata.deletionTimestamp")
    for name in view.service.metadata.finalizers:
        yield Row("held by", _holder(name), "metadata.finalizers")
    events = view.optional(lambda: view.events) or ()
    for event in [event for event in events if event.reason == "SyncLoadBalancerFailed"][-1:]:
        yield Row("event", f'"{event.message}", last {wording.ago(event.last_seen, view.now)}', "Event")
    yield Row("clients", clients.seen(view.service, view.ports), "EndpointSlice")


def _holder(finalizer: str) -> str:
    return next((f"{finalizer}: {who}" for name, who in _HOLDERS if finalizer.startswith(name)), finalizer)


def _let_go(view: ServiceView) -> Fix:
    return Fix(
        title="take the finalizers away, as the last resort: then it is gone",
        certainty=Confidence.LIKELY,
        command=commands.merge(view.ref, {"metadata": {"finalizers": None}}),
        notes=(
            "What they were to clean up, a load balancer for instance, stays where it is.",
            "Not simulated: nothing is left to look at.",
        ),
    )
