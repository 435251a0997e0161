"""The marker that says: this cluster is for our tests, they may create and delete in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubernetes.client import ApiException, CoreV1Api, V1Namespace, V1ObjectMeta

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

NAMESPACE = "kubesvc-e2e"
_SUPPORTS = "kubesvc-e2e.dev/supports"
_CONFLICT = 409
_NOT_FOUND = 404


def mark(api: ApiClient, supports: frozenset[str] = frozenset()) -> None:
    """Create the marker namespace; nothing changes if it is there.

    `supports` is what tests may expect of the cluster beyond its API, such as `nodes`.
    """
    annotations = {_SUPPORTS: ",".join(sorted(supports))}
    wanted = V1Namespace(metadata=V1ObjectMeta(name=NAMESPACE, annotations=annotations))
    try:
        CoreV1Api(api).create_namespace(wanted)
    except ApiException as error:
        if error.status != _CONFLICT:
            raise


def marked(api: ApiClient) -> frozenset[str] | None:
    """What the marked cluster supports; None where it is not marked."""
    try:
        found = CoreV1Api(api).read_namespace(NAMESPACE)
    except ApiException as error:
        if error.status == _NOT_FOUND:
            return None
        raise
    annotations = (found.metadata and found.metadata.annotations) or {}
    return frozenset(filter(None, annotations.get(_SUPPORTS, "").split(",")))
