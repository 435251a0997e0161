"""Facts as words: counts, spans of time, who dials what. No advice."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from kubesvc.model.cell import Step, StepKind
from kubesvc.model.objects import HTTPGetAction, Probe, ServicePort
from kubesvc.semantics import readiness
from kubesvc.semantics.ports import target

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def count(number: int, noun: str) -> str:
    """Write `1 pod`, `3 pods`, `2 addresses`."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"


def span(length: timedelta) -> str:
    """Write a length of time with its largest unit: `12d`, `5h`, `14 min`, `6 s`."""
    seconds = max(0, int(length.total_seconds()))
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size}{'' if unit in 'dh' else ' '}{unit}"
    return "0 s"


def ago(then: datetime | None, now: datetime) -> str:
    """Write `6 s ago`; `at an unknown time` without a time."""
    return f"{span(now - then)} ago" if then else "at an unknown time"


def names(items: Iterable[str], most: int = 3) -> str:
    """Write a list, cut after `most` with the number left out."""
    listed = list(items)
    shown = ", ".join(listed[:most])
    return f"{shown} and {len(listed) - most} more" if len(listed) > most else shown


def probe_path(action: HTTPGetAction) -> str:
    """Return the path that an HTTP probe asks, joined to the port by a slash (pkg/probe/http/request.go)."""
    return action.path if action.path.startswith("/") else f"/{action.path}"


def probe(check: Probe) -> str:
    """Write what a probe asks: `GET http://:8081/healthz every 10 s, timeout 1 s, 3 failures`."""
    if check.http_get:
        action = check.http_get
        what = f"GET {action.scheme.lower()}://{action.host}:{action.port}{probe_path(action)}"
    elif check.tcp_socket:
        what = f"TCP {check.tcp_socket.host}:{check.tcp_socket.port}"
    elif check.grpc:
        what = f"gRPC :{check.grpc.port} {check.grpc.service}".rstrip()
    else:
        what = "a command in the container"
    failures = count(check.failure_threshold, "failure")
    return f"{what} every {check.period_seconds} s, timeout {check.timeout_seconds} s, {failures}"


def pause(message: str) -> str:
    """Shorten what the kubelet says of a crash loop: the rest names container and pod once more."""
    return message.partition(" restarting ")[0]


def gate(missed: Step) -> str:
    """Return the name of a readiness gate: `example.com/registered`."""
    return missed.field.partition("[")[2].removesuffix("]")


def mapping(port: ServicePort) -> str:
    """Write where a Service port leads: `http 80/TCP → web`; only the number where it has no name."""
    name = f"{port.name} " if port.name else ""
    return f"{name}{port.port}/{port.protocol} → {target(port)}"


def awaited(missed: Step) -> str:
    """Write what is given time to be met, behind `12 s left for`: `an address`, `init container wait`."""
    match missed.kind:
        case StepKind.SCHEDULED:
            return "a node"
        case StepKind.ADDRESS:
            return "an address"
        case StepKind.INITIALIZED:
            return f"init container {missed.container}"
        case StepKind.CREATED:
            return f"container {missed.container}"
        case _:
            return f"the {step(missed)}"


def step(missed: Step) -> str:  # noqa: C901, PLR0911, PLR0912 - one arm for each kind of step
    """Write an unmet condition as a clause: `readiness probe of app`, `ImagePullBackOff of app`."""
    of = f" of {missed.container}" if missed.container else ""
    match missed.kind:
        case StepKind.PROBED:
            return f"readiness probe{of}"
        case StepKind.STARTED:
            return f"startup probe{of}"
        case StepKind.PORT:
            return missed.value
        case StepKind.PHASE:
            return missed.value.lower()
        case StepKind.STAYING:
            return "deletion asked for"
        case StepKind.ADDRESS:
            return "no address yet"
        case StepKind.LABELS:
            return f"labels differ: {missed.value}"
        case StepKind.GATES:
            return (
                f"readiness gate {gate(missed)} is {'not set' if missed.value == '<none>' else missed.value}"
            )
        case StepKind.RUNNING | StepKind.INITIALIZED if missed.field.endswith(".terminated"):
            return f"{missed.container} ended: {missed.value}"
        case StepKind.INITIALIZED | StepKind.CREATED if missed.reason in ("", readiness.INITIALIZING):
            return f"{awaited(missed)} {'still runs' if missed.value == 'running' else 'has not started yet'}"
        case StepKind.SCHEDULED:
            return missed.reason or "not scheduled yet"
        case StepKind.READY:
            return f"condition Ready is {missed.value}"
        case _:
            return f"{missed.reason or missed.value}{of}"
