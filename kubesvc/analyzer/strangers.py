"""Pods that a Service selects and that were probably not meant: of a Job, another role, another release."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from kubesvc.analyzer import errands, listening
from kubesvc.analyzer.differences import HASHES, RELEASES, ROLES
from kubesvc.analyzer.view import ServiceView
from kubesvc.analyzer.workloads import maker
from kubesvc.model import selector
from kubesvc.model.objects import Pod, Ref, Service, ServicePort, Workload
from kubesvc.model.read import Read
from kubesvc.semantics import endpoints, ports, topology

_INJECTED: Final = frozenset({"istio-proxy", "linkerd-proxy"})
"""Containers that a mesh puts into every pod."""
_ENDING: Final = {
    errands.JOB: "a Job's pods do their work and end",
    "Pod": "a hook's pod does its work and ends",
}
"""Owners whose pods are no servers, and why; a pod is its own owner if it is a hook."""
_OF_JOBS: Final = frozenset({"job-name", "controller-uid"})


class Stranger(Struct, frozen=True):
    """Pods of one owner, and why they do not belong to the others that the Service selects."""

    owner: Ref
    pods: tuple[Pod, ...]
    why: str


class Company(Struct, frozen=True):
    """Everyone a Service selects who should get traffic: those that belong, by owner, and strangers.

    Where there are strangers only, `absent` are the workloads whose pods belong.
    """

    belonging: dict[Ref, tuple[Pod, ...]]
    strangers: tuple[Stranger, ...]
    absent: tuple[Workload, ...] = ()


def company(view: ServiceView) -> Company:
    """Tell strangers among the pods that should get traffic from those that belong; as `among`.

    Where all of them are of Jobs and hooks, the workloads, which are read for it, tell who else is meant.
    """
    pods = {cell.pod.metadata.uid: cell.pod for facts in view.ports for cell in facts.expected if cell.pod}
    if not view.absent:
        return among(view, pods.values())
    groups = _by_owner(pods.values())
    return Company({}, tuple(Stranger(ref, groups[ref], _ENDING[ref.kind]) for ref in groups), view.absent)


def among(view: ServiceView, pods: Iterable[Pod]) -> Company:
    """Tell strangers from those that belong; without evidence nobody is one.

    Two workloads behind a Service are no evidence: canaries, colors, revisions and pools are so on purpose.
    Declared ports, images and labels inform only, so that what follows is likely at most. Costs a request
    where pods of another release than the Service's are selected, and none else.
    """
    groups = _by_owner(pods)
    if len(groups) < 2:  # noqa: PLR2004 - nobody is a stranger alone
        return Company(groups, ())
    reasons = {owner: _why(view, groups, owner) for owner in groups}
    found = [Stranger(owner, groups[owner], why) for owner, why in reasons.items() if why]
    belonging = {owner: pods for owner, pods in groups.items() if not reasons[owner]}
    return Company(belonging, tuple(found) if belonging else ())


def _by_owner(pods: Iterable[Pod]) -> dict[Ref, tuple[Pod, ...]]:
    """Group pods by owner; most bare pods belong to nobody, and are left out."""
    groups: dict[Ref, list[Pod]] = {}
    for pod in sorted(pods, key=lambda pod: pod.metadata.name):
        if owner := _owner(pod):
            groups.setdefault(owner, []).append(pod)
    return {owner: tuple(members) for owner, members in sorted(groups.items())}


def _owner(pod: Pod) -> Ref | None:
    """Return what makes a pod, as far as the pod tells, which costs no request; a hook's pod is its own."""
    return maker(pod) if pod.owner or errands.is_hook(pod) else None


def _why(view: ServiceView, groups: dict[Ref, tuple[Pod, ...]], owner: Ref) -> str:
    """Say why the pods of an owner are strangers; empty where nothing says so."""
    mine = groups[owner]
    others = {ref: pods for ref, pods in groups.items() if ref != owner and ref.kind not in _ENDING}
    if owner.kind in _ENDING:
        return _ENDING[owner.kind] if others else ""
    return _of_another_release(view, mine, others) or _of_another_role(view, mine, others)


def _of_another_role(view: ServiceView, mine: tuple[Pod, ...], others: dict[Ref, tuple[Pod, ...]]) -> str:
    """Pods of another application that show no sign of serving any port, beside others that do.

    Or at other numbers, where ports are looked up by name, and the Service's labels say who is meant.
    """
    if view.service.headless:  # its clients pick a pod by name, and need not want them all
        return ""
    serving = any(_serves(view, mine, port) for port in view.service.spec.ports)
    for ref, pods in others.items():
        served = [port for port in view.service.spec.ports if _serves(view, pods, port)]
        if not served:
            continue
        images = _images(pods, mine)
        if not serving and (differs := _role(pods, mine) or images):
            wanted = ", ".join(f"{ports.target(port)}/{port.protocol}" for port in served)
            return f"{differs}, and none declares or probes {wanted}, as those of {ref} do"
        shared = any(_numbers(view, pods, port) & _numbers(view, mine, port) for port in served)
        if images and not shared and (meant := _meant(view.service, pods, mine)):
            return f"{meant}, and its ports lead to other numbers than those of {ref}"
    return ""


def _meant(service: Service, theirs: tuple[Pod, ...], mine: tuple[Pod, ...]) -> str:
    """Say which label the Service has in common with others and not with these; empty where there is none."""
    for key in ROLES:
        own, values = service.metadata.labels.get(key), _values(mine, key)
        if own and values and own not in values and own in _values(theirs, key):
            return f"they carry {key}={', '.join(sorted(values))} where the Service has {own}"
    return ""


def _numbers(view: ServiceView, pods: tuple[Pod, ...], port: ServicePort) -> set[int | None]:
    return {ports.find_port(pod, port, view.minor) for pod in pods}


def _serves(view: ServiceView, pods: tuple[Pod, ...], port: ServicePort) -> bool:
    """Tell whether some pod declares or probes what a Service port leads to: no proof, but a sign."""
    return any(ports.find_port(pod, port, view.minor) in listening.numbers(pod, view.minor) for pod in pods)


def _role(theirs: tuple[Pod, ...], mine: tuple[Pod, ...]) -> str:
    for key in ROLES:
        one, other = _values(theirs, key), _values(mine, key)
        if one and other and not one & other:
            return f"they carry {key}={', '.join(sorted(other))}"
    return ""


def _images(theirs: tuple[Pod, ...], mine: tuple[Pod, ...]) -> str:
    repositories = _repositories(mine)
    return f"they run {', '.join(sorted(repositories))}" if not _repositories(theirs) & repositories else ""


def _repositories(pods: tuple[Pod, ...]) -> set[str]:
    """Return the images of some pods without tag and digest."""
    images = {c.image for pod in pods for c in pod.spec.containers if c.name not in _INJECTED}
    return {_repository(image) for image in images}


def _repository(image: str) -> str:
    path, slash, name = image.partition("@")[0].rpartition("/")
    return f"{path}{slash}{name.partition(':')[0]}"


def _values(pods: Iterable[Pod], key: str) -> set[str]:
    return {pod.metadata.labels[key] for pod in pods if key in pod.metadata.labels}


def _of_another_release(view: ServiceView, mine: tuple[Pod, ...], others: dict[Ref, tuple[Pod, ...]]) -> str:
    """Pods of a release that has a Service of its own for them; one without shares this one on purpose."""
    for key in RELEASES:
        own, theirs = view.service.metadata.labels.get(key), _values(mine, key)
        if not own or len(theirs) != 1 or own in theirs:
            continue
        if any(own in _values(pods, key) for pods in others.values()):
            (release,) = theirs
            if service := _service_of(view, key, release, mine):
                return f"they carry {key}={release}, which {service.ref} has, too; this Service has {own}"
    return ""


def _service_of(view: ServiceView, key: str, release: str, pods: tuple[Pod, ...]) -> Service | None:
    read = Read("Service", view.ref.namespace, labels=selector.selector({key: release}))
    found = view.optional(lambda: view.snapshot.find(read, Service)) or ()
    return next((service for service in found if _selects(service, pods)), None)


def _selects(service: Service, pods: tuple[Pod, ...]) -> bool:
    wanted = selector.selector(service.spec.selector)
    return endpoints.managed(service) and all(selector.matches(wanted, pod.metadata.labels) for pod in pods)


def distinguishing(found: Company) -> tuple[str, str] | None:
    """Return a label that all who belong carry, and no stranger; None where there is none that lasts."""
    carried = [pod.metadata.labels for members in found.belonging.values() for pod in members]
    carried += [workload.template.metadata.labels for workload in found.absent]
    common = [label for label in carried[0].items() if all(label in labels.items() for labels in carried)]
    strange = (pod for stranger in found.strangers for pod in stranger.pods)
    foreign = {label for pod in strange for label in pod.metadata.labels.items()}
    lasting = [label for label in common if label not in foreign and not _passes(label[0])]
    preferred = [*ROLES[:-1], *RELEASES, ROLES[-1]]  # the name, last, may be that of the whole application
    order = {key: position for position, key in enumerate(preferred)}
    return min(lasting, key=lambda label: (order.get(label[0], len(order)), label), default=None)


def _passes(key: str) -> bool:
    return key in HASHES | _OF_JOBS | topology.PLACES or key.startswith("batch.kubernetes.io/")
