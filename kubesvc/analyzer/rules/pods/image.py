"""KSV304: an image cannot be had."""

from collections.abc import Iterator
from typing import Final

from kubesvc.analyzer import commands, troubles
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import Step, StepKind
from kubesvc.model.objects import Pod
from kubesvc.model.report import Command, Finding, Row
from kubesvc.semantics import readiness

# kubernetes pkg/kubelet/images/types.go; the last two: cri-api pkg/errors
_REASONS: Final = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)


@rule("KSV304", "image-unavailable", since="0.1")
def image(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report selected pods whose container cannot start because its image cannot be had.

    What it means
        The kubelet cannot pull or use the image, so the container does not run and the pod is not Ready.
        The kubelet retries, waiting longer each time, up to five minutes.

    How to confirm
        `kubectl describe pod NAME` quotes the runtime's answer in the events.

    How to fix
        Correct the image name or tag in the pod template, or give the pod the right to pull
        (imagePullSecrets).

    When this is fine
        Never.
    """

    def misses(_: Pod, step: Step) -> bool:
        return step.kind in (StepKind.CREATED, StepKind.INITIALIZED) and step.reason in _REASONS

    for trouble in troubles.troubles(view, misses):
        container = readiness.find_container(trouble.pod, trouble.why.container)
        rows = [
            troubles.pod_row(trouble),
            Row(
                "image",
                f"container {trouble.why.container}: {container.image if container else '?'}",
                "spec.containers[].image",
            ),
            Row("kubelet", f"{trouble.why.reason}: {trouble.why.value}", trouble.why.field),
            *troubles.doubts(trouble),
        ]
        shown = Command(
            commands.describe_pod(trouble.pod.metadata.name), "shows the runtime's answers in the events"
        )
        yield this.finding(
            view,
            f"image of container {trouble.why.container} cannot be pulled on {troubles.share(view, trouble)}",
            trouble.places,
            trouble.owner,
            rows,
            confidence=troubles.confidence(trouble),
            confirm=(shown,),
        )
