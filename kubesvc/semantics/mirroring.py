"""What the mirroring controller writes for a Service without a selector (endpointslicemirroring).

It copies the Endpoints object of the Service's name, one slice per port list and family.
"""

from collections.abc import Iterator
from typing import Final

from kubesvc.model.objects import (
    Endpoint,
    EndpointAddress,
    EndpointConditions,
    EndpointPort,
    Endpoints,
    EndpointSlice,
    Metadata,
    OwnerReference,
    Service,
    SubsetPort,
)
from kubesvc.semantics.addresses import canonical, family_of
from kubesvc.semantics.endpoints import MANAGED_BY, SERVICE_NAME

CONTROLLER: Final = "endpointslicemirroring-controller.k8s.io"
SKIP: Final = "endpointslice.kubernetes.io/skip-mirror"
LEADER: Final = "control-plane.alpha.kubernetes.io/leader"
WRITER: Final = "endpoints.kubernetes.io/managed-by"
"""The label, since 1.33, of the Endpoints objects that a controller writes for Services with a selector."""
MAX_ADDRESSES: Final = 1000
"""Addresses that are copied of one subset by default (`--mirroring-max-endpoints-per-subset`)."""

_NOT_COPIED: Final = (
    "endpoints.kubernetes.io/last-change-trigger-time",
    "kubectl.kubernetes.io/last-applied-configuration",
)


def mirrored(service: Service, endpoints: Endpoints | None) -> bool:
    """Tell whether the Endpoints object is copied (endpointslicemirroring_controller.go, syncEndpoints).

    The type of the Service is not looked at: only that it has no selector.
    """
    return (
        endpoints is not None
        and not service.spec.selector
        and endpoints.metadata.labels.get(SKIP) != "true"
        and LEADER not in endpoints.metadata.annotations
    )


def is_leftover(endpoints: Endpoints) -> bool:
    """Tell whether an Endpoints object was written for a selector (endpoints_controller.go, syncService).

    Without it nobody renews the object; but its copies stay, and are the same ever after.
    """
    return endpoints.metadata.labels.get(WRITER) == "endpoint-controller"


def is_mirror(entry: EndpointSlice) -> bool:
    """Tell whether the mirroring controller acts on this slice: by its label alone."""
    return entry.metadata.labels.get(MANAGED_BY) == CONTROLLER


def sync(
    service: Service, endpoints: Endpoints | None, existing: tuple[EndpointSlice, ...]
) -> tuple[EndpointSlice, ...]:
    """Return what a sync leaves of the slices of a Service: its own are those of `endpoints`, others stay.

    Without an Endpoints object that is mirrored, or with a selector, none of its own is left (syncEndpoints).
    """
    others = tuple(entry for entry in existing if not is_mirror(entry))
    if endpoints is None or not mirrored(service, endpoints):
        return others
    return (*others, *slices(endpoints))


def slices(endpoints: Endpoints) -> tuple[EndpointSlice, ...]:
    """Return the copies (reconciler.go, reconcile): none where there is no address. Names are ours.

    Repacked, ports of one name may come together: the API server refuses such a slice, for ever. Which others
    the controller has written before that is left to chance; here it is all of them.
    """
    groups: dict[tuple[str, frozenset[EndpointPort]], list[Endpoint]] = {}
    for addresses, ports in _repacked(endpoints):
        if len({port.name for port in ports}) < len(ports):
            continue
        for address, ready in sorted(addresses, key=lambda entry: not entry[1])[:MAX_ADDRESSES]:
            group = groups.setdefault((family_of(address.ip), frozenset(ports)), [])
            group.append(_endpoint(address, ready=ready))
    return tuple(
        EndpointSlice(
            metadata=_metadata(endpoints, number),
            address_type=family,
            endpoints=tuple(members),
            ports=tuple(sorted(ports, key=lambda port: (port.name or "", port.protocol))),
        )
        for number, ((family, ports), members) in enumerate(groups.items(), start=1)
    )


_Addresses = tuple[tuple[EndpointAddress, bool], ...]


def _repacked(endpoints: Endpoints) -> Iterator[tuple[_Addresses, tuple[EndpointPort, ...]]]:
    """Regroup subsets so that each set of addresses is there once (api/v1/endpoints/util.go, RepackSubsets).

    An address is known by its IP and target; as it is first seen it is copied everywhere. Per port, not ready
    trumps ready. A port with an app protocol is another in each subset: upstream compares the pointers.
    """
    known: dict[tuple[str, str], EndpointAddress] = {}
    by_port: dict[tuple[EndpointPort | None, int], dict[tuple[str, str], bool]] = {}
    for number, subset in enumerate(endpoints.subsets, start=1):
        ready = [(address, True) for address in subset.addresses]
        unready = [(address, False) for address in subset.not_ready_addresses]
        listed: list[EndpointPort | None] = [_port(port) for port in subset.ports]
        for port in listed or [None]:
            apart = number if port and port.app_protocol else 0
            here = by_port.setdefault((port, apart), {})
            for address, is_ready in (*ready, *unready):
                key = (address.ip, address.target_ref.uid if address.target_ref else "")
                known.setdefault(key, address)
                here[key] = here.get(key, True) and is_ready
    grouped: dict[frozenset[tuple[tuple[str, str], bool]], list[EndpointPort]] = {}
    for (shared, _), addresses in by_port.items():
        joined = grouped.setdefault(frozenset(addresses.items()), [])
        if shared is not None:
            joined.append(shared)
    for members, ports in grouped.items():
        yield tuple((known[key], ready) for key, ready in sorted(members)), tuple(ports)


def _port(port: SubsetPort) -> EndpointPort:
    return EndpointPort(
        name=port.name, protocol=port.protocol, port=port.port, app_protocol=port.app_protocol
    )


def _endpoint(address: EndpointAddress, *, ready: bool) -> Endpoint:
    """Copy an address (utils.go, addressToEndpoint): of the conditions only `ready` is set."""
    return Endpoint(
        addresses=(canonical(address.ip),),
        conditions=EndpointConditions(ready=ready),
        hostname=address.hostname,
        target_ref=address.target_ref,
        node_name=address.node_name,
    )


def _metadata(endpoints: Endpoints, number: int) -> Metadata:
    """Copy labels and annotations (utils.go, newEndpointSlice)."""
    meta = endpoints.metadata
    owner = OwnerReference(kind="Endpoints", name=meta.name, uid=meta.uid, api_version="v1", controller=True)
    return Metadata(
        name=f"{meta.name}-mirror-{number}",
        namespace=meta.namespace,
        labels={**meta.labels, SERVICE_NAME: meta.name, MANAGED_BY: CONTROLLER},
        annotations={key: value for key, value in meta.annotations.items() if key not in _NOT_COPIED},
        owner_references=(owner,),
    )
