"""`explain pod/NAME` and `explain deploy/NAME` against an API server on loopback, and against files."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.support.api_server import ApiServer, forbidden
from tests.support.documents import CREATED, Document, endpoint_slice, healthy, namespace, node, pod, service
from tests.support.output import SCHEMA
from tests.support.program import Kubesvc

pytestmark = pytest.mark.loopback


def owner(kind: str, name: str) -> dict[str, Any]:
    """A controller's reference."""
    return {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": f"uid-{name}", "controller": True}


def workload(kind: str, name: str = "web", namespace: str = "shop", **spec: Any) -> Document:
    """A workload of pods app=web."""
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{name}",
            "creationTimestamp": CREATED,
            "labels": {"app": "web"},
        },
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}},
            **spec,
        },
    }


def deployed() -> list[Document]:
    """A Deployment whose only pod is the endpoint of a Service."""
    objects = healthy()
    replica_set = workload("ReplicaSet", "web-abc")
    replica_set["metadata"]["ownerReferences"] = [owner("Deployment", "web")]
    (member,) = (document for document in objects if document["kind"] == "Pod")
    member["metadata"]["ownerReferences"] = [owner("ReplicaSet", "web-abc")]
    return [*objects, replica_set, workload("Deployment")]


def near() -> list[Document]:
    """A Service whose selector differs from its pod's label in letter case."""
    return [namespace(), node(), service(selector={"app": "Web"}), pod(), endpoint_slice()]


def test_a_pod_that_gets_traffic_is_status_0(kubesvc: Kubesvc) -> None:
    """Nothing but it, the Services, their slices and its Node is read."""
    with ApiServer(healthy()) as server:
        result = kubesvc("explain", "pod/web-1", "-n", "shop", "--server", server.url)

    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("Pod shop/web-1 is healthy: Service web sends it traffic")
    assert sorted(asked.path for asked in server.asked) == [
        "/api/v1/namespaces/shop/pods/web-1",
        "/api/v1/namespaces/shop/services",
        "/api/v1/nodes/node-a",
        "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices",
        "/version",
    ]


@pytest.mark.parametrize("word", ["deploy/web", "deployment/web", "deployments.apps/web"])
def test_a_workload_is_named_as_in_kubectl(kubesvc: Kubesvc, word: str) -> None:
    """With its pods counted."""
    with ApiServer(deployed()) as server:
        result = kubesvc("explain", word, "-n", "shop", "--server", server.url)

    assert result.status == 0
    assert result.out.startswith(
        "Deployment shop/web is healthy: 1 of 1 pod receives traffic from Service web"
    )


def test_a_pod_without_traffic_is_status_1(kubesvc: Kubesvc) -> None:
    """Although a Service selects it."""
    objects = healthy()
    for document in objects:
        if document["kind"] == "Pod":
            document["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
        if document["kind"] == "EndpointSlice":
            document["endpoints"][0]["conditions"] = {"ready": False, "serving": False}
    with ApiServer(objects) as server:
        result = kubesvc("explain", "pod/web-1", "-n", "shop", "--server", server.url)

    assert result.status == 1
    assert "Pod shop/web-1 is broken" in result.out


def test_that_nobody_selects_it_is_status_0_unless_that_is_asked(kubesvc: Kubesvc) -> None:
    """A pod need not serve; --fail-on idle wants it to."""
    with ApiServer(near()) as server:
        where = ("explain", "pod/web-1", "-n", "shop", "--server", server.url)
        plain, strict = kubesvc(*where), kubesvc(*where, "--fail-on", "idle")

    assert (plain.status, strict.status) == (0, 1)
    assert plain.out.startswith("Pod shop/web-1 is idle: no Service selects it, Service web nearly does")
    patch = 'patch service web --type merge -p \'{"spec":{"selector":{"app":"web"}}}\''
    assert f"kubectl --server {server.url} -n shop {patch}\n" in plain.out
    assert "→ 1 endpoint on port http (simulated)" in plain.out


def test_json_has_the_services(kubesvc: Kubesvc) -> None:
    """With what each has to do with it."""
    with ApiServer(near()) as server:
        result = kubesvc("explain", "po/web-1", "-n", "shop", "--server", server.url, "-o", "json")

    document = json.loads(result.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["query"]["others"] == [{"kind": "Pod", "namespace": "shop", "name": "web-1"}]
    (subject,) = document["subjects"]
    (member,) = subject["services"]
    assert (subject["verdict"], member["relation"], member["verdict"]) == ("idle", "nearly selects", None)
    assert member["fix"]["outcome"]["ports"] == [
        {"key": "http", "verdict": "healthy", "usable": 1, "expected": 1}
    ]


def test_services_pods_and_workloads_can_be_asked_together(kubesvc: Kubesvc) -> None:
    """The worst decides."""
    with ApiServer(deployed()) as server:
        result = kubesvc(
            "explain", "web", "pod/web-1", "deploy/web", "-n", "shop", "--server", server.url, "-o", "json"
        )

    kinds = [subject["ref"]["kind"] for subject in json.loads(result.out)["subjects"]]
    assert (kinds, result.status) == (["Service", "Pod", "Deployment"], 0)


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("pod/web-11", 'pods "web-11" not found in namespace shop\nhint: Near: web-1.'),
        ("deploy/wbe", 'deployments.apps "wbe" not found in namespace shop\nhint: Near: web.'),
        (
            "sts/web",
            (
                'statefulsets.apps "web" not found in namespace shop\n'
                "hint: kubectl get statefulsets -n shop lists those that exist."
            ),
        ),
        (
            "ds/web",
            'daemonsets.apps "web" not found in namespace shop\nhint: That name exists with -n other.',
        ),
    ],
)
def test_what_does_not_exist_is_status_2_with_near_names(kubesvc: Kubesvc, word: str, error: str) -> None:
    """As a Service."""
    with ApiServer([*deployed(), workload("DaemonSet", namespace="other")]) as server:
        result = kubesvc("explain", word, "-n", "shop", "--server", server.url)

    assert (result.status, result.out) == (2, "")
    assert result.err == f"error: {error}\n"


@pytest.mark.parametrize(
    ("spaces", "more"),
    [
        (["a", "b", "c"], ""),
        (["a", "b", "c", "d"], ", and 1 more"),
        (["a", "b", "c", "d", "e"], ", and 2 more"),
    ],
)
def test_few_of_the_namespaces_are_named_that_have_the_name(
    kubesvc: Kubesvc, spaces: list[str], more: str
) -> None:
    """In a large cluster each has a `web`."""
    with ApiServer([workload("DaemonSet", namespace=space) for space in spaces]) as server:
        result = kubesvc("explain", "ds/web", "-n", "shop", "--server", server.url)

    assert result.err.splitlines()[-1] == f"hint: That name exists with -n a or -n b or -n c{more}."


def test_what_exists_is_told_beside_what_does_not(kubesvc: Kubesvc) -> None:
    """The status says that something is missing."""
    with ApiServer(healthy()) as server:
        result = kubesvc("explain", "pod/web-1", "pod/nope", "-n", "shop", "--server", server.url)

    assert result.status == 2
    assert result.out.startswith("Pod shop/web-1 is healthy")
    assert 'pods "nope" not found' in result.err


def test_a_pod_that_may_not_be_read_is_status_2(kubesvc: Kubesvc) -> None:
    """With the right that is lacking."""
    with ApiServer(healthy(), faults={"pods": forbidden("pods")}) as server:
        result = kubesvc("explain", "pod/web-1", "-n", "shop", "--server", server.url)

    assert result.status == 2
    assert 'resources: ["pods"], verbs: ["get"]' in result.err


def test_without_rights_on_services_nothing_is_known(kubesvc: Kubesvc) -> None:
    """Status 3; it is not said that no Service selects it."""
    with ApiServer(healthy(), faults={"services": forbidden("services")}) as server:
        result = kubesvc("explain", "pod/web-1", "-n", "shop", "--server", server.url)

    assert result.status == 3
    assert result.out.startswith("Pod shop/web-1 is unknown: services in shop could not be read (forbidden)")


def test_a_capture_tells_the_same(kubesvc: Kubesvc, tmp_path: Path) -> None:
    """Named again: a file tells only of which Services it is."""
    path = str(tmp_path / "web.json")
    with ApiServer(deployed()) as server:
        where = ("pod/web-1", "deploy/web", "-n", "shop", "--server", server.url)
        captured = kubesvc("capture", *where, "--to", path)

    again = f"kubesvc explain pod/web-1 deployment/web --snapshot {path}"
    assert captured.status == 0
    assert captured.err.endswith(f"look again with: {again}\n")
    result = kubesvc("explain", "pod/web-1", "deployment/web", "--snapshot", path)
    assert (result.status, result.err) == (0, "")
    assert "Pod shop/web-1 is healthy" in result.out
    assert "Deployment shop/web is healthy" in result.out


def test_a_file_with_that_name_in_several_namespaces_asks_for_one(kubesvc: Kubesvc, tmp_path: Path) -> None:
    """One is not as good as another."""
    path = tmp_path / "all.json"
    path.write_text(json.dumps({"kind": "List", "items": [*healthy(), pod(namespace="other")]}))

    asked = kubesvc("explain", "pod/web-1", "--snapshot", str(path))
    chosen = kubesvc("explain", "pod/web-1", "--snapshot", str(path), "--complete", "-n", "shop")

    assert asked.status == 2
    assert "error: the file has such objects of 2 namespaces, so choose one" in asked.err
    assert chosen.status == 0


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("pod/web-1", "--why", "web-1"), "--why asks about a Service"),
        (("pod/web-1", "--set", "spec.type=NodePort"), "--set asks about a Service"),
        (("pod/web-1", "-A"), "a resource cannot be retrieved by name across all namespaces"),
        (("pod/web-1", "-l", "app=web"), "name cannot be provided when a selector is specified"),
        (("ing/web",), '"ing/web" names no Service, pod or workload'),
        (("deploy/",), '"" is not the name of a Deployment'),
        (("KSV101", "pod/web-1"), "cause codes and Services cannot be explained together"),
    ],
)
def test_what_makes_no_sense_is_told_before_anything_is_sent(
    kubesvc: Kubesvc, words: tuple[str, ...], error: str
) -> None:
    """In one line."""
    result = kubesvc("explain", *words, "--server", "http://127.0.0.1:1")

    assert result.status == 2
    assert result.err.startswith(f"error: {error}\n")
