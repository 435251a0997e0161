"""KSV105: the selector also selects pods that were probably not meant."""

from collections.abc import Iterator

from kubesvc.analyzer import commands, named_ports, strangers, wording
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.strangers import Company, Stranger
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.change import Change, Op
from kubesvc.model.objects import Pod, Ref
from kubesvc.model.report import Confidence, Finding, Fix, Row


@rule(
    "KSV105",
    "selector-too-broad",
    confidence=Confidence.LIKELY,
    explains={"KSV202", "KSV301", "KSV303", "KSV304", "KSV305"},
    since="0.1",
)
def selector_too_broad(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report pods that a Service selects beside those of its application, and that do not serve it.

    What it means
        A selector matches every pod that carries its labels, whoever made it. Here it also matches pods of a
        Job or a hook, or of another part of the application that shows no sign of serving the Service's
        ports, or of another release that has a Service of its own. Their share of the requests is refused, or
        answered by the wrong process.

    How to confirm
        `kubectl get pods -l SELECTOR --show-labels` shows who carries the labels. The endpoints below the
        port are marked.

    How to fix
        Add a label to the selector that only the pods which are meant carry, such as
        `app.kubernetes.io/component`. Without such a label, give the others' template another value of a
        label that the selector asks for.

    When this is fine
        They serve as well, and only declare no port. A canary, a second color, another revision or pool of
        one application, and pods that declare or probe the same port are not reported.
    """
    if view.simulated:  # it decides nothing, and may cost a request
        return
    found = strangers.company(view)
    for stranger in found.strangers:
        names = {pod.metadata.name for pod in stranger.pods}
        yield this.finding(
            view,
            f"its selector also selects {_counted(stranger.owner, stranger.pods)}",
            [c.place for f in view.ports for c in f.expected if c.pod and c.pod.metadata.name in names],
            stranger.owner,
            _rows(found, stranger),
            fixes=_fixes(view, found),
        )


def _rows(found: Company, stranger: Stranger) -> Iterator[Row]:
    yield Row("not meant", f"{_members(stranger.owner, stranger.pods)}: {stranger.why}", "metadata.labels")
    for owner, pods in found.belonging.items():
        yield Row("meant", _members(owner, pods), "metadata.labels")
    yield Row("unless", "they serve all the same: what a pod listens on is not in the API")


def _members(owner: Ref, pods: tuple[Pod, ...]) -> str:
    return f"{_counted(owner, pods)} (declared: {named_ports.show(named_ports.declared_by(pods))})"


def _counted(owner: Ref, pods: tuple[Pod, ...]) -> str:
    return str(owner) if owner.kind == "Pod" else f"{wording.count(len(pods), 'pod')} of {owner}"


def _fixes(view: ServiceView, found: Company) -> Iterator[Fix]:
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
