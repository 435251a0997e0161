"""KSV201: a named target port that no selected pod declares."""

from collections.abc import Iterator

from kubesvc.analyzer import clients, meant_ports, named_ports, uncounted, wording, workloads
from kubesvc.analyzer.named_ports import NamedPort
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.uncounted import Kind
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import Pod
from kubesvc.model.report import Confidence, Finding, Fix, Row


@rule("KSV201", "target-port-declared-by-no-pod", since="0.1")
def declared_by_none(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a named target port that no pod behind the Service declares, or would declare.

    What it means
        A target port given by name is looked up in each pod: some container, or a native sidecar from
        Kubernetes 1.33 on, must declare a port of that name and of the Service port's protocol. No selected
        pod does, so the port has no endpoint, although the pods are listed in the slices: without a port.
        `kubectl describe service` prints their bare addresses, which looks as if it worked.

        The name may be there and not count: for another protocol, where one of both sides says none and so
        says TCP; by an init container that is no sidecar; by a native sidecar on a server before 1.33.

        Where the workloads behind the Service have no pods, their templates are looked at instead: they tell
        what the pods will declare. That nobody wants pods (KSV102), or that none can be created (KSV104), is
        a cause of its own, which also decides how the Service fares: it stays idle for as long as nobody
        wants pods, and is broken once there are some.

    How to confirm
        `kubectl get endpointslices -l kubernetes.io/service-name=NAME -o yaml` shows `ports: []` or lacks the
        port; `kubectl get deployments,statefulsets,daemonsets -o yaml` shows what the templates declare.

    How to fix
        Set the target port to a name that the containers declare, or to a number; or declare the name in the
        template.

    When this is fine
        Where a webhook of the cluster adds a container with that port to each new pod: of a template that has
        no pods that is not seen. Else never: traffic to this port fails, or will. On a headless Service
        addresses still resolve; only SRV records lack the port.
    """
    lost = [wanted for wanted in named_ports.named_ports(view) if wanted.lost]
    fixes = _fixes(view) if lost else {}
    for wanted in lost:
        place = view.place._replace(port=wanted.port.key)
        found = uncounted.alike(wanted, wanted.without, view.minor)
        how = uncounted.where(wanted, found) if found else _by_none(wanted)
        # What another server would resolve may also be what the controller has not written yet.
        unsure = found is not None and found.kind is Kind.UNKNOWN_SERVER
        yield this.finding(
            view,
            f'target port "{wanted.target}" of port {wanted.port.key} is {how}',
            [place],
            view.ref,
            _rows(view, wanted),
            fixes=[fixes[wanted.position]] if wanted.position in fixes else (),
            # A workload of a kind that could not be read may make pods that declare it.
            confidence=Confidence.LIKELY if unsure or (wanted.planned and view.workloads.gaps) else None,
        )


def _by_none(wanted: NamedPort) -> str:
    if not wanted.planned:
        return "declared by no selected pod"
    noun = "template" if len(wanted.without) == 1 else "templates"
    return f"not declared by the {noun} of {wording.names(map(_owner, wanted.without))}"


def _owner(pod: Pod) -> str:
    return str(workloads.maker(pod))


def _rows(view: ServiceView, wanted: NamedPort) -> Iterator[Row]:
    for owner, pods in workloads.by_owner(view.snapshot, wanted.without).items():
        yield wanted.declaring("template" if wanted.planned else "pods", owner, pods)
    yield from uncounted.notes(wanted, wanted.without, view.minor)
    bare = [entry for entry in view.slices if entry.endpoints and not entry.ports]
    if bare:
        listed = sum(len(entry.endpoints) for entry in bare)
        names = wording.names(entry.metadata.name for entry in bare)
        verb = "lists" if len(bare) == 1 else "list"
        shown = f"{wording.count(listed, 'endpoint')} with ports: []"
        value = f"{names} {verb} {shown} (why kubectl describe shows addresses)"
        yield Row("slices", value, "EndpointSlice.ports")
    seen = clients.seen(view.service, [wanted.facts])
    yield Row("clients", f"{seen}{_in_any_case(view, wanted)}", "EndpointSlice")


def _in_any_case(view: ServiceView, wanted: NamedPort) -> str:
    """Say what does not matter to clients; a headless name resolves once there are pods."""
    if wanted.planned:
        return "" if view.service.headless else ", with pods or without"
    return "" if wanted.facts.usable else ", whether pods are Ready or not"


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
