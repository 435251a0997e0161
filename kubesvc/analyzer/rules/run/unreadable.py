"""KSV903: an object that could not be decoded."""

from collections.abc import Iterator

from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import Ref
from kubesvc.model.report import Effect, Finding, Row


@rule("KSV903", "unreadable-object", since="0.1")
def unreadable(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report objects that the API server sent and kubesvc could not decode.

    What it means
        A field has another type than the API says, so this one object is left out; all others are analyzed.
        A verdict that this object could change is unknown.

    How to confirm
        `kubectl get KIND NAME -o yaml` shows the field that is named.

    How to fix
        Correct the object, or report it: a valid object that is unreadable is a bug in kubesvc.

    When this is fine
        Never.
    """
    for kind in ("EndpointSlice", "Pod"):
        for gap in view.snapshot.unreadable(kind, view.service.metadata.namespace):
            ref = Ref(kind, gap.read.namespace, gap.read.name)
            rows = [Row("field", gap.detail, "")]
            headline = f"unreadable object {ref.namespace}/{ref.name} ({kind})"
            # It explains no trouble: at most it is why a verdict is unknown.
            yield this.finding(view, headline, [view.place], ref, rows, effect=Effect.ADVICE)
