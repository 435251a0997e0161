"""The workloads of apps/v1 that make pods."""

from kubesvc.model.objects.meta import Condition, Obj, Part
from kubesvc.model.objects.pod import PodSpec


class LabelSelectorRequirement(Part, frozen=True, kw_only=True):
    """One expression of a label selector."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


class LabelSelector(Part, frozen=True, kw_only=True):
    """A workload's selector; immutable in apps/v1."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        """The label keys it looks at."""
        return frozenset(self.match_labels) | {expression.key for expression in self.match_expressions}


class TemplateMetadata(Part, frozen=True, kw_only=True):
    """Metadata of a pod template: it has no name of its own."""

    labels: dict[str, str] = {}


class PodTemplate(Part, frozen=True, kw_only=True):
    """What a workload's pods are made from."""

    metadata: TemplateMetadata = TemplateMetadata()
    spec: PodSpec = PodSpec()


class RollingUpdate(Part, frozen=True, kw_only=True):
    """How far a StatefulSet's update goes: pods with a number below `partition` are left as they are."""

    partition: int = 0


class UpdateStrategy(Part, frozen=True, kw_only=True):
    """How a StatefulSet or DaemonSet replaces its pods: RollingUpdate or OnDelete."""

    type: str = ""
    rolling_update: RollingUpdate = RollingUpdate()


class Ordinals(Part, frozen=True, kw_only=True):
    """From which number on a StatefulSet numbers its pods."""

    start: int = 0


class WorkloadSpec(Part, frozen=True, kw_only=True):
    """The common part of the specs of apps/v1."""

    replicas: int = 1
    paused: bool = False
    selector: LabelSelector = LabelSelector()
    template: PodTemplate = PodTemplate()
    update_strategy: UpdateStrategy = UpdateStrategy()
    ordinals: Ordinals = Ordinals()


class WorkloadStatus(Part, frozen=True, kw_only=True):
    """The common part of the statuses of apps/v1."""

    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    observed_generation: int = 0
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    conditions: tuple[Condition, ...] = ()


class Workload(Obj, frozen=True, kw_only=True):
    """A Deployment, ReplicaSet, StatefulSet or DaemonSet."""

    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()

    @property
    def template(self) -> PodTemplate:
        """What its pods are made from."""
        return self.spec.template


class Deployment(Workload, frozen=True, kw_only=True):
    """A Deployment."""

    kind: str = "Deployment"


class ReplicaSet(Workload, frozen=True, kw_only=True):
    """A ReplicaSet."""

    kind: str = "ReplicaSet"


class StatefulSet(Workload, frozen=True, kw_only=True):
    """A StatefulSet."""

    kind: str = "StatefulSet"


class DaemonSet(Workload, frozen=True, kw_only=True):
    """A DaemonSet."""

    kind: str = "DaemonSet"
