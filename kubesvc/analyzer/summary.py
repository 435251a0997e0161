"""The one line after `NAME is VERDICT:`, from facts."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from kubesvc.analyzer import strangers, wording, workloads
from kubesvc.analyzer.facts import PortFacts
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import Cell, State
from kubesvc.model.objects import Workload
from kubesvc.model.report import Verdict
from kubesvc.semantics import endpoints, proxy, readiness


def summarize(view: ServiceView) -> str:  # noqa: C901, PLR0911 - the first that holds, in order
    """Say in one clause what the verdict rests on."""
    service = view.service
    if service.spec.type == "ExternalName":
        return f"an alias of {service.spec.external_name}; what answers there is not known from here"
    if view.judged.lacking and not view.judged.ports:
        return f"it has no port {view.asked}"
    if view.blind is not None:
        return f"{view.blind.read} could not be read ({view.blind.reason})"
    if not service.spec.selector and not view.slices:
        return "it has no selector and no EndpointSlice"
    if view.verdict is Verdict.IDLE:
        return _idle({maker.ref.kind for maker in view.making})
    if endpoints.managed(service) and not view.pods:
        return _nobody(view)
    facts = _worst(view)
    if view.verdict is Verdict.PROGRESSING and facts.waiting is not None:
        return f"{_share(facts)}; {wording.span(facts.waiting)} left for {_waits_for(facts)}"
    if view.stale(facts):
        kept = endpoints.managed(service)
        why = "are not what the controller should have written" if kept else "nobody renews"
        return f"{_share(facts)}, by slices that {why}"
    if view.verdict is Verdict.DEGRADED and service.metadata.deletion_timestamp and not facts.troubled:
        return f"{_share(facts)}, until its deletion is complete"
    local = _from_own_nodes(facts) if proxy.is_local_inside(service) else ""
    others = _not_meant(view, facts)
    if _apart(view):
        return f"on port {facts.key}, {_share(facts, only=False)}{others}{local}"
    return f"{_share(facts)}{others}{local}"


def _apart(view: ServiceView) -> bool:
    """Tell whether what is said holds for one port only: others fare otherwise, or are not judged."""
    fewer = len(view.judged.ports) < len(view.service.spec.ports)
    return fewer or (len(view.ports) > 1 and len({*view.verdicts.values()}) > 1)


def _idle(kinds: set[str]) -> str:
    if kinds == {"DaemonSet"}:
        return "no node fits the DaemonSet behind it"
    if kinds & {"Job", "CronJob"}:
        return "no workload behind it wants a pod now"
    return "every workload behind it is scaled to zero"


def _nobody(view: ServiceView) -> str:
    making = view.optional(lambda: view.making) or ()
    nobody = "the workload behind it has no pods" if making else "its selector matches no pod"
    if any(isinstance(maker, Workload) and workloads.has(maker) for maker in making):  # of an older template
        nobody = "its selector matches no pod of the workload behind it"
    gone = _endpoints(cell for facts in view.ports for cell in facts.gone)
    listed = gone | _endpoints(cell for facts in view.ports for cell in facts.usable)
    if not listed:
        return nobody
    whose = f", whose {_their(gone, 'pod')} gone" if gone == listed else ""
    return f"{nobody}, but its slices list {wording.count(len(listed), 'endpoint')}{whose}"


def _their(gone: AbstractSet[object], noun: str) -> str:
    return f"{noun} is" if len(gone) == 1 else f"{noun}s are"


def _worst(view: ServiceView) -> PortFacts:
    order = {Verdict.UNKNOWN: Verdict.DEGRADED.value + 0.5}
    return max(
        view.ports, key=lambda facts: order.get(view.verdicts[facts.key], view.verdicts[facts.key].value)
    )


def _share(facts: PortFacts, *, only: bool = True) -> str:
    usable, expected = _endpoints(facts.usable), _endpoints(facts.expected)
    if gone := _endpoints(facts.gone):
        sent = wording.count(len(gone | usable), "endpoint")
        whose = "its" if len(gone) == 1 else "their"
        verb = "is" if len(gone) == 1 else "are"
        return f"{len(gone)} of {sent} {verb} sent traffic, although {whose} {_their(gone, 'pod')} gone"
    if not expected and facts.usable:
        verb = "receives" if len(usable) == 1 else "receive"
        return f"only {wording.count(len(usable), 'terminating pod')} still {verb} traffic"
    if not expected and facts.silent:
        number = len(_endpoints(facts.silent))
        still, verb = wording.count(number, "terminating pod"), "is" if number == 1 else "are"
        return f"only {still} {verb} still sent traffic, and {verb} not running"
    if not expected:
        finished = all(cell.pod and readiness.is_terminal(cell.pod) for cell in facts.cells)
        return "its pods have finished" if finished and facts.cells else "it has no endpoint"
    ready = [cell for cell in facts.expected if cell.conditions and cell.conditions.ready]
    portless = [cell for cell in ready if cell.number is None]
    if portless and not usable:
        which = "a" if only else "that"
        return f"{wording.count(len(_endpoints(ready)), 'ready endpoint')}, none with {which} port"
    if all(cell.pod for cell in facts.expected):
        noun, verb = "pod", "receives" if len(expected) == 1 else "receive"
    else:  # whoever they are, and whether they still are
        noun, verb = "endpoint", "is sent" if len(expected) == 1 else "are sent"
    said = f"{len(usable)} of {wording.count(len(expected), noun)} {verb} traffic"
    return f"{said}{_without_family(facts)}{_published(facts)}{_silent(facts)}"


def _without_family(facts: PortFacts) -> str:
    """Name the families in which nobody serves, where another serves."""
    families = dict.fromkeys(cell.place.family or "" for cell in facts.cells)
    served = {cell.place.family for cell in facts.usable}
    lacking = [family for family in families if family not in served]
    return f", none over {' and '.join(lacking)}" if served and lacking else ""


def _from_own_nodes(facts: PortFacts) -> str:
    """Say from where alone endpoints are reached, where the policy for clients in the cluster is Local."""
    if not facts.usable:
        return ""
    usable = _endpoints(facts.usable)
    reached = usable & _endpoints(facts.local)
    lost = len(usable) - len(reached)
    if not reached:
        return f", but not from inside the cluster: {'it names' if lost == 1 else 'they name'} no node"
    of_them = f"{len(reached)} of them " if lost else ""
    each = "each " if len(reached) > 1 else ""
    others = f": {'the other names' if lost == 1 else 'the others name'} no node" if lost else ""
    return f", inside the cluster {of_them}{each}only from its own node{others}"


def _published(facts: PortFacts) -> str:
    """Count the pods that get traffic only because unready addresses are published."""
    unready = len(_endpoints(cell for cell in facts.usable if cell.state is State.PUBLISHED))
    which = "it is" if _is_one(facts) else f"{unready} of them"
    return f", {which} not Ready, but published" if unready else ""


def _silent(facts: PortFacts) -> str:
    """Count the pods that traffic is sent to, and nothing of which can listen."""
    silent = len(_endpoints(facts.silent))
    listed = "published" if any(c.state is State.PUBLISHED for c in facts.silent) else "listed as ready"
    which = "it is" if _is_one(facts) else f"{silent} {'is' if silent == 1 else 'are'}"
    runs = "its container does" if silent == 1 else "their containers do"
    return f", {which} {listed}, but {runs} not run" if silent else ""


def _is_one(facts: PortFacts) -> bool:
    """Tell whether all that is said is about one endpoint."""
    return len(_endpoints((*facts.expected, *facts.sent))) == 1


def _not_meant(view: ServiceView, facts: PortFacts) -> str:
    """Count the pods that get traffic although they were probably not meant."""
    found = strangers.company(view)
    unmeant = {pod.metadata.name for stranger in found.strangers for pod in stranger.pods}
    sent = _endpoints(facts.usable)
    served = _endpoints(cell for cell in facts.usable if cell.pod and cell.pod.metadata.name in unmeant)
    if not served:
        return ""
    if served == sent:
        return f", and {'it is' if len(sent) == 1 else 'they are'} probably not meant"
    return f", {len(served)} of them probably not meant"


def _waits_for(facts: PortFacts) -> str:
    cell = next(cell for cell in facts.troubled if cell.why)
    return wording.awaited(cell.why) if cell.why else ""


def _endpoints(cells: Iterable[Cell]) -> set[object]:
    return {cell.place.endpoint for cell in cells}
