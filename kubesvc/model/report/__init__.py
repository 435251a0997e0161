"""What was found: verdicts, findings, the lines of the tree. No colors, no widths."""

from kubesvc.model.report.comparison import (
    Cause,
    Comparison,
    EndpointComparison,
    PortComparison,
    Seen,
    Standing,
)
from kubesvc.model.report.finding import Check, Command, Finding, Fix, NotChecked, Outcome, Row
from kubesvc.model.report.line import Line, LineKind, Mark
from kubesvc.model.report.subject import Membership, Missing, Reason, Relation, Subject
from kubesvc.model.report.verdict import Confidence, Effect, PortVerdict, Verdict
from kubesvc.model.report.whole import Report
from kubesvc.model.report.why import Stage, Why, WhyResult, WhyStep

__all__ = [
    "Cause",
    "Check",
    "Command",
    "Comparison",
    "Confidence",
    "Effect",
    "EndpointComparison",
    "Finding",
    "Fix",
    "Line",
    "LineKind",
    "Mark",
    "Membership",
    "Missing",
    "NotChecked",
    "Outcome",
    "PortComparison",
    "PortVerdict",
    "Reason",
    "Relation",
    "Report",
    "Row",
    "Seen",
    "Stage",
    "Standing",
    "Subject",
    "Verdict",
    "Why",
    "WhyResult",
    "WhyStep",
]
