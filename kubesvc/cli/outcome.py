"""A report → stdout, stderr and the exit status."""

import sys
from collections.abc import Callable
from shlex import quote
from typing import Final

from kubesvc.cli.options import FailOn, Look, Output
from kubesvc.cli.streams import complain, emit, say, tell
from kubesvc.errors import ConnectionFailed, KubesvcError, NotFound, Refused, SnapshotError, TimedOut
from kubesvc.model.kinds import KINDS
from kubesvc.model.query import Query
from kubesvc.model.read import Gap, GapReason, Unavailable
from kubesvc.model.report import Missing, Report, Verdict

_HINTS: Final = {
    GapReason.NOT_SERVED: "kubectl api-resources lists what that server serves: is it the right one?",
    GapReason.UNREADABLE: "kubectl get -o yaml shows it; if nothing is odd there, this is a bug of kubesvc.",
    GapReason.CUT: "Ask about fewer Services at a time.",
}
_SPACES: Final = 3
"""So many namespaces are named that have what was looked for."""
FOUND: Final = 1
UNKNOWN: Final = 3


def deliver(report: Report, look: Look, *, annotate: bool, fail_on: FailOn) -> int:
    """Print a report, and the errors about what is missing from it; return the exit status.

    Raises:
        KubesvcError: Everything that was asked for is missing.
    """
    errors = [_absent(missing) for missing in report.missing]
    if errors and not report.subjects:
        for error in errors[:-1]:
            complain(error)
        raise errors[-1]
    if not report.subjects:
        say(_nothing(report.query))
    if look.output is Output.JSON or report.subjects:
        show(report, look, annotate=annotate)
    for error in errors:
        complain(error)
    return errors[0].exit_status if errors else status(report, fail_on)


def status(report: Report, fail_on: FailOn) -> int:
    """Return the exit status that the verdicts ask for: with a change, those after it."""
    verdicts = [subject.judged for subject in report.subjects]
    if any(verdict >= Verdict[fail_on.name] for verdict in verdicts):
        return FOUND
    return UNKNOWN if Verdict.UNKNOWN in verdicts else 0


def show(report: Report, look: Look, *, annotate: bool) -> None:
    """Print a report on stdout."""
    if look.output is Output.JSON:
        from kubesvc.renderer.json_v1 import render_json

        emit(render_json(report))
        return
    import os

    from kubesvc.renderer import console
    from kubesvc.renderer.text import render_text

    terminal = console.detect(
        console.ColorOption(look.color.value),
        ascii_only=look.ascii_only,
        env=os.environ,
        stream=console.facts(sys.stdout),
    )
    emit(render_text(report, terminal, annotate=annotate))


def captured(report: Report, save: Callable[[], None], path: str) -> int:
    """Save what was read, and say what is missing from it; return the exit status.

    Raises:
        KubesvcError: It cannot be saved, or nothing that was asked for is there.
    """
    errors = [_absent(missing) for missing in report.missing]
    for error in errors[: None if report.subjects else -1]:
        complain(error)
    if errors and not report.subjects:
        raise errors[-1]
    if not report.subjects:
        say(_nothing(report.query))
        return 0
    save()
    for gap in report.gaps:
        tell("warning", f"not captured: {gap.read}: {gap.reason}{f': {gap.detail}' if gap.detail else ''}")
    names = ", ".join(f"{subject.ref.namespace}/{subject.ref.name}" for subject in report.subjects)
    again = (
        f"; look again with: kubesvc explain {_words(report)}--snapshot {quote(path)}" if path != "-" else ""
    )
    say(f"captured {names}{again}")
    return errors[0].exit_status if errors else 0


def _words(report: Report) -> str:
    """Write how to name what was asked; the file itself tells only of which Services it is."""
    if not report.query.others:
        return ""
    return "".join(f"{subject.ref.kind.lower()}/{subject.ref.name} " for subject in report.subjects)


def unlisted(unavailable: Unavailable) -> KubesvcError:
    """Return why there is no report at all: the Services themselves could not be listed."""
    return _unread(unavailable.gap)


def _nothing(query: Query) -> str:
    return (
        "No resources found"
        if query.all_namespaces
        else f"No resources found in {query.namespace} namespace."
    )


def _absent(missing: Missing) -> KubesvcError:
    if missing.refused is not None:
        return _unread(missing.refused)
    kind, namespace, name = missing.ref
    plural = KINDS[kind].plural
    sentence = f'{KINDS[kind].resource} "{name}" not found in namespace {namespace}'
    if missing.namespace_exists is False:
        return NotFound(
            f"{sentence}: there is no such namespace",
            _elsewhere(missing) or "kubectl get namespaces lists those that exist.",
        )
    near = f"Near: {', '.join(missing.near)}." if missing.near else ""
    hint = " ".join(filter(None, [near, _elsewhere(missing)]))
    return NotFound(sentence, hint or f"kubectl get {plural} -n {quote(namespace)} lists those that exist.")


def _elsewhere(missing: Missing) -> str:
    shown = " or ".join(f"-n {namespace}" for namespace in missing.elsewhere[:_SPACES])
    more = len(missing.elsewhere) - _SPACES
    return f"That name exists with {shown}{f', and {more} more' if more > 0 else ''}." if shown else ""


def _unread(gap: Gap) -> KubesvcError:
    """Return the error for a Service that was named, or listed, and could not be read."""
    detail = f": {gap.detail}" if gap.detail else ""
    match gap.reason:
        case GapReason.FORBIDDEN:
            return Refused(f"{gap.read} may not be read{detail}", _role(gap))
        case GapReason.TIMED_OUT:
            return TimedOut(f"{gap.read} could not be read in time{detail}", "Raise --timeout.")
        case GapReason.NOT_IN_FILE:
            return SnapshotError(
                f"{gap.read} is not in the file",
                "If the file holds everything there is, say so with --complete.",
            )
        case reason:
            return ConnectionFailed(f"{gap.read} could not be read: {reason}{detail}", _HINTS.get(reason, ""))


def _role(gap: Gap) -> str:
    kind = KINDS[gap.read.kind]
    verb = "get" if gap.read.name else "list"
    scope = f"a Role in {gap.read.namespace}" if gap.read.namespace else "a ClusterRole"
    group = kind.group_version.rpartition("/")[0]
    rule = f'apiGroups: ["{group}"], resources: ["{kind.plural}"], verbs: ["{verb}"]'
    return f"Ask for {scope} with {rule}; the built-in role view has this and most of what else is read."
