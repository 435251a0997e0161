"""The commands of a report as they are printed: the only lines that may be longer than a terminal is wide."""

from collections.abc import Iterator

from kubesvc.model.report import Report
from kubesvc.renderer.commands import complete, quoted
from kubesvc.renderer.findings import namespace_of


def commands(report: Report) -> Iterator[str | None]:
    """Yield each; None for one that cannot be quoted."""
    flags = report.query.flags
    for subject in report.subjects:
        for check in subject.checks:
            yield quoted(complete(check.command.argv, subject.ref.namespace, flags))
    for finding in report.findings:
        confirm = [command.argv for command in finding.confirm]
        fixes = [fix.command for fix in finding.fixes if fix.command is not None]
        then = [argv for fix in finding.fixes for argv in fix.then]
        for argv in (*confirm, *fixes, *then):
            yield quoted(complete(argv, namespace_of(finding), flags))
