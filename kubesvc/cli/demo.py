"""`kubesvc demo`: bundled cases, no cluster needed."""

from typing import Annotated

from typer import Argument

from kubesvc.cli.grouped import grouped
from kubesvc.cli.options import Annotate, Debug, Look

EXAMPLES = """
kubesvc demo                         # a Service whose selector matches no pod
kubesvc demo --annotate
"""


@grouped
def demo(
    case: Annotated[str, Argument(metavar="CASE")] = "my-service",
    *,
    annotate: Annotate = False,
    look: Look,
    debug: Debug,
) -> int:
    """Explain a bundled case, recorded from a real API server.

    Needs no cluster. The exit status is 0. An unknown CASE lists the known ones.
    """
    del debug
    from kubesvc import demo as bundled
    from kubesvc.analyzer.engine import analyze
    from kubesvc.cli import run
    from kubesvc.cli.opening import within
    from kubesvc.cli.outcome import show
    from kubesvc.client.source import FileSource
    from kubesvc.model.query import Query

    snapshot = bundled.load(case)
    report, _ = run.explain(within(Query(""), snapshot), FileSource(snapshot), analyze)
    show(report, look, annotate=annotate)
    return 0
