"""`--set` against an API server on loopback, and against files."""

import json
from pathlib import Path

import jsonschema
import pytest

from tests.support.api_server import ApiServer, forbidden
from tests.support.documents import Document, endpoint_slice, healthy, namespace, node, pod, service
from tests.support.output import SCHEMA
from tests.support.program import Kubesvc

pytestmark = pytest.mark.loopback


def broken() -> list[Document]:
    """A Service whose selector differs from its pod's label in letter case."""
    return [namespace(), node(), service(selector={"app": "Web"}), pod(), endpoint_slice()]


def asked(server: ApiServer, *words: str) -> tuple[str, ...]:
    """The command line that asks about Service web."""
    return ("explain", "web", "-n", "shop", "--server", server.url, *words)


def test_the_status_is_that_of_the_service_as_it_would_be(kubesvc: Kubesvc) -> None:
    """A pipeline asks whether the change is good, not whether it is needed."""
    with ApiServer(broken()) as server:
        good = kubesvc(*asked(server, "--set", "spec.selector.app=web"))
        useless = kubesvc(*asked(server, "--set", "spec.selector.app=nobody"))
    with ApiServer(healthy()) as server:
        bad = kubesvc(*asked(server, "--set", "spec.selector.app=nobody"))

    assert (good.status, useless.status, bad.status) == (0, 1, 1)
    assert good.out.startswith("shop/web is broken: its selector matches no pod")
    assert "\nWith this change shop/web would be healthy instead of broken" in good.out
    assert "\nWith this change shop/web would be broken instead of healthy" in bad.out
    assert good.err == useless.err == bad.err == ""


def test_the_command_stands_alone_with_flags_and_namespace(kubesvc: Kubesvc) -> None:
    """To be pasted."""
    with ApiServer(broken()) as server:
        result = kubesvc(
            *asked(server, "--set=spec.selector.app=web", "--set", "spec.ports[0].targetPort=80")
        )
        line = f"kubectl --server {server.url} -n shop patch service web --type json -p '["

    assert any(text.startswith(line) for text in result.out.splitlines())


def test_no_command_is_shown_where_nothing_would_change(kubesvc: Kubesvc) -> None:
    """All that is set is so already; one of several that is not is a change."""
    with ApiServer(broken()) as server:
        needless = kubesvc(*asked(server, "--set", "spec.selector.app=Web"))
        needed = kubesvc(*asked(server, "--set", "spec.selector.app=Web", "--set", "spec.selector.x=y"))

    assert "Web, as it is" in needless.out
    assert "Web, as it is" in needed.out
    assert ("To make this change" in needless.out, "To make this change" in needed.out) == (False, True)


def test_json_has_the_comparison_with_the_service(kubesvc: Kubesvc) -> None:
    """And the question with the query; findings are of the present."""
    with ApiServer(broken()) as server:
        result = kubesvc(
            *asked(server, "--set", "spec.selector[app]=web", "--set", "spec.selector.x-", "-o", "json")
        )
        assert result.status == 2
        result = kubesvc(*asked(server, "--set", "spec.selector[app]=web", "-o", "json"))

    document = json.loads(result.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["query"]["changes"] == [{"path": "spec.selector.app", "value": "web"}]
    (subject,) = document["subjects"]
    told = subject["comparison"]
    assert (subject["verdict"], told["before"]["verdict"], told["after"]["verdict"]) == (
        "broken",
        "broken",
        "healthy",
    )
    assert told["change"]["patch"] == {"spec": {"selector": {"app": "web"}}}
    assert [cause["code"] for cause in told["gone"]] == ["KSV101"]
    (port,) = told["ports"]
    (entry,) = port["endpoints"]
    assert (entry["place"]["endpoint"]["name"], entry["before"], entry["after"]["address"]) == (
        "web-1",
        None,
        "10.244.0.5:8080",
    )
    assert [finding["code"] for finding in document["findings"]] == ["KSV101"]


def test_every_line_of_it_is_explained(kubesvc: Kubesvc) -> None:
    """With --annotate."""
    with ApiServer(broken()) as server:
        result = kubesvc(*asked(server, "--set", "spec.selector.app=web", "--annotate"))

    after = result.out.partition("With this change")[2]
    for text in ("The API server's rules", "This is a field as it is", "would be found no more"):
        assert text in after


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--set", "spec.clusterIP=None"), "the API server would refuse this change: spec.clusterIP may not"),
        (
            ("--set", "spec.ports[0].port=0"),
            "the API server would refuse this change: spec.ports[0].port must",
        ),
        (
            ("--set", "spec.selector.app=no good"),
            "the API server would refuse this change: spec.selector.app must",
        ),
        (
            ("--set", "spec.ipFamilyPolicy=PreferDualStack"),
            "this change cannot be simulated: whether there is",
        ),
        (("--set", "spec.ports[web].port=81"), "spec.ports.web does not exist"),
        (("--set", "spec.selector.tier-"), "spec.selector.tier is not set, so it cannot be removed"),
        (("--set", "spec.sessionAffinity=ClientIP"), "spec.sessionAffinity plays no part in which pods"),
        (("--set", "spec.targetPort=web"), "a Service has no field spec.targetPort"),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_what_cannot_be_is_one_line_and_status_2(
    kubesvc: Kubesvc, words: tuple[str, ...], error: str, form: str
) -> None:
    """With a hint, and as an error object in JSON."""
    with ApiServer(healthy()) as server:
        result = kubesvc(*asked(server, *words, "-o", form))

    assert result.status == 2
    assert result.err.startswith(f"error: {error}")
    assert [line.partition(":")[0] for line in result.err.splitlines()] == ["error", "hint"]
    assert result.out == "" or json.loads(result.out)["kind"] == "Error"


def test_a_mistake_in_the_words_is_told_before_anything_is_sent(kubesvc: Kubesvc) -> None:
    """The server need not even be there."""
    result = kubesvc("explain", "web", "--set", "spec.selector=web", "--server", "http://127.0.0.1:1")

    assert result.err.startswith("error: spec.selector holds several values\n")


@pytest.mark.parametrize("words", [("web", "api"), ("-l", "app=web"), ("-A",)])
def test_a_change_is_of_one_service(kubesvc: Kubesvc, words: tuple[str, ...]) -> None:
    """What several have in common is not known."""
    result = kubesvc("explain", *words, "--set", "spec.selector.app=web", "--server", "http://127.0.0.1:1")

    assert result.status == 2
    assert result.err.startswith("error: --set changes one Service, so name one\n")


def test_the_only_service_needs_no_name(kubesvc: Kubesvc) -> None:
    """It is the one that is meant."""
    with ApiServer(broken()) as server:
        words = ("explain", "-n", "shop", "--server", server.url, "--set", "spec.selector.app=web")
        assert kubesvc(*words).status == 0


def test_what_the_changed_service_needs_and_may_not_be_read_is_unknown(kubesvc: Kubesvc) -> None:
    """Status 3, as for any verdict; the gap is not called harmless."""
    with ApiServer(broken(), faults={"nodes": forbidden("nodes")}) as server:
        result = kubesvc(*asked(server, "--set", "spec.selector.app=web"))

    assert result.status == 3
    assert "\nHow shop/web would fare with this change is not known\n" in result.out
    assert "Node/node-a could not be read (forbidden)" in result.out
    assert "Not read: Node/node-a (forbidden).\n" in result.out


def test_a_capture_of_the_question_holds_its_answer(kubesvc: Kubesvc, tmp_path: Path) -> None:
    """A file of another question does not: what it lacks is a gap, never zero."""
    with_it, without = str(tmp_path / "with"), str(tmp_path / "without")
    other = pod("api-1", app="api", ip="10.244.0.6")
    change = ("--set", "spec.selector.app=api")
    with ApiServer([*healthy(), other]) as server:
        where = ("capture", "web", "-n", "shop", "--server", server.url)
        assert kubesvc(*where, *change, "--to", with_it).status == 0
        assert kubesvc(*where, "--to", without).status == 0

    known = kubesvc("explain", "--snapshot", with_it, *change)
    unknown = kubesvc("explain", "--snapshot", without, *change)
    complete = kubesvc("explain", "--snapshot", without, *change, "--complete")

    assert (known.status, unknown.status, complete.status) == (0, 3, 1)
    assert "10.244.0.6:8080   api-1" in known.out
    assert "pods app=api in shop could not be read (not in the file)" in unknown.out


def test_several_services_in_a_file_need_a_name_too(kubesvc: Kubesvc, tmp_path: Path) -> None:
    """The file may be about more than one."""
    path = tmp_path / "all.json"
    path.write_text(json.dumps({"kind": "List", "items": [*healthy(), service("api")]}))

    several = kubesvc("explain", "--snapshot", str(path), "--set", "spec.selector.app=web")
    one = kubesvc("explain", "web", "--snapshot", str(path), "--complete", "--set", "spec.selector.app=web")

    assert several.err.startswith("error: --set changes one Service, so name one\n")
    assert one.status == 0
