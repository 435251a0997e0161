"""The pods that a workload would have: what its template declares is known before any of them is there."""

from kubesvc.analyzer import workloads
from kubesvc.analyzer.workloads import Foreign, Maker
from kubesvc.model.objects import CronJob, Job, Metadata, OwnerReference, Pod, Workload


def prospects(makers: tuple[Maker, ...]) -> tuple[Pod, ...]:
    """Return one pod for each of the makers that want any, or else of all of them, by name.

    None where the template of any is not known. What a webhook would add to a pod is not foreseen.
    """
    known = [maker for maker in makers if not isinstance(maker, Foreign)]
    if len(known) < len(makers):
        return ()
    next_ones = [maker for maker in known if workloads.wanted(maker)] or known
    return tuple(prospect(maker) for maker in sorted(next_ones, key=lambda maker: maker.metadata.name))


def prospect(maker: Workload | Job | CronJob) -> Pod:
    """Return a pod as the template has it: called like its maker, without a node or a status yet."""
    meta, template = maker.metadata, maker.template
    by = OwnerReference(kind=maker.kind, name=meta.name, uid=meta.uid, controller=True)
    return Pod(
        metadata=Metadata(
            name=meta.name,
            namespace=meta.namespace,
            uid=meta.uid,
            labels=template.metadata.labels,
            owner_references=(by,),
        ),
        spec=template.spec,
    )
