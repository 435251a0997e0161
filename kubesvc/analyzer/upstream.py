"""What Kubernetes asks of a pod at each step to a ready endpoint, and where in its code it does."""

from typing import Final, NamedTuple

from kubesvc.model.cell import StepKind
from kubesvc.model.report import Stage


class Rule(NamedTuple):
    """One condition: what it decides, what is asked in one sentence, and the file and function that asks."""

    stage: Stage
    asks: str
    where: str


RULES: Final = {
    StepKind.TYPE: Rule(
        Stage.SELECTED,
        "The EndpointSlice controller does nothing for a Service of type ExternalName, an alias in DNS.",
        "endpointslice_controller.go, syncService",
    ),
    StepKind.SELECTOR: Rule(
        Stage.SELECTED,
        "For a Service without a selector the controller does nothing either: whoever made it writes its "
        "endpoints.",
        "endpointslice_controller.go, syncService",
    ),
    StepKind.LABELS: Rule(
        Stage.SELECTED,
        "Each label of the selector must be on the pod with exactly that value, in the Service's namespace; "
        "further labels and the pod's owner play no part.",
        "endpointslice_controller.go, syncService",
    ),
    StepKind.PHASE: Rule(
        Stage.LISTED,
        "A pod that has succeeded or failed is never an endpoint again, even where unready addresses are "
        "published.",
        "endpointslice/util/controller_utils.go, ShouldPodBeInEndpoints",
    ),
    StepKind.SCHEDULED: Rule(
        Stage.LISTED,
        "The scheduler chooses the node whose kubelet starts the pod; before that it can have no address.",
        "schedule_one.go, bind",
    ),
    StepKind.ADDRESS: Rule(
        Stage.LISTED,
        "A pod is left out until the kubelet has reported an address; it need neither run nor be Ready then.",
        "endpointslice/util/controller_utils.go, ShouldPodBeInEndpoints",
    ),
    StepKind.NODE: Rule(
        Stage.LISTED,
        "A pod whose Node object is missing is left out, unless unready addresses are published; a Node that "
        "is not Ready is no reason.",
        "endpointslice/reconciler.go, reconcileByAddressType",
    ),
    StepKind.FAMILY: Rule(
        Stage.LISTED,
        "A slice holds one IP family, and the pod's first address of that family in podIPs is listed; podIP "
        "alone is not looked at.",
        "endpointslice/utils.go, getEndpointAddresses",
    ),
    StepKind.PORT: Rule(
        Stage.PORT,
        "A number is taken as it is; a name is looked up, with its protocol, in the containers and since "
        "Kubernetes 1.33 in sidecars, never in other init containers, and a port that is not found is left "
        "out for this pod alone.",
        "endpointslice/utils.go, FindPort",
    ),
    StepKind.PUBLISHED: Rule(
        Stage.READY,
        "With publishNotReadyAddresses every endpoint counts as ready; whether the pod is Ready shows in the "
        "condition serving.",
        "endpointslice/utils.go, podToEndpoint",
    ),
    StepKind.INITIALIZED: Rule(
        Stage.READY,
        "Init containers run one after the other, each to its end with exit code 0, before the containers "
        "start.",
        "kuberuntime/kuberuntime_container.go, computeInitContainerActions",
    ),
    StepKind.CREATED: Rule(
        Stage.READY,
        "A container is created once its image, volumes and configuration are there.",
        "kuberuntime/kuberuntime_container.go, startContainer",
    ),
    StepKind.RUNNING: Rule(
        Stage.READY,
        "Only a running container can be ready; one that crashes is started again after a pause that grows "
        "to 5 minutes.",
        "prober/prober_manager.go, UpdatePodStatus",
    ),
    StepKind.STARTED: Rule(
        Stage.READY,
        "Until the startup probe has succeeded the readiness and liveness probes are not asked.",
        "prober/worker.go, doProbe",
    ),
    StepKind.PROBED: Rule(
        Stage.READY,
        "The readiness probe must succeed as often in a row as successThreshold says; after failureThreshold "
        "failures the container is unready, and is not restarted for that.",
        "prober/worker.go, doProbe",
    ),
    StepKind.GATES: Rule(
        Stage.READY,
        "Each readiness gate names a condition of the pod that some controller must set to True.",
        "status/generate.go, GeneratePodReadyCondition",
    ),
    StepKind.READY: Rule(
        Stage.READY,
        "The controller looks at the condition Ready alone; it is True when every container and sidecar is "
        "ready and every gate is True.",
        "endpointslice/util/controller_utils.go, IsPodReady",
    ),
    StepKind.STAYING: Rule(
        Stage.READY,
        "A pod that is being deleted stays listed as terminating, and is not ready from the moment at which "
        "the deletion was asked for.",
        "endpointslice/utils.go, podToEndpoint",
    ),
}
