"""KSV208: an appProtocol or a port name that says what cannot be meant."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from kubesvc.analyzer import commands, spoken
from kubesvc.analyzer.facts import PortFacts
from kubesvc.analyzer.port_changes import port_change
from kubesvc.analyzer.rule import Rule, rule
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.objects import ServicePort
from kubesvc.model.report import Confidence, Effect, Finding, Fix, Row
from kubesvc.semantics.ports import target

_FIELD: Final = "spec.ports[].appProtocol"
_MEANT: Final = {
    "h2c": "kubernetes.io/h2c",
    "http2": "kubernetes.io/h2c",
    "http": "http",
    "https": "https",
    "ws": "kubernetes.io/ws",
    "websocket": "kubernetes.io/ws",
    "wss": "kubernetes.io/wss",
}
"""What a word after the prefix, or without it, probably means."""
_UNPREFIXED: Final = frozenset({"h2c", "ws", "wss", "websocket"})
"""Words that mean a protocol which Kubernetes defines with its prefix."""


@rule("KSV208", "port-conventions", since="0.1")
def port_conventions(this: Rule, view: ServiceView) -> Iterator[Finding]:
    """Report an application protocol that nobody knows, or that cannot run over the port's protocol.

    What it means
        `appProtocol` tells gateways, meshes and load balancers what is spoken on a port; kube-proxy ignores
        it. Words without a prefix are names of IANA's registry, those with `kubernetes.io/` are defined by
        Kubernetes: h2c, ws and wss, and no others. A word that is neither is taken for an unknown protocol,
        which mostly means plain TCP. And a port for UDP that is called http leads no HTTP client anywhere.

    How to confirm
        Look up which values the gateway or mesh in use takes; those of Kubernetes are listed by `kubectl
        explain service.spec.ports.appProtocol`.

    How to fix
        Write the defined value; set the protocol to TCP, or give the port another name.

    When this is fine
        The implementation in use takes the word all the same.
    """
    for facts in view.ports:
        if facts.port is None:
            continue
        for odd in _odd(facts, facts.port):
            yield this.finding(
                view,
                odd.headline,
                [view.place._replace(port=facts.port.key)],
                view.ref,
                odd.rows,
                fixes=_fixes(view, facts.port, odd),
                confidence=odd.confidence,
                effect=Effect.ADVICE,
            )


class _Odd(Struct, frozen=True):
    """What a port says; `value` is what `field` should be, if that is known."""

    headline: str
    rows: tuple[Row, ...]
    confidence: Confidence
    field: str
    value: str


def _odd(facts: PortFacts, port: ServicePort) -> Iterator[_Odd]:
    said, word = port.app_protocol, spoken.word(port)
    defined = Row("defined", ", ".join(spoken.DEFINED), _FIELD)
    if said.startswith(spoken.PREFIX) and said not in spoken.DEFINED:
        headline = f"appProtocol {said} of port {port.key} is none that Kubernetes defines"
        yield _Odd(headline, (defined,), Confidence.PROOF, "appProtocol", _MEANT.get(word, ""))
    elif said and said not in spoken.DEFINED and word in _UNPREFIXED:
        headline = f"appProtocol {said} of port {port.key} lacks the prefix {spoken.PREFIX}"
        note = Row("note", f"some implementations take {said} all the same", _FIELD)
        yield _Odd(headline, (defined, note), Confidence.LIKELY, "appProtocol", _MEANT[word])
    # A named target of another protocol leads nowhere: that is told by itself (KSV201).
    resolved = isinstance(target(port), int) or any(cell.number for cell in facts.cells)
    if port.protocol != "TCP" and spoken.runs_over_tcp(port) and resolved:
        headline = f"port {port.key} is for {port.protocol}, and {word} runs over TCP"
        row = Row("appProtocol", said, _FIELD) if said else Row("name", port.name, "spec.ports[].name")
        yield _Odd(headline, (row,), Confidence.LIKELY, "protocol", "TCP")


def _fixes(view: ServiceView, port: ServicePort, odd: _Odd) -> Iterator[Fix]:
    known = {(other.port, other.protocol) for other in view.service.spec.ports}
    if not odd.value or (odd.field == "protocol" and (port.port, odd.value) in known):
        return
    change = port_change(view.service, view.service.spec.ports.index(port), odd.field, odd.value)
    yield Fix(
        title=f"{odd.field} {odd.value}",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
    )
