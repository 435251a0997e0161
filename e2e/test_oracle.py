"""kubesvc predicts what the real endpoint controllers do to random clusters, and to changes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from e2e.cluster import ToolchainError
from e2e.cluster.build import build
from e2e.cluster.parts import DEFAULT_KUBERNETES, control_plane_parts
from e2e.oracle.__main__ import plans, run
from e2e.oracle.plan import Op, Plan, Round, Verb
from e2e.oracle.run import Result
from e2e.oracle.session import session
from kubesvc.model.objects import Pod
from kubesvc.semantics import readiness

SEED = 20
CLUSTERS = 160

pytestmark = pytest.mark.timeout(300, func_only=True)


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """The control plane is built, which may take long the first time."""
    try:
        build(control_plane_parts())
    except ToolchainError as error:
        pytest.skip(str(error))


def test_the_controllers_do_what_kubesvc_predicts(tmp_path: Path) -> None:
    """In every field of every slice, each time that a cluster has settled."""
    report = run(DEFAULT_KUBERNETES, SEED, plans(SEED, CLUSTERS), tmp_path, None)
    print(report.table())

    failures = [path.read_text(encoding="utf-8") for path in sorted(tmp_path.glob("*.txt"))]
    assert not report.failed, "\n\n".join(failures)
    assert len(report.results) == CLUSTERS
    assert report.services > 5 * CLUSTERS


def test_a_wrong_prediction_is_found_and_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """An oracle that could not fail would prove nothing."""
    monkeypatch.setattr(readiness, "is_ready", _ready_unless_false)
    with session(DEFAULT_KUBERNETES) as opened:
        (found,) = opened.run([_unknown_readiness()])
        small = opened.shrunk(found)

    assert "conditions" in "".join(found.wrong)
    assert _kinds(small) == ["Node", "Pod", "Pod", "Service"]


def _ready_unless_false(pod: Pod) -> bool:
    """A plausible mistake: only True is ready (endpointslice util/controller_utils.go, IsPodReady)."""
    found = readiness.condition(pod.status.conditions, "Ready")
    return found is not None and found.status != "False"


def _kinds(result: Result) -> list[str]:
    return sorted(op.kind for one in result.plan.rounds for op in one.ops)


def _unknown_readiness() -> Plan:
    """Three pods of a Service, of which one's readiness is unknown."""
    node = {"metadata": {"name": "@n0"}}
    service = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
    ops = [Op(Verb.CREATE, "Node", name="@n0", body=node), Op(Verb.CREATE, "Service", "a", "web", service)]
    for number, ready in enumerate(("True", "False", "Unknown")):
        name = f"p{number}"
        metadata = {"name": name, "labels": {"app": "web"}}
        spec = {"nodeName": "@n0", "containers": [{"name": "c", "image": "oracle"}]}
        ip = f"10.244.0.{number + 1}"
        status = {
            "podIP": ip,
            "podIPs": [{"ip": ip}],
            "conditions": [{"type": "Ready", "status": ready}],
        }
        ops.append(Op(Verb.CREATE, "Pod", "a", name, {"metadata": metadata, "spec": spec}))
        ops.append(Op(Verb.STATUS, "Pod", "a", name, {"status": status}))
    return Plan(0, (Round(tuple(ops)),))
