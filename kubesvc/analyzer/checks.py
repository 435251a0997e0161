"""The next active checks for a client that still fails although the API shows a healthy Service, ranked.

The API cannot tell whether the process listens at the pod's address, nor whether packets pass. Each check
proves one hop, nearest to the pod first.
"""

from collections.abc import Iterator

from kubesvc.analyzer import commands
from kubesvc.analyzer.facts import PortFacts
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import Cell
from kubesvc.model.report import Check, Command
from kubesvc.semantics import proxy


def next_checks(view: ServiceView) -> tuple[Check, ...]:
    """Return the checks of the first port that has a pod; none where nothing can be dialed."""
    service = view.service
    if service.spec.type == "ExternalName":
        return (_alias(view),)
    for facts in view.ports:
        cell = next((cell for cell in facts.usable if cell.pod and cell.number), None)
        if cell and facts.port:
            return tuple(_of_port(view, facts, cell))
    return ()


def _of_port(view: ServiceView, facts: PortFacts, cell: Cell) -> Iterator[Check]:
    meta, port = view.service.metadata, facts.port
    if port is None or cell.pod is None:
        return
    if port.protocol == "TCP":
        scheme = "https:" if port.port == 443 or port.name.startswith("https") else ""  # noqa: PLR2004 - HTTPS
        path = (
            f"/api/v1/namespaces/{meta.namespace}/pods/{scheme}{cell.pod.metadata.name}:{cell.number}/proxy/"
        )
        yield Check(
            Command(commands.raw(path)),
            "the pod, at its own address, from the API server (speaks HTTP; needs the right pods/proxy)",
            answers="any HTTP answer: the process listens at the pod's address",
            refuses="nothing listens there: another port, or an application bound to 127.0.0.1",
            hangs="packets are dropped on the way: a network policy, or the node",
        )
    if proxy.has_virtual_address(view.service):
        host = f"{meta.name}.{meta.namespace}"
        yield Check(
            Command(_client(f"nc -zv -w 3 {'-u ' if port.protocol == 'UDP' else ''}{host} {port.port}")),
            "the Service, by name, from a new pod (the image must be reachable)",
            answers="name, virtual address and pod work from there; the client's namespace or node differs",
            refuses="no rule of kube-proxy for this port on that node, or nothing listens in the pod",
            hangs="a network policy, or kube-proxy on that node",
        )


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
