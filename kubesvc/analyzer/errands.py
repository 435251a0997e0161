"""Pods that do some work and end, of a Job or of a hook: no servers, whatever labels they carry."""

from typing import Final

from kubesvc.model.objects import Pod

JOB: Final = "Job"
"""Its pods come to an end: they may bear the application's labels, and are seldom meant."""
_HOOKS: Final = frozenset({"helm.sh/hook", "argocd.argoproj.io/hook"})
"""Annotations of what is run before or after a deployment, or to test it."""


def is_errand(pod: Pod) -> bool:
    """Tell whether a pod is of a Job, or is made by a hook, as far as the pod tells."""
    return pod.owner.kind == JOB if pod.owner else is_hook(pod)


def is_hook(pod: Pod) -> bool:
    """Tell whether a pod says that a hook made it."""
    return not _HOOKS.isdisjoint(pod.metadata.annotations)
