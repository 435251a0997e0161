"""Laws over generated clusters about imagined changes, and about Services seen from their pods."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kubesvc.errors import KubesvcError
from kubesvc.model import selector
from kubesvc.model.change import ABSENT, Op
from kubesvc.model.kinds import KINDS
from kubesvc.model.objects import Ref
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Comparison, Relation, Report, Subject, Verdict
from kubesvc.semantics import endpoints
from tests.support.sources import FakeSource, ask
from tests.support.strategies import World, worlds

some = settings(max_examples=50, derandomize=True)

changes = st.lists(
    st.sampled_from(
        (
            Op(("spec", "selector", "app"), "web"),
            Op(("spec", "selector", "app"), "webb"),
            Op(("spec", "selector"), ABSENT),
            Op(("spec", "ports", 0, "targetPort"), 8080),
            Op(("spec", "ports", 0, "targetPort"), "http"),
            Op(("spec", "ports", 1), ABSENT),
            Op(("spec", "publishNotReadyAddresses"), value=True),
            Op(("spec", "type"), "NodePort"),
            Op(("spec", "type"), "ExternalName"),
            Op(("spec", "externalName"), "a.example"),
        )
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda op: op.path,
).map(tuple)


def compared(world: World, ops: tuple[Op, ...], *denied: Read) -> Comparison | None:
    """What would come of it; None where the server, or what is there, does not allow it."""
    try:
        report = ask(Query("shop", ("web",), changes=ops), FakeSource(world.snapshot(), denied=denied))
    except KubesvcError:
        return None
    return report.subjects[0].comparison


@given(worlds(), changes)
@some
def test_a_comparison_is_sound(world: World, ops: tuple[Op, ...]) -> None:
    """Each endpoint is somewhere, each port counts what its endpoints say, and no cause is in two groups."""
    told = compared(world, ops)
    if told is None:
        return
    for port in told.ports:
        assert port.before or port.after
        for entry in port.endpoints:
            assert entry.before or entry.after
        for verdict, sides in (
            (port.before, [entry.before for entry in port.endpoints]),
            (port.after, [entry.after for entry in port.endpoints]),
        ):
            if verdict is None:
                assert not any(sides)
            elif len({entry.place.family for entry in port.endpoints}) < 2:
                assert verdict.usable == sum(bool(side and side.used) for side in sides)
    assert {(c.code, c.headline) for c in told.gone}.isdisjoint((c.code, c.headline) for c in told.new)


@given(worlds())
@some
def test_what_is_there_already_changes_nothing_once_the_controller_has_synced(world: World) -> None:
    """Neither endpoint nor cause nor verdict."""
    settled = World(world.service, world.pods, world.others, ()).settled()
    value = world.service.spec.publish_not_ready_addresses
    op = Op(("spec", "publishNotReadyAddresses"), value)
    try:
        (subject,) = ask(Query("shop", ("web",), changes=(op,)), FakeSource(settled)).subjects
    except KubesvcError:
        return

    told = subject.comparison
    assert told is not None
    assert told.before == told.after
    assert all(entry.before == entry.after for port in told.ports for entry in port.endpoints)
    assert (told.gone, told.new) == ((), ())


@given(worlds(), changes, st.sampled_from(("Pod", "Node", "EndpointSlice", "Deployment")))
@some
def test_losing_a_read_promises_nothing(world: World, ops: tuple[Op, ...], kind: str) -> None:
    """What would be healthy with less known is healthy with all known."""
    less, all_known = compared(world, ops, Read(kind)), compared(world, ops)

    if less is not None and less.after.verdict is Verdict.HEALTHY:
        assert all_known is not None
        assert all_known.after.verdict is Verdict.HEALTHY


def reverse(world: World, *denied: Read) -> list[tuple[Subject, Report]]:
    """Each pod of the Service's namespace, seen from itself; with all that was told."""
    found: list[tuple[Subject, Report]] = []
    for pod in world.pods:
        query = Query("shop", others=(Ref("Pod", "", pod.metadata.name),))
        report = ask(query, FakeSource(world.snapshot(), denied=denied))
        found.append((report.subjects[0], report))
    return found


@given(worlds())
@some
def test_a_pod_is_told_what_its_service_is_told_of_it(world: World) -> None:
    """Selected by the same labels, used at the same ports."""
    (service,) = ask(Query("shop", ("web",)), FakeSource(world.snapshot())).subjects
    managed = endpoints.managed(world.service)
    wanted = selector.selector(world.service.spec.selector)
    for pod, (subject, _) in zip(world.pods, reverse(world), strict=True):
        members = {member.relation for member in subject.services}
        selected = managed and selector.matches(wanted, pod.metadata.labels)
        assert (Relation.SELECTS in members) is selected
        for member in subject.services:
            if member.relation is not Relation.NEARLY:
                assert member.service == service.ref
                assert member.pods == (pod.metadata.name,)
                assert [port.key for port in member.ports] == [port.key for port in service.ports]
                assert all(mine.usable <= 1 for mine in member.ports)


@given(worlds(), st.sampled_from([kind for kind in KINDS if kind != "Pod"]))
@some
def test_losing_a_read_turns_no_pod_healthy(world: World, kind: str) -> None:
    """Nor is it said that no Service selects it."""
    for (before, _), (after, _) in zip(reverse(world), reverse(world, Read(kind)), strict=True):
        if after.verdict is Verdict.HEALTHY:
            assert before.verdict is Verdict.HEALTHY
        if "no Service selects it" in after.summary:
            assert "no Service selects it" in before.summary
