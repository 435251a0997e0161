"""Changes of one port of a Service, guarded against a list that has changed meanwhile."""

from kubesvc.model.change import Change, Op, Path
from kubesvc.model.objects import Service


def port_change(service: Service, position: int, field: str, value: int | str) -> Change:
    """Return the change of a field, by its API name, that every stored port has, of the port at a position.

    It tests the port's name: one number may be there twice, for two protocols, and then names are required
    (validation.go, ValidateService). A port without a name is the only one.
    """
    port = service.spec.ports[position]
    path: Path = ("spec", "ports", position)
    guard = ((*path, "name"), port.name) if port.name else ((*path, "port"), port.port)
    return Change(service.ref, (Op((*path, field), value, guard),))
