"""The next active checks for a client that still fails although the API shows a healthy Service, ranked.

The API cannot tell whether the process listens at the pod's address, nor whether packets pass. Each check
proves one hop, nearest to the pod first.
"""

from collections.abc import Iterator
from typing import Final

from kubesvc.analyzer import commands, strangers, wording
from kubesvc.analyzer.facts import PortFacts
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import Cell
from kubesvc.model.objects import Pod, ServicePort
from kubesvc.model.report import Check, Command
from kubesvc.semantics import proxy

_REJECTS: Final = "a network policy, where its plug-in rejects"


def next_checks(view: ServiceView) -> tuple[Check, ...]:
    """Return the checks of the first port that has a pod; none where nothing can be dialed.

    A pod that was probably not meant is dialed rather than others: that it does not serve would explain most.
    """
    service = view.service
    if service.spec.type == "ExternalName":
        return (_alias(view),)
    unmeant = {pod.metadata.name for stranger in strangers.company(view).strangers for pod in stranger.pods}
    for facts in view.ports:
        dialed = [(cell, cell.pod) for cell in facts.usable if cell.pod and cell.number]
        if dialed and facts.port:
            suspects = [(cell, pod) for cell, pod in dialed if pod.metadata.name in unmeant]
            what = "a pod that is probably not meant" if suspects else "the pod"
            return tuple(_of_port(view, facts, (suspects or dialed)[0], what))
    return ()


def _of_port(view: ServiceView, facts: PortFacts, dialed: tuple[Cell, Pod], what: str) -> Iterator[Check]:
    meta, port, (cell, pod) = view.service.metadata, facts.port, dialed
    if port is None:
        return
    if port.protocol == "TCP":
        scheme = "https:" if port.port == 443 or port.name.startswith("https") else ""  # noqa: PLR2004 - HTTPS
        path = f"/api/v1/namespaces/{meta.namespace}/pods/{scheme}{pod.metadata.name}:{cell.number}/proxy/"
        yield Check(
            Command(commands.raw(path)),
            f"{what}, at its own address, from the API server (speaks HTTP; needs the right pods/proxy)",
            answers="any HTTP answer: the process listens at the pod's address",
            refuses=f"nothing listens there (another port, or bound to 127.0.0.1 alone), or {_REJECTS}",
            hangs="packets are dropped on the way: a network policy, or the node",
        )
    if proxy.has_virtual_address(view.service):
        yield _of_service(view, facts, port)


def _of_service(view: ServiceView, facts: PortFacts, port: ServicePort) -> Check:
    """Dial the virtual address. busybox says nothing of a refusal with one -v (networking/nc_bloaty.c)."""
    meta, udp = view.service.metadata, port.protocol == "UDP"
    dial = f"nc -zvv -w 3 {'-u ' if udp else ''}{meta.name}.{meta.namespace} {port.port}"
    works = "name, virtual address and pod work from there; the client's namespace or node differs"
    return Check(
        Command(_client(dial)),
        "the Service, by name, from a new pod (the image must be reachable)",
        # A UDP port is called open unless an ICMP message comes back.
        answers="the name works, and nothing refuses; over UDP what is dropped looks the same"
        if udp
        else works,
        refuses=f"kube-proxy on that node knows no endpoint, nothing listens in the pod, or {_REJECTS}",
        hangs="" if udp else f"a network policy, or kube-proxy on that node{_local(view, facts)}",
    )


def _local(view: ServiceView, facts: PortFacts) -> str:
    """Name the nodes from which alone the Service answers, where the new pod may be on another."""
    if not proxy.is_local_inside(view.service):
        return ""
    nodes = sorted({cell.node for cell in facts.local})
    only = f": only {wording.names(nodes)} {'has' if len(nodes) == 1 else 'have'} one" if nodes else ""
    return f"; or that node has no endpoint, under internalTrafficPolicy Local{only}"


def _alias(view: ServiceView) -> Check:
    name = view.service.spec.external_name
    return Check(
        Command(_client(f"nslookup {name}")),
        "the name behind the alias, from a new pod (the image must be reachable)",
        answers="the name resolves; what listens there decides",
        refuses="the name does not exist for pods",
        hangs="the cluster's DNS, or what it forwards to, is not reached",
    )


def _client(command: str) -> tuple[str, ...]:
    run = ("kubectl", "run", "kubesvc-check", "--rm", "-i", "--restart=Never", "--image=busybox:1.36", "--")
    return (*run, *command.split())
