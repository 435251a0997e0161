"""Which workloads stand behind pods, by the pods alone."""

import pytest

from kubesvc.analyzer import workloads
from kubesvc.model.objects import Obj, Ref
from tests.support.builders import owned_by, pod

HASH, ROLLOUT = "pod-template-hash", "rollouts-pod-template-hash"


@pytest.mark.parametrize(
    ("member", "maker"),
    [
        (pod("web-1"), ("Pod", "web-1")),
        (pod(owner=owned_by("StatefulSet", "db")), ("StatefulSet", "db")),
        (pod(owner=owned_by("ReplicaSet", "web-abc"), labels={HASH: "abc"}), ("Deployment", "web")),
        (pod(owner=owned_by("ReplicaSet", "web-abc"), labels={ROLLOUT: "abc"}), ("Rollout", "web")),
        (pod(owner=owned_by("ReplicaSet", "web-abc"), labels={HASH: "bc"}), ("ReplicaSet", "web-abc")),
        (pod(owner=owned_by("ReplicaSet", "web-abc")), ("ReplicaSet", "web-abc")),
        (pod(owner=owned_by("Job", "web-abc"), labels={HASH: "abc"}), ("Job", "web-abc")),
    ],
)
def test_a_pod_tells_what_seems_to_make_it(member: Obj, maker: tuple[str, str]) -> None:
    """Its owner, or what is above the ReplicaSet that bears its hash."""
    kind, name = maker

    assert workloads.maker(member) == Ref(kind, "shop", name)
