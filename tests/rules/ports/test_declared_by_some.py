"""KSV202: a named target port that only some of the selected pods declare."""

import json

import pytest

from kubesvc.model.objects import (
    Container,
    ContainerPort,
    Pod,
    Probe,
    Ref,
    Service,
    ServicePort,
    TCPSocketAction,
)
from kubesvc.model.report import Effect, Finding, Verdict
from tests.support.builders import (
    cluster,
    container,
    deployment,
    http_probe,
    node,
    owned_by,
    pod,
    port,
    replica_set,
    service,
    settled,
    slices,
    terminating,
    unready,
    version,
    with_,
)
from tests.support.sources import explain, find, only, rows, verdict

NAMED = ServicePort(name="http", port=80, target_port="web")
OF = service("web", NAMED)
WITH = pod("web-1", container("app", port(8080, "web")), ips=("10.0.0.1",))


def without(name: str, *containers: Container, set_name: str = "") -> Pod:
    """A pod that lacks the port's name."""
    owner = owned_by("ReplicaSet", set_name) if set_name else None
    return pod(name, *containers, ips=(f"10.0.1.{name[-1]}",), owner=owner)


def test_the_pods_without_the_name_get_no_traffic() -> None:
    """They are the places; their owner is the culprit."""
    report = explain(
        settled(
            OF,
            WITH,
            without("old-1", set_name="old-abc"),
            without("old-2", set_name="old-abc"),
            replica_set("old-abc", "old"),
            deployment("old"),
        )
    )

    found = only(report, "KSV202")
    assert verdict(report) is Verdict.DEGRADED
    assert found.headline == 'target port "web" of port http is declared by 1 of 3 pods'
    assert (found.culprit, found.effect) == (Ref("Deployment", "shop", "old"), Effect.DEGRADED)
    assert [place.endpoint.name for place in found.places if place.endpoint] == ["old-1", "old-2"]
    assert rows(found) == [
        "without: 2 of Deployment/old declare: unnamed 8080/TCP",
        "with: 1 of Pod/web-1: web 8080/TCP",
        (
            "clients: inside the cluster, web:80 reaches 1 endpoint (where kube-proxy forwards), "
            "never the pods without it"
        ),
    ]


def test_the_only_port_of_the_template_may_be_named() -> None:
    """A rollout follows, so nothing is simulated."""
    owner = (replica_set("old-abc", "old"), deployment("old"))

    found = only(explain(settled(OF, WITH, without("old-1", set_name="old-abc"), *owner)), "KSV202")

    _, fix = found.fixes
    assert fix.title == 'name port 8080 of container app "web" in Deployment/old'
    assert fix.command is not None
    assert fix.command[:4] == ("kubectl", "patch", "deployment", "old")
    assert json.loads(fix.command[-1]) == [
        {"op": "test", "path": "/spec/template/spec/containers/0/ports/0/containerPort", "value": 8080},
        {"op": "add", "path": "/spec/template/spec/containers/0/ports/0/name", "value": "web"},
    ]
    assert fix.outcome is None


def test_what_holds_a_rollout_back_is_said() -> None:
    """The patch alone changes no pod."""
    paused = with_(deployment("old"), spec__paused=True)
    owner = (replica_set("old-abc", "old"), paused)

    _, fix = only(explain(settled(OF, WITH, without("old-1", set_name="old-abc"), *owner)), "KSV202").fixes

    assert fix.notes[0].startswith("Deployment/old is paused")


def test_an_existing_name_is_replaced() -> None:
    """Others may use the old one."""
    two = container("app", port(7070, "http"))
    owner = (replica_set("old-abc", "old"), deployment("old", two))

    found = only(explain(settled(OF, WITH, without("old-1", two, set_name="old-abc"), *owner)), "KSV202")

    assert found.fixes[0].command is not None
    assert json.loads(found.fixes[0].command[-1])[1]["op"] == "replace"


def test_several_ports_leave_the_choice_to_people() -> None:
    """No fix is guessed, nor for a workload that is not known."""
    two = container("app", port(1), port(2))
    owner = (replica_set("old-abc", "old"), deployment("old", two))

    assert (
        only(explain(settled(OF, WITH, without("old-1", two, set_name="old-abc"), *owner)), "KSV202").fixes
        == ()
    )
    unknown = without("old-1", container("app", port(7070)))
    assert only(explain(settled(OF, WITH, unknown)), "KSV202").fixes == ()


def test_each_owner_is_a_culprit() -> None:
    """Two workloads lack it."""
    members = (WITH, without("a-1"), without("b-2"))

    assert [f.culprit.name for f in explain(settled(OF, *members)).findings] == ["a-1", "b-2"]


@pytest.mark.parametrize(
    "members",
    [
        (WITH,),
        (without("a-1"),),
        (WITH, pod("done", phase="Succeeded")),
        (WITH, terminating(without("a-1"))),
        (
            pod("a-1", container("app", port(1, "web"))),
            pod("b-2", container("app", port(2, "web")), ips=("10.0.0.2",)),
        ),
    ],
    ids=["all declare it", "none does", "a finished one lacks it", "a terminating one", "with other numbers"],
)
def test_what_looks_like_it_is_not_it(members: tuple[Pod, ...]) -> None:
    """Pods that should not serve do not count; numbers may differ."""
    assert find(explain(settled(OF, *members)), "KSV202") == ()


def test_two_causes_are_two_findings() -> None:
    """One pod lacks the name, another is not ready."""
    sick = unready("web-3", ips=("10.0.0.3",))
    named = pod(
        "web-3", container("app", port(8080, "web"), readiness_probe=sick.spec.containers[0].readiness_probe)
    )
    members = (WITH, without("a-1"), Pod(metadata=named.metadata, spec=named.spec, status=sick.status))

    report = explain(settled(OF, *members))

    assert sorted(found.code for found in report.findings) == ["KSV202", "KSV301"]


PROM = port(9090, "prom")
ADMIN = ServicePort(name="admin", port=81, target_port="http")
BOTH = pod("web-1", container("app", port(8080, "web"), port(8081, "http")), ips=("10.0.0.1",))
TCP_PROBE = Probe(tcp_socket=TCPSocketAction(port="http"))
NOT_RENAMED: dict[str, tuple[Service, Container]] = {
    "another port of the Service needs the old name": (
        service("web", NAMED, ADMIN),
        container("app", port(8080, "http")),
    ),
    "the readiness probe asks it": (
        OF,
        container("app", port(7070, "http"), readiness_probe=http_probe("http")),
    ),
    "the liveness probe asks it": (OF, container("app", port(7070, "http"), liveness_probe=TCP_PROBE)),
    "the startup probe asks it": (OF, container("app", port(7070, "http"), startup_probe=TCP_PROBE)),
    "the new name is taken": (OF, container("app", port(7070, "http"), port(53, "web", "UDP"))),
}


@pytest.mark.parametrize(("of", "lacking"), NOT_RENAMED.values(), ids=NOT_RENAMED)
def test_no_name_is_changed_that_something_else_needs(of: Service, lacking: Container) -> None:
    """The rename would break that, or be refused."""
    owner = (replica_set("old-abc", "old"), deployment("old", lacking))

    found = only(explain(settled(of, BOTH, without("old-1", lacking, set_name="old-abc"), *owner)), "KSV202")

    assert found.fixes == ()


def renamed(of: ContainerPort, wanted: ServicePort = NAMED) -> list[str]:
    """The renames that are offered for the only port of a workload, beside a pod that has 8080."""
    lacks = container("app", of)
    has = pod("web-1", container("app", port(8080, str(wanted.target_port))), ips=("10.0.0.1",))
    owner = (replica_set("old-abc", "old"), deployment("old", lacks))
    members = (has, without("old-1", lacks, set_name="old-abc"))
    found = only(explain(settled(service("web", wanted), *members, *owner)), "KSV202")
    return [fix.title for fix in found.fixes if fix.title.startswith("name ")]


def test_a_port_is_renamed_that_may_be_the_one() -> None:
    """It has no name, or one like it, or the number; a name for metrics only for metrics."""
    metrics = with_(NAMED, target_port="metrics")

    assert renamed(port(7070)) == ['name port 7070 of container app "web" in Deployment/old']
    assert renamed(port(7070, "web-http")) == ['name port 7070 of container app "web" in Deployment/old']
    assert renamed(port(8080, "x")) == ['name port 8080 of container app "web" in Deployment/old']
    assert renamed(port(6379, "redis")) == []
    assert renamed(port(7070, "web-metrics")) == []
    assert renamed(port(7070, "web-metrics"), metrics) == [
        'name port 7070 of container app "metrics" in Deployment/old'
    ]


@pytest.mark.parametrize(
    ("template", "told"),
    [
        (port(8080, "web"), True),
        (port(8080, "web", "UDP"), False),
        (port(8080, "http"), False),
    ],
    ids=["it has", "for another protocol", "it has not"],
)
def test_a_template_that_has_the_name_ends_it_by_a_rollout(template: ContainerPort, *, told: bool) -> None:
    """The pods without it go."""
    owner = (replica_set("old-abc", "old"), deployment("old", container("app", template)))
    old = without("old-1", container("app", port(7070)), set_name="old-abc")

    found = only(explain(settled(OF, WITH, old, *owner)), "KSV202")

    said = "rollout: the template of Deployment/old declares it: pods that are made from it have the port"
    assert (said in rows(found)) is told


def test_a_sidecar_in_the_template_has_it_where_the_server_counts_sidecars() -> None:
    """From 1.33 on."""
    sidecar = container("proxy", port(8080, "web"), restart_policy="Always")
    made = with_(deployment("old"), spec__template__spec__init_containers=(sidecar,))
    old = without("old-1", container("app", port(7070)), set_name="old-abc")
    owner = (replica_set("old-abc", "old"), made)

    def told(minor: int) -> bool:
        members = (WITH, old)
        snapshot = cluster(OF, *members, *owner, node(), version(minor), *slices(OF, *members, minor=minor))
        return any(row.startswith("rollout: ") for row in rows(only(explain(snapshot), "KSV202")))

    assert (told(32), told(33)) == (False, True)


def test_a_probe_of_another_port_leaves_the_name_free() -> None:
    """It asks for a number: the name may change."""
    probed = container("app", port(7070, "http"), readiness_probe=http_probe(7070))
    owner = (replica_set("old-abc", "old"), deployment("old", probed))

    found = only(explain(settled(OF, WITH, without("old-1", probed, set_name="old-abc"), *owner)), "KSV202")

    assert [fix.title for fix in found.fixes] == [
        'name port 7070 of container app "web" in Deployment/old',
    ]


def lacking(member: Pod) -> Finding:
    """The finding about a pod beside one that resolves web to 8080, on a server of 1.32."""
    snapshot = cluster(OF, WITH, member, node(), version(32), *slices(OF, WITH, member, minor=32))
    return only(explain(snapshot), "KSV202")


def test_a_sidecar_on_an_old_server_is_reached_by_the_number_that_all_have() -> None:
    """The name would do from 1.33 on."""
    sidecar = container("proxy", port(8080, "web"), restart_policy="Always")
    member = with_(without("a-1", container("app", port(1))), spec__init_containers=(sidecar,))

    found = lacking(member)

    assert (
        "note: web 8080/TCP (sidecar proxy): "
        "ports of native sidecars count from Kubernetes 1.33 on; this server is 1.32"
    ) in rows(found)
    (fix,) = found.fixes
    assert fix.title == "target port 8080"
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.ports[0].usable) == (Verdict.HEALTHY, 2)


def test_another_protocol_is_named_and_the_number_offered() -> None:
    """All pods have the same number."""
    found = lacking(without("a-1", container("app", port(8080, "web", "UDP"))))

    assert "note: web 8080/UDP: the Service port is TCP, and the protocols must agree" in rows(found)
    assert [fix.title for fix in found.fixes] == ["target port 8080"]


@pytest.mark.parametrize(
    "member",
    [
        without("a-1", container("app", port(9090, "web", "UDP"))),
        with_(
            without("a-1", container("app", port(1))),
            spec__init_containers=(container("setup", port(8080, "web")),),
        ),
        without("a-1", container("app", port(8080, "http", "UDP"))),
        without("a-1", container("app", port(8080, "metrics"))),
        without("a-1", container("app", port(1)), container("exporter", port(8080, "http"))),
    ],
    ids=[
        "another number",
        "an init container",
        "another protocol under another name",
        "metrics",
        "an exporter's",
    ],
)
def test_no_number_is_offered_that_not_all_serve(member: Pod) -> None:
    """It would lead nowhere in some of them."""
    assert lacking(member).fixes == ()


def titles(of: Service, *members: Pod) -> list[str]:
    """The fixes of the only finding about these pods, which are of no workload that is known."""
    return [fix.title for fix in only(explain(settled(of, *members)), "KSV202").fixes]


def test_a_port_that_was_renamed_is_reached_by_its_number() -> None:
    """Old and new pods at once, while the rollout goes on; the template may be renamed as well."""
    renamed = without("new-1", container("app", port(8080, "http")), set_name="new-abc")
    owner = (replica_set("new-abc", "new"), deployment("new", container("app", port(8080, "http"))))

    found = only(explain(settled(OF, WITH, renamed, *owner)), "KSV202")

    number, rename = found.fixes
    assert (number.title, number.notes) == (
        "target port 8080",
        ("Every pod declares 8080/TCP, whatever it is called.",),
    )
    assert number.outcome is not None
    assert (number.outcome.verdict, number.outcome.ports[0].usable) == (Verdict.HEALTHY, 2)
    assert rename.title == 'name port 8080 of container app "web" in Deployment/new'


def test_no_number_is_offered_that_is_not_one_number_for_one_thing() -> None:
    """The pods with the name differ; or another port of the Service leads there, or is called so."""
    lacks = without("a-2", container("app", port(8080, "http")))
    other = pod("web-3", container("app", port(8081, "web")), ips=("10.0.0.3",))
    called = ServicePort(name="http", port=81, target_port=9)

    assert titles(OF, WITH, lacks) == ["target port 8080"]
    assert titles(OF, WITH, other, lacks) == []
    assert titles(service("web", with_(NAMED, name="web"), called), WITH, lacks) == []
    assert titles(service("web", NAMED, with_(called, name="x", target_port=8080)), WITH, lacks) == []


def test_a_port_for_metrics_may_be_renamed_as_well() -> None:
    """It is beside the application under either name."""
    of = service("web", with_(NAMED, target_port="metrics"))
    members = (pod("web-1", container("app", port(9090, "metrics"))), without("a-2", container("app", PROM)))

    assert titles(of, *members) == ["target port 9090"]
