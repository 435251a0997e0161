"""KSV109: pods ask for their own Service before they are ready, and it has no endpoint before they are."""

from collections.abc import Iterable, Iterator
from typing import Final

from kubesvc.analyzer import commands, exposure, probes, troubles, wording
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.troubles import Trouble
from kubesvc.analyzer.view import ServiceView
from kubesvc.model import derived
from kubesvc.model.cell import Step, StepKind
from kubesvc.model.change import Change, Op
from kubesvc.model.mentions import GROUPS, LOOKUPS, PEERS, TOOLS, Mention
from kubesvc.model.objects import Pod, Service
from kubesvc.model.read import Gap
from kubesvc.model.report import Confidence, Finding, Fix, Row
from kubesvc.semantics import readiness

_STARTED: Final = (StepKind.PROBED, StepKind.STARTED, StepKind.RUNNING)


@rule(
    "KSV109",
    "own-service-deadlock",
    confidence=Confidence.LIKELY,
    explains={"KSV301", "KSV305"},
    since="0.1",
)
def own_service_deadlock(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report pods that ask for the Service that selects them, while it has no endpoint before they are ready.

    What it means
        None of the pods is ready, so the Service has no ready endpoint: its name answers nothing, or its
        address refuses. The pods' arguments or environment name this very Service as the place where the
        others are found, an init container waits for it, or the readiness probe asks it. Each waits for
        another to be ready first, or for itself. Of arguments, environment and a probe's command only that
        name is kept.

    How to confirm
        The log of a pod says what it waits for: `kubectl logs POD`.

    How to fix
        Let the Service publish pods that are not ready, as Services for peers of a StatefulSet do. If clients
        use the Service, too, give the peers a headless Service of their own instead. An init container that
        dials the Service can never be answered, published or not: nothing listens in a pod before it ends.
        Take the wait out. A readiness probe is to ask its own pod, at localhost: the Service leads it to any.

    When this is fine
        Never for long; but the pods may be unready for another reason, and only name the Service.
    """
    if any(facts.usable for facts in view.ports):
        return
    for trouble in troubles.troubles(view, lambda pod, step: bool(_asking(view, pod, step))):
        if trouble.waiting or _has_another_reason(trouble):
            continue
        verb = "asks" if len(trouble.pods) == 1 else "ask"
        asking = f"{troubles.share(view, trouble)} {verb} for {view.ref.name}"
        yield this.finding(
            view,
            f"{asking}, {_lack(view)}",
            trouble.places,
            trouble.owner,
            _rows(view, trouble),
            fixes=_fixes(view, trouble),
        )


def _lack(view: ServiceView) -> str:
    if view.service.spec.publish_not_ready_addresses:
        return "where nothing listens before an init container ends that waits for it"
    return "which has no endpoint before one of them is ready"


def _asking(view: ServiceView, pod: Pod, step: Step) -> tuple[Mention, ...]:
    """Return where a pod asks for the Service on its way to what it misses."""
    mine = tuple(mention for mention in derived.mentioned(pod) if mention.name == view.ref.name)
    if step.kind is StepKind.INITIALIZED:
        return _unanswered(view, (m for m in mine if m.container == step.container and not m.probe))
    if step.kind not in _STARTED or view.service.spec.publish_not_ready_addresses:
        return ()
    running = {container.name for container in pod.spec.containers}
    peers = (m for m in mine if m.container in running and not m.probe and _is_for_peers(m))
    return (*_probing(view, pod, step, mine), *peers)


def _unanswered(view: ServiceView, mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """Return what waits until the Service answers; what a program asks tells more than where it is written.

    The name of a Service with an address, or with published pods, is there without any that is ready.
    """
    waits = [mention for mention in mentions if mention.host or mention.by in TOOLS]
    spec = view.service.spec
    named = not view.service.headless or spec.publish_not_ready_addresses
    asked = [mention for mention in waits if mention.by in TOOLS] or waits
    return tuple(mention for mention in asked if not (named and mention.by in LOOKUPS))


def _probing(view: ServiceView, pod: Pod, step: Step, mine: Iterable[Mention]) -> tuple[Mention, ...]:
    """Return where the readiness probe that fails asks the Service: by its command, or as its host."""
    if step.kind is not StepKind.PROBED:
        return ()
    if _probed_host(pod, step.container) in _hosts(view.service):
        return (Mention(step.container, "host", view.ref.name, host=True, probe=True),)
    return _unanswered(view, (m for m in mine if m.container == step.container and m.probe))


def _probed_host(pod: Pod, name: str) -> str:
    container = readiness.find_container(pod, name)
    probe = container.readiness_probe if container else None
    action = (probe.http_get or probe.tcp_socket) if probe else None
    return action.host.removesuffix(".").removesuffix(f".{exposure.ZONE}") if action else ""


def _hosts(service: Service) -> frozenset[str]:
    """Return the names and addresses by which a Service is dialed; the empty one is a pod's own."""
    name = f"{service.metadata.name}.{service.metadata.namespace}"
    return frozenset({service.metadata.name, name, f"{name}.svc", *service.spec.cluster_ips}) - {"None", ""}


def _is_for_peers(mention: Mention) -> bool:
    """Tell whether a name is given as the place of others: many a variable only says what a pod is called."""
    by = mention.by.lower()
    if mention.host:
        return any(word in by for word in (*PEERS, *GROUPS))
    return "name" not in by and any(word in by for word in PEERS)


def _has_another_reason(trouble: Trouble) -> bool:
    """Tell whether the probe asks a port that the container, which declares others, does not."""
    container = readiness.find_container(trouble.pod, trouble.why.container)
    probe = container.readiness_probe if container else None
    asked = probe.asks if probe else None
    if trouble.why.kind is not StepKind.PROBED or asked is None or container is None:
        return False
    if _probed_host(trouble.pod, container.name):
        return False  # It is a port of that host.
    known = {value for port in container.ports for value in (port.container_port, port.name)}
    return bool(known) and asked not in known


def _rows(view: ServiceView, trouble: Trouble) -> Iterator[Row]:
    yield troubles.pod_row(trouble)
    for mention in _asking(view, trouble.pod, trouble.why):
        by = f"{mention.by} of " if mention.by else ""
        where = "the readiness probe of " if mention.probe else ""
        value = f"{by}{where}container {mention.container} names {mention.name}"
        yield Row("asks", value, "spec.containers")
    yield Row("waits", f"not ready: {wording.step(trouble.why)}", trouble.why.field)
    events = view.pod_events(trouble.pod)
    if not isinstance(events, Gap):
        told = probes.last_answer(events, trouble.pod, trouble.why.container, probes.Kind.READINESS)
        if told:
            yield Row("answer", probes.answer(told, view.now), "Event")
    yield Row("unless", "it is not ready for another reason: its log tells", "")
    yield from troubles.doubts(trouble)


def _fixes(view: ServiceView, trouble: Trouble) -> Iterator[Fix]:
    """Publishing gives DNS an answer, and who dials one that runs; before they run, nobody listens."""
    asking = _asking(view, trouble.pod, trouble.why)
    if any(mention.probe for mention in asking):
        yield _probe_itself(trouble)
        if not _probed_host(trouble.pod, trouble.why.container) and all(map(_lacks_only_that, trouble.pods)):
            yield _publish(view, "The probe is then answered, if it asks a port of the Service.")
    elif trouble.why.kind is StepKind.INITIALIZED and any(m.by not in LOOKUPS for m in asking):
        yield _stop_waiting(trouble)
    else:
        early = trouble.why.kind in (StepKind.INITIALIZED, StepKind.RUNNING)
        yield _publish(view, "A headless Service for the peers alone avoids that.", early=early)


def _lacks_only_that(pod: Pod) -> bool:
    """Tell whether a pod would be Ready but for one probe."""
    unmet = [step.kind for step in readiness.ready_steps(pod) if not step.passed]
    return unmet == [StepKind.PROBED, StepKind.READY]


def _probe_itself(trouble: Trouble) -> Fix:
    """Whatever the port: that of the Service may be another one than the container's."""
    name = trouble.why.container
    container = readiness.find_container(trouble.pod, name)
    declared = [str(port.container_port) for port in container.ports] if container else []
    notes = ["A Service leads a probe to any of its pods, and says nothing of the one that is probed."]
    if _probed_host(trouble.pod, name):
        title = f"take the host out of the readiness probe of container {name}"
        notes.append("The kubelet asks from the node, whose DNS need not know the name either.")
    else:
        title = f"let the readiness probe of container {name} ask localhost"
    if declared:
        notes.append(f"The port is then one of the container: it declares {wording.names(declared)}.")
    return Fix(title=title, certainty=Confidence.LIKELY, notes=tuple(notes), target=trouble.owner)


def _stop_waiting(trouble: Trouble) -> Fix:
    return Fix(
        title=f"take the wait for the Service out of init container {trouble.why.container}",
        certainty=Confidence.LIKELY,
        notes=(
            "Nothing listens in a pod before its init containers end: published or not, it waits forever.",
        ),
        target=trouble.owner,
    )


def _publish(view: ServiceView, note: str, *, early: bool = False) -> Fix:
    """Publish pods that run, or, `early`, that run once they have an answer."""
    change = Change(view.ref, (Op(("spec", "publishNotReadyAddresses"), value=True),))
    who = "DNS" if view.service.headless else "The Service"
    return Fix(
        title="publish pods that are not ready",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
        notes=(
            f"{who} then leads all clients to them. {note}",
            *(["Not simulated: what starts with the answer is not known before."] if early else []),
        ),
        foreseeable=not early,
    )
