"""What is expected of a scenario on a cluster and of the case that was recorded from it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SCENARIOS = {
    file.parent.name: file
    for folder in ("e2e/scenarios", "e2e/kind/scenarios")
    for file in sorted((ROOT / folder).glob("*/expected.yaml"))
}


def expected(file: Path) -> dict[str, Any]:
    """What is expected of a report."""
    known = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {key: known.get(key) or [] for key in ("verdict", "exit", "codes", "culprits", "outcomes")}


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_the_same_is_expected_of_a_scenario_and_of_its_recorded_case(name: str) -> None:
    """Else one of them fails, and only on a cluster."""
    recorded = ROOT / "tests/cases" / name / "expected.yaml"
    if recorded.exists():
        assert expected(SCENARIOS[name]) == expected(recorded)
