"""A complete local control plane: etcd, API server, controllers, scheduler, and kwok as kubelet."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from e2e.cluster import access, audit, components, nodes
from e2e.cluster.await_condition import await_condition
from e2e.cluster.build import build
from e2e.cluster.certificates import issue
from e2e.cluster.errors import AwaitError, StartError
from e2e.cluster.options import Options
from e2e.cluster.parts import control_plane_parts
from e2e.cluster.ports import free_ports
from e2e.cluster.processes import LOGS, Processes
from e2e.cluster.unsupported import WithoutContainers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from kubernetes.client import ApiClient

_ATTEMPTS = 3
_READY_SECONDS = 60.0
_AUDIT_SECONDS = 10.0
_PORT_LOST = "address already in use"


class _PortLostError(StartError):
    """Somebody else took a port between our choosing and our using it."""


class LocalCluster(WithoutContainers):
    """A control plane of its own, for the length of a `with` block.

    Entering builds the parts if need be (see `build`) and returns once the API server is ready.
    Leaving, however that comes about, leaves no process and no file behind (see `supervisor`);
    only where the block raised, or the start failed, are the logs kept, and their folder printed.
    Any number can run side by side. Raises BuildError or StartError.
    """

    supports = frozenset({"audit", "nodes", "pause", "simulation", "dual-stack"})

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()

    def __enter__(self) -> Self:
        binaries = build(control_plane_parts(self.options.kubernetes))
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._start(binaries)
            except _PortLostError:
                if attempt == _ATTEMPTS:
                    raise
            else:
                break
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end(kind, error, traceback)

    @property
    def name(self) -> str:
        """The cluster's name, unique on this machine; also its kubeconfig's context."""
        return self._folder.name

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, one self-contained file."""
        return self._layout.kubeconfig

    @property
    def logs(self) -> Path:
        """The folder of the components' logs, one `NAME.log` each, and of `audit.log`."""
        return self._folder / LOGS

    @property
    def etcd(self) -> str:
        """The URL of etcd, for states that no component would write; its JSON gateway is on."""
        return f"http://127.0.0.1:{self._ports.etcd_client}"

    def client(self, user_agent: str = access.USER_AGENT) -> ApiClient:
        """A new API client with all rights; close it, or use it in a `with` block."""
        return access.client(self.kubeconfig, user_agent)

    def audit(self, user_agent_prefix: str) -> list[audit.AuditEntry]:
        """Every request received so far from clients of that user agent.

        Waits until the server has logged the end of each (watches may stay open), so that whoever has an
        answer to a request finds it here, with its code. Raises AwaitError for one that takes 10 s.
        """

        def settled() -> tuple[list[audit.AuditEntry]] | None:
            entries = audit.read(self._layout.audit_log, user_agent_prefix)
            return (entries,) if all(entry.finished or entry.streaming for entry in entries) else None

        what = f"the requests of {user_agent_prefix} answered"
        (entries,) = await_condition(what, settled, seconds=_AUDIT_SECONDS)
        return entries

    def create_node(self, name: str, *, zone: str | None = None, managed: bool = True) -> None:
        """Create a node and await its readiness; see `nodes.create_node`."""
        untainted = self.options.runs_controller("node-lifecycle-controller")
        with self.client() as api:
            nodes.create_node(api, name, zone=zone, managed=managed, pod_cidrs=self.options.pod_cidrs)
            try:
                nodes.await_ready(api, name, untainted=untainted)
            except AwaitError:
                self.assert_running()  # a dead component is the better explanation
                raise

    @contextmanager
    def paused(self, component: str) -> Iterator[None]:
        """Let a component (`kube-controller-manager`) stand still for the length of a `with` block."""
        pid = self._processes.pid(component)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def assert_running(self) -> None:
        """Raise StartError, naming component and log, if any component has ended."""
        for name, code in self._processes.exited().items():
            log = self._processes.log(name)
            last = _last_line(log)
            kind = _PortLostError if _PORT_LOST in _text(log) else StartError
            raise kind(f"{name} ended with status {code}: {last} (log: {log})")

    def _start(self, binaries: dict[str, Path]) -> None:
        self._folder = folder = Path(tempfile.mkdtemp(prefix="kubesvc-e2e-"))
        with ExitStack() as undo:
            self._processes = Processes(folder)
            undo.push(self._end)
            self.logs.mkdir()
            self._layout = components.Layout(folder, issue(folder))
            self._layout.audit_policy.write_text(audit.POLICY, encoding="utf-8")
            self._ports = ports = components.Ports(*free_ports(3))
            server = f"https://127.0.0.1:{ports.apiserver}"
            access.write_kubeconfig(self.kubeconfig, self.name, server, self._layout.certificates)
            self._run(components.commands(binaries, self._layout, ports, self.options), ports)
            undo.pop_all()

    def _run(self, commands: dict[str, list[str]], ports: components.Ports) -> None:
        """Start the components, those that need the API server once it is ready."""
        for name in (components.ETCD, components.APISERVER):
            self._processes.start(name, commands.pop(name))

        def probe() -> bool:
            self.assert_running()
            return access.ready(ports.apiserver, self._layout.certificates)

        try:
            await_condition("the API server ready", probe, seconds=_READY_SECONDS)
        except AwaitError as error:
            raise StartError(
                f"{error}; its log ends: {_last_line(self._processes.log('kube-apiserver'))}"
            ) from error
        for name, command in commands.items():
            self._processes.start(name, command)
        self.assert_running()

    def _end(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Stop everything; keep the logs where an error, not the user, ended the cluster."""
        failed = kind is not None and issubclass(kind, Exception)
        keep_logs = failed and kind is not _PortLostError
        self._processes.stop(keep_logs=keep_logs)
        if keep_logs:
            print(f"e2e: logs of {self.name} kept in {self.logs}", file=sys.stderr)


def _text(log: Path) -> str:
    try:
        return log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def _last_line(log: Path) -> str:
    lines = [line for line in _text(log).splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it wrote nothing"
