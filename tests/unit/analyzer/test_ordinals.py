"""One pod of a StatefulSet that is asked for by its number: how there comes to be one, or which was meant."""

import json
from collections.abc import Iterable

import pytest

from kubesvc.analyzer import workloads
from kubesvc.model.objects import (
    HorizontalPodAutoscaler,
    Obj,
    Ordinals,
    OwnerReference,
    Pod,
    Service,
    Workload,
)
from kubesvc.model.query import Query
from kubesvc.model.read import Gap, GapReason, Read
from kubesvc.model.report import Finding, Fix, Verdict
from kubesvc.model.snapshot import Snapshot
from tests.support.builders import (
    autoscaler,
    deployment,
    node,
    owned_by,
    pod,
    service,
    settled,
    stateful_set,
    with_,
)
from tests.support.sources import FakeSource, ask, find, rows, verdict

NAME, INDEX = "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"
SCALERS, SERVICES = Read("HorizontalPodAutoscaler", "shop"), Read("Service", "shop")
WEB = Query("shop", ("web",))


def of(value: str, key: str = NAME, name: str = "web") -> Service:
    """A Service of one pod."""
    return service(name, selector={"app": "web", key: value})


def others(*values: str) -> list[Service]:
    """Services of other pods."""
    return [of(value, name=f"of-{value}") for value in values]


def made(number: int) -> list[Pod]:
    """The pods of StatefulSet web, from 0 on."""
    return [
        pod(
            f"web-{n}",
            labels={"app": "web", NAME: f"web-{n}", INDEX: str(n)},
            ips=(f"10.0.0.{n + 1}",),
            owner=owned_by("StatefulSet", "web"),
        )
        for n in range(number)
    ]


def found(wanted: Service, *objects: Obj, replicas: int = 2, start: int = 0) -> Finding:
    """What is found of a Service beside a StatefulSet with its pods."""
    workload = with_(stateful_set(replicas=replicas), spec__ordinals=Ordinals(start=start))
    pods_ = made(replicas) if not start else []
    report = ask(WEB, FakeSource(settled(wanted, workload, node(), *pods_, *objects)))
    (finding,) = [*find(report, "KSV101"), *find(report, "KSV102")]
    return finding


def commands(fixes: Iterable[Fix]) -> list[str]:
    """What is to be typed, without quotes."""
    return [" ".join(fix.command) for fix in fixes if fix.command]


def scaler(least: int = 1, most: int = 5, owner: OwnerReference | None = None) -> HorizontalPodAutoscaler:
    """An autoscaler of StatefulSet web."""
    return autoscaler(stateful_set(), least=least, most=most, owner=owner)


def patched(fields: dict[str, int]) -> str:
    """The change of that autoscaler."""
    body = json.dumps({"spec": fields}, separators=(",", ":"))
    return f"kubectl patch horizontalpodautoscaler web-scaler --type merge -p {body}"


SCALED: dict[str, tuple[str, int, tuple[Obj, ...], list[str]]] = {
    "the next": ("web-2", 2, (), ["kubectl scale statefulset/web --replicas=3"]),
    "the first": ("web-0", 0, (), ["kubectl scale statefulset/web --replicas=1"]),
    "all before it are asked for": (
        "web-4",
        2,
        (*others("web-2", "web-3"),),
        ["kubectl scale statefulset/web --replicas=5"],
    ),
    "none is wanted, and all are asked for": (
        "web-2",
        0,
        (*others("web-0", "web-1"),),
        ["kubectl scale statefulset/web --replicas=3"],
    ),
    "none is wanted, and nothing asks for those before it": ("web-2", 0, (), []),
    "an autoscaler decides": ("web-2", 2, (scaler(),), [patched({"minReplicas": 3})]),
    "an autoscaler may make so many": ("web-4", 2, (scaler(),), [patched({"minReplicas": 5})]),
    "one that may not": ("web-2", 2, (scaler(most=2),), [patched({"minReplicas": 3, "maxReplicas": 3})]),
    "one of another": (
        "web-2",
        2,
        (autoscaler(deployment("web")),),
        ["kubectl scale statefulset/web --replicas=3"],
    ),
    "one that does nothing at zero": (
        "web-0",
        0,
        (scaler(least=2),),
        ["kubectl scale statefulset/web --replicas=2"],
    ),
}


@pytest.mark.parametrize(("value", "replicas", "objects", "typed"), SCALED.values(), ids=SCALED)
def test_a_pod_that_there_can_be_takes_replicas(
    value: str, replicas: int, objects: tuple[Obj, ...], typed: list[str]
) -> None:
    """By hand, or by the minimum of the autoscaler, which takes back what is done by hand."""
    finding = found(of(value), *objects, replicas=replicas)

    assert finding.code == ("KSV101" if replicas else "KSV102")
    assert commands(finding.fixes) == typed
    assert rows(finding)[0] == (
        f"selects: {value}, which StatefulSet/web has from "
        f"{'1 replica' if value == 'web-0' else f'{int(value[-1]) + 1} replicas'} on; it wants {replicas}"
    )


@pytest.mark.parametrize(
    ("wanted", "workload", "code", "fares"),
    [
        (of("web-0"), stateful_set(replicas=0), "KSV102", Verdict.IDLE),
        (of("3", INDEX), stateful_set(replicas=0), "KSV102", Verdict.IDLE),
        (of("web-01"), stateful_set(replicas=0), "KSV101", Verdict.BROKEN),
        (of("web-2"), stateful_set(replicas=2), "KSV101", Verdict.BROKEN),
        (of("web-0"), stateful_set(replicas=0, labels={"app": "db"}), "KSV101", Verdict.BROKEN),
        (of("web-0"), deployment(replicas=0), "KSV101", Verdict.BROKEN),
    ],
    ids=["the first", "another", "never", "too few are wanted", "of others", "no numbers"],
)
def test_a_set_that_wants_none_is_scaled_to_zero_for_each_of_its_pods(
    wanted: Service, workload: Workload, code: str, fares: Verdict
) -> None:
    """Nobody wants the pod now; where others are wanted, or there is never such a one, it is missed."""
    report = ask(WEB, FakeSource(settled(wanted, workload)))

    assert [(finding.code, verdict(report)) for finding in report.findings] == [(code, fares)]


def test_who_scales_is_told_with_what_it_takes() -> None:
    """And who would take a change of that back: KEDA keeps its autoscaler as its own object says."""
    by = owned_by("ScaledObject", "queue")
    finding = found(of("web-2"), scaler(most=2, owner=by))

    assert rows(finding)[1] == (
        "scaled by: ScaledObject/queue, which made HorizontalPodAutoscaler/web-scaler, 1 to 2 pods"
    )
    (fix,) = finding.fixes
    assert fix.title == "raise the minimum of HorizontalPodAutoscaler/web-scaler to 3 pods"
    assert fix.notes == (
        "Its maximum, 2 so far, is raised along with it.",
        "Not simulated: whether the new pod becomes ready is not known before it runs.",
        (
            "ScaledObject/queue owns HorizontalPodAutoscaler/web-scaler: its controller may take this back. "
            "Change it there."
        ),
    )


def test_an_autoscaler_that_wakes_up_may_want_fewer() -> None:
    """At zero it does nothing; scaled by hand it goes on by its metrics."""
    finding = found(of("web-1"), *others("web-0"), scaler(), replicas=0)

    (fix,) = finding.fixes
    assert fix.title == "scale StatefulSet/web up to 2 pods"
    assert fix.notes[0] == (
        "HorizontalPodAutoscaler/web-scaler scales it down again while its metrics ask for fewer."
    )


def test_an_autoscaler_that_could_not_be_read_is_none() -> None:
    """What is scaled by hand may be taken back then, which nobody knows."""
    truth = settled(of("web-2"), stateful_set(replicas=2), *made(2), scaler())

    (finding,) = find(ask(WEB, FakeSource(truth, denied=(SCALERS,))), "KSV101")

    assert commands(finding.fixes) == ["kubectl scale statefulset/web --replicas=3"]


WRONG: dict[str, tuple[Service, int, str, str, tuple[str, ...]]] = {
    "far too high": (
        of("web-99999999"),
        3,
        "web-99999999, which StatefulSet/web has from 100000000 replicas on; it wants 3",
        f"{NAME}=web-2, differs in the number: one of the 3 that StatefulSet/web wants",
        ("Which number is meant is not known.",),
    ),
    "by its index": (
        of("7", INDEX),
        1,
        f"{INDEX}=7, which StatefulSet/web has from 8 replicas on; it wants 1",
        f"{INDEX}=0, differs in the number: the only one that StatefulSet/web wants",
        (),
    ),
    "spelled in another way": (
        of("web-01"),
        3,
        "web-01, which StatefulSet/web never has: its first pod is web-0",
        f"{NAME}=web-1, differs in the number: one of the 3 that StatefulSet/web wants",
        (),
    ),
}


@pytest.mark.parametrize(("wanted", "replicas", "selects", "nearest", "notes"), WRONG.values(), ids=WRONG)
def test_a_number_that_nothing_speaks_for_is_wrong(
    wanted: Service, replicas: int, selects: str, nearest: str, notes: tuple[str, ...]
) -> None:
    """The pod next to it is there; nobody is to make a hundred million."""
    finding = found(wanted, replicas=replicas)

    assert rows(finding)[:2] == [f"selects: {selects}", f"nearest: {nearest}"]
    (fix,) = finding.fixes
    assert fix.title == f"select {nearest.partition(',')[0]}"
    assert fix.notes == notes
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.ports[0].usable) == (Verdict.HEALTHY, 1)


def test_an_autoscaler_that_never_makes_so_many_does_not_speak_for_them() -> None:
    """Its maximum says so."""
    finding = found(of("web-5"), scaler(most=5))

    assert [fix.title for fix in finding.fixes] == [f"select {NAME}=web-1"]
    assert rows(finding)[1] == "scaled by: HorizontalPodAutoscaler/web-scaler, 1 to 5 pods"


def test_a_pod_below_the_first_is_the_first() -> None:
    """There will never be such a one; that the first is not there yet is another matter."""
    finding = found(of("web-4"), start=5)

    assert rows(finding)[:2] == [
        "selects: web-4, which StatefulSet/web never has: its first pod is web-5",
        f"nearest: {NAME}=web-5, differs in the number: one of the 2 that StatefulSet/web wants",
    ]
    assert finding.fixes == ()


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (("web-1",), "; Service/of-web-1 asks for it already"),
        (("web-1", "web-3"), "; Service/of-web-1 asks for it already"),
        (("web-0",), None),
        (("web-01",), None),
    ],
)
def test_the_pod_of_another_service_is_named_and_not_offered(held: tuple[str, ...], said: str | None) -> None:
    """It has one; that another lacks the same is no reason to make pods in between."""
    finding = found(of("web-7"), *others(*held))

    assert (len(finding.fixes) == 0) is (said is not None)
    assert rows(finding)[1].endswith(said or "wants")


def test_two_services_that_ask_for_the_nearest_are_both_named() -> None:
    """By its name or by its number."""
    finding = found(of("web-7"), *others("web-1"), of("1", INDEX, "admin"))

    assert rows(finding)[1].endswith("; Service/admin, Service/of-web-1 ask for it already")


def test_services_that_could_not_be_read_speak_for_nothing() -> None:
    """Neither for more replicas nor against the nearest pod."""
    truth = settled(of("web-3"), stateful_set(replicas=2), node(), *made(2), *others("web-1", "web-2"))

    class Refusing(FakeSource):
        """One Service may be read, all of them may not."""

        def begin(self) -> Snapshot:
            refused = Gap(SERVICES, GapReason.FORBIDDEN)
            return super().begin().with_answers((), (), [refused])

    (finding,) = find(ask(WEB, Refusing(truth)), "KSV101")

    assert [fix.title for fix in finding.fixes] == [f"select {NAME}=web-1"]


def test_only_what_may_decide_is_asked_for() -> None:
    """Nothing where the pod is wanted already, no Services for the next one."""

    def asked(value: str) -> set[Read]:
        source = FakeSource(settled(of(value), stateful_set(replicas=2), node(), made(2)[0]))
        ask(WEB, source)
        return set(frozenset.union(*source.rounds)) & {SCALERS, SERVICES}

    assert asked("web-1") == set()
    assert asked("web-2") == {SCALERS}
    assert asked("web-7") == {SCALERS, SERVICES}


def sets(*names: str) -> list[Workload]:
    """StatefulSets whose pods carry app=web."""
    return [stateful_set(name) for name in names]


@pytest.mark.parametrize(
    ("labels", "workloads_", "number"),
    [
        ({NAME: "web-3"}, sets("web", "db"), 3),
        ({NAME: "web-3", INDEX: "3"}, sets("web", "db"), 3),
        ({INDEX: "3"}, sets("web"), 3),
        ({NAME: "web-1-3"}, sets("web", "web-1"), 3),
        ({NAME: "web-3", INDEX: "4"}, sets("web"), None),
        ({NAME: "db-3"}, sets("web"), None),
        ({NAME: "web-x"}, sets("web"), None),
        ({INDEX: "-3"}, sets("web"), None),
        ({INDEX: "3"}, sets("web", "db"), None),
        ({INDEX: "3"}, [deployment()], None),
        ({INDEX: "3", "app": "db"}, sets("web"), None),
        ({NAME: f"web-{'9' * 5000}"}, sets("web"), None),
        ({"app": "web"}, sets("web"), None),
    ],
)
def test_a_number_is_asked_for_where_all_labels_agree_on_one_pod(
    labels: dict[str, str], workloads_: list[Workload], number: int | None
) -> None:
    """By its index alone only where one StatefulSet can be meant."""
    told = workloads.numbered(workloads_, labels)

    assert (told and told.number) == number
