"""Small clusters, good and bad, for properties: a Service, pods, Nodes, workloads, old and new slices."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hypothesis import strategies as st

from kubesvc.model.objects import (
    Container,
    EndpointSlice,
    Node,
    Obj,
    OwnerReference,
    Pod,
    ReadinessGate,
    Service,
    ServicePort,
)
from kubesvc.model.snapshot import Snapshot
from tests.support.builders import (
    NOW,
    autoscaler,
    cluster,
    condition,
    container,
    cron_job,
    daemon_set,
    deployment,
    ended,
    endpoint,
    event,
    hand_made,
    http_probe,
    job,
    node,
    owned_by,
    pod,
    port,
    replica_set,
    running,
    service,
    slices,
    stateful_set,
    waiting,
    with_,
)

NODES: Final = ("node-a", "node-b", "gone")
_OWNERS: Final = (
    None,
    owned_by("ReplicaSet", "web-abc"),
    owned_by("StatefulSet", "db"),
    owned_by("Job", "batch"),
)
_LABELS: Final[tuple[dict[str, str], ...]] = (*[{"app": "web"}] * 3, {"app": "Web"}, {"name": "web"}, {})
_CONTAINERS: Final = (
    container("app", port(8080, "web")),
    container("app", port(8080), readiness_probe=http_probe()),
    container("app", port(8080, "web"), readiness_probe=http_probe("web")),
    container("app", port(8080, "web", "UDP"), startup_probe=http_probe()),
)
_PORTS: Final = (
    ServicePort(name="http", port=80, target_port=8080),
    ServicePort(name="named", port=81, target_port="web"),
    ServicePort(name="dns", port=53, target_port="web", protocol="UDP"),
)
_IPS: Final = ((), ("10.0.0.{n}",), ("10.0.0.{n}",), ("10.0.0.{n}", "fd00::{n}"), ("fd00::{n}",))


_REFUSED: Final = condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota")
_FOREIGN: Final = OwnerReference(kind="Rollout", name="web", api_version="argoproj.io/v1", controller=True)
_ROLLOUT: Final = with_(
    replica_set("web-r"), metadata__owner_references=(_FOREIGN,), metadata__labels={"app": "web"}
)
_RARER: Final[tuple[tuple[Obj, ...], ...]] = (
    (),
    (),
    (),
    (cron_job("nightly"),),
    (job("batch"), event(job("batch"), "FailedCreate", "Error creating: exceeded quota")),
    (job("batch", suspend=True), _ROLLOUT),
    (with_(deployment("refused", replicas=2), status__conditions=(_REFUSED,)),),
    (stateful_set("old", replicas=0), autoscaler(stateful_set("old"))),
)
"""Workloads that make pods now and then, or want and have none."""


@dataclass(frozen=True)
class World:
    """A cluster before it is a snapshot, so that a test can change it."""

    service: Service
    pods: tuple[Pod, ...]
    others: tuple[Obj, ...]
    slices: tuple[EndpointSlice, ...]

    @property
    def objects(self) -> tuple[Obj, ...]:
        """All of them."""
        return (self.service, *self.pods, *self.others, *self.slices)

    def snapshot(self) -> Snapshot:
        """As it is."""
        return cluster(*self.objects)

    def settled(self, pods: Iterable[Pod] | None = None) -> Snapshot:
        """After the controller has synced, perhaps with other pods."""
        members = self.pods if pods is None else tuple(pods)
        written = _written(self.service, members, [n for n in self.others if isinstance(n, Node)])
        return cluster(self.service, *members, *self.others, *written)


def _written(of: Service, members: Iterable[Pod], nodes: list[Node]) -> tuple[EndpointSlice, ...]:
    selected = [p for p in members if of.spec.selector.items() <= p.metadata.labels.items()]
    return slices(of, *selected, nodes=nodes)


def services() -> st.SearchStrategy[Service]:
    """Service web of every kind."""
    return st.builds(
        lambda ports, selector, families, publish, cluster_ip, kind: with_(
            service("web", *ports, selector=selector),
            spec__ip_families=families,
            spec__publish_not_ready_addresses=publish,
            spec__cluster_ip=cluster_ip,
            spec__type=kind,
        ),
        st.lists(st.sampled_from(_PORTS), min_size=1, max_size=3, unique_by=lambda p: p.name),
        st.sampled_from(({"app": "web"}, {"app": "web"}, {"app": "webb"}, {"name": "web"}, {})),
        st.sampled_from((("IPv4",), ("IPv4",), ("IPv6",), ("IPv4", "IPv6"))),
        st.sampled_from((False, False, False, True)),
        st.sampled_from(("10.96.0.10", "10.96.0.10", "None")),
        st.sampled_from(("ClusterIP", "ClusterIP", "NodePort", "LoadBalancer", "ExternalName")),
    )


def _pod(  # noqa: PLR0913, PLR0917 - a pod has as many sides, and hypothesis passes them in order
    number: int,
    labels: dict[str, str],
    ips: tuple[str, ...],
    where: str,
    app: Container,
    state: int,
    owner: OwnerReference | None,
) -> Pod:
    young = running(ready=False, since=NOW - timedelta(seconds=5))
    statuses = (
        running(), running(), running(ready=False), young, waiting("ImagePullBackOff", "no"),
        waiting("CrashLoopBackOff", "back-off"), ended(1), waiting("ContainerCreating"), running(),
    )  # fmt: skip
    made = pod(
        f"web-{number}",
        app,
        labels=labels,
        ips=tuple(ip.format(n=number + 1) for ip in ips),
        node=where if ips else "",
        ready=state < 2,
        statuses=(statuses[state],),
        owner=owner,
        phase="Running" if ips else "Pending",
    )
    if not ips:
        made = with_(made, status__conditions=(condition("PodScheduled", "False", "Unschedulable", "0/2"),))
    if state == 8:
        gate = (ReadinessGate(condition_type="example.com/gate"),)
        made = with_(made, spec__readiness_gates=gate)
    return made


def pods(number: int) -> st.SearchStrategy[Pod]:
    """A pod in any state."""
    base = st.builds(
        _pod,
        st.just(number),
        st.sampled_from(_LABELS),
        st.sampled_from(_IPS),
        st.sampled_from(NODES),
        st.sampled_from(_CONTAINERS),
        st.sampled_from((0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8)),
        st.sampled_from(_OWNERS),
    )
    deleted = st.sampled_from((None, None, None, NOW + timedelta(seconds=10)))
    phases = st.sampled_from((None, None, None, "Succeeded", "Failed"))
    return st.builds(
        lambda made, at, phase: with_(
            made, metadata__deletion_timestamp=at, status__phase=phase or made.status.phase
        ),
        base,
        deleted,
        phases,
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A cluster whose slices may be of before, and may have company."""
    of = draw(services())
    of = with_(of, metadata__deletion_timestamp=draw(st.sampled_from((None, None, None, NOW))))
    members = tuple(draw(pods(n)) for n in range(draw(st.integers(0, 5))))
    nodes = [node("node-a", "zone-1"), node("node-b")]
    made: list[Obj] = [replica_set()]
    replicas = draw(st.sampled_from((None, 0, 1)))
    if replicas is not None:
        made.append(deployment("web", replicas=replicas))
    if draw(st.booleans()):
        made.append(daemon_set("agent", desired=draw(st.integers(0, 1)), labels={"app": "webb"}))
    made += draw(st.sampled_from(_RARER))
    told = draw(st.booleans())
    if members and told:
        made.append(event(members[0], "Unhealthy", "Readiness probe failed: refused"))
    before = members if draw(st.integers(0, 3)) else members[1:]
    written = _written(of, before, nodes)
    if draw(st.integers(0, 3)) == 0:
        written = (
            *written,
            hand_made(endpoint("192.0.2.1", ready=draw(st.sampled_from((True, False, None))))),
        )
    return World(of, members, (*nodes, *made), written)
