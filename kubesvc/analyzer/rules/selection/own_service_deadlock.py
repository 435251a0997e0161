"""KSV109: pods ask for their own Service before they are ready, and it has no endpoint before they are."""

from collections.abc import Iterator
from typing import Final

from kubesvc.analyzer import commands, probes, troubles, wording
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.troubles import Trouble
from kubesvc.analyzer.view import ServiceView
from kubesvc.model import derived
from kubesvc.model.cell import Step, StepKind
from kubesvc.model.change import Change, Op
from kubesvc.model.mentions import GROUPS, LOOKUPS, PEERS, TOOLS, Mention
from kubesvc.model.objects import Pod
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
        others are found, or an init container waits for it. Each waits for another to be ready first. Of
        arguments and environment only that name is kept.

    How to confirm
        The log of a pod says what it waits for: `kubectl logs POD`.

    How to fix
        Let the Service publish pods that are not ready, as Services for peers of a StatefulSet do. If clients
        use the Service, too, give the peers a headless Service of their own instead. An init container that
        dials the Service can never be answered: nothing listens in a pod before it ends. Take the wait out.

    When this is fine
        Never for long; but the pods may be unready for another reason, and only name the Service.
    """
    if view.service.spec.publish_not_ready_addresses or any(facts.usable for facts in view.ports):
        return
    for trouble in troubles.troubles(view, lambda pod, step: bool(_asking(view, pod, step))):
        if trouble.waiting or _has_another_reason(trouble):
            continue
        verb = "asks" if len(trouble.pods) == 1 else "ask"
        asking = f"{troubles.share(view, trouble)} {verb} for {view.ref.name}"
        yield this.finding(
            view,
            f"{asking}, which has no endpoint before one of them is ready",
            trouble.places,
            trouble.owner,
            _rows(view, trouble),
            fixes=[_fix(view, trouble)],
        )


def _asking(view: ServiceView, pod: Pod, step: Step) -> tuple[Mention, ...]:
    """Return where a pod asks for the Service on its way to what it misses."""
    mine = (mention for mention in derived.mentioned(pod) if mention.name == view.ref.name)
    if step.kind is StepKind.INITIALIZED:
        waits = (m for m in mine if m.container == step.container and (m.host or m.by in TOOLS))
        # The name of a Service with an address is there without any endpoint, and answers at once.
        return tuple(m for m in waits if view.service.headless or m.by not in LOOKUPS)
    if step.kind not in _STARTED:
        return ()
    running = {container.name for container in pod.spec.containers}
    return tuple(m for m in mine if m.container in running and _is_for_peers(m))


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
    known = {value for port in container.ports for value in (port.container_port, port.name)}
    return bool(known) and asked not in known


def _rows(view: ServiceView, trouble: Trouble) -> Iterator[Row]:
    yield troubles.pod_row(trouble)
    for mention in _asking(view, trouble.pod, trouble.why):
        by = f"{mention.by} of " if mention.by else ""
        yield Row("asks", f"{by}container {mention.container} names {mention.name}", "spec.containers")
    yield Row("waits", f"not ready: {wording.step(trouble.why)}", trouble.why.field)
    events = view.pod_events(trouble.pod)
    if not isinstance(events, Gap):
        told = probes.last_answer(events, trouble.pod, trouble.why.container, probes.Kind.READINESS)
        if told:
            yield Row("answer", probes.answer(told, view.now), "Event")
    yield Row("unless", "it is not ready for another reason: its log tells", "")
    yield from troubles.doubts(trouble)


def _fix(view: ServiceView, trouble: Trouble) -> Fix:
    """Publishing gives DNS an answer, and peers that run someone to dial; before they run, nobody listens."""
    waits = trouble.why.kind is StepKind.INITIALIZED
    if waits and any(m.by not in LOOKUPS for m in _asking(view, trouble.pod, trouble.why)):
        return _stop_waiting(trouble)
    return _publish(view)


def _stop_waiting(trouble: Trouble) -> Fix:
    return Fix(
        title=f"take the wait for the Service out of init container {trouble.why.container}",
        certainty=Confidence.LIKELY,
        notes=(
            "Nothing listens in a pod before its init containers end: published or not, it waits forever.",
        ),
        target=trouble.owner,
    )


def _publish(view: ServiceView) -> Fix:
    change = Change(view.ref, (Op(("spec", "publishNotReadyAddresses"), value=True),))
    who = "DNS" if view.service.headless else "The Service"
    return Fix(
        title="publish pods that are not ready",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
        notes=(f"{who} then leads all clients to them. A headless Service for the peers alone avoids that.",),
    )
