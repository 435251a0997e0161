"""What the API server makes of a changed Service: what it keeps, drops and refuses."""

import pytest

from kubesvc.model.objects import Service, ServicePort
from kubesvc.semantics.admission import RefusedError, UndecidedError, admitted
from tests.support.builders import HTTP, OTHER, headless, service, with_

ALIAS = with_(
    service(selector={}, type="ExternalName", external_name="api.example"),
    spec__cluster_ip="",
    spec__cluster_ips=(),
    spec__ip_families=(),
    spec__ip_family_policy="",
    spec__ports=(),
)
DUAL = service(
    ip_families=("IPv4", "IPv6"),
    ip_family_policy="RequireDualStack",
    cluster_ips=("10.96.0.10", "fd00::10"),
)
GIVEN_BOTH = headless(selector={}, ip_families=("IPv4", "IPv6"), ip_family_policy="RequireDualStack")
LONG = "x" * 63
LABEL = "must be a label's value: up to 63 letters, digits, '-', '_' or '.', first and last a letter or digit"
PORT_NAME = "must be up to 63 lower case letters, digits or '-', first and last a letter or digit"
TARGET = (
    "must be a number, or a name: up to 15 lower case letters, digits and single '-', at least one letter"
)


def refusals(before: Service, **changes: object) -> list[str]:
    """What is said against a change of the spec; nothing where it is taken."""
    try:
        stored(before, **changes)
    except RefusedError as refused:
        return str(refused).split("; ")
    return []


def stored(before: Service, **changes: object) -> Service:
    """What a change of the spec leaves."""
    return admitted(before, with_(before, **{f"spec__{name}": value for name, value in changes.items()}))


def port(**changes: object) -> ServicePort:
    """Port http, otherwise."""
    return with_(HTTP, **changes)


def test_what_is_taken_is_stored_as_it_is() -> None:
    """Nothing else changes."""
    before = service()

    assert admitted(before, before) == before
    assert stored(before, selector={"app": "api"}) == service(selector={"app": "api"})


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("app", "web", ""),
        ("app", "", ""),
        ("app", "a_b.c-d", ""),
        ("app", LONG, ""),
        ("app", f"{LONG}x", LABEL),
        ("app", "not valid", LABEL),
        ("app", "-x", LABEL),
        ("app", "x.", LABEL),
        ("example.com/app", "web", ""),
        (LONG, "web", ""),
        (f"{LONG}x", "web", "has a key that no label can have"),
        ("no good", "web", "has a key that no label can have"),
        ("Example.com/app", "web", "has a key that no label can have"),
        ("/app", "web", "has a key that no label can have"),
        ("app/", "web", "has a key that no label can have"),
        ("a/b/app", "web", "has a key that no label can have"),
        (f"{'a.' * 126}a/app", "web", ""),
        (f"{'a.' * 126}ab/app", "web", "has a key that no label can have"),
    ],
)
def test_a_selector_holds_what_labels_can_be(key: str, value: str, said: str) -> None:
    """Else it would never match anything."""
    found = refusals(service(), selector={key: value})

    assert [text.partition(" ")[2].removeprefix("good'] ") for text in found] == ([said] if said else [])


def test_a_field_is_named_as_set_takes_it() -> None:
    """A key that is no plain word is quoted."""
    (said,) = refusals(service(), selector={"example.com/app": "-"})

    assert said.startswith("spec.selector['example.com/app'] must be")


@pytest.mark.parametrize(
    ("ports", "said"),
    [
        ((port(),), []),
        ((port(name=""),), []),
        ((port(), port(name="web", port=81)), []),
        ((port(), port(name="", port=81)), ["spec.ports[1].name is required where there are several ports"]),
        ((port(), port(port=81)), ["spec.ports[1].name is the same as another's: http"]),
        ((port(name="80"),), []),
        ((port(name=LONG),), []),
        ((port(name=f"{LONG}x"),), [f"spec.ports[0].name {PORT_NAME}"]),
        ((port(name="HTTP"),), [f"spec.ports[0].name {PORT_NAME}"]),
        ((port(name="a.b"),), [f"spec.ports[0].name {PORT_NAME}"]),
        ((port(name="-a"),), [f"spec.ports[0].name {PORT_NAME}"]),
        ((port(port=1),), []),
        ((port(port=65535),), []),
        ((port(port=0),), ["spec.ports[0].port must be between 1 and 65535"]),
        ((port(port=65536),), ["spec.ports[0].port must be between 1 and 65535"]),
        ((port(protocol="SCTP"),), []),
        ((port(protocol="tcp"),), ["spec.ports[0].protocol must be one of SCTP, TCP, UDP"]),
        ((port(), port(name="udp", protocol="UDP")), []),
        ((port(), port(name="web")), ["spec.ports[1] is the same as another one: 80/TCP"]),
        ((port(target_port=65535),), []),
        ((port(target_port=0),), []),
        ((port(target_port=""),), []),
        ((port(target_port=-1),), ["spec.ports[0].targetPort must be between 1 and 65535"]),
        ((port(target_port=65536),), ["spec.ports[0].targetPort must be between 1 and 65535"]),
        ((port(target_port="x" * 15),), []),
        ((port(target_port="80-a"),), []),
        ((port(target_port="x" * 16),), [f"spec.ports[0].targetPort {TARGET}"]),
        ((port(target_port="8080"),), [f"spec.ports[0].targetPort {TARGET}"]),
        ((port(target_port="a--b"),), [f"spec.ports[0].targetPort {TARGET}"]),
        ((port(target_port="a-"),), [f"spec.ports[0].targetPort {TARGET}"]),
        ((port(target_port="Web"),), [f"spec.ports[0].targetPort {TARGET}"]),
        ((), ["spec.ports must have an entry: only a headless Service may have none"]),
    ],
)
def test_ports_have_numbers_names_and_differ(ports: tuple[ServicePort, ...], said: list[str]) -> None:
    """A port is known by its name, else by its number and protocol."""
    assert refusals(service(), ports=ports) == said


def test_a_node_port_is_given_once_for_each_protocol() -> None:
    """A protocol that changes may meet the other's."""
    dns = (ServicePort(name="udp", port=53, protocol="UDP", node_port=30053), port(node_port=30053))
    both = service("web", *dns, type="NodePort")

    assert refusals(both) == []
    assert refusals(both, ports=(dns[0], with_(dns[1], protocol="UDP"))) == [
        "spec.ports[1].nodePort is the same as another's: 30053/UDP"
    ]
    assert refusals(both, ports=(with_(dns[0], node_port=0), with_(dns[1], node_port=0))) == []


def test_a_headless_service_and_an_alias_need_no_port() -> None:
    """Clients get addresses, or a name."""
    assert refusals(headless(), ports=()) == []
    assert refusals(ALIAS) == []


def test_a_protocol_or_type_that_is_emptied_is_the_default() -> None:
    """Not nothing."""
    after = stored(service(type="NodePort"), type="", ports=(port(protocol=""),))

    assert after.spec.type == "ClusterIP"
    assert after.spec.ports == (HTTP,)


@pytest.mark.parametrize(
    ("before", "kind", "said"),
    [
        (service(), "NodePort", []),
        (service(), "LoadBalancer", []),
        (service(type="NodePort"), "ClusterIP", []),
        (service(), "Other", ["spec.type must be one of ClusterIP, ExternalName, LoadBalancer, NodePort"]),
        (
            headless(),
            "NodePort",
            ["spec.type must be ClusterIP where clusterIP is None: the Service is headless"],
        ),
        (service(), "ExternalName", ["spec.externalName is required when the type is ExternalName"]),
    ],
)
def test_a_type_goes_with_the_rest(before: Service, kind: str, said: list[str]) -> None:
    """Or is refused."""
    assert refusals(before, type=kind) == said


def test_source_ranges_hold_a_load_balancer_fast() -> None:
    """Unlike what the server chose itself they are not dropped; the annotation neither."""
    of = service(type="LoadBalancer", load_balancer_source_ranges=("10.0.0.0/8",))
    key = "service.beta.kubernetes.io/load-balancer-source-ranges"
    noted = with_(service(type="LoadBalancer"), metadata__annotations={key: "10.0.0.0/8"})

    assert refusals(of, selector={"app": "api"}) == []
    assert refusals(of, type="ClusterIP") == [
        "spec.loadBalancerSourceRanges may only be used when the type is LoadBalancer"
    ]
    assert refusals(noted, type="NodePort") == [
        f"metadata.annotations['{key}'] may only be used when the type is LoadBalancer"
    ]


def test_an_alias_gives_back_addresses_and_families() -> None:
    """The server drops what it has chosen itself."""
    after = stored(DUAL, type="ExternalName", external_name="api.example")

    spec = after.spec
    assert (spec.cluster_ip, spec.cluster_ips, spec.ip_families, spec.ip_family_policy) == ("", (), (), "")
    assert spec.ports == DUAL.spec.ports
    assert refusals(ALIAS, external_name="b.example.") == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cluster_ip": "10.96.0.11"}, "spec.clusterIP"),
        ({"ip_families": ("IPv6",)}, "spec.ipFamilies"),
        ({"ip_family_policy": "PreferDualStack"}, "spec.ipFamilyPolicy"),
    ],
)
def test_what_is_changed_along_with_it_is_not_dropped(changes: dict[str, object], field: str) -> None:
    """Whoever sets it means it."""
    said = refusals(service(), type="ExternalName", external_name="api.example", **changes)

    assert said == [f"{field} may not be set when the type is ExternalName"]


@pytest.mark.parametrize("name", ["A.example", "a..b", "-a", ".", f"{'a.' * 126}ab"])
def test_an_alias_leads_to_a_domain_name(name: str) -> None:
    """Of DNS."""
    said = refusals(ALIAS, external_name=name)

    assert said == [
        "spec.externalName is required when the type is ExternalName"
        if name == "."
        else "spec.externalName must be a domain name in lower case"
    ]


@pytest.mark.parametrize("before", [service(), headless()])
def test_an_address_does_not_change(before: Service) -> None:
    """Once it is set; emptied, it is put back."""
    assert refusals(before, cluster_ip="10.96.0.11") == ["spec.clusterIP may not change once set"]
    assert stored(before, cluster_ip="") == before


def test_a_manifest_without_an_address_may_choose_one() -> None:
    """It was never applied."""
    unapplied = service(cluster_ip="", cluster_ips=(), ip_families=(), ip_family_policy="")

    assert stored(unapplied, cluster_ip="None").headless


@pytest.mark.parametrize(
    ("before", "families", "policy", "said"),
    [
        (DUAL, ("IPv4",), "SingleStack", []),
        (DUAL, ("IPv4", "IPv6"), "PreferDualStack", []),
        (service(), ("IPv5",), "SingleStack", ["spec.ipFamilies must be one of IPv4, IPv6"]),
        (service(), ("IPv4", "IPv4"), "RequireDualStack", ["spec.ipFamilies may name each family once"]),
        (
            service(),
            ("IPv4",),
            "Other",
            ["spec.ipFamilyPolicy must be one of PreferDualStack, RequireDualStack, SingleStack"],
        ),
        (
            service(),
            ("IPv4", "IPv6"),
            "SingleStack",
            ["spec.ipFamilyPolicy must be PreferDualStack or RequireDualStack with two families"],
        ),
        (
            DUAL,
            ("IPv4",),
            "RequireDualStack",
            ["spec.ipFamilyPolicy must be SingleStack where a family is given up"],
        ),
        (service(), ("IPv6",), "SingleStack", ["spec.ipFamilies may not change once set"]),
        (DUAL, ("IPv6", "IPv4"), "RequireDualStack", ["spec.ipFamilies may not change once set"]),
        (headless(), ("IPv6",), "SingleStack", []),
        (
            headless(ip_families=("IPv4", "IPv6"), ip_family_policy="RequireDualStack"),
            ("IPv6", "IPv4"),
            "SingleStack",
            ["spec.ipFamilyPolicy must be PreferDualStack or RequireDualStack with two families"],
        ),
    ],
)
def test_families_come_and_go_behind_the_first(
    before: Service, families: tuple[str, ...], policy: str, said: list[str]
) -> None:
    """The first one has the address; a headless Service has none."""
    if said and said[0].startswith("spec.ipFamilies must"):
        said = [*said, "spec.ipFamilies may not change once set"]

    assert refusals(before, ip_families=families, ip_family_policy=policy) == said


def test_a_single_stack_drops_the_second_family() -> None:
    """With its address; the policy alone says so."""
    spec = stored(DUAL, ip_family_policy="SingleStack").spec

    assert (spec.ip_families, spec.cluster_ips) == (("IPv4",), ("10.96.0.10",))


def test_a_policy_and_families_that_are_emptied_are_put_back() -> None:
    """From what is there."""
    assert stored(DUAL, ip_family_policy="") == DUAL
    assert stored(DUAL, ip_families=()) == DUAL


@pytest.mark.parametrize(
    ("before", "changes"),
    [
        (ALIAS, {"type": "ClusterIP", "ports": (HTTP,)}),
        (headless(), {"ip_families": ()}),
        (service(), {"ip_family_policy": "PreferDualStack"}),
        (service(), {"ip_family_policy": "RequireDualStack"}),
        (service(ip_family_policy="PreferDualStack"), {"type": "NodePort"}),
        (service(ip_family_policy="PreferDualStack"), {"ip_families": ("IPv4", "IPv6")}),
        (service(), {"ip_families": ("IPv4", "IPv6"), "ip_family_policy": "RequireDualStack"}),
        (GIVEN_BOTH, {"selector": {"app": "web"}}),
    ],
)
def test_what_the_server_alone_knows_is_undecided(before: Service, changes: dict[str, object]) -> None:
    """Neither refused nor guessed."""
    with pytest.raises(UndecidedError, match="the API server alone knows"):
        stored(before, **changes)


def test_both_families_that_were_given_without_a_selector_stay() -> None:
    """Whatever the cluster has, as long as there is none."""
    assert stored(GIVEN_BOTH, publish_not_ready_addresses=True).spec.ip_families == ("IPv4", "IPv6")


def test_a_selector_comes_and_goes_where_both_families_are_known() -> None:
    """A headless Service with a selector has both only where the cluster has."""
    before = headless(
        ip_families=("IPv4", "IPv6"), ip_family_policy="RequireDualStack", selector={"app": "web"}
    )

    assert stored(before, selector={}).spec.ip_families == ("IPv4", "IPv6")


def test_a_single_family_that_could_be_two_stays_so() -> None:
    """As long as nothing about families changes."""
    before = service(ip_family_policy="PreferDualStack")

    assert stored(before, selector={"app": "api"}).spec.ip_families == ("IPv4",)


def test_what_was_taken_before_is_no_reason_now() -> None:
    """Older servers had other rules; only what is new is judged."""
    old = service("web", port(name="HTTP"), OTHER)

    assert refusals(old, selector={"app": "api"}) == []
    assert refusals(old, ports=(port(name="Http"), OTHER)) == [f"spec.ports[0].name {PORT_NAME}"]
