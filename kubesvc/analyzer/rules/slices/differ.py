"""KSV401: the slices hold something else than the controller should have written."""

from collections.abc import Iterator

from kubesvc.analyzer import wording
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.change import ABSENT, Change, Op
from kubesvc.model.objects import EndpointSlice, Ref
from kubesvc.model.report import Confidence, Finding, Fix, Row
from kubesvc.semantics import drift, endpoints
from kubesvc.semantics.drift import Drift, DriftKind


@rule("KSV401", "slices-differ", since="0.1")
def differ(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report endpoints that the slices list and should not, or lack and should have.

    What it means
        kubesvc repeats on paper what the EndpointSlice controller writes for this Service, and the real
        slices differ. Seen twice, the controller is behind or not running; or somebody else wrote a slice for
        a Service that has a selector. kube-proxy and CoreDNS use every slice that is labeled with the
        Service's name, whoever wrote it.

    How to confirm
        Run `kubesvc explain` again after some seconds. `kubectl get endpointslices -l
        kubernetes.io/service-name=NAME` with `-o yaml` shows what is listed, and
        `endpointslice.kubernetes.io/managed-by` who wrote it.

    How to fix
        Where the controller is behind, look at kube-controller-manager: its log and its lease in kube-system.
        A slice of another writer goes away with `kubectl delete endpointslice NAME` if nothing maintains it.

    When this is fine
        For some seconds after a change; or where a second writer adds endpoints on purpose.
    """
    for kind in (DriftKind.BEHIND, DriftKind.LEFT_BEHIND):
        entries = [entry for entry in view.drift if entry.kind is kind]
        if entries:
            rows = [*_rows(view, entries), Row("seen", _looks(view), "EndpointSlice")]
            yield this.finding(
                view,
                _headline(entries, kind),
                [entry.place for entry in entries],
                _culprit(view, entries),
                rows,
                confidence=Confidence.LIKELY,
            )
    foreign: dict[str, list[Drift]] = {}
    for entry in view.drift:
        if entry.kind is DriftKind.FOREIGN:
            foreign.setdefault(entry.slices[0], []).append(entry)
    for _, entries in sorted(foreign.items()):
        culprit = _culprit(view, entries)
        yield this.finding(
            view,
            _headline(entries, DriftKind.FOREIGN),
            [entry.place for entry in entries],
            culprit,
            _rows(view, entries),
            fixes=_fixes(culprit),
        )


def _headline(entries: list[Drift], kind: DriftKind) -> str:
    listed = wording.count(len({entry.place.endpoint for entry in entries}), "endpoint")
    match kind:
        case DriftKind.FOREIGN:
            return f"{listed} from a slice that the controller does not manage"
        case DriftKind.LEFT_BEHIND:
            return f"the slices still list {listed} that should be gone"
        case _:
            return f"the slices are behind for {listed}"


def _culprit(view: ServiceView, entries: list[Drift]) -> Ref:
    names = [name for entry in entries for name in entry.slices]
    return Ref("EndpointSlice", view.service.metadata.namespace, names[0]) if names else view.ref


def _rows(view: ServiceView, entries: list[Drift]) -> Iterator[Row]:
    for entry in entries[:3]:
        name = entry.place.endpoint.name if entry.place.endpoint else ""
        where = f" in {wording.names(entry.slices)}" if entry.slices else ""
        yield Row(
            "endpoint", f"{name}: should be {entry.expected}, is {entry.actual}{where}", "EndpointSlice"
        )
    slices = {name for entry in entries for name in entry.slices}
    for written in view.slices:
        if written.metadata.name in slices and not drift.is_controllers(written, view.service):
            yield Row("written by", _writer(written), "metadata.labels")


def _looks(view: ServiceView) -> str:
    earlier = view.snapshot.earlier
    if earlier is None or earlier.taken_at == view.now:
        return "at one look only; a second one was not possible"
    return f"at two looks, {wording.span(view.now - earlier.taken_at)} apart"


def _writer(entry: EndpointSlice) -> str:
    manager = entry.metadata.labels.get(endpoints.MANAGED_BY, "nobody named")
    return f"{entry.metadata.name}: {endpoints.MANAGED_BY}={manager}"


def _fixes(culprit: Ref) -> Iterator[Fix]:
    yield Fix(
        title=f"delete the slice {culprit.name}, if nothing maintains it",
        certainty=Confidence.LIKELY,
        change=Change(culprit, (Op((), ABSENT),)),
        command=("kubectl", "delete", "endpointslice", culprit.name),
    )
