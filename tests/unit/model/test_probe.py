"""What a container's probes ask."""

import pytest

from kubesvc.model.objects import Container, ExecAction, GRPCAction, HTTPGetAction, Probe, TCPSocketAction

HTTP = Probe(http_get=HTTPGetAction(port="http"))
TCP = Probe(tcp_socket=TCPSocketAction(port=8080))
GRPC = Probe(grpc=GRPCAction(port=9000))
COMMAND = Probe(exec=ExecAction())


@pytest.mark.parametrize(("probe", "port"), [(HTTP, "http"), (TCP, 8080), (GRPC, 9000), (COMMAND, None)])
def test_a_probe_of_the_network_asks_a_port(probe: Probe, port: int | str | None) -> None:
    """By name or number; a command asks none."""
    assert probe.asks == port


def test_a_container_has_the_probes_that_are_written() -> None:
    """Whatever for, and none that is not there."""
    assert Container(readiness_probe=HTTP, liveness_probe=TCP, startup_probe=GRPC).probes == (HTTP, TCP, GRPC)
    assert Container(liveness_probe=TCP).probes == (TCP,)
    assert Container().probes == ()
