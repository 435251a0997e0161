"""A Pod, its containers' declarations and statuses. Commands, environment, probe headers are never kept."""

from msgspec.structs import force_setattr

from kubesvc.model.objects.meta import Condition, Obj, Part, Time


class ContainerPort(Part, frozen=True, kw_only=True):
    """A declared port; the declaration informs, it opens nothing."""

    name: str = ""
    container_port: int = 0
    protocol: str = "TCP"


class HTTPGetAction(Part, frozen=True, kw_only=True):
    """An HTTP probe; its headers, and the query of its path, are never kept: they may hold a token."""

    path: str = "/"
    port: int | str = 0
    scheme: str = "HTTP"
    host: str = ""

    def __post_init__(self) -> None:
        """Drop the query."""
        force_setattr(self, "path", self.path.partition("?")[0])


class TCPSocketAction(Part, frozen=True, kw_only=True):
    """A TCP probe."""

    port: int | str = 0
    host: str = ""


class GRPCAction(Part, frozen=True, kw_only=True):
    """A gRPC health probe."""

    port: int = 0
    service: str = ""


class ExecAction(Part, frozen=True, kw_only=True):
    """A command probe; the command is never kept."""


class Probe(Part, frozen=True, kw_only=True):
    """A probe; times in seconds."""

    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    grpc: GRPCAction | None = None
    exec: ExecAction | None = None
    initial_delay_seconds: int = 0
    period_seconds: int = 10
    timeout_seconds: int = 1
    success_threshold: int = 1
    failure_threshold: int = 3

    @property
    def asks(self) -> int | str | None:
        """The port that is asked over the network, by number or name; None where a command is run."""
        action = self.http_get or self.tcp_socket or self.grpc
        return action.port if action else None


class Container(Part, frozen=True, kw_only=True):
    """A container's declaration; `restart_policy` Always on an init container makes it a sidecar."""

    name: str = ""
    image: str = ""
    ports: tuple[ContainerPort, ...] = ()
    readiness_probe: Probe | None = None
    liveness_probe: Probe | None = None
    startup_probe: Probe | None = None
    restart_policy: str = ""

    @property
    def probes(self) -> tuple[Probe, ...]:
        """The probes that it has, whatever for."""
        every = (self.readiness_probe, self.liveness_probe, self.startup_probe)
        return tuple(probe for probe in every if probe)


class ReadinessGate(Part, frozen=True, kw_only=True):
    """A condition that must be True for the pod to be Ready."""

    condition_type: str = ""


class SchedulingGate(Part, frozen=True, kw_only=True):
    """A reason not to schedule yet."""

    name: str = ""


class PodSpec(Part, frozen=True, kw_only=True):
    """PodSpec."""

    node_name: str = ""
    node_selector: dict[str, str] = {}
    hostname: str = ""
    subdomain: str = ""
    host_network: bool = False
    restart_policy: str = "Always"
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    readiness_gates: tuple[ReadinessGate, ...] = ()
    scheduling_gates: tuple[SchedulingGate, ...] = ()
    termination_grace_period_seconds: int | None = None


class StateWaiting(Part, frozen=True, kw_only=True):
    """Not started; why."""

    reason: str = ""
    message: str = ""


class StateRunning(Part, frozen=True, kw_only=True):
    """Running since."""

    started_at: Time | None = None


class StateTerminated(Part, frozen=True, kw_only=True):
    """Ended; how."""

    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: Time | None = None
    finished_at: Time | None = None


class ContainerState(Part, frozen=True, kw_only=True):
    """At most one is set; none set means waiting."""

    waiting: StateWaiting | None = None
    running: StateRunning | None = None
    terminated: StateTerminated | None = None


class ContainerStatus(Part, frozen=True, kw_only=True):
    """What the kubelet says of a container."""

    name: str = ""
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    image: str = ""
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class PodIP(Part, frozen=True, kw_only=True):
    """One address of a pod."""

    ip: str = ""


class PodStatus(Part, frozen=True, kw_only=True):
    """PodStatus."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    pod_ip: str = ""
    pod_ips: tuple[PodIP, ...] = ()
    host_ip: str = ""
    start_time: Time | None = None
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(Obj, frozen=True, kw_only=True):
    """A Pod."""

    kind: str = "Pod"
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()
