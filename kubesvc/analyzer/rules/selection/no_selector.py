"""KSV103: no selector, and nobody wrote endpoints by hand."""

from collections.abc import Iterator

from kubesvc.analyzer import clients, commands
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model import selector
from kubesvc.model.change import Change, Op
from kubesvc.model.report import Confidence, Finding, Fix, Row
from kubesvc.semantics.endpoints import SERVICE_NAME


@rule("KSV103", "no-selector-and-no-slices", since="0.1")
def no_selector(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a Service without a selector that no EndpointSlice belongs to.

    What it means
        Kubernetes finds endpoints only for a Service with a selector. Without one, somebody has to write an
        EndpointSlice, labeled with the Service's name, by hand or by a controller. Nobody did.

    How to confirm
        `kubectl get endpointslices -l kubernetes.io/service-name=NAME` lists nothing.

    How to fix
        Give the Service a selector, or create an EndpointSlice with the label `kubernetes.io/service-name`,
        in the Service's namespace, whose port name and protocol equal the Service's.

    When this is fine
        A controller is about to write the slices.
    """
    service = view.service
    if service.spec.type == "ExternalName" or service.spec.selector or view.slices:
        return
    rows = (
        Row("slices", f"none is labeled {SERVICE_NAME}={service.metadata.name}", "EndpointSlice"),
        Row("clients", clients.seen(service, view.ports), "EndpointSlice"),
    )
    place = view.place._replace(field="spec.selector")
    yield this.finding(
        view,
        "it has no selector, and no EndpointSlice belongs to it",
        [place],
        service.ref,
        rows,
        fixes=_fixes(view),
    )


def _fixes(view: ServiceView) -> Iterator[Fix]:
    """Offer the selector of a workload that is named like the Service."""
    found = view.optional(lambda: view.workloads.found) or ()
    for workload in found:
        labels = workload.spec.selector.match_labels
        if workload.metadata.name != view.service.metadata.name or not labels:
            continue
        change = Change(view.service.ref, (Op(("spec", "selector"), labels, new=True),))
        yield Fix(
            title=f"select {selector.show(labels)}, as {workload.ref} does",
            certainty=Confidence.LIKELY,
            change=change,
            command=commands.patch(change),
        )
