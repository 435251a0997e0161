"""Laws over generated clusters: what may, and what must never change a report."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubesvc.model import files
from kubesvc.model.change import Change, Op
from kubesvc.model.kinds import KINDS
from kubesvc.model.objects import EndpointSlice, Obj, Pod, Service
from kubesvc.model.query import Query
from kubesvc.model.read import Gap, GapReason, Portion, Read
from kubesvc.model.report import Confidence, Effect, Report, Verdict
from kubesvc.model.snapshot import Snapshot
from kubesvc.semantics import cells, drift, reads
from kubesvc.semantics.simulate import simulate
from tests.support import cases
from tests.support.builders import NOW, namespace, with_
from tests.support.sources import FakeSource, ask, explain, verdict
from tests.support.strategies import World, worlds

WEB = Query("shop", ("web",))
LOSABLE = [kind for kind in KINDS if kind not in ("Service", "Namespace")]
some = settings(max_examples=50, derandomize=True)
few = settings(max_examples=15, derandomize=True)


def essence(report: Report) -> dict[str, Any]:
    """A report without what only counts how it was read."""
    return {
        "subjects": report.subjects,
        "findings": [
            with_(found, rows=tuple(row for row in found.rows if row.label != "elsewhere"))
            for found in report.findings
        ],
    }


@given(worlds(), st.randoms(use_true_random=False))
@some
def test_the_order_of_objects_never_matters(world: World, random: Any) -> None:
    """Lists come in any order, endpoints of a slice too."""
    shuffled = list(world.objects)
    random.shuffle(shuffled)
    moved = [
        with_(obj, endpoints=tuple(reversed(obj.endpoints))) if isinstance(obj, EndpointSlice) else obj
        for obj in shuffled
    ]

    again = World(world.service, (), tuple(obj for obj in moved if obj is not world.service), ())

    assert explain(again.snapshot()) == explain(world.snapshot())


@given(worlds())
@some
def test_objects_of_another_namespace_never_matter(world: World) -> None:
    """Although all their labels match; only a hint may name that namespace."""
    away = [
        with_(obj, metadata__namespace="other", metadata__uid=f"other-{obj.metadata.uid}")
        for obj in world.objects
        if obj.metadata.namespace
    ]

    beside = world.snapshot().with_answers([*away, namespace("other")], [])

    assert essence(explain(beside)) == essence(explain(world.snapshot()))


@given(worlds())
@some
def test_asking_in_rounds_finds_what_the_whole_shows(world: World) -> None:
    """What is asked for is all that is needed."""
    assert essence(ask(WEB, FakeSource(world.snapshot()))) == essence(explain(world.snapshot()))


def proven(report: Report) -> set[str]:
    """The codes that a report claims as proven, also where they are told as a consequence."""
    return {f.code for f in cases.everything(report.findings) if f.confidence is Confidence.PROOF}


@pytest.mark.parametrize("kind", LOSABLE)
@given(world=worlds())
@few
def test_losing_a_read_never_makes_healthy_and_proves_nothing(kind: str, world: World) -> None:
    """Unknown is not good, and no evidence."""
    before = ask(WEB, FakeSource(world.snapshot()))

    after = ask(WEB, FakeSource(world.snapshot(), denied=(Read(kind),)))

    if verdict(before) is not Verdict.HEALTHY:
        assert verdict(after) is not Verdict.HEALTHY
    assert proven(after) <= proven(before)


@given(worlds())
@some
def test_a_copy_of_a_serving_pod_never_worsens_a_verdict(world: World) -> None:
    """One more of what works."""
    before = world.settled()
    served = [p for p in world.pods if _serves(before, world.service, p)]
    for original in served:
        copy = with_(
            original,
            metadata__name="copy",
            metadata__uid="uid-copy",
            status__pod_ips=tuple(
                with_(ip, ip="fd00::99" if ":" in ip.ip else "10.0.0.99") for ip in original.status.pod_ips
            ),
        )
        after = world.settled((*world.pods, copy))
        assert verdict(explain(after)) <= verdict(explain(before))


def _serves(snapshot: Snapshot, of: Service, member: Pod) -> bool:
    """Whether a pod is ready at every port and family."""
    written = snapshot.find(reads.slices_of(of), EndpointSlice)
    pods = snapshot.find(reads.pods_of(of), Pod) if of.spec.selector else ()
    found = cells.cells(of, written, cells.Selected(pods, reads.nodes_of(snapshot, of, pods), 36))
    mine = [cell for cell in found if cell.pod == member]
    return bool(mine) and all(cell.why is None and cell.state == "ready" for cell in mine)


EFFECTS = {
    Verdict.HEALTHY: Effect.ADVICE,
    Verdict.IDLE: Effect.IDLE,
    Verdict.PROGRESSING: Effect.PROGRESSING,
    Verdict.DEGRADED: Effect.DEGRADED,
    Verdict.BROKEN: Effect.BROKEN,
}


@given(worlds())
@some
def test_findings_explain_the_verdict_and_nothing_more(world: World) -> None:
    """None is worse than it; where traffic suffers, one says so; each is about the Service."""
    report = explain(world.snapshot())

    order = list(Effect)
    effects = [order.index(found.effect) for found in report.findings]
    worst = order.index(EFFECTS[verdict(report)])
    assert max(effects, default=0) <= worst
    if verdict(report) in (Verdict.BROKEN, Verdict.DEGRADED, Verdict.IDLE):
        assert max(effects, default=0) == worst
    assert all(place.service == world.service.ref for f in report.findings for place in f.places)
    assert all(found.places for found in report.findings)
    assert not [found for found in report.findings if found.code == "KSV902"]


@given(worlds())
@some
def test_a_port_that_is_asked_about_fares_as_among_all(world: World) -> None:
    """What is not asked about plays no part; its own causes are those of the whole."""
    whole = explain(world.snapshot())
    known = {(found.code, found.culprit) for found in whole.findings}

    for port in whole.subjects[0].ports if world.service.spec.type != "ExternalName" else ():
        asked = explain(world.snapshot(), port=port.key)

        assert asked.subjects[0].ports == (port,)
        assert verdict(asked) is port.verdict
        assert {(found.code, found.culprit) for found in asked.findings} <= known


@given(worlds())
@some
def test_findings_of_a_cause_name_each_culprit_and_place_once(world: World) -> None:
    """Their ids differ."""
    ids = [found.id for found in explain(world.snapshot()).findings]

    assert len(set(ids)) == len(ids)


@given(worlds())
@some
def test_a_simulated_cluster_is_in_order(world: World) -> None:
    """Whatever it was before: slices of others stay, and nothing else differs from the prediction."""
    change = Change(world.service.ref, (Op(("spec", "selector"), {"app": "web"}),))

    after = simulate(world.snapshot(), change)

    of = after.objects[world.service.ref]
    assert isinstance(of, Service)
    written = after.find(reads.slices_of(of), EndpointSlice)
    pods = after.find(reads.pods_of(of), Pod)
    selected = cells.Selected(pods, reads.nodes_of(after, of, pods), 36)
    kinds = {entry.kind for entry in drift.drift(of, written, selected)}
    assert kinds <= {drift.DriftKind.FOREIGN}


@given(worlds(), st.data())
@some
def test_a_file_brings_a_snapshot_back(world: World, data: st.DataObject) -> None:
    """Objects, reads and gaps; the report too."""
    covered = data.draw(
        st.lists(st.builds(Read, st.sampled_from(list(KINDS)), part=st.sampled_from(Portion)), max_size=4)
    )
    gaps = data.draw(
        st.lists(
            st.builds(
                Gap,
                st.builds(
                    Read, st.sampled_from(list(KINDS)), st.sampled_from(["", "shop"]), st.text(max_size=5)
                ),
                st.sampled_from(GapReason),
                st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=20),
            ),
            max_size=3,
            unique_by=lambda gap: gap.read,
        )
    )
    gaps = [gap for gap in gaps if gap.read.name.isprintable() and gap.read.name.isascii()]
    before = Snapshot("test", NOW).with_answers(world.objects, covered, gaps)

    after = files.load(files.dump(before), now=NOW)

    assert (after.objects, after.covered, set(after.gaps)) == (before.objects, before.covered, set(gaps))
    assert files.dump(after) == files.dump(before)


def test_every_object_survives_a_file() -> None:
    """Each kind, by its struct."""
    objects: list[Obj] = [
        kind.struct(
            kind=kind.name, metadata=with_(namespace("x").metadata, namespace="n" if kind.namespaced else "")
        )
        for kind in KINDS.values()
    ]
    before = Snapshot("test", NOW).with_answers(objects, ())

    after = files.load(files.dump(before), now=NOW)

    assert after.objects == before.objects
    assert msgspec.json.encode(after.objects[objects[0].ref])
