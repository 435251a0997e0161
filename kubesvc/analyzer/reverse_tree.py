"""The tree of a pod or workload: each Service that selects it or nearly does, and what becomes of it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from kubesvc.analyzer import lines, wording, workloads
from kubesvc.analyzer.share import Share
from kubesvc.model import selector
from kubesvc.model.cell import State
from kubesvc.model.objects import Pod, Ref, Workload
from kubesvc.model.place import Place
from kubesvc.model.report import Line, LineKind, Mark, Membership, Reason, Relation, Verdict

_KINDS: Final = {
    Relation.SELECTS: LineKind.SELECTED_BY,
    Relation.LISTS: LineKind.LISTED_BY,
    Relation.NEARLY: LineKind.NEARLY_BY,
}
_NO_SELECTOR: Final = selector.show({})


def tree(  # noqa: PLR0913, PLR0917 - what it shows
    obj: Pod | Workload,
    pods: tuple[Pod, ...],
    members: Iterable[Membership],
    shares: Mapping[Ref, Share],
    services: int,
    now: datetime,
) -> Line:
    """Return the tree; `services` is how many the namespace has."""
    children = [_labels(obj), *(_member(obj, member, shares.get(member.service)) for member in members)]
    if not any(line.kind in _KINDS.values() for line in children):
        where = f"{wording.count(services, 'Service')} in {obj.metadata.namespace}"
        children.append(
            Line(LineKind.NOTE, Place(obj.ref), "Services", f"none of {where} selects it, or nearly")
        )
    return root(obj, now, pods, tuple(children))


def root(
    obj: Pod | Workload, now: datetime, pods: tuple[Pod, ...] | None = None, children: tuple[Line, ...] = ()
) -> Line:
    """Return the first line; `pods` of a workload are None where they could not be read."""
    meta = obj.metadata
    label = f"{obj.kind} {meta.namespace}/{meta.name}"
    age = f"age {wording.span(now - meta.creation_timestamp)}" if meta.creation_timestamp else ""
    if isinstance(obj, Pod):
        addresses = ", ".join(address.ip for address in obj.status.pod_ips) or "no address yet"
        details = (obj.spec.node_name or "no node yet", age)
        return Line(LineKind.POD, Place(obj.ref), label, addresses, children=children, details=details)
    wanted = workloads.wanted(obj)
    number = "pods not read" if pods is None else f"{len(pods)} of {wording.count(wanted, 'pod')}"
    return Line(LineKind.WORKLOAD, Place(obj.ref), label, number, children=children, details=(age,))


def _labels(obj: Pod | Workload) -> Line:
    carried = obj.metadata.labels if isinstance(obj, Pod) else obj.spec.template.metadata.labels
    shown = ", ".join(f"{key}={value}" for key, value in sorted(carried.items())) or "none"
    label = "Labels" if isinstance(obj, Pod) else "Template"
    return Line(LineKind.POD_LABELS, Place(obj.ref), label, shown)


def _member(obj: Pod | Workload, member: Membership, share: Share | None) -> Line:
    place = Place(member.service)
    children = [*(_ports(share) if share else ()), *_reasons(member, place, alone=isinstance(obj, Pod))]
    children += [Line(LineKind.NOTE, place, "Note", note) for note in member.notes]
    nearly = member.relation is Relation.NEARLY
    verdict = Verdict.UNKNOWN if member.verdict is None else member.verdict
    return Line(
        _KINDS[member.relation],
        place,
        f"Service {member.service.name}",
        _relation(obj, member, share),
        mark=Mark.NONE if nearly else lines.MARKS[verdict],
        state="" if nearly else verdict.word,
        children=tuple(children),
    )


def _relation(obj: Pod | Workload, member: Membership, share: Share | None) -> str:
    if member.relation is Relation.NEARLY:
        by = "without a selector" if member.selector == _NO_SELECTOR else f"by {member.selector}"
        return f"nearly selects it, {by}"
    if member.relation is Relation.LISTS:
        names = wording.names(entry.metadata.name for entry in (share.slices or () if share else ()))
        return f"does not select it, but is given it by slice {names}"
    if isinstance(obj, Pod):
        return f"selects it by {member.selector}"
    if share is None:
        return f"selects its template by {member.selector}"
    return f"selects {len(share.selected)} of its pods by {member.selector}"


def _ports(share: Share) -> Iterator[Line]:
    for facts, count in zip(share.ports, share.counts, strict=True):
        portless = any(cell.state is State.NO_PORT for cell in facts.cells)
        yield Line(
            LineKind.PORT,
            Place(share.service.ref, facts.key),
            lines.port_label(facts),
            lines.mapping(share.service, facts),
            mark=lines.MARKS[count.verdict],
            state=f"{count.usable} of {count.expected} {'usable' if portless else 'ready'}",
            children=tuple(lines.endpoint_lines(facts, ())),
        )


def _reasons(member: Membership, place: Place, *, alone: bool) -> Iterator[Line]:
    for reason in member.reasons:
        yield Line(LineKind.REASON, place, "Reason", reason.text if alone else _of(reason))


def _of(reason: Reason) -> str:
    return f"{wording.names(reason.pods)}: {reason.text}" if reason.pods else reason.text
