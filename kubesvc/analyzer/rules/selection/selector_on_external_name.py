"""KSV108: a Service of type ExternalName has a selector, which is ignored."""

from collections.abc import Iterator

from msgspec.structs import replace

from kubesvc.analyzer import commands, wording
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model import selector
from kubesvc.model.objects import Obj
from kubesvc.model.read import Portion
from kubesvc.model.report import Confidence, Effect, Finding, Fix, Row
from kubesvc.semantics import reads


@rule("KSV108", "selector-on-external-name", since="0.1")
def selector_on_external_name(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a selector of an ExternalName Service: nobody looks at it.

    What it means
        A Service of type ExternalName is an alias in DNS and nothing else. Its selector is stored, and no pod
        is selected: clients are sent to the external name, whatever pods carry the labels.

    How to confirm
        `kubectl get service NAME -o yaml` shows the type and the selector;
        `kubectl get pods -l KEY=VALUE` the pods that may have been meant.

    How to fix
        Remove the selector if the external name is meant, or change the type to ClusterIP if the pods are.

    When this is fine
        The type is switched between an alias and pods on purpose, during a move.
    """
    spec = view.service.spec
    if spec.type != "ExternalName" or not spec.selector:
        return
    yield this.finding(
        view,
        f"its selector {selector.show(spec.selector)} is ignored: the type is ExternalName",
        [view.place._replace(field="spec.selector")],
        view.ref,
        [Row("alias", f"clients are sent to {spec.external_name}", "spec.externalName"), *_pods(view)],
        fixes=_fixes(view),
        effect=Effect.ADVICE,
    )


def _carrying(view: ServiceView) -> tuple[Obj, ...] | None:
    read = replace(reads.pods_of(view.service), part=Portion.METADATA)
    return view.optional(lambda: view.snapshot.find(read, Obj))


def _pods(view: ServiceView) -> Iterator[Row]:
    pods = _carrying(view)
    if pods is not None:
        carried = (
            f"{wording.count(len(pods), 'pod')} with these labels" if pods else "none carries these labels"
        )
        yield Row("pods", carried, "metadata.labels")


def _fixes(view: ServiceView) -> Iterator[Fix]:
    yield Fix(
        title="remove the selector, if the external name is meant",
        certainty=Confidence.LIKELY,
        command=commands.merge(view.ref, {"spec": {"selector": None}}),
        notes=("For clients nothing changes.",),
        target=view.ref,
    )
    if view.service.spec.ports and _carrying(view):  # a Service of any other type needs a port
        # An address, and the families that go with it, are the API server's to allocate.
        yield Fix(
            title="change the type to ClusterIP, if the pods are meant",
            certainty=Confidence.LIKELY,
            command=commands.merge(view.ref, {"spec": {"type": "ClusterIP", "externalName": None}}),
            notes=("Not simulated: which address it gets is not known before.",),
            target=view.ref,
        )
