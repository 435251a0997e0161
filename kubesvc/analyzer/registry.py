"""All rules, in code order. A code is never reused: retired ones stay listed."""

from typing import Final

from kubesvc.analyzer.rule import Rule
from kubesvc.analyzer.rules.pods.crash_loop import crash_loop
from kubesvc.analyzer.rules.pods.finished import finished
from kubesvc.analyzer.rules.pods.image import image
from kubesvc.analyzer.rules.pods.readiness_probe import readiness_probe
from kubesvc.analyzer.rules.pods.unschedulable import unschedulable
from kubesvc.analyzer.rules.ports.asked_port_not_in_service import asked_port_not_in_service
from kubesvc.analyzer.rules.ports.declared_by_none import declared_by_none
from kubesvc.analyzer.rules.ports.declared_by_some import declared_by_some
from kubesvc.analyzer.rules.ports.headless_port_not_target_port import headless_port_not_target_port
from kubesvc.analyzer.rules.ports.manual_endpoints_port_differs import manual_endpoints_port_differs
from kubesvc.analyzer.rules.ports.one_number_two_protocols import one_number_two_protocols
from kubesvc.analyzer.rules.ports.port_conventions import port_conventions
from kubesvc.analyzer.rules.ports.probe_asks_another_port import probe_asks_another_port
from kubesvc.analyzer.rules.ports.undeclared_target_port import undeclared_target_port
from kubesvc.analyzer.rules.run.crashed import crashed
from kubesvc.analyzer.rules.run.unexplained import unexplained
from kubesvc.analyzer.rules.run.unreadable import unreadable
from kubesvc.analyzer.rules.selection.matches_no_pod import matches_no_pod
from kubesvc.analyzer.rules.selection.no_selector import no_selector
from kubesvc.analyzer.rules.selection.own_service_deadlock import own_service_deadlock
from kubesvc.analyzer.rules.selection.pods_not_created import pods_not_created
from kubesvc.analyzer.rules.selection.same_selector_twice import same_selector_twice
from kubesvc.analyzer.rules.selection.scaled_to_zero import scaled_to_zero
from kubesvc.analyzer.rules.selection.selector_on_external_name import selector_on_external_name
from kubesvc.analyzer.rules.selection.selector_too_broad import selector_too_broad
from kubesvc.analyzer.rules.selection.service_terminating import service_terminating
from kubesvc.analyzer.rules.slices.differ import differ

RULES: Final[tuple[Rule, ...]] = (
    matches_no_pod,
    scaled_to_zero,
    no_selector,
    pods_not_created,
    selector_too_broad,
    same_selector_twice,
    service_terminating,
    selector_on_external_name,
    own_service_deadlock,
    declared_by_none,
    declared_by_some,
    undeclared_target_port,
    asked_port_not_in_service,
    headless_port_not_target_port,
    probe_asks_another_port,
    manual_endpoints_port_differs,
    port_conventions,
    one_number_two_protocols,
    readiness_probe,
    finished,
    unschedulable,
    image,
    crash_loop,
    differ,
    unexplained,
    crashed,
    unreadable,
)

RETIRED: Final[frozenset[str]] = frozenset()
"""Codes that were given up."""

RENAMED: Final[dict[str, str]] = {}
"""Old rule names and what they are called now."""


def find(code: str) -> Rule | None:
    """Return the rule of a code, in any letter case."""
    return next((rule for rule in RULES if rule.code == code.upper()), None)
