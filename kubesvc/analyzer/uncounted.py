"""Declarations of a wanted port name that the controller does not take: why not, and what helps."""

from collections.abc import Iterable, Iterator
from enum import StrEnum

from msgspec import Struct

from kubesvc.analyzer import commands, named_ports, spoken
from kubesvc.analyzer.named_ports import NamedPort
from kubesvc.analyzer.port_changes import port_change
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import Pod
from kubesvc.model.report import Confidence, Fix, Row
from kubesvc.semantics.ports import SIDECAR_PORTS_SINCE, Declared, Role, counts, declared, find_port

_DEFAULT = "TCP"
"""The protocol of ports that name none, of Services and of containers."""
_WHY_TCP = "What is spoken there, or the readiness probe that asks there, takes TCP."


class Kind(StrEnum):
    """Why a declaration of the right name does not count (endpointslice utils.go, FindPort)."""

    INIT = "init container"
    PROTOCOL = "another protocol"
    OLD_SERVER = "native sidecar, old server"
    UNKNOWN_SERVER = "native sidecar, unknown server"


class Uncounted(Struct, frozen=True):
    """A declaration that has the wanted name, and does not count."""

    kind: Kind
    entry: Declared


def uncounted(wanted: NamedPort, pods: Iterable[Pod], minor: int) -> tuple[Uncounted, ...]:
    """Return the different ones of pods that do not resolve the name, in order of appearance.

    Ephemeral containers have none: the API server refuses ports there (validation.go,
    allowedEphemeralContainerFields).
    """
    found = (
        Uncounted(_kind(wanted, entry, minor), entry)
        for pod in pods
        for entry in declared(pod.spec)
        if entry.port.name == wanted.target
    )
    return tuple(dict.fromkeys(found))


def _kind(wanted: NamedPort, entry: Declared, minor: int) -> Kind:
    if entry.role is Role.INIT:
        return Kind.INIT
    if entry.port.protocol != wanted.port.protocol:
        return Kind.PROTOCOL
    return Kind.OLD_SERVER if minor else Kind.UNKNOWN_SERVER


def alike(wanted: NamedPort, pods: Iterable[Pod], minor: int) -> Uncounted | None:
    """Return the declaration that stands for all: every pod has one, of one kind, number and protocol."""
    pods = tuple(pods)
    each = [uncounted(wanted, [pod], minor) for pod in pods]
    if not pods or not all(each):
        return None
    facts = {
        (found.kind, found.entry.port.container_port, found.entry.port.protocol)
        for several in each
        for found in several
    }
    return each[0][0] if len(facts) == 1 else None


def notes(wanted: NamedPort, pods: Iterable[Pod], minor: int) -> Iterator[Row]:
    """Say of each declaration why it does not count."""
    for found in uncounted(wanted, pods, minor):
        shown = named_ports.show([found.entry])
        yield Row("note", f"{shown}: {_because(wanted, found, minor)}", "spec.containers[].ports")


def _because(wanted: NamedPort, found: Uncounted, minor: int) -> str:
    match found.kind:
        case Kind.INIT:
            return "ports of ordinary init containers never count"
        case Kind.PROTOCOL:
            return f"the Service port is {wanted.port.protocol}, and the protocols must agree"
        case Kind.OLD_SERVER:
            since = f"from Kubernetes 1.{SIDECAR_PORTS_SINCE} on; this server is 1.{minor}"
            return f"ports of native sidecars count {since}"
        case Kind.UNKNOWN_SERVER:
            since = f"from Kubernetes 1.{SIDECAR_PORTS_SINCE} on; which this server is was not read"
            return f"ports of native sidecars count {since}"


def where(wanted: NamedPort, found: Uncounted) -> str:
    """Complete `target port "http" of port http is …` where all pods declare it so."""
    match found.kind:
        case Kind.INIT:
            return "declared by an init container only"
        case Kind.PROTOCOL:
            return f"declared for {found.entry.port.protocol}, and the Service port is {wanted.port.protocol}"
        case _:
            return f"declared by a native sidecar only, which takes Kubernetes 1.{SIDECAR_PORTS_SINCE}"


def fix(view: ServiceView, wanted: NamedPort, found: Uncounted) -> Fix | None:
    """Return the change of the Service that makes this declaration do; None where there is none.

    Of two protocols one is the default, which nobody may have written: then the other one is meant. But what
    a probe asks, or is spoken over TCP alone, is for TCP, whoever wrote something else.
    """
    port, entry = wanted.port, found.entry
    number = by_number(view, wanted, found)
    if found.kind is not Kind.PROTOCOL or _named(wanted, entry.port.container_port, view.minor):
        return number
    probed = all(named_ports.asked(pod, entry) for pod in wanted.without)
    over_tcp = probed or spoken.runs_over_tcp(port)
    protocol = entry.port.protocol
    right = over_tcp if port.protocol == _DEFAULT else not over_tcp  # is that of the Service port
    if right:
        return number
    twin = next((p for p in view.service.spec.ports if (p.port, p.protocol) == (port.port, protocol)), None)
    if twin is not None:
        # The number is taken for that protocol: one application was meant for both.
        there = {find_port(pod, twin, view.minor) for pod in wanted.without}
        return number if there == {entry.port.container_port} else None
    change = port_change(view.service, wanted.position, "protocol", protocol)
    return Fix(
        title=f"protocol {protocol}",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
        notes=(_WHY_TCP if over_tcp else f"{_DEFAULT} is the default where none is written.",),
    )


def by_number(view: ServiceView, wanted: NamedPort, found: Uncounted) -> Fix | None:
    """Return the change that leads to the number instead, by a name that counts where all pods have one.

    Not for an init container: it has ended before the pod serves.
    """
    if found.kind is Kind.INIT:
        return None
    number = found.entry.port.container_port
    name = _named(wanted, number, view.minor)
    if name:
        note = f"{wanted.everybody.capitalize()} declares {name} {number}/{wanted.port.protocol}."
        return lead_to(view, wanted, name, note)
    sure = Confidence.PROOF if found.kind is Kind.OLD_SERVER else Confidence.LIKELY
    note = "A number needs no declaration, neither of its name nor of its protocol."
    return lead_to(view, wanted, number, note, sure)


def _named(wanted: NamedPort, number: int, minor: int) -> str:
    """Return another name under which every pod declares a number for the Service port's protocol, if any."""
    each = [
        {entry.port.name for entry in numbered(pod, wanted, number, minor)} - {"", wanted.target}
        for pod in (*wanted.with_it, *wanted.without)
    ]
    return min((name for name in each[0] if all(name in names for names in each)), default="")


def numbered(pod: Pod, wanted: NamedPort, number: int, minor: int) -> tuple[Declared, ...]:
    """Return the declarations of a number by a pod that count for the Service port, whatever their name."""
    return tuple(
        entry
        for entry in declared(pod.spec)
        if entry.port.container_port == number
        and entry.port.protocol == wanted.port.protocol
        and counts(entry, minor)
    )


def lead_to(
    view: ServiceView,
    wanted: NamedPort,
    target: int | str,
    note: str,
    certainty: Confidence = Confidence.LIKELY,
) -> Fix:
    """Return the change of the target port."""
    change = port_change(view.service, wanted.position, "targetPort", target)
    return Fix(
        title=f"target port {target}",
        certainty=certainty,
        change=change,
        command=commands.patch(change),
        notes=(note,),
    )
