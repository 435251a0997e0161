"""Recorded cases: what a real cluster showed, and what kubesvc says of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import yaml

from kubesvc.analyzer.engine import analyze
from kubesvc.client.source import FileSource
from kubesvc.model import files
from kubesvc.model.change import Op
from kubesvc.model.objects import Pod
from kubesvc.model.query import Query
from kubesvc.model.read import Unread
from kubesvc.model.report import Finding, Outcome, Report
from kubesvc.model.snapshot import Snapshot

FOLDER: Final = Path(__file__).parents[1] / "cases"
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""A snapshot of ours names its own moment."""


@dataclass(frozen=True)
class Case:
    """A folder of tests/cases; its files are recorded, never edited."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @cached_property
    def expected(self) -> dict[str, Any]:
        """expected.yaml, as the scenario says it and e2e/record.py copies it."""
        found: dict[str, Any] = yaml.safe_load(self.text("expected.yaml"))
        return found

    @cached_property
    def snapshot(self) -> Snapshot:
        """What was captured."""
        return files.load((self.folder / "snapshot.json").read_bytes(), now=_NEVER)

    def text(self, name: str) -> str:
        """A recorded file."""
        return (self.folder / name).read_text(encoding="utf-8")

    @property
    def pods(self) -> list[str]:
        """The pods that were captured, by name."""
        return sorted(obj.metadata.name for obj in self.snapshot.objects.values() if isinstance(obj, Pod))

    def report(self, *why: str, changes: tuple[Op, ...] = ()) -> Report:
        """Explain the snapshot, as `kubesvc explain --snapshot` does; `why` are pods that are asked about."""
        asked = self.expected.get("port", "")
        names = (self.expected["service"], *self.expected.get("beside", ()))
        query = Query(self.expected["namespace"], names, why=why, port=asked, changes=changes)
        return ask(query, self.snapshot)


def ask(query: Query, recorded: Snapshot) -> Report:
    """Ask a question of a file: what is not in it is a gap."""
    source = FileSource(recorded)
    snapshot = source.begin()
    while True:
        try:
            return analyze(query, snapshot)
        except Unread as unread:
            snapshot = source.answer(snapshot, unread)


def cases() -> list[Case]:
    """Every recorded case, by name."""
    return [Case(path.parent) for path in sorted(FOLDER.glob("*/expected.yaml"))]


def codes(report: Report) -> list[str]:
    """The codes of a report, causes only, as recorded."""
    return [finding.code for finding in report.findings]


def culprits(report: Report) -> list[str]:
    """Their culprits: `Deployment/web`."""
    return [str(finding.culprit) for finding in report.findings]


def outcomes(report: Report) -> list[str]:
    """What each fix would lead to: `healthy http 3/3`, then the codes that remain; `none` where not known."""
    return [_outcome(fix.outcome) for finding in report.findings for fix in finding.fixes]


def _outcome(outcome: Outcome | None) -> str:
    if outcome is None:
        return "none"
    ports = (f"{port.key} {port.usable}/{port.expected}" for port in outcome.ports)
    return " ".join([outcome.verdict.word, *ports, *outcome.remaining])


def everything(findings: tuple[Finding, ...]) -> list[Finding]:
    """Findings with what is folded under them."""
    return [inner for finding in findings for inner in (finding, *everything(finding.consequences))]
