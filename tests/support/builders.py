"""Small Kubernetes objects for tests: a healthy Service `web` in `shop`, and whatever else a test says."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec

from kubesvc.model import derived
from kubesvc.model.objects import (
    AutoscalerSpec,
    AutoscalerStatus,
    Condition,
    Container,
    ContainerPort,
    ContainerState,
    ContainerStatus,
    CronJob,
    CronJobSpec,
    DaemonSet,
    Deployment,
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    Event,
    HorizontalPodAutoscaler,
    HTTPGetAction,
    InvolvedObject,
    Job,
    JobSpec,
    JobTemplate,
    LabelSelector,
    Metadata,
    Namespace,
    Node,
    Obj,
    OwnerReference,
    Pod,
    PodIP,
    PodSpec,
    PodStatus,
    PodTemplate,
    Probe,
    ReplicaSet,
    ScaleTarget,
    Service,
    ServicePort,
    ServiceSpec,
    StatefulSet,
    StateRunning,
    StateTerminated,
    StateWaiting,
    TargetRef,
    TemplateMetadata,
    Version,
    Workload,
    WorkloadSpec,
    WorkloadStatus,
)
from kubesvc.model.snapshot import Snapshot, complete
from kubesvc.semantics import endpoints, reconcile, topology

NOW: Final = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
LONG_AGO: Final = NOW - timedelta(days=1)
HTTP: Final = ServicePort(name="http", port=80, target_port=8080)
OTHER: Final = ServicePort(name="admin", port=81, target_port=8081)

S = TypeVar("S", bound=msgspec.Struct)
W = TypeVar("W", bound=Workload)


def with_(obj: S, **changes: Any) -> S:
    """The same struct with some fields changed; `spec__ports=…` reaches inside."""
    flat = {key: value for key, value in changes.items() if "__" not in key}
    for key, value in changes.items():
        outer, _, inner = key.partition("__")
        if inner:
            flat[outer] = with_(flat.get(outer, getattr(obj, outer)), **{inner: value})
    return msgspec.structs.replace(obj, **flat)


def metadata(
    name: str,
    namespace: str = "shop",
    labels: Mapping[str, str] | None = None,
    owner: OwnerReference | None = None,
) -> Metadata:
    """Metadata of an object that is a day old."""
    return Metadata(
        name=name,
        namespace=namespace,
        uid=f"uid-{name}",
        labels=dict(labels or {}),
        creation_timestamp=LONG_AGO,
        owner_references=(owner,) if owner else (),
    )


def owned_by(kind: str, name: str) -> OwnerReference:
    """The reference to a managing owner."""
    group = "v1" if kind in {"Service", "Node"} else "apps/v1"
    return OwnerReference(kind=kind, name=name, uid=f"uid-{name}", api_version=group, controller=True)


def service(
    name: str = "web",
    *ports: ServicePort,
    selector: Mapping[str, str] | None = None,
    **spec: Any,
) -> Service:
    """A ClusterIP Service with port http, 80 → 8080, that selects app=web."""
    fields: dict[str, Any] = {
        "cluster_ip": "10.96.0.10",
        "cluster_ips": ("10.96.0.10",),
        "ip_families": ("IPv4",),
        "ip_family_policy": "SingleStack",
        **spec,
    }
    return Service(
        metadata=metadata(name),
        spec=ServiceSpec(
            selector=dict({"app": "web"} if selector is None else selector), ports=ports or (HTTP,), **fields
        ),
    )


def headless(name: str = "web", *ports: ServicePort, **spec: Any) -> Service:
    """A Service without a virtual address."""
    return service(name, *ports, **{"cluster_ip": "None", "cluster_ips": ("None",), **spec})


def container(name: str = "app", *ports: ContainerPort, **more: Any) -> Container:
    """A container that declares 8080 unless told otherwise."""
    return Container(name=name, image=f"registry.example/{name}:1", ports=ports or (port(8080),), **more)


def port(number: int, name: str = "", protocol: str = "TCP") -> ContainerPort:
    """A declared container port."""
    return ContainerPort(container_port=number, name=name, protocol=protocol)


def http_probe(number: int | str = 8080, path: str = "/healthz", **more: Any) -> Probe:
    """A readiness probe with Kubernetes' defaults."""
    return Probe(http_get=HTTPGetAction(port=number, path=path), **more)


def running(
    name: str = "app",
    *,
    ready: bool = True,
    since: datetime = LONG_AGO,
    **more: Any,
) -> ContainerStatus:
    """The status of a container that runs."""
    state = ContainerState(running=StateRunning(started_at=since))
    return ContainerStatus(name=name, ready=ready, started=True, state=state, **more)


def waiting(reason: str, message: str = "", name: str = "app", **more: Any) -> ContainerStatus:
    """The status of a container that waits."""
    state = ContainerState(waiting=StateWaiting(reason=reason, message=message))
    return ContainerStatus(name=name, started=False, state=state, **more)


def ended(code: int, reason: str = "Error", name: str = "app", **more: Any) -> ContainerStatus:
    """The status of a container that has ended."""
    return ContainerStatus(name=name, started=False, state=terminated(code, reason), **more)


def terminated(code: int, reason: str = "Error") -> ContainerState:
    """An end, a minute ago."""
    gone = StateTerminated(exit_code=code, reason=reason, finished_at=NOW - timedelta(minutes=1))
    return ContainerState(terminated=gone)


def condition(kind: str, status: str, reason: str = "", message: str = "") -> Condition:
    """A condition that changed a day ago."""
    return Condition(type=kind, status=status, reason=reason, message=message, last_transition_time=LONG_AGO)


def pod(  # noqa: PLR0913 - a pod has as many sides
    name: str = "web-1",
    *containers: Container,
    labels: Mapping[str, str] | None = None,
    namespace: str = "shop",
    ips: Iterable[str] = ("10.244.0.5",),
    node: str = "node-a",
    ready: bool = True,
    statuses: tuple[ContainerStatus, ...] | None = None,
    conditions: tuple[Condition, ...] | None = None,
    owner: OwnerReference | None = None,
    phase: str = "Running",
) -> Pod:
    """A pod that carries app=web, runs and is Ready."""
    addresses = tuple(ips)
    declared = containers or (container(),)
    if statuses is None:
        statuses = tuple(running(c.name, ready=ready) for c in declared)
    if conditions is None:
        word = "True" if ready else "False"
        conditions = (condition("ContainersReady", word), condition("Ready", word))
    return Pod(
        metadata=metadata(name, namespace, {"app": "web"} if labels is None else labels, owner),
        spec=PodSpec(node_name=node, containers=declared),
        status=PodStatus(
            phase=phase,
            pod_ip=addresses[0] if addresses else "",
            pod_ips=tuple(PodIP(ip=ip) for ip in addresses),
            start_time=LONG_AGO,
            conditions=conditions,
            container_statuses=statuses,
        ),
    )


def pods(number: int, **more: Any) -> tuple[Pod, ...]:
    """Pods web-1 … web-N at addresses of their own."""
    return tuple(pod(f"web-{n}", ips=(f"10.244.0.{n}",), **more) for n in range(1, number + 1))


def unready(name: str = "web-1", **more: Any) -> Pod:
    """A pod whose readiness probe fails since yesterday."""
    probed = container(readiness_probe=http_probe())
    return pod(name, probed, ready=False, **more)


def unscheduled(name: str = "web-1", reason: str = "Unschedulable", message: str = "0/3 nodes fit") -> Pod:
    """A pod that no node takes."""
    verdict = condition("PodScheduled", "False", reason, message)
    return pod(name, ips=(), node="", statuses=(), conditions=(verdict,), phase="Pending")


def terminating(of: Pod) -> Pod:
    """The pod after its deletion was asked for."""
    return with_(of, metadata__deletion_timestamp=NOW + timedelta(seconds=20))


def node(name: str = "node-a", zone: str = "") -> Node:
    """A node."""
    return Node(metadata=metadata(name, "", {topology.ZONE: zone} if zone else {}))


def namespace(name: str = "shop") -> Namespace:
    """A namespace."""
    return Namespace(metadata=metadata(name, ""))


def said(member: Pod, ports: Mapping[str, object]) -> Pod:
    """The pod with what its containers' arguments name, as the decoder derives it."""
    return with_(member, metadata__annotations={derived.PREFIX + "argument-ports": json.dumps(ports)})


def version(minor: int = 36) -> Version:
    """The server's version."""
    return Version(metadata=Metadata(name="server"), git_version=f"v1.{minor}.0", major="1", minor=str(minor))


def _workload(
    kind: type[W],
    name: str,
    labels: Mapping[str, str] | None,
    containers: tuple[Container, ...],
    replicas: int,
    **status: Any,
) -> W:
    carried = dict({"app": "web"} if labels is None else labels)
    return kind(
        metadata=metadata(name),
        spec=WorkloadSpec(
            replicas=replicas,
            selector=LabelSelector(match_labels=carried),
            template=PodTemplate(
                metadata=TemplateMetadata(labels=carried),
                spec=PodSpec(containers=containers or (container(),)),
            ),
        ),
        status=WorkloadStatus(**status),
    )


def deployment(
    name: str = "web", *containers: Container, labels: Mapping[str, str] | None = None, replicas: int = 1
) -> Deployment:
    """A Deployment whose pods carry app=web."""
    return _workload(Deployment, name, labels, containers, replicas)


def stateful_set(
    name: str = "web", *, labels: Mapping[str, str] | None = None, replicas: int = 1
) -> StatefulSet:
    """A StatefulSet whose pods carry app=web."""
    return _workload(StatefulSet, name, labels, (), replicas)


def daemon_set(name: str = "web", *, desired: int, labels: Mapping[str, str] | None = None) -> DaemonSet:
    """A DaemonSet that fits on some nodes."""
    return _workload(DaemonSet, name, labels, (), 1, desired_number_scheduled=desired)


def replica_set(name: str = "web-abc", deployment: str = "web") -> ReplicaSet:
    """A ReplicaSet that a Deployment manages."""
    return ReplicaSet(metadata=metadata(name, owner=owned_by("Deployment", deployment)))


def job(name: str = "web", *, suspend: bool = False, labels: Mapping[str, str] | None = None) -> Job:
    """A Job whose pods carry app=web; its own labels are theirs, as the API server leaves it."""
    carried = dict({"app": "web"} if labels is None else labels)
    template = PodTemplate(metadata=TemplateMetadata(labels=carried), spec=PodSpec(containers=(container(),)))
    return Job(metadata=metadata(name, labels=carried), spec=JobSpec(suspend=suspend, template=template))


def cron_job(name: str = "web", *, suspend: bool = False, labels: Mapping[str, str] | None = None) -> CronJob:
    """A CronJob of such Jobs, at three each night."""
    template = JobTemplate(spec=job(labels=labels).spec)
    return CronJob(
        metadata=metadata(name),
        spec=CronJobSpec(schedule="0 3 * * *", suspend=suspend, job_template=template),
    )


def autoscaler(
    of: Obj, least: int = 1, most: int = 5, reason: str = "", owner: OwnerReference | None = None
) -> HorizontalPodAutoscaler:
    """A HorizontalPodAutoscaler of a workload; `reason`: why it does not scale."""
    target = ScaleTarget(kind=of.kind, name=of.metadata.name)
    told = (condition("ScalingActive", "False", reason),) if reason else ()
    return HorizontalPodAutoscaler(
        metadata=metadata(f"{of.metadata.name}-scaler", owner=owner),
        spec=AutoscalerSpec(scale_target_ref=target, min_replicas=least, max_replicas=most),
        status=AutoscalerStatus(conditions=told),
    )


def event(about: Obj, reason: str, message: str, *, times: int = 1, uid: str | None = None) -> Event:
    """A Warning about an object, last seen six seconds ago."""
    meta = about.metadata
    return Event(
        metadata=metadata(f"{meta.name}.{reason.lower()}", meta.namespace),
        involved_object=InvolvedObject(
            kind=about.kind,
            namespace=meta.namespace,
            name=meta.name,
            uid=meta.uid if uid is None else uid,
        ),
        reason=reason,
        message=message,
        type="Warning",
        count=times,
        last_timestamp=NOW - timedelta(seconds=6),
    )


def slices(
    of: Service, *selected: Pod, minor: int = 36, nodes: Iterable[Node] | None = None
) -> tuple[EndpointSlice, ...]:
    """The slices that the controller writes for a Service and its pods; by default on nodes that exist."""
    if nodes is None:
        nodes = [node(p.spec.node_name) for p in selected if p.spec.node_name]
    return reconcile.slices(of, selected, {n.metadata.name: n for n in nodes}, minor)


def endpoint(
    *addresses: str,
    ready: bool | None = True,
    serving: bool | None = True,
    terminating: bool | None = False,
    target: Pod | None = None,
) -> Endpoint:
    """An endpoint as somebody might write it."""
    ref = None
    if target:
        meta = target.metadata
        ref = TargetRef(kind="Pod", namespace=meta.namespace, name=meta.name, uid=meta.uid)
    conditions = EndpointConditions(ready=ready, serving=serving, terminating=terminating)
    return Endpoint(addresses=addresses, conditions=conditions, target_ref=ref)


def hand_made(
    *listed: Endpoint,
    name: str = "by-hand",
    of: str = "web",
    ports: tuple[EndpointPort, ...] | None = None,
    family: str = "IPv4",
) -> EndpointSlice:
    """A slice that somebody else than the controller wrote for Service web."""
    labels = {endpoints.SERVICE_NAME: of, endpoints.MANAGED_BY: "somebody.example"}
    return EndpointSlice(
        metadata=metadata(name, labels=labels),
        address_type=family,
        endpoints=listed,
        ports=(EndpointPort(name="http", port=8080),) if ports is None else ports,
    )


def cluster(*objects: Obj, at: datetime = NOW) -> Snapshot:
    """A snapshot in which what is absent does not exist; a server's version is added unless one is given."""
    given = objects if any(isinstance(obj, Version) for obj in objects) else (*objects, version())
    return complete("test", at, given)


def settled(of: Service, *objects: Obj) -> Snapshot:
    """A cluster whose controller has synced one Service: its slices, and the nodes of all pods, are added."""
    selected = [
        obj
        for obj in objects
        if isinstance(obj, Pod)
        and obj.metadata.namespace == of.metadata.namespace
        and of.spec.selector.items() <= obj.metadata.labels.items()
    ]
    present = {obj.metadata.name for obj in objects if isinstance(obj, Node)}
    named = {obj.spec.node_name for obj in objects if isinstance(obj, Pod) and obj.spec.node_name}
    added = [node(name) for name in sorted(named - present)]
    nodes = [*(obj for obj in objects if isinstance(obj, Node)), *added]
    written = slices(of, *selected, nodes=nodes)
    return cluster(of, *objects, *added, *written)
