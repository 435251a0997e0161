"""A report as JSON, `kubesvc.dev/v1alpha1`: everything that is in it, in the report's order, keys sorted.

The contract is docs/output.md and docs/report-v1alpha1.schema.json.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from kubesvc.model.change import ABSENT, Change, Op, show
from kubesvc.model.place import Place
from kubesvc.model.read import Gap, Read
from kubesvc.model.report import (
    Cause,
    Check,
    Command,
    EndpointComparison,
    Finding,
    Fix,
    Line,
    Membership,
    Missing,
    NotChecked,
    Outcome,
    PortComparison,
    PortVerdict,
    Report,
    Seen,
    Standing,
    Subject,
    Why,
    WhyResult,
    WhyStep,
)
from kubesvc.model.text import clean_json
from kubesvc.renderer.commands import complete, quoted
from kubesvc.renderer.findings import namespace_of

API_VERSION: Final = "kubesvc.dev/v1alpha1"

Json = dict[str, Any]


def render_json(report: Report) -> str:
    """Return the report as a JSON document of kind Report, ASCII only, ended by a line break."""
    flags = report.query.flags
    return _dump(
        {
            "apiVersion": API_VERSION,
            "kind": "Report",
            "context": report.context,
            "server": report.server,
            "origin": report.origin,
            "takenAt": _time(report.taken_at),
            "query": _query(report),
            "subjects": [_subject(subject, flags) for subject in report.subjects],
            "findings": [_finding(finding, flags) for finding in report.findings],
            "notChecked": [_not_checked(missed) for missed in report.not_checked],
            "notEvaluated": report.not_evaluated,
            "gaps": [_gap(gap) for gap in report.gaps],
            "missing": [_missing(absent) for absent in report.missing],
        }
    )


def render_json_error(message: str, hint: str, exit_status: int) -> str:
    """Return an error as a JSON document of kind Error."""
    return _dump(
        {
            "apiVersion": API_VERSION,
            "kind": "Error",
            "message": message,
            "hint": hint,
            "exitStatus": exit_status,
        }
    )


def _dump(document: Json) -> str:
    text = json.dumps(document, ensure_ascii=True, indent=2, sort_keys=True)
    return clean_json(text.encode("ascii")).decode("ascii") + "\n"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _ref(ref: tuple[str, str, str]) -> Json:
    kind, namespace, name = ref
    return {"kind": kind, "namespace": namespace, "name": name}


def _pairs(requirements: Iterable[tuple[str, str]]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in sorted(requirements)]


def _query(report: Report) -> Json:
    query = report.query
    return {
        "namespace": query.namespace,
        "names": query.names,
        "labels": _pairs(query.labels),
        "allNamespaces": query.all_namespaces,
        "viewpoint": {"origin": query.viewpoint.origin.value, "name": query.viewpoint.name},
        "flags": query.flags,
        "why": query.why,
        "port": query.port,
        "changes": [_setting(op) for op in query.changes],
        "others": [_ref(ref._replace(namespace=query.namespace)) for ref in query.others],
    }


def _setting(op: Op) -> Json:
    return {"path": show(op.path), "value": None if op.value is ABSENT else op.value}


def _subject(subject: Subject, flags: Sequence[str]) -> Json:
    return {
        "ref": _ref(subject.ref),
        "verdict": subject.verdict.word,
        "summary": subject.summary,
        "ports": [_port(port) for port in subject.ports],
        "line": _line(subject.line),
        "checks": [_check(check, subject.ref.namespace, flags) for check in subject.checks],
        "why": [_why(why) for why in subject.why],
        "comparison": _comparison(subject, flags),
        "services": [_membership(member, flags) for member in subject.services],
    }


def _membership(member: Membership, flags: Sequence[str]) -> Json:
    return {
        "service": _ref(member.service),
        "relation": member.relation.value,
        "verdict": None if member.verdict is None else member.verdict.word,
        "selector": member.selector,
        "pods": member.pods,
        "ports": [_port(port) for port in member.ports],
        "reasons": [
            {"kind": reason.kind.value, "text": reason.text, "pods": reason.pods} for reason in member.reasons
        ],
        "fix": _fix(member.fix, member.service.namespace, flags) if member.fix else None,
        "notes": member.notes,
    }


def _comparison(subject: Subject, flags: Sequence[str]) -> Json | None:
    told = subject.comparison
    if told is None:
        return None
    return {
        "change": _change(told.change),
        "command": _ready(told.command, subject.ref.namespace, flags),
        "before": _standing(told.before),
        "after": _standing(told.after),
        "ports": [_port_comparison(port) for port in told.ports],
        "gone": [_cause(cause) for cause in told.gone],
        "remaining": [_cause(cause) for cause in told.remaining],
        "new": [_cause(cause) for cause in told.new],
        "notChecked": [_not_checked(missed) for missed in told.not_checked],
        "notes": told.notes,
        "line": _line(told.line),
    }


def _standing(standing: Standing) -> Json:
    return {"verdict": standing.verdict.word, "summary": standing.summary}


def _cause(cause: Cause) -> Json:
    return {
        "code": cause.code,
        "culprit": _ref(cause.culprit),
        "headline": cause.headline,
        "effect": cause.effect.value,
    }


def _port_comparison(port: PortComparison) -> Json:
    return {
        "key": port.key,
        "before": _port(port.before) if port.before else None,
        "after": _port(port.after) if port.after else None,
        "endpoints": [_endpoint_comparison(entry) for entry in port.endpoints],
    }


def _endpoint_comparison(entry: EndpointComparison) -> Json:
    return {"place": _place(entry.place), "before": _seen(entry.before), "after": _seen(entry.after)}


def _seen(seen: Seen | None) -> Json | None:
    return {"address": seen.address, "used": seen.used, "state": seen.state} if seen else None


def _why(why: Why) -> Json:
    return {
        "pod": _ref(why.pod),
        "headline": why.headline,
        "steps": [_step(step) for step in why.steps],
        "results": [_result(result) for result in why.results],
    }


def _step(step: WhyStep) -> Json:
    return {
        "kind": step.kind.value,
        "stage": step.stage.value,
        "passed": step.passed,
        "text": step.text,
        "field": step.field,
        "value": step.value,
        "container": step.container,
        "rule": step.rule,
        "upstream": step.upstream,
        "places": [_place(place) for place in step.places],
        "decides": [_place(place) for place in step.decides],
    }


def _result(result: WhyResult) -> Json:
    return {
        "text": result.text,
        "places": [_place(place) for place in result.places],
        "predicted": result.predicted,
        "actual": result.actual,
        "agrees": result.agrees,
        "addresses": result.addresses,
        "slices": result.slices,
    }


def _port(port: PortVerdict) -> Json:
    return {
        "key": port.key,
        "verdict": port.verdict.word,
        "usable": port.usable,
        "expected": port.expected,
    }


def _line(line: Line) -> Json:
    return {
        "kind": line.kind.value,
        "place": _place(line.place),
        "label": line.label,
        "value": line.value,
        "details": line.details,
        "mark": line.mark.value,
        "state": line.state,
        "codes": line.codes,
        "children": [_line(child) for child in line.children],
    }


def _place(place: Place) -> Json:
    return {
        "service": _ref(place.service),
        "port": place.port,
        "family": place.family,
        "endpoint": place.endpoint._asdict() if place.endpoint else None,
        "field": place.field,
    }


def _check(check: Check, namespace: str, flags: Sequence[str]) -> Json:
    return {
        "title": check.title,
        "command": _command(check.command, namespace, flags),
        "answers": check.answers,
        "refuses": check.refuses,
        "hangs": check.hangs,
    }


def _command(command: Command, namespace: str, flags: Sequence[str]) -> Json:
    return {**_ready(command.argv, namespace, flags), "purpose": command.purpose}


def _ready(argv: Sequence[str], namespace: str, flags: Sequence[str]) -> Json:
    whole = complete(argv, namespace, flags)
    return {"argv": whole, "shell": quoted(whole)}


def _finding(finding: Finding, flags: Sequence[str]) -> Json:
    namespace = namespace_of(finding)
    return {
        "code": finding.code,
        "headline": finding.headline,
        "places": [_place(place) for place in finding.places],
        "culprit": _ref(finding.culprit),
        "confidence": finding.confidence.value,
        "effect": finding.effect.value,
        "rows": [{"label": row.label, "value": row.value, "source": row.source} for row in finding.rows],
        "confirm": [_command(command, namespace, flags) for command in finding.confirm],
        "fixes": [_fix(fix, namespace, flags) for fix in finding.fixes],
        "consequences": [_finding(follower, flags) for follower in finding.consequences],
    }


def _fix(fix: Fix, namespace: str, flags: Sequence[str]) -> Json:
    return {
        "title": fix.title,
        "certainty": fix.certainty.value,
        "change": _change(fix.change) if fix.change else None,
        "command": _ready(fix.command, namespace, flags) if fix.command is not None else None,
        "then": [_ready(argv, namespace, flags) for argv in fix.then],
        "notes": fix.notes,
        "outcome": _outcome(fix.outcome) if fix.outcome else None,
    }


def _change(change: Change) -> Json:
    if change.deletes:
        return {"target": _ref(change.target), "type": "delete", "patch": None}
    merge = not change.touches_list
    return {
        "target": _ref(change.target),
        "type": "merge" if merge else "json",
        "patch": change.merge_patch if merge else change.json_patch,
    }


def _outcome(outcome: Outcome) -> Json:
    return {
        "verdict": outcome.verdict.word,
        "ports": [_port(port) for port in outcome.ports],
        "remaining": outcome.remaining,
    }


def _not_checked(missed: NotChecked) -> Json:
    return {"code": missed.code, "place": _place(missed.place), "read": _read(missed.read)}


def _gap(gap: Gap) -> Json:
    return {"read": _read(gap.read), "reason": gap.reason.value, "detail": gap.detail}


def _read(read: Read) -> Json:
    return {
        "kind": read.kind,
        "namespace": read.namespace,
        "name": read.name,
        "labels": _pairs(read.labels),
        "fields": _pairs(read.fields),
        "part": read.part.value,
    }


def _missing(absent: Missing) -> Json:
    return {
        "ref": _ref(absent.ref),
        "near": absent.near,
        "elsewhere": absent.elsewhere,
        "namespaceExists": absent.namespace_exists,
        "refused": _gap(absent.refused) if absent.refused else None,
    }
