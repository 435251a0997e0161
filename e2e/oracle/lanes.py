"""Control planes for plans: one that many share, and one for those that depend on all Nodes there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from e2e.cluster import ENDPOINT_CONTROLLERS, LocalCluster, Options
from e2e.oracle.api import Api
from e2e.oracle.mirror import Mirror
from e2e.oracle.plan import Plan
from e2e.oracle.settle import Control
from e2e.oracle.world import World
from kubesvc.model import decode
from kubesvc.model.objects import Version

SHARED_MAXIMUM: Final = 3
"""Endpoints in a slice where plans share a control plane: so few that endpoints are packed into several."""
EXCLUSIVE_MAXIMUM: Final = 100
"""Kubernetes' own default, where hints go by the CPU of all Nodes."""

_WORKERS: Final = "16"


@dataclass(frozen=True, slots=True)
class Lane:
    """A control plane on which plans are carried out."""

    api: Api
    mirror: Mirror
    control: Control
    version: str

    def world(self, plan: Plan) -> World:
        """Make a place for a plan; close it."""
        return World(self.api, self.mirror, plan)


@contextmanager
def lane(kubernetes: str, *, maximum: int, connections: int) -> Iterator[Lane]:
    """Start a control plane whose only controllers are those that write endpoints."""
    with LocalCluster(_options(kubernetes, maximum)) as cluster:
        api = Api(cluster.kubeconfig, connections)
        mirror = Mirror(api)
        try:
            mirror.start()
            version = decode.version(api.send("GET", "/version").body).objects[0]
            assert isinstance(version, Version)
            yield Lane(api, mirror, Control(version.minor_number, maximum), version.git_version)
        finally:
            mirror.close()
            api.close()


def _options(kubernetes: str, maximum: int) -> Options:
    controllers = (
        f"--max-endpoints-per-slice={maximum}",
        f"--concurrent-service-endpoint-syncs={_WORKERS}",
        f"--concurrent-endpoint-syncs={_WORKERS}",
        f"--mirroring-concurrent-service-endpoint-syncs={_WORKERS}",
    )
    server = ("--service-node-port-range=1024-65535", "--audit-log-path=", "--event-ttl=1m")
    return Options(
        controllers=ENDPOINT_CONTROLLERS,
        disabled_admission=("ServiceAccount",),
        without=frozenset({"kwok", "kube-scheduler"}),
        extra_flags=MappingProxyType({"kube-controller-manager": controllers, "kube-apiserver": server}),
        kubernetes=kubernetes,
    )
