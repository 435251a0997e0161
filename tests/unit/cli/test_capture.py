"""Snapshots: written safely, read within limits."""

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kubesvc.model import files
from tests.support.api_server import ApiServer, forbidden
from tests.support.documents import Document, endpoint_slice, healthy, node, pod, service
from tests.support.program import Kubesvc, outcome, start

pytestmark = pytest.mark.loopback
AT = "2026-01-31T14:00:00Z"


@pytest.fixture
def captured(kubesvc: Kubesvc, tmp_path: Path) -> Path:
    """A snapshot of a healthy Service."""
    path = tmp_path / "web.json"
    with ApiServer(healthy()) as server:
        assert kubesvc("capture", "web", "-n", "shop", "--to", str(path), "--server", server.url).status == 0
    return path


def test_a_capture_explains_the_same(kubesvc: Kubesvc, captured: Path) -> None:
    """Neither name nor namespace is needed: the file is about one Service."""
    result = kubesvc("explain", "--snapshot", str(captured))

    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("shop/web is healthy")


def test_a_capture_holds_the_pods_that_were_asked_about(kubesvc: Kubesvc, tmp_path: Path) -> None:
    """Also those that are not selected; of others the file cannot tell."""
    path = tmp_path / "web.json"
    with ApiServer([*healthy(), pod("api-1", app="api"), pod("api-2", app="api")]) as server:
        asked = ("capture", "web", "-n", "shop", "--why", "api-1", "--to", str(path))
        assert kubesvc(*asked, "--server", server.url).status == 0

    again = kubesvc("explain", "--snapshot", str(path), "--why", "api-1")
    other = kubesvc("explain", "--snapshot", str(path), "--why", "api-2")
    complete = kubesvc("explain", "--snapshot", str(path), "--why", "api-2", "--complete")

    assert again.status == 0
    assert "Why pod api-1 is no endpoint of shop/web" in again.out
    assert other.status == 2
    assert other.err.startswith("error: Pod/api-2 in shop is not in the file\n")
    assert complete.status == 2
    assert complete.err == 'error: pods "api-2" not found in namespace shop\nhint: Near: api-1.\n'


def labeled(name: str, namespace: str) -> list[Document]:
    """A healthy Service of team pay in a namespace."""
    only = pod(f"{name}-1", namespace, name)
    found = service(name, namespace)
    found["metadata"]["labels"] = {"team": "pay"}
    return [found, only, endpoint_slice(only, name=name, namespace=namespace)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("web", "-n", "shop"), ["shop/web is healthy"]),
        (("web", "api", "-n", "shop"), ["shop/api is healthy", "shop/web is healthy"]),
        (("-l", "team=pay", "-n", "shop"), ["shop/api is healthy", "shop/web is healthy"]),
        (("-A",), ["bank/card is healthy", "shop/api is healthy", "shop/web is healthy"]),
        (
            ("-A", "-l", "team=pay"),
            ["bank/card is healthy", "shop/api is healthy", "shop/web is healthy"],
        ),
        (("-n", "bank"), ["bank/card is healthy"]),
    ],
    ids=" ".join,
)
def test_a_capture_explains_what_it_was_asked_for(
    kubesvc: Kubesvc, tmp_path: Path, arguments: tuple[str, ...], said: list[str]
) -> None:
    """All of it, without a word about what that was; so does a capture of the capture."""
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    objects = [node(), *labeled("web", "shop"), *labeled("api", "shop"), *labeled("card", "bank")]
    with ApiServer(objects) as server:
        assert kubesvc("capture", *arguments, "--to", first, "--server", server.url).status == 0
    assert kubesvc("capture", "--snapshot", first, "--to", second).status == 0

    for path in (first, second):
        result = kubesvc("explain", "--snapshot", path)
        assert (result.status, result.err) == (0, "")
        assert [line.partition(":")[0] for line in result.out.splitlines() if " is healthy" in line] == said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("web",), ["shop/web is healthy"]),
        (("card",), ["bank/card is healthy"]),
        (("-n", "bank"), ["bank/card is healthy"]),
        (("-l", "team=pay", "-n", "shop"), ["shop/api is healthy", "shop/web is healthy"]),
    ],
    ids=" ".join,
)
def test_a_part_of_a_capture_can_be_explained(
    kubesvc: Kubesvc, tmp_path: Path, arguments: tuple[str, ...], said: list[str]
) -> None:
    """By name, in whatever namespace that is, by namespace, or by labels."""
    path = str(tmp_path / "all")
    objects = [node(), *labeled("web", "shop"), *labeled("api", "shop"), *labeled("card", "bank")]
    with ApiServer(objects) as server:
        assert kubesvc("capture", "-A", "-l", "team=pay", "--to", path, "--server", server.url).status == 0

    result = kubesvc("explain", *arguments, "--snapshot", path)

    assert (result.status, result.err) == (0, "")
    assert [line.partition(":")[0] for line in result.out.splitlines() if " is healthy" in line] == said


def test_a_plain_file_of_several_namespaces_asks_for_one(kubesvc: Kubesvc, tmp_path: Path) -> None:
    """To explain a part in silence would be worse."""
    path = tmp_path / "all.json"
    listed = {"kind": "List", "items": [*labeled("web", "shop"), *labeled("card", "bank")]}
    path.write_text(json.dumps(listed))

    asked = kubesvc("explain", "--snapshot", str(path))
    answered = kubesvc("explain", "--snapshot", str(path), "-n", "shop", "--complete")

    assert (asked.status, asked.out) == (2, "")
    assert "hint: They are in bank, shop: add -n bank." in asked.err
    assert answered.out.startswith("shop/web is ")


def test_an_unreadable_service_of_a_manifest_is_not_called_absent(kubesvc: Kubesvc, tmp_path: Path) -> None:
    """It names no namespace, so it is in default; with or without its name."""
    path = tmp_path / "web.yaml"
    path.write_text("kind: Service\nmetadata: {name: web}\nspec: {ports: 5}\n")

    for arguments in (("web",), ()):
        result = kubesvc("explain", *arguments, "--snapshot", str(path))

        assert result.status == 2
        assert result.err.startswith("error: Service/web in default could not be read: unreadable: ")


def test_what_is_no_file_is_never_replaced(kubesvc: Kubesvc, tmp_path: Path) -> None:
    """Not even by force: a device would be a file for everybody from then on."""
    path = tmp_path / "fifo"
    os.mkfifo(path)

    for odd in (path, tmp_path):
        result = kubesvc("capture", "web", "--to", str(odd), "--force")

        assert result.status == 2
        assert result.err.startswith(f"error: {odd}: not a regular file\n")
        assert "use - for stdout" in result.err
    assert path.is_fifo()


def test_by_force_a_link_stays_and_its_file_is_replaced(kubesvc: Kubesvc, captured: Path) -> None:
    """Whoever made the link wanted the file there."""
    link = captured.parent / "link"
    link.symlink_to(captured)
    result = kubesvc("capture", "--snapshot", str(captured), "--to", str(link), "--at", AT, "--force")

    assert result.status == 0
    assert link.is_symlink()
    assert AT in captured.read_text()
    assert stat.S_IMODE(captured.stat().st_mode) == 0o600


@pytest.mark.parametrize("path", ["", "{}/no/x.json", "{}/web.json/x.json"])
def test_a_place_that_cannot_be_written_to_is_told_before_anything_is_read(
    kubesvc: Kubesvc, captured: Path, path: str
) -> None:
    """No name, no folder, or a file where the folder should be."""
    with ApiServer(healthy()) as server:
        to = path.format(captured.parent)
        result = kubesvc("capture", "web", "-n", "shop", "--to", to, "--server", server.url)
        assert server.asked == []

    assert result.status == 2
    assert [line.partition(":")[0] for line in result.err.splitlines()] == ["error", "hint"]


def test_a_capture_is_for_its_owner_only_and_leaves_nothing_else(captured: Path) -> None:
    """Mode 0600, and no file half-written."""
    assert stat.S_IMODE(captured.stat().st_mode) == 0o600
    assert list(captured.parent.iterdir()) == [captured]


def test_a_file_is_not_overwritten_and_nothing_is_asked(kubesvc: Kubesvc, captured: Path) -> None:
    """Unless it is forced."""
    before = captured.read_bytes()
    with ApiServer(healthy()) as server:
        options = ("web", "-n", "shop", "--to", str(captured), "--server", server.url)
        refused = kubesvc("capture", *options)
        assert server.asked == []
        forced = kubesvc("capture", *options, "--force", "--at", "2026-01-31T14:00:00Z")

    assert (refused.status, forced.status) == (2, 0)
    assert "the file exists" in refused.err
    assert captured.read_bytes() != before


def test_gaps_are_told_when_they_are_captured(kubesvc: Kubesvc, tmp_path: Path) -> None:
    """The file is worth less than its reader may think."""
    with ApiServer(healthy(), {"nodes": forbidden("nodes")}) as server:
        result = kubesvc(
            "capture", "web", "-n", "shop", "--to", str(tmp_path / "x.json"), "--server", server.url
        )

    assert result.status == 0
    assert "warning: not captured: Node/node-a: forbidden" in result.err


def test_nothing_is_written_for_a_service_that_does_not_exist(kubesvc: Kubesvc, tmp_path: Path) -> None:
    """Status 2."""
    path = tmp_path / "x.json"
    with ApiServer(healthy()) as server:
        result = kubesvc("capture", "nope", "-n", "shop", "--to", str(path), "--server", server.url)

    assert result.status == 2
    assert not path.exists()


def test_a_folder_that_does_not_exist_is_one_line(kubesvc: Kubesvc, tmp_path: Path) -> None:
    """Status 2."""
    with ApiServer(healthy()) as server:
        path = str(tmp_path / "no" / "x.json")
        result = kubesvc("capture", "web", "-n", "shop", "--to", path, "--server", server.url)

    assert result.status == 2
    assert "no such file or directory" in result.err


def test_a_capture_can_go_into_a_pipe(kubesvc: Kubesvc) -> None:
    """Named -; no file of that name is made."""
    with ApiServer(healthy()) as server:
        result = kubesvc("capture", "web", "-n", "shop", "--to", "-", "--server", server.url)

    assert files.load(result.out.encode(), now=datetime(2026, 1, 31, tzinfo=UTC)).context == server.url
    assert not Path("-").exists()


def test_a_snapshot_can_come_through_a_pipe(captured: Path) -> None:
    """From stdin, named -."""
    result = outcome(start("explain", "--snapshot", "-"), captured.read_text())

    assert result.status == 0


def test_another_service_than_the_captured_one_is_not_in_the_file(kubesvc: Kubesvc, captured: Path) -> None:
    """That does not mean that it does not exist, unless the file is complete."""
    unknown = kubesvc("explain", "nope", "--snapshot", str(captured))
    absent = kubesvc("explain", "nope", "--snapshot", str(captured), "--complete")

    assert (unknown.status, absent.status) == (2, 2)
    assert "is not in the file" in unknown.err
    assert 'services "nope" not found' in absent.err


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"\x00\x01\x02\xff", "neither JSON nor YAML"),
        (b"just text", "no Kubernetes object"),
        (b"{", "not JSON"),
    ],
)
def test_a_file_of_something_else_is_one_line(
    kubesvc: Kubesvc, tmp_path: Path, content: bytes, error: str
) -> None:
    """With the name of the file, and status 2."""
    path = tmp_path / "odd"
    path.write_bytes(content)
    result = kubesvc("explain", "web", "--snapshot", str(path))

    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"error: {path}: ")
    assert error in result.err


def test_a_missing_file_and_a_folder_are_one_line(kubesvc: Kubesvc, tmp_path: Path) -> None:
    """In the system's words."""
    assert "no such file or directory" in kubesvc("explain", "--snapshot", str(tmp_path / "no")).err
    assert "is a directory" in kubesvc("explain", "--snapshot", str(tmp_path)).err


def test_a_file_that_is_too_large_is_not_read(
    kubesvc: Kubesvc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its size is looked at first; a pipe has none, and is read up to the limit."""
    path = tmp_path / "big"
    path.write_bytes(b"x" * 100)
    monkeypatch.setattr(files, "MAX_JSON_BYTES", 99)

    assert "larger than" in kubesvc("explain", "--snapshot", str(path)).err
    assert "larger than" in kubesvc("explain", "--snapshot", "/dev/zero").err


def test_a_line_break_in_a_file_name_stays_on_its_line(kubesvc: Kubesvc) -> None:
    """So does a byte that no file name may hold."""
    assert kubesvc("explain", "--snapshot", "a\nb").err.startswith("error: a b: no such file")
    assert kubesvc("explain", "--snapshot", "a\0b").status == 2
