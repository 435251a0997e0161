"""What the API server makes of a changed Service: what it puts back or drops, and what it refuses.

As far as the fields decide endpoints (pkg/registry/core/service/strategy.go and storage/, pkg/apis/core
validation/validation.go). Policies and webhooks of a cluster may refuse more.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from msgspec.structs import replace

from kubesvc.model.change import show
from kubesvc.model.objects import Service, ServicePort, ServiceSpec

ALIAS: Final = "ExternalName"
_TYPES: Final = ("ClusterIP", ALIAS, "LoadBalancer", "NodePort")
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_FAMILIES: Final = ("IPv4", "IPv6")
_SINGLE: Final = "SingleStack"
_POLICIES: Final = ("PreferDualStack", "RequireDualStack", _SINGLE)
_SOURCE_RANGES: Final = "service.beta.kubernetes.io/load-balancer-source-ranges"

_PORTS: Final = range(1, 65536)
_LONGEST: Final = 63
_LONGEST_PORT_NAME: Final = 15
_LONGEST_DOMAIN: Final = 253
_NAME: Final = re.compile("[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_DNS_LABEL: Final = re.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_DOMAIN: Final = re.compile(rf"{_DNS_LABEL.pattern}(\.{_DNS_LABEL.pattern})*")
_PORT_NAME: Final = re.compile("(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")

_IMMUTABLE: Final = "may not change once set"


class Refusal(NamedTuple):
    """A field, why the API server does not take its value, and that value."""

    field: str
    reason: str
    value: object

    def __str__(self) -> str:
        return f"{self.field} {self.reason}"


class RefusedError(ValueError):
    """The API server would refuse a change."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        """Carry every reason."""
        super().__init__("; ".join(map(str, refusals)))
        self.refusals = refusals


class UndecidedError(ValueError):
    """What the API server would make of a change depends on what it alone knows."""


def admitted(before: Service, after: Service) -> Service:
    """Return what is stored where `after` is written over `before`.

    Raises:
        RefusedError: It would not be taken.
        UndecidedError: The server would choose an address, or IP families that it alone knows.
    """
    stored = replace(after, spec=_completed(before.spec, _defaulted(after.spec)))
    # What is there was taken once, by whatever rules: only a new complaint counts.
    known = set(_refusals(before, before))
    refusals = tuple(refusal for refusal in _refusals(before, stored) if refusal not in known)
    if refusals:
        raise RefusedError(refusals)
    _ensure_known(before.spec, stored.spec)
    return stored


def _defaulted(spec: ServiceSpec) -> ServiceSpec:
    """Fill in what was emptied (defaults.go, SetDefaults_Service); what is absent has its default here."""
    ports = tuple(port if port.protocol else replace(port, protocol="TCP") for port in spec.ports)
    return replace(spec, type=spec.type or "ClusterIP", ports=ports)


def _completed(before: ServiceSpec, after: ServiceSpec) -> ServiceSpec:
    """Put back what the server had chosen, or drop it with the type.

    (storage.go, patchAllocatedValues; alloc.go, initIPFamilyFields; strategy.go, dropTypeDependentFields:
    what was changed along with the type is not dropped, and then refused.)
    """
    same_families = after.ip_families == before.ip_families
    if after.type == ALIAS:
        same_address = after.cluster_ip == before.cluster_ip
        same_policy = after.ip_family_policy == before.ip_family_policy
        return replace(
            after,
            cluster_ip="" if same_address else after.cluster_ip,
            cluster_ips=(),
            ip_families=() if same_families else after.ip_families,
            ip_family_policy="" if same_policy else after.ip_family_policy,
        )
    kept = replace(
        after,
        cluster_ip=after.cluster_ip or before.cluster_ip,
        ip_family_policy=after.ip_family_policy or before.ip_family_policy,
    )
    if not kept.ip_families and before.cluster_ip != "None":
        return replace(kept, ip_families=before.ip_families)  # inferred from the addresses
    if kept.ip_family_policy == _SINGLE != before.ip_family_policy and same_families:
        return replace(kept, cluster_ips=kept.cluster_ips[:1], ip_families=kept.ip_families[:1])
    return kept


def _ensure_known(before: ServiceSpec, after: ServiceSpec) -> None:
    if after.type == ALIAS:
        return
    if before.type == ALIAS:
        raise UndecidedError(
            "which address and IP family an alias would be given, the API server alone knows"
        )
    if before.ip_families and not after.ip_families:
        raise UndecidedError("which IP family is the default, the API server alone knows")
    if after.ip_family_policy in ("", _SINGLE) or _has_both(before):
        return
    # What has but a single family, or was given both whatever the cluster has, stays so until that changes.
    if _stack(before) != _stack(after) or _is_given_both(before) != _is_given_both(after):
        raise UndecidedError("whether there is a second IP family for Services, the API server alone knows")


def _has_both(spec: ServiceSpec) -> bool:
    """Whether a Service proves that the cluster has two families for Services."""
    return len(spec.ip_families) == len(_FAMILIES) and not _is_given_both(spec)


def _is_given_both(spec: ServiceSpec) -> bool:
    """Whether both families are given without a look at the cluster (alloc.go, initIPFamilyFields)."""
    return spec.cluster_ip == "None" and not spec.selector


def _stack(spec: ServiceSpec) -> tuple[str, str, tuple[str, ...]]:
    return spec.type, spec.ip_family_policy, spec.ip_families


def _refusals(before: Service, after: Service) -> Iterator[Refusal]:
    """Yield what validation complains about (ValidateServiceUpdate)."""
    spec = after.spec
    if spec.type not in _TYPES:
        yield Refusal("spec.type", _one_of(_TYPES), spec.type)
        return
    yield from _of_selector(spec)
    yield from _of_ports(spec)
    yield from _of_alias(spec) if spec.type == ALIAS else _of_addresses(before.spec, spec)
    if spec.type != "LoadBalancer":
        noted = after.metadata.annotations.get(_SOURCE_RANGES)
        for field, given in (
            ("spec.loadBalancerSourceRanges", spec.load_balancer_source_ranges or None),
            (show(("metadata", "annotations", _SOURCE_RANGES)), noted),
        ):
            if given is not None:
                yield Refusal(field, "may only be used when the type is LoadBalancer", given)


def _one_of(values: tuple[str, ...]) -> str:
    return f"must be one of {', '.join(values)}"


def _of_selector(spec: ServiceSpec) -> Iterator[Refusal]:
    """Look at keys and values as at those of labels (ValidateLabels)."""
    for key, value in spec.selector.items():
        prefix, slash, name = key.rpartition("/")
        named = _NAME.fullmatch(name) and len(name) <= _LONGEST
        if not named or (slash and not _is_domain(prefix)):
            yield Refusal(show(("spec", "selector", key)), "has a key that no label can have", value)
        if value and not (_NAME.fullmatch(value) and len(value) <= _LONGEST):
            yield Refusal(
                show(("spec", "selector", key)),
                f"must be a label's value: up to {_LONGEST} letters, digits, '-', '_' or '.', first and last "
                "a letter or digit",
                value,
            )


def _is_domain(text: str) -> bool:
    return _DOMAIN.fullmatch(text) is not None and len(text) <= _LONGEST_DOMAIN


def _of_ports(spec: ServiceSpec) -> Iterator[Refusal]:
    """Look at each port, and for two that are the same (validateServicePort, validateService)."""
    if not spec.ports and spec.type != ALIAS and spec.cluster_ip != "None":
        yield Refusal("spec.ports", "must have an entry: only a headless Service may have none", ())
    for at, port in enumerate(spec.ports):
        here, others = f"spec.ports[{at}]", spec.ports[:at]
        yield from _of_port(here, port, named=len(spec.ports) > 1)
        if port.name and port.name in {other.name for other in others}:
            yield Refusal(f"{here}.name", f"is the same as another's: {port.name}", port.name)
        if (port.port, port.protocol) in {(other.port, other.protocol) for other in others}:
            yield Refusal(here, f"is the same as another one: {port.port}/{port.protocol}", port.port)
        if port.node_port and (port.node_port, port.protocol) in {(o.node_port, o.protocol) for o in others}:
            yield Refusal(
                f"{here}.nodePort", f"is the same as another's: {port.node_port}/{port.protocol}", 0
            )


def _of_port(here: str, port: ServicePort, *, named: bool) -> Iterator[Refusal]:
    if named and not port.name:
        yield Refusal(f"{here}.name", "is required where there are several ports", "")
    if port.name and not (_DNS_LABEL.fullmatch(port.name) and len(port.name) <= _LONGEST):
        yield Refusal(
            f"{here}.name",
            f"must be up to {_LONGEST} lower case letters, digits or '-', first and last a letter or digit",
            port.name,
        )
    if port.port not in _PORTS:
        yield Refusal(f"{here}.port", "must be between 1 and 65535", port.port)
    if port.protocol not in _PROTOCOLS:
        yield Refusal(f"{here}.protocol", _one_of(_PROTOCOLS), port.protocol)
    target = port.target_port
    if isinstance(target, int):
        if target and target not in _PORTS:
            yield Refusal(f"{here}.targetPort", "must be between 1 and 65535", target)
    elif target and not (_PORT_NAME.fullmatch(target) and len(target) <= _LONGEST_PORT_NAME):
        yield Refusal(
            f"{here}.targetPort",
            f"must be a number, or a name: up to {_LONGEST_PORT_NAME} lower case letters, digits and single "
            "'-', at least one letter",
            target,
        )


def _of_alias(spec: ServiceSpec) -> Iterator[Refusal]:
    """An alias has a name, and nothing that belongs to an address (validateService)."""
    name = spec.external_name.removesuffix(".")
    if not name:
        yield Refusal("spec.externalName", "is required when the type is ExternalName", name)
    elif not _is_domain(name):
        yield Refusal("spec.externalName", "must be a domain name in lower case", name)
    for field, given in (
        ("spec.clusterIP", spec.cluster_ip),
        ("spec.ipFamilies", spec.ip_families),
        ("spec.ipFamilyPolicy", spec.ip_family_policy),
    ):
        if given:
            yield Refusal(field, "may not be set when the type is ExternalName", given)


def _of_addresses(before: ServiceSpec, after: ServiceSpec) -> Iterator[Refusal]:
    """Look at what a virtual address and its families may become (validateUpgradeDowngrade…)."""
    if after.cluster_ip == "None" and after.type != "ClusterIP":
        yield Refusal(
            "spec.type", "must be ClusterIP where clusterIP is None: the Service is headless", after.type
        )
    if before.cluster_ip and after.cluster_ip != before.cluster_ip:
        yield Refusal("spec.clusterIP", _IMMUTABLE, after.cluster_ip)
    families, policy = after.ip_families, after.ip_family_policy
    if any(family not in _FAMILIES for family in families):
        yield Refusal("spec.ipFamilies", _one_of(_FAMILIES), families)
    elif len(set(families)) < len(families):
        yield Refusal("spec.ipFamilies", "may name each family once", families)
    if policy not in ("", *_POLICIES):
        yield Refusal("spec.ipFamilyPolicy", _one_of(_POLICIES), policy)
    elif policy == _SINGLE and len(families) > 1:
        yield Refusal(
            "spec.ipFamilyPolicy", "must be PreferDualStack or RequireDualStack with two families", policy
        )
    elif policy != _SINGLE and families and len(families) < len(before.ip_families):
        yield Refusal("spec.ipFamilyPolicy", "must be SingleStack where a family is given up", policy)
    if after.cluster_ip != "None" and any(
        old != new for old, new in zip(before.ip_families, families, strict=False)
    ):
        yield Refusal("spec.ipFamilies", _IMMUTABLE, families)
