"""KSV104: a workload behind the Service wants pods, and none is created."""

import json
from datetime import timedelta

import pytest

from kubesvc.model.objects import Job, Obj, Workload
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Confidence, Effect, Finding, Verdict
from tests.support.builders import (
    NOW,
    condition,
    container,
    daemon_set,
    deployment,
    event,
    job,
    owned_by,
    pod,
    replica_set,
    service,
    settled,
    stateful_set,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict

WEB = Query("shop", ("web",))
QUOTA = (
    'pods "web-abc-xyz" is forbidden: exceeded quota: small, requested: pods=1,requests.memory=512Mi, '
    "used: pods=0,requests.memory=256Mi, limited: pods=0,requests.memory=256Mi"
)
ACCOUNT = (
    'pods "web-0" is forbidden: error looking up service account shop/robot: serviceaccount "robot" not found'
)
RESTRICTED = (
    'pods "web-abc" is forbidden: violates PodSecurity "restricted:latest": '
    'allowPrivilegeEscalation != false (containers "app", "log" must set '
    "securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (containers "
    '"app", "log" must set securityContext.capabilities.drop=["ALL"]), '
    'runAsNonRoot != true (pod or containers "app", "log" must set securityContext.runAsNonRoot=true), '
    'seccompProfile (pod or containers "app", "log" must set securityContext.seccompProfile.type to '
    '"RuntimeDefault" or "Localhost")'
)
HOST_PATH = (
    'pods "web-abc" is forbidden: violates PodSecurity "baseline:latest": '
    'hostPath volumes (volume "logs"), privileged (container "app" must not set '
    "securityContext.privileged=true)"
)
WEBHOOK = 'admission webhook "images.example.com" denied the request: exceeded quota: of patience'
UNCALLED = (
    'Internal error occurred: failed calling webhook "images.example.com": failed to call webhook: '
    'Post "https://images.policy.svc:443/check?timeout=10s": EOF'
)
NO_WEBHOOK = UNCALLED.replace("EOF", 'service "images" not found')
ANOTHER = UNCALLED.replace("EOF", 'service "others" not found')
BY_URL = (
    'Internal error occurred: failed calling webhook "images.example.com": failed to call webhook: '
    'Post "https://images.example.com/check": context deadline exceeded'
)
POLICY = (
    "pods \"web-abc\" is forbidden: ValidatingAdmissionPolicy 'owners' with binding 'all' "
    "denied request: no owner"
)
ASKS = (
    'pods "web-abc" is forbidden: failed quota: small: must specify limits.cpu for: app; '
    "limits.memory for: app"
)
MAXIMUM = 'pods "web-abc" is forbidden: maximum cpu usage per Container is 1, but limit is 2'
SEVERAL = (
    'pods "web-abc" is forbidden: [maximum cpu usage per Container is 1, but limit is 2, memory max limit to '
    "request ratio per Pod is 2, but provided ratio is 4.000000]"
)
TERMINATING = (
    'pods "web-0" is forbidden: unable to create new content in namespace shop because it is being terminated'
)
UNKNOWN = 'pods "web-abc" is forbidden: no PriorityClass with name high was found'


def failing(text: str, of: Workload | None = None) -> Workload:
    """A Deployment that wants two pods, with the condition of its ReplicaSet."""
    said = (
        condition("Available", "False", "MinimumReplicasUnavailable", "no"),
        condition("ReplicaFailure", "True", "FailedCreate", text),
    )
    return with_(of or deployment(replicas=2), status__conditions=said)


def told(text: str, of: Workload | None = None) -> Finding:
    """The finding about a Deployment."""
    return only(explain(settled(service(), failing(text, of))), "KSV104")


def test_the_servers_own_words_are_quoted() -> None:
    """A condition proves that it fails; the rest is read from its text."""
    report = explain(settled(service(), failing(QUOTA)))

    found = only(report, "KSV104")
    assert verdict(report) is Verdict.BROKEN
    assert report.subjects[0].summary == "the workload behind it has no pods"
    assert found.headline == (
        "Deployment/web wants 2 pods, and none is created: ResourceQuota/small is exceeded"
    )
    assert (found.culprit, found.effect) == (deployment().ref, Effect.BROKEN)
    assert found.confidence is Confidence.PROOF
    assert rows(found)[:2] == [
        "workload: the template of Deployment/web carries app=web",
        f'answer: "{QUOTA}", 1d ago',
    ]
    assert [command.argv for command in found.confirm] == [("kubectl", "describe", "resourcequota", "small")]


def test_a_quota_is_raised_to_what_all_pods_need() -> None:
    """The answer tells what one of them asks for, in units of its own."""
    (fix,) = told(QUOTA).fixes

    assert fix.title == "raise ResourceQuota/small to pods=2, requests.memory=1280Mi"
    assert fix.command is not None
    assert fix.command[:6] == ("kubectl", "patch", "resourcequota", "small", "--type", "merge")
    assert json.loads(fix.command[-1]) == {"spec": {"hard": {"pods": "2", "requests.memory": "1280Mi"}}}


@pytest.mark.parametrize(
    ("one", "used", "expected"),
    [
        ("500m", "0", "1000m"),
        ("250m", "1", "1500m"),
        ("1", "100m", "2100m"),
        ("1", "1", "3"),
        ("1Gi", "512Mi", "2684354560"),
    ],
)
def test_quantities_of_several_units_are_added(one: str, used: str, expected: str) -> None:
    """In the unit of the request where that is whole."""
    text = QUOTA.replace("pods=1,requests.memory=512Mi", f"requests.cpu={one}")
    (fix,) = told(text.replace("used: pods=0,requests.memory=256Mi", f"used: requests.cpu={used}")).fixes

    assert fix.title == f"raise ResourceQuota/small to requests.cpu={expected}"


def test_a_missing_service_account_is_created() -> None:
    """With the name that was looked for."""
    found = told(ACCOUNT)

    assert found.headline.endswith("none is created: ServiceAccount/robot does not exist")
    (fix,) = found.fixes
    assert fix.command == ("kubectl", "create", "serviceaccount", "robot")


def test_what_pod_security_asks_for_is_said_in_the_template() -> None:
    """Of init containers, too; the settings that are there already are not touched."""
    of = deployment("web", container("app"), container("other"), replicas=2)
    of = with_(of, spec__template__spec__init_containers=(container("log"),))

    (fix,) = told(RESTRICTED, of).fixes

    assert not any("paused" in note for note in fix.notes)
    (held_back,) = told(RESTRICTED, with_(of, spec__paused=True)).fixes
    assert held_back.notes[0].startswith("Deployment/web is paused")
    asked = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert fix.command is not None
    assert fix.command[:5] == ("kubectl", "patch", "deployment", "web", "-p")
    assert json.loads(fix.command[-1])["spec"]["template"]["spec"] == {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "initContainers": [{"name": "log", "securityContext": asked}],
        "containers": [{"name": "app", "securityContext": asked}],
    }


@pytest.mark.parametrize(
    "text",
    [
        HOST_PATH,
        RESTRICTED.replace("pod or containers", "must not set; pod or containers") + ", hostNetwork (x)",
        RESTRICTED.replace("must set securityContext.runAsNonRoot=true", "must not set runAsNonRoot=false"),
        'pods "w" is forbidden: violates PodSecurity "restricted:v1.30": something new',
    ],
    ids=["forbidden", "one more", "said otherwise", "unknown"],
)
def test_what_a_pod_does_is_not_taken_out_by_a_command(text: str) -> None:
    """It may need it."""
    (fix,) = told(text).fixes

    assert fix.title == "take out of the template of Deployment/web what Pod Security forbids"
    assert fix.command is None


@pytest.mark.parametrize(
    ("text", "said", "confirm", "title"),
    [
        (
            WEBHOOK,
            "admission webhook images.example.com denies them",
            "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
            None,
        ),
        (
            UNCALLED,
            "admission webhook images.example.com cannot be called",
            "kubesvc explain images -n policy",
            None,
        ),
        (
            NO_WEBHOOK,
            "admission webhook images.example.com cannot be called, as Service policy/images does not exist",
            "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
            "restore Service policy/images, or remove the configuration of the webhook",
        ),
        (
            ANOTHER,
            "admission webhook images.example.com cannot be called",
            "kubesvc explain images -n policy",
            None,
        ),
        (
            BY_URL,
            "admission webhook images.example.com cannot be called",
            "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations",
            None,
        ),
        (
            POLICY,
            "ValidatingAdmissionPolicy/owners denies them",
            "kubectl get validatingadmissionpolicy owners -o yaml",
            None,
        ),
        (
            HOST_PATH,
            "Pod Security baseline:latest forbids them",
            "kubectl get namespace shop --show-labels",
            "take out of the template of Deployment/web what Pod Security forbids",
        ),
        (
            ASKS,
            "ResourceQuota/small asks for more than they specify",
            "kubectl describe resourcequota small",
            "specify limits.cpu for: app; limits.memory for: app in the template of Deployment/web",
        ),
        (
            MAXIMUM,
            "a LimitRange forbids them",
            "kubectl describe limitrange",
            "keep the template of Deployment/web within the LimitRange",
        ),
        (
            SEVERAL,
            "a LimitRange forbids them",
            "kubectl describe limitrange",
            "keep the template of Deployment/web within the LimitRange",
        ),
        (ACCOUNT, "ServiceAccount/robot does not exist", "kubectl get serviceaccounts", None),
        (TERMINATING, "Namespace/shop is being deleted", "kubectl get namespace shop -o yaml", None),
        (UNKNOWN, "", "kubectl describe deployment web", None),
        ("", "", "kubectl describe deployment web", None),
    ],
)
def test_a_cause_is_named_where_the_text_proves_it(
    text: str, said: str, confirm: str, title: str | None
) -> None:
    """What a webhook answers proves nothing else, whatever it quotes."""
    found = told(text)

    suffix = f": {said}" if said else ""
    assert found.headline == f"Deployment/web wants 2 pods, and none is created{suffix}"
    assert [" ".join(command.argv) for command in found.confirm] == [confirm]
    assert title is None or [fix.title for fix in found.fixes] == [title]


def test_an_account_that_could_not_be_looked_up_is_not_missing() -> None:
    """Only `not found` proves it."""
    found = told(ACCOUNT.replace('serviceaccount "robot" not found', "timed out"))

    assert found.headline == "Deployment/web wants 2 pods, and none is created"
    assert found.fixes == ()


def about(of: Obj, text: str, *, age: int = 6, reason: str = "FailedCreate") -> Obj:
    """An event of a workload's controller, some seconds old."""
    return with_(event(of, reason, text), last_timestamp=NOW - timedelta(seconds=age))


def test_the_last_event_tells_more_than_the_first_condition() -> None:
    """The condition keeps the text of the first failure (replica_set_utils.go, calculateStatus)."""
    mine, other = replica_set("web-abc"), replica_set("web-two-abc", "web-two")

    report = explain(
        settled(
            service(),
            failing(QUOTA),
            about(mine, f"Error creating: {UNKNOWN}", age=60),
            with_(about(mine, f"Error creating: {ACCOUNT}", age=6), metadata__name="later"),
            with_(about(other, f"Error creating: {MAXIMUM}", age=1), metadata__name="other"),
        )
    )

    found = only(report, "KSV104")
    assert rows(found)[1] == f'answer: "{ACCOUNT}", 6 s ago'
    assert found.headline.endswith("ServiceAccount/robot does not exist")


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (stateful_set(replicas=2), f"Create Pod web-0 in StatefulSet web failed error: {QUOTA}"),
        (stateful_set(replicas=2), f"create Pod web-0 in StatefulSet web failed error: {QUOTA}"),
        (
            stateful_set(replicas=2),
            f"create Claim data-web-0 for Pod web-0 in StatefulSet web failed error: {QUOTA}",
        ),
        (daemon_set(desired=2), f"Error creating: {QUOTA}"),
        (daemon_set(desired=2), f"(combined from similar events): Error creating: {QUOTA}"),
        (job(), f"Error creating: {QUOTA}"),
    ],
)
def test_other_workloads_have_events_only(of: Workload | Job, text: str) -> None:
    """Those of an earlier one of the same name, and other reasons, are not about it."""
    more = (
        with_(about(of, "Error creating: old", age=1), metadata__name="old", involved_object__uid="other"),
        with_(about(of, "Created pod", age=2, reason="SuccessfulCreate"), metadata__name="good"),
    )

    found = only(explain(settled(service(), of, about(of, text), *more)), "KSV104")

    assert rows(found)[1] == f'answer: "{QUOTA}", 6 s ago'
    assert "ResourceQuota/small is exceeded" in found.headline


def test_where_nothing_tells_why_that_is_said() -> None:
    """The controller may not have looked at all."""
    lazy = with_(stateful_set(replicas=1), metadata__generation=3, status__observed_generation=2)

    found = only(explain(settled(service(), lazy)), "KSV104")

    assert rows(found)[1:3] == [
        "answer: no condition and no event tells why",
        "controller: has not looked at the workload since it was changed",
    ]


def test_events_that_could_not_be_read_are_not_none() -> None:
    """Forbidden is not empty."""
    source = FakeSource(settled(service(), stateful_set(replicas=1)), denied=(Read("Event"),))

    found = only(ask(WEB, source), "KSV104")

    assert rows(found)[1] == "answer: not known: events could not be read (forbidden)"


def test_without_events_the_condition_is_what_there_is() -> None:
    """It proves as much."""
    source = FakeSource(settled(service(), failing(QUOTA)), denied=(Read("Event"),))

    assert "ResourceQuota/small is exceeded" in only(ask(WEB, source), "KSV104").headline


def test_a_replica_set_of_nobody_has_the_condition_itself() -> None:
    """Its own labels are those of its pods."""
    alone = with_(
        replica_set("alone"),
        metadata__owner_references=(),
        metadata__labels={"app": "web"},
        spec=deployment(replicas=2).spec,
        status__conditions=(condition("ReplicaFailure", "True", "FailedCreate", QUOTA),),
    )
    beside = about(replica_set("other"), f"Error creating: {ACCOUNT}")

    found = only(explain(settled(service(), alone, beside)), "KSV104")

    assert found.headline.startswith(
        "ReplicaSet/alone wants 2 pods, and none is created: ResourceQuota/small"
    )


def test_a_replica_set_may_be_refused_itself() -> None:
    """Then the Deployment says so in another condition."""
    text = (
        'replicasets.apps "web-abc" is forbidden: exceeded quota: sets, requested: x=1, used: x=1, limited: 1'
    )
    said = condition("Progressing", "False", "ReplicaSetCreateError", text)
    workload = with_(deployment(replicas=2), status__conditions=(said,))

    found = only(explain(settled(service(), workload)), "KSV104")
    assert "ResourceQuota/sets is exceeded" in found.headline
    assert found.fixes[0].title == "raise ResourceQuota/sets to x=2"


def young(of: Obj) -> Obj:
    """The same, made a second ago."""
    return with_(of, metadata__creation_timestamp=NOW - timedelta(seconds=1))


@pytest.mark.parametrize(
    "objects",
    [
        (failing(QUOTA), pod()),
        (failing(QUOTA), pod(ready=False)),
        (young(deployment(replicas=2)),),
        (deployment(replicas=0),),
        (failing(QUOTA, deployment(labels={"app": "other"})),),
        (pod(phase="Failed"), stateful_set(replicas=1)),
    ],
    ids=["pods", "pods that are not ready", "new", "wants none", "of another", "finished"],
)
def test_what_looks_like_it_is_not_it(objects: tuple[Obj, ...]) -> None:
    """There are pods, or there need not be any yet."""
    assert find(explain(settled(service(), *objects)), "KSV104") == ()


def test_a_new_workload_that_is_refused_is_broken_already() -> None:
    """Nothing will be better by itself."""
    new = young(failing(QUOTA))
    by_event = young(stateful_set(replicas=1))

    first = explain(settled(service(), new))
    second = explain(settled(service(), by_event, about(by_event, ACCOUNT)))

    assert [verdict(report) for report in (first, second)] == [Verdict.BROKEN] * 2
    assert only(first, "KSV104").effect is only(second, "KSV104").effect is Effect.BROKEN


def test_each_workload_is_a_culprit() -> None:
    """One is refused, the other only wants none."""
    two = with_(failing(ACCOUNT), metadata__name="two")

    report = explain(settled(service(), failing(QUOTA), two, deployment("off", replicas=0)))

    assert [found.culprit.name for found in find(report, "KSV104")] == ["two", "web"]
    assert find(report, "KSV102") == ()


def test_that_nothing_follows_explains_why_all_have_finished() -> None:
    """One cause: evicted pods would not matter if new ones came."""
    evicted = pod(phase="Failed", owner=owned_by("ReplicaSet", "web-abc"))

    report = explain(settled(service(), evicted, replica_set(), failing(QUOTA)))

    (top,) = report.findings
    assert (top.code, [under.code for under in top.consequences]) == ("KSV104", ["KSV302"])


def test_it_stands_beside_a_near_miss_of_another_service() -> None:
    """Two causes that look alike, in one namespace: no pod is there, and no pod fits."""
    near = pod("api-1", labels={"app": "API"})
    api = with_(service("api", selector={"app": "api"}), metadata__uid="uid-api")

    report = explain(settled(service(), failing(QUOTA), near).with_answers([api], ()), "web", "api")

    assert [(f.code, f.places[0].service.name) for f in report.findings] == [
        ("KSV104", "web"),
        ("KSV101", "api"),
    ]


def held(of: Workload, **spec: object) -> Workload:
    """A workload with two pods of an earlier template, without the label."""
    return with_(of, status__replicas=2, status__updated_replicas=0, **spec)


def earlier(of: Workload) -> tuple[Obj, ...]:
    """Its pods."""
    by = owned_by(of.kind, "web")
    return tuple(pod(f"web-{n}", labels={"old": "label"}, ips=(f"10.0.0.{n}",), owner=by) for n in range(2))


@pytest.mark.parametrize(
    ("of", "said", "command"),
    [
        (
            held(deployment(replicas=2), spec__paused=True),
            "Deployment/web is paused: nothing is rolled out before `kubectl rollout resume`",
            ("kubectl", "rollout", "resume", "deployment/web"),
        ),
        (
            held(stateful_set(replicas=2), spec__update_strategy__type="OnDelete"),
            "With updateStrategy OnDelete a pod is replaced only after it is deleted",
            ("kubectl", "delete", "pod", "web-0", "web-1"),
        ),
        (
            held(stateful_set(replicas=2), spec__update_strategy__rolling_update__partition=2),
            "With partition 2 only the pods from web-2 on are replaced",
            (
                *("kubectl", "patch", "statefulset", "web", "--type", "merge", "-p"),
                '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}',
            ),
        ),
    ],
    ids=["paused", "on delete", "partition"],
)
def test_a_template_that_is_held_back(of: Workload, said: str, command: tuple[str, ...]) -> None:
    """The labels are in the template and not on the pods."""
    report = explain(settled(service(), of, *earlier(of)))

    found = only(report, "KSV104")
    assert report.subjects[0].summary == "its selector matches no pod of the workload behind it"
    assert found.headline == f"none of the 2 pods of {of.ref} is of its present template"
    assert rows(found)[1] == f"rollout: {said}"
    (fix,) = found.fixes
    assert fix.command == command


def test_a_paused_deployment_without_pods_gets_none() -> None:
    """However new it is: its first ReplicaSet waits as well."""
    report = explain(settled(service(), young(with_(deployment(), spec__paused=True))))

    found = only(report, "KSV104")
    assert verdict(report) is Verdict.BROKEN
    assert found.headline == "Deployment/web wants 1 pod, and none is created"
    assert [fix.command for fix in found.fixes] == [("kubectl", "rollout", "resume", "deployment/web")]


def test_pods_of_an_earlier_template_where_nothing_holds_it_back() -> None:
    """The rollout fails, or somebody took the labels off."""
    of = held(deployment(replicas=2))

    failed = only(explain(settled(service(), failing(QUOTA, of))), "KSV104")
    stripped = only(explain(settled(service(), of)), "KSV104")

    assert failed.headline == (
        "Deployment/web wants 2 pods, and none of its present template is created: "
        "ResourceQuota/small is exceeded"
    )
    assert rows(stripped)[1] == "rollout: not done, or the pods were relabeled by hand"
    assert stripped.fixes == ()


def test_the_pods_to_delete_may_not_be_known() -> None:
    """The fix is told, without a command."""
    of = held(stateful_set(replicas=2), spec__update_strategy__type="OnDelete")

    (fix,) = only(explain(settled(service(), of)), "KSV104").fixes

    assert fix.command is None


def requests(report_of: FakeSource) -> int:
    """How many requests an answer took."""
    ask(WEB, report_of)
    return report_of.requests


def test_it_costs_few_requests() -> None:
    """One list of events for it."""
    assert requests(FakeSource(settled(service(), failing(QUOTA)))) <= 10
    assert requests(FakeSource(settled(service(), stateful_set(replicas=1)))) <= 10


def test_the_pods_of_a_job_are_not_those_that_another_workload_wants() -> None:
    """Neither while they run nor after; those that a Job itself had are."""
    hook = pod("web-migrate-x", owner=owned_by("Job", "web-migrate"))
    over = with_(hook, status__phase="Succeeded")

    beside = explain(settled(service(), hook, deployment(replicas=2)))
    after = explain(settled(service(), over, deployment(replicas=2)))
    own = explain(settled(service(), with_(hook, status__phase="Failed"), job("web-migrate")))

    assert {found.code for found in beside.findings} == {"KSV104", "KSV105"}
    (found,) = after.findings
    assert (found.code, [under.code for under in found.consequences]) == ("KSV104", ["KSV302"])
    assert [found.code for found in own.findings] == ["KSV302"]
