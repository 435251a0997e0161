"""KSV304: an image cannot be had."""

import pytest

from kubesvc.model.objects import ContainerStatus, Pod
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Confidence, Effect, Verdict
from tests.support.builders import (
    NOW,
    cluster,
    container,
    owned_by,
    pod,
    replica_set,
    service,
    settled,
    slices,
    waiting,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict

REASONS = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
]


def lacking(status: ContainerStatus, name: str = "web-1", ip: str = "10.0.0.1") -> Pod:
    """A pod with an address whose container waits."""
    owner = owned_by("ReplicaSet", "web-abc")
    return pod(name, ips=(ip,), ready=False, statuses=(status,), owner=owner, phase="Pending")


@pytest.mark.parametrize("reason", REASONS)
def test_the_kubelets_reason_is_shown(reason: str) -> None:
    """With the image and the message."""
    report = explain(settled(service(), lacking(waiting(reason, "no such tag")), replica_set()))

    found = only(report, "KSV304")
    assert verdict(report) is Verdict.BROKEN
    assert found.headline == "image of container app cannot be pulled on 1 of 1 pod"
    assert (found.culprit.kind, found.culprit.name, found.effect) == ("Deployment", "web", Effect.BROKEN)
    assert rows(found)[1:] == [
        "image: container app: registry.example/app:1",
        f"kubelet: {reason}: no such tag",
    ]


IMAGE = "registry.example/app:1"
UNPACK = f'failed to pull and unpack image "{IMAGE}": '
RESOLVE = f'failed to resolve reference "{IMAGE}": '
TRANSFER = "failed to resolve image: "
"""The same, as containerd says it since 2.1."""
CONTAINERD = f"{UNPACK}{RESOLVE}"
LAYER = f"{UNPACK}failed to copy: httpReadSeeker: failed open: "
HEAD = 'failed to do request: Head "https://registry.example/v2/app/manifests/1": '
CRIO = f"initializing source docker://{IMAGE}: "
READING = "reading manifest 1 in registry.example/app: "
PINGING = 'pinging container registry registry.example: Get "https://registry.example/v2/": '
DAEMON = "rpc error: code = Unknown desc = Error response from daemon: "
LOOKUP = "dial tcp: lookup registry.example on 10.0.0.53:53: no such host"
REFUSED = "dial tcp 192.0.2.7:443: connect: connection refused"

NONE = "answer: the registry, or a mirror of it, has no such image"
REFUSES = "answer: the registry, or a mirror of it, refuses; whether it has the image is not told"
UNREACHED = (
    "answer: none: registry.example was not reached from the node, so that nothing is known of the image"
)


def answers(message: str, reason: str = "ErrImagePull") -> list[str]:
    """The rows after the kubelet's own, the same for both of containerd's ways to pull."""
    found = [
        rows(only(explain(settled(service(), lacking(waiting(reason, said)), replica_set())), "KSV304"))[3:]
        for said in (message, message.replace(RESOLVE, TRANSFER))
    ]
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize(
    "message",
    [
        f"{CONTAINERD}{IMAGE}: not found",
        f"rpc error: code = NotFound desc = {CONTAINERD}{IMAGE}: not found",
        f"{CRIO}{READING}manifest unknown",
        f"{CRIO}{READING}name unknown: no such repository",
        f"{CRIO}{READING}repository name not known to registry",
        f"{DAEMON}manifest for {IMAGE} not found: manifest unknown: manifest unknown",
    ],
)
def test_a_registry_that_has_no_such_image_answered(message: str) -> None:
    """In the words of each runtime, while it pulls and while it waits."""
    assert answers(message) == [NONE]
    repeated = f'Back-off pulling image "{IMAGE}": ErrImagePull: {message}'
    assert answers(repeated, "ImagePullBackOff") == [NONE]


@pytest.mark.parametrize(
    "message",
    [
        (
            f"{CONTAINERD}pull access denied, repository does not exist or may require authorization: server "
            "message: insufficient_scope: authorization failed"
        ),
        f"{CONTAINERD}unexpected status from HEAD request to https://registry.example/v2/app: 403 Forbidden",
        (
            f"{CONTAINERD}failed to authorize: failed to fetch oauth token: unexpected status from GET "
            "request to https://auth.example/token: 401 Unauthorized"
        ),
        f"{CRIO}{READING}requested access to the resource is denied",
        f"{CRIO}{READING}unauthorized: access to the requested resource is not authorized",
        f"{DAEMON}pull access denied for app, repository does not exist or may require 'docker login'",
    ],
)
def test_a_registry_that_refuses_does_not_tell_whether_it_has_the_image(message: str) -> None:
    """Docker Hub answers so for every repository that does not exist."""
    assert answers(message) == [REFUSES]


@pytest.mark.parametrize(
    "message",
    [
        f"{CONTAINERD}{HEAD}{LOOKUP}",
        f"{CONTAINERD}{HEAD}{REFUSED}",
        f"{CRIO}{PINGING}dial tcp 192.0.2.7:443: i/o timeout",
        f'{DAEMON}Get "https://registry.example/v2/": {LOOKUP}',
    ],
)
def test_a_registry_that_was_not_reached_said_nothing_of_the_image(message: str) -> None:
    """Its host is the one that was dialed."""
    assert answers(message) == [UNREACHED]


@pytest.mark.parametrize(
    "message",
    [
        f"{UNPACK}no match for platform in manifest: not found",
        f"{LAYER}content at https://registry.example/v2/app/blobs/sha256:ab not found: not found",
        f'{LAYER}failed to do request: Get "https://blobs.example/ab": {REFUSED}',
        f"{CONTAINERD}no resolve hosts: not found",
        f"{CONTAINERD}{HEAD}proxyconnect tcp: dial tcp 192.0.2.9:3128: connect: connection refused",
        (
            f"{CONTAINERD}failed to authorize: failed to fetch anonymous token: Get "
            f'"https://auth.example/token": {LOOKUP}'
        ),
        f"{CONTAINERD}unexpected status from HEAD request to https://registry.example/v2/app: 500 Error",
        f"{CONTAINERD}{HEAD}x509: certificate signed by unknown authority",
        f'Back-off pulling image "{IMAGE}"',
        "",
    ],
)
def test_of_what_else_goes_wrong_nothing_is_said_of_the_registry(message: str) -> None:
    """Another platform, a missing layer, a proxy, a token server: the kubelet's text has to do."""
    assert answers(message) == []


def test_a_mirrors_answer_is_not_taken_for_the_registrys() -> None:
    """CRI-O quotes both; they may differ."""
    mirrors = f"(Mirrors also failed: [mirror.example/app:1: {READING}manifest unknown]): {IMAGE}: "

    assert answers(f"{CRIO}{mirrors}{PINGING}{LOOKUP}") == []


def test_reasons_that_alternate_are_one_finding() -> None:
    """The kubelet pulls, fails, backs off, and pulls again."""
    members = (
        lacking(waiting("ErrImagePull"), "web-1", "10.0.0.1"),
        lacking(waiting("ImagePullBackOff"), "web-2", "10.0.0.2"),
    )

    found = only(explain(settled(service(), *members, replica_set())), "KSV304")

    assert found.headline.endswith("on 2 of 2 pods")


def test_an_init_containers_image_counts_too() -> None:
    """The pod waits for it."""
    base = with_(
        lacking(waiting("PodInitializing")),
        spec__init_containers=(container("setup"),),
        status__init_container_statuses=(waiting("ImagePullBackOff", "no", "setup"),),
    )

    found = only(explain(settled(service(), base, replica_set())), "KSV304")

    assert "container setup" in found.headline


def test_without_rights_on_nodes_a_doubt_remains() -> None:
    """A pod that is in no slice may be left out for its Node."""
    absent = cluster(service(), lacking(waiting("ErrImagePull")), replica_set(), *slices(service()))
    listed = settled(service(), lacking(waiting("ErrImagePull")), replica_set())

    report, sure = (
        ask(Query("shop", ("web",)), FakeSource(truth, denied=(Read("Node"),))) for truth in (absent, listed)
    )

    (found,) = find(report, "KSV304")
    assert found.confidence is Confidence.LIKELY
    assert rows(found)[-1] == "not read: Node node-a: a pod whose Node no longer exists is left out for that"
    assert only(sure, "KSV304").confidence is Confidence.PROOF


@pytest.mark.parametrize(
    "reason", ["ContainerCreating", "CreateContainerConfigError", "CrashLoopBackOff", ""]
)
def test_what_looks_like_it_is_not_it(reason: str) -> None:
    """Waiting for something else."""
    assert find(explain(settled(service(), lacking(waiting(reason)), replica_set())), "KSV304") == ()


def test_an_image_that_is_being_pulled_is_progressing() -> None:
    """For a minute after the pod was made."""
    young = with_(lacking(waiting("ContainerCreating")), metadata__creation_timestamp=NOW)

    report = explain(settled(service(), young, replica_set()))

    assert (verdict(report), report.findings) == (Verdict.PROGRESSING, ())


def test_published_pods_without_an_image_take_no_traffic() -> None:
    """Their address is there before their image is."""
    member = lacking(waiting("ImagePullBackOff", "no such tag"))
    report = explain(settled(service(publish_not_ready_addresses=True), member, replica_set()))

    assert verdict(report) is Verdict.BROKEN
    assert [(found.code, found.effect) for found in report.findings] == [("KSV304", Effect.BROKEN)]
