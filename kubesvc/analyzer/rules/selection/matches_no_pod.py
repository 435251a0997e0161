"""KSV101: the selector matches no pod."""

from collections.abc import Iterator

from kubesvc.analyzer import candidates, clients, commands, wording
from kubesvc.analyzer.candidates import Candidate
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model import derived, selector
from kubesvc.model.objects import Obj, Pod
from kubesvc.model.read import Portion, Read
from kubesvc.model.report import Confidence, Finding, Fix, Row
from kubesvc.semantics import endpoints, readiness, reads
from kubesvc.semantics.simulate import changed

_OFFERED = 3
_SMALL = 200
"""Pods of a namespace up to which one list of them costs less than a list for each candidate."""


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
        Change the selector to what the pods carry, or the labels in the pod template of the workload.
        A label that the workload itself selects by cannot be changed in its template.

    When this is fine
        The workload is yet to be installed. If it exists and is scaled to zero, KSV102 says so instead.
    """
    service = view.service
    if not endpoints.managed(service) or view.pods:
        return
    if view.optional(lambda: view.making):
        return
    neighbors = view.optional(lambda: view.neighbors)
    near = candidates.near_misses(view.snapshot, service, neighbors or ())
    rows = list(_rows(view, near))
    yield this.finding(
        view,
        _headline(view),
        [view.place._replace(field="spec.selector")],
        service.ref,
        rows,
        fixes=[_fix(view, candidate) for candidate in _offered(view, near)],
        # A workload of a kind that could not be read may make such pods and be scaled to zero.
        confidence=Confidence.LIKELY if view.workloads.gaps else None,
    )


def _headline(view: ServiceView) -> str:
    shown = selector.show(view.service.spec.selector)
    pods = view.optional(lambda: view.namespace_pods)
    of = f"of {wording.count(pods, 'pod')} " if pods is not None else "pods "
    return f"selector {shown}: carried by 0 {of}in {view.service.metadata.namespace}"


def _offered(view: ServiceView, near: tuple[Candidate, ...]) -> list[Candidate]:
    """Choose the changes to simulate, first of several owners' equal ones; each costs a list of its pods.

    In a small namespace all its pods are read whole instead, at once; in a large one only one is tried.
    """
    likely = list({c.pairs: c for c in reversed(near) if c.likely}.values())[::-1]
    if len(likely) <= 1:
        return likely
    if view.namespace_pods > _SMALL:
        return likely[:1]
    view.snapshot.want([Read("Pod", view.service.metadata.namespace)])
    return likely[:_OFFERED]


def _rows(view: ServiceView, near: tuple[Candidate, ...]) -> Iterator[Row]:
    offered = {candidate.pairs for candidate in _offered(view, near)}
    for position, candidate in enumerate(near[:_OFFERED]):
        kinds = " and ".join(dict.fromkeys(pair.kind for pair in candidate.pairs))
        pods = _pods(view, candidate) if candidate.pairs in offered else _count(candidate)
        value = f"{candidate.requirements}, differs in {kinds}: {pods} of {candidate.owner}"
        yield Row("nearest" if position == 0 else "", value, "metadata.labels")
    if not any(candidate.likely for candidate in near):
        yield from _elsewhere(view)
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


def _pods_of(view: ServiceView, candidate: Candidate) -> Read:
    return reads.pods_of(changed(view.service, candidate.change(view.service)))


def _pods(view: ServiceView, candidate: Candidate) -> str:
    """Count the pods that a candidate would select, and say how many of them are ready."""
    whole = view.optional(lambda: view.snapshot.find(_pods_of(view, candidate), Pod))
    if whole is None:
        return _count(candidate)
    members = {pod.metadata.name for pod in candidate.pods}
    ready = sum(readiness.is_ready(pod) for pod in whole if pod.metadata.name in members)
    if ready == len(members):
        return wording.count(ready, "ready pod")
    return f"{_count(candidate)}, {ready} ready,"


def _count(candidate: Candidate) -> str:
    return wording.count(len(candidate.pods), "pod")


def _elsewhere(view: ServiceView) -> Iterator[Row]:
    """Look in other namespaces, only where the own one has no candidate."""
    requirements = selector.selector(view.service.spec.selector)
    read = Read("Pod", labels=requirements, part=Portion.METADATA)
    found = view.optional(lambda: view.snapshot.find(read, Obj)) or ()
    spaces: dict[str, int] = {}
    for pod in found:
        spaces[pod.metadata.namespace] = spaces.get(pod.metadata.namespace, 0) + 1
    for namespace, pods in sorted(spaces.items())[:_OFFERED]:
        yield Row(
            "elsewhere",
            f"namespace {namespace} has {wording.count(pods, 'pod')} with these labels",
            "metadata.labels",
        )
    if len(spaces) > _OFFERED:
        more = wording.count(len(spaces) - _OFFERED, "more namespace")
        yield Row("", f"and {more}", "metadata.labels")


def _fix(view: ServiceView, candidate: Candidate) -> Fix:
    change = candidate.change(view.service)
    return Fix(
        title=f"select {candidate.requirements}",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
        notes=tuple(_relabelling(view, candidate)),
    )


def _relabelling(view: ServiceView, candidate: Candidate) -> Iterator[str]:
    """Say whether the workload's template could carry the Service's labels instead."""
    workload = view.optional(lambda: view.workloads.get(candidate.owner))
    if workload is None:
        return
    fixed = sorted({pair.new_key for pair in candidate.pairs} & workload.spec.selector.keys)
    if fixed:
        held = f"{', '.join(fixed)} {'is' if len(fixed) == 1 else 'are'} in its immutable selector"
        yield f"Relabeling {candidate.owner} instead is not possible: {held}."
