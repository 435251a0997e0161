"""`kubesvc explain`: the main job."""

from typing import Annotated, Final

from typer import Argument

from kubesvc.cli.grouped import grouped
from kubesvc.cli.options import Annotate, Cluster, Debug, FailOn, Look, Origin, Port, Scope, printed

EXAMPLES = """
kubesvc explain web                  # why web (not) gets traffic, and the fix
kubesvc explain svc/web svc/api -n shop
kubesvc explain -l app=web -A        # every Service with this label
kubesvc explain web --annotate       # every line explained
kubesvc explain web --port 8080      # can clients dial it, and who answers?
kubesvc explain web --why web-7d9f-k4x # why this pod is an endpoint or not
kubesvc explain web --set spec.selector.app=web # what would come of it
kubesvc explain pod/web-1            # which Services select it, or nearly do
kubesvc explain deploy/web sts/db -n shop
kubesvc explain web --snapshot web.json
kubesvc explain KSV101               # what a cause code means
"""

_FAIL_ON: Final = "Exit with 1 from this verdict on: idle, progressing, degraded or broken, the default."


@grouped
def explain(
    names: Annotated[list[str] | None, Argument(metavar="NAME...")] = None,
    *,
    scope: Scope,
    port: Port = "",
    annotate: Annotate = False,
    fail_on: Annotated[FailOn, printed(_FAIL_ON, "VERDICT")] = FailOn.BROKEN,
    look: Look,
    debug: Debug,
    origin: Origin,
    cluster: Cluster,
) -> int:
    """Explain why Services get traffic or not, and what to change.

    A NAME is web or svc/web; pod/web-1, deploy/web, sts/web or ds/web, of which the
    Services are told that select it; or a cause code such as KSV101. Without one,
    the only Service of the namespace is explained.

    Exit status: 0 nothing found, 1 findings, 2 could not run or no such object, 3
    nothing found but a verdict is unknown. With --set it is about the Service as it
    would be. A pod or workload that no Service selects is idle: 1 with --fail-on
    idle.
    """
    from kubesvc.cli.arguments import rule_codes

    words = names or []
    codes = rule_codes(words)
    if codes:
        from kubesvc.cli.rules import explain_codes

        return explain_codes(codes, [word for word in words if word not in codes])

    from msgspec.structs import replace

    from kubesvc.analyzer.engine import analyze
    from kubesvc.cli import arguments, run
    from kubesvc.cli.opening import opened
    from kubesvc.cli.outcome import deliver, unlisted
    from kubesvc.model.read import Unavailable

    dialed = arguments.port(port)
    with opened(words, scope, origin, cluster, debug) as (query, source):
        try:
            report, _ = run.explain(replace(query, port=dialed), source, run.only_one(analyze))
        except Unavailable as unavailable:
            raise unlisted(unavailable) from None
    return deliver(report, look, annotate=annotate, fail_on=fail_on)
