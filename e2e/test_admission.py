"""What the API server makes of a changed Service is what kubesvc says: accepted or refused, and with what."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from kubernetes.client import ApiException, CoreV1Api
from urllib3.exceptions import ProtocolError

from e2e.cluster import Cluster, LocalCluster, Options, namespace
from kubesvc.analyzer import what_if
from kubesvc.errors import UsageError
from kubesvc.model.change import ABSENT, Change, Op
from kubesvc.model.decode import decode_one
from kubesvc.model.objects import Service, ServicePort
from kubesvc.semantics.admission import RefusedError, UndecidedError
from kubesvc.semantics.ports import target
from kubesvc.semantics.simulate import changed

CHANGES = 400
"""Random changes of each Service; the server answers a few hundred in a second."""

ONE_FAMILY = Options(
    service_cidrs=("10.96.0.0/16",),
    pod_cidrs=("10.244.0.0/16",),
    without=frozenset({"kwok", "kube-scheduler"}),
)

_PORT = {"port": 80, "targetPort": 8080}
_TWO = [{"name": "http", **_PORT}, {"name": "metrics", "port": 9090, "targetPort": "web"}]
SERVICES: dict[str, dict[str, Any]] = {
    "plain": {"selector": {"app": "web", "tier": "x"}, "ports": _TWO},
    "unnamed": {"selector": {"app": "web"}, "ports": [_PORT]},
    "one-number": {
        "ports": [
            {"name": "dns", "port": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
        ]
    },
    "node-port": {"type": "NodePort", "selector": {"app": "web"}, "ports": _TWO},
    "ranges": {
        "type": "LoadBalancer",
        "selector": {"app": "web"},
        "ports": [_PORT],
        "loadBalancerSourceRanges": ["10.0.0.0/8"],
    },
    "headless": {"clusterIP": "None", "selector": {"app": "web"}, "ports": [_PORT]},
    "nameless": {"clusterIP": "None", "ports": [_PORT]},
    "alias": {"type": "ExternalName", "externalName": "api.example"},
    "both": {"ipFamilyPolicy": "RequireDualStack", "selector": {"app": "web"}, "ports": [_PORT]},
    "either": {"ipFamilyPolicy": "PreferDualStack", "selector": {"app": "web"}, "ports": [_PORT]},
}

_LONG = "x" * 64
VALUES: dict[tuple[str, ...], tuple[Any, ...]] = {
    ("selector", "app"): ("api", "", "Not valid", "-x", "x.", "a_b", _LONG, _LONG[1:]),
    ("selector", "example.com/app"): ("api",),
    ("selector", "Example.com/app"): ("api",),
    ("selector", "a/b/c"): ("api",),
    ("selector", "no good"): ("api",),
    ("selector", "/x"): ("api",),
    ("selector", _LONG): ("api",),
    ("selector",): (),
    ("ports",): (),
    ("port", "name"): ("http", "web", "", "HTTP", "a.b", "80", "-a", _LONG, _LONG[1:]),
    ("port", "port"): (80, 81, 9090, 0, 65535, 65536, -1),
    ("port", "protocol"): ("TCP", "UDP", "SCTP", "tcp", ""),
    ("port", "targetPort"): (
        80,
        0,
        -1,
        65535,
        65536,
        "web",
        "Web",
        "a--b",
        "-a",
        "80",
        "x" * 16,
        "x" * 15,
        "",
    ),
    ("port",): (),
    ("type",): ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "Other", ""),
    ("externalName",): ("a.example", "a.example.", "A.example", "a..b", ""),
    ("publishNotReadyAddresses",): (True, False),
    ("clusterIP",): ("None", "10.96.77.77", ""),
    ("family",): ("IPv4", "IPv6", "IPv5"),
    ("ipFamilyPolicy",): ("SingleStack", "PreferDualStack", "RequireDualStack", "Other"),
}
"""Values of a spec's fields; `port` stands for an entry of ports, `family` for one of ipFamilies."""


def _needs_both(name: str) -> bool:
    return SERVICES[name].get("ipFamilyPolicy") == "RequireDualStack"


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[tuple[Any, dict[str, Service]]]:
    """The Services, as a server has stored them that has the IP families of the parameter."""
    with ExitStack() as stack:
        if ("dual-stack" in cluster.supports) != (request.param == "two-families"):
            if request.param == "two-families":
                pytest.skip("this cluster has one IP family")
            cluster = stack.enter_context(LocalCluster(ONE_FAMILY))
        client = stack.enter_context(cluster.client())
        space = stack.enter_context(namespace(cluster, "admission", service_account=False))
        api: Any = CoreV1Api(client)  # typed for its own models, not for bytes
        stored = {}
        for name, spec in SERVICES.items():
            if _needs_both(name) and request.param != "two-families":
                continue
            document = {"metadata": {"name": name}, "spec": spec}
            answer = api.create_namespaced_service(space, document, _preload_content=False)
            stored[name] = _service(answer.data)
        yield api, stored


ASKED = [
    (families, name)
    for families in ("two-families", "one-family")
    for name in SERVICES
    if families == "two-families" or not _needs_both(name)
]


@pytest.mark.parametrize(("served", "name"), ASKED, indirect=["served"])
def test_what_is_accepted_and_stored_is_what_the_server_accepts_and_stores(
    name: str, served: tuple[Any, dict[str, Service]]
) -> None:
    """Random changes, none of them made: the server is asked with a dry run, and everything told at once."""
    api, stored = served
    draw = random.Random(name)  # noqa: S311 - the same changes each time
    seen = {"accepted": 0, "refused": 0, "undecided": 0}
    wrong: list[str] = []
    for _ in range(CHANGES):
        before = stored[name]
        try:
            change = what_if.change(before, list(_ops(draw, before)))
        except UsageError:
            continue
        said, service = _said(before, change)
        seen[said] += 1
        theirs = _dry_run(api, change)
        if said != "undecided" and (said == "accepted") is isinstance(theirs, str):
            wrong.append(f"{said}: {change.ops}: {theirs if isinstance(theirs, str) else 'accepted there'}")
        elif service and isinstance(theirs, Service) and (differing := _differing(service, theirs)):
            wrong.append(f"{differing}: {change.ops}")
    assert wrong == []
    assert seen["accepted"] > 10
    assert seen["refused"] > 10


def _dry_run(api: Any, change: Change) -> Service | str:  # noqa: ANN401 - see served
    """Ask the server for a change that it is not to make; its reason where it would not.

    What it fails at (500: two ports of no name and one node port) it would not do either, nor what makes it
    end the connection (with one IP family, PreferDualStack and a clusterIP that becomes None).
    """
    kind, body = ("json", change.json_patch) if change.touches_list else ("merge", change.merge_patch)
    try:
        answer = api.patch_namespaced_service(
            change.target.name,
            change.target.namespace,
            body,
            dry_run="All",
            _preload_content=False,
            _content_type=f"application/{kind}-patch+json",
        )
    except ApiException as error:
        return str(error.body)
    except ProtocolError as error:
        return str(error)
    return _service(answer.data)


def _ops(draw: random.Random, service: Service) -> Iterator[Op]:
    """Draw up to three changes; a value may be removed instead, and an entry be added."""
    for field in draw.sample(sorted(VALUES), draw.randint(1, 3)):
        values = VALUES[field]
        value = draw.choice(values) if values and draw.random() < 0.85 else ABSENT
        if field[0] == "port":
            yield Op(("spec", "ports", draw.randrange(len(service.spec.ports) + 1), *field[1:]), value)
        elif field[0] == "family":
            yield Op(("spec", "ipFamilies", draw.randrange(3)), value)
        else:
            yield Op(("spec", *field), value)


def _said(before: Service, change: Change) -> tuple[str, Service | None]:
    try:
        return "accepted", changed(before, change)
    except RefusedError:
        return "refused", None
    except UndecidedError:
        return "undecided", None


def _service(body: bytes) -> Service:
    (found,) = decode_one(body, "Service").objects
    assert isinstance(found, Service)
    return found


def _differing(ours: Service, theirs: Service) -> list[str]:
    """Name what differs of what decides endpoints, with defaults written out."""
    return [
        f"{field} {mine!r}, not {real!r}"
        for (field, mine), (_, real) in zip(_decisive(ours), _decisive(theirs), strict=True)
        if mine != real
    ]


def _decisive(service: Service) -> Iterator[tuple[str, object]]:
    spec = service.spec
    yield "type", spec.type
    yield "selector", spec.selector
    yield "ports", [_port(port) for port in spec.ports]
    yield "clusterIP", spec.cluster_ip
    yield "ipFamilies", spec.ip_families
    yield "ipFamilyPolicy", spec.ip_family_policy
    yield "externalName", spec.external_name
    yield "publishNotReadyAddresses", spec.publish_not_ready_addresses


def _port(port: ServicePort) -> tuple[object, ...]:
    return port.name, port.protocol, port.port, target(port)
