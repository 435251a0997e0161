"""Nodes: made for a cluster without kubelets, and asked whether they are ready."""

from __future__ import annotations

import datetime as dt
import ipaddress
import threading
from typing import TYPE_CHECKING, Any

from kubernetes.client import CoreV1Api, V1Node

from e2e.cluster.await_condition import await_condition
from e2e.cluster.components import MANAGED_LABEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kubernetes.client import ApiClient

_CAPACITY = {"cpu": "16", "memory": "64Gi", "pods": "110"}
_NODE_NETWORKS = ("172.30.0.0/16", "fd00:172:30::/64")
_POD_PREFIX = {4: 24, 6: 64}
_numbering = threading.Lock()


def create_node(
    api: ApiClient, name: str, *, zone: str | None, managed: bool, pod_cidrs: Sequence[str]
) -> None:
    """Create a Node, without waiting for its readiness.

    It has its own pod CIDR and address in each family of `pod_cidrs`; kwok takes pod addresses from
    `spec.podCIDRs`, and so gives pods one of each family. A managed node becomes Ready and stays so, kwok
    renewing its lease, and kwok plays its kubelet. An unmanaged one is Ready when created, its pods stay as
    they are written, and it becomes Unknown after the grace period, as a node does whose kubelet is gone.
    """
    core = CoreV1Api(api)
    with _numbering:
        number = _free_number(core, pod_cidrs)
        manifest = _manifest(name, number, pod_cidrs, zone=zone, managed=managed)
        core.create_node(V1Node.model_validate(manifest))


def await_ready(api: ApiClient, name: str, *, untainted: bool = True) -> None:
    """Return once the node is Ready and, if `untainted`, pods can be scheduled to it.

    It is the node lifecycle controller that takes the taint of a new node off. Raises AwaitError.
    """
    core = CoreV1Api(api)
    await_condition(f"node {name} ready", lambda: _ready(core, name, untainted=untainted))


def _free_number(core: CoreV1Api, pod_cidrs: Sequence[str]) -> int:
    """The smallest number above 0 whose primary pod CIDR no node has."""
    taken = {cidr for node in core.list_node().items for cidr in (node.spec and node.spec.pod_cidrs) or ()}
    number = 1
    while _subnet(pod_cidrs[0], number) in taken:
        number += 1
    return number


def _subnet(cidr: str, number: int) -> str:
    network = ipaddress.ip_network(cidr)
    prefix = max(_POD_PREFIX[network.version], network.prefixlen)
    step = 2 ** (network.max_prefixlen - prefix)
    return f"{network.network_address + number * step}/{prefix}"


def _manifest(
    name: str, number: int, pod_cidrs: Sequence[str], *, zone: str | None, managed: bool
) -> dict[str, Any]:
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
    }
    if zone is not None:
        labels["topology.kubernetes.io/zone"] = zone
    if managed:
        labels[MANAGED_LABEL] = "true"
    own = [_subnet(cidr, number) for cidr in pod_cidrs]
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"podCIDR": own[0], "podCIDRs": own},
        "status": {
            "addresses": _addresses(name, pod_cidrs, number),
            "capacity": _CAPACITY,
            "allocatable": _CAPACITY,
            "conditions": [] if managed else [_ready_condition()],
        },
    }


def _addresses(name: str, pod_cidrs: Sequence[str], number: int) -> list[dict[str, str]]:
    """An internal address in each family of the pods, in their order, and the host name."""
    networks = {net.version: net for net in map(ipaddress.ip_network, _NODE_NETWORKS)}
    families = [ipaddress.ip_network(cidr).version for cidr in pod_cidrs]
    internal = [str(networks[family][number]) for family in families]
    return [
        *({"type": "InternalIP", "address": address} for address in internal),
        {"type": "Hostname", "address": name},
    ]


def _ready_condition() -> dict[str, str]:
    """As kubernetes pkg/kubelet/nodestatus/setters.go, ReadyCondition, writes it."""
    now = dt.datetime.now(tz=dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "message": "kubelet is posting ready status",
        "lastHeartbeatTime": now,
        "lastTransitionTime": now,
    }


def _ready(core: CoreV1Api, name: str, *, untainted: bool) -> bool:
    node = core.read_node(name)
    if untainted and node.spec is not None and node.spec.taints:
        return False
    return is_ready(node)


def is_ready(node: V1Node) -> bool:
    """Whether the node's condition Ready is True."""
    conditions = (node.status and node.status.conditions) or ()
    return any(one.type == "Ready" and one.status == "True" for one in conditions)
