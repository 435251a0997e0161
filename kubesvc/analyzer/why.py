"""Why a pod is an endpoint of a Service or is not: each step of its chains once, and what comes of them."""

from collections.abc import Iterable

from msgspec.structs import replace

from kubesvc.analyzer import fate, reasons, upstream
from kubesvc.analyzer.fate import Fate
from kubesvc.analyzer.reasons import Case
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import Step
from kubesvc.model.objects import Node, Pod
from kubesvc.model.read import Gap, Read, Unavailable
from kubesvc.model.report import Stage, Why, WhyStep
from kubesvc.semantics import readiness, reads
from kubesvc.semantics.endpoints import Nodes


def why(view: ServiceView, pod: Pod) -> Why:
    """Explain a pod of the Service's namespace, whether or not it is selected.

    Raises:
        Unread: its Node, the slices, or the selected pods were never read.
    """
    slices = view.optional(lambda: view.slices)
    # Of a pod that has finished no Node decides anything: as for its Service, none is asked for.
    over = readiness.is_terminal(pod)
    nodes = None if over else _nodes(view, pod)
    gap = _gap(view, pod) if nodes is None and not over else None
    case = Case(view.service, pod, None, "", nodes, view.minor, gap)
    found = tuple(fate.fates(case, slices))
    return Why(pod.ref, fate.headline(view.ref, pod.ref, found), _steps(case, found), fate.results(found))


def _nodes(view: ServiceView, pod: Pod) -> Nodes:
    """Return what is known of the pod's Node; those of selected pods come first: as a list they hold it."""
    view.optional(lambda: view.selected)
    return reads.nodes_of(view.snapshot, view.service, (pod,))


def _gap(view: ServiceView, pod: Pod) -> Gap | None:
    try:
        view.snapshot.find(Read("Node", name=pod.spec.node_name), Node)
    except Unavailable as unavailable:
        return unavailable.gap
    return None


def _steps(case: Case, found: Iterable[Fate]) -> tuple[WhyStep, ...]:
    """Return each different step once, with all its places, by stage; within one as Kubernetes asks."""
    having: dict[Step, list[Fate]] = {}
    for one in found:
        for step in one.chain.steps:
            having.setdefault(step, []).append(one)
    told = [_step(case, step, group) for step, group in having.items()]
    return tuple(sorted(told, key=lambda step: list(Stage).index(step.stage)))


def _step(case: Case, step: Step, group: list[Fate]) -> WhyStep:
    places = tuple(one.place for one in group)
    port = next((port for port in case.service.spec.ports if port.key == places[0].port), None)
    here = replace(case, port=port, family=places[0].family or "")
    rule = upstream.RULES[step.kind]
    return WhyStep(
        kind=step.kind,
        stage=rule.stage,
        passed=step.passed,
        text=reasons.tell(step, here),
        field=reasons.field(step, here),
        value=step.value,
        container=step.container,
        rule=rule.asks,
        upstream=rule.where,
        places=places,
        decides=tuple(one.place for one in group if one.chain.why == step),
    )
