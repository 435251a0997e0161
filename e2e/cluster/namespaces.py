"""A namespace for each test."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kubernetes.client import ApiException, CoreV1Api, V1Namespace, V1ObjectMeta

from e2e.cluster.await_condition import await_condition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2e.cluster.provider import Cluster

_NOT_FOUND = 404


@contextmanager
def namespace(cluster: Cluster, prefix: str = "test", *, service_account: bool = True) -> Iterator[str]:
    """A new namespace, in which pods can be created; deleted at the end, without waiting for it.

    Its default ServiceAccount exists: before the controller has made it, pods are refused. A cluster that
    runs without that controller and that admission plug-in needs `service_account=False`.
    """
    with cluster.client() as api:
        core = CoreV1Api(api)
        name = f"{prefix}-{secrets.token_hex(4)}"
        core.create_namespace(V1Namespace(metadata=V1ObjectMeta(name=name)))
        try:
            if service_account:
                await_condition(f"default service account in {name}", lambda: _exists(core, name))
            yield name
        finally:
            core.delete_namespace(name)


def _exists(core: CoreV1Api, name: str) -> bool:
    try:
        core.read_namespaced_service_account("default", name)
    except ApiException as error:
        if error.status == _NOT_FOUND:
            return False
        raise
    return True
