"""How a changed template reaches pods."""

import pytest

from kubesvc.analyzer import rollouts
from kubesvc.model.objects import Workload
from tests.support.builders import daemon_set, deployment, job, stateful_set, with_

PAUSED = with_(deployment(), spec__paused=True)
ON_DELETE = with_(daemon_set(desired=1), spec__update_strategy__type="OnDelete")
PARTITIONED = with_(
    stateful_set(replicas=5),
    spec__update_strategy__type="RollingUpdate",
    spec__update_strategy__rolling_update__partition=3,
)


@pytest.mark.parametrize(
    ("workload", "said"),
    [
        (deployment(), "It starts a rollout."),
        (stateful_set(), "It starts a rollout."),
        (PAUSED, "Deployment/web is paused: nothing is rolled out before `kubectl rollout resume`."),
        (ON_DELETE, "With updateStrategy OnDelete a pod is replaced only after it is deleted."),
        (PARTITIONED, "With partition 3 only the pods from web-3 on are replaced."),
    ],
)
def test_what_a_change_leads_to(workload: Workload, said: str) -> None:
    """Or why to nothing."""
    assert rollouts.reach(workload) == said
    assert rollouts.held_back(workload) == ("" if said == "It starts a rollout." else said)


@pytest.mark.parametrize(
    "workload",
    [deployment(replicas=0), with_(PAUSED, spec__replicas=0), daemon_set("web", desired=0)],
    ids=["zero", "paused", "no node"],
)
def test_a_change_leads_to_nothing_where_no_pod_is_wanted(workload: Workload) -> None:
    """Whatever else holds it back."""
    assert rollouts.reach(workload) == f"{workload.ref} wants 0: no pod is made."


def test_who_gets_no_pod_of_the_present_template_by_itself() -> None:
    """A first pod is made whatever the strategy, but never by a paused Deployment."""
    has = with_(PARTITIONED, status__replicas=5)

    assert [rollouts.is_stuck(w) for w in (PAUSED, has)] == [True, True]
    assert not any(map(rollouts.is_stuck, (deployment(), ON_DELETE, PARTITIONED)))
    assert not rollouts.is_stuck(job())
