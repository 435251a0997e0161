"""How each component of a local control plane is called; flags in, nothing run.

All flags that differ between clusters are ports, paths and what Options says. No component
listens on a fixed port: the controllers' and the scheduler's own servers are off.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from e2e.cluster.certificates import Certificates
    from e2e.cluster.options import Options

ETCD = "etcd"
APISERVER = "kube-apiserver"
CONTROLLER_MANAGER = "kube-controller-manager"
SCHEDULER = "kube-scheduler"
KWOK = "kwok"

MANAGED_LABEL = "kubesvc-e2e.dev/managed"
"""The label, with value `true`, of the nodes whose kubelet kwok plays."""

STAGES = Path(__file__).parent / "stages"
_LEASE_SECONDS = 40
_UNTHROTTLED = ("--kube-api-qps=1000", "--kube-api-burst=2000")


@dataclass(frozen=True, slots=True)
class Ports:
    """The loopback ports of one cluster."""

    etcd_client: int
    etcd_peer: int
    apiserver: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one cluster, below one folder."""

    folder: Path
    certificates: Certificates

    @property
    def kubeconfig(self) -> Path:
        """The admin's kubeconfig."""
        return self.folder / "kubeconfig"

    @property
    def audit_log(self) -> Path:
        """The API server's audit log; kept with the logs."""
        return self.folder / "logs" / "audit.log"

    @property
    def audit_policy(self) -> Path:
        """The policy that the audit log follows."""
        return self.folder / "audit.yaml"


def commands(
    binaries: Mapping[str, Path], layout: Layout, ports: Ports, options: Options
) -> dict[str, list[str]]:
    """The command line of every component wanted, in starting order."""
    flags = {
        ETCD: _etcd(layout, ports),
        APISERVER: _apiserver(layout, ports, options),
        CONTROLLER_MANAGER: _controller_manager(layout, options),
        SCHEDULER: _scheduler(layout),
        KWOK: _kwok(layout, options),
    }
    return {
        name: [str(binaries[name]), *own, *options.extra_flags.get(name, ())]
        for name, own in flags.items()
        if name not in options.without
    }


def _etcd(layout: Layout, ports: Ports) -> list[str]:
    client = f"http://127.0.0.1:{ports.etcd_client}"
    peer = f"http://127.0.0.1:{ports.etcd_peer}"
    return [
        f"--data-dir={layout.folder / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        f"--quota-backend-bytes={8 * 1024**3}",
        "--log-level=warn",
    ]


def _apiserver(layout: Layout, ports: Ports, options: Options) -> list[str]:
    certificates = layout.certificates
    flags = [
        f"--etcd-servers=http://127.0.0.1:{ports.etcd_client}",
        "--authorization-mode=Node,RBAC",
        "--bind-address=127.0.0.1",
        f"--secure-port={ports.apiserver}",
        f"--tls-cert-file={certificates.server}",
        f"--tls-private-key-file={certificates.server_key}",
        f"--client-ca-file={certificates.authority}",
        f"--service-account-key-file={certificates.signing_key}",
        f"--service-account-signing-key-file={certificates.signing_key}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-cluster-ip-range={','.join(options.service_cidrs)}",
        # The server's loopback address may not stand in an EndpointSlice.
        "--endpoint-reconciler-type=none",
        "--allow-privileged",
        f"--audit-policy-file={layout.audit_policy}",
        f"--audit-log-path={layout.audit_log}",
    ]
    if options.disabled_admission:
        flags.append(f"--disable-admission-plugins={','.join(options.disabled_admission)}")
    return flags


def _controller_manager(layout: Layout, options: Options) -> list[str]:
    certificates = layout.certificates
    return [
        f"--kubeconfig={layout.kubeconfig}",
        "--leader-elect=false",
        "--secure-port=0",
        "--use-service-account-credentials",
        f"--root-ca-file={certificates.authority}",
        f"--service-account-private-key-file={certificates.signing_key}",
        f"--cluster-cidr={','.join(options.pod_cidrs)}",
        f"--service-cluster-ip-range={','.join(options.service_cidrs)}",
        f"--controllers={','.join(options.controllers)}",
        f"--node-monitor-grace-period={options.node_monitor_grace_period}s",
        # By default the controllers wait 4 s for their own service accounts.
        *_UNTHROTTLED,
        # A new node's taint goes at the next look; the default would cost each node 5 s.
        "--node-monitor-period=1s",
    ]


def _scheduler(layout: Layout) -> list[str]:
    return [
        f"--kubeconfig={layout.kubeconfig}",
        "--leader-elect=false",
        "--secure-port=0",
        *_UNTHROTTLED,
    ]


def _kwok(layout: Layout, options: Options) -> list[str]:
    lease = min(_LEASE_SECONDS, options.node_monitor_grace_period)
    configs = [f"--config={stage}" for stage in sorted(STAGES.glob("*.yaml"))]
    return [
        f"--kubeconfig={layout.kubeconfig}",
        *configs,
        f"--manage-nodes-with-label-selector={MANAGED_LABEL}=true",
        f"--cidr={options.pod_cidrs[0]}",
        f"--node-lease-duration-seconds={lease}",
    ]
