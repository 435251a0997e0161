"""The lower part of the tree: how traffic is spread, what labels the Service, what happened to it."""

from collections.abc import Iterator, Mapping

from kubesvc.analyzer import exposure, wording
from kubesvc.analyzer.view import ServiceView
from kubesvc.model import derived
from kubesvc.model.report import Line, LineKind, Mark

_MOST_EVENTS = 5
_AFFINITY_SECONDS = 10800  # defaults.go, SetDefaults_Service


def lines(view: ServiceView) -> Iterator[Line]:
    """Yield the lines about everything but addresses, ports, selector and slices."""
    yield from _traffic(view)
    yield from _labels(view)
    yield from _events(view)


def _traffic(view: ServiceView) -> Iterator[Line]:
    spec = view.service.spec
    if spec.session_affinity == "ClientIP":
        seconds = spec.session_affinity_config.client_ip.timeout_seconds or _AFFINITY_SECONDS
        default = ", the default" if seconds == _AFFINITY_SECONDS else ""
        yield Line(
            LineKind.AFFINITY,
            view.place,
            "Affinity",
            f"ClientIP for {seconds} s{default}: one client, one endpoint",
        )
    elif spec.type != "ExternalName":
        yield Line(
            LineKind.AFFINITY,
            view.place,
            "Affinity",
            "None (the default): each connection may reach another pod",
        )
    policies = list(exposure.policies(view.service))
    if policies:
        yield Line(LineKind.TRAFFIC, view.place, "Traffic", ", ".join(policies))
    if spec.publish_not_ready_addresses:
        value = "publishNotReadyAddresses: pods get traffic before and without being Ready"
        yield Line(LineKind.PUBLISH, view.place, "Publish", value, Mark.WARN, "unready pods are served")


def _labels(view: ServiceView) -> Iterator[Line]:
    meta = view.service.metadata
    if meta.labels:
        yield Line(LineKind.LABELS, view.place, "Labels", _pairs(meta.labels))
    if meta.annotations:
        shown = {key: value for key, value in meta.annotations.items() if not key.startswith(derived.PREFIX)}
        if shown:
            yield Line(
                LineKind.ANNOTATIONS, view.place, "Annotations", _pairs(shown, empty=" (value not read)")
            )
    for entry in view.service.status.conditions:
        value = f"{entry.type}={entry.status} {entry.reason}: {entry.message}".rstrip(": ")
        yield Line(LineKind.CONDITIONS, view.place, "Condition", value)
    if meta.deletion_timestamp:
        held = f", held by {', '.join(meta.finalizers)}" if meta.finalizers else ""
        since = wording.ago(meta.deletion_timestamp, view.now)
        yield Line(
            LineKind.DELETION, view.place, "Deletion", f"asked for {since}{held}", Mark.WARN, "terminating"
        )


def _pairs(pairs: Mapping[str, str], empty: str = "=") -> str:
    """Write each pair as one word, so that a line breaks between them."""
    return ", ".join(f"{key}={value}" if value else f"{key}{empty}" for key, value in sorted(pairs.items()))


def _events(view: ServiceView) -> Iterator[Line]:
    events = view.optional(lambda: view.events)
    if events is None:
        yield Line(LineKind.EVENTS, view.place, "Events", "", Mark.WARN, "not read")
        return
    if not events:
        yield Line(LineKind.EVENTS, view.place, "Events", "none (they are kept for an hour)")
        return
    children = tuple(
        Line(
            LineKind.EVENT,
            view.place,
            event.reason,
            event.message,
            mark=Mark.WARN if event.type == "Warning" else Mark.NONE,
            state=", ".join(
                (
                    event.type,
                    wording.count(event.times, "time"),
                    f"last {wording.ago(event.last_seen, view.now)}",
                )
            ),
            details=(event.source.component or event.reporting_component,),
        )
        for event in events[-_MOST_EVENTS:]
    )
    more = len(events) - len(children)
    yield Line(
        LineKind.EVENTS,
        view.place,
        "Events",
        f"the last {len(children)} of {len(events)}" if more else "",
        children=children,
    )
