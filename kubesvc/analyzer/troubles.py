"""Pods that should get traffic and do not, grouped by owner and the first condition they miss."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from kubesvc.analyzer import wording, workloads
from kubesvc.analyzer.view import ServiceView
from kubesvc.model.cell import Cell, Step
from kubesvc.model.objects import Pod, Ref
from kubesvc.model.place import Place
from kubesvc.model.report import Confidence, Row
from kubesvc.semantics import readiness


class Trouble(Struct, frozen=True):
    """Pods of one owner that miss the same condition, ordered by name; `why` is the first pod's step.

    `waiting`: a deadline of each still runs; pods without one are another trouble. `certain`: nothing that
    could not be read comes before the condition.
    """

    owner: Ref
    pods: tuple[Pod, ...]
    why: Step
    places: tuple[Place, ...]
    waiting: bool
    certain: bool

    @property
    def pod(self) -> Pod:
        """The first pod, shown as the example."""
        return self.pods[0]


def troubles(view: ServiceView, misses: Callable[[Pod, Step], bool]) -> tuple[Trouble, ...]:
    """Return the troubled pods whose first unmet condition is one of `misses`, by owner and container.

    Reasons are not told apart: a container that crashes, or an image that is not had, has two in turn.
    """
    cells: dict[tuple[str, str], list[Cell]] = {}
    for facts in view.ports:
        for cell in facts.troubled:
            if cell.pod and cell.why and misses(cell.pod, cell.why):
                cells.setdefault((cell.pod.metadata.namespace, cell.pod.metadata.name), []).append(cell)
    pods = [pod for key in sorted(cells) if (pod := cells[key][0].pod)]
    groups: dict[tuple[Ref, str, bool], list[Cell]] = {}
    for owner, members in workloads.by_owner(view.snapshot, pods).items():
        for pod in members:
            for cell in cells[pod.metadata.namespace, pod.metadata.name]:
                if cell.why:
                    waiting = readiness.time_left(pod, cell.why, view.now) is not None
                    groups.setdefault((owner, cell.why.container, waiting), []).append(cell)
    return tuple(
        _trouble(owner, group, waiting=waiting) for (owner, _, waiting), group in sorted(groups.items())
    )


def _trouble(owner: Ref, cells: list[Cell], *, waiting: bool) -> Trouble:
    pods = {cell.pod.metadata.name: cell.pod for cell in cells if cell.pod}
    why = next(cell.why for cell in cells if cell.why)
    members = tuple(pod for _, pod in sorted(pods.items()))
    certain = all(cell.certain for cell in cells)
    return Trouble(owner, members, why, tuple(cell.place for cell in cells), waiting, certain)


def confidence(trouble: Trouble) -> Confidence:
    """Return how sure it is that this is what keeps the pods out."""
    return Confidence.PROOF if trouble.certain else Confidence.LIKELY


def doubts(trouble: Trouble) -> Iterator[Row]:
    """Name what could be the reason instead, where something could not be read."""
    if not trouble.certain:
        value = f"Node {trouble.pod.spec.node_name}: a pod whose Node no longer exists is left out for that"
        yield Row("not read", value, "Node")


def share(view: ServiceView, trouble: Trouble) -> str:
    """Write how many of the pods that should serve are in this trouble: `1 of 3 pods`."""
    everyone = {cell.place.endpoint for facts in view.ports for cell in facts.expected}
    return f"{len(trouble.pods)} of {wording.count(len(everyone), 'pod')}"


def pod_row(trouble: Trouble, more: str = "") -> Row:
    """Name the example pod, its owner and how many others there are."""
    pod = trouble.pod
    where = f" on {pod.spec.node_name}" if pod.spec.node_name else ""
    others = f" (and {len(trouble.pods) - 1} more)" if len(trouble.pods) > 1 else ""
    belongs = f" of {trouble.owner}" if trouble.owner != pod.ref else ""
    return Row("pod", f"{pod.metadata.name}{belongs}{where}{others}{more}", "metadata.name")
