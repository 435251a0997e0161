"""The stages write what a kubelet writes, derived from the pod, so that a fix of a template heals."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from e2e.cluster import LocalCluster, ToolchainError, await_condition, kubectl, namespace
from e2e.cluster.build import build
from e2e.cluster.parts import control_plane_parts

pytestmark = pytest.mark.timeout(180, func_only=True)  # a first build may take longer

Json = dict[str, Any]
Kubectl = Callable[..., str]


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """One cluster with one node whose kubelet kwok plays."""
    try:
        build(control_plane_parts())
    except ToolchainError as error:
        pytest.skip(str(error))
    with LocalCluster() as made:
        made.create_node("node-a")
        yield made


@pytest.fixture
def run(cluster: LocalCluster) -> Iterator[Kubectl]:
    """Runs kubectl in a namespace of the test's own; returns what it prints."""
    with namespace(cluster) as name:
        command = (str(kubectl()), f"--kubeconfig={cluster.kubeconfig}", f"--namespace={name}")

        def run(*arguments: str, stdin: str | None = None) -> str:
            return subprocess.run(
                (*command, *arguments), input=stdin, capture_output=True, text=True, check=True
            ).stdout

        yield run


def _apply(run: Kubectl, manifest: Json) -> None:
    run("apply", "--filename=-", stdin=json.dumps(manifest))


def _pod(container: Json, annotations: Json | None = None, **spec: object) -> Json:
    """A pod named `web` with one container named `app`."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "labels": {"app": "web"}, "annotations": annotations or {}},
        "spec": {"containers": [{"name": "app", "image": "web:1", **container}], **spec},
    }


def _probed(port: int | str) -> Json:
    probe = {"httpGet": {"port": port, "path": "/healthz"}}
    return {"ports": [{"name": "http", "containerPort": 8080}], "readinessProbe": probe}


def _deployment(pod: Json) -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": pod["metadata"]["labels"]},
            "template": {
                "metadata": {"labels": pod["metadata"]["labels"]},
                "spec": pod["spec"],
            },
        },
    }


def _started(run: Kubectl) -> Json:
    """The only pod, once kwok has written its status."""

    def pod() -> Json | None:
        items: list[Json] = json.loads(run("get", "pods", "--output=json"))["items"]
        return items[0] if items and items[0]["status"].get("containerStatuses") else None

    return await_condition("the pod's status", pod)


def _condition(pod: Json, kind: str) -> Json:
    (found,) = [one for one in pod["status"]["conditions"] if one["type"] == kind]
    return {key: found[key] for key in ("status", "reason", "message") if key in found}


def _event(run: Kubectl, reason: str) -> Json:
    """The warning with that reason, once it is there."""

    def event() -> Json | None:
        text = run("get", "events", f"--field-selector=type=Warning,reason={reason}", "--output=json")
        items: list[Json] = json.loads(text)["items"]
        return items[0] if items else None

    return await_condition(f"an event {reason}", event)


def test_a_probe_on_a_port_where_nobody_listens_keeps_the_pod_unready(run: Kubectl) -> None:
    """The container runs and has started, is not ready, and the event gives the dialer's words."""
    _apply(run, _pod(_probed(8081)))
    pod = _started(run)
    (container,) = pod["status"]["containerStatuses"]
    assert (container["started"], container["ready"]) == (True, False)
    assert "running" in container["state"]
    assert _condition(pod, "Ready") == {
        "status": "False",
        "reason": "ContainersNotReady",
        "message": "containers with unready status: [app]",
    }
    address = f"{pod['status']['podIP']}:8081"
    event = _event(run, "Unhealthy")
    assert event["message"] == (
        f'Readiness probe failed: Get "http://{address}/healthz": '
        f"dial tcp {address}: connect: connection refused"
    )
    assert event["involvedObject"]["fieldPath"] == "spec.containers{app}"
    assert event["count"] > 1


def test_correcting_the_probe_in_the_template_heals_the_deployment(run: Kubectl) -> None:
    """The rollout that a printed fix starts really ends, with a ready pod."""
    _apply(run, _deployment(_pod(_probed(8081))))
    assert _condition(_started(run), "Ready")["status"] == "False"
    _apply(run, _deployment(_pod(_probed("http"))))
    run("rollout", "status", "deployment/web", "--timeout=30s")


@pytest.mark.parametrize(("listens", "ready"), [("8081", "True"), ("9090", "False")])
def test_the_listens_annotation_overrides_the_declared_ports(run: Kubectl, listens: str, ready: str) -> None:
    """A process may listen where its container declares no port."""
    _apply(run, _pod(_probed(8081), {"kubesvc-e2e.dev/listens": listens}))
    assert _condition(_started(run), "Ready")["status"] == ready


def test_a_crashing_container_backs_off(run: Kubectl) -> None:
    """It waits in CrashLoopBackOff, its last run ended with status 1, and the pod is Running."""
    _apply(run, _pod({}, {"kubesvc-e2e.dev/crashes": "app"}))
    pod = _started(run)
    (container,) = pod["status"]["containerStatuses"]
    assert pod["status"]["phase"] == "Running"
    assert container["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert container["state"]["waiting"]["message"].startswith(
        "back-off 2m40s restarting failed container=app pod=web_"
    )
    assert container["lastState"]["terminated"]["exitCode"] == 1
    assert container["restartCount"] == 5
    assert _event(run, "BackOff")["message"].startswith(
        "Back-off restarting failed container app in pod web_"
    )


def test_a_missing_image_backs_off_with_the_error_of_the_last_pull(run: Kubectl) -> None:
    """The pod stays Pending, with an address; since 1.32 the waiting message carries the error."""
    _apply(run, _pod({"image": "web:typo"}, {"kubesvc-e2e.dev/missing-images": "web:typo"}))
    pod = _started(run)
    (container,) = pod["status"]["containerStatuses"]
    assert (pod["status"]["phase"], "podIP" in pod["status"]) == ("Pending", True)
    waiting = container["state"]["waiting"]
    assert waiting["reason"] == "ImagePullBackOff"
    assert waiting["message"].startswith(
        'Back-off pulling image "web:typo": ErrImagePull: rpc error: code = NotFound'
    )
    assert _event(run, "Failed")["message"].startswith('Failed to pull image "web:typo": rpc error')


@pytest.mark.parametrize(
    ("end", "phase", "reason"), [("Succeeded", "Succeeded", None), ("Evicted", "Failed", "Evicted")]
)
def test_a_pod_ends_as_told(run: Kubectl, end: str, phase: str, reason: str | None) -> None:
    """A pod told how it ends is in a terminal phase soon after it has run."""
    _apply(run, _pod({}, {"kubesvc-e2e.dev/ends": end}, restartPolicy="Never"))

    def ended() -> Json | None:
        pod = _started(run)
        return pod if pod["status"]["phase"] == phase else None

    pod = await_condition(f"the pod {phase}", ended)
    assert pod["status"].get("reason") == reason
    assert _condition(pod, "Ready")["status"] == "False"


def test_ready_follows_the_readiness_gates(run: Kubectl) -> None:
    """A gate that is missing, then closed, then open: Ready says so each time, as a kubelet would."""
    _apply(run, _pod({}, readinessGates=[{"conditionType": "example.org/up"}]))
    assert _condition(_started(run), "Ready")["message"] == (
        'corresponding condition of pod readiness gate "example.org/up" does not exist.'
    )
    closed = 'the status of pod readiness gate "example.org/up" is not "True", but False'
    for status, message in (("False", closed), ("True", None)):
        condition = {"type": "example.org/up", "status": status}
        run(
            "patch",
            "pod",
            "web",
            "--subresource=status",
            "--patch",
            json.dumps({"status": {"conditions": [condition]}}),
        )

        def settled(wanted: str | None) -> bool:
            return _condition(_started(run), "Ready").get("message") == wanted

        await_condition(f"Ready after the gate is {status}", partial(settled, message))


def test_a_pod_by_hand_is_left_to_the_test(run: Kubectl, cluster: LocalCluster) -> None:
    """Kwok never writes its status, though it did for a pod created later; it does play the deletion."""
    by_hand = _pod({}, {"kubesvc-e2e.dev/by-hand": "true"})
    by_hand["metadata"]["name"] = "by-hand"
    _apply(run, by_hand)
    _apply(run, _pod({}))
    run("wait", "pod/web", "--for=condition=Ready", "--timeout=30s")
    assert run("get", "pod", "by-hand", "--output=jsonpath={.status.phase}{.status.podIP}") == "Pending"
    run("delete", "pod", "by-hand", "--timeout=30s")
    assert cluster.supports >= {"audit", "nodes"}
