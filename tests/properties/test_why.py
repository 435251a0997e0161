"""Laws over generated clusters about why a pod is an endpoint or not."""

from hypothesis import given, settings

from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Stage, Why
from kubesvc.model.snapshot import Snapshot
from tests.support.sources import FakeSource, ask
from tests.support.strategies import World, worlds

some = settings(max_examples=50, derandomize=True)


def whys(world: World, snapshot: Snapshot, *denied: Read) -> tuple[Why, ...]:
    """What is said of every pod of the Service's namespace."""
    names = [pod.metadata.name for pod in world.pods if pod.metadata.namespace == "shop"]
    query = Query("shop", ("web",), why=tuple(dict.fromkeys(names)))
    (subject,) = ask(query, FakeSource(snapshot, denied=denied)).subjects
    assert [why.pod.name for why in subject.why] == list(query.why)
    return subject.why


@given(worlds())
@some
def test_what_the_controller_has_just_written_is_what_follows(world: World) -> None:
    """For every pod, selected or not."""
    for why in whys(world, world.settled()):
        assert [result.text for result in why.results if not result.agrees] == []


@given(worlds())
@some
def test_each_port_and_family_has_at_most_one_reason_and_all_are_told(world: World) -> None:
    """It is there where the pod is no ready endpoint; steps come by stage, and each is there once."""
    for why in whys(world, world.settled()):
        decided = [place for step in why.steps for place in step.decides]
        assert len(decided) == len(set(decided))
        for result in why.results:
            assert (
                result.predicted == "ready"
                or set(result.places) <= {*decided}
                or "published" in result.predicted
            )
        stages = [list(Stage).index(step.stage) for step in why.steps]
        assert stages == sorted(stages)
        told = [(step.kind, step.text, step.places) for step in why.steps]
        assert len(told) == len(set(told))


@given(worlds())
@some
def test_losing_nodes_turns_no_answer_into_another(world: World) -> None:
    """What is not known is said to be so: what was met is not missed, and what was missed is not met."""
    before = whys(world, world.settled())

    after = whys(world, world.settled(), Read("Node"))

    for known, unknown in zip(before, after, strict=True):
        answers = {(step.kind, step.container, step.places): step.passed for step in known.steps}
        for step in unknown.steps:
            assert step.passed in (answers[step.kind, step.container, step.places], None)
