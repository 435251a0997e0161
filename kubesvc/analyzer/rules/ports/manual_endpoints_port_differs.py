"""KSV207: endpoints written by hand, under a port that the Service does not have."""

from collections.abc import Iterator

from kubesvc.analyzer import clients, commands, wording, written_ports
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.analyzer.written_ports import Misfit, Misfits, Written
from kubesvc.model.objects import Ref
from kubesvc.model.report import Confidence, Finding, Fix, Row
from kubesvc.semantics.endpoints import MANAGED_BY


@rule("KSV207", "manual-endpoints-port-differs", since="0.1")
def manual_endpoints_port_differs(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report endpoints of a Service without a selector whose port is not one of the Service's.

    What it means
        For a Service without a selector somebody else writes the endpoints: as an EndpointSlice, or as an
        Endpoints object, which is copied into slices. kube-proxy finds the endpoints of a Service port by the
        port's name and protocol, both of which must be equal; the number may differ. A port without a name
        has the name "", and one without a protocol is TCP. A slice's port without a number is ignored.

    How to confirm
        Compare `kubectl get service NAME -o yaml` with `kubectl get endpointslices -l
        kubernetes.io/service-name=NAME -o yaml`: `name` and `protocol` of the ports.

    How to fix
        Give the port of the slice, or of the Endpoints object, the Service port's name and protocol. Ports of
        a slice can be changed; only its addressType cannot. The copies of an Endpoints object follow it.

    When this is fine
        Never: these endpoints get no traffic for the port. A headless name still answers their addresses;
        SRV records then carry the name of the slice's port.
    """
    for found in written_ports.misfits(view):
        yield this.finding(
            view,
            _headline(found),
            [cell.place for cell in found.cells],
            found.culprit,
            _rows(view, found),
            fixes=_fixes(found),
        )


def _headline(found: Misfits) -> str:
    first, *more = found.misfits
    if more:
        keys = ", ".join(misfit.port.key for misfit in found.misfits)
        return f"{found.culprit} does not fit ports {keys}"
    return _difference(first, found.culprit)


def _difference(misfit: Misfit, culprit: Ref) -> str:
    port = misfit.port
    if not misfit.written:
        return f"{culprit} lists no port {port.key}"
    there = misfit.written[0]
    parts = [
        _called(there.name) if there.name != port.name else "",
        f"is for {there.protocol} rather than {port.protocol}" if there.protocol != port.protocol else "",
        "has no number" if not there.number else "",
    ]
    return f"port {port.key} {' and '.join(filter(None, parts))} in {culprit}"


def _called(name: str) -> str:
    return f'is called "{name}"' if name else "has no name"


def _shown(name: str) -> str:
    return f'"{name}"' if name else "unnamed"


def _rows(view: ServiceView, found: Misfits) -> Iterator[Row]:
    for misfit in found.misfits:
        if len(found.misfits) > 1:
            yield Row("port", _difference(misfit, found.culprit), "spec.ports")
        port = misfit.port
        yield Row("wanted", f"{_shown(port.name)} {port.protocol}, of any number", "spec.ports")
        shown = ", ".join(dict.fromkeys(map(_written, misfit.written))) or "no port that fits"
        yield Row("written", f"{shown} in {found.culprit}", "ports")
    listed = {cell.place.endpoint for cell in found.cells}
    names = wording.names(entry.metadata.name for entry in found.slices)
    yield Row("endpoints", f"{wording.count(len(listed), 'endpoint')} in {names}", "EndpointSlice.endpoints")
    keys = {misfit.port.key for misfit in found.misfits}
    facts = [facts for facts in view.ports if facts.key in keys]
    yield Row("clients", clients.seen(view.service, facts), "EndpointSlice")


def _written(entry: Written) -> str:
    return f"{_shown(entry.name)} {entry.number or 'no number'}/{entry.protocol}"


def _fixes(found: Misfits) -> Iterator[Fix]:
    change = found.change
    if change is None:
        return
    # Copies of an Endpoints object follow it; a slice may have a writer that does not ask.
    own = found.slices if found.culprit.kind == "EndpointSlice" else ()
    writers = ", ".join(sorted({entry.metadata.labels.get(MANAGED_BY, "") for entry in own} - {""}))
    named = ", ".join(f"{_shown(m.port.name)} {m.port.protocol}" for m in found.misfits if m.written)
    yield Fix(
        title=f"{named} in {found.culprit}, as in the Service",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
        notes=(f"It is managed by {writers}, which may write it over.",) if writers else (),
    )
