"""The reverse question: which Services select a pod, or the pods of a workload, and which nearly do."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from kubesvc.analyzer import nearly, reverse_tree, rollouts, targets, wording, workloads
from kubesvc.analyzer.facts import worst
from kubesvc.analyzer.share import Share, share
from kubesvc.model import selector
from kubesvc.model.objects import Metadata, Obj, OwnerReference, Pod, Ref, Service, Workload
from kubesvc.model.query import Query
from kubesvc.model.read import Gap, Portion, Read, Unavailable
from kubesvc.model.report import (
    Fix,
    Membership,
    Missing,
    Relation,
    Subject,
    Verdict,
)
from kubesvc.model.snapshot import VERSION, Snapshot
from kubesvc.semantics import endpoints
from kubesvc.semantics.simulate import changed

Advice = Callable[[Service], Iterable[Fix]]
"""Returns the fixes that are offered where a Service is explained, with their outcomes."""


class Asked(Struct, frozen=True):
    """A pod or workload with its pods, and the labels of a pod that it is or makes."""

    obj: Pod | Workload
    pods: tuple[Pod, ...]
    labels: Mapping[str, str]

    @property
    def only_template(self) -> bool:
        """Whether there is no pod, so that only the template can be looked at."""
        return not self.pods and isinstance(self.obj, Workload)

    @property
    def stand_ins(self) -> tuple[Obj, ...]:
        """A pod of each set of labels that its pods carry, or else of its template's, whoever made it."""
        meta, owners = self.obj.metadata, _owners(self.obj)
        carried = {frozenset(pod.metadata.labels.items()): None for pod in self.pods}
        return tuple(
            Obj(
                kind="Pod",
                metadata=Metadata(
                    name=meta.name,
                    namespace=meta.namespace,
                    labels=dict(labels),
                    owner_references=owners,
                ),
            )
            for labels in carried or [self.labels]
        )


def _owners(obj: Pod | Workload) -> tuple[OwnerReference, ...]:
    """Return who owns a pod that stands for a workload's: the workload; a pod stands for itself."""
    if isinstance(obj, Pod):
        return ()
    return (OwnerReference(kind=obj.kind, name=obj.metadata.name, uid=obj.metadata.uid, controller=True),)


def asked(query: Query, snapshot: Snapshot, which: Ref, advice: Advice) -> Subject | Missing:
    """Tell of a pod or workload of the query's namespace which Services select it, or nearly do.

    Raises:
        Unread: it, the Services, or what decides about its pods were never read.
    """
    ref = which._replace(namespace=query.namespace)
    read = Read(ref.kind, ref.namespace, ref.name)
    listed = Read("Service", ref.namespace)
    snapshot.want([read, listed, Read("EndpointSlice", ref.namespace), VERSION])
    try:
        found = snapshot.get(read, Obj)
    except Unavailable as unavailable:
        return Missing(ref, refused=unavailable.gap)
    if not isinstance(found, Pod | Workload):
        return targets.not_there(snapshot, ref.namespace, [ref])[0]
    try:
        it = (
            Asked(found, (found,), found.metadata.labels)
            if isinstance(found, Pod)
            else _made_by(snapshot, found)
        )
        services = snapshot.find(listed, Service)
    except Unavailable as unavailable:
        return _unknown(found, unavailable.gap, snapshot.taken_at)
    return _told(query, snapshot, it, services, advice)


def _made_by(snapshot: Snapshot, workload: Workload) -> Asked:
    """Find the pods of a workload: those that it controls, or the ReplicaSets of a Deployment do."""
    meta, labels = workload.metadata, selector.selector(workload.spec.selector.match_labels)
    pods = Read("Pod", meta.namespace, labels=labels)
    owners = {workload.ref}
    if workload.kind == "Deployment":
        sets = Read("ReplicaSet", meta.namespace, labels=labels, part=Portion.METADATA)
        snapshot.want([pods, sets])
        owners = {one.ref for one in snapshot.find(sets, Obj) if _controller(one) == workload.ref}
    own = tuple(pod for pod in snapshot.find(pods, Pod) if _controller(pod) in owners)
    return Asked(workload, own, workload.spec.template.metadata.labels)


def _controller(obj: Obj) -> Ref | None:
    return Ref(obj.owner.kind, obj.metadata.namespace, obj.owner.name) if obj.owner else None


def _unknown(found: Pod | Workload, gap: Gap, now: datetime) -> Subject:
    summary = f"{gap.read} could not be read ({gap.reason})"
    return Subject(found.ref, Verdict.UNKNOWN, summary, (), reverse_tree.root(found, now))


def _told(
    query: Query, snapshot: Snapshot, it: Asked, services: tuple[Service, ...], advice: Advice
) -> Subject:
    shares = {service.ref: share(snapshot, service, it.pods, query.viewpoint) for service in services}
    members = [
        _membership(snapshot, it, service, shares[service.ref])
        for service in services
        if shares[service.ref] or _makes_for(it, service)
    ]
    theirs = {member.service for member in members}
    others = [one for one in services if one.ref not in theirs and not _is_for_another(it, one)]
    advise, alone = partial(_advise, it, advice), not members
    near = tuple(nearly.near(snapshot, it.stand_ins, others, advise, alone=alone))
    if isinstance(it.obj, Pod) and not near:
        near = tuple(nearly.called(snapshot, it.obj, others, advise, alone=alone))
    if not near:
        near = tuple(nearly.without_selector(snapshot, it.obj, others, advise, alone=alone))
    if isinstance(it.obj, Workload):
        apart = [one for one in services if one.ref not in theirs and _is_for_another(it, one)]
        near = (*near, *nearly.by_number(it.obj, it.pods, apart, advise, alone=alone and not near))
    lines = {ref: found for ref, found in shares.items() if found}
    silent = {ref for ref, found in lines.items() if found.silent}
    verdicts = [member.verdict for member in members if member.verdict is not None]
    unread = snapshot.unreadable("Service", it.obj.metadata.namespace)
    verdict = (
        worst([*verdicts, *([Verdict.UNKNOWN] if unread else [])]) if verdicts or unread else Verdict.IDLE
    )
    return Subject(
        ref=it.obj.ref,
        verdict=verdict,
        summary=_summary(it, members, near, unread, silent),
        ports=(),
        line=reverse_tree.tree(it.obj, it.pods, (*members, *near), lines, len(services), snapshot.taken_at),
        services=(*members, *near),
    )


def _advise(it: Asked, advice: Advice, service: Service) -> Fix | None:
    """Return the first fix that makes a Service select what is asked about; what it leads to is foreseen.

    Whoever asks from either side gets the same answer.
    """
    for fix in advice(service):
        change = fix.change
        if change and change.target == service.ref:
            wanted = selector.selector(changed(service, change).spec.selector)
            if wanted and any(selector.matches(wanted, one.metadata.labels) for one in it.stand_ins):
                return replace(fix, title=f"in {service.ref}: {fix.title}")
        elif change and change.target == it.obj.ref:
            return fix
    return None


def _makes_for(it: Asked, service: Service) -> bool:
    """Tell whether a workload would make pods that a Service selects, whatever those it has carry."""
    wanted = selector.selector(service.spec.selector)
    makes = isinstance(it.obj, Workload) and endpoints.managed(service)
    return makes and selector.matches(wanted, it.labels)


def _is_for_another(it: Asked, service: Service) -> bool:
    """Tell whether a Service is for one pod of the same StatefulSet by its number, and for none of these."""
    by = it.obj.owner if isinstance(it.obj, Pod) else None
    kind, name = (by.kind, by.name) if by else (it.obj.kind, it.obj.metadata.name)
    asked = workloads.numbers(service.spec.selector)
    if kind != "StatefulSet" or workloads.number_of(name, asked) is None:
        return False
    return not any(asked.items() <= pod.metadata.labels.items() for pod in it.pods)


def _membership(snapshot: Snapshot, it: Asked, service: Service, found: Share | None) -> Membership:
    shown = selector.show(service.spec.selector)
    if found is None:
        verdict, notes = _without_pods(it, service, snapshot)
        return Membership(service.ref, Relation.SELECTS, verdict, shown, (), notes=notes)
    return Membership(
        service=service.ref,
        relation=Relation.SELECTS if found.selected else Relation.LISTS,
        verdict=found.verdict,
        selector=shown,
        pods=found.names,
        ports=found.counts,
        reasons=tuple(found.reasons()),
        notes=tuple(_notes(it, found)),
    )


def _without_pods(it: Asked, service: Service, snapshot: Snapshot) -> tuple[Verdict, tuple[str, ...]]:
    """Tell how a workload fares with a Service that selects its template, and none of its pods."""
    if not isinstance(it.obj, Workload) or not workloads.wanted(it.obj):
        return Verdict.IDLE, ("It wants no pod; those of its template would be selected.",)
    stuck = rollouts.is_stuck(it.obj)
    if it.pods:
        has = "its only pod does not" if len(it.pods) == 1 else f"none of its {len(it.pods)} pods does"
        told = f"Its template carries these labels, {has}."
    else:
        wanted = wording.count(workloads.wanted(it.obj), "pod")
        told = f"It wants {wanted} and has none; those of its template would be selected."
    if not stuck and workloads.is_young(it.obj, snapshot.taken_at):
        return Verdict.PROGRESSING, (told,)
    held = (rollouts.held_back(it.obj),) if stuck else ()
    return Verdict.BROKEN, (told, *held, nearly.more(service))


def _notes(it: Asked, found: Share) -> Iterator[str]:
    if found.selected and len(found.selected) < len(it.pods):
        left = len(it.pods) - len(found.selected)
        verb = "does not carry" if left == 1 else "do not carry"
        yield f"{left} of its pods {verb} these labels."
    if found.late:
        name = found.service.metadata.name
        yield f"No condition is unmet, yet the slices say otherwise: kubesvc explain {name} looks twice."


def _summary(
    it: Asked,
    members: list[Membership],
    near: tuple[Membership, ...],
    unread: tuple[Gap, ...],
    silent: AbstractSet[Ref],
) -> str:
    """Say in one clause what the verdict rests on: the Service with which it fares worst."""
    if not members and unread:
        return f"{unread[0].read} could not be read ({unread[0].reason}), and no other selects it"
    if not members:
        nearly = f", {_services(near)} nearly {'does' if len(near) == 1 else 'do'}" if near else ""
        return f"no Service selects it{nearly}"
    if it.only_template:
        return f"it has no pods; {_services(members)} would select them"
    bad = [member for member in members if member.verdict is not Verdict.HEALTHY] or members
    worst_ones = [member for member in bad if member.verdict is worst(_verdicts(bad))] or bad
    # Of those that fare alike, what sends no traffic is another case than what sends it for nothing.
    worst_ones = [member for member in worst_ones if member.service not in silent] or worst_ones
    return _pod(worst_ones, silent) if isinstance(it.obj, Pod) else _pods(it, worst_ones[0])


def _verdicts(members: Iterable[Membership]) -> list[Verdict]:
    return [member.verdict for member in members if member.verdict is not None]


def _services(members: Iterable[Membership]) -> str:
    names = [member.service.name for member in members]
    return f"Service{'s' if len(names) > 1 else ''} {wording.names(names)}"


def _pod(members: list[Membership], silent: AbstractSet[Ref]) -> str:
    """Complete `Pod web-1 is VERDICT:` for Services with which it fares alike."""
    who, one = _services(members), len(members) == 1
    has = members[0].relation.value if one else members[0].relation.value.removesuffix("s")
    match members[0].verdict:
        case Verdict.HEALTHY:
            return f"{who} {'sends' if one else 'send'} it traffic"
        case Verdict.UNKNOWN:
            return f"what the slices of {who} say could not be read"
        case Verdict.IDLE:
            return f"{who} {has} it, but it is to get no more traffic"
        case Verdict.DEGRADED:
            return f"{who} {'sends' if one else 'send'} it a part of the traffic"
        case Verdict.PROGRESSING:
            return f"{who} {'waits' if one else 'wait'} until it is ready"
        case _:
            unheard = all(member.service in silent for member in members)
            what = "it traffic, but its container does not run" if unheard else "it no traffic"
            return f"{who} {'' if unheard else f'{has} it, and '}{'sends' if one else 'send'} {what}"


def _pods(it: Asked, member: Membership) -> str:
    """Complete `Deployment web is VERDICT:` for the Service with which its pods fare worst."""
    if member.verdict is Verdict.UNKNOWN:
        return f"what the slices of Service {member.service.name} say could not be read"
    used = min((port.usable for port in member.ports), default=0)
    receive = f"{wording.count(len(it.pods), 'pod')} {'receives' if len(it.pods) == 1 else 'receive'}"
    return f"{used} of {receive} traffic from Service {member.service.name}"
