"""KSV106: two Services lead to the same pods, at the same ports, in the same way."""

from collections.abc import Iterator
from typing import Final

from kubesvc.analyzer.differences import HASHES, RELEASES
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model import derived, selector
from kubesvc.model.objects import Service
from kubesvc.model.report import Effect, Finding, Row
from kubesvc.semantics import endpoints
from kubesvc.semantics.ports import target


@rule("KSV106", "same-selector-twice", since="0.1")
def same_selector_twice(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report two Services of a namespace that do the same.

    What it means
        Another Service of the namespace has the same selector, type and settings, and its ports lead to the
        same target ports. One of them may be left of a rename; whoever changes or deletes one may not know of
        the clients of the other. Told only where the other Service was read along, as one of several that
        were asked about.

    How to confirm
        `kubectl get services -o wide` shows the selectors side by side.

    How to fix
        Nothing has to be. Where one is a leftover, move its clients and delete it.

    When this is fine
        The second name is there on purpose, for clients that cannot be changed. Services that differ in type,
        ports, headlessness or any setting, and those that a controller or one release made, are not
        reported.
    """
    service = view.service
    if view.simulated or not _is_plain(service):
        return
    for other in _others(view):
        if not _is_plain(other) or _does(other) != _does(service) or _are_on_purpose(other, service):
            continue
        rows = (
            Row("selector", f"both select {selector.show(service.spec.selector)}", "spec.selector"),
            Row("ports", f"both lead to {_ports(service)}", "spec.ports"),
        )
        place = view.place._replace(field="spec.selector")
        yield this.finding(view, f"{other.ref} does the same", [place], other.ref, rows, effect=Effect.ADVICE)


def _others(view: ServiceView) -> Iterator[Service]:
    """Yield the other Services of the namespace that are there: this is not worth a request of its own."""
    for ref, obj in sorted(view.snapshot.objects.items()):
        if isinstance(obj, Service) and ref.namespace == view.ref.namespace and ref != view.ref:
            yield obj


def _is_plain(service: Service) -> bool:
    """Tell whether a Service selects pods by lasting labels, and no controller made it."""
    meta = service.metadata
    lasting = endpoints.managed(service) and not HASHES & service.spec.selector.keys()
    return lasting and not meta.owner_references and meta.deletion_timestamp is None


_WRITERS: Final = ("meta.helm.sh/", "argocd.argoproj.io/", "kustomize.toolkit.fluxcd.io/", derived.PREFIX)
"""Annotations that tell who wrote a Service, not what it does."""


def _does(service: Service) -> object:
    """Return what tells Services apart: everything but names, addresses and who is asked for which port."""
    spec = service.spec
    return (
        spec.type,
        service.headless,
        spec.selector,
        {(port.protocol, port.port, target(port)) for port in spec.ports},
        (spec.internal_traffic_policy, spec.external_traffic_policy, spec.traffic_distribution),
        (spec.session_affinity, spec.publish_not_ready_addresses, spec.ip_families),
        (spec.load_balancer_class, spec.load_balancer_source_ranges, spec.external_ips),
        {key: value for key, value in service.metadata.annotations.items() if not key.startswith(_WRITERS)},
    )


def _are_on_purpose(one: Service, other: Service) -> bool:
    """Tell whether one release made both, or two releases made one each; that these mix is another cause."""
    annotations, labels = one.metadata.annotations, one.metadata.labels
    release = "meta.helm.sh/release-name"
    if annotations.get(release) and annotations[release] == other.metadata.annotations.get(release):
        return True
    others = other.metadata.labels
    return any(key in labels and key in others and labels[key] != others[key] for key in RELEASES)


def _ports(service: Service) -> str:
    return (
        ", ".join(f"{target(port)}/{port.protocol}" for port in service.spec.ports) or "the pods' addresses"
    )
