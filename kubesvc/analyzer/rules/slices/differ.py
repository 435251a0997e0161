"""KSV401: the slices hold something else than the controller should have written."""

from collections.abc import Iterator
from itertools import groupby

from kubesvc.analyzer import clients, departed, wording
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.change import ABSENT, Change, Op
from kubesvc.model.objects import EndpointSlice, Ref
from kubesvc.model.report import Confidence, Effect, Finding, Fix, Row
from kubesvc.semantics import drift, endpoints, mirroring
from kubesvc.semantics.drift import Drift, DriftKind

_BY_SLICE = (DriftKind.FOREIGN, DriftKind.OTHER_INCARNATION, DriftKind.WRONG_FAMILY)
_PROVEN = (DriftKind.FOREIGN, DriftKind.LAST_SYNC)


@rule("KSV401", "slices-differ", since="0.1")
def differ(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report endpoints that the slices list and should not, or lack and should have.

    What it means
        kubesvc repeats on paper what the EndpointSlice controller writes for this Service, and the real
        slices differ. Seen twice, the controller is behind or not running; or somebody else wrote a slice for
        a Service that has a selector; or the Service lost its selector, or became an ExternalName, and the
        controller left behind what it had written. kube-proxy and CoreDNS use every slice that is labeled
        with the Service's name, whoever wrote it; but kube-proxy leaves out one that is labeled
        service.kubernetes.io/headless, even where the Service is not headless any more.

        Some changes make the controller look at no Service again: a Node that comes, goes or moves to
        another zone, and a pod that fails without having been ready. Then the slices are as of the last sync.

    How to confirm
        Run `kubesvc explain` again after some seconds. `kubectl get endpointslices -l
        kubernetes.io/service-name=NAME` with `-o yaml` shows what is listed, and
        `endpointslice.kubernetes.io/managed-by` who wrote it.

    How to fix
        Where the controller is behind, look at kube-controller-manager: its log and its lease in kube-system.
        A slice of another writer, or one that is left behind, goes away with `kubectl delete endpointslice
        NAME` if nothing maintains it. Any change of the Service, a label for instance, makes the controller
        sync it once more.

    When this is fine
        For some seconds after a change; or where a second writer adds endpoints on purpose.
    """
    for kind, entries in _grouped(view):
        rows = list(_rows(view, entries))
        if kind is DriftKind.LEFT_BEHIND:
            rows += _departed(view, entries)
        if kind is not DriftKind.FOREIGN:
            rows.append(Row("seen", _looks(view), "EndpointSlice"))
        keeper = _keeper(view, entries[0])
        # The label that tells who wrote an Endpoints object may have been copied with it.
        proven = kind in _PROVEN or (keeper is not None and keeper.kind != "Endpoints")
        touched = view.touched(entry.place for entry in entries)
        hidden = any(cell.hidden for cell in touched)
        felt = hidden or any(entry.field in drift.TRAFFIC for entry in entries)
        yield this.finding(
            view,
            _headline(view, entries),
            [cell.place for cell in touched] or [entry.place for entry in entries],
            _culprit(view, entries),
            rows,
            confidence=Confidence.PROOF if proven else Confidence.LIKELY,
            fixes=_fixes(view, entries, hidden=hidden),
            effect=None if felt else Effect.ADVICE,
        )


def _grouped(view: ServiceView) -> Iterator[tuple[DriftKind, list[Drift]]]:
    """One finding per kind; where whole slices are wrong, per slice."""

    def key(entry: Drift) -> tuple[int, str]:
        keeper = _keeper(view, entry)
        apart = entry.slices[0] if entry.kind in _BY_SLICE else ""
        return list(DriftKind).index(entry.kind), str(keeper or apart)

    # Hints by the CPU of zones stay until a zone is overloaded (GetOverloadedServices): that is no trouble.
    shown = [entry for entry in view.drift if (entry.kind, entry.field) != (DriftKind.LAST_SYNC, "hints")]
    for (kind, _), entries in groupby(sorted(shown, key=key), key):
        yield list(DriftKind)[kind], list(entries)


def _keeper(view: ServiceView, entry: Drift) -> Ref | None:
    """Return the object that has to go for it to go: no controller will ever take it away."""
    namespace, name = view.service.metadata.namespace, entry.slices[0] if entry.slices else ""
    if entry.kind is DriftKind.FOREIGN:
        return Ref("EndpointSlice", namespace, name)
    if entry.kind is not DriftKind.LEFT_BEHIND or endpoints.managed(view.service):
        return None
    written = next(written for written in view.slices if written.metadata.name == name)
    if not mirroring.is_mirror(written):
        return Ref("EndpointSlice", namespace, name)
    source = view.optional(lambda: view.source)
    return source.ref if source and mirroring.is_leftover(source) else None


def _headline(  # noqa: PLR0911 - one per kind
    view: ServiceView, entries: list[Drift]
) -> str:
    found = {entry.place.endpoint for entry in entries if entry.place.endpoint}
    listed = wording.count(len(found), "endpoint")
    match entries[0].kind:
        case DriftKind.FOREIGN:
            return f"{listed} from a slice that the controller does not manage"
        case DriftKind.LEFT_BEHIND if _keeper(view, entries[0]):
            why = "an ExternalName" if view.service.spec.type == "ExternalName" else "without a selector"
            return f"{listed} left behind: the controller no longer looks at this Service, {why}"
        case DriftKind.LEFT_BEHIND:
            return f"the slices still list {listed} that should be gone"
        case DriftKind.OTHER_INCARNATION:
            return f"{listed} from a slice of another Service of this name, deleted since"
        case DriftKind.WRONG_FAMILY:
            return f"{listed} from a slice of a family that the Service no longer has"
        case DriftKind.DUPLICATE:
            return f"{listed} in more than one slice of the controller"
        case DriftKind.LAST_SYNC:
            return f"the slices are as of the last sync{f' for {listed}' if found else ''}"
        case DriftKind.BEHIND:
            return f"the slices are behind{f' for {listed}' if found else ''}"


def _culprit(view: ServiceView, entries: list[Drift]) -> Ref:
    keeper = _keeper(view, entries[0])
    if keeper:
        return keeper
    names = [name for entry in entries for name in entry.slices]
    return Ref("EndpointSlice", view.service.metadata.namespace, names[0]) if names else view.ref


def _rows(view: ServiceView, entries: list[Drift]) -> Iterator[Row]:
    for entry in entries[:3]:
        yield Row("endpoint" if entry.place.endpoint else "slice", _difference(entry), "EndpointSlice")
    if len(entries) > 3:  # noqa: PLR2004 - as many as were shown
        yield Row("more", f"{len(entries) - 3} like these", "EndpointSlice")
    slices = {name for entry in entries for name in entry.slices}
    for written in view.slices:
        if written.metadata.name in slices and not drift.is_controllers(written, view.service):
            yield Row("written by", _writer(written), "metadata.labels")


def _departed(view: ServiceView, entries: list[Drift]) -> Iterator[Row]:
    """Tell of pods that are gone, and what clients see of that."""
    names = {name for entry in entries for name in entry.slices}
    found = list(departed.rows((s for s in view.written if s.metadata.name in names), view.gone))
    yield from found
    if found:
        yield Row("clients", clients.seen(view.service, view.ports), "EndpointSlice")


def _difference(entry: Drift) -> str:
    name = f"{entry.place.endpoint.name}: " if entry.place.endpoint else ""
    field = f"{entry.field} " if entry.field in ("nodeName", "hostname", "zone", "labels") else ""
    where = f" in {wording.names(entry.slices)}" if entry.slices else ""
    if entry.field:
        return f"{name}{field}should be {entry.expected}, is {entry.actual}{where}"
    if not entry.slices:
        return f"{name}should be listed, and is not"
    once = entry.kind is DriftKind.DUPLICATE
    return f"{name}should {'be listed once, and' if once else 'not be listed, but'} is{where}"


def _looks(view: ServiceView) -> str:
    earlier = view.snapshot.earlier
    if earlier is None or earlier.taken_at == view.now:
        return "at one look only; a second one was not possible"
    return f"at two looks, {wording.span(view.now - earlier.taken_at)} apart"


def _writer(entry: EndpointSlice) -> str:
    manager = entry.metadata.labels.get(endpoints.MANAGED_BY, "nobody named")
    return f"{entry.metadata.name}: {endpoints.MANAGED_BY}={manager}"


def _fixes(view: ServiceView, entries: list[Drift], *, hidden: bool) -> Iterator[Fix]:
    keeper = _keeper(view, entries[0])
    others = sorted({str(other) for entry in view.drift if (other := _keeper(view, entry))} - {str(keeper)})
    together = f"Not together with {wording.names(others)}, unless other slices carry the traffic."
    notes = (together,) if others and entries[0].kind is DriftKind.LEFT_BEHIND else ()
    if keeper and keeper.kind == "Endpoints":
        yield _deletion(keeper, f"delete the Endpoints object {keeper.name}, a leftover of a selector", notes)
    elif keeper:
        yield _deletion(keeper, f"delete the slice {keeper.name}, if nothing maintains it", notes)
    elif hidden:
        stale = _culprit(view, entries)
        yield _deletion(stale, f"delete the slice {stale.name}: the controller writes it anew")


def _deletion(of: Ref, title: str, notes: tuple[str, ...] = ()) -> Fix:
    return Fix(
        title=title,
        certainty=Confidence.LIKELY,
        change=Change(of, (Op((), ABSENT),)),
        command=("kubectl", "delete", of.kind.lower(), of.name),
        notes=notes,
    )
