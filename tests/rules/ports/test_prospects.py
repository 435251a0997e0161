"""KSV201 and KSV202 where no pod is there: the templates of the workloads tell what pods will declare."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from kubesvc.model.objects import Container, Obj, OwnerReference, Service, ServicePort, Workload
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Confidence, Effect, Finding, Outcome, Report, Verdict
from tests.support.builders import (
    NOW,
    condition,
    container,
    cron_job,
    daemon_set,
    deployment,
    headless,
    job,
    pod,
    port,
    replica_set,
    service,
    settled,
    stateful_set,
    terminating,
    unready,
    version,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict

NAMED = ServicePort(name="http", port=80, target_port="http")
OF = service("web", NAMED)
WEB = container("app", port(8080, "web"))
HTTP = container("app", port(8080, "http"))
QUOTA = 'pods "web-abc" is forbidden: exceeded quota: small, requested: pods=1, used: pods=0, limited: pods=0'


def at_zero(*containers: Container, name: str = "web", init: tuple[Container, ...] = ()) -> Workload:
    """A Deployment that wants no pod."""
    return with_(deployment(name, *containers, replicas=0), spec__template__spec__init_containers=init)


def refused(*containers: Container, name: str = "web") -> Workload:
    """A Deployment whose pods a quota forbids."""
    told = (condition("ReplicaFailure", "True", "FailedCreate", QUOTA),)
    return with_(deployment(name, *containers, replicas=2), status__conditions=told)


def codes(report: Report) -> list[str]:
    """The codes in order."""
    return [found.code for found in report.findings]


def said(*objects: Obj, of: Service = OF) -> Finding:
    """What is said of a Service behind which no pod is."""
    (found,) = find(explain(settled(of, version(), *objects)), "KSV201")
    return found


def test_scaled_to_zero_and_a_name_that_no_template_declares_are_two_causes() -> None:
    """It stays idle: nobody wants pods. Whoever scales it up would find it broken."""
    report = explain(settled(OF, at_zero(WEB)))

    zero, lost = report.findings
    assert codes(report) == ["KSV102", "KSV201"]
    assert verdict(report) is Verdict.IDLE
    assert lost.headline == (
        'target port "http" of port http is not declared by the template of Deployment/web'
    )
    assert (lost.culprit, lost.effect, lost.confidence) == (OF.ref, Effect.IDLE, Confidence.PROOF)
    assert [(place.port, place.endpoint) for place in lost.places] == [("http", None)]
    assert rows(lost) == [
        "template: the template of Deployment/web declares: web 8080/TCP",
        (
            "clients: inside the cluster, web:80 refuses connections (where kube-proxy forwards), "
            "with pods or without"
        ),
    ]
    assert lost.rows[0].source == "spec.template.spec.containers[].ports"
    assert [fix.outcome for fix in zero.fixes] == [Outcome(Verdict.UNKNOWN, (), ("KSV201",))]


def test_the_fix_leads_to_what_the_template_declares() -> None:
    """It heals its own cause, and says which one stays."""
    (fix,) = said(at_zero(WEB)).fixes

    assert fix.title == "target port web"
    assert fix.notes == ("the only TCP port that the template declares",)
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.remaining) == (Verdict.IDLE, ("KSV102",))


def test_refused_and_a_name_that_no_template_declares_are_two_causes() -> None:
    """Either one alone leaves it broken."""
    report = explain(settled(OF, refused(WEB)))

    quota, lost = report.findings
    assert codes(report) == ["KSV104", "KSV201"]
    assert (verdict(report), lost.effect) == (Verdict.BROKEN, Effect.BROKEN)
    assert [fix.outcome for fix in quota.fixes] == [Outcome(Verdict.UNKNOWN, (), ("KSV201",))]
    (fix,) = lost.fixes
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.remaining) == (Verdict.BROKEN, ("KSV104",))


def test_pods_that_are_still_to_come_are_told_of() -> None:
    """Nothing is wrong yet but this."""
    new = with_(deployment("web", WEB), metadata__creation_timestamp=NOW - timedelta(seconds=2))

    report = explain(settled(OF, new))

    assert only(report, "KSV201").effect is Effect.PROGRESSING
    assert verdict(report) is Verdict.PROGRESSING


@pytest.mark.parametrize(
    "objects",
    [
        (at_zero(HTTP),),
        (refused(HTTP),),
        (at_zero(WEB, init=(with_(HTTP, name="proxy", restart_policy="Always"),)),),
        (at_zero(WEB, HTTP),),
        (with_(job(suspend=True), spec__template__spec__containers=(HTTP,)),),
        (at_zero(HTTP), terminating(unready())),
    ],
    ids=[
        "declared",
        "declared, refused",
        "by a native sidecar",
        "by one of two",
        "of a Job",
        "while one leaves",
    ],
)
def test_a_template_that_declares_the_name_is_no_cause(objects: tuple[Obj, ...]) -> None:
    """Only why there is no pod is told."""
    report = explain(settled(OF, version(), *objects))

    assert [code for code in codes(report) if code not in ("KSV102", "KSV104")] == []
    assert len(report.findings) == 1


def test_a_number_needs_no_declaration() -> None:
    """Nothing is said of it."""
    assert codes(explain(settled(service(), at_zero(WEB)))) == ["KSV102"]


def test_of_an_owner_that_is_not_known_nothing_is_said() -> None:
    """A Rollout may declare it."""
    by = OwnerReference(kind="Rollout", name="web", api_version="argoproj.io/v1alpha1", controller=True)
    revision = with_(replica_set("web-1"), metadata__owner_references=(by,), metadata__labels={"app": "web"})
    suspended = with_(job(suspend=True), spec__template__spec__containers=(WEB,))

    assert set(codes(explain(settled(OF, revision)))) == {"KSV102"}
    assert "KSV201" not in codes(explain(settled(OF, revision, suspended)))


def test_a_declaration_that_does_not_count_is_told_as_such() -> None:
    """As of pods."""
    udp = container("app", port(8080, "http", "UDP"))
    init = with_(HTTP, name="setup")

    other, ended = said(at_zero(udp)), said(at_zero(WEB, init=(init,)))

    assert other.headline == (
        'target port "http" of port http is declared for UDP, and the Service port is TCP'
    )
    assert ended.headline == 'target port "http" of port http is declared by an init container only'
    assert rows(ended)[:2] == [
        (
            "template: the template of Deployment/web declares: web 8080/TCP, "
            "http 8080/TCP (init container setup)"
        ),
        "note: http 8080/TCP (init container setup): ports of ordinary init containers never count",
    ]


def test_a_native_sidecar_does_not_count_on_an_old_server() -> None:
    """Its number does, by another name of the template as well."""
    proxy = with_(HTTP, name="proxy", restart_policy="Always")

    (found,) = find(explain(settled(OF, version(32), at_zero(WEB, init=(proxy,)))), "KSV201")

    assert found.headline.endswith("declared by a native sidecar only, which takes Kubernetes 1.33")
    assert [fix.notes for fix in found.fixes] == [("The template declares web 8080/TCP.",)]


@pytest.mark.parametrize(
    ("maker", "source"),
    [
        (with_(stateful_set(replicas=0), spec__template__spec__containers=(WEB,)), "spec.template"),
        (with_(daemon_set(desired=0), spec__template__spec__containers=(WEB,)), "spec.template"),
        (with_(job(suspend=True), spec__template__spec__containers=(WEB,)), "spec.template"),
        (
            with_(cron_job(), spec__job_template__spec__template__spec__containers=(WEB,)),
            "spec.jobTemplate.spec.template",
        ),
    ],
    ids=["stateful set", "daemon set", "job", "cron job"],
)
def test_every_kind_of_workload_has_a_template(maker: Obj, source: str) -> None:
    """The owner of the future pod is named."""
    found = said(maker)

    assert found.headline.endswith(f"is not declared by the template of {maker.ref}")
    assert found.rows[0].source == f"{source}.spec.containers[].ports"


def test_a_workload_that_none_declares_is_told_of_once_for_the_service() -> None:
    """One cause: the name. What all of them declare may be meant."""
    found = said(at_zero(WEB, name="blue"), at_zero(WEB, name="green"))

    assert found.headline.endswith("is not declared by the templates of Deployment/blue, Deployment/green")
    assert [row.label for row in found.rows] == ["template", "template", "clients"]
    assert [fix.notes for fix in found.fixes] == [("the only TCP port that every template declares",)]


def test_one_of_several_workloads_that_lacks_it_is_a_cause_of_its_own() -> None:
    """KSV202, with that workload as culprit."""
    blue, green = at_zero(HTTP, name="blue"), at_zero(container("app", port(8080)), name="green")

    report = explain(settled(OF, blue, green))

    (found,) = find(report, "KSV202")
    assert codes(report) == ["KSV102", "KSV102", "KSV202"]
    assert found.headline == 'target port "http" of port http is declared by 1 of 2 templates'
    assert (found.culprit, found.effect) == (green.ref, Effect.IDLE)
    assert [place.port for place in found.places] == ["http"]
    assert rows(found) == [
        "without: the template of Deployment/green declares: unnamed 8080/TCP",
        "with: the template of Deployment/blue: http 8080/TCP",
        "clients: inside the cluster, web:80 refuses connections (where kube-proxy forwards)",
    ]
    assert found.fixes[0].notes[0] == "Every template declares 8080/TCP, whatever it is called."


def test_a_workload_that_wants_no_pod_says_nothing_beside_one_that_does() -> None:
    """What was scaled down is of an older time."""
    old, new = at_zero(WEB, name="old"), refused(HTTP, name="new")

    assert codes(explain(settled(OF, old, new))) == ["KSV104"]
    assert codes(explain(settled(OF, at_zero(HTTP, name="old"), refused(WEB, name="new")))) == [
        "KSV104",
        "KSV201",
    ]


def test_a_kind_that_could_not_be_read_leaves_a_doubt() -> None:
    """Another workload may make pods that declare it."""
    source = FakeSource(settled(OF, at_zero(WEB)), denied=(Read("StatefulSet"),))

    (found,) = find(ask(Query("shop", ("web",)), source), "KSV201")

    assert found.confidence is Confidence.LIKELY


def test_pods_that_are_there_speak_for_themselves() -> None:
    """The template may be newer than they are."""
    report = explain(settled(OF, deployment("web", WEB), pod("web-1", HTTP)))

    assert codes(report) == []


@pytest.mark.parametrize("of", [at_zero, refused], ids=["at zero", "refused"])
def test_it_costs_no_request(of: object) -> None:
    """What the templates tell was read for the other cause; nor does a port that nobody has."""

    def asked(ports: tuple[ServicePort, ...], port: str = "") -> int:
        source = FakeSource(settled(service("web", *ports), of(WEB)))  # type: ignore[operator]
        ask(Query("shop", ("web",), port=port), source)
        return source.requests

    number = replace(NAMED, target_port=8080)
    assert asked((NAMED,)) == asked((number,))
    assert asked((NAMED,), "81") == asked((number,), "81")


def test_a_headless_name_resolves_once_there_are_pods() -> None:
    """Only its SRV record lacks the port then."""
    found = said(at_zero(WEB), of=headless("web", NAMED))

    assert rows(found)[-1] == "clients: web resolves to no address (where CoreDNS answers)"


def test_a_near_miss_without_pods_is_mended_together_with_its_port() -> None:
    """One command for both; that it is scaled to zero stays, and is told."""
    found = only(explain(settled(with_(OF, spec__selector={"app": "wep"}), at_zero(WEB))), "KSV101")

    fix = found.fixes[0]
    assert fix.title == "select app=web and target port web"
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.remaining) == (Verdict.IDLE, ("KSV102",))
    assert "KSV102 remains: Deployment/web is scaled to zero." in fix.notes
    assert [note for note in fix.notes if "KSV201 would remain" in note]
