"""Who writes an object, so that a change by hand is taken back, and where the change belongs instead."""

from collections.abc import Iterator
from typing import Final

from kubesvc.model.objects import Metadata, Obj

_ARGO_CD: Final = "argocd.argoproj.io/tracking-id"
_ARGO_CD_LABEL: Final = "argocd.argoproj.io/instance"
_KUSTOMIZATION: Final = "kustomize.toolkit.fluxcd.io"
_ROLLOUT: Final = "argo-rollouts.argoproj.io/managed-by-rollouts"
_HELM_RELEASE: Final = "helm.toolkit.fluxcd.io"
_HELM: Final = "meta.helm.sh"
_MANAGED_BY: Final = "app.kubernetes.io/managed-by"
_NO_WRITERS: Final = frozenset({"", "Helm", "Tiller", "kustomize", "kubectl"})
"""Values of the label that name no other, or nobody who comes back: Helm says more in its annotations."""


def note(obj: Obj, what: str = "this") -> str:
    """Say who would take a change of an object back, and where to make it instead; empty where none is known.

    The first that is found: those that come back by themselves go before those that somebody has to run.
    `what` is how the change is called.
    """
    return next(_notes(obj, what), "")


def _notes(obj: Obj, what: str) -> Iterator[str]:
    meta, ref = obj.metadata, obj.ref
    if application := _application(obj):
        back = f"with self-heal it takes {what} back at once, else its next sync does"
        yield f"Argo CD application {application} deploys {ref}: {back}. Change it in its source."
    if (name := _flux(meta, _KUSTOMIZATION)) and not _is_left_alone(meta):
        back = f"it is applied anew at each interval, which takes {what} back"
        yield f"Flux Kustomization {name} deploys {ref}: {back}. Change it in its source."
    if name := _flux(meta, _HELM_RELEASE):
        yield f"Flux HelmRelease {name} deploys {ref}: its next upgrade takes {what} back. Change its values."
    if rollout := meta.annotations.get(_ROLLOUT):
        back = "it takes a change of the hash in the selector back"
        yield f"Rollout/{rollout} switches {ref}: {back}. Look at the Rollout first."
    for owner in [obj.owner] if obj.owner else meta.owner_references[:1]:
        back = f"its controller may take {what} back"
        yield f"{owner.kind}/{owner.name} owns {ref}: {back}. Change it there."
    if release := meta.annotations.get(f"{_HELM}/release-name"):
        space = meta.annotations.get(f"{_HELM}/release-namespace") or meta.namespace
        back = f"its next upgrade takes {what} back"
        yield f"Helm release {release} in {space} deploys {ref}: {back}. Change its values."
    if (manager := meta.labels.get(_MANAGED_BY, "")) not in _NO_WRITERS:
        yield f"{ref} is labeled as managed by {manager}, which may take {what} back."


def _application(obj: Obj) -> str:
    """Return the application that tracks an object: `APP:GROUP/KIND:NAMESPACE/NAME`.

    Where it names another object the annotation was copied, and Argo CD does not count it either
    (argo-cd util/argo/resource_tracking.go). Some let it track by a label of its own instead; where that is
    the label `app.kubernetes.io/instance`, it cannot be told from anybody's.
    """
    application, _, of = obj.metadata.annotations.get(_ARGO_CD, "").partition(":")
    kind, _, name = of.rpartition(":")
    tracked = (kind.rpartition("/")[2], name) == (obj.kind, f"{obj.metadata.namespace}/{obj.metadata.name}")
    return application if tracked else obj.metadata.labels.get(_ARGO_CD_LABEL, "")


def _flux(meta: Metadata, group: str) -> str:
    name, namespace = meta.labels.get(f"{group}/name"), meta.labels.get(f"{group}/namespace")
    return f"{namespace}/{name}" if name and namespace else ""


def _is_left_alone(meta: Metadata) -> bool:
    """Tell whether Flux is told not to apply an object that is there (kustomize-controller, docs/spec)."""
    annotations = meta.annotations
    return annotations.get(f"{_KUSTOMIZATION}/reconcile") == "disabled" or annotations.get(
        f"{_KUSTOMIZATION}/ssa"
    ) in {"IfNotPresent", "Ignore"}
