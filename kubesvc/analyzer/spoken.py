"""What is spoken on a Service port: its appProtocol, else what its name begins with. Nobody checks either."""

from typing import Final

from kubesvc.model.objects import ServicePort

PREFIX: Final = "kubernetes.io/"
DEFINED: Final = ("kubernetes.io/h2c", "kubernetes.io/ws", "kubernetes.io/wss")
"""The application protocols that Kubernetes defines (api/core/v1/types.go, ServicePort.AppProtocol)."""
_OVER_TCP: Final = frozenset({"http", "http2", "h2c", "grpc", "ws", "wss"})
"""Application protocols that run over TCP alone; HTTPS has a successor over UDP."""


def word(port: ServicePort) -> str:
    """Return the application protocol in lower case, without the prefix; a name by its first part."""
    return port.app_protocol.removeprefix(PREFIX).lower() or port.name.partition("-")[0]


def runs_over_tcp(port: ServicePort) -> bool:
    """Tell whether what is spoken runs over TCP alone."""
    return word(port) in _OVER_TCP
