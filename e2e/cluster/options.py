"""What a caller may choose about a local control plane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from e2e.cluster.parts import DEFAULT_KUBERNETES

ENDPOINT_CONTROLLERS = (
    "endpointslice-controller",
    "endpointslice-mirroring-controller",
    "endpoints-controller",
)
"""The controllers that write endpoints, alone: nothing else edits a cluster under test."""


@dataclass(frozen=True, slots=True)
class Options:
    """The defaults give a complete dual-stack cluster of the newest Kubernetes built here.

    controllers: as `--controllers` of kube-controller-manager takes them; `("*",
        "-pod-garbage-collector-controller")` keeps the pods of nodes that do not exist. Without
        the serviceaccount controllers, take `ServiceAccount` out of the admission plug-ins too.
    node_monitor_grace_period: seconds until a silent node becomes Unknown (Kubernetes: 50);
        kwok renews leases four times within it.
    service_cidrs, pod_cidrs: one per IP family, the primary family first.
    disabled_admission: admission plug-ins to leave out.
    extra_flags: further flags per component (`kube-apiserver`, `kube-controller-manager`,
        `kube-scheduler`, `etcd`, `kwok`), appended last, so that they win.
    without: components not to start, such as `kwok` or `kube-scheduler`.
    kubernetes: the directory under `modules/` whose Kubernetes is run; see `kubernetes_part`.
    """

    controllers: tuple[str, ...] = ("*",)
    node_monitor_grace_period: int = 50
    service_cidrs: tuple[str, ...] = ("10.96.0.0/16", "fd00:10:96::/108")
    pod_cidrs: tuple[str, ...] = ("10.244.0.0/16", "fd00:10:244::/56")
    disabled_admission: tuple[str, ...] = ()
    extra_flags: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    without: frozenset[str] = frozenset()
    kubernetes: str = DEFAULT_KUBERNETES

    def runs_controller(self, name: str) -> bool:
        """Whether kube-controller-manager runs that controller, by the rules of its own flag."""
        if f"-{name}" in self.controllers:
            return False
        return name in self.controllers or "*" in self.controllers
