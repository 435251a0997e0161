"""KSV207: endpoints written by hand, under a port that the Service does not have."""

import json
from collections.abc import Mapping

import pytest

from kubesvc.model.objects import (
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSlice,
    EndpointSubset,
    Metadata,
    Obj,
    Service,
    ServicePort,
    SubsetPort,
)
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Confidence, Effect, Finding, Verdict
from kubesvc.semantics import mirroring
from kubesvc.semantics.endpoints import HEADLESS, MANAGED_BY
from tests.support.builders import (
    HTTP,
    OTHER,
    endpoint,
    hand_made,
    headless,
    pod,
    service,
    settled,
    with_,
)
from tests.support.sources import FakeSource, ask, explain, find, only, rows, verdict

BARE = service("web", HTTP, selector={})
BOTH = service("web", HTTP, OTHER, selector={})
DNS = service("web", ServicePort(name="dns", port=53, target_port=53, protocol="UDP"), selector={})


def by_hand(*ports: EndpointPort, name: str = "by-hand", address: str = "192.0.2.1") -> EndpointSlice:
    """A slice with one endpoint, whose writer names itself nowhere."""
    made = hand_made(endpoint(address), name=name, ports=ports)
    labels = {key: value for key, value in made.metadata.labels.items() if key != MANAGED_BY}
    return with_(made, metadata__labels=labels)


def of(service: Service, *objects: Obj) -> Finding:
    """The only finding."""
    return only(explain(settled(service, *objects)), "KSV207")


def patched(found: Finding) -> list[object]:
    """The patch of the only fix, as op, path and value."""
    (fix,) = found.fixes
    assert fix.command is not None
    return [tuple(op.values()) for op in json.loads(fix.command[-1])]


def test_a_port_without_the_name_gets_no_endpoint() -> None:
    """The endpoint is listed and ready, and nothing reaches it."""
    report = explain(settled(BARE, by_hand(EndpointPort(name="", port=8080))))

    found = only(report, "KSV207")
    assert verdict(report) is Verdict.BROKEN
    assert found.headline == "port http has no name in EndpointSlice/by-hand"
    assert (found.culprit.kind, found.culprit.name) == ("EndpointSlice", "by-hand")
    assert (found.confidence, found.effect) == (Confidence.PROOF, Effect.BROKEN)
    assert [(place.port, place.endpoint and place.endpoint.name) for place in found.places] == [
        ("http", "192.0.2.1")
    ]
    assert rows(found) == [
        'wanted: "http" TCP, of any number',
        "written: unnamed 8080/TCP in EndpointSlice/by-hand",
        "endpoints: 1 endpoint in by-hand",
        "clients: inside the cluster, web:80 refuses connections (where kube-proxy forwards)",
    ]


def test_the_slice_is_given_the_name() -> None:
    """Its ports can be changed; the number is tested before."""
    found = of(BARE, by_hand(EndpointPort(name="", port=8080)))

    assert patched(found) == [("test", "/ports/0/port", 8080), ("add", "/ports/0/name", "http")]
    (fix,) = found.fixes
    assert fix.command is not None
    assert fix.command[:4] == ("kubectl", "patch", "endpointslice", "by-hand")
    assert fix.title == '"http" TCP in EndpointSlice/by-hand, as in the Service'
    assert fix.outcome is not None
    assert (fix.outcome.verdict, fix.outcome.remaining) == (Verdict.HEALTHY, ())
    assert fix.notes == ()


KINDS: dict[str, tuple[Service, EndpointPort, str, list[object]]] = {
    "another name": (
        BARE,
        EndpointPort(name="web", port=9000),
        'is called "web"',
        [("test", "/ports/0/port", 9000), ("add", "/ports/0/name", "http")],
    ),
    "no name wanted": (
        service("web", with_(HTTP, name=""), selector={}),
        EndpointPort(name="http", port=8080),
        'is called "http"',
        [("test", "/ports/0/port", 8080), ("add", "/ports/0/name", "")],
    ),
    "another protocol": (
        DNS,
        EndpointPort(name="dns", port=53),
        "is for TCP rather than UDP",
        [("test", "/ports/0/port", 53), ("add", "/ports/0/protocol", "UDP")],
    ),
    "both": (
        DNS,
        EndpointPort(name="", port=53),
        "has no name and is for TCP rather than UDP",
        [
            ("test", "/ports/0/port", 53),
            ("add", "/ports/0/name", "dns"),
            ("add", "/ports/0/protocol", "UDP"),
        ],
    ),
    "no number": (
        BARE,
        EndpointPort(name="http"),
        "has no number",
        [("test", "/ports/0/protocol", "TCP"), ("add", "/ports/0/port", 8080)],
    ),
    "no number, and the target is a name": (
        service("web", with_(HTTP, target_port="main"), selector={}),
        EndpointPort(name="http", port=0),
        "has no number",
        [("test", "/ports/0/protocol", "TCP"), ("add", "/ports/0/port", 80)],
    ),
    "nil name": (
        BARE,
        EndpointPort(name=None, port=8080),
        "has no name",
        [("test", "/ports/0/port", 8080), ("add", "/ports/0/name", "http")],
    ),
}


@pytest.mark.parametrize(("of_port", "written", "said", "patch"), KINDS.values(), ids=KINDS)
def test_each_difference_is_named_and_mended(
    of_port: Service, written: EndpointPort, said: str, patch: list[object]
) -> None:
    """Name, protocol, number: whatever keeps kube-proxy from taking it."""
    found = of(of_port, by_hand(written))

    key = of_port.spec.ports[0].key
    assert found.headline == f"port {key} {said} in EndpointSlice/by-hand"
    assert patched(found) == patch
    assert found.fixes[0].outcome is not None
    assert found.fixes[0].outcome.verdict is Verdict.HEALTHY


def test_a_port_without_a_name_is_called_unnamed() -> None:
    """In the Service as in the slice; and a number that is left out is shown as such."""
    of_port = service("web", with_(HTTP, name=""), selector={})
    report = explain(settled(of_port, by_hand(EndpointPort(name="http"))))

    found = only(report, "KSV207")
    assert rows(found)[:2] == [
        "wanted: unnamed TCP, of any number",
        'written: "http" no number/TCP in EndpointSlice/by-hand',
    ]
    assert [fix.title for fix in found.fixes] == ["unnamed TCP in EndpointSlice/by-hand, as in the Service"]
    assert "ports http <unset>/TCP" in str(report.subjects[0].line)


def test_slices_for_different_ports_lack_nothing() -> None:
    """Each port has endpoints of its own; a name that fits none is told all the same."""
    http = by_hand(EndpointPort(name="http", port=8080), name="one")
    admin = by_hand(EndpointPort(name="admin", port=8081), name="two", address="192.0.2.2")
    wrong = by_hand(EndpointPort(name="http", port=8080), EndpointPort(name="adm", port=8081), name="one")

    right = explain(settled(BOTH, http, admin))

    assert (verdict(right), right.findings) == (Verdict.HEALTHY, ())
    found = of(BOTH, wrong, admin)
    assert found.headline == 'port admin is called "adm" in EndpointSlice/one'
    assert verdict(explain(settled(BOTH, wrong, admin))) is Verdict.DEGRADED


def test_of_several_ports_each_is_told() -> None:
    """Number and name tell which was meant; one patch mends them together."""
    found = of(BOTH, by_hand(EndpointPort(name="b", port=8081), EndpointPort(name="a", port=8080)))

    assert found.headline == "EndpointSlice/by-hand does not fit ports http, admin"
    assert [row for row in rows(found) if row.startswith("port")] == [
        'port: port http is called "a" in EndpointSlice/by-hand',
        'port: port admin is called "b" in EndpointSlice/by-hand',
    ]
    assert patched(found) == [
        ("test", "/ports/1/port", 8080),
        ("add", "/ports/1/name", "http"),
        ("test", "/ports/0/port", 8081),
        ("add", "/ports/0/name", "admin"),
    ]


def test_a_port_that_fits_is_left_alone() -> None:
    """The other one is meant, whatever its number."""
    found = of(BOTH, by_hand(EndpointPort(name="http", port=8080), EndpointPort(name="x", port=1)))

    assert found.headline == 'port admin is called "x" in EndpointSlice/by-hand'
    assert (found.effect, len(found.places)) == (Effect.BROKEN, 1)
    assert patched(found)[1] == ("add", "/ports/1/name", "admin")


@pytest.mark.parametrize(
    ("of_port", "written"),
    [
        (BARE, ()),
        (BOTH, (EndpointPort(name="http", port=8080),)),
        (BOTH, (EndpointPort(name="x", port=1), EndpointPort(name="y", port=2))),
    ],
    ids=["no port", "one of two", "nothing tells which"],
)
def test_a_port_that_is_not_there_is_left_to_people(
    of_port: Service, written: tuple[EndpointPort, ...]
) -> None:
    """What would its number be?"""
    found = of(of_port, by_hand(*written))

    assert "lists no port" in found.headline or "does not fit ports" in found.headline
    assert "written: no port that fits in EndpointSlice/by-hand" in rows(found)
    assert found.fixes == ()


def test_one_of_two_slices_is_the_culprit() -> None:
    """The other one serves: traffic reaches half of the endpoints."""
    good = by_hand(EndpointPort(name="http", port=8080), name="good")
    report = explain(settled(BARE, good, by_hand(EndpointPort(name="x", port=8080), address="192.0.2.2")))

    found = only(report, "KSV207")
    assert (verdict(report), found.effect) == (Verdict.DEGRADED, Effect.DEGRADED)
    assert found.culprit.name == "by-hand"


def test_each_slice_is_a_culprit() -> None:
    """Each has its fix; the other one stays to be mended."""
    wrong = [
        by_hand(EndpointPort(name="x", port=8080), name=f"slice-{n}", address=f"192.0.2.{n}") for n in (1, 2)
    ]

    found = explain(settled(BARE, *wrong)).findings

    assert [(f.code, f.culprit.name) for f in found] == [("KSV207", "slice-1"), ("KSV207", "slice-2")]
    assert [f.fixes[0].outcome.remaining for f in found if f.fixes[0].outcome] == [("KSV207",)] * 2


def test_who_writes_the_slice_may_write_it_again() -> None:
    """The label says who."""
    found = of(BARE, hand_made(endpoint("192.0.2.1"), ports=(EndpointPort(name="x", port=8080),)))

    assert found.fixes[0].notes == ("It is managed by somebody.example, which may write it over.",)


def mirrored(
    *subsets: EndpointSubset, labels: Mapping[str, str] | None = None
) -> tuple[Endpoints, *tuple[EndpointSlice, ...]]:
    """An Endpoints object of Service web with its copies."""
    meta = Metadata(name="web", namespace="shop", uid="uid-endpoints", labels=dict(labels or {}))
    source = Endpoints(metadata=meta, subsets=subsets)
    return (source, *mirroring.slices(source))


def subset(address: str, *ports: SubsetPort) -> EndpointSubset:
    """One address at some ports."""
    return EndpointSubset(addresses=(EndpointAddress(ip=address),), ports=ports)


def test_the_endpoints_object_is_mended_and_its_copies_follow() -> None:
    """Its ports leave out what is empty, so that nothing is there to be replaced."""
    found = of(DNS, *mirrored(subset("192.0.2.1", SubsetPort(port=53))))

    assert found.headline == "port dns has no name and is for TCP rather than UDP in Endpoints/web"
    assert (found.culprit.kind, found.culprit.name) == ("Endpoints", "web")
    assert "written: unnamed 53/TCP in Endpoints/web" in rows(found)
    assert "endpoints: 1 endpoint in web-mirror-1" in rows(found)
    assert patched(found) == [
        ("test", "/subsets/0/ports/0/port", 53),
        ("add", "/subsets/0/ports/0/name", "dns"),
        ("add", "/subsets/0/ports/0/protocol", "UDP"),
    ]
    (fix,) = found.fixes
    assert fix.command is not None
    assert fix.command[:4] == ("kubectl", "patch", "endpoints", "web")
    assert fix.outcome is not None
    assert fix.outcome.verdict is Verdict.HEALTHY


def test_the_port_is_mended_in_each_subset() -> None:
    """It stands in all of them."""
    wrong = SubsetPort(name="x", port=8080)
    twice = (subset("192.0.2.1", wrong), subset("192.0.2.2", wrong, SubsetPort(name="y", port=1)))

    found = of(BARE, *mirrored(*twice))

    assert patched(found) == [
        ("test", "/subsets/0/ports/0/port", 8080),
        ("add", "/subsets/0/ports/0/name", "http"),
        ("test", "/subsets/1/ports/0/port", 8080),
        ("add", "/subsets/1/ports/0/name", "http"),
    ]
    assert rows(found)[1] == 'written: "x" 8080/TCP in Endpoints/web'
    assert found.fixes[0].outcome is not None
    assert found.fixes[0].outcome.ports[0].usable == 2


def test_without_the_endpoints_object_its_copy_is_mended() -> None:
    """It could not be read: whoever copies it may write the slice again."""
    snapshot = settled(BARE, *mirrored(subset("192.0.2.1", SubsetPort(name="x", port=8080))))
    source = FakeSource(snapshot, denied=(Read("Endpoints"),))

    found = only(ask(Query("shop", ("web",)), source), "KSV207")

    assert found.culprit.kind == "EndpointSlice"
    assert found.fixes[0].notes == (f"It is managed by {mirroring.CONTROLLER}, which may write it over.",)


def test_a_headless_name_answers_all_the_same() -> None:
    """Only SRV records lack the port."""
    of_port = headless("web", with_(HTTP, port=8080), selector={})
    report = explain(settled(of_port, by_hand(EndpointPort(name="x", port=8080))))

    found = only(report, "KSV207")
    assert (verdict(report), found.effect) == (Verdict.HEALTHY, Effect.ADVICE)
    assert rows(found)[-1] == (
        "clients: web resolves to 1 address (where CoreDNS answers); "
        "SRV records of http lack those without the port"
    )


LEFT = mirrored(
    subset("192.0.2.1", SubsetPort(name="x", port=8080)), labels={mirroring.WRITER: "endpoint-controller"}
)
QUIET: dict[str, tuple[Service, tuple[Obj, ...]]] = {
    "it fits": (BARE, (by_hand(EndpointPort(name="http", port=9999)),)),
    "no endpoint": (BARE, (with_(by_hand(EndpointPort(name="x", port=8080)), endpoints=()),)),
    "another slice has the port for the same endpoint": (
        BOTH,
        (
            by_hand(EndpointPort(name="http", port=8080)),
            by_hand(EndpointPort(name="admin", port=8081), name="more"),
        ),
    ),
    "a selector": (service(), (pod(), by_hand(EndpointPort(name="x", port=8080)))),
    "an alias": (
        service("web", HTTP, selector={}, type="ExternalName", external_name="x.example", cluster_ip=""),
        (by_hand(EndpointPort(name="x", port=8080)),),
    ),
    "left behind by a selector": (BARE, LEFT),
    "a copy that is not renewed": (
        BARE,
        mirrored(subset("192.0.2.1", SubsetPort(name="x", port=8080)), labels={mirroring.SKIP: "true"}),
    ),
    "a slice that kube-proxy does not read": (
        BARE,
        (
            with_(
                by_hand(EndpointPort(name="x", port=1)),
                metadata__labels={HEADLESS: "", **by_hand().metadata.labels},
            ),
        ),
    ),
    "a family of names": (BARE, (with_(by_hand(EndpointPort(name="x", port=1)), address_type="FQDN"),)),
}


@pytest.mark.parametrize(("service", "objects"), QUIET.values(), ids=QUIET)
def test_what_looks_like_it_is_not_it(service: Service, objects: tuple[Obj, ...]) -> None:
    """Nobody lacks a port for it, or another cause says more."""
    assert find(explain(settled(service, *objects)), "KSV207") == ()


def test_what_the_controller_left_behind_is_another_cause() -> None:
    """The Service lost its selector, and its port another name since: the slice has to go."""
    written = settled(service(), pod())
    renamed = with_(BARE, spec__ports=(with_(HTTP, name="web"),))

    report = explain(written.with_answers([renamed], []))

    (found,) = report.findings
    assert (found.code, [under.code for under in found.consequences]) == ("KSV103", ["KSV401"])


def test_only_the_port_that_is_asked_about_is_told() -> None:
    """The slice fits neither."""
    snapshot = settled(BOTH, by_hand(EndpointPort(name="b", port=8081), EndpointPort(name="a", port=8080)))

    (found,) = explain(snapshot, port="81").findings

    assert found.headline == 'port admin is called "b" in EndpointSlice/by-hand'
