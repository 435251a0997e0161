"""Kubernetes objects as the API server sends them, as dictionaries with what tests need."""

from typing import Any

Document = dict[str, Any]

CREATED = "2026-01-31T12:00:00Z"


def service(name: str = "web", namespace: str = "shop", **spec: Any) -> Document:
    """A ClusterIP Service of pods app=NAME with port 80 → 8080."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(name, namespace),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "10.96.0.10",
            "clusterIPs": ["10.96.0.10"],
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "selector": {"app": name},
            "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080}],
            **spec,
        },
        "status": {"loadBalancer": {}},
    }


def pod(name: str = "web-1", namespace: str = "shop", app: str = "web", ip: str = "10.244.0.5") -> Document:
    """A ready pod."""
    state = {"running": {"startedAt": CREATED}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(name, namespace, {"app": app}),
        "spec": {
            "nodeName": "node-a",
            "containers": [{"name": "app", "ports": [{"containerPort": 8080, "protocol": "TCP"}]}],
        },
        "status": {
            "phase": "Running",
            "podIP": ip,
            "podIPs": [{"ip": ip}],
            "conditions": [
                {"type": kind, "status": "True", "lastTransitionTime": CREATED}
                for kind in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
            ],
            "containerStatuses": [{"name": "app", "ready": True, "restartCount": 0, "state": state}],
        },
    }


def endpoint_slice(*pods: Document, name: str = "web", namespace: str = "shop") -> Document:
    """The slice that the controller writes for a Service and its ready pods."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            **_metadata(
                f"{name}-abcde",
                namespace,
                {
                    "kubernetes.io/service-name": name,
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                },
            ),
            "ownerReferences": [
                {
                    "apiVersion": "v1",
                    "kind": "Service",
                    "name": name,
                    "uid": f"uid-{name}",
                    "controller": True,
                }
            ],
        },
        "addressType": "IPv4",
        "ports": [{"name": "http", "protocol": "TCP", "port": 8080}],
        "endpoints": [
            {
                "addresses": [entry["status"]["podIP"]],
                "conditions": {"ready": True, "serving": True, "terminating": False},
                "nodeName": entry["spec"]["nodeName"],
                "targetRef": {
                    "kind": "Pod",
                    "namespace": namespace,
                    "name": entry["metadata"]["name"],
                    "uid": entry["metadata"]["uid"],
                },
            }
            for entry in pods
        ],
    }


def node(name: str = "node-a") -> Document:
    """A ready node."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": _metadata(name, ""),
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }


def namespace(name: str = "shop") -> Document:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": _metadata(name, "")}


def healthy() -> list[Document]:
    """A Service `web` in `shop` with a ready pod, as the controller leaves it."""
    only = pod()
    return [namespace(), node(), service(), only, endpoint_slice(only)]


def _metadata(name: str, namespace: str, labels: dict[str, str] | None = None) -> Document:
    scope = {"namespace": namespace} if namespace else {}
    return {
        "name": name,
        **scope,
        "uid": f"uid-{name}",
        "resourceVersion": "1",
        "creationTimestamp": CREATED,
        "labels": labels or {},
    }
