"""Whether anything of a pod can listen: only what its containers' states prove counts."""

from collections.abc import Callable

import pytest

from kubesvc.model.cell import StepKind
from kubesvc.model.objects import ContainerStatus, Pod, ServicePort
from kubesvc.semantics import processes
from tests.support.builders import HTTP, container, ended, pod, port, running, waiting, with_

UDP = ServicePort(name="dns", port=53, protocol="UDP", target_port=8080)
ONE = container("app", port(8080))
OTHER = container("beside", port(9090))
SIDECAR = container("proxy", port(15001), restart_policy="Always")
SETUP = container("setup", port(1))


def made(*statuses: ContainerStatus, **more: object) -> Pod:
    """A pod of one container or of two, that is not ready, with these statuses."""
    declared = (ONE, OTHER)[: max(1, len(statuses))]
    return with_(pod("web-1", *declared, ready=False, statuses=statuses), **more)


def begun(status: ContainerStatus, of: Pod, init: object = SETUP) -> Pod:
    """The pod with an init container."""
    return with_(of, spec__init_containers=(init,), status__init_container_statuses=(status,))


DOWN = waiting("CrashLoopBackOff", "back-off 5m0s restarting")
EARLY = waiting("PodInitializing")

PROVEN: dict[str, tuple[Pod, tuple[StepKind, str]]] = {
    "waits to be started again": (made(DOWN), (StepKind.RUNNING, "app")),
    "has ended": (made(ended(1)), (StepKind.RUNNING, "app")),
    "has no image": (made(waiting("ErrImagePull")), (StepKind.CREATED, "app")),
    "has no configuration": (made(waiting("CreateContainerConfigError")), (StepKind.CREATED, "app")),
    "waits without a word": (made(ContainerStatus(name="app")), (StepKind.CREATED, "app")),
    "is initialized": (begun(running("setup"), made(EARLY)), (StepKind.INITIALIZED, "setup")),
    "cannot be initialized": (begun(ended(1, name="setup"), made(EARLY)), (StepKind.INITIALIZED, "setup")),
    "waits for a sidecar": (
        begun(waiting("ErrImagePull", name="proxy"), made(EARLY), SIDECAR),
        (StepKind.CREATED, "proxy"),
    ),
    "beside a container that runs": (made(DOWN, running("beside")), (StepKind.RUNNING, "app")),
    "after one that only is not ready": (
        made(DOWN, running("beside", ready=False), spec__containers=(OTHER, ONE)),
        (StepKind.RUNNING, "app"),
    ),
    "beside a sidecar that runs": (
        begun(running("proxy"), made(DOWN), SIDECAR),
        (StepKind.RUNNING, "app"),
    ),
    "nobody declares it, nothing runs": (
        made(DOWN, spec__containers=(container("app", port(1)),)),
        (StepKind.RUNNING, "app"),
    ),
}


@pytest.mark.parametrize(("member", "expected"), PROVEN.values(), ids=PROVEN)
def test_what_does_not_run_serves_nobody(member: Pod, expected: tuple[StepKind, str]) -> None:
    """What keeps it from running is named: while a pod is initialized, what comes first."""
    missed = processes.missing(member, HTTP, 8080)

    assert missed is not None
    assert (missed.kind, missed.container, missed.passed) == (*expected, False)


UNPROVEN: dict[str, Pod] = {
    "runs": made(running(ready=False)),
    "is ready": pod(),
    "has no status": made(),
    "declared beside what is down": made(running(ready=False), with_(DOWN, name="beside")),
    "declared twice": made(DOWN, running("beside"), spec__containers=(ONE, container("beside", port(8080)))),
    "nobody declares it, a container runs": made(
        DOWN, running("beside"), spec__containers=(container("app", port(1)), OTHER)
    ),
    "nobody declares it, a sidecar runs": begun(
        running("proxy"), made(DOWN, spec__containers=(container("app", port(1)),)), SIDECAR
    ),
    "an init container that declares it runs": begun(
        running("setup"), made(EARLY), container("setup", port(8080))
    ),
}


@pytest.mark.parametrize("member", UNPROVEN.values(), ids=UNPROVEN)
def test_what_is_not_proven_is_not_said(member: Pod) -> None:
    """A declaration opens no port: where nobody declares it, any container that runs may."""
    assert processes.missing(member, HTTP, 8080) is None


def test_an_init_container_that_has_ended_serves_nobody() -> None:
    """Even where it alone declares the port."""
    only = with_(made(DOWN), spec__containers=(container("app", port(1)),))

    assert processes.missing(begun(ended(0, name="setup"), only, ONE), HTTP, 8080) is not None
    assert (
        processes.missing(
            begun(
                ended(0, name="setup"),
                with_(only, status__container_statuses=(running(),)),
                container("setup", port(8080)),
            ),
            HTTP,
            8080,
        )
        is None
    )


def test_a_declaration_of_another_protocol_is_none() -> None:
    """What runs may serve the port all the same."""
    half = made(DOWN, running("beside"))

    assert processes.missing(half, HTTP, 8080) is not None
    assert processes.missing(half, UDP, 8080) is None


def test_of_a_service_without_ports_any_container_serves() -> None:
    """Clients dial what they know."""
    assert processes.missing(made(DOWN, running("beside")), None, 0) is None
    assert processes.missing(made(DOWN, with_(DOWN, name="beside")), None, 0) is not None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda member: member, True),
        (lambda member: with_(member, spec__host_network=True), False),
        (lambda member: begun(running("proxy"), member, SIDECAR), False),
        (lambda member: begun(running("setup"), member), True),
        (lambda member: with_(member, status__container_statuses=()), False),
        (lambda member: with_(member, status__container_statuses=(ContainerStatus(name="app"),)), True),
    ],
    ids=[
        "nothing runs",
        "the node's own",
        "a sidecar runs",
        "an init container runs",
        "not known",
        "no state",
    ],
)
def test_a_pod_is_empty_where_nothing_of_it_that_serves_runs(
    change: Callable[[Pod], Pod], *, expected: bool
) -> None:
    """At the address of a node others may listen."""
    assert processes.is_empty(change(made(DOWN))) is expected
