"""A cluster of kind: real kubelets, kube-proxy and DNS, in the containers of an engine."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kubernetes.client import AppsV1Api, CoreV1Api

from e2e.cluster import access
from e2e.cluster.await_condition import await_condition
from e2e.cluster.errors import AwaitError, ProviderError, StartError
from e2e.cluster.nodes import is_ready
from e2e.kind import images, machine, registry, runc, undo
from e2e.kind.config import ZONES, cluster_config

if TYPE_CHECKING:
    from types import TracebackType

    from kubernetes.client import ApiClient

    from e2e.cluster.audit import AuditEntry
    from e2e.kind.engine import Engine

_CREATE_SECONDS = 300.0
_DELETE_SECONDS = 60.0
_LOAD_SECONDS = 60.0
_READY_SECONDS = 120.0


class KindCluster:
    """A cluster with a node in each of `zones`, for the length of a `with` block.

    Entering returns once all nodes are ready and DNS answers. Leaving deletes it, and so does the engine's
    record where no block is left any more. Raises StartError, or what making a node image raises.
    """

    supports = frozenset({"exec", "images", "pause", "pause_node", "registry"})

    def __init__(self, engine: Engine, zones: Sequence[str] = ZONES) -> None:
        self.engine = engine
        self._zones = zones
        self._images: frozenset[str] = frozenset()
        self._has_registry = False
        self.name = f"{engine.name}-{secrets.token_hex(2)}"
        self.kubeconfig = engine.folder / f"{self.name}.kubeconfig"

    def __enter__(self) -> Self:
        self._kind = images.kind_binary()
        image = images.provide_node_image(self.engine, images.decide(self.engine))
        try:
            self._create(image)
            with self.client() as api:
                self._await_ready(api)
        except BaseException:
            self._delete()
            raise
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._delete()

    def client(self, user_agent: str = access.USER_AGENT) -> ApiClient:
        """A new API client with all rights; close it, or use it in a `with` block."""
        return access.client(self.kubeconfig, user_agent)

    def audit(self, user_agent_prefix: str) -> list[AuditEntry]:
        """Raise ProviderError: no audit log is kept."""
        raise ProviderError(f"the requests of {user_agent_prefix} are not recorded on kind")

    def create_node(self, name: str, *, zone: str | None = None, managed: bool = True) -> None:
        """Raise ProviderError: the nodes are there from the start."""
        del zone, managed
        raise ProviderError(f"node {name} cannot be added to a cluster of kind")

    def provide_images(self, names: Iterable[str]) -> None:
        """Have images of these names on every node: a server on the ports of all scenarios; see `images`."""
        missing = frozenset(names) - self._images
        if missing:
            file = self.engine.folder / f"{self.name}-images.tar"
            images.write_app_archive(file, sorted(missing))
            self.load_archive(file)
            file.unlink()
            self._images |= missing

    def provide_registry(self) -> None:
        """Have a registry without images in every node; see `registry`, and what it raises."""
        if not self._has_registry:
            registry.provide(self)
            self._has_registry = True

    def nodes(self) -> list[str]:
        """The names of the nodes, which are those of their containers."""
        ours = f"label={undo.CLUSTER_LABEL}={self.name}"
        return self.engine.docker("ps", "--filter", ours, "--format", "{{.Names}}").split()

    def load_archive(self, file: Path) -> None:
        """Have the images of an archive, as `archive.write_archive` writes it, on every node."""
        self._run_kind("load", "image-archive", file, seconds=_LOAD_SECONDS)

    def run_on_node(self, name: str, *command: str) -> str:
        """Run a command on a node as root; returns what it prints, raises StartError where it fails."""
        return self.engine.docker("exec", name, *command)

    @contextmanager
    def paused(self, component: str) -> Iterator[None]:
        """Let a component of the control plane stand still for the length of a `with` block.

        Not for longer than a minute: then the kubelet finds it unhealthy, and replaces it.
        """
        node = f"{self.name}-control-plane"
        processes = f"^(/usr/local/bin/)?{component} "
        self.run_on_node(node, "pkill", "--signal", "STOP", "--full", processes)
        try:
            yield
        finally:
            self.run_on_node(node, "pkill", "--signal", "CONT", "--full", processes)

    @contextmanager
    def paused_node(self, name: str) -> Iterator[None]:
        """Let a node and all its pods stand still for the length of a `with` block.

        Its connections stay open and nobody answers on them. It becomes Unknown after 50 s.
        """
        self.engine.docker("pause", name)
        try:
            yield
        finally:
            self.engine.docker("unpause", name)

    def _create(self, image: str) -> None:
        """Create network and cluster, each noted first."""
        engine = self.engine
        if not engine.ours:
            engine.note(clusters=self.name, networks=self.name)
        engine.docker("network", "create", "--driver=bridge", self.name)
        config = engine.folder / f"{self.name}.yaml"
        text = cluster_config(
            self._zones,
            cgroup_v1=engine.docker("info", "--format", "{{.CgroupVersion}}") == "1",
            restricted=machine.missing_capability(runc.NUMBER),
        )
        config.write_text(text, encoding="utf-8")
        where = (f"--config={config}", f"--kubeconfig={self.kubeconfig}", f"--image={image}", "--wait=180s")
        self._run_kind("create", "cluster", *where, seconds=_CREATE_SECONDS)
        engine.reach(access.port(self.kubeconfig))

    def _await_ready(self, api: ApiClient) -> None:
        core, apps = CoreV1Api(api), AppsV1Api(api)

        def nodes() -> bool:
            found = core.list_node().items
            return len(found) == len(self._zones) and all(map(is_ready, found))

        def dns() -> bool:
            status = apps.read_namespaced_deployment("coredns", "kube-system").status
            return status is not None and bool(status.ready_replicas)

        try:
            await_condition("all nodes ready", nodes, seconds=_READY_SECONDS)
            await_condition("DNS ready", dns, seconds=_READY_SECONDS)
        except AwaitError as error:
            raise StartError(f"{self.name} did not become ready: {error}") from error

    def _delete(self) -> None:
        """Delete the cluster and its network, as its engine does all the same where this fails."""
        try:
            self._run_kind("delete", "cluster", f"--kubeconfig={self.kubeconfig}", seconds=_DELETE_SECONDS)
            self.engine.docker("network", "rm", self.name)
        except StartError:
            if not self.engine.ours:
                raise

    def _run_kind(self, *arguments: str | Path, seconds: float) -> None:
        network = f"KIND_EXPERIMENTAL_DOCKER_NETWORK={self.name}"
        self.engine.run("env", network, self._kind, *arguments, f"--name={self.name}", seconds=seconds)
