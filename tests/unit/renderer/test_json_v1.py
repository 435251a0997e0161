"""JSON holds everything, in the published shape."""

import json
from datetime import timedelta, timezone
from typing import Any, Final

import jsonschema
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from kubesvc.model.cell import StepKind
from kubesvc.model.query import Origin
from kubesvc.model.read import GapReason, Portion
from kubesvc.model.report import Confidence, Effect, Finding, LineKind, Mark, Relation, Report, Stage, Verdict
from kubesvc.model.text import clean
from kubesvc.renderer.json_v1 import render_json, render_json_error
from tests.support import reports
from tests.support.output import SCHEMA
from tests.support.report_strategies import reports as any_report
from tests.support.report_strategies import texts

VALIDATOR: Final = jsonschema.Draft202012Validator(
    SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)


def parsed(report: Report) -> Any:
    """Render, validate and read back."""
    document = json.loads(render_json(report))
    VALIDATOR.validate(document)
    return document


def test_the_schema_is_one() -> None:
    """Of the draft that it names."""
    VALIDATOR.check_schema(SCHEMA)


def test_the_schema_is_strict() -> None:
    """An object that may hold anything would let a mistake through; only a merge patch may."""
    objects = [node for node in _nodes(SCHEMA) if node.get("type") == "object" and "properties" in node]
    assert objects
    assert all(node["additionalProperties"] is False for node in objects)


def _nodes(node: Any) -> list[dict[str, Any]]:
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    own = [node] if isinstance(node, dict) else []
    return own + [found for child in inner for found in _nodes(child)]


@pytest.mark.parametrize(
    ("at", "values"),
    [
        (SCHEMA["$defs"]["verdict"], {verdict.word for verdict in Verdict}),
        (SCHEMA["$defs"]["confidence"], set(Confidence)),
        (SCHEMA["$defs"]["effect"], set(Effect)),
        (SCHEMA["$defs"]["line"]["properties"]["kind"], set(LineKind)),
        (SCHEMA["$defs"]["line"]["properties"]["mark"], set(Mark)),
        (SCHEMA["$defs"]["stepKind"], set(StepKind)),
        (SCHEMA["$defs"]["membership"]["properties"]["relation"], set(Relation)),
        (SCHEMA["$defs"]["step"]["properties"]["stage"], set(Stage)),
        (SCHEMA["$defs"]["gap"]["properties"]["reason"], set(GapReason)),
        (SCHEMA["$defs"]["read"]["properties"]["part"], set(Portion)),
        (SCHEMA["$defs"]["query"]["properties"]["viewpoint"]["properties"]["origin"], set(Origin)),
    ],
)
def test_the_schema_knows_every_value(at: dict[str, list[str]], values: set[str]) -> None:
    """And none that does not exist."""
    assert set(at["enum"]) == {str(value) for value in values}


@pytest.mark.parametrize("name", reports.ALL)
def test_the_promised_reports_are_valid(name: str) -> None:
    """Those that people see as text."""
    assert parsed(reports.ALL[name]())["kind"] == "Report"


@given(any_report)
@settings(max_examples=50)
def test_any_report_is_valid_and_plain_and_loses_no_finding(report: Report) -> None:
    """Whatever is in it: printable ASCII, in the order of the report."""
    text = render_json(report)
    document = json.loads(text)
    VALIDATOR.validate(document)
    assert all(" " <= character <= "~" or character == "\n" for character in text)
    assert list(map(_headlines, document["findings"])) == list(map(_expected, report.findings))


def _headlines(found: dict[str, Any]) -> list[Any]:
    return [
        found["code"],
        found["headline"],
        *(word for inner in found["consequences"] for word in _headlines(inner)),
    ]


def _expected(finding: Finding) -> list[str]:
    return [
        finding.code,
        clean(finding.headline),
        *(word for inner in finding.consequences for word in _expected(inner)),
    ]


def test_a_command_is_there_as_words_and_as_a_line() -> None:
    """With connection flags and namespace."""
    fix = parsed(replace(reports.my_service(), query=reports.checkout().query))["findings"][0]["fixes"][0]
    assert fix["command"]["argv"][:6] == ["kubectl", "--context", "prod eu", "-n", "shop", "patch"]
    assert fix["command"]["shell"].startswith("kubectl --context 'prod eu' -n shop patch service my-service ")


def test_what_is_to_run_after_the_first_command_is_a_list() -> None:
    """In order, each with flags and namespace like the first."""
    report = reports.my_service()
    (finding,) = report.findings
    fix = replace(finding.fixes[0], then=(("kubectl", "delete", "pod", "web-0"),))
    shown = parsed(replace(report, findings=(replace(finding, fixes=(fix,)),)))["findings"][0]["fixes"][0]
    assert shown["then"] == [
        {
            "argv": ["kubectl", "-n", "shop", "delete", "pod", "web-0"],
            "shell": "kubectl -n shop delete pod web-0",
        }
    ]
    assert parsed(report)["findings"][0]["fixes"][0]["then"] == []


def test_a_change_is_a_patch() -> None:
    """A merge patch where no list is touched, else a JSON patch with its test."""
    merge = parsed(reports.my_service())["findings"][0]["fixes"][0]["change"]
    assert (merge["type"], merge["patch"]) == ("merge", {"spec": {"selector": {"app": "myapp"}}})
    guarded = parsed(reports.api())["findings"][0]["fixes"][0]["change"]
    assert (guarded["type"], [op["op"] for op in guarded["patch"]]) == ("json", ["test", "replace"])


def test_times_are_utc() -> None:
    """RFC 3339."""
    moment = reports.NOW.astimezone(timezone(timedelta(hours=2)))
    assert parsed(replace(reports.healthy(), taken_at=moment))["takenAt"] == "2026-11-24T14:02:31Z"


@given(texts, texts)
def test_an_error_is_a_document_too(message: str, hint: str) -> None:
    """With its own kind."""
    document = json.loads(render_json_error(message, hint, 2))
    VALIDATOR.validate(document)
    assert (document["kind"], document["exitStatus"]) == ("Error", 2)
