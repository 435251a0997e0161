"""Whether anything of a pod can listen at a port, as far as the states of its containers prove."""

from collections.abc import Iterable
from typing import Final

from kubesvc.model.cell import Step, StepKind
from kubesvc.model.objects import Pod, ServicePort
from kubesvc.semantics import readiness
from kubesvc.semantics.ports import Role, declared, is_sidecar

_UP: Final = (StepKind.INITIALIZED, StepKind.CREATED, StepKind.RUNNING)
"""The conditions for a container to run; probes and gates decide no more than whether the pod is Ready."""


def missing(pod: Pod, port: ServicePort | None, number: int | None) -> Step | None:
    """Return the condition for want of which no container can serve `number`; None where one may.

    What declares the number has to run. Where nobody does, any container that runs may serve it, as no
    declaration is needed; of a Service without ports every number counts. Init containers that end serve
    nobody, unless one that runs declares the number. A container without a status proves nothing.
    """
    if readiness.is_ready(pod):
        return None
    wanted = (number, port.protocol if port else "")
    every = declared(pod.spec)
    declaring = [entry for entry in every if (entry.port.container_port, entry.port.protocol) == wanted]
    early = {entry.container for entry in declaring if entry.role is Role.INIT}
    serving = frozenset(entry.container for entry in declaring) - early or _serving(pod)
    if not serving or not _all_down(pod, serving) or any(_runs(pod, name) for name in early):
        return None
    return _first(pod, serving)


def is_empty(pod: Pod) -> bool:
    """Tell whether it is proven that nothing of a pod serves, whatever the port.

    What else listens at an address of the node itself is not known.
    """
    return not pod.spec.host_network and _all_down(pod, _serving(pod))


def _serving(pod: Pod) -> frozenset[str]:
    sidecars = (container for container in pod.spec.init_containers if is_sidecar(container))
    return frozenset(container.name for container in (*pod.spec.containers, *sidecars))


def _all_down(pod: Pod, names: Iterable[str]) -> bool:
    statuses = [readiness.container_status(pod, name) for name in names]
    return all(status is not None and status.state.running is None for status in statuses)


def _runs(pod: Pod, name: str) -> bool:
    status = readiness.container_status(pod, name)
    return status is not None and status.state.running is not None


def _first(pod: Pod, names: frozenset[str]) -> Step | None:
    """Return what keeps containers from running: while the pod is initialized, what comes before them."""
    unmet = [step for step in readiness.ready_steps(pod) if step.kind in _UP and step.passed is False]
    own = next((step for step in unmet if step.container in names), None)
    return unmet[0] if own and own.reason == readiness.INITIALIZING else own
