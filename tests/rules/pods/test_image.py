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
