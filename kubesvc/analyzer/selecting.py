"""What makes a Service select the pods that were meant: another selector, or labels for the pods."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from kubesvc.analyzer import commands, rollouts, wording, workloads
from kubesvc.analyzer.candidates import Candidate
from kubesvc.analyzer.differences import HASHES, VERSIONS, Grounds
from kubesvc.analyzer.workloads import Workloads
from kubesvc.model import selector
from kubesvc.model.change import Change, Op
from kubesvc.model.objects import Obj, Pod, Ref, Service, Workload
from kubesvc.model.report import Confidence, Fix
from kubesvc.semantics import readiness

_TEMPLATE: Final = ("spec", "template", "metadata", "labels")
_NOT_SIMULATED: Final = "Not simulated: whether the new pods become ready is not known before."


def select(service: Service, candidate: Candidate, found: Workloads) -> Iterator[Fix]:
    """Yield the change of the Service's selector that a candidate stands for; notes say what it touches."""
    change = candidate.change(service)
    workload = found.get(candidate.owner)
    notes = ["Which one is meant is not known."] if candidate.undecided else []
    notes += [f"It would select {_counted(candidate.too)}, too."] if candidate.too else []
    if candidate.kept_out:
        notes += [f"Without {candidate.narrowed_by} it would select {_counted(candidate.kept_out)}, too."]
    notes += _impossible(workload, candidate) if workload else []
    yield Fix(
        title=f"select {candidate.requirements}",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
        notes=tuple(notes),
    )


def _counted(owners: Iterable[tuple[Ref, int]]) -> str:
    return wording.names(f"{wording.count(number, 'pod')} of {owner}" for owner, number in owners)


def give_selector(service: Service, labels: Mapping[str, str], title: str) -> Fix:
    """Return the change that gives a selector to a Service without one."""
    change = Change(service.ref, (Op(("spec", "selector"), dict(labels), new=True),))
    return Fix(title, Confidence.LIKELY, change=change, command=commands.patch(change))


def _impossible(workload: Workload, candidate: Candidate) -> list[str]:
    """Say why the workload's template cannot carry the Service's labels instead, where that is known.

    A workload's selector is immutable and has to match its template (pkg/apis/apps/validation/validation.go).
    """
    held = sorted({difference.key for difference in candidate.differences} & workload.spec.selector.keys)
    if not held:
        return []
    what = f"{', '.join(held)} {'is' if len(held) == 1 else 'are'} in its immutable selector"
    return [f"Relabeling {candidate.owner} instead is not possible: {what}."]


def label_template(candidate: Candidate, found: Workloads) -> Iterator[Fix]:
    """Yield the change that gives the template of a candidate's workload the labels it lacks.

    None where it has one of them with another value, which others may use; where the pods do, as something
    sets it on them; where one could not stay; where the workload selects by it; or where a changed template
    would not reach the pods.
    """
    workload = found.get(candidate.owner)
    if workload is None or not _rolls_out(workload, candidate.pods):
        return
    wanted = {difference.key: difference.value for difference in candidate.differences}
    taken = {*workload.spec.template.metadata.labels, *workload.spec.selector.keys, *HASHES, *VERSIONS}
    if wanted.keys() & taken.union(candidate.unwritten, *(pod.metadata.labels for pod in candidate.pods)):
        return
    ops = (Op((*_TEMPLATE, key), value) for key, value in sorted(wanted.items()))
    change = Change(candidate.owner, tuple(ops))
    ready = f" {_NOT_SIMULATED}" if workloads.wanted(workload) else ""
    yield Fix(
        title=f"label the pods {selector.show(wanted)} in the template of {candidate.owner}",
        certainty=Confidence.LIKELY,
        change=change,
        command=commands.patch(change),
        notes=(f"{rollouts.reach(workload)}{ready}",),
    )


def _rolls_out(workload: Workload, pods: Iterable[Obj]) -> bool:
    """Tell whether a changed template reaches all pods by itself.

    A StatefulSet waits for each pod to be ready before it goes on (stateful_set_control.go, processReplica).
    """
    if rollouts.held_back(workload):
        return False
    return workload.kind != "StatefulSet" or all(isinstance(p, Pod) and readiness.is_ready(p) for p in pods)


def labels_first(candidate: Candidate) -> bool:
    """Tell whether the template should rather be changed than the Service.

    The label stands on the workload, where it does nothing, or without it the Service would select others.
    """
    gone = [difference for difference in candidate.differences if not difference.new_key]
    misplaced = all(difference.grounds is Grounds.SURE for difference in gone)
    return bool(gone) and (misplaced or bool(candidate.too))


def label_pods(service: Service, pods: Iterable[Obj]) -> Iterator[Fix]:
    """Yield for each of some pods without labels the change that gives it what the Service selects by."""
    wanted = service.spec.selector
    for pod in pods:
        ops = (Op(("metadata", "labels", key), value, new=True) for key, value in sorted(wanted.items()))
        yield Fix(
            title=f"label {pod.ref} {selector.show(wanted)}",
            certainty=Confidence.LIKELY,
            change=Change(pod.ref, tuple(ops)),
            command=commands.label_pod(pod.metadata.name, wanted),
        )
