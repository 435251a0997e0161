"""Where something is, and how a cell is shown."""

import pytest

from kubesvc.model.cell import Cell, Chain, Conditions, State, Step, StepKind, met, resolve, unmet
from kubesvc.model.objects import EndpointConditions, Ref
from kubesvc.model.place import EndpointId, Place, listed, narrowed
from kubesvc.model.report import Verdict
from kubesvc.model.selector import EVERYTHING, matches, selector, show

WEB = Place(Ref("Service", "shop", "web"))
HTTP = WEB._replace(port="http")
POD = HTTP._replace(family="IPv4", endpoint=EndpointId("shop", "web-1", "uid"))


@pytest.mark.parametrize(
    ("inner", "outer", "within"),
    [
        (WEB, WEB, True),
        (HTTP, WEB, True),
        (POD, WEB, True),
        (POD, HTTP, True),
        (WEB, HTTP, False),
        (HTTP, POD, False),
        (POD, HTTP._replace(port="admin"), False),
        (POD, POD._replace(family="IPv6"), False),
        (POD, POD._replace(endpoint=EndpointId("shop", "web-1", "another uid")), False),
        (WEB._replace(field="spec.selector"), WEB, True),
        (HTTP, WEB._replace(field="spec.selector"), True),
        (WEB, Place(Ref("Service", "other", "web")), False),
    ],
)
def test_a_place_lies_within_another(inner: Place, outer: Place, *, within: bool) -> None:
    """What is not narrowed holds everything; a field neither narrows nor widens."""
    assert inner.within(outer) is within


CORNERS = {
    f"{port}/{family}": POD._replace(port=port, family=family)
    for port in ("a", "b", "c")
    for family in ("IPv4", "IPv6")
}


@pytest.mark.parametrize(
    ("some", "shown"),
    [
        (tuple(CORNERS), ""),
        (("a/IPv4", "a/IPv6"), "on port a"),
        (("a/IPv4", "a/IPv6", "c/IPv4", "c/IPv6"), "on ports a and c"),
        (("a/IPv6", "b/IPv6", "c/IPv6"), "over IPv6"),
        (("b/IPv4",), "on port b over IPv4"),
        (("a/IPv4", "c/IPv4"), "on ports a and c over IPv4"),
        (("a/IPv4", "b/IPv6"), "on port a over IPv4, on port b over IPv6"),
        (("a/IPv4", "a/IPv6", "b/IPv6"), "on port a over IPv4, on port a over IPv6, on port b over IPv6"),
    ],
)
def test_ports_and_families_are_named_where_not_all_are_meant(some: tuple[str, ...], shown: str) -> None:
    """Each by itself where they make no rectangle."""
    assert narrowed([CORNERS[name] for name in some], CORNERS.values()) == shown


def test_a_service_without_ports_has_only_families_to_name() -> None:
    """Its places have no port."""
    both = [POD._replace(port=None, family=family) for family in ("IPv4", "IPv6")]

    assert narrowed(both[:1], both) == "over IPv4"
    assert narrowed(both, both) == ""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ((None, None, None), (True, True, False)),
        ((False, None, None), (False, True, False)),
        ((True, True, True), (True, True, True)),
        ((False, False, True), (False, False, True)),
    ],
)
def test_nil_conditions_are_read_as_consumers_do(
    written: tuple[bool | None, ...], read: tuple[bool, ...]
) -> None:
    """Ready and serving unless said otherwise, terminating only if said."""
    ready, serving, terminating = written

    found = resolve(EndpointConditions(ready=ready, serving=serving, terminating=terminating))

    assert (found.ready, found.serving, found.terminating) == read


@pytest.mark.parametrize(
    ("conditions", "number", "state"),
    [
        (None, None, State.ABSENT),
        ((True, True, False), None, State.NO_PORT),
        ((False, False, False), None, State.NO_PORT),
        ((True, True, False), 8080, State.READY),
        ((True, False, True), 8080, State.PUBLISHED),
        ((False, True, True), 8080, State.SERVING),
        ((False, False, True), 8080, State.TERMINATING),
        ((False, False, False), 8080, State.NOT_READY),
        ((True, True, False), 0, State.READY),
    ],
)
def test_the_state_of_a_cell_comes_from_the_slices(
    conditions: tuple[bool, bool, bool] | None, number: int | None, state: State
) -> None:
    """Published unready pods are ready; 0 stands for a Service without ports."""
    cell = Cell(POD, "10.0.0.1", number, Conditions(*conditions) if conditions else None, None)

    assert cell.state is state
    assert cell.why is None


def test_why_is_the_first_condition_that_is_not_met() -> None:
    """In the order in which Kubernetes decides."""
    steps = (met(StepKind.PHASE, "f", "v"), unmet(StepKind.PORT, "f", "v"), unmet(StepKind.PROBED, "f", "v"))

    why = Chain(steps).why

    assert why is not None
    assert why.kind is StepKind.PORT


def test_what_is_not_known_hides_nothing_that_is() -> None:
    """Without rights on Nodes a failing probe is still the reason."""
    unknown = Step(StepKind.NODE, passed=None, field="Node", value="node-a, not read")

    why = Chain((unknown, unmet(StepKind.PROBED, "f", "v"))).why
    alone = Chain((unknown, met(StepKind.READY, "f", "v"))).why

    assert why is not None
    assert why.kind is StepKind.PROBED
    assert alone is unknown


def test_nothing_unmet_is_no_reason() -> None:
    """All conditions hold."""
    assert Chain((met(StepKind.READY, "f", "v"),)).why is None
    assert Chain().why is None


def test_selectors_compare_exactly() -> None:
    """All requirements must hold, in their letter case; the empty one matches everything."""
    wanted = selector({"app": "web", "tier": "front"})

    assert matches(wanted, {"app": "web", "tier": "front", "x": "y"})
    assert not matches(wanted, {"app": "web"})
    assert not matches(wanted, {"app": "Web", "tier": "front"})
    assert matches(EVERYTHING, {})


def test_a_selector_is_shown_sorted() -> None:
    """As kubectl does."""
    assert show({"b": "2", "a": "1"}) == show(selector({"a": "1", "b": "2"})) == "a=1,b=2"
    assert show({}) == "<none>"


def test_a_verdict_is_printed_in_lower_case() -> None:
    """As documented."""
    assert Verdict.BROKEN.word == "broken"


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([], ""),
        (["http"], "on port http"),
        (["http", "grpc"], "on ports http and grpc"),
        (["http", "grpc", "admin"], "on ports http, grpc and admin"),
    ],
)
def test_names_are_listed_as_people_do(names: list[str], shown: str) -> None:
    """However many there are."""
    assert listed("on port", names) == shown
