"""What the kubelet's events tell of a container's probes."""

import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

from kubesvc.analyzer import wording
from kubesvc.model.objects import Container, Event, Pod, Probe
from kubesvc.model.read import Gap


class Kind(StrEnum):
    """What a probe is for, as the kubelet writes it (pkg/kubelet/prober/prober_manager.go, probeType)."""

    READINESS = "Readiness"
    LIVENESS = "Liveness"
    STARTUP = "Startup"

    def of(self, container: Container) -> Probe | None:
        """Return a container's probe of this kind."""
        probes = {
            Kind.READINESS: container.readiness_probe,
            Kind.LIVENESS: container.liveness_probe,
            Kind.STARTUP: container.startup_probe,
        }
        return probes[self]


_TOLD: Final = re.compile(r" probe (?:failed|errored(?: and resulted in \w+ state)?):\s*")
_DIAL: Final = re.compile(r'^(?:Get "[^"]*": )?(?:dial \w+ \S+: )?')
_REFUSED: Final = "connection refused"
# k8s.io/cri-client pkg/remote_runtime.go, ExecSync, now and before: the whole command, which is never shown.
_TIMED_OUT: Final = re.compile(r'command (?:timed out: )?".*" timed out(?: after (?P<limit>\S+))?', re.DOTALL)
# runc, through containerd, CRI-O or Docker; what stands around it are the layers between.
_NOT_STARTED: Final = re.compile(
    r"exec failed: (?:\S+:\d+: starting container process caused:?|unable to start container process:) "
    r'(?P<why>.+?)(?:: unknown|"?\s*, stdout: .*)?$',
    re.DOTALL,
)


def last_answer(events: Iterable[Event], pod: Pod, container: str, kind: Kind) -> Event | None:
    """Return the latest of a pod's events about a container's failing probe; None proves nothing.

    The kubelet names the container in the fieldPath (pkg/kubelet/container/ref.go, fieldPath); an event
    without one counts where only one container has such a probe.
    """
    paths = {f"spec.containers{{{container}}}", f"spec.initContainers{{{container}}}"}
    probed = [c for c in (*pod.spec.containers, *pod.spec.init_containers) if kind.of(c)]
    if len(probed) == 1:
        paths.add("")
    found = [
        event
        for event in events
        if event.reason == "Unhealthy"
        and f"{kind} probe" in event.message
        and event.involved_object.field_path in paths
    ]
    return found[-1] if found else None


def last_kill(events: Iterable[Event], container: str, kind: Kind) -> Event | None:
    """Return the latest of a pod's events that say that the kubelet ends a container for a failed probe.

    pkg/kubelet/kuberuntime/kuberuntime_manager.go, computePodActions.
    """
    said = re.compile(rf"(?:Container|Init container) {re.escape(container)} failed {kind.lower()} probe\b")
    found = [event for event in events if event.reason == "Killing" and said.match(event.message)]
    return found[-1] if found else None


def refused(event: Event) -> bool:
    """Tell whether nobody listened where the probe dialed."""
    return _REFUSED in event.message


def answer(event: Event, now: datetime) -> str:
    """Write what came of a probe: `"connect: connection refused", 84 times, last 6 s ago`."""
    times, seen = wording.count(event.times, "time"), wording.ago(event.last_seen, now)
    return f"{_said(event.message)}, {times}, last {seen}"


def untold(gap: Gap | None) -> str:
    """Write why no event tells what came of a probe; `gap`: they could not be read."""
    if gap:
        return f"events could not be read ({gap.reason.value})"
    return "no event tells it (events are rate-limited and kept for an hour)"


def _said(message: str) -> str:
    said = _TOLD.split(message, maxsplit=1)[-1].strip()
    if timed_out := _TIMED_OUT.search(said):
        return f"the command timed out{f' after {limit}' if (limit := timed_out['limit']) else ''}"
    if not_started := _NOT_STARTED.search(said):
        return f'the command could not be started: "{not_started["why"].strip()}"'
    return f'"{_DIAL.sub("", said)}"' if said else "no word"
