"""Which cluster a case is recorded of, and that all are; no cluster is needed."""

from __future__ import annotations

from e2e.record import CASES, DEMO, recordable, shown
from e2e.scenario import KIND_SCENARIOS, SCENARIOS, scenarios

ORACLE = "oracle"
"""The folder of the clusters that `make record-oracle` records."""
LOCAL = {scenario.name for scenario in recordable(kind=False)}
KIND = {scenario.name for scenario in recordable(kind=True)}


def test_every_scenario_is_recorded_of_one_cluster() -> None:
    """What kwok alone brings about has a scenario of its name in which a kubelet does."""
    assert not LOCAL & KIND
    assert {folder.name for root in (SCENARIOS, KIND_SCENARIOS) for folder in root.iterdir()} == LOCAL | KIND


def test_where_a_kubelet_decides_clients_have_seen_what_follows() -> None:
    """And is recorded nowhere else, as elsewhere there are none."""
    assert all(scenario.dials for scenario in recordable(kind=True))
    seen = {folder.name for folder in CASES.iterdir() if (folder / "seen.yaml").exists()}
    assert seen == KIND


def test_there_is_a_case_of_each_and_no_other() -> None:
    """A scenario that was renamed or taken away leaves none behind."""
    assert {folder.name for folder in CASES.iterdir()} == {*LOCAL, *KIND, ORACLE}


def test_a_demo_is_the_case_of_its_name() -> None:
    """All are but those that are not to be shown."""
    demos = {file.stem: file.read_bytes() for file in DEMO.glob("*.json")}
    assert demos == {
        scenario.name: (CASES / scenario.name / "snapshot.json").read_bytes()
        for scenario in scenarios()
        if shown(scenario)
    }
