"""The fault table of explain: what people see, and the exit status, when the API server misbehaves."""

import json
import os
from pathlib import Path
from time import monotonic  # noqa: TID251 - how long a process may take to end

import pytest

from tests.support.api_server import Answer, ApiServer, Asked, always, forbidden, html, status
from tests.support.documents import healthy, pod, service
from tests.support.program import Kubesvc

pytestmark = [
    pytest.mark.loopback,
    # A run that ends early leaves the sockets of unanswered requests to the end of the process.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


KUBECONFIG = """
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users:
- name: u
  user:
    exec: {command: PLUGIN, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}
"""


def test_a_newer_server_with_unknown_fields_is_understood(kubesvc: Kubesvc) -> None:
    """They are skipped."""
    objects = healthy()
    for document in objects:
        document["somethingNew"] = {"deep": [1, 2]}
    with ApiServer(objects) as server:
        result = kubesvc("explain", "web", "-n", "shop", "--server", server.url)

    assert result.status == 0
    assert result.out.startswith("shop/web is healthy")


def test_null_lists_are_empty_lists(kubesvc: Kubesvc) -> None:
    """The server writes null for an empty list of endpoints or ports."""
    objects = healthy()
    objects[-1]["endpoints"] = None
    objects[-1]["ports"] = None
    objects = [document for document in objects if document["kind"] != "Pod"]
    with ApiServer(objects) as server:
        result = kubesvc("explain", "web", "-n", "shop", "--server", server.url)

    assert result.status == 1
    assert result.out.startswith("shop/web is broken")


def test_an_unreadable_object_is_told_and_the_rest_is_explained(kubesvc: Kubesvc) -> None:
    """An int that is a string, in one of two pods."""
    odd = pod("odd")
    odd["spec"]["containers"] = [{"name": "app", "ports": [{"containerPort": "eighty"}]}]
    with ApiServer([*healthy(), odd]) as server:
        result = kubesvc("explain", "web", "-n", "shop", "--server", server.url)

    assert "odd" in result.out
    assert "10.244.0.5:8080" in result.out
    assert result.status in (0, 3)


@pytest.mark.parametrize(
    "answer",
    [
        html(),
        Answer(200, b""),
        Answer(200, b"[]"),
        Answer(200, b'{"kind":"Service","meta'),
        Answer(200, b"\xff\xfe"),
        Answer(200, b"plain", {"Content-Encoding": "gzip"}),
    ],
)
def test_whatever_is_no_api_server_is_told_in_one_line_and_a_hint(kubesvc: Kubesvc, answer: Answer) -> None:
    """Its body, which may hold anything, is not quoted."""
    faults = {"services": always(answer), "endpointslices": always(answer)}
    with ApiServer((), faults) as server:
        result = kubesvc("explain", "web", "--server", server.url)

    assert result.status == 2
    assert result.out == ""
    assert [line.partition(":")[0] for line in result.err.splitlines()] in (["error", "hint"], ["error"])
    assert "log in" not in result.err


def test_401_says_who_was_refused(kubesvc: Kubesvc) -> None:
    """In kubectl's words first."""
    refusal = always(status(401, "Unauthorized"))
    with ApiServer((), {"services": refusal, "endpointslices": refusal}) as server:
        result = kubesvc("explain", "web", "--server", server.url)

    assert result.status == 2
    assert result.err.startswith("error: You must be logged in to the server")


def test_403_on_the_named_service_says_which_role_is_missing(kubesvc: Kubesvc) -> None:
    """It cannot be explained without it."""
    with ApiServer(healthy(), {"services": forbidden("services")}) as server:
        result = kubesvc("explain", "web", "-n", "shop", "--server", server.url)

    assert result.status == 2
    assert 'resources: ["services"], verbs: ["get"]' in result.err
    assert "a Role in shop" in result.err


def test_403_on_one_of_two_named_services_leaves_the_other(kubesvc: Kubesvc) -> None:
    """It is explained, and the status says that not all was."""
    path = "/api/v1/namespaces/shop/services/api"
    with ApiServer(healthy(), {path: forbidden("services")}) as server:
        result = kubesvc("explain", "web", "api", "-n", "shop", "--server", server.url)

    assert result.status == 2
    assert result.out.startswith("shop/web is healthy")
    assert "Service/api" in result.err


def test_403_on_the_list_of_services_is_an_error(kubesvc: Kubesvc) -> None:
    """None was named, so the list was what was asked for."""
    with ApiServer(healthy(), {"services": forbidden("services")}) as server:
        result = kubesvc("explain", "-n", "shop", "--server", server.url)

    assert result.status == 2
    assert 'verbs: ["list"]' in result.err


def test_403_on_nodes_does_not_matter_to_a_healthy_service(kubesvc: Kubesvc) -> None:
    """It is told, and changes nothing."""
    with ApiServer(healthy(), {"nodes": forbidden("nodes")}) as server:
        result = kubesvc("explain", "web", "-n", "shop", "--server", server.url)

    assert result.status == 0


def test_403_on_slices_is_never_healthy(kubesvc: Kubesvc) -> None:
    """What gets traffic is not known."""
    with ApiServer(healthy(), {"endpointslices": forbidden("endpointslices")}) as server:
        result = kubesvc("explain", "web", "-n", "shop", "--server", server.url)

    assert result.status == 3
    assert result.out.startswith("shop/web is unknown")
    assert "forbidden" in result.out


def test_slices_that_are_not_served_are_never_healthy(kubesvc: Kubesvc) -> None:
    """An old server, or an aggregated one that is down."""
    missing = always(Answer(404, b"404 page not found\n"))
    with ApiServer(healthy(), {"endpointslices": missing}) as server:
        result = kubesvc("explain", "web", "-n", "shop", "--server", server.url)

    assert result.status == 3
    assert "not served" in result.out


def test_the_deadline_reports_what_was_read(kubesvc: Kubesvc) -> None:
    """With a gap for what was not."""

    def hang(_: Asked) -> Answer:
        server.closing.wait(10)
        return Answer(200, b"")

    with ApiServer(healthy(), {"pods": hang}) as server:
        result = kubesvc("explain", "web", "-n", "shop", "--timeout", "400ms", "--server", server.url)
        server.closing.set()

    assert "timed out" in result.out
    assert "web" in result.out
    assert result.status in (0, 3)


def test_a_body_that_drips_does_not_outlast_the_deadline(kubesvc: Kubesvc) -> None:
    """Each byte resets a read timeout, but not the deadline."""

    def drip(_: Asked) -> Answer:
        return Answer(200, b"", {"Content-Length": "1000000"})

    with ApiServer((), {"services": drip, "endpointslices": drip}) as server:
        result = kubesvc("explain", "web", "--timeout", "300ms", "--server", server.url)

    assert result.status == 2
    assert "timed out" in result.err or "in time" in result.err


def test_twenty_named_services_are_all_read(kubesvc: Kubesvc) -> None:
    """The more are named, the more requests are sent."""
    names = [f"web-{number}" for number in range(20)]
    with ApiServer([service(name) for name in names]) as server:
        result = kubesvc("explain", *names, "-n", "shop", "--server", server.url)

    assert result.status == 1
    assert "Not read" not in result.out
    assert result.err == ""


def test_a_request_that_fails_is_printed_for_debug(kubesvc: Kubesvc) -> None:
    """Else a server that is not there leaves no trace."""
    result = kubesvc("explain", "web", "-n", "shop", "--debug", "--server", "http://127.0.0.1:1")

    assert "GET /api/v1/namespaces/shop/services/web failed in " in result.err
    assert "ms: The connection to the server 127.0.0.1:1 was refused" in result.err


def test_a_credential_plugin_does_not_outlive_the_command(kubesvc: Kubesvc, tmp_path: Path) -> None:
    """Nor does what it has started; and the error is about it, not about the server."""
    plugin = tmp_path / "plugin"
    plugin.write_text(f"#!/bin/sh\nsleep 60 &\necho $! > {tmp_path}/child\nwait\n")
    plugin.chmod(0o755)
    config = tmp_path / "config"
    config.write_text(KUBECONFIG.replace("PLUGIN", str(plugin)))

    result = kubesvc("explain", "web", "--kubeconfig", str(config), "--timeout", "400ms")

    assert result.status == 2
    assert result.err.startswith(f"error: credential plug-in {plugin}: no answer before the deadline\n")
    child = int((tmp_path / "child").read_text())
    give_up = monotonic() + 5
    while running(child):
        assert monotonic() < give_up
        os.sched_yield()


def running(process: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False


def test_hostile_text_reaches_the_terminal_as_visible_text(kubesvc: Kubesvc) -> None:
    """Messages of the server and of the cluster are untrusted."""
    hostile = "\x1b]0;pwned\x07 \u202e"
    with ApiServer(healthy(), {"endpointslices": always(status(403, "Forbidden", hostile))}) as server:
        shown = kubesvc("explain", "web", "-n", "shop", "--server", server.url)
        written = kubesvc("explain", "web", "-n", "shop", "--server", server.url, "-o", "json")
        named = kubesvc("explain", "web", "-n", "shop", "--server", f"{server.url}/{hostile}")

    assert "\\x1b]0;pwned\\x07" in json.loads(written.out)["gaps"][0]["detail"]
    for result in (shown, written, named):
        assert not {"\x1b", "\x07", "\u202e"} & set(result.out + result.err)


def test_a_failure_is_an_error_object_in_json(kubesvc: Kubesvc) -> None:
    """On stdout, beside the line on stderr."""
    with ApiServer((), {"services": always(html()), "endpointslices": always(html())}) as server:
        result = kubesvc("explain", "web", "-o", "json", "--server", server.url)

    document = json.loads(result.out)
    assert (document["kind"], document["exitStatus"]) == ("Error", 2)
    assert result.err.startswith("error: ")
