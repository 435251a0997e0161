"""The main command against an API server on loopback."""

import json
from pathlib import Path

import pytest

from tests.support.api_server import ApiServer, forbidden
from tests.support.documents import Document, endpoint_slice, healthy, namespace, node, pod, service
from tests.support.program import Kubesvc

pytestmark = pytest.mark.loopback


def broken() -> list[Document]:
    """A Service whose selector differs from its pod's label in letter case."""
    return [namespace(), node(), service(selector={"app": "Web"}), pod(), endpoint_slice()]


def kubeconfig(tmp_path: Path, server: str) -> str:
    """A kubeconfig with one context, `prod`, in namespace shop."""
    path = tmp_path / "config"
    path.write_text(
        f"""
apiVersion: v1
kind: Config
current-context: prod
contexts: [{{name: prod, context: {{cluster: c, user: u, namespace: shop}}}}]
clusters: [{{name: c, cluster: {{server: "{server}"}}}}]
users: [{{name: u, user: {{}}}}]
"""
    )
    return str(path)


def test_a_healthy_service_is_status_0(kubesvc: Kubesvc, tmp_path: Path) -> None:
    """Context and namespace come from the kubeconfig; stderr stays empty."""
    with ApiServer(healthy()) as server:
        result = kubesvc("explain", "web", "--kubeconfig", kubeconfig(tmp_path, server.url))

    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("shop/web is healthy")
    assert "context prod" in result.out


def test_a_broken_service_is_status_1(kubesvc: Kubesvc) -> None:
    """With its cause."""
    with ApiServer(broken()) as server:
        result = kubesvc("explain", "web", "-n", "shop", "--server", server.url)

    assert result.status == 1
    assert "KSV101" in result.out


def test_options_may_stand_before_the_command_and_names_be_spelled_as_in_kubectl(kubesvc: Kubesvc) -> None:
    """As kubectl takes them."""
    with ApiServer(healthy()) as server:
        result = kubesvc("-n=shop", "--server", server.url, "explain", "services/web", "-v=2", "--ascii=true")

    assert result.status == 0


def test_as_a_plugin_only_the_name_is_given(kubesvc: Kubesvc) -> None:
    """There is no command to name."""
    with ApiServer(healthy()) as server:
        result = kubesvc("-n", "shop", "web", "--server", server.url, plugin=True)

    assert result.status == 0


def test_several_services_are_explained_at_once(kubesvc: Kubesvc) -> None:
    """The worst decides the status."""
    with ApiServer([*healthy(), service("api")]) as server:
        result = kubesvc("explain", "web", "api", "-n", "shop", "--server", server.url, "-o", "json")

    names = [subject["ref"]["name"] for subject in json.loads(result.out)["subjects"]]
    assert names == ["web", "api"]
    assert result.status == 1


def test_the_only_service_needs_no_name(kubesvc: Kubesvc) -> None:
    """It is the one that is meant."""
    with ApiServer(healthy()) as server:
        assert kubesvc("explain", "-n", "shop", "--server", server.url).status == 0


def test_among_several_services_one_must_be_named(kubesvc: Kubesvc) -> None:
    """They are listed, and nothing more is read."""
    with ApiServer([*healthy(), service("api")]) as server:
        result = kubesvc("explain", "-n", "shop", "--server", server.url)

    assert result.status == 2
    assert result.err.startswith("error: namespace shop has 2 Services, so name one\nhint: It has api, web.")
    assert len(server.asked) == 1


def test_labels_choose_services(kubesvc: Kubesvc) -> None:
    """In all namespaces if asked."""
    chosen = service("api", "other")
    chosen["metadata"]["labels"] = {"team": "a"}
    with ApiServer([*healthy(), chosen]) as server:
        result = kubesvc("explain", "-A", "-l", "team=a", "--server", server.url, "-ojson")

    assert [subject["ref"]["name"] for subject in json.loads(result.out)["subjects"]] == ["api"]


def test_no_service_is_kubectls_sentence_and_status_0(kubesvc: Kubesvc) -> None:
    """An empty list is no failure."""
    with ApiServer([namespace()]) as server:
        result = kubesvc("explain", "-n", "shop", "--server", server.url)

    assert result == (0, "", "No resources found in shop namespace.\n")


def test_a_service_that_does_not_exist_is_status_2_with_near_names(kubesvc: Kubesvc) -> None:
    """And where else the name exists."""
    with ApiServer([*healthy(), service("wbe", "other")]) as server:
        result = kubesvc("explain", "wbe", "-n", "shop", "--server", server.url)

    assert (result.status, result.out) == (2, "")
    assert result.err.startswith('error: services "wbe" not found in namespace shop\n')
    assert "Near: web." in result.err
    assert "-n other" in result.err


def test_a_missing_namespace_is_told(kubesvc: Kubesvc) -> None:
    """The Service is then no typing error."""
    with ApiServer(healthy()) as server:
        result = kubesvc("explain", "web", "-n", "shoop", "--server", server.url)

    assert result.status == 2
    assert "there is no such namespace" in result.err


def test_what_exists_is_explained_beside_what_does_not(kubesvc: Kubesvc) -> None:
    """The status says that something is missing."""
    with ApiServer(healthy()) as server:
        result = kubesvc("explain", "web", "nope", "-n", "shop", "--server", server.url)

    assert result.status == 2
    assert result.out.startswith("shop/web is healthy")
    assert '"nope" not found' in result.err


def test_nothing_that_exists_is_an_error_object_in_json(kubesvc: Kubesvc) -> None:
    """A program gets one document either way."""
    with ApiServer(healthy()) as server:
        result = kubesvc("explain", "nope", "-n", "shop", "--server", server.url, "-o", "json")

    assert json.loads(result.out)["kind"] == "Error"


@pytest.mark.parametrize("spelled", ["web-1", "po/web-1", "pod/web-1", "pods/web-1", "Pod/web-1"])
def test_a_pod_is_asked_about(kubesvc: Kubesvc, spelled: str) -> None:
    """In each spelling of kubectl; it is read by name, once."""
    with ApiServer(healthy()) as server:
        result = kubesvc("explain", "web", "-n", "shop", "--server", server.url, "--why", spelled)

    assert result.status == 0
    assert "\nWhy pod web-1 is a ready endpoint of shop/web\n" in result.out
    assert [asked.path for asked in server.asked if asked.path.endswith("/pods/web-1")] == [
        "/api/v1/namespaces/shop/pods/web-1"
    ]


def test_several_pods_are_asked_about(kubesvc: Kubesvc) -> None:
    """Each once; in JSON they are part of the Service."""
    stranger = pod("api-1", app="api")
    with ApiServer([*healthy(), stranger]) as server:
        result = kubesvc(
            *("explain", "web", "-n", "shop", "--server", server.url, "-o", "json"),
            *("--why", "api-1", "--why=web-1", "--why", "pod/api-1"),
        )

    document = json.loads(result.out)
    assert document["query"]["why"] == ["api-1", "web-1"]
    (subject,) = document["subjects"]
    assert [why["pod"]["name"] for why in subject["why"]] == ["api-1", "web-1"]
    assert [step["kind"] for step in subject["why"][0]["steps"] if step["decides"]] == ["labels"]


def test_a_pod_that_does_not_exist_is_status_2_with_near_names(kubesvc: Kubesvc) -> None:
    """The Service is explained all the same."""
    with ApiServer(healthy()) as server:
        result = kubesvc("explain", "web", "-n", "shop", "--server", server.url, "--why", "web-11")

    assert result.status == 2
    assert result.out.startswith("shop/web is healthy")
    assert result.err == 'error: pods "web-11" not found in namespace shop\nhint: Near: web-1.\n'


def test_a_pod_like_no_other_is_looked_for_with_kubectl(kubesvc: Kubesvc) -> None:
    """The hint lists pods, not Services."""
    with ApiServer(healthy()) as server:
        result = kubesvc("explain", "web", "-n", "shop", "--server", server.url, "--why", "zzz")

    assert "hint: kubectl get pods -n shop lists those that exist." in result.err


def test_a_pod_that_may_not_be_read_is_status_2(kubesvc: Kubesvc) -> None:
    """As any object that is named: with the right that is lacking."""
    with ApiServer(healthy(), faults={"pods": forbidden("pods")}) as server:
        result = kubesvc("explain", "web", "-n", "shop", "--server", server.url, "--why", "web-1")

    assert result.status == 2
    assert "error: Pod/web-1 in shop may not be read" in result.err
    assert 'resources: ["pods"], verbs: ["get"]' in result.err


@pytest.mark.parametrize(
    ("word", "error", "hint"),
    [
        ("deploy/web", '"deploy/web" does not name a pod', "A name is web-1 or pod/web-1."),
        ("", '"" is not the name of a pod', "--help shows what a command takes."),
        ("a%2fb", '"a%2fb" is not the name of a pod', "--help shows what a command takes."),
    ],
)
def test_what_names_no_pod_is_told_before_anything_is_sent(
    kubesvc: Kubesvc, word: str, error: str, hint: str
) -> None:
    """With how pods are named."""
    result = kubesvc("explain", "web", "--why", word)

    assert (result.status, result.out) == (2, "")
    assert result.err == f"error: {error}\nhint: {hint}\n"


def test_a_pod_of_all_namespaces_is_none(kubesvc: Kubesvc) -> None:
    """It has one."""
    result = kubesvc("explain", "-A", "--why", "web-1")

    assert result.err.startswith("error: --why names a pod of one namespace\n")


def test_a_port_that_is_dialed_is_judged_alone(kubesvc: Kubesvc) -> None:
    """The other one leads nowhere, which is not what was asked."""
    two = service(
        ports=[{"name": "http", "port": 80, "targetPort": 8080}, {"name": "x", "port": 81, "targetPort": "x"}]
    )
    with ApiServer([namespace(), node(), two, pod(), endpoint_slice(pod())]) as server:
        asked = ("explain", "web", "-n", "shop", "--server", server.url)
        whole, one, other = (kubesvc(*asked, *more) for more in ((), ("--port", "80"), ("--port=x",)))

    assert (whole.status, one.status, other.status) == (1, 0, 1)
    assert one.out.startswith("shop/web is healthy: on port http, 1 of 1 pod receives traffic")
    assert "KSV201" not in one.out


def test_a_port_that_the_service_lacks_is_status_1(kubesvc: Kubesvc) -> None:
    """With the port that was meant; in JSON the question is repeated."""
    with ApiServer(healthy()) as server:
        asked = ("explain", "web", "-n", "shop", "--server", server.url, "--port", "8080")
        result, document = kubesvc(*asked), json.loads(kubesvc(*asked, "-o", "json").out)

    assert result.status == 1
    assert "fix     dial web:80" in result.out
    assert document["query"]["port"] == "8080"
    assert document["subjects"][0]["verdict"] == "broken"


def test_what_is_no_port_is_told_before_anything_is_sent(kubesvc: Kubesvc) -> None:
    """With what ports are."""
    result = kubesvc("explain", "web", "--port", "70000")

    assert result == (2, "", 'error: --port "70000" is not a port\nhint: Ports are 1 to 65535.\n')


def test_connection_flags_are_repeated_in_commands_but_never_the_token(kubesvc: Kubesvc) -> None:
    """What is pasted must reach the same cluster."""
    with ApiServer(broken()) as server:
        result = kubesvc(
            *("explain", "web", "-n", "shop", "--server", server.url),
            *("--token", "s3cret", "--request-timeout", "5s"),
        )

    assert f"kubectl --server {server.url} -n shop" in result.out
    assert "s3cret" not in result.out + result.err
    assert "--request-timeout" not in result.out


def test_flags_that_kubectl_rarely_sees_reach_the_server(kubesvc: Kubesvc) -> None:
    """Whom to act as in full, and how to answer; secrets among them are not repeated."""
    with ApiServer(broken()) as server:
        result = kubesvc(
            *("explain", "web", "-n", "shop", "--server", server.url, "--disable-compression"),
            *("--as", "jane", "--as-user-extra", "team=pay", "--as-user-extra", "dc=a"),
            *("--username", "u53r", "--password", "s3cret"),
        )

    headers = server.asked[0].headers
    assert (headers["impersonate-extra-team"], headers["impersonate-extra-dc"]) == ("pay", "a")
    assert headers["accept-encoding"] == "identity"
    assert "--as jane --as-user-extra team=pay --as-user-extra dc=a" in result.out
    assert not {"u53r", "s3cret"} & set((result.out + result.err).split())


def test_debug_prints_requests_without_headers(kubesvc: Kubesvc) -> None:
    """On stderr."""
    with ApiServer(healthy()) as server:
        result = kubesvc(
            "explain", "web", "-n", "shop", "--server", server.url, "--debug", "--token", "s3cret"
        )

    assert "GET /api/v1/namespaces/shop/services/web 200 in " in result.err
    assert "s3cret" not in result.err


def test_a_verdict_milder_than_asked_for_is_status_0(kubesvc: Kubesvc) -> None:
    """Two pods, one of them not ready: degraded."""
    sick = pod("web-2", ip="10.244.0.6")
    sick["status"]["conditions"][-1] = {"type": "Ready", "status": "False", "reason": "ContainersNotReady"}
    slices = endpoint_slice(pod(), sick)
    slices["endpoints"][1]["conditions"] = {"ready": False, "serving": False, "terminating": False}
    with ApiServer([namespace(), node(), service(), pod(), sick, slices]) as server:
        usual = kubesvc("explain", "web", "-n", "shop", "--server", server.url)
        strict = kubesvc("explain", "web", "-n", "shop", "--server", server.url, "--fail-on", "degraded")

    assert usual.out.startswith("shop/web is degraded")
    assert (usual.status, strict.status) == (0, 1)


def test_the_moment_can_be_chosen(kubesvc: Kubesvc) -> None:
    """Ages are counted to it."""
    with ApiServer(healthy()) as server:
        result = kubesvc(
            "explain", "web", "-n", "shop", "--server", server.url, "--at", "2026-02-02T12:00:00Z"
        )

    assert "age 2d" in result.out


def test_a_suspected_race_is_looked_at_twice(kubesvc: Kubesvc) -> None:
    """A slice that lacks a ready pod is read again before it is called wrong."""
    with ApiServer([namespace(), node(), service(), pod(), endpoint_slice()]) as server:
        result = kubesvc("explain", "web", "-n", "shop", "--server", server.url)

    assert "KSV401" in result.out
    assert len(server.paths("endpointslices")) == 2
