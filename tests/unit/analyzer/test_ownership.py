"""Who writes an object, and takes back what is changed by hand."""

from typing import Any, TypeVar, overload

import pytest

from kubesvc.analyzer import ownership
from kubesvc.model.change import Change
from kubesvc.model.objects import Obj, OwnerReference, Service
from tests.support.builders import (
    NOW,
    condition,
    daemon_set,
    deployment,
    endpoint,
    hand_made,
    job,
    owned_by,
    pod,
    service,
    settled,
    with_,
)
from tests.support.sources import explain, find, only, rows

ARGO = {"argocd.argoproj.io/tracking-id": "front:/Service:shop/web"}
HELM = {"meta.helm.sh/release-name": "front", "meta.helm.sh/release-namespace": "shop"}
KUSTOMIZATION = {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux"}
RELEASE = {"helm.toolkit.fluxcd.io/name": "front", "helm.toolkit.fluxcd.io/namespace": "shop"}
SWITCHED = "argo-rollouts.argoproj.io/managed-by-rollouts"
MANAGED = "app.kubernetes.io/managed-by"


AnObject = TypeVar("AnObject", bound=Obj)


@overload
def labeled(**meta: Any) -> Service: ...


@overload
def labeled(of: AnObject, **meta: Any) -> AnObject: ...


def labeled(of: Obj | None = None, **meta: Any) -> Obj:
    """Service web, or another object, with some metadata."""
    return with_(of or service(), **{f"metadata__{key}": value for key, value in meta.items()})


BY_ARGO = "Argo CD application front deploys Service/web"
BY_FLUX = "Flux Kustomization flux/apps deploys Service/web"
BY_RELEASE = "Flux HelmRelease shop/front deploys Service/web"
BY_HELM = "Helm release front in shop deploys Service/web"


@pytest.mark.parametrize(
    ("obj", "said"),
    [
        (labeled(annotations=ARGO), BY_ARGO),
        (labeled(labels={"argocd.argoproj.io/instance": "front"}), BY_ARGO),
        (
            labeled(
                deployment(),
                annotations={"argocd.argoproj.io/tracking-id": "a_f:apps/Deployment:shop/web"},
            ),
            "Argo CD application a_f deploys Deployment/web",
        ),
        (labeled(labels=KUSTOMIZATION), BY_FLUX),
        (labeled(labels=RELEASE), BY_RELEASE),
        (labeled(annotations={SWITCHED: "front"}), "Rollout/front switches Service/web"),
        (labeled(annotations={**HELM, SWITCHED: "front"}), "Rollout/front switches Service/web"),
        (labeled(annotations=HELM), BY_HELM),
        (labeled(annotations={"meta.helm.sh/release-name": "front"}), BY_HELM),
        (labeled(owner_references=(owned_by("Cluster", "db"),)), "Cluster/db owns Service/web"),
        (labeled(owner_references=(OwnerReference(kind="Queue", name="q"),)), "Queue/q owns Service/web"),
        (labeled(labels={MANAGED: "strimzi"}), "Service/web is labeled as managed by strimzi"),
        (labeled(annotations={**ARGO, **HELM}), BY_ARGO),
        (labeled(annotations=HELM, labels=RELEASE), BY_RELEASE),
        (labeled(annotations=HELM, labels={MANAGED: "Helm"}), BY_HELM),
    ],
)
def test_who_is_known_by_what_they_write(obj: Obj, said: str) -> None:
    """Whoever comes back by himself goes first."""
    assert ownership.note(obj).startswith(said)
    assert "take" in ownership.note(obj)


@pytest.mark.parametrize(
    "obj",
    [
        service(),
        labeled(annotations={"argocd.argoproj.io/tracking-id": "front:/Service:shop/other"}),
        labeled(annotations={"argocd.argoproj.io/tracking-id": "front:apps/Deployment:shop/web"}),
        labeled(annotations={"argocd.argoproj.io/tracking-id": "front:/Service:other/web"}),
        labeled(annotations={"argocd.argoproj.io/tracking-id": "front"}),
        labeled(labels={"kustomize.toolkit.fluxcd.io/name": "apps"}),
        labeled(labels=KUSTOMIZATION, annotations={"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}),
        labeled(labels=KUSTOMIZATION, annotations={"kustomize.toolkit.fluxcd.io/ssa": "Ignore"}),
        labeled(labels={MANAGED: "Helm"}),
        labeled(labels={MANAGED: "kustomize"}),
        labeled(annotations={SWITCHED: ""}),
        labeled(labels={"app.kubernetes.io/instance": "front"}),
    ],
)
def test_what_looks_like_it_is_not_it(obj: Obj) -> None:
    """Copied annotations, tools that do not come back, and labels that anybody sets."""
    assert ownership.note(obj) == ""


def test_a_fix_names_who_takes_it_back() -> None:
    """Of whatever object it changes; the command stays."""
    of = with_(service(selector={"app": "Web"}), metadata__annotations=HELM)
    idle = with_(deployment(replicas=0), metadata__labels=KUSTOMIZATION)

    (select,) = only(explain(settled(of, pod())), "KSV101").fixes
    (scale,) = only(explain(settled(service(), idle)), "KSV102").fixes

    assert select.notes[-1].startswith(BY_HELM)
    assert select.command is not None
    assert scale.notes[-1].startswith("Flux Kustomization flux/apps deploys Deployment/web")


MANY = 'pods "web-x" is forbidden: no PriorityClass with name high was found'
UNMADE = with_(
    deployment(replicas=2),
    status__conditions=(condition("ReplicaFailure", "True", "FailedCreate", MANY),),
    metadata__annotations=HELM,
)


@pytest.mark.parametrize(
    ("of", "objects", "code", "said"),
    [
        (labeled(annotations=HELM), (pod(labels={"app": "other"}),), "KSV101", BY_HELM),
        (labeled(annotations=ARGO), (pod(labels={"app": "other"}),), "KSV101", BY_ARGO),
        (service(), (UNMADE,), "KSV104", "Helm release front in shop deploys Deployment/web"),
        (
            service(),
            (labeled(daemon_set(desired=0), labels=KUSTOMIZATION),),
            "KSV102",
            "Flux Kustomization flux/apps deploys DaemonSet/web",
        ),
        (
            service(),
            (pod(phase="Failed", owner=owned_by("Job", "m")), labeled(job("m"), labels={MANAGED: "x"})),
            "KSV302",
            "Job/m is labeled as managed by x",
        ),
    ],
    ids=["selector", "argo", "deployment", "daemon set", "job"],
)
def test_where_nothing_is_offered_the_owner_of_the_culprit_is_named(
    of: Service, objects: tuple[Obj, ...], code: str, said: str
) -> None:
    """The reader is to know where to change it all the same."""
    found = only(explain(settled(of, *objects)), code)

    assert found.fixes == ()
    assert rows(found)[-1].startswith(f"owner: {said}")
    assert "a change" in rows(found)[-1]


@pytest.mark.parametrize(
    ("of", "objects"),
    [
        (service(), (pod(labels={"app": "other"}),)),
        (labeled(annotations=HELM), (pod(labels={"app": "Web"}),)),
        (labeled(annotations=HELM, deletion_timestamp=NOW, finalizers=("a/b",)), (pod(),)),
        (service(), (with_(pod(phase="Failed"), metadata__annotations=HELM),)),
    ],
    ids=["of nobody", "with a fix", "being deleted", "a pod"],
)
def test_no_owner_is_named_where_it_helps_nobody(of: Service, objects: tuple[Obj, ...]) -> None:
    """A fix says it itself; what is being deleted, or a pod, is not changed."""
    findings = explain(settled(of, *objects)).findings

    assert findings
    assert not any(row.label == "owner" for found in findings for row in found.rows)


def test_what_kubernetes_writes_for_an_object_is_not_owned_in_this_sense() -> None:
    """A slice that is deleted may well be written anew: the finding is about that."""
    foreign = hand_made(endpoint("192.0.2.1"))
    foreign = with_(foreign, metadata__owner_references=(owned_by("Service", "web"),))

    (found,) = find(explain(settled(service(), pod(), foreign)), "KSV401")

    assert isinstance(found.fixes[0].change, Change)
    assert not any("owns" in note for note in found.fixes[0].notes)
