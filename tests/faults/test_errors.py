"""Every error is one clear line and a hint, whatever the situation."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubesvc import errors
from kubesvc.errors import KubesvcError
from kubesvc.model import files
from tests.support.api_server import Answer, ApiServer, Fault, always, forbidden, html, status
from tests.support.documents import healthy, service
from tests.support.program import Kubesvc

pytestmark = [
    pytest.mark.loopback,
    # A run that ends early leaves the sockets of unanswered requests to the end of the process.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
REFUSED = "https://127.0.0.1:1"
FILES: dict[str, bytes] = {
    "empty": b"",
    "text": b"hello",
    "cut.json": b"{",
    "none.yaml": b"a: 1\n",
    "odd.yaml": b"kind: Service\nmetadata: {name: web}\nspec: {ports: 5}\n",
    "web.yaml": b"kind: Service\nmetadata: {name: web}\n",
    "two.yaml": b"kind: Service\nmetadata: {name: web, namespace: a}\n---\n"
    b"kind: Service\nmetadata: {name: web, namespace: b}\n",
    "config.yaml": b"clusters: 5\n",
    "ca.pem": b"none",
}
WITH_FILES: dict[str, str] = {
    "an empty file": "explain --snapshot empty",
    "no YAML": "explain --snapshot text",
    "no JSON": "explain --snapshot cut.json",
    "of others": "explain --snapshot none.yaml",
    "no such file": "explain --snapshot nowhere",
    "a folder": "explain --snapshot .",
    "a file that is too large": "explain --snapshot large",
    "an unreadable Service": "explain web --snapshot odd.yaml",
    "a Service that is not in the file": "explain other --snapshot web.yaml",
    "a Service that does not exist": "explain other --snapshot web.yaml --complete",
    "several namespaces": "explain --snapshot two.yaml",
    "no such file to capture": "capture --snapshot nowhere --to new",
    "a file that exists": "capture web --to text",
    "a folder to capture into": "capture web --to . --force",
    "a folder that does not exist": "capture web --to no/new",
    "no kubeconfig": "explain web --kubeconfig nowhere",
    "a malformed kubeconfig": "explain web --kubeconfig config.yaml",
    "a folder as kubeconfig": "explain web --kubeconfig .",
    "no such context": "explain web --context nowhere",
    "a missing CA": f"explain web --server {REFUSED} --certificate-authority nowhere",
    "an unparsable CA": f"explain web --server {REFUSED} --certificate-authority ca.pem",
    "an unparsable key": f"explain a --server {REFUSED} --client-certificate ca.pem --client-key ca.pem",
    "an odd address": "explain web --server ftp://127.0.0.1",
    "nothing listens": f"explain web --server {REFUSED}",
    "no such moment": "explain web --at soon --snapshot web.yaml",
    "no such time": "explain web --timeout soon",
    "no such name": "explain ..",
    "another kind": "explain pod/web",
    "a bad label": "explain -l web",
    "no such code": "explain KSV000",
    "codes and names": "explain KSV101 web",
    "labels and names": "explain web -l a=b",
    "all namespaces and names": "explain web -A",
    "complete without a file": "explain web --complete",
    "no such option": "explain --bogus",
    "no such command": "bogus",
    "no such case": "demo bogus",
}
ANSWERS: dict[str, tuple[str, dict[str, Fault]]] = {
    "no such Service": ("explain zzz -n shop", {}),
    "no such namespace": ("explain zzz -n zzz", {}),
    "several Services": ("explain -n shop", {}),
    "denied Service": ("explain web -n shop", {"services": forbidden("services")}),
    "denied namespace": ("explain -n shop", {"services": forbidden("services")}),
    "denied everywhere": ("explain -A", {"services": forbidden("services")}),
    "not logged in": ("explain web", {"services": always(status(401, "Unauthorized"))}),
    "a plain 404": ("explain web", {"services": always(Answer(404, b"404 page not found\n"))}),
    "a plain 404 of all": ("explain", {"services": always(Answer(404, b"404 page not found\n"))}),
    "a login page": ("explain web", {"services": always(html())}),
    "a redirect": ("explain web", {"services": always(html(302))}),
    "a busy server": ("explain web", {"services": always(html(503))}),
    "a failing server": ("explain web", {"services": always(status(500, "InternalError", "boom"))}),
    "an unreadable Service": ("explain odd -n shop", {}),
}


def classes(root: type[KubesvcError] = KubesvcError) -> Iterator[type[KubesvcError]]:
    """Every class of errors."""
    yield root
    for kind in root.__subclasses__():
        yield from classes(kind)


@pytest.mark.parametrize("kind", [*classes()], ids=lambda kind: kind.__name__)
def test_an_error_always_has_a_hint(kind: type[KubesvcError]) -> None:
    """Whoever raises it may know a better one."""
    assert kind("what happened").hint
    assert kind("what happened", "what to do").hint == "what to do"
    assert kind.__name__ in (errors.__doc__ or "")


def is_error_and_hint(err: str) -> None:
    """Check what is on stderr."""
    lines = err.splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["error", "hint"]
    assert all(line.partition(": ")[2] for line in lines)


@pytest.mark.parametrize("line", WITH_FILES.values(), ids=WITH_FILES)
def test_an_error_about_arguments_and_files_is_a_line_and_a_hint(
    kubesvc: Kubesvc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """Status 2, and nothing on stdout."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    with (tmp_path / "large").open("wb") as large:
        os.truncate(large.fileno(), files.MAX_JSON_BYTES + 1)
    monkeypatch.chdir(tmp_path)

    result = kubesvc(*line.split())

    assert (result.status, result.out) == (2, "")
    is_error_and_hint(result.err)


@pytest.mark.parametrize(("line", "faults"), ANSWERS.values(), ids=ANSWERS)
def test_an_error_about_a_cluster_is_a_line_and_a_hint(
    kubesvc: Kubesvc, line: str, faults: dict[str, Fault]
) -> None:
    """Likewise."""
    odd = service("odd")
    odd["spec"]["ports"] = 5
    with ApiServer([*healthy(), service("api"), odd], faults) as server:
        result = kubesvc(*line.split(), "--server", server.url, "--timeout", "1s")

    assert (result.status, result.out) == (2, "")
    is_error_and_hint(result.err)
