"""What the API server is asked for."""

from kubesvc.client.request import request
from kubesvc.model.read import Portion, Read
from kubesvc.model.selector import selector
from kubesvc.model.snapshot import VERSION


def test_one_object_is_asked_for_by_its_path() -> None:
    """A namespaced object of the core group; no query."""
    asked = request(Read("Service", "shop", "web"))

    assert (asked.path, asked.query, asked.accept) == (
        "/api/v1/namespaces/shop/services/web",
        (),
        "application/json",
    )


def test_an_object_without_a_namespace_is_asked_for_by_its_path() -> None:
    """Nodes are cluster-scoped."""
    assert request(Read("Node", name="node-a")).path == "/api/v1/nodes/node-a"


def test_a_list_carries_its_selectors_and_a_page_size() -> None:
    """A label selector in key order, 500 at a time."""
    asked = request(Read("EndpointSlice", "shop", labels=selector({"b": "2", "a": "1"})))

    assert asked.path == "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"
    assert asked.query == (("labelSelector", "a=1,b=2"), ("limit", "500"))


def test_the_next_page_is_asked_for_with_the_token() -> None:
    """The limit stays."""
    asked = request(Read("Pod", "shop"), token="next")

    assert asked.query == (("limit", "500"), ("continue", "next"))


def test_an_unpaged_list_has_no_limit() -> None:
    """For the server whose pages expire."""
    assert request(Read("Pod", "shop"), paged=False).query == ()


def test_values_in_a_field_selector_are_escaped() -> None:
    """What separates requirements may be part of a value."""
    asked = request(Read("Event", "shop", fields=selector({"involvedObject.name": r"a,b=c\d"})))

    assert asked.query[0] == ("fieldSelector", r"involvedObject.name=a\,b\=c\\d")


def test_metadata_comes_in_longer_pages_and_may_come_whole() -> None:
    """A server that cannot cut objects down answers with whole ones."""
    asked = request(Read("Pod", "shop", part=Portion.METADATA))

    assert asked.accept.split(",") == [
        "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
        "application/json",
    ]
    assert asked.query == (("limit", "5000"),)


def test_a_name_in_all_namespaces_is_a_list() -> None:
    """Several objects may have it."""
    asked = request(Read("Service", name="web"))

    assert asked.path == "/api/v1/services"
    assert asked.query == (("fieldSelector", "metadata.name=web"), ("limit", "500"))


def test_a_slash_in_a_name_does_not_reach_another_resource() -> None:
    """It is escaped again on the wire, and names nothing."""
    assert (
        request(Read("Service", "shop", "web/status")).path == "/api/v1/namespaces/shop/services/web%2Fstatus"
    )


def test_the_version_is_not_a_resource() -> None:
    """It has a path of its own."""
    assert request(VERSION).path == "/version"
