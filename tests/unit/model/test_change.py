"""One change: its patch and its effect are the same."""

import json

import pytest

from kubesvc.model.change import ABSENT, Change, Op, Path, apply, pointer, show
from kubesvc.model.objects import Ref

TARGET = Ref("Service", "shop", "web")
PORT = ("spec", "ports", 0, "targetPort")


def test_a_merge_patch_sets_and_removes() -> None:
    """RFC 7386: null removes."""
    change = Change(
        TARGET, (Op(("spec", "selector", "app"), ABSENT), Op(("spec", "selector", "name"), "web"))
    )

    assert change.merge_patch == {"spec": {"selector": {"app": None, "name": "web"}}}
    assert not change.touches_list


def test_a_json_patch_tests_before_it_replaces() -> None:
    """A list position may have moved since."""
    change = Change(TARGET, (Op(PORT, "web", was=(("spec", "ports", 0, "name"), "http")),))

    assert change.touches_list
    assert change.json_patch == [
        {"op": "test", "path": "/spec/ports/0/name", "value": "http"},
        {"op": "replace", "path": "/spec/ports/0/targetPort", "value": "web"},
    ]


def test_a_json_patch_adds_what_is_new_and_removes_what_goes() -> None:
    """`replace` fails where nothing is."""
    change = Change(TARGET, (Op(PORT, "web", new=True), Op(("spec", "ports", 1), ABSENT)))

    assert [entry["op"] for entry in change.json_patch] == ["add", "remove"]


def test_a_pointer_is_escaped() -> None:
    """Label keys hold slashes."""
    assert pointer(("metadata", "labels", "a/b~c", 3)) == "/metadata/labels/a~1b~0c/3"


@pytest.mark.parametrize(
    ("op", "after"),
    [
        (Op(("spec", "a"), 2), {"spec": {"a": 2, "list": [{"x": 1}, {"x": 2}]}}),
        (Op(("spec", "a"), ABSENT), {"spec": {"list": [{"x": 1}, {"x": 2}]}}),
        (Op(("spec", "gone"), ABSENT), {"spec": {"a": 1, "list": [{"x": 1}, {"x": 2}]}}),
        (
            Op(("spec", "new", "deep"), 3),
            {"spec": {"a": 1, "new": {"deep": 3}, "list": [{"x": 1}, {"x": 2}]}},
        ),
        (Op(("spec", "list", 1, "x"), 9), {"spec": {"a": 1, "list": [{"x": 1}, {"x": 9}]}}),
        (Op(("spec", "list", 0), ABSENT), {"spec": {"a": 1, "list": [{"x": 2}]}}),
        (Op(("spec", "list", 0), 7), {"spec": {"a": 1, "list": [7, {"x": 2}]}}),
        (Op(("spec", "list", 2), 7, new=True), {"spec": {"a": 1, "list": [{"x": 1}, {"x": 2}, 7]}}),
    ],
    ids=[
        "set",
        "remove",
        "remove nothing",
        "set below nothing",
        "set in a list",
        "remove an item",
        "set an item",
        "append an item",
    ],
)
def test_applying_changes_a_copy(op: Op, after: object) -> None:
    """The document itself is not touched."""
    before = {"spec": {"a": 1, "list": [{"x": 1}, {"x": 2}]}}
    text = json.dumps(before)

    assert apply((op,), before) == after
    assert json.dumps(before) == text


def test_operations_apply_in_order() -> None:
    """The last one wins."""
    assert apply((Op(("a",), 1), Op(("a",), 2)), {}) == {"a": 2}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("spec", "selector", "my-app"), "spec.selector.my-app"),
        (("spec", "selector", "a.b/c"), "spec.selector['a.b/c']"),
        (("spec", "ports", 0, "port"), "spec.ports[0].port"),
        (("spec", "ports", "http", "port"), "spec.ports.http.port"),
        (("spec", "ports", "80/TCP", "port"), "spec.ports['80/TCP'].port"),
    ],
)
def test_a_path_is_written_for_people(path: Path, text: str) -> None:
    """As it can be typed."""
    assert show(path) == text
