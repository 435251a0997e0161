"""A Service that asks for one pod of a StatefulSet by its number, and has none."""

from collections.abc import Iterator, Mapping

from kubesvc.analyzer import commands, wording, workloads
from kubesvc.model.change import Change, Op
from kubesvc.model.objects import Workload
from kubesvc.model.report import Confidence, Fix, Row


def row(of: Workload, requirements: Mapping[str, str]) -> Row:
    """Say which pod is asked for, and from how many replicas on there is one."""
    wanted, least = workloads.wanted(of), _least(of, requirements)
    if least > wanted:
        name, from_on = requirements[workloads.POD_NAME], wording.count(least, "replica")
        return Row(
            "selects", f"{name}, which {of.ref} has from {from_on} on; it wants {wanted}", "spec.replicas"
        )
    value = f"one pod of {of.ref}, which wants {wording.count(wanted, 'pod')}"
    return Row("selects", value, "spec.replicas")


def fixes(of: Workload, requirements: Mapping[str, str]) -> Iterator[Fix]:
    """Yield so many replicas that the pod is one of them."""
    least = _least(of, requirements)
    if least > workloads.wanted(of):
        yield Fix(
            title=f"scale {of.ref} up to {wording.count(least, 'pod')}",
            certainty=Confidence.LIKELY,
            change=Change(of.ref, (Op(("spec", "replicas"), least),)),
            command=commands.scale(of.ref.kind, of.ref.name, least),
            notes=("Not simulated: whether the new pod becomes ready is not known before it runs.",),
        )


def _least(of: Workload, requirements: Mapping[str, str]) -> int:
    """Return the replicas with which the pod exists; 0 if its number is below the first (getStartOrdinal)."""
    number = int(requirements[workloads.POD_NAME].rpartition("-")[2])
    return max(0, number - of.spec.ordinals.start + 1)
