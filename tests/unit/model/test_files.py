"""Snapshots in files, and plain objects as `kubectl get -o yaml` prints them."""

import json
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from msgspec.structs import replace

from kubesvc.model import derived, files, yaml_text
from kubesvc.model.files import UnusableFileError
from kubesvc.model.objects import Node, Obj, Partial, Pod, Ref, Service
from kubesvc.model.read import Gap, GapReason, Portion, Read, Unavailable, Unread
from kubesvc.model.selector import selector
from kubesvc.model.snapshot import Snapshot
from tests.support import documents
from tests.support.builders import NOW, pod, service, settled, version, with_

LATER = datetime(2026, 6, 1, tzinfo=UTC)


def load(text: str | bytes, *, complete: bool = False) -> Snapshot:
    """Load a file at a later moment."""
    raw = text.encode() if isinstance(text, str) else text
    return files.load(raw, now=LATER, complete=complete)


def refused(text: str | bytes) -> str:
    """Load a file that cannot be used; return the message, which is one line."""
    with pytest.raises(UnusableFileError) as caught:
        load(text)
    message = str(caught.value)
    assert message
    assert "\n" not in message
    return message


def captured() -> Snapshot:
    """A snapshot of some reads, some of which failed."""
    whole = settled(service(), pod())
    metadata = Read("Pod", "shop", part=Portion.METADATA)
    other = Partial(kind="Pod", metadata=pod("api-1", labels={"app": "api"}).metadata)
    return Snapshot("prod", NOW).with_answers(
        [*whole.objects.values(), other],
        [metadata, Read("Service", "shop", "web"), Read("Pod", "shop", labels=selector({"app": "web"}))],
        [Gap(Read("Event", "shop"), GapReason.FORBIDDEN, "no right"), Gap(Read("Node"), GapReason.TIMED_OUT)],
    )


def test_a_snapshot_comes_back_as_it_was() -> None:
    """Objects, reads, gaps and the moment."""
    before = captured()

    after = load(files.dump(before))

    assert after == replace(before, gaps=after.gaps, origin="file")
    assert set(after.gaps) == set(before.gaps)
    assert after.origin == "file"
    assert isinstance(after.objects[Ref("Pod", "shop", "api-1")], Partial)
    assert files.dump(after) == files.dump(before)


def test_equal_snapshots_are_the_same_bytes() -> None:
    """Whatever order things were read in."""
    before = captured()
    shuffled = replace(
        before, objects=dict(reversed(list(before.objects.items()))), gaps=tuple(reversed(before.gaps))
    )

    assert files.dump(shuffled) == files.dump(before)
    assert files.dump(before).endswith(b"\n")


def test_a_snapshot_is_a_kubernetes_list() -> None:
    """Other tools can read it."""
    document = json.loads(files.dump(captured()))

    assert (document["apiVersion"], document["kind"]) == ("v1", "List")
    slices = [item for item in document["items"] if item["kind"] == "EndpointSlice"]
    assert slices[0]["apiVersion"] == "discovery.k8s.io/v1"


def test_a_second_look_is_remembered_by_its_moment() -> None:
    """What was reported had outlasted the first look."""
    before = replace(captured(), earlier=replace(captured(), taken_at=NOW - timedelta(seconds=9)))

    earlier = load(files.dump(before)).earlier

    assert earlier is not None
    assert earlier.taken_at == NOW - timedelta(seconds=9)


def test_derived_annotations_survive_in_a_file() -> None:
    """They cannot be derived again: what they came from is not kept."""
    note = {derived.PREFIX + "managers": '{"spec.selector":["helm","2026-01-01T00:00:00Z"]}'}
    before = Snapshot("prod", NOW).with_answers([with_(service(), metadata__annotations=note)], [])

    (obj,) = load(files.dump(before)).objects.values()

    assert derived.managers(obj)["spec.selector"].name == "helm"


def test_a_newer_format_is_refused() -> None:
    """It may mean something else."""
    document = json.loads(files.dump(captured()))
    document["kubesvc"]["format"] = 2

    assert "format 2" in refused(json.dumps(document))


def test_a_broken_header_is_refused() -> None:
    """It is not taken for a plain list of whole objects."""
    document = json.loads(files.dump(captured()))
    document["kubesvc"]["takenAt"] = "some day"

    assert "takenAt" in refused(json.dumps(document))


def test_an_odd_object_in_a_snapshot_is_a_gap() -> None:
    """The others are still there."""
    document = json.loads(files.dump(captured()))
    document["items"][0]["metadata"]["labels"] = 5

    snapshot = load(json.dumps(document))

    assert [gap.reason for gap in snapshot.gaps].count(GapReason.UNREADABLE) == 1


def test_a_list_of_plain_objects_is_read() -> None:
    """As `kubectl get -o json` prints it; only what is there counts as read."""
    listing = {"apiVersion": "v1", "kind": "List", "items": [documents.service(), documents.pod()]}

    snapshot = load(json.dumps(listing))

    assert snapshot.taken_at == LATER
    assert len(snapshot.find(Read("Service", "shop", "web"), Service)) == 1
    with pytest.raises(Unread):
        snapshot.find(Read("Pod", "shop"), Pod)


def test_complete_means_that_what_is_absent_does_not_exist() -> None:
    """The user says so."""
    snapshot = load(json.dumps(documents.service()), complete=True)

    assert snapshot.find(Read("Pod"), Pod) == ()
    assert snapshot.find(Read("Node", name="node-a"), Node) == ()


def test_documents_of_yaml_are_read() -> None:
    """Also lists within, empty documents and kinds of others."""
    listing = {
        "kind": "PodList",
        "apiVersion": "v1",
        "items": [documents.pod("web-1"), documents.pod("web-2")],
    }
    text = yaml.safe_dump_all(
        [documents.service(), None, listing, {"kind": "Secret", "metadata": {"name": "x"}}]
    )

    assert sorted(str(ref) for ref in load(text).objects) == ["Pod/web-1", "Pod/web-2", "Service/web"]


def test_yaml_times_are_those_of_kubernetes() -> None:
    """YAML itself would make dates of them."""
    text = "kind: Pod\nmetadata: {name: x, creationTimestamp: 2026-01-31T12:00:00Z}\n"

    (obj,) = load(text).objects.values()

    assert obj.metadata.creation_timestamp == datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_an_object_without_a_namespace_is_in_default() -> None:
    """As kubectl would apply it; a Node has none."""
    text = "kind: Service\nmetadata: {name: web}\n---\nkind: Node\nmetadata: {name: node-a}\n"

    assert set(load(text).objects) == {Ref("Service", "default", "web"), Ref("Node", "", "node-a")}


def test_hostile_text_in_yaml_is_cleaned() -> None:
    """Files come from anywhere."""
    (obj,) = load('kind: Pod\nmetadata: {name: x, labels: {a: "\\e[31m"}}\n').objects.values()

    assert obj.metadata.labels == {"a": "\\x1b[31m"}


def test_plain_objects_cannot_forge_what_is_derived() -> None:
    """Only a snapshot of ours carries such annotations."""
    document = documents.service()
    document["metadata"]["annotations"] = {derived.PARTIAL: "true", derived.PREFIX + "x": "y"}

    (obj,) = load(json.dumps(document)).objects.values()

    assert isinstance(obj, Service)
    assert obj.metadata.annotations == {}


def test_the_version_of_a_server_is_kept() -> None:
    """It decides about sidecars' ports."""
    before = Snapshot("prod", NOW).with_answers([version(33)], [Read("Version", name="server")])

    server = load(files.dump(before)).server

    assert server is not None
    assert server.minor_number == 33


BOMB = "\n".join(
    [
        "a0: &a0 {x: y}",
        *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 20)}]" for n in range(1, 12)),
        "kind: Pod",
    ]
)
CAPTURED = files.dump(Snapshot("prod", NOW)).decode()
UNUSABLE: dict[str, str | bytes] = {
    "nothing": "",
    "blank": " \n\n",
    "a word": "hello",
    "a list": "[1, 2]",
    "no object": "{}",
    "of others": '{"kind": "Secret", "metadata": {"name": "x"}}',
    "an empty list": '{"kind": "List", "items": []}',
    "items of the wrong type": '{"kind": "List", "items": 5}',
    "an item that is none": '{"kind": "List", "items": [5]}',
    "cut off": '{"kind": "Pod", "metadata": {"name"',
    "binary": bytes(range(256)),
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "UTF-16": "kind: Pod".encode("utf-16"),
    "broken YAML": "a: [b",
    "a Python object": "!!python/object/apply:os.system [id]",
    "keys that are no text": "? [a, b]\n: c\n",
    "an alias bomb": BOMB,
    "an alias of itself": "kind: Pod\nmetadata: &m {name: x, labels: *m}\n",
    "a list that holds itself": "kind: Pod\nx: &x [*x]\n",
    "deep YAML": "a: " + "[" * 500 + "]" * 500,
    "deeper YAML": "a: " + "[" * 100_000,
    "deep JSON": '{"a":' * 100_000,
    "a deep item": '{"kind": "List", "items": [' + '{"a":' * 50_000 + "1" + "}" * 50_000 + "]}",
    "long YAML": "# " + "x" * yaml_text.MAX_BYTES,
    "YAML of too many values": "a: [" + "x," * yaml_text.MAX_EVENTS + "]",
    "a moment that UTC does not have": CAPTURED.replace(
        NOW.isoformat().replace("+00:00", "Z"), "0001-01-01T00:00:00+14:00"
    ),
}


@pytest.mark.parametrize("content", UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_file_is_refused_in_one_line(content: str | bytes) -> None:
    """No traceback, no endless memory."""
    refused(content)


def test_lists_may_hold_lists() -> None:
    """`kubectl get -o yaml` of several kinds never does, people's files do."""
    inner = {"kind": "List", "items": [documents.pod()]}

    found: list[Obj] = list(load(json.dumps({"kind": "List", "items": [inner]})).objects.values())

    assert [obj.ref.name for obj in found] == ["web-1"]


def test_json_is_not_read_as_yaml() -> None:
    """Nor does kubectl; and what is wrong with it is told in words about JSON."""
    message = refused(b'{"kind": "List", "items": [' + b'"x",' * (yaml_text.MAX_BYTES // 4))

    assert message == "not JSON, although it begins like it: Input data was truncated"


def test_the_moment_of_a_snapshot_may_have_any_offset() -> None:
    """It is the same moment in UTC."""
    text = CAPTURED.replace(NOW.isoformat().replace("+00:00", "Z"), "2026-01-31T16:00:00+02:00")

    assert load(text).taken_at.isoformat() == "2026-01-31T14:00:00+00:00"


def test_a_list_of_too_many_objects_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would cost more than its bytes."""
    monkeypatch.setattr(files, "MAX_ITEMS", 2)

    assert "a List of 3 objects" in refused('{"kind": "List", "items": [{}, {}, {}]}')
    assert "a List of 3 objects" in refused("kind: List\nitems: [{}, {}, {}]\n")


@pytest.mark.parametrize(
    "content",
    [
        b'{"items": [' + b"{}," * 8_000_000 + b"{}]}",
        b"a: [" + b"[]," * 2_000_000 + b"[]]",
        b"- " * 500_000,
    ],
    ids=["JSON items", "flow YAML", "block YAML"],
)
def test_a_hostile_file_costs_no_more_than_a_few_copies_of_itself(content: bytes) -> None:
    """It is measured before anything is built of it."""
    tracemalloc.start()
    try:
        refused(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 3 * len(content) + 2**20


def test_numbers_of_yaml_are_those_of_kubernetes() -> None:
    """YAML 1.1 would make a number of what looks like a time of day."""
    labels = "{a: 12:30, b: 12:30.5, c: -1:30}"

    (obj,) = load(f"kind: Pod\nmetadata: {{name: x, labels: {labels}}}\n").objects.values()

    assert obj.metadata.labels == {"a": "12:30", "b": "12:30.5", "c": "-1:30"}


@pytest.mark.parametrize(
    ("written", "number"),
    [("8080", 8080), ("0644", 420), ("0x1F90", 8080), ("0b11", 3), ("1_000", 1000), ("-3", -3), ("0", 0)],
)
def test_a_number_is_a_number(written: str, number: int) -> None:
    """In each spelling that Go's reader knows."""
    (obj,) = load(f"kind: Pod\nmetadata: {{name: x, generation: {written}}}\n").objects.values()

    assert obj.metadata.generation == number


def test_an_unreadable_object_without_a_namespace_is_in_default_too() -> None:
    """It is there, although not understood: it must not pass for absent."""
    snapshot = load("kind: Service\nmetadata: {name: web}\nspec: {ports: 5}\n")

    with pytest.raises(Unavailable) as unavailable:
        snapshot.get(Read("Service", "default", "web"), Service)

    assert unavailable.value.gap.reason is GapReason.UNREADABLE
