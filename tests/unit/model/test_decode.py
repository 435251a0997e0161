"""From bytes to objects: tolerant of what is absent, exact about what is wrong."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from kubesvc.model import decode, derived
from kubesvc.model.decode import UndecodableError
from kubesvc.model.kinds import KINDS
from kubesvc.model.objects import EndpointSlice, Obj, Partial, Pod, Ref, Service
from kubesvc.model.read import GapReason, Portion, Read
from tests.support import documents


def one(document: object, kind: str, part: Portion = Portion.WHOLE) -> Obj:
    """Decode a single object that is decodable."""
    page = decode.decode_one(json.dumps(document).encode(), kind, part)
    assert not page.gaps
    return page.objects[0]


def listed(*items: object, **metadata: Any) -> bytes:
    """A list as the API server sends it."""
    return json.dumps({"kind": "PodList", "metadata": metadata, "items": items}).encode()


def test_what_is_needed_is_decoded() -> None:
    """A Service as the API server sends it."""
    service = one(documents.service(), "Service")

    assert isinstance(service, Service)
    assert service.ref == Ref("Service", "shop", "web")
    assert service.spec.cluster_ips == ("10.96.0.10",)
    assert service.spec.ports[0].target_port == 8080


def test_acronyms_are_spelled_as_the_api_does() -> None:
    """podIP, podIPs, hostIP and clusterIPs are not in plain camel case."""
    pod = one(documents.pod(), "Pod")

    assert isinstance(pod, Pod)
    assert pod.status.pod_ip == pod.status.pod_ips[0].ip == "10.244.0.5"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_absent_fields_take_their_default(kind: str) -> None:
    """Nothing but a name is needed."""
    assert one({"metadata": {"name": "x"}}, kind).ref == Ref(kind, "", "x")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_null_is_absent(kind: str) -> None:
    """The server writes null for empty lists, and so do people."""
    document = {"kind": None, "metadata": {"name": "x", "labels": None}, "spec": None, "status": None}

    assert one(document, kind) == one({"metadata": {"name": "x"}}, kind)


def test_a_slice_without_endpoints_has_null_lists() -> None:
    """EndpointSlice lists have no omitempty."""
    document = {"metadata": {"name": "x"}, "addressType": "IPv4", "endpoints": None, "ports": None}

    entry = one(document, "EndpointSlice")

    assert isinstance(entry, EndpointSlice)
    assert not entry.endpoints
    assert not entry.ports


def test_null_in_a_list_is_left_out() -> None:
    """An element that is nothing is none."""
    document = {"metadata": {"name": "x"}, "spec": {"ports": [None, {"port": 80}]}}

    service = one(document, "Service")

    assert isinstance(service, Service)
    assert [port.port for port in service.spec.ports] == [80]


def test_nil_conditions_stay_nil() -> None:
    """What nil means is the consumer's to say."""
    document = {"metadata": {"name": "x"}, "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {}}]}

    entry = one(document, "EndpointSlice")

    assert isinstance(entry, EndpointSlice)
    assert entry.endpoints[0].conditions.ready is None


def test_unknown_fields_are_ignored() -> None:
    """Newer servers send more."""
    document = documents.service(newField={"deep": [1, {"er": None}]})

    assert one(document, "Service") == one(documents.service(), "Service")


def test_what_is_not_allowed_is_not_kept() -> None:
    """Environment, commands and probe headers never enter a snapshot."""
    document = documents.pod()
    document["spec"]["containers"][0] |= {
        "env": [{"name": "TOKEN", "value": "secret-1"}],
        "args": ["--password=secret-2"],
        "readinessProbe": {
            "httpGet": {
                "path": "/healthz?token=secret-3",
                "httpHeaders": [{"name": "Authorization", "value": "secret-3"}],
            }
        },
        "livenessProbe": {"exec": {"command": ["secret-4"]}},
    }

    assert "secret" not in repr(one(document, "Pod"))


def test_one_odd_object_does_not_lose_the_list() -> None:
    """It becomes a gap that names object and field."""
    odd = documents.pod("odd")
    odd["spec"]["containers"] = "none"

    page = decode.decode_list(listed(documents.pod("web-1"), odd, documents.pod("web-2")), "Pod")

    assert [obj.metadata.name for obj in page.objects] == ["web-1", "web-2"]
    (gap,) = page.gaps
    assert (gap.read, gap.reason) == (Read("Pod", "shop", "odd"), GapReason.UNREADABLE)
    assert "containers" in gap.detail


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"metadata": None},
        {"metadata": {"name": None}},
        {"metadata": 5},
        {"metadata": {"name": []}},
        5,
        "x",
        [],
    ],
    ids=repr,
)
def test_an_item_that_is_no_object_is_a_gap(item: object) -> None:
    """It is named as well as it can be."""
    page = decode.decode_list(listed(item), "Pod")

    assert not page.objects
    assert [gap.reason for gap in page.gaps] == [GapReason.UNREADABLE]


def test_a_null_list_is_empty() -> None:
    """So a Go server writes a nil slice."""
    assert decode.decode_list(b'{"items": null, "metadata": null}', "Pod") == decode.Page(())


def test_the_token_continues_a_list() -> None:
    """A page may be followed by another."""
    page = decode.decode_list(listed(documents.pod(), **{"continue": "more"}), "Pod")

    assert page.token == "more"  # noqa: S105 - of a page


@pytest.mark.parametrize(
    "raw",
    [b"", b"nonsense", b"[]", b"5", b'{"items": 5}', b'{"items": [', b'{"a": "\\\xff"}', b"\xff\xfe"],
    ids=repr,
)
def test_no_document_is_an_error_in_one_line(raw: bytes) -> None:
    """Whatever the bytes are."""
    with pytest.raises(UndecodableError) as caught:
        decode.decode_list(raw, "Pod")

    assert str(caught.value) == " ".join(str(caught.value).split()) != ""


@pytest.mark.parametrize("opened", [b'{"a":', b"["])
def test_deep_nesting_is_an_error(opened: bytes) -> None:
    """Never a crash."""
    with pytest.raises(UndecodableError):
        decode.decode_list(b'{"x":' + opened * 200_000, "Pod")


def test_deep_nesting_within_an_item_is_no_crash() -> None:
    """Fields that are not kept are skipped, and skipping has a limit too."""
    deep = b'{"items": [{"metadata": {"name": "x"}, "spec": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}]}"

    try:
        page = decode.decode_list(deep, "Service")
    except UndecodableError:
        return
    assert len(page.objects) + len(page.gaps) == 1


@pytest.mark.parametrize("when", ["2026-01-31T12:00:00", "yesterday", 5])
def test_a_time_that_cannot_be_compared_is_a_gap(when: object) -> None:
    """Kubernetes' times have an offset; one without could not be subtracted from now."""
    document = {"metadata": {"name": "x", "creationTimestamp": when}}

    page = decode.decode_one(json.dumps(document).encode(), "Pod")

    assert "creationTimestamp" in page.gaps[0].detail


def test_metadata_alone_is_partial() -> None:
    """The API server answers PartialObjectMetadata; the kind is the asked one."""
    document = {"kind": "PartialObjectMetadata", "metadata": documents.pod()["metadata"]}

    obj = one(document, "Pod", Portion.METADATA)

    assert isinstance(obj, Partial)
    assert obj.ref == Ref("Pod", "shop", "web-1")


def test_the_version_is_an_object_like_others() -> None:
    """It has no metadata of its own."""
    page = decode.version(b'{"major": "1", "minor": "33+", "gitVersion": "v1.33.2-gke.1"}')

    (found,) = page.objects
    assert found.ref == Ref("Version", "", "server")
    assert getattr(found, "minor_number", None) == 33


@pytest.mark.parametrize(("minor", "number"), [("", 0), ("36", 36), ("x", 0), ("9" * 99, 0), ("²", 0)])
def test_a_minor_that_is_no_number_is_unknown(minor: str, number: int) -> None:
    """Unknown is 0."""
    (found,) = decode.version(json.dumps({"minor": minor}).encode()).objects

    assert getattr(found, "minor_number", None) == number


def test_annotations_are_kept_by_what_they_are_about() -> None:
    """Of others only the key stays; what kubectl applied last is dropped altogether."""
    document = documents.service()
    document["metadata"]["annotations"] = {
        "service.kubernetes.io/topology-mode": "Auto",
        "example.com/notes": "secret",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
    }

    kept = one(document, "Service").metadata.annotations

    assert kept == {"service.kubernetes.io/topology-mode": "Auto", "example.com/notes": ""}


def test_derived_annotations_of_a_live_object_are_ignored() -> None:
    """Only the decoder derives facts; nobody can forge them."""
    document = documents.service()
    document["metadata"]["annotations"] = {derived.PREFIX + "managers": '{"spec.selector": ["evil", 0]}'}

    service = one(document, "Service")

    assert service.metadata.annotations == {}
    assert derived.managers(service) == {}


def managed(**fields: object) -> Obj:
    """A Service with managedFields."""
    document = documents.service()
    document["metadata"]["managedFields"] = [
        {
            "manager": "helm",
            "time": "2026-01-01T00:00:00Z",
            "fieldsV1": {"f:spec": {"f:selector": {}, "f:type": {}}},
        },
        {"manager": "kubectl-edit", "time": "2026-01-02T00:00:00Z", "fieldsV1": fields},
        {"manager": "status", "time": None, "fieldsV1": {"f:spec": {"f:ports": {}}}},
    ]
    return one(document, "Service")


def test_the_last_writer_of_a_field_is_its_manager() -> None:
    """Its time is that of its last write to any field it owns."""
    managers = derived.managers(managed(**{"f:spec": {"f:selector": {}}}))

    assert managers["spec.selector"] == ("kubectl-edit", datetime(2026, 1, 2, tzinfo=UTC))
    assert managers["spec.type"].name == "helm"
    assert "spec.ports" not in managers


def test_odd_managed_fields_are_ignored() -> None:
    """They inform; they decide nothing."""
    document = documents.service()
    for odd in (5, [5], [{"fieldsV1": 5}], [{"time": "never"}], None):
        document["metadata"]["managedFields"] = odd
        assert derived.managers(one(document, "Service")) == {}


def test_a_forged_manager_in_a_file_is_ignored() -> None:
    """A snapshot file may be written by anybody."""
    document = documents.service()
    for forged in ("{", "5", '{"spec.selector": ["x", "2026-01-01T00:00:00"]}'):
        document["metadata"]["annotations"] = {derived.PREFIX + "managers": forged}
        raw = msgspec.Raw(json.dumps(document).encode())
        found = decode.decode_item(raw, "Service", pruned=True)
        assert isinstance(found, Service)
        assert derived.managers(found) == {}


APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def applied(written: str, **spec: Any) -> Obj:
    """A Service that kubectl applied."""
    document = documents.service(**spec)
    document["metadata"]["annotations"] = {APPLIED: written}
    return one(document, "Service")


def test_the_applied_selector_of_a_service_without_one_is_derived() -> None:
    """Nothing else of what kubectl keeps there; and nothing where the Service has a selector."""
    written = json.dumps({"spec": {"selector": {"app": "web"}}, "data": "secret"})

    without = applied(written, selector=None)

    assert derived.applied_selector(without) == {"app": "web"}
    assert "secret" not in repr(without)
    assert derived.applied_selector(applied(written)) == {}


@pytest.mark.parametrize(
    "written", ["", "{", "5", "{}", '{"spec": 5}', '{"spec": {}}', '{"spec": {"selector": {"a": 1}}}']
)
def test_odd_applied_configurations_are_ignored(written: str) -> None:
    """They inform; they decide nothing."""
    assert derived.applied_selector(applied(written, selector=None)) == {}


def test_a_forged_selector_in_a_file_is_ignored() -> None:
    """A snapshot file may be written by anybody."""
    document = documents.service(selector=None)
    for forged in ("{", "5", '{"app": 1}'):
        document["metadata"]["annotations"] = {derived.PREFIX + "applied-selector": forged}
        found = decode.decode_item(msgspec.Raw(json.dumps(document).encode()), "Service", pruned=True)
        assert isinstance(found, Service)
        assert derived.applied_selector(found) == {}
