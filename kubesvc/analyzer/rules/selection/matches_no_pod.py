"""KSV101: the selector matches no pod."""

from collections.abc import Iterator
from typing import Final

from kubesvc.analyzer import choices, clients, wording
from kubesvc.analyzer.likeness import nearest_first
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model import derived, selector
from kubesvc.model.objects import Obj
from kubesvc.model.read import Portion, Read
from kubesvc.model.report import Confidence, Finding, Row
from kubesvc.semantics import endpoints

_SHOWN: Final = 3


@rule("KSV101", "selector-matches-no-pod", since="0.1")
def matches_no_pod(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a selector that no pod of the Service's namespace carries.

    What it means
        A Service sends traffic to the pods in its own namespace whose labels hold every key and value of its
        selector. No pod does, so the Service has no endpoint, and clients inside the cluster are refused.
        Letter case counts, and all requirements must hold at once.

    How to confirm
        `kubectl get pods -l KEY=VALUE` with the Service's selector lists nothing;
        `kubectl get pods --show-labels` shows what the pods carry instead.

    How to fix
        Change the selector to what the pods carry, or add the labels to the pod template of the workload. The
        workload's own labels do not reach its pods, and a label that it selects by cannot be changed.
        A pod that was made by hand can be labeled as it is.
        Where pods that do not serve would be selected along with those that are meant, the change asks for a
        label that only these carry, too.
        Pods that another Service selects already, that are of another part or release, as `web-db` is the
        database of `web`, of another environment or customer, that declare other ports than the Service leads
        to, or that lack a label which something sets while they run, are named and not offered: what was
        meant is likely not there. Labels that change with each release are left out of the selector.
        A pod of a StatefulSet by its number takes as many replicas; where an autoscaler decides on these, it
        takes its minimum. Where nothing else asks for so many, the number is likely wrong.

    When this is fine
        The workload is yet to be installed. If it exists and is scaled to zero, KSV102 says so instead.
    """
    service = view.service
    if not endpoints.managed(service) or view.pods:
        return
    if view.optional(lambda: view.making):
        return
    choice = choices.choose(view)
    elsewhere = () if choice.offers else _elsewhere(view)
    yield this.finding(
        view,
        _headline(view),
        [view.place._replace(field="spec.selector")],
        service.ref,
        (*choices.rows(view, choice), *elsewhere, *_more(view)),
        fixes=choices.fixes(view, choice),
        # A workload of a kind that could not be read may make such pods and be scaled to zero.
        confidence=Confidence.LIKELY if view.workloads.gaps else None,
    )


def _headline(view: ServiceView) -> str:
    shown = selector.show(view.service.spec.selector)
    pods = view.optional(lambda: view.namespace_pods)
    of = f"of {wording.count(pods, 'pod')} " if pods is not None else "pods "
    return f"selector {shown}: carried by 0 {of}in {view.service.metadata.namespace}"


def _elsewhere(view: ServiceView) -> Iterator[Row]:
    """Look in other namespaces, only where the own one has no candidate."""
    requirements = selector.selector(view.service.spec.selector)
    read = Read("Pod", labels=requirements, part=Portion.METADATA)
    found = view.optional(lambda: view.snapshot.find(read, Obj)) or ()
    spaces: dict[str, int] = {}
    for pod in found:
        spaces[pod.metadata.namespace] = spaces.get(pod.metadata.namespace, 0) + 1
    for namespace in nearest_first(view.service.metadata.namespace, spaces)[:_SHOWN]:
        yield Row(
            "elsewhere",
            f"namespace {namespace} has {wording.count(spaces[namespace], 'pod')} with these labels",
            "metadata.labels",
        )
    if len(spaces) > _SHOWN:
        more = wording.count(len(spaces) - _SHOWN, "more namespace")
        yield Row("", f"and {more}", "metadata.labels")


def _more(view: ServiceView) -> Iterator[Row]:
    yield Row("clients", clients.seen(view.service, view.ports), "EndpointSlice")
    for gap in view.workloads.gaps:
        value = (
            f"{gap.read} could not be read ({gap.reason}): one that is scaled to zero would explain it too"
        )
        yield Row("not read", value, gap.read.kind)
    manager = derived.managers(view.service).get("spec.selector")
    if manager:
        wrote = wording.ago(manager.last_wrote, view.now)
        yield Row(
            "changed",
            f"selector is managed by {manager.name}, which last wrote {wrote}",
            "metadata.managedFields",
        )
