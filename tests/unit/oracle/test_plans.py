"""Plans: the same from the same seed, printable, and made small."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

import pytest

from e2e.oracle import plan as plans
from e2e.oracle.generate import generate
from e2e.oracle.plan import Op, Plan, Round, Verb
from e2e.oracle.shrink import shrink

SEEDS = range(300)


@cache
def drawn() -> tuple[Plan, ...]:
    """Many plans."""
    return tuple(generate(seed) for seed in SEEDS)


def test_a_seed_makes_the_same_plan_each_time() -> None:
    """Byte for byte, so that any one cluster can be made again."""
    assert tuple(generate(seed) for seed in SEEDS) == drawn()


def test_seeds_make_different_plans() -> None:
    """Else many clusters would be one."""
    assert len({plans.dump(one).split(b"rounds", 1)[1] for one in drawn()}) == len(SEEDS)


def test_a_plan_is_read_as_it_was_written() -> None:
    """A plan that failed is carried out again from its file."""
    assert tuple(plans.load(plans.dump(one)) for one in drawn()) == drawn()


def test_a_plan_is_printed_with_every_operation() -> None:
    """One a line."""
    one = generate(3)

    assert len(str(one).splitlines()) == 1 + len(one.rounds) + one.size


@pytest.mark.parametrize("verb", list(Verb))
def test_every_operation_occurs(verb: Verb) -> None:
    """Among a few hundred plans."""
    assert verb in {op.verb for one in drawn() for round_ in one.rounds for op in round_.ops}


def shares(holds: Callable[[Op], bool]) -> float:
    """Return in what share of plans some operation is such."""
    hits = [any(holds(op) for round_ in one.rounds for op in round_.ops) for one in drawn()]
    return sum(hits) / len(hits)


def spec(op: Op, kind: str) -> dict[str, object]:
    """Return the spec of an object of a kind that is written whole."""
    whole = op.kind == kind and op.verb in (Verb.CREATE, Verb.REPLACE)
    found: dict[str, object] = op.body.get("spec", {}) if whole else {}
    return found


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("headless", lambda op: spec(op, "Service").get("clusterIP") == "None"),
        ("headless without ports", lambda op: spec(op, "Service").get("ports") == []),
        ("NodePort", lambda op: spec(op, "Service").get("type") == "NodePort"),
        ("LoadBalancer", lambda op: spec(op, "Service").get("type") == "LoadBalancer"),
        ("ExternalName", lambda op: spec(op, "Service").get("type") == "ExternalName"),
        ("no selector", lambda op: bool(spec(op, "Service")) and "selector" not in spec(op, "Service")),
        ("empty selector", lambda op: spec(op, "Service").get("selector") == {}),
        ("RequireDualStack", lambda op: spec(op, "Service").get("ipFamilyPolicy") == "RequireDualStack"),
        ("published", lambda op: bool(spec(op, "Service").get("publishNotReadyAddresses"))),
        ("trafficDistribution", lambda op: "trafficDistribution" in spec(op, "Service")),
        ("init containers", lambda op: "initContainers" in spec(op, "Pod")),
        ("gates", lambda op: "readinessGates" in spec(op, "Pod")),
        ("hostNetwork", lambda op: "hostNetwork" in spec(op, "Pod")),
        ("hostname", lambda op: "hostname" in spec(op, "Pod")),
        ("held pods", lambda op: op.kind == "Pod" and "finalizers" in op.body.get("metadata", {})),
        (
            "pods without addresses",
            lambda op: op.kind == "Pod" and '"podIP": null' in str(op).replace(":n", ": n"),
        ),
        ("Node changes", lambda op: op.kind == "Node" and op.silent),
        ("Endpoints", lambda op: op.kind == "Endpoints"),
        ("slices by hand", lambda op: op.kind == "EndpointSlice"),
    ],
)
def test_what_decides_occurs_often_enough(name: str, holds: Callable[[Op], bool]) -> None:
    """In five of a hundred clusters at least: a rule that is never put to the test is not tested."""
    assert shares(holds) >= 0.05, name


def test_the_controller_looking_away_is_a_round_of_its_own() -> None:
    """What it wrote last is known only if nothing else happens at that time."""
    for one in drawn():
        for round_ in one.rounds[1:]:
            ended = [op for op in round_.ops if op.kind == "Service" and op.verb is Verb.DELETE]
            if ended and not held(one, ended[0]):
                assert {(op.namespace, op.name) for op in round_.ops} == {(ended[0].namespace, ended[0].name)}


def held(one: Plan, deleted: Op) -> bool:
    """Tell whether a Service was ever written with a finalizer."""
    written = (op for round_ in one.rounds for op in round_.ops if op.kind == "Service")
    return any(
        (op.namespace, op.name) == (deleted.namespace, deleted.name)
        and "finalizers" in op.body.get("metadata", {})
        for op in written
    )


def test_rounds_the_controller_does_not_notice_are_fenced() -> None:
    """There the slices depend on when a Service was last synced."""
    quiet = Round((Op(Verb.DELETE, "Node", name="@n0", silent=True),))

    assert quiet.late
    assert quiet.fenced
    assert not Round((Op(Verb.DELETE, "Pod", "a", "p"),)).fenced


def test_a_round_that_may_undo_itself_is_fenced() -> None:
    """Its end may look like its beginning, and be taken for it before anything was noticed."""
    create, status, other = (
        Op(Verb.CREATE, "Pod", "a", "p"),
        Op(Verb.STATUS, "Pod", "a", "p"),
        Op(Verb.STATUS, "Pod", "b", "p"),
    )
    assert Round((status, status)).fenced
    assert not Round((create, status, other)).fenced


# --- making small


def numbered(count: int) -> Plan:
    """A plan of so many operations, three a round."""
    ops = [Op(Verb.DELETE, "Pod", "a", f"p{number}") for number in range(count)]
    return Plan(1, tuple(Round(tuple(ops[start : start + 3])) for start in range(0, count, 3)))


def names(one: Plan) -> list[str]:
    """The pods a plan deletes."""
    return [op.name for round_ in one.rounds for op in round_.ops]


def failing_if(*needed: str) -> Callable[[Sequence[Plan]], Plan | None]:
    """A plan fails while it has these operations."""

    def failing(offered: Sequence[Plan]) -> Plan | None:
        return next((one for one in offered if set(needed) <= set(names(one))), None)

    return failing


@pytest.mark.parametrize("needed", [("p0",), ("p7",), ("p2", "p9"), ("p0", "p5", "p11")])
def test_only_what_makes_a_plan_fail_is_left(needed: tuple[str, ...]) -> None:
    """In order, and rounds that have become empty are gone."""
    small = shrink(numbered(24), 7, failing_if(*needed))

    assert names(small) == list(needed)
    assert all(round_.ops for round_ in small.rounds)


def test_what_came_after_the_failure_goes_first() -> None:
    """In one step, whatever its size."""
    offered: list[int] = []

    def failing(candidates: Sequence[Plan]) -> Plan | None:
        offered.extend(one.size for one in candidates)
        return failing_if("p1")(candidates)

    shrink(numbered(24), 0, failing)

    assert offered[0] == 3


def test_a_plan_that_fails_only_as_a_whole_stays_whole() -> None:
    """Nothing is left out that it needs."""
    whole = numbered(6)

    assert shrink(whole, 1, failing_if(*names(whole))) == whole


def test_a_failure_that_does_not_come_again_leaves_the_plan_as_it_was() -> None:
    """Then the whole plan is what there is to look at."""
    assert shrink(numbered(6), 1, lambda _: None) == numbered(6)


def test_fences_stay_with_their_rounds() -> None:
    """Without one the cluster might settle otherwise."""
    fenced = Plan(1, tuple(Round(one.ops, fence=True) for one in numbered(9).rounds))

    assert Counter(one.fence for one in shrink(fenced, 2, failing_if("p8")).rounds) == {True: 1}
