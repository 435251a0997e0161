"""KSV304: an image cannot be had."""

import re
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

# What came of asking for the image's manifest. Only what tells it of the registry or its mirrors counts: a
# token server, a proxy and the store of the layers fail in similar words, and an image of another platform
# is "not found", too. containerd core/remotes/docker/resolver.go, Resolve, as client/pull.go and since 2.1
# core/transfer/local/pull.go quote it; CRI-O: containers/image docker/docker_client.go and errors.go; Docker
# distribution/errors.go.
_RESOLVE: Final = r'failed to resolve (?:reference "[^"]+"|image): '
_READ: Final = r"reading manifest \S+ in \S+: "
_ANSWERS: Final = (
    (
        re.compile(
            rf"{_RESOLVE}\S+: not found"
            rf"|{_READ}(?:manifest unknown|name unknown|repository name not known to registry)"
            r"|manifest for \S+ not found: manifest unknown"
        ),
        "the registry, or a mirror of it, has no such image",
    ),
    (
        re.compile(
            rf"{_RESOLVE}(?:failed to authorize: failed to fetch \w+ token: )?unexpected status .*: 40[13] "
            r"|pull access denied(?: for \S+)?, repository does not exist"
            rf"|{_READ}(?:denied|requested access to the resource is denied)"
            rf"|{_READ}(?:unauthorized|authentication required)"
        ),
        "the registry, or a mirror of it, refuses; whether it has the image is not told",
    ),
    (
        re.compile(
            rf"(?:{_RESOLVE}failed to do request: \w+|pinging container registry \S+: Get"
            r'|Error response from daemon: \w+) "https?://(?P<host>[^/"]+)[^"]*": dial tcp'
        ),
        "none: {host} was not reached from the node, so that nothing is known of the image",
    ),
)


@rule("KSV304", "image-unavailable", since="0.1")
def image(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report selected pods whose container cannot start because its image cannot be had.

    What it means
        The kubelet cannot pull or use the image, so the container does not run and the pod is not Ready.
        The kubelet retries, waiting longer each time, up to five minutes. Where the runtime's words tell it,
        the row `answer` says what came of asking: there is no such image, the registry refuses, or it was
        not reached. While it waits, a kubelet before 1.32 does not repeat these words.

    How to confirm
        `kubectl describe pod NAME` quotes the runtime's answer in the events.

    How to fix
        Correct the image name or tag in the pod template, or give the pod the right to pull
        (imagePullSecrets). A registry that was not reached is the node's trouble: its DNS, its way out, or a
        wrong host in the name.

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
            *(Row("answer", value, trouble.why.field) for value in _answer(trouble.why.value)),
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


def _answer(said: str) -> tuple[str, ...]:
    """Return what the registry answered, by the runtime's words; nothing where they tell none or several.

    CRI-O quotes what its mirrors answered before what the registry did.
    """
    found = tuple(
        answer.format_map(match.groupdict()) for text, answer in _ANSWERS if (match := text.search(said))
    )
    return found if len(found) == 1 else ()
