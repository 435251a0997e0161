"""What kind is told of a cluster: its nodes, zones, and what this machine's kernel makes necessary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

ZONES = ("zone-a", "zone-b")
"""The zone of each node: the control plane's, then the workers'."""

_ZONE = "topology.kubernetes.io/zone"
_NO_ELECTION = [{"name": "leader-elect", "value": "false"}]
# Who is not root may listen on any port of the pod, which is the default of containerd 2.
_ANY_PORT = """\
[plugins."io.containerd.grpc.v1.cri"]
  enable_unprivileged_ports = true
"""
# See `runc`: what the machine may not do, containerd in the node must not try.
_NO_OOM_SCORES = """\
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
"""


def cluster_config(zones: Sequence[str], *, cgroup_v1: bool, restricted: bool) -> str:
    """The configuration of a cluster with a node in each of the zones; all of them take pods.

    `restricted`: the machine lacks CAP_SYS_RESOURCE.
    """
    kubelet = {"kind": "KubeletConfiguration", "apiVersion": "kubelet.config.k8s.io/v1beta1"}
    patches: list[dict[str, Any]] = [
        # One control plane: nobody to elect, and a controller that stood still for a moment need not end.
        {
            "kind": "ClusterConfiguration",
            "controllerManager": {"extraArgs": _NO_ELECTION},
            "scheduler": {"extraArgs": _NO_ELECTION},
        },
        {**kubelet, **({"failCgroupV1": False} if cgroup_v1 else {})},
    ]
    roles = ("control-plane", *("worker" for _ in zones[1:]))
    if len(zones) > 1:  # from a node that is alone kind takes the taint itself
        patches.append({"kind": "InitConfiguration", "nodeRegistration": {"taints": []}})
    document: dict[str, Any] = {
        "kind": "Cluster",
        "apiVersion": "kind.x-k8s.io/v1alpha4",
        "networking": {"kubeProxyMode": "nftables"},
        "kubeadmConfigPatches": [yaml.safe_dump(patch) for patch in patches],
        "containerdConfigPatches": [_ANY_PORT, *([_NO_OOM_SCORES] if restricted else [])],
        "nodes": [{"role": role, "labels": {_ZONE: zone}} for role, zone in zip(roles, zones, strict=True)],
    }
    return yaml.safe_dump(document, sort_keys=False)
