"""KSV209: one number under two protocols, of which `kubectl apply` lost one."""

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from kubesvc.analyzer import commands, wording
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model import derived
from kubesvc.model.change import Change, Op
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
    """A port as it was applied, and what the Service has of it: nothing, or with another target port."""

    applied: AppliedPort
    there: ServicePort | None


def _lost(view: ServiceView) -> Iterator[_Lost]:
    applied = derived.applied_ports(view.service)
    known = {(port.port, port.protocol): port for port in view.service.spec.ports}
    often = Counter(port.port for port in applied)
    for port in applied:
        there = known.get((port.port, port.protocol))
        differs = there is not None and port.target is not None and port.target != ports.target(there)
        if often[port.port] > 1 and (there is None or differs):
            yield _Lost(port, there)


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
    entry = lost[0]
    key = f"{entry.applied.port}/{entry.applied.protocol}"
    return f"target port {entry.applied.target} was applied to {key}, and the Service does not have it"


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
    names = [port.name for port in known] + [entry.applied.name for entry in lost if entry.there is None]
    if "" in names or len(set(names)) < len(names):
        return
    ops: list[Op] = []
    for entry in lost:
        port, there = entry.applied, entry.there
        if there is not None:
            at = known.index(there)
            guard = (("spec", "ports", at, "name"), there.name)
            ops.append(Op(("spec", "ports", at, "targetPort"), port.target, guard))
            continue
        last = len(known) + sum(op.new for op in ops)
        first = None if last > len(known) else (("spec", "ports", last - 1, "name"), known[-1].name)
        target = port.port if port.target is None else port.target
        value = {"name": port.name, "port": port.port, "protocol": port.protocol, "targetPort": target}
        ops.append(Op(("spec", "ports", last), value, first, new=True))
    change = Change(view.ref, tuple(ops))
    yield Fix(
        title="the ports as they were applied",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
        notes=("kubectl apply leaves it so, but takes both for one at the next change: use --server-side.",),
    )
