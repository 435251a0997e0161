"""`kubesvc capture`: what explain would read, into a file."""

from typing import Annotated

from typer import Argument, Option

from kubesvc.cli.grouped import grouped
from kubesvc.cli.options import Cluster, Debug, Origin, Scope

EXAMPLES = """
kubesvc capture web -n shop --to web.json
kubesvc explain --snapshot web.json
"""


@grouped
def capture(
    names: Annotated[list[str] | None, Argument(metavar="NAME...")] = None,
    *,
    to: Annotated[str, Option(metavar="FILE", help="The file to write, or - for stdout; required.")],
    force: Annotated[bool, Option("--force", help="Overwrite the file if it exists.")] = False,
    scope: Scope,
    debug: Debug,
    origin: Origin,
    cluster: Cluster,
) -> int:
    """Save what explain reads of Services to a file.

    The file holds an allow-list of fields: no volumes, no Secret, and of
    environment and arguments only port numbers with the names of their flags,
    and the names of Services. Messages of events and conditions are in it. It
    is written with mode 0600.
    """
    from kubesvc.analyzer.engine import analyze
    from kubesvc.cli import run, saved
    from kubesvc.cli.opening import opened
    from kubesvc.cli.outcome import captured, unlisted
    from kubesvc.model.read import Unavailable

    saved.ensure_writable(to, force=force)
    with opened(names or [], scope, origin, cluster, debug) as (query, source):
        try:
            report, snapshot = run.explain(query, source, run.only_one(analyze))
        except Unavailable as unavailable:
            raise unlisted(unavailable) from None
    return captured(report, lambda: saved.write(snapshot, to, force=force), to)
