"""KSV103: no selector, and nobody writes endpoints by hand."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from kubesvc.analyzer import clients, commands, departed, selecting, strays, wording
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.strays import Stray
from kubesvc.analyzer.view import ServiceView
from kubesvc.model import derived, selector
from kubesvc.model.change import Change, Op
from kubesvc.model.objects import EndpointSlice, Workload
from kubesvc.model.report import Confidence, Finding, Fix, Row
from kubesvc.semantics import cells, endpoints, mirroring
from kubesvc.semantics.endpoints import SERVICE_NAME


@rule("KSV103", "no-selector-and-no-slices", explains={"KSV401"}, since="0.1")
def no_selector(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a Service without a selector that nobody writes endpoints for.

    What it means
        Kubernetes finds endpoints only for a Service with a selector. Without one, somebody has to write an
        EndpointSlice, labeled with the Service's name, by hand or by a controller. Nobody does: there is
        none, or the only ones are what the controllers wrote while the Service had a selector. These stay
        as they were, also where they list pods that are gone: what is sent there reaches nobody.

    How to confirm
        `kubectl get endpointslices -l kubernetes.io/service-name=NAME` lists nothing, or slices managed by
        endpointslice-controller.k8s.io.

    How to fix
        Give the Service a selector, or create an EndpointSlice with the label `kubernetes.io/service-name`,
        in the Service's namespace, whose port name and protocol equal the Service's. One that nearly is
        this Service's, by its label or name, is shown. Slices that are left of a selector go away with
        `kubectl delete endpointslice NAME`.

    When this is fine
        A controller is about to write the slices.
    """
    service = view.service
    if service.spec.type == "ExternalName" or service.spec.selector:
        return
    left = view.written
    if len(left) < len(view.slices):
        return
    written = any(endpoints.is_owned(entry, service) for entry in left)
    near = () if left else strays.near(view.snapshot, service.metadata.namespace, service.metadata.name)
    yield this.finding(
        view,
        _headline(left),
        [view.place._replace(field="spec.selector")],
        service.ref,
        (*_rows(view, left), *(Row("near", f"{stray.obj.ref} {stray.said}", "") for stray in near)),
        fixes=(*_claims(view, near), *_fixes(view, left)),
        # The label of an Endpoints object, which alone tells who wrote it, may have been copied.
        confidence=None if written or not left else Confidence.LIKELY,
    )


def _headline(left: tuple[EndpointSlice, ...]) -> str:
    if not left:
        return "it has no selector, and no EndpointSlice belongs to it"
    listed = {address for entry in left for endpoint in entry.endpoints for address in endpoint.addresses}
    if not listed:
        return "it has no selector, and no EndpointSlice of it lists an endpoint"
    return f"its selector is gone, and nobody renews the {wording.count(len(listed), 'endpoint')} left of it"


def _rows(view: ServiceView, left: tuple[EndpointSlice, ...]) -> Iterator[Row]:
    if not left:
        yield Row("slices", f"none is labeled {SERVICE_NAME}={view.service.metadata.name}", "EndpointSlice")
    for entry in left:
        size = wording.count(len(entry.endpoints), "endpoint")
        copy = ", a copy of the Endpoints object" if mirroring.is_mirror(entry) else ""
        yield Row("left", f"{entry.metadata.name} with {size}{copy}", "EndpointSlice")
    yield from departed.rows(left, view.gone)
    yield Row("clients", clients.seen(view.service, view.ports), "EndpointSlice")


def _claims(view: ServiceView, near: Iterable[Stray]) -> Iterator[Fix]:
    """Offer to give the Service the slices that are nearly its own."""
    name = view.service.metadata.name
    for stray in near:
        if stray.obj.kind == "EndpointSlice":
            change = Change(stray.obj.ref, (Op(("metadata", "labels", SERVICE_NAME), name),))
            yield Fix(
                title=f"label {stray.obj.ref} with {SERVICE_NAME}={name}",
                certainty=Confidence.LIKELY,
                change=change,
                command=commands.patch(change),
            )


def _fixes(view: ServiceView, left: tuple[EndpointSlice, ...]) -> Iterator[Fix]:
    """Offer the selector that there was, or else the one of the workload that was probably meant."""
    applied = derived.applied_selector(view.service)
    if applied:
        yield _selecting(view, applied, "as kubectl apply wrote it last")
        return
    workloads = view.optional(lambda: view.workloads.found) or ()
    listed = [pod.name for entry in left for pod in map(cells.identify, entry.endpoints) if pod.namespace]
    makers = [workload for workload in workloads if listed and _made(workload, listed)]
    named = [workload for workload in workloads if workload.metadata.name == view.service.metadata.name]
    for workload in makers if len(makers) == 1 else named:
        if labels := workload.spec.selector.match_labels:
            did = ", whose pods these endpoints were" if workload in makers else ""
            yield _selecting(view, labels, f"as {workload.ref} does{did}")


_SUFFIXES: Final = {
    "Deployment": r"-[a-z0-9]{1,10}-[a-z0-9]{5}",
    "DaemonSet": r"-[a-z0-9]{5}",
    "StatefulSet": r"-[0-9]+",
}
"""What controllers put behind a workload's name to name its pods."""


def _made(workload: Workload, pods: list[str]) -> bool:
    """Tell by their names whether a workload made all of some pods."""
    pattern = re.escape(workload.metadata.name) + _SUFFIXES[workload.kind]
    return all(re.fullmatch(pattern, pod) for pod in pods)


def _selecting(view: ServiceView, labels: dict[str, str], reason: str) -> Fix:
    return selecting.give_selector(view.service, labels, f"select {selector.show(labels)}, {reason}")
