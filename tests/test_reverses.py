"""Pods and workloads of recorded cases: what is told of them fits what is told of their Services."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import jsonschema
import pytest

from kubesvc.model.kinds import KINDS
from kubesvc.model.objects import Pod, Ref, Workload
from kubesvc.model.query import Query
from kubesvc.model.read import Read
from kubesvc.model.report import Line, LineKind, Mark, Relation, Report, Subject
from kubesvc.model.snapshot import Snapshot
from kubesvc.renderer.console import Terminal
from kubesvc.renderer.json_v1 import render_json
from kubesvc.renderer.text import render_text
from tests.support import cases, golden
from tests.support.cases import Case
from tests.support.output import LOOKS, SCHEMA

FOLDER: Final = Path(__file__).parent / "golden" / "reverse"
KEPT: Final = {
    "my-service": "Deployment/web",
    "readiness-probe": "Pod/checkout-canary-",
    "named-port-some": "Pod/api-old-",
    "dual-stack": "Pod/web-",
    "scaled-to-zero": "Deployment/",
}


def whole(case: Case) -> Snapshot:
    """The recorded cluster, taken for all there is."""
    return case.snapshot.with_answers((), [Read(kind) for kind in KINDS])


def refs(case: Case) -> list[Ref]:
    """The pods and workloads of the case's namespace that one can ask about."""
    asked = (Pod, Workload)
    found = [obj.ref for obj in case.snapshot.objects.values() if isinstance(obj, asked)]
    return sorted(
        ref for ref in found if ref.namespace == case.expected["namespace"] and ref.kind != "ReplicaSet"
    )


ALL: Final = [case for case in cases.cases() if refs(case)]

each = pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)


def told(case: Case, *which: Ref) -> Report:
    """Ask about some of them."""
    return cases.ask(Query(case.expected["namespace"], others=which), whole(case))


@each
def test_a_pod_is_told_what_its_service_is_told_of_it(case: Case) -> None:
    """Whether it gets traffic, port by port and family by family, and whether it is selected at all."""
    service = cases.ask(Query(case.expected["namespace"], (case.expected["service"],)), whole(case)).subjects[
        0
    ]
    seen = dict(_endpoints(service))
    for ref in (ref for ref in refs(case) if ref.kind == "Pod"):
        (subject,) = told(case, ref).subjects
        of = [member for member in subject.services if member.service == service.ref]
        mine = {at: mark for at, mark in seen.items() if at[2] == ref.name}
        own = {at: mark for at, mark in _endpoints(subject) if at[3] == service.ref.name}
        if mine:
            assert of[0].relation in (Relation.SELECTS, Relation.LISTS)
            assert own == mine
        else:
            assert all(member.relation is Relation.NEARLY for member in of)


At = tuple[str | None, str | None, str, str]


def _endpoints(subject: Subject) -> Iterator[tuple[At, bool]]:
    """Yield port, family, pod and Service of each endpoint of a tree, and whether traffic uses it."""
    for line in _all(subject.line):
        place = line.place
        if line.kind is LineKind.ENDPOINT and place.endpoint and place.endpoint.namespace:
            at = (place.port, place.family, place.endpoint.name, place.service.name)
            yield at, line.mark in (Mark.GOOD, Mark.WARN)


def _all(line: Line) -> Iterator[Line]:
    yield line
    for child in line.children:
        yield from _all(child)


@each
def test_the_json_of_all_of_them_is_valid(case: Case) -> None:
    """By the published schema; one report for all that are asked about."""
    report = told(case, *refs(case))

    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(render_json(report)))
    assert [subject.ref for subject in report.subjects] == refs(case)


@each
def test_the_text_of_all_of_them_fits_a_terminal(case: Case) -> None:
    """Only commands are longer than a line; nothing is lost on the way."""
    report = told(case, *refs(case))

    wrapped = render_text(report, Terminal(60), annotate=True)
    piped = render_text(report, Terminal(), annotate=True)
    assert all(len(line) <= 60 or line.startswith("kubectl ") for line in wrapped.splitlines())
    assert sorted(filter(str.isalnum, wrapped)) == sorted(filter(str.isalnum, piped))


def _kept(name: str) -> Report:
    (case,) = (case for case in ALL if case.name == name)
    which = next(ref for ref in refs(case) if str(ref).startswith(KEPT[name]))
    return told(case, which)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", KEPT)
def test_the_text_is_as_it_was_when_it_was_last_read(name: str, look: str) -> None:
    """Whole: `UPDATE_GOLDEN=1` after the cases were recorded again."""
    golden.check(FOLDER / f"{name}.{look}.txt", render_text(_kept(name), LOOKS[look]))


def test_the_annotated_text_is_as_it_was_when_it_was_last_read() -> None:
    """Each kind of line is explained."""
    text = render_text(_kept("readiness-probe"), Terminal(100), annotate=True)

    golden.check(FOLDER / "readiness-probe.100-annotated.txt", text)
