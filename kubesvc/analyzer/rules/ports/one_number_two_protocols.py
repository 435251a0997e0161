"""KSV209: one number under two protocols, of which `kubectl apply` lost one."""

from collections.abc import Iterator

from msgspec import Struct

from kubesvc.analyzer import commands, wording
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model import derived
from kubesvc.model.change import Change, Op, Path
from kubesvc.model.derived import AppliedPort
from kubesvc.model.objects import ServicePort
from kubesvc.model.place import Place
from kubesvc.model.report import Confidence, Effect, Finding, Fix, Row
from kubesvc.semantics import ports

_APPLIED = "metadata.annotations[kubectl.kubernetes.io/last-applied-configuration]"


@rule(
    "KSV209",
    "one-number-two-protocols",
    confidence=Confidence.LIKELY,
    explains={"KSV204"},
    since="0.1",
)
def one_number_two_protocols(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report a port that was applied beside another of the same number, and that the Service lacks.

    What it means
        A Service may have one number twice, for two protocols, as DNS has. But `kubectl apply` merges the
        ports of a Service by their number alone: a second port of a number that is there already is not
        added, and a change of one of both may reach the other. It reports success, each time. Server-side
        apply tells ports apart by number and protocol.

    How to confirm
        Compare `kubectl apply view-last-applied service NAME` with `kubectl get service NAME -o yaml`.

    How to fix
        Add or change the port with a JSON patch, once; or apply with `kubectl apply --server-side`, from now
        on; or replace the Service with `kubectl replace`.

    When this is fine
        Somebody changed the Service on purpose since it was applied.
    """
    lost = tuple(_lost(view))
    if not lost:
        return
    asked = {view.asked} & {key for entry in lost for key in _keys(entry.applied)}
    yield this.finding(
        view,
        _headline(lost),
        [place for entry in lost for place in _places(view, entry)],
        view.ref,
        _rows(view, lost),
        fixes=_fixes(view, lost),
        effect=None if asked and view.judged.lacking and not view.service.headless else Effect.ADVICE,
    )


class _Lost(Struct, frozen=True):
    """A port as it was applied, and what is there of it; `taker` is the one that has its target port."""

    applied: AppliedPort
    there: ServicePort | None
    taker: ServicePort | None = None


def _lost(view: ServiceView) -> Iterator[_Lost]:
    known = {(port.port, port.protocol): port for port in view.service.spec.ports}
    applied = derived.applied_ports(view.service)
    for port in applied:
        twins = [other for other in applied if other.port == port.port and other.protocol != port.protocol]
        there = known.get((port.port, port.protocol))
        if twins and there is None:
            yield _Lost(port, None)
        elif there is not None and port.target not in (None, ports.target(there)):
            takers = (known.get((twin.port, twin.protocol)) for twin in twins if twin.target != port.target)
            taker = next((entry for entry in takers if entry and ports.target(entry) == port.target), None)
            if taker is not None:
                yield _Lost(port, there, taker)


def _keys(port: AppliedPort) -> tuple[str, ...]:
    numbered = f"{port.port}/{port.protocol}"
    return (port.name, numbered) if port.name else (numbered,)


def _places(view: ServiceView, entry: _Lost) -> Iterator[Place]:
    """Yield where a port is that is there; one that is not by each name under which it is asked for."""
    keys = _keys(entry.applied) if entry.there is None else (entry.there.key,)
    yield from (view.place._replace(port=key, field="spec.ports") for key in keys)


def _headline(lost: tuple[_Lost, ...]) -> str:
    missing = [f"{entry.applied.port}/{entry.applied.protocol}" for entry in lost if entry.there is None]
    if missing:
        return f"{' and '.join(missing)} was applied, and the Service does not have it"
    said = (
        f"target port {entry.applied.target} was applied to {entry.applied.port}/{entry.applied.protocol}, "
        f"and {entry.taker.port}/{entry.taker.protocol} has it"
        for entry in lost
        if entry.taker
    )
    return next(said)


def _rows(view: ServiceView, lost: tuple[_Lost, ...]) -> Iterator[Row]:
    applied = derived.applied_ports(view.service)
    yield Row("applied", ", ".join(map(_written, applied)), _APPLIED)
    yield Row("there", ", ".join(map(wording.mapping, view.service.spec.ports)), "spec.ports")
    number = lost[0].applied.port
    yield Row("why", f"kubectl apply takes ports of the number {number} for one, whatever their protocol", "")
    yield Row("or", "somebody changed the Service since it was applied", "metadata.managedFields")


def _written(port: AppliedPort) -> str:
    name = f"{port.name} " if port.name else ""
    leads = f" → {port.target}" if port.target is not None else ""
    return f"{name}{port.port}/{port.protocol}{leads}"


def _fixes(view: ServiceView, lost: tuple[_Lost, ...]) -> Iterator[Fix]:
    """Offer to make the Service what was applied; of several ports each needs a name of its own."""
    known = view.service.spec.ports
    missing = [entry.applied for entry in lost if entry.there is None]
    names = [*(port.name for port in known), *(port.name for port in missing)]
    if "" in names or len(set(names)) < len(names):
        return
    taken = {(port.port, port.protocol) for entry in lost for port in (entry.there, entry.taker) if port}
    ops: list[Op] = []
    for port in derived.applied_ports(view.service):
        if (port.port, port.protocol) in taken:
            at = next(n for n, p in enumerate(known) if (p.port, p.protocol) == (port.port, port.protocol))
            path: Path = ("spec", "ports", at)
            ops.append(Op((*path, "targetPort"), _target(port), ((*path, "name"), known[at].name)))
    for at, port in enumerate(missing, start=len(known)):
        guard = None if at > len(known) else (("spec", "ports", at - 1, "name"), known[-1].name)
        value = {"name": port.name, "port": port.port, "protocol": port.protocol, "targetPort": _target(port)}
        ops.append(Op(("spec", "ports", at), value, guard, new=True))
    change = Change(view.ref, tuple(ops))
    yield Fix(
        title="the ports as they were applied",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
        notes=("kubectl apply leaves it so, but takes both for one at the next change: use --server-side.",),
    )


def _target(port: AppliedPort) -> int | str:
    """Return the target port; by default the number of the port (defaults.go, SetDefaults_Service)."""
    return port.port if port.target is None else port.target
