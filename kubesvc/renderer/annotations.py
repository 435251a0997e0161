"""One sentence for each kind of line, for somebody who learns Services."""

from typing import Final

from kubesvc.model.report import LineKind

_SENTENCES: Final = {
    LineKind.SERVICE: (
        "A Service is a stable name and address for a changing set of pods; each type that can be reached "
        "from farther away contains the one before it: LoadBalancer ⊃ NodePort ⊃ ClusterIP."
    ),
    LineKind.LABELS: (
        "Labels of the Service itself are for finding it and are copied to its EndpointSlices; they play "
        "no part in choosing pods."
    ),
    LineKind.ANNOTATIONS: (
        "Annotations carry settings for controllers, such as the cloud's load balancer controller; "
        "kube-proxy and the selection of pods do not depend on most of them."
    ),
    LineKind.ADDRESSES: "These are the names and addresses that clients dial, by where the client stands.",
    LineKind.INSIDE: (
        "Inside the cluster DNS answers this name with the cluster IP, a virtual address that each node "
        "rewrites to that of one endpoint, or, where the Service is headless, with the addresses of the "
        "endpoints themselves."
    ),
    LineKind.NODES: (
        "A node port is opened by kube-proxy on every node, from the range 30000–32767 unless the cluster "
        "sets another one, and leads to the same endpoints as the cluster IP; with externalTrafficPolicy "
        "Local a node drops what comes from outside it unless an endpoint on it is ready (or, if none is, "
        "still serves while it terminates), and answers its own processes and pods all the same."
    ),
    LineKind.OUTSIDE: (
        "Clients outside the cluster use an address that a load balancer controller wrote into "
        "status.loadBalancer, which stays empty until such a controller has done its work."
    ),
    LineKind.EXTERNAL_NAME: (
        "A Service of type ExternalName is only a DNS alias (CNAME): it has no cluster IP, no endpoints, "
        "and nothing forwards or checks its ports."
    ),
    LineKind.EXTERNAL_IPS: (
        "External IPs are addresses that kube-proxy accepts for this Service when packets for them reach "
        "a node; Kubernetes neither assigns nor routes them."
    ),
    LineKind.LOAD_BALANCER: (
        "A load balancer is made by a controller outside Kubernetes' core, chosen by loadBalancerClass or "
        "by the cloud; it usually sends to a node port, unless node ports are not allocated."
    ),
    LineKind.FAMILIES: (
        "Each IP family of a Service has its own cluster IP and its own EndpointSlices, and only pods "
        "with an address of that family become endpoints in it."
    ),
    LineKind.PORT: (
        "Clients dial the port; the target port is where the pod receives, as a number or as the name of "
        "a container port, and a name is looked up in each pod separately."
    ),
    LineKind.APP_PROTOCOL: (
        "The application protocol is a hint for load balancers, gateways and meshes; kube-proxy ignores "
        "it and forwards by TCP, UDP or SCTP alone."
    ),
    LineKind.ENDPOINT: (
        "An endpoint is one address and port that can receive traffic; a pod is a ready endpoint while "
        "its Ready condition is true, which readiness probes decide and liveness probes do not, and it is "
        "not being deleted."
    ),
    LineKind.SELECTOR: (
        "The selector picks the pods of the Service's own namespace that carry every one of these labels "
        "with exactly these values, whoever created the pods; letter case counts."
    ),
    LineKind.SLICES: (
        "EndpointSlices list the endpoints; the EndpointSlice controller writes them from selector and "
        "pods, and kube-proxy and cluster DNS know endpoints from them alone, never from the pods."
    ),
    LineKind.SLICE: (
        "A slice holds endpoints of one IP family that share one list of port numbers, so a Service may "
        "have several; an empty one is what the controller writes when no pod qualifies."
    ),
    LineKind.AFFINITY: (
        "With session affinity ClientIP a node sends a client address to the same endpoint until it was "
        "silent for the timeout, 3 hours by default; with None each connection is balanced anew."
    ),
    LineKind.TRAFFIC: (
        "With Cluster a node forwards to endpoints on any node, with Local only to those on itself, and "
        "drops the traffic where it has none; the external policy is for traffic from outside, the "
        "internal one for clients in the cluster."
    ),
    LineKind.PUBLISH: (
        "With publishNotReadyAddresses every selected pod with an address counts as ready, even while its "
        "probes fail or it is terminating, as clustered databases need to find their peers."
    ),
    LineKind.CONDITIONS: (
        "Conditions are what controllers report about the Service itself, for example that its load "
        "balancer cannot serve the ports."
    ),
    LineKind.DELETION: (
        "A Service with a deletion timestamp goes away once its finalizers are removed, for a load "
        "balancer once the controller has taken it down."
    ),
    LineKind.EVENTS: (
        "Events are notes of controllers about the Service; they are kept for an hour by default and may "
        "be dropped, so their absence proves nothing."
    ),
    LineKind.EVENT: (
        "An event has a type (Normal or Warning), a reason, how often and how long ago it was seen, the "
        "component that wrote it, and its message."
    ),
    LineKind.WHAT_IF: (
        "The API server's rules about Services, then the EndpointSlice controller, are repeated on a changed "
        "copy of the Service, while pods, Nodes and slices of others stay as they were read."
    ),
    LineKind.SETTING: "This is a field as it is and as it would be, spelled as kubectl explain takes it.",
    LineKind.BEFORE: "This is how the Service fares at the moment, and what that rests on.",
    LineKind.AFTER: (
        "This is how it would fare once the controller has written its slices anew, if no pod changes "
        "meanwhile."
    ),
    LineKind.GONE: "A cause that is found at the moment would be found no more.",
    LineKind.REMAINING: "A cause that is found at the moment would still be found, with this text.",
    LineKind.NEW: "A cause that is not found at the moment would be found.",
    LineKind.NOTE: "This is what else is to be known, a consequence or something that could not be read.",
    LineKind.POD: (
        "A pod has one address in each IP family for all its containers, and is an endpoint of every Service "
        "of its namespace that selects it."
    ),
    LineKind.WORKLOAD: (
        "A workload makes pods from its template, and Services select these pods by their labels, never the "
        "workload itself."
    ),
    LineKind.POD_LABELS: (
        "These labels are what selectors are compared with; those of a template are on each pod that is made "
        "from it."
    ),
    LineKind.SELECTED_BY: "All labels that this Service asks for are there, so that it has endpoints for it.",
    LineKind.LISTED_BY: (
        "Somebody else than the EndpointSlice controller wrote a slice for this Service, or it is one that "
        "was left behind, and it holds the address."
    ),
    LineKind.NEARLY_BY: (
        "This Service asks for labels that are there with another value, key or letter case, so that it may "
        "have been meant."
    ),
    LineKind.REASON: "This is the first condition, in the order of Kubernetes, that is not met.",
}


def annotation(kind: LineKind) -> str:
    """Return the sentence that explains a line of this kind."""
    return _SENTENCES[kind]
