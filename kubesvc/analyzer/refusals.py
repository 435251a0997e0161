"""What the API server's answer to a pod that it does not create proves, and what would help. Pure text."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from msgspec import Struct

from kubesvc.analyzer import commands, rollouts
from kubesvc.model.objects import Job, Ref, Workload
from kubesvc.model.report import Command, Confidence, Fix
from kubesvc.semantics.topology import quantity

_FORBIDDEN: Final = r'(?P<resource>\S+) "[^"]*" is forbidden: '


class Kind(Enum):
    """Which part of admission refused: how its answer begins, and what that proves, in words.

    Patterns are matched from the start: what a webhook answers may quote any other.
    """

    WEBHOOK = (
        r'admission webhook "(?P<name>[^"]+)" denied the request',
        "admission webhook {name} denies them",
    )
    NO_WEBHOOK = (
        (
            r'Internal error occurred: failed calling webhook "(?P<name>[^"]+)": .*'
            r'"https://(?P<service>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)\.svc(?:[.:/][^"]*)?": '
            r'service "(?P=service)" not found'
        ),
        "admission webhook {name} cannot be called, as Service {namespace}/{service} does not exist",
    )
    UNCALLED = (
        r'Internal error occurred: failed calling webhook "(?P<name>[^"]+)"',
        "admission webhook {name} cannot be called",
    )
    POLICY = (
        _FORBIDDEN + r"ValidatingAdmissionPolicy '(?P<name>[^']+)'.* denied request",
        "ValidatingAdmissionPolicy/{name} denies them",
    )
    POD_SECURITY = (
        _FORBIDDEN + r'violates PodSecurity "(?P<name>[^"]+)": (?P<detail>.+)',
        "Pod Security {name} forbids them",
    )
    QUOTA = (
        _FORBIDDEN + r"exceeded quota: (?P<name>[^,]+), requested: (?P<requested>\S+), used: (?P<used>\S+), ",
        "ResourceQuota/{name} is exceeded",
    )
    QUOTA_ASKS = (
        _FORBIDDEN + r"failed quota: (?P<name>[^:]+): must specify (?P<detail>.+)",
        "ResourceQuota/{name} asks for more than they specify",
    )
    LIMIT_RANGE = (
        _FORBIDDEN
        + r"\[?(?:(?:minimum|maximum) \S+ usage|\S+ max limit to request ratio) per (?:Pod|Container) is ",
        "a LimitRange forbids them",
    )
    ACCOUNT = (
        _FORBIDDEN + r"error looking up service account [^/ ]+/(?P<name>[^: ]+): .*not found",
        "ServiceAccount/{name} does not exist",
    )

    TERMINATING = (
        _FORBIDDEN
        + r"unable to create new content in namespace (?P<name>\S+) because it is being terminated",
        "Namespace/{name} is being deleted",
    )

    def __init__(self, pattern: str, said: str) -> None:
        """Take the pattern and the words."""
        self.pattern = re.compile(pattern)
        self.said = said


class Refusal(Struct, frozen=True):
    """What a text proves: `kind` is None where it is none that is known. `parts` are named in its pattern."""

    kind: Kind | None
    parts: Mapping[str, str]

    @property
    def headline(self) -> str:
        """What refuses, as a clause; empty where that is not known."""
        return self.kind.said.format(**self.parts) if self.kind else ""


def understood(text: str) -> Refusal:
    """Return what the server's answer proves."""
    for kind in Kind:
        if found := kind.pattern.match(text):
            return Refusal(kind, found.groupdict())
    return Refusal(None, {})


_WEBHOOKS: Final = "validatingwebhookconfigurations,mutatingwebhookconfigurations"
_ADDRESS: Final = re.compile(
    r'"https://(?P<name>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)\.svc(?:\.[^/":]+)?[:/]'
)


def confirm(  # noqa: PLR0911 - one for each kind
    refusal: Refusal, text: str, namespace: str
) -> Command | None:
    """Return what shows the object that refuses, None where it is not known."""
    name = refusal.parts.get("name", "")
    match refusal.kind:
        case Kind.UNCALLED if found := _ADDRESS.search(text):
            argv = ("kubesvc", "explain", found["name"], "-n", found["namespace"])
            return Command(argv, "explains the Service in front of the webhook")
        case Kind.WEBHOOK | Kind.NO_WEBHOOK | Kind.UNCALLED:
            return Command(("kubectl", "get", _WEBHOOKS), f"one of them holds the webhook {name}")
        case Kind.POLICY:
            policy = ("kubectl", "get", "validatingadmissionpolicy", name, "-o", "yaml")
            return Command(policy, "shows what it asks for")
        case Kind.POD_SECURITY:
            labels = ("kubectl", "get", "namespace", namespace, "--show-labels")
            return Command(labels, "pod-security.kubernetes.io/enforce is the level")
        case Kind.QUOTA | Kind.QUOTA_ASKS:
            return Command(("kubectl", "describe", "resourcequota", name), "shows what is used of it")
        case Kind.LIMIT_RANGE:
            return Command(("kubectl", "describe", "limitrange"), "shows what a pod may ask for")
        case Kind.ACCOUNT:
            return Command(("kubectl", "get", "serviceaccounts"), "lists those that exist")
        case Kind.TERMINATING:
            deleted = ("kubectl", "get", "namespace", name, "-o", "yaml")
            return Command(deleted, "status.conditions tell what is left in it")
        case None:
            return None


def fixes(refusal: Refusal, workload: Workload | Job, lacking: int) -> Iterator[Fix]:
    """Yield what would let the `lacking` pods of a workload be created; none where that does not follow."""
    match refusal.kind:
        case Kind.POD_SECURITY:
            yield from _secured(refusal.parts["detail"], workload)
        case Kind.QUOTA:
            yield _raised(refusal.parts, workload, lacking)
        case Kind.QUOTA_ASKS:
            yield _title(f"specify {refusal.parts['detail']} in the template of {workload.ref}")
        case Kind.LIMIT_RANGE:
            yield _title(f"keep the template of {workload.ref} within the LimitRange")
        case Kind.ACCOUNT:
            yield _account(refusal.parts["name"])
        case Kind.NO_WEBHOOK:
            there = f"{refusal.parts['namespace']}/{refusal.parts['service']}"
            yield _title(f"restore Service {there}, or remove the configuration of the webhook")
        case _:
            return


_LATER: Final = "Its controller tries again by itself, after a pause that grows to minutes."
_UNKNOWN: Final = "Not simulated: whether the new pods become ready is not known before they run."


def _title(title: str) -> Fix:
    return Fix(title=title, certainty=Confidence.LIKELY)


def _account(name: str) -> Fix:
    return Fix(
        title=f"create the service account {name}",
        certainty=Confidence.LIKELY,
        command=("kubectl", "create", "serviceaccount", name),
        notes=(f"It has no rights before a RoleBinding gives it some. {_LATER}", _UNKNOWN),
    )


def _raised(parts: Mapping[str, str], workload: Workload | Job, lacking: int) -> Fix:
    """Raise what is exceeded to what all the pods need; the answer names only that, for one pod."""
    used = dict(_pairs(parts["used"]))
    times = lacking if parts["resource"] in ("pods", "persistentvolumeclaims") else 1
    hard = {name: _sum(used.get(name, "0"), one, times) for name, one in _pairs(parts["requested"])}
    name = parts["name"]
    shown = ", ".join(f"{resource}={value}" for resource, value in hard.items())
    body = {"spec": {"hard": hard}}
    return Fix(
        title=f"raise ResourceQuota/{name} to {shown}",
        certainty=Confidence.LIKELY,
        command=commands.merge(Ref("ResourceQuota", workload.metadata.namespace, name), body),
        notes=(f"Or let {workload.ref} ask for less. {_LATER}", _UNKNOWN),
    )


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for pair in text.split(","):
        name, _, value = pair.partition("=")
        yield name, value


def _sum(used: str, one: str, times: int) -> str:
    """Return `used` and `times` of `one` as a Quantity, in the unit of `one` where that makes it whole."""
    unit = one.lstrip("0123456789.")
    total = quantity(used) + quantity(one) * times
    written = next((u for u in (unit, "") if _is_whole(total / quantity(f"1{u}"))), "m")
    return f"{int(total / quantity(f'1{written}'))}{written}"


def _is_whole(number: Decimal) -> bool:
    return number == number.to_integral_value()


_REQUIRED: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "allowPrivilegeEscalation != false": ("container", {"allowPrivilegeEscalation": False}),
    "unrestricted capabilities": ("container", {"capabilities": {"drop": ["ALL"]}}),
    "runAsNonRoot != true": ("pod", {"runAsNonRoot": True}),
    "seccompProfile": ("pod", {"seccompProfile": {"type": "RuntimeDefault"}}),
}
"""What the level `restricted` asks to be said, and where it can be (pod-security-admission, policy)."""
_VIOLATION: Final = re.compile(r"(?P<what>[^,()][^()]*) \((?P<detail>(?:[^()]|\([^()]*\))*)\)(?:, |$)")
_ASKED: Final = re.compile(r"\bmust set\b")


def _secured(detail: str, workload: Workload | Job) -> Iterator[Fix]:
    """Say in the template what has to be said; not where something that it does is forbidden."""
    found = list(_VIOLATION.finditer(detail))
    known = all(entry["what"] in _REQUIRED and _ASKED.search(entry["detail"]) for entry in found)
    if isinstance(workload, Job) or not found or not known or "".join(m[0] for m in found) != detail:
        yield _title(f"take out of the template of {workload.ref} what Pod Security forbids")
        return
    asked: dict[str, dict[str, Any]] = {"pod": {}, "container": {}}
    for entry in found:
        where, settings = _REQUIRED[entry["what"]]
        asked[where].update(settings)
    spec: dict[str, Any] = {"securityContext": asked["pod"]} if asked["pod"] else {}
    of = workload.template.spec
    for field, containers in (("initContainers", of.init_containers), ("containers", of.containers)):
        named = [container.name for container in containers if f'"{container.name}"' in detail]
        if asked["container"] and named:
            spec[field] = [{"name": name, "securityContext": asked["container"]} for name in named]
    paused = (rollouts.held_back(workload),) if workload.spec.paused else ()
    # by name, not by position: the template's own settings are not read, and stay
    body = {"spec": {"template": {"spec": spec}}}
    yield Fix(
        title=f"say in {workload.ref} what Pod Security asks for",
        certainty=Confidence.LIKELY,
        command=commands.strategic(workload.ref, body),
        target=workload.ref,
        notes=(*paused, "An image that runs as root does not start with runAsNonRoot.", _UNKNOWN),
    )
