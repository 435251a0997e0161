"""Which reads bring what the controller looks at."""

from collections.abc import Mapping
from typing import Final

from kubesvc.model import selector
from kubesvc.model.objects import Node, Pod, Service
from kubesvc.model.read import Read, Unavailable
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import topology
from kubesvc.semantics.endpoints import SERVICE_NAME, Nodes

NODES_BY_NAME: Final = 2
"""Up to so many Nodes are read by name; more are read as one list."""


def slices_of(service: Service) -> Read:
    """Return the read of all slices of a Service, whoever manages them."""
    return slices_named(service.metadata.namespace, service.metadata.name)


def slices_named(namespace: str, name: str) -> Read:
    """Return the read of the slices of a Service of which only the name is known."""
    return Read("EndpointSlice", namespace, labels=selector.selector({SERVICE_NAME: name}))


def pods_of(service: Service) -> Read:
    """Return the read of the pods a Service selects."""
    return Read("Pod", service.metadata.namespace, labels=selector.selector(service.spec.selector))


def source_of(service: Service) -> Read:
    """Return the read of the Endpoints object that is mirrored where the Service has no selector."""
    return Read("Endpoints", service.metadata.namespace, service.metadata.name)


def nodes_of(snapshot: Snapshot, service: Service, pods: tuple[Pod, ...]) -> Nodes:
    """Return the nodes that decide about the pods a Service selects, None where they cannot be read.

    Raises Unread like `Snapshot.find`.
    """
    try:
        return nodes_by_name(snapshot, service, pods)
    except Unavailable:
        return None


def nodes_by_name(snapshot: Snapshot, service: Service, pods: tuple[Pod, ...]) -> Mapping[str, Node]:
    """Return the nodes of some pods, those that exist; all, where hints go by the CPU of zones.

    Raises Unread and Unavailable like `Snapshot.find`.
    """
    names = sorted({pod.spec.node_name for pod in pods if pod.spec.node_name})
    if names and topology.mode(service, snapshot.minor) is topology.Mode.AUTO:
        everyone = snapshot.find(Read("Node"), Node)
        if unreadable := snapshot.unreadable("Node", ""):
            raise Unavailable(unreadable[0])
        return {node.metadata.name: node for node in everyone}
    if len(names) > NODES_BY_NAME:
        snapshot.find(Read("Node"), Node)
    reads = [Read("Node", name=name) for name in names]
    snapshot.want(reads)
    found = (snapshot.get(read, Node) for read in reads)
    return {node.metadata.name: node for node in found if node}
