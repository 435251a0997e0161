"""The commands of a report as they are printed: the only lines that may be longer than a terminal is wide."""

from collections.abc import Iterator

from kubesvc.model.report import Fix, Report
from kubesvc.renderer.commands import complete, quoted
from kubesvc.renderer.findings import namespace_of


def commands(report: Report) -> Iterator[str | None]:
    """Yield each; None for one that cannot be quoted."""
    flags = report.query.flags
    for subject in report.subjects:
        own = [check.command.argv for check in subject.checks]
        own += [subject.comparison.command] if subject.comparison else []
        for argv in own:
            yield quoted(complete(argv, subject.ref.namespace, flags))
        for member in subject.services:
            for argv in _of(member.fix) if member.fix else ():
                yield quoted(complete(argv, member.service.namespace, flags))
    for finding in report.findings:
        confirm = [command.argv for command in finding.confirm]
        fixes = [argv for fix in finding.fixes for argv in _of(fix)]
        for argv in (*confirm, *fixes):
            yield quoted(complete(argv, namespace_of(finding), flags))


def _of(fix: Fix) -> tuple[tuple[str, ...], ...]:
    return (*(() if fix.command is None else (fix.command,)), *fix.then)
