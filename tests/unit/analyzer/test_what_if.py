"""What is asked of a Service as a patch makes it: positions, guards, parents."""

import pytest

from kubesvc.analyzer import what_if
from kubesvc.errors import UsageError
from kubesvc.model.change import ABSENT, Change, Op
from kubesvc.model.objects import Service, ServicePort
from kubesvc.semantics.simulate import changed
from tests.support.builders import HTTP, OTHER, headless, service

TWO = service("web", HTTP, OTHER, selector={"app": "web", "tier": "x"})


def change(of: Service, *ops: Op) -> Change:
    """What would be patched."""
    return what_if.change(of, ops)


def of_port(key: int | str, field: str, value: object) -> Op:
    """A change of a port."""
    return Op(("spec", "ports", key, field), value)


def test_a_key_is_merged() -> None:
    """Nothing else is named."""
    made = change(TWO, Op(("spec", "selector", "app"), "api"), Op(("spec", "selector", "tier"), ABSENT))

    assert not made.touches_list
    assert made.merge_patch == {"spec": {"selector": {"app": "api", "tier": None}}}
    assert changed(TWO, made).spec.selector == {"app": "api"}


def test_a_whole_selector_goes_key_by_key_and_may_be_another_then() -> None:
    """A patch that takes it away as a whole could not set it again."""
    made = change(TWO, Op(("spec", "selector"), ABSENT), Op(("spec", "selector", "run"), "api"))

    assert made.merge_patch == {"spec": {"selector": {"app": None, "tier": None, "run": "api"}}}
    assert changed(TWO, made).spec.selector == {"run": "api"}


@pytest.mark.parametrize("key", [1, "admin"])
def test_a_port_is_guarded_by_its_number(key: int | str) -> None:
    """By position or key: it may have moved when the patch is made."""
    made = change(TWO, of_port(key, "targetPort", "web"))

    assert made.json_patch == [
        {"op": "test", "path": "/spec/ports/1/port", "value": 81},
        {"op": "replace", "path": "/spec/ports/1/targetPort", "value": "web"},
    ]


def test_a_port_without_a_name_has_its_number_as_key() -> None:
    """As everywhere."""
    of = service("web", ServicePort(port=80))

    made = change(of, of_port("80/TCP", "name", "http"))

    assert [entry["op"] for entry in made.json_patch] == ["test", "add"]
    assert changed(of, made).spec.ports[0].key == "http"


def test_what_is_changed_twice_is_guarded_by_what_it_is_by_then() -> None:
    """A patch is made in order."""
    made = change(TWO, of_port(0, "port", 8000), of_port(0, "targetPort", 9000))

    assert [entry["value"] for entry in made.json_patch] == [80, 8000, 8000, 9000]


def test_one_past_the_last_is_added_and_can_be_filled() -> None:
    """Its first field makes it."""
    made = change(TWO, of_port(2, "name", "new"), of_port(2, "port", 82), of_port("new", "protocol", "UDP"))

    assert made.json_patch == [
        {"op": "add", "path": "/spec/ports/2", "value": {"name": "new"}},
        {"op": "add", "path": "/spec/ports/2/port", "value": 82},
        {"op": "test", "path": "/spec/ports/2/port", "value": 82},
        {"op": "add", "path": "/spec/ports/2/protocol", "value": "UDP"},
    ]
    assert changed(TWO, made).spec.ports[2] == ServicePort(name="new", port=82, protocol="UDP")


def test_an_empty_list_is_made() -> None:
    """A JSON patch adds to no list that is not there."""
    of = headless("web")
    bare = Service(metadata=of.metadata, spec=type(of.spec)(cluster_ip="None", selector={"app": "web"}))

    assert change(bare, of_port(0, "port", 80)).json_patch == [
        {"op": "add", "path": "/spec/ports", "value": [{"port": 80}]}
    ]


def test_an_entry_goes_by_position_or_key() -> None:
    """Guarded like any other."""
    made = change(TWO, Op(("spec", "ports", "http"), ABSENT))

    assert [entry["op"] for entry in made.json_patch] == ["test", "remove"]
    assert changed(TWO, made).spec.ports == (OTHER,)


def test_all_ports_may_go_at_once() -> None:
    """Of a headless Service."""
    assert change(headless(), Op(("spec", "ports"), ABSENT)).merge_patch == {"spec": {"ports": None}}


def test_families_are_guarded_by_themselves() -> None:
    """They have no key."""
    of = service(ip_families=("IPv4", "IPv6"), ip_family_policy="RequireDualStack")
    made = change(of, Op(("spec", "ipFamilies", 1), ABSENT), Op(("spec", "ipFamilies", 1), "IPv6"))

    assert made.json_patch == [
        {"op": "test", "path": "/spec/ipFamilies/1", "value": "IPv6"},
        {"op": "remove", "path": "/spec/ipFamilies/1"},
        {"op": "add", "path": "/spec/ipFamilies/1", "value": "IPv6"},
    ]


def test_a_selector_that_is_not_there_is_made_beside_a_change_of_a_port() -> None:
    """A JSON patch makes no parents, a merge patch does."""
    bare = service(selector={})
    key = Op(("spec", "selector", "app"), "web")

    assert change(bare, key).merge_patch == {"spec": {"selector": {"app": "web"}}}
    assert change(bare, of_port(0, "port", 81), key).json_patch[-1] == {
        "op": "add",
        "path": "/spec/selector",
        "value": {"app": "web"},
    }


@pytest.mark.parametrize(
    ("op", "error", "hint"),
    [
        (
            of_port(3, "port", 1),
            "spec.ports[3] does not exist",
            "spec.ports has [0] http, [1] admin; [2] would add an entry.",
        ),
        (
            of_port("web", "port", 1),
            "spec.ports.web does not exist",
            "spec.ports has [0] http, [1] admin; [2] would add an entry.",
        ),
        (
            Op(("spec", "ports", 2), ABSENT),
            "spec.ports[2] does not exist",
            "spec.ports has [0] http, [1] admin; [2] would add an entry.",
        ),
        (
            of_port(0, "protocol", ABSENT),
            "spec.ports[0].protocol is not set, or has its default: it cannot be removed",
            "spec.ports[0] has name, port, targetPort.",
        ),
        (
            Op(("spec", "selector", "ap"), ABSENT),
            "spec.selector.ap is not set, so it cannot be removed",
            "spec.selector has app, tier.",
        ),
        (
            Op(("spec", "ipFamilies", 4), "IPv6"),
            "spec.ipFamilies[4] does not exist",
            "spec.ipFamilies has [0] IPv4; [1] would add an entry.",
        ),
    ],
)
def test_what_is_not_there_is_told_with_what_is(op: Op, error: str, hint: str) -> None:
    """A typing error changes nothing in silence."""
    with pytest.raises(UsageError) as caught:
        change(TWO, op)

    assert (caught.value.message, caught.value.hint) == (error, hint)


def test_a_list_or_map_that_is_empty_is_told() -> None:
    """There is nothing to choose from."""
    with pytest.raises(UsageError) as key:
        change(service(selector={}), Op(("spec", "selector", "app"), ABSENT))
    with pytest.raises(UsageError) as entry:
        change(service(ip_families=()), Op(("spec", "ipFamilies", 0), ABSENT))

    assert key.value.hint == "spec.selector is not set either."
    assert entry.value.hint == "spec.ipFamilies is empty; [0] would add an entry."
