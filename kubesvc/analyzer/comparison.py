"""A Service before and after an imagined change: who comes and goes at each port, which causes do."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from kubesvc.analyzer import commands, comparison_tree, lines, ownership, summary, wording
from kubesvc.analyzer.facts import PortFacts
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import Cell, State
from kubesvc.model.change import Change
from kubesvc.model.place import Place
from kubesvc.model.read import Gap
from kubesvc.model.report import (
    Cause,
    Comparison,
    EndpointComparison,
    Finding,
    Line,
    LineKind,
    NotChecked,
    PortComparison,
    PortVerdict,
    Seen,
    Standing,
    Verdict,
)
from kubesvc.semantics import endpoints


class Look(Struct, frozen=True):
    """A Service at one moment: what was found, as folded, and what could not be looked for."""

    view: ServiceView
    verdict: Verdict
    ports: tuple[PortVerdict, ...]
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...] = ()


def compare(change: Change, before: Look, after: Look) -> Comparison:
    """Compare two looks at one Service; the second one is simulated."""
    ports = tuple(_ports(before, after))
    known, left = tuple(_all(before.findings)), tuple(_all(after.findings))
    told = Comparison(
        change=change,
        command=commands.patch(change),
        before=_standing(before),
        after=_standing(after),
        line=Line(LineKind.WHAT_IF, before.view.place, "", ""),
        needless=before.view.service == after.view.service,
        ports=ports,
        gone=_causes(f for f in before.findings if not _among(f, left)),
        remaining=_causes(f for f in after.findings if _among(f, known)),
        new=_causes(f for f in after.findings if not _among(f, known)),
        not_checked=after.not_checked,
        notes=(*_notes(before.view, after.view), *_taken_back(before.view)),
    )
    return replace(told, line=comparison_tree.tree(told, before.view, after.view))


def unknown(change: Change, before: Look, gap: Gap) -> Comparison:
    """Return the comparison where what would decide could not be read."""
    told = Comparison(
        change=change,
        command=commands.patch(change),
        before=_standing(before),
        after=Standing(Verdict.UNKNOWN, f"{gap.read} could not be read ({gap.reason})"),
        line=Line(LineKind.WHAT_IF, before.view.place, "", ""),
        notes=tuple(_taken_back(before.view)),
    )
    return replace(told, line=comparison_tree.tree(told, before.view, None))


def _standing(look: Look) -> Standing:
    return Standing(look.verdict, summary.summarize(look.view))


def _all(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        yield finding
        yield from _all(finding.consequences)


def _among(finding: Finding, others: Iterable[Finding]) -> bool:
    """Tell whether a finding is about the cause of another: pods may come and go where it is."""
    return any(
        (finding.code, finding.culprit) == (other.code, other.culprit)
        and _touch(finding.places, other.places)
        for other in others
    )


def _touch(some: Sequence[Place], others: Sequence[Place]) -> bool:
    """Tell whether places meet; of thousands of pods among them no two are compared with each other."""
    if not set(some).isdisjoint(others):
        return True
    return any(
        place.within(wide)
        for these, those in ((some, others), (others, some))
        for wide in those
        if wide.endpoint is None
        for place in these
    )


def _causes(findings: Iterable[Finding]) -> tuple[Cause, ...]:
    return tuple(Cause(f.code, f.culprit, f.headline, f.effect) for f in findings)


def _ports(before: Look, after: Look) -> Iterator[PortComparison]:
    verdicts = [{port.key: port for port in look.ports} for look in (before, after)]
    cells = [{facts.key or "": _seen(facts) for facts in look.view.ports} for look in (before, after)]
    for key in dict.fromkeys(key for known in verdicts for key in known):
        was, now = (known.get(key, {}) for known in cells)
        yield PortComparison(
            key,
            verdicts[0].get(key),
            verdicts[1].get(key),
            tuple(
                EndpointComparison(place, was.get(place), now.get(place))
                for place in sorted(was.keys() | now.keys(), key=str)
            ),
        )


def _seen(facts: PortFacts) -> dict[Place, Seen]:
    used = {cell.place for cell in facts.usable}
    return {cell.place: _cell(cell, used=cell.place in used) for cell in facts.cells}


def _cell(cell: Cell, *, used: bool) -> Seen:
    listed = cell.state is not State.ABSENT
    return Seen(lines.address_of(cell) if listed else "", used, lines.state_of(cell, used=used))


def _taken_back(view: ServiceView) -> Iterator[str]:
    if said := ownership.note(view.service):
        yield said


def _notes(before: ServiceView, after: ServiceView) -> Iterator[str]:
    """Say what else the API server and the controllers do along with the change."""
    old, new = before.service.spec, after.service.spec
    nodes = ("NodePort", "LoadBalancer")
    if old.cluster_ip not in ("", "None") and not new.cluster_ip:
        yield f"The address {old.cluster_ip} is given back; a way back may bring another one."
    elif len(old.cluster_ips) > max(1, len(new.cluster_ips)):
        yield f"The address {old.cluster_ips[-1]} is given back; a way back may bring another one."
    if old.type not in nodes and new.type in nodes:
        yield "Each port is given a port on every node; the API server chooses which."
    given = [str(port.node_port) for port in old.ports if port.node_port]
    if given and new.type not in nodes:
        what = "Node port" if len(given) == 1 else "Node ports"
        yield f"{what} {', '.join(given)} {'is' if len(given) == 1 else 'are'} given back."
    if old.type == "LoadBalancer" != new.type:
        yield "Its load balancer is taken down."
    if endpoints.managed(before.service) and not endpoints.managed(after.service):
        left = sum(map(endpoints.is_managed, after.slices))
        if left:
            stay = f"{wording.count(left, 'slice')} of its own {'stays' if left == 1 else 'stay'}"
            yield f"The controller looks away from then on: {stay}."
