"""The local control plane keeps its promises: complete, quick, alone, and gone without a trace."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes.client import (
    ApiClient,
    AppsV1Api,
    CoreV1Api,
    DiscoveryV1Api,
    V1Deployment,
    V1Service,
    VersionApi,
)

from e2e.cluster import (
    ENDPOINT_CONTROLLERS,
    Cluster,
    LocalCluster,
    ProviderError,
    StartError,
    ToolchainError,
    await_condition,
    local,
    namespace,
    open_cluster,
)
from e2e.cluster.build import build
from e2e.cluster.marker import mark
from e2e.cluster.options import Options
from e2e.cluster.parts import control_plane_parts
from e2e.cluster.ports import free_ports

pytestmark = pytest.mark.timeout(180, func_only=True)  # a first build may take longer

_ROOT = Path(__file__).parents[1]
_LABELS = {"app": "web"}
_DEPLOYMENT = {
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": _LABELS},
        "template": {
            "metadata": {"labels": _LABELS},
            "spec": {"containers": [{"name": "app", "image": "web:1", "ports": [{"containerPort": 8080}]}]},
        },
    },
}
_SERVICE = {
    "metadata": {"name": "web"},
    "spec": {"selector": _LABELS, "ports": [{"port": 80, "targetPort": 8080}]},
}
_OWNER = """
import signal
from e2e.cluster import LocalCluster
with LocalCluster() as cluster:
    print(cluster.name, flush=True)
    signal.pause()
"""


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """The parts, built; without a Go toolchain nothing here can be tested."""
    try:
        build(control_plane_parts())
    except ToolchainError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def cluster(built: None) -> Iterator[LocalCluster]:
    """One cluster with one node for the tests that only use it; prints how long it took to start."""
    del built
    began = time.monotonic()
    with LocalCluster() as made:
        print(f"started in {time.monotonic() - began:.1f} s")
        made.create_node("node-a", zone="zone-a")
        yield made


def _namespaces(api: ApiClient) -> set[str | None]:
    return {item.metadata.name for item in CoreV1Api(api).list_namespace().items if item.metadata}


def _processes(name: str, program: str = "") -> list[int]:
    """The processes that name the cluster's folder in their command line: all it consists of."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().decode(errors="replace")
            if name in command and program in command:
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


def _assert_nothing_left(name: str, folder: Path) -> None:
    await_condition(f"no process of {name}", lambda: not _processes(name), seconds=10)
    await_condition(f"no file of {name}", lambda: not folder.exists(), seconds=10)


@pytest.fixture
def owner() -> Iterator[subprocess.Popen[str]]:
    """A process that owns a cluster, prints its name, and waits to be ended."""
    command = (sys.executable, "-c", _OWNER)
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def _name(owner: subprocess.Popen[str]) -> str:
    assert owner.stdout is not None
    name = owner.stdout.readline().strip()
    assert name, "the owner did not start a cluster"
    return name


def _folder(name: str) -> Path:
    """Where a cluster of that name has its files; it must exist now."""
    folder = Path(tempfile.gettempdir()) / name
    assert folder.is_dir()
    return folder


def test_it_starts_within_twenty_seconds() -> None:
    """Once built, a cluster is there before a test run feels slow."""
    began = time.monotonic()
    with LocalCluster():
        took = time.monotonic() - began
    print(f"started in {took:.1f} s, stopped in {time.monotonic() - began - took:.1f} s")
    assert took < 20


def test_the_server_reports_the_version_that_was_built(cluster: LocalCluster) -> None:
    """The version is linked in: clients that ask for it must not see v0.0.0."""
    with cluster.client() as api:
        version = VersionApi(api).get_code()
    assert version.git_version.startswith("v1.36.")
    assert (version.major, version.minor) == ("1", "36")


def test_two_clusters_run_side_by_side(cluster: LocalCluster) -> None:
    """Clusters share no port, folder or state."""
    with (
        LocalCluster() as other,
        namespace(other, "only-there") as name,
        other.client() as there,
        cluster.client() as here,
    ):
        assert name in _namespaces(there)
        assert name not in _namespaces(here)


def test_a_deployment_on_a_simulated_node_gets_ready_endpoints(cluster: LocalCluster) -> None:
    """Controllers, scheduler and kwok together take a Deployment to ready endpoints."""
    with namespace(cluster) as name, cluster.client() as api:
        AppsV1Api(api).create_namespaced_deployment(name, V1Deployment.model_validate(_DEPLOYMENT))
        CoreV1Api(api).create_namespaced_service(name, V1Service.model_validate(_SERVICE))
        slices = DiscoveryV1Api(api)

        def ready() -> list[str] | None:
            found = slices.list_namespaced_endpoint_slice(name).items
            endpoints = [endpoint for one in found for endpoint in one.endpoints or ()]
            addresses = [one.addresses[0] for one in endpoints if one.conditions and one.conditions.ready]
            return addresses if len(addresses) == 2 else None

        addresses = await_condition("two ready endpoints", ready)
        assert all(address.startswith("10.244.1.") for address in addresses)


def test_the_audit_log_tells_what_a_client_did(cluster: LocalCluster) -> None:
    """Every answered request of a user agent is in the audit log, with its code, and nobody else's."""
    with cluster.client("inspector/1.0") as api:
        CoreV1Api(api).list_namespaced_pod("default")
        CoreV1Api(api).read_namespace("kube-system")
    entries = cluster.audit("inspector/")
    seen = [(entry.verb, entry.resource, entry.namespace, entry.name, entry.code) for entry in entries]
    assert ("list", "pods", "default", "", 200) in seen
    assert ("get", "namespaces", "kube-system", "kube-system", 200) in seen
    assert all(entry.finished for entry in entries)
    assert cluster.audit("somebody-else/") == []


def test_nothing_is_left_after_the_block(built: None) -> None:
    """Leaving the block ends every process and removes every file."""
    del built
    with LocalCluster() as made:
        name, folder = made.name, made.kubeconfig.parent
        assert len(_processes(name)) == 6, "five components and their supervisor"
    _assert_nothing_left(name, folder)


def test_after_an_exception_only_the_logs_are_left(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the block raises, the logs are kept and their folder is told."""
    with pytest.raises(ZeroDivisionError), LocalCluster() as made:
        raise ZeroDivisionError
    name, folder, logs = made.name, made.kubeconfig.parent, made.logs
    try:
        assert _processes(name) == []
        assert list(folder.iterdir()) == [logs]
        assert str(logs) in capsys.readouterr().err
    finally:
        shutil.rmtree(folder)


def test_a_component_that_does_not_start_is_named_with_its_log(capsys: pytest.CaptureFixture[str]) -> None:
    """A failed start says which component failed, its last words, and where its log is."""
    options = Options(extra_flags={"kube-apiserver": ("--no-such-flag",)})
    with (
        pytest.raises(StartError, match=r"kube-apiserver ended .*--no-such-flag") as caught,
        LocalCluster(options),
    ):
        pass
    kept = Path(capsys.readouterr().err.split(" kept in ")[1].strip())
    assert str(kept / "kube-apiserver.log") in str(caught.value)
    assert _processes(kept.parent.name) == []
    shutil.rmtree(kept.parent)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_the_owner_is_killed(
    owner: subprocess.Popen[str], number: signal.Signals
) -> None:
    """No way of ending the owner, not even SIGKILL, leaves a process or a file behind."""
    name = _name(owner)
    folder = _folder(name)
    os.kill(owner.pid, number)
    owner.wait(timeout=30)
    _assert_nothing_left(name, folder)


def test_the_components_die_with_a_killed_supervisor(built: None) -> None:
    """Killing the supervisor itself kills the components, and the owner is told."""
    del built
    with LocalCluster() as made:
        name, folder = made.name, made.kubeconfig.parent
        (supervisor,) = _processes(name, "supervisor.py")
        os.kill(supervisor, signal.SIGKILL)
        await_condition(f"no process of {name}", lambda: not _processes(name), seconds=10)
        with pytest.raises(StartError, match="supervisor is gone"):
            made.assert_running()
    _assert_nothing_left(name, folder)


def test_a_given_cluster_is_used_only_if_it_is_marked(built: None) -> None:
    """A cluster that we did not make is refused until its owner has marked it."""
    del built
    with LocalCluster() as made:
        environment = {"KUBESVC_E2E_KUBECONFIG": str(made.kubeconfig)}
        with (
            pytest.raises(ProviderError, match="has no namespace kubesvc-e2e"),
            open_cluster(None, environment),
        ):
            pass
        with made.client() as api:
            mark(api)
        with open_cluster(None, environment) as given:
            assert_usable(given)


def assert_usable(given: Cluster) -> None:
    """The given cluster answers, and refuses what it cannot do."""
    with given.client() as api:
        assert CoreV1Api(api).list_namespace().items
    with pytest.raises(ProviderError, match="no kwok"):
        given.create_node("node-a")
    with pytest.raises(ProviderError, match="cannot be read"):
        given.audit("anybody/")


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (
            {"KUBESVC_E2E_PROVIDER": "cloud"},
            "unknown provider KUBESVC_E2E_PROVIDER=cloud; known: local, given, kind",
        ),
        ({"KUBESVC_E2E_PROVIDER": "given"}, "needs KUBESVC_E2E_KUBECONFIG"),
        ({"KUBESVC_E2E_PROVIDER": "local", "KUBESVC_E2E_KUBECONFIG": "x"}, "contradicts"),
        ({"KUBESVC_E2E_KUBECONFIG": "no/such/file"}, "cannot be asked"),
    ],
)
def test_a_wish_that_cannot_be_met_is_told_in_one_line(environment: dict[str, str], words: str) -> None:
    """Unknown, incomplete and contradictory wishes are refused before any cluster is touched."""
    with pytest.raises(ProviderError, match=words) as caught, open_cluster(None, environment):
        pass
    assert "\n" not in str(caught.value)


def test_a_port_lost_to_somebody_else_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between choosing a port and using it another process may take it: the start is tried again."""
    choices: list[list[int]] = []

    def chosen(count: int) -> list[int]:
        choices.append(free_ports(count))
        if len(choices) == 1:
            choices[0][0] = taken.getsockname()[1]
        return choices[-1]

    monkeypatch.setattr(local, "free_ports", chosen)
    with socket.create_server(("127.0.0.1", 0)) as taken, LocalCluster() as made:
        made.assert_running()
    assert len(choices) == 2


def test_the_background_cluster_comes_and_goes(tmp_path: Path) -> None:
    """`up` prints one line for eval, twice the same; `down` leaves nothing."""
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}

    def run(command: str) -> subprocess.CompletedProcess[str]:
        argv = (sys.executable, "-m", "e2e.cluster", command)
        return subprocess.run(argv, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)

    try:
        first, second, status = run("up"), run("up"), run("status")
    finally:
        down = run("down")
    assert first.stdout == second.stdout
    assert first.stdout.startswith("export KUBECONFIG=")
    assert first.stdout.count("\n") == 1
    assert (status.returncode, down.returncode, run("status").returncode) == (0, 0, 1)
    folder = Path(first.stdout.split("=")[1].strip()).parent
    assert _processes(folder.name) == []
    assert not folder.exists()


def test_only_the_endpoint_controllers_can_be_run(built: None) -> None:
    """With few controllers and no kubelet, nodes and pods are the test's own, and endpoints still follow."""
    del built
    options = Options(
        controllers=ENDPOINT_CONTROLLERS,
        disabled_admission=("ServiceAccount",),
        without=frozenset({"kube-scheduler", "kwok"}),
    )
    with LocalCluster(options) as made, namespace(made, service_account=False) as name, made.client() as api:
        made.create_node("node-a", managed=False)
        CoreV1Api(api).create_namespaced_service(name, V1Service.model_validate(_SERVICE))
        slices = DiscoveryV1Api(api)
        await_condition("a slice", lambda: slices.list_namespaced_endpoint_slice(name).items)
        assert len(_processes(made.name)) == 4, "three components and their supervisor"


def test_only_a_node_without_kubelet_is_lost(built: None) -> None:
    """With a short grace period an unmanaged node becomes Unknown soon, while kwok keeps its own Ready."""
    del built
    with LocalCluster(Options(node_monitor_grace_period=8)) as made, made.client() as api:
        made.create_node("lost", managed=False)
        made.create_node("kept")
        await_condition("the node lost", lambda: _ready(api, "lost") == "Unknown", seconds=40)
        assert _ready(api, "kept") == "True"


def _ready(api: ApiClient, name: str) -> str:
    status = CoreV1Api(api).read_node(name).status
    assert status is not None
    (ready,) = [one.status for one in status.conditions or () if one.type == "Ready"]
    return ready
