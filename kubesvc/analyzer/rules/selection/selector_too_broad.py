"""KSV105: the selector also selects pods that were probably not meant."""

from collections.abc import Iterator

from kubesvc.analyzer import commands, named_ports, scaling, strangers, wording, workloads
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.strangers import Company
from kubesvc.analyzer.view import ServiceView
from kubesvc.model import selector
from kubesvc.model.change import Change, Op
from kubesvc.model.objects import DaemonSet, Pod, Ref
from kubesvc.model.report import Confidence, Finding, Fix, Row


@rule(
    "KSV105",
    "selector-too-broad",
    confidence=Confidence.LIKELY,
    explains={"KSV201", "KSV202", "KSV301", "KSV303", "KSV304", "KSV305"},
    since="0.1",
)
def selector_too_broad(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report pods that a Service selects beside those of its application, and that do not serve it.

    What it means
        A selector matches every pod that carries its labels, whoever made it. Here it also matches pods of a
        Job or a hook, or of another part of the application that shows no sign of serving the Service's
        ports, or of another release that has a Service of its own. Their share of the requests is refused, or
        answered by the wrong process. Where only pods of a Job or a hook are selected, while the workload
        that makes pods with these labels has none, all requests go to them, until they end.

    How to confirm
        `kubectl get pods -l SELECTOR --show-labels` shows who carries the labels. The endpoints below the
        port are marked.

    How to fix
        Add a label to the selector that only the pods which are meant carry, such as
        `app.kubernetes.io/component`. Without such a label, give the others' template another value of a
        label that the selector asks for. A workload that is scaled to zero serves only once it is scaled up.

    When this is fine
        They serve as well, and only declare no port. A canary, a second color, another revision or pool of
        one application, and pods that declare or probe the same port are not reported; neither is a Job
        whose labels no other workload gives to its pods.
    """
    if view.simulated and not view.absent:  # it decides nothing, and may cost a request
        return
    found = strangers.company(view)
    if not found.strangers:
        return
    names = {pod.metadata.name for stranger in found.strangers for pod in stranger.pods}
    places = [c.place for f in view.ports for c in f.expected if c.pod and c.pod.metadata.name in names]
    owners = [stranger.owner for stranger in found.strangers]
    yield this.finding(
        view,
        _headline(found),
        # Where nobody belongs the whole Service suffers, although all of them get traffic.
        [view.place, *places] if found.absent else places,
        owners[0] if len(owners) == 1 else view.ref,
        _rows(view, found),
        fixes=_fixes(view, found),
    )


def _headline(found: Company) -> str:
    whom = wording.names(_counted(stranger.owner, stranger.pods) for stranger in found.strangers)
    return f"its selector selects {whom} only" if found.absent else f"its selector also selects {whom}"


def _rows(view: ServiceView, found: Company) -> Iterator[Row]:
    for stranger in found.strangers:
        members = _members(stranger.owner, stranger.pods)
        yield Row("not meant", f"{members}: {stranger.why}", "metadata.labels")
    for owner, pods in found.belonging.items():
        yield Row("meant", _members(owner, pods), "metadata.labels")
    for workload in found.absent:
        makes = f"{workload.ref} makes pods with {selector.show(view.service.spec.selector)}"
        wants = workloads.wanted(workload)
        yield Row("meant", f"{makes}, and wants {wants}{', and none is there' if wants else ''}", "spec")
        if scaler := scaling.scaler_of(view, workload.ref):
            yield scaling.row(scaler)
    yield Row("unless", "they serve all the same: what a pod listens on is not in the API")


def _members(owner: Ref, pods: tuple[Pod, ...]) -> str:
    return f"{_counted(owner, pods)} (declared: {named_ports.show(named_ports.declared_by(pods))})"


def _counted(owner: Ref, pods: tuple[Pod, ...]) -> str:
    return str(owner) if owner.kind == "Pod" else f"{wording.count(len(pods), 'pod')} of {owner}"


def _fixes(view: ServiceView, found: Company) -> Iterator[Fix]:
    for workload in found.absent:
        if not workloads.wanted(workload) and not isinstance(workload, DaemonSet):
            scaler = scaling.scaler_of(view, workload.ref)
            yield scaling.by_hand(workload.ref, 1, scaler, name=str(workload.ref))
    label = strangers.distinguishing(found)
    if label is None:
        return
    key, value = label
    change = Change(view.ref, (Op(("spec", "selector", key), value),))
    yield Fix(
        title=f"select {key}={value}, too",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
    )
