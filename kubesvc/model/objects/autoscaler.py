"""A HorizontalPodAutoscaler, as far as it tells who decides how many pods a workload has."""

from kubesvc.model.objects.meta import Condition, Obj, Part


class ScaleTarget(Part, frozen=True, kw_only=True):
    """The object that is scaled, in the autoscaler's namespace."""

    kind: str = ""
    name: str = ""


class AutoscalerSpec(Part, frozen=True, kw_only=True):
    """HorizontalPodAutoscalerSpec."""

    scale_target_ref: ScaleTarget = ScaleTarget()
    min_replicas: int = 1
    max_replicas: int = 0


class AutoscalerStatus(Part, frozen=True, kw_only=True):
    """HorizontalPodAutoscalerStatus."""

    conditions: tuple[Condition, ...] = ()


class HorizontalPodAutoscaler(Obj, frozen=True, kw_only=True):
    """A HorizontalPodAutoscaler."""

    kind: str = "HorizontalPodAutoscaler"
    spec: AutoscalerSpec = AutoscalerSpec()
    status: AutoscalerStatus = AutoscalerStatus()
