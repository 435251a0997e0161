"""A Service, as far as it decides anything."""

from kubesvc.model.objects.meta import Condition, Obj, Part


class ServicePort(Part, frozen=True, kw_only=True):
    """One port of a Service; `target_port` 0 or empty means the same number as `port`."""

    name: str = ""
    protocol: str = "TCP"
    app_protocol: str = ""
    port: int = 0
    target_port: int | str = 0
    node_port: int = 0

    @property
    def key(self) -> str:
        """What identifies the port within its Service: its name, else `80/TCP`."""
        return self.name or f"{self.port}/{self.protocol}"


class ClientIPConfig(Part, frozen=True, kw_only=True):
    """Session affinity by client address."""

    timeout_seconds: int | None = None


class SessionAffinityConfig(Part, frozen=True, kw_only=True):
    """Settings of session affinity."""

    client_ip: ClientIPConfig = ClientIPConfig()


class ServiceSpec(Part, frozen=True, kw_only=True):
    """ServiceSpec."""

    type: str = "ClusterIP"
    selector: dict[str, str] = {}
    ports: tuple[ServicePort, ...] = ()
    cluster_ip: str = ""
    cluster_ips: tuple[str, ...] = ()
    ip_families: tuple[str, ...] = ()
    ip_family_policy: str = ""
    external_ips: tuple[str, ...] = ()
    external_name: str = ""
    external_traffic_policy: str = ""
    internal_traffic_policy: str = ""
    traffic_distribution: str = ""
    session_affinity: str = ""
    session_affinity_config: SessionAffinityConfig = SessionAffinityConfig()
    publish_not_ready_addresses: bool = False
    load_balancer_ip: str = ""
    load_balancer_class: str = ""
    load_balancer_source_ranges: tuple[str, ...] = ()
    allocate_load_balancer_node_ports: bool = True
    health_check_node_port: int = 0


class PortStatus(Part, frozen=True, kw_only=True):
    """What a load balancer says of one port."""

    port: int = 0
    protocol: str = ""
    error: str = ""


class LoadBalancerIngress(Part, frozen=True, kw_only=True):
    """One address of a load balancer."""

    ip: str = ""
    ip_mode: str = ""
    hostname: str = ""
    ports: tuple[PortStatus, ...] = ()


class LoadBalancerStatus(Part, frozen=True, kw_only=True):
    """Addresses of a load balancer."""

    ingress: tuple[LoadBalancerIngress, ...] = ()


class ServiceStatus(Part, frozen=True, kw_only=True):
    """ServiceStatus."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()
    conditions: tuple[Condition, ...] = ()


class Service(Obj, frozen=True, kw_only=True):
    """A Service."""

    kind: str = "Service"
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()

    @property
    def headless(self) -> bool:
        """Whether it has no virtual address by intent (`clusterIP: None`)."""
        return self.spec.cluster_ip == "None"
