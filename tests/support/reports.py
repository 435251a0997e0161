"""Reports written by hand: the three Services that the product promises to explain, and a healthy one."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from kubesvc.model.cell import StepKind
from kubesvc.model.change import Change, Op
from kubesvc.model.objects import Ref
from kubesvc.model.place import EndpointId, Place
from kubesvc.model.query import Query
from kubesvc.model.read import Gap, GapReason, Read
from kubesvc.model.report import (
    Check,
    Command,
    Confidence,
    Effect,
    Finding,
    Fix,
    Line,
    LineKind,
    Mark,
    Outcome,
    PortVerdict,
    Report,
    Row,
    Stage,
    Subject,
    Verdict,
    Why,
    WhyResult,
    WhyStep,
)

NOW: Final = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
NOT_EVALUATED: Final = ("a CNI's own policies", "a service mesh", "cloud firewalls")


def report(
    subjects: Sequence[Subject],
    findings: Sequence[Finding] = (),
    gaps: Sequence[Gap] = (),
    flags: Sequence[str] = (),
) -> Report:
    """A live report of context prod-eu."""
    return Report(
        Query(subjects[0].ref.namespace, tuple(s.ref.name for s in subjects), flags=tuple(flags)),
        "prod-eu",
        NOW,
        tuple(subjects),
        tuple(findings),
        gaps=tuple(gaps),
        server="https://203.0.113.10:6443",
        not_evaluated=NOT_EVALUATED,
    )


def subject(line: Line, verdict: Verdict, summary: str, checks: tuple[Check, ...] = ()) -> Subject:
    """A Service with one port, `http`."""
    return Subject(line.place.service, verdict, summary, (port_verdict(verdict, 3),), line, checks)


def port_verdict(verdict: Verdict, expected: int) -> PortVerdict:
    """Port `http`, all of its endpoints used if it is healthy, else none."""
    return PortVerdict("http", verdict, expected if verdict is Verdict.HEALTHY else 0, expected)


def service(namespace: str, name: str) -> Ref:
    """Name a Service."""
    return Ref("Service", namespace, name)


def healthy_line(ref: Ref) -> Line:
    """The smallest tree."""
    return Line(LineKind.SERVICE, Place(ref), f"Service {ref.namespace}/{ref.name}", "ClusterIP")


def my_service() -> Report:
    """A selector that differs in letter case from the labels of the pods."""
    ref = service("shop", "my-service")
    return report(
        [subject(_my_service_tree(ref), Verdict.BROKEN, "its selector matches no pod")],
        [_my_service_finding(ref)],
        [Gap(Read("NetworkPolicy", "shop"), GapReason.FORBIDDEN)],
    )


def _my_service_finding(ref: Ref) -> Finding:
    change = Change(ref, (Op(("spec", "selector", "app"), "myapp"),))
    patch = '{"spec":{"selector":{"app":"myapp"}}}'
    fix = Fix(
        "select app=myapp",
        Confidence.LIKELY,
        change,
        ("kubectl", "patch", "service", "my-service", "--type", "merge", "-p", patch),
        ("Relabeling Deployment/web instead is not possible: app is in its immutable selector.",),
        Outcome(Verdict.HEALTHY, (port_verdict(Verdict.HEALTHY, 3),)),
    )
    rows = (
        Row("nearest", "app=myapp, differs in letter case: 3 ready pods of Deployment/web", "labels"),
        Row("clients", "inside the cluster, my-service:80 refuses connections (where kube-proxy forwards)"),
        Row("changed", "selector is managed by kubectl-client-side-apply, which last wrote 2 min ago"),
    )
    return Finding(
        "KSV101",
        "selector app=MyApp: carried by 0 of 14 pods in shop",
        (Place(ref, field="spec.selector"),),
        ref,
        Confidence.PROOF,
        Effect.BROKEN,
        rows,
        fixes=(fix,),
    )


def _my_service_tree(ref: Ref) -> Line:
    place = Place(ref)
    name = "my-service.shop.svc.cluster.local → 10.96.12.7   (cluster.local assumed)"
    addresses = (
        Line(LineKind.INSIDE, place, "inside", name),
        Line(LineKind.NODES, place, "nodes", "port 30080"),
        Line(LineKind.OUTSIDE, place, "outside", "203.0.113.7   (status.loadBalancer)"),
    )
    slices = (Line(LineKind.SLICE, place, "my-service-x7k2p", "IPv4", details=("empty",)),)
    http = Place(ref, "http")
    matched = Place(ref, field="spec.selector")
    return Line(
        LineKind.SERVICE,
        place,
        "Service shop/my-service",
        "LoadBalancer ⊃ NodePort ⊃ ClusterIP",
        details=("age 12d",),
        children=(
            Line(LineKind.ADDRESSES, place, "Addresses", "", children=addresses),
            Line(LineKind.PORT, http, "Port http", "80/TCP → targetPort 9376", Mark.BAD, "0 endpoints"),
            Line(LineKind.SELECTOR, matched, "Selector", "app=MyApp", Mark.BAD, "0 of 14 pods", ("KSV101",)),
            Line(LineKind.SLICES, place, "Slices", "", children=slices),
        ),
    )


def api() -> Report:
    """A named target port that no container declares; a second fix is offered."""
    ref = service("default", "api")
    place = Place(ref, "http")
    ready = ("10.244.1.7", "10.244.2.9")
    ends = [
        Line(
            LineKind.ENDPOINT,
            place._replace(family="IPv4", endpoint=EndpointId("default", f"api-{n}", f"uid-{n}")),
            address,
            f"api-6f7c-{n}",
            Mark.BAD,
            "without this port",
            details=("node-a",),
        )
        for n, address in enumerate(ready)
    ]
    value = "80/TCP → targetPort http"
    port = Line(LineKind.PORT, place, "Port http", value, Mark.BAD, "0 of 2 ready", ("KSV201",), tuple(ends))
    tree = Line(LineKind.SERVICE, Place(ref), "Service default/api", "ClusterIP", children=(port,))
    return report([subject(tree, Verdict.BROKEN, "2 ready endpoints, none with a port")], [_api_finding(ref)])


def _api_finding(ref: Ref) -> Finding:
    path = ("spec", "ports", 0, "targetPort")
    change = Change(ref, (Op(path, "web", was=(("spec", "ports", 0, "name"), "http")),))
    patch = (
        '[{"op":"test","path":"/spec/ports/0/name","value":"http"},'
        '{"op":"replace","path":"/spec/ports/0/targetPort","value":"web"}]'
    )
    fix = Fix(
        "target port web",
        Confidence.LIKELY,
        change,
        ("kubectl", "patch", "service", "api", "--type", "json", "-p", patch),
        ("web rather than metrics: the readiness probe of both pods asks port web",),
        Outcome(Verdict.HEALTHY, (port_verdict(Verdict.HEALTHY, 2),)),
    )
    other = Fix(
        "name the container port http",
        Confidence.LIKELY,
        notes=("not simulated: new pods would have to start",),
    )
    rows = (
        Row("pods", "2 of Deployment/api declare: web 8080/TCP, metrics 9090/TCP", "spec.containers[].ports"),
        Row(
            "slices",
            "api-7pq2m lists both as ready with ports: [] (why kubectl describe shows addresses)",
            "EndpointSlice.ports",
        ),
        Row("clients", "api:80 refuses connections, although both pods are Ready"),
    )
    return Finding(
        "KSV201",
        'target port "http" of port http is declared by no selected pod',
        (Place(ref, "http"),),
        ref,
        Confidence.PROOF,
        Effect.BROKEN,
        rows,
        fixes=(fix, other),
    )


def checkout() -> Report:
    """One pod of three whose readiness probe asks a port where nothing listens; a consequence is folded."""
    ref = service("default", "checkout")
    tree = Line(
        LineKind.SERVICE, Place(ref), "Service default/checkout", "ClusterIP", children=(_checkout_port(ref),)
    )
    return report(
        [subject(tree, Verdict.DEGRADED, "2 of 3 pods receive traffic")],
        [_checkout_finding(ref)],
        flags=("--context", "prod eu"),
    )


def _checkout_port(ref: Ref) -> Line:
    place = Place(ref, "http")
    ready, failing = "ready", "not ready: readiness probe of app"
    pods = (
        ("10.244.1.7:8080", "checkout-5d8f-abc", "node-a", Mark.GOOD, ready, ()),
        ("10.244.2.9:8080", "checkout-5d8f-def", "node-c", Mark.GOOD, ready, ()),
        ("10.244.3.4:8080", "checkout-5d8f-zk4", "node-b", Mark.BAD, failing, ("KSV301",)),
    )
    ends = tuple(
        Line(LineKind.ENDPOINT, place, address, pod, mark, state, codes, details=(node,))
        for address, pod, node, mark, state, codes in pods
    )
    return Line(LineKind.PORT, place, "Port http", "80/TCP → 8080", Mark.WARN, "2 of 3 ready", children=ends)


def _checkout_finding(ref: Ref) -> Finding:
    place = Place(ref, "http", "IPv4", EndpointId("default", "checkout-5d8f-zk4", "uid-3"))
    rows = (
        Row("pod", "checkout-5d8f-zk4 on node-b, running 14 min, never ready"),
        Row("probe", "container app: GET http://:8081/healthz every 10 s, timeout 1 s, 3 failures"),
        Row("answer", '"connect: connection refused", 84 times, last 6 s ago', "Event"),
        Row("note", "the container declares 8080; the probe asks 8081"),
    )
    path = "/api/v1/namespaces/default/pods/checkout-5d8f-zk4:8081/proxy/healthz"
    purpose = "dials the pod's address, as the probe does; needs the right pods/proxy"
    folded = Finding(
        "KSV401",
        "the rollout of Deployment/checkout has stopped",
        (place,),
        Ref("Deployment", "default", "checkout"),
        Confidence.LIKELY,
        Effect.DEGRADED,
    )
    return Finding(
        "KSV301",
        "readiness probe fails on 1 of 3 pods",
        (place,),
        Ref("Deployment", "default", "checkout"),
        Confidence.PROOF,
        Effect.DEGRADED,
        rows,
        (Command(("kubectl", "get", "--raw", path), purpose),),
        (Fix("probe port 8080 in Deployment/checkout", Confidence.LIKELY),),
        (folded,),
    )


def healthy() -> Report:
    """A Service in order, with what to ask next, a command of another tool among it."""
    ref = service("shop", "web")
    raw = ("kubectl", "get", "--raw", "/api/v1/namespaces/shop/pods/web-1:8080/proxy/")
    checks = (
        Check(
            Command(raw),
            "the pod, at its own address, from the API server",
            answers="the process listens at the pod's address",
            refuses="nothing listens there",
            hangs="packets are dropped on the way: a network policy, or the node",
        ),
        Check(
            Command(("dig", "+short", "web.shop.svc.cluster.local")),
            "the name, from a pod",
            answers="DNS works there",
            refuses="no DNS server listens at the address in resolv.conf",
            hangs="DNS is not reached",
        ),
    )
    return report([subject(healthy_line(ref), Verdict.HEALTHY, "1 of 1 pods receive traffic", checks=checks)])


def asked_why() -> Report:
    """A healthy Service of two ports and families, asked about a pod that misses something of each kind."""
    asked = healthy()
    (web,) = asked.subjects
    why = Why(
        Ref("Pod", "shop", "web-2"),
        "Why pod web-2 is an unready endpoint of shop/web over IPv4 and no endpoint over IPv6",
        tuple(_why_steps(web.ref)),
        tuple(_why_results(web.ref)),
    )
    return replace(asked, query=replace(asked.query, why=("web-2",)), subjects=(replace(web, why=(why,)),))


def _at(ref: Ref, *corners: str) -> tuple[Place, ...]:
    """Places of web-2: `http/IPv4`, or all ports and families where none is named."""
    named = corners or ("http/IPv4", "http/IPv6", "admin/IPv4", "admin/IPv6")
    pod = EndpointId("shop", "web-2", "uid-2")
    pairs = (corner.partition("/") for corner in named)
    return tuple(Place(ref, port, family, pod) for port, _, family in pairs)


def _why_steps(ref: Ref) -> Iterator[WhyStep]:
    second = _at(ref, "http/IPv6", "admin/IPv6")
    texts = {
        StepKind.TYPE: (Stage.SELECTED, True, "type ClusterIP: endpoints are written for it", _at(ref), ()),
        StepKind.NODE: (Stage.LISTED, None, "whether its Node exists is not known", _at(ref), ()),
        StepKind.FAMILY: (Stage.LISTED, False, "has no IPv6 address, only 10.0.0.2", second, second),
        StepKind.PORT: (
            Stage.PORT,
            False,
            (
                "no container declares web/TCP, to which port http leads; init container setup declares "
                "web/TCP, but ports of ordinary init containers do not count"
            ),
            _at(ref, "http/IPv4", "http/IPv6"),
            _at(ref, "http/IPv4"),
        ),
        StepKind.PROBED: (
            Stage.READY,
            False,
            "the readiness probe of container app does not succeed",
            _at(ref),
            _at(ref, "admin/IPv4"),
        ),
        StepKind.READY: (Stage.READY, False, "so the condition Ready is False", _at(ref), ()),
    }
    for kind, (stage, passed, text, places, decides) in texts.items():
        yield WhyStep(
            kind=kind,
            stage=stage,
            passed=passed,
            text=text,
            field=f"pod.status.{kind}",
            value=str(passed),
            container="",
            rule=f"What is asked of {kind}.",
            upstream=f"{kind}.go, {kind}",
            places=places,
            decides=decides,
        )


def _why_results(ref: Ref) -> Iterator[WhyResult]:
    listed = "the controller should list it at 10.0.0.2:8081 as not ready, but no slice lists it"
    yield WhyResult("not known", _at(ref, "http/IPv4"), "", "", None)
    yield WhyResult(listed, _at(ref, "admin/IPv4"), "not ready", "not in the slices", agrees=False)
    none = "the controller should not list it, and no slice does"
    absent = "not in the slices"
    yield WhyResult(none, _at(ref, "http/IPv6", "admin/IPv6"), absent, absent, agrees=True)


ALL: Final = {
    "my-service": my_service,
    "api": api,
    "checkout": checkout,
    "healthy": healthy,
    "why": asked_why,
}
