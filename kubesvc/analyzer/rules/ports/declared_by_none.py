"""KSV201: a named target port that no selected pod declares."""

from collections.abc import Iterator

from kubesvc.analyzer import clients, meant_ports, named_ports, uncounted, wording, workloads
from kubesvc.analyzer.named_ports import NamedPort
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.uncounted import Kind
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.report import Confidence, Finding, Fix, Row


@rule("KSV201", "target-port-declared-by-no-pod", since="0.1")
def declared_by_none(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a named target port that no selected pod declares.

    What it means
        A target port given by name is looked up in each pod: some container, or a native sidecar from
        Kubernetes 1.33 on, must declare a port of that name and of the Service port's protocol. No selected
        pod does, so the port has no endpoint, although the pods are listed in the slices: without a port.
        `kubectl describe service` prints their bare addresses, which looks as if it worked.

        The name may be there and not count: for another protocol, where one of both sides says none and so
        says TCP; by an init container that is no sidecar; by a native sidecar on a server before 1.33.

    How to confirm
        `kubectl get endpointslices -l kubernetes.io/service-name=NAME -o yaml` shows `ports: []` or lacks the
        port.

    How to fix
        Set the target port to a name that the containers declare, or to a number; or declare the name in the
        template.

    When this is fine
        Never: traffic to this port fails. On a headless Service addresses still resolve; only SRV records
        lack the port.
    """
    lost = [wanted for wanted in named_ports.named_ports(view) if wanted.lost]
    fixes = _fixes(view) if lost else {}
    for wanted in lost:
        place = view.place._replace(port=wanted.port.key)
        found = uncounted.alike(wanted, wanted.without, view.minor)
        how = uncounted.where(wanted, found) if found else "declared by no selected pod"
        # What another server would resolve may also be what the controller has not written yet.
        unsure = found is not None and found.kind is Kind.UNKNOWN_SERVER
        yield this.finding(
            view,
            f'target port "{wanted.target}" of port {wanted.port.key} is {how}',
            [place],
            view.ref,
            _rows(view, wanted),
            fixes=[fixes[wanted.position]] if wanted.position in fixes else (),
            confidence=Confidence.LIKELY if unsure else None,
        )


def _rows(view: ServiceView, wanted: NamedPort) -> Iterator[Row]:
    for owner, pods in workloads.by_owner(view.snapshot, wanted.without).items():
        declared = named_ports.show(named_ports.declared_by(pods))
        verb = "declares" if len(pods) == 1 else "declare"
        yield Row("pods", f"{len(pods)} of {owner} {verb}: {declared}", "spec.containers[].ports")
    yield from uncounted.notes(wanted, wanted.without, view.minor)
    bare = [entry for entry in view.slices if entry.endpoints and not entry.ports]
    if bare:
        listed = sum(len(entry.endpoints) for entry in bare)
        names = wording.names(entry.metadata.name for entry in bare)
        verb = "lists" if len(bare) == 1 else "list"
        shown = f"{wording.count(listed, 'endpoint')} with ports: []"
        value = f"{names} {verb} {shown} (why kubectl describe shows addresses)"
        yield Row("slices", value, "EndpointSlice.ports")
    ready = "" if wanted.facts.usable else ", whether pods are Ready or not"
    yield Row("clients", f"{clients.seen(view.service, [wanted.facts])}{ready}", "EndpointSlice")


def _fixes(view: ServiceView) -> dict[int, Fix]:
    """Return what helps each port, by its position: that what is declared counts, else what was meant.

    All ports are looked at, judged or not: what one of them meant is not offered to another.
    """
    lost = {wanted.position: wanted for wanted in named_ports.every_named_port(view) if wanted.lost}
    counting = {at: fix for at, wanted in lost.items() if (fix := _counting(view, wanted))}
    meant = meant_ports.meant(view, (wanted for at, wanted in lost.items() if at not in counting))
    leading = {at: uncounted.lead_to(view, lost[at], port.target, port.because) for at, port in meant.items()}
    return counting | leading


def _counting(view: ServiceView, wanted: NamedPort) -> Fix | None:
    found = uncounted.alike(wanted, wanted.without, view.minor)
    return uncounted.fix(view, wanted, found) if found else None
