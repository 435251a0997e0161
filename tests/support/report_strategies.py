"""Reports of any content: hostile text in every string, every kind of line, any tree."""

from datetime import UTC
from typing import Final, TypeVar

from hypothesis import strategies as st

from kubesvc.model.cell import StepKind
from kubesvc.model.change import ABSENT, Change, Op
from kubesvc.model.objects import Ref
from kubesvc.model.place import EndpointId, Place
from kubesvc.model.query import Origin, Query, Viewpoint
from kubesvc.model.read import Gap, GapReason, Portion, Read
from kubesvc.model.report import (
    Cause,
    Check,
    Command,
    Comparison,
    Confidence,
    Effect,
    EndpointComparison,
    Finding,
    Fix,
    Line,
    LineKind,
    Mark,
    Membership,
    Missing,
    NotChecked,
    Outcome,
    PortComparison,
    PortVerdict,
    Reason,
    Relation,
    Report,
    Row,
    Seen,
    Stage,
    Standing,
    Subject,
    Verdict,
    Why,
    WhyResult,
    WhyStep,
)

T = TypeVar("T")

HOSTILE: Final = "\x00\x07\x08\x1b\x7f\x85\x9b\u200b\u200f\u2028\u202e\u2066\ufeff\ud800\r\n\t"
_AWKWARD: Final = HOSTILE + "'\"$`\\ []/:→✓日é\u0301😀"

texts = st.one_of(
    st.text(st.characters(), max_size=20),
    st.text(st.sampled_from(_AWKWARD), max_size=20),
    st.text(st.sampled_from("ab-. "), max_size=120),
    st.just("\x1b[31m[link=http://evil]\\x1b[0m"),
)
codes = st.from_regex(r"KSV[1-9][0-9]{2}", fullmatch=True)
verdicts = st.sampled_from(Verdict)
confidences = st.sampled_from(Confidence)


def _few(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(strategy, max_size=3).map(tuple)


services = st.builds(Ref, st.just("Service"), st.sampled_from(["shop", "ops"]), st.sampled_from(["a", "b"]))
refs = st.one_of(services, st.builds(Ref, texts, texts, texts))
places = st.builds(
    Place,
    services,
    st.none() | texts,
    st.none() | texts,
    st.none() | st.builds(EndpointId, texts, texts, texts),
    st.none() | texts,
)
selectors = st.frozensets(st.tuples(texts, texts), max_size=2)
reads = st.builds(Read, texts, texts, texts, selectors, selectors, st.sampled_from(Portion))
gaps = st.builds(Gap, reads, st.sampled_from(GapReason), texts)
argvs = st.one_of(_few(texts), _few(texts).map(lambda words: ("kubectl", *words)))
commands = st.builds(Command, argvs, texts)
counts = st.integers(0, 200)
ports = st.builds(PortVerdict, texts, verdicts, counts, counts)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
paths = st.lists(texts | st.integers(0, 9), min_size=1, max_size=4).map(tuple)
ops = st.builds(
    Op, paths, st.just(ABSENT) | json_values, st.none() | st.tuples(paths, json_values), st.booleans()
)
changes = st.builds(Change, refs, ops.map(lambda op: (op,)))
outcomes = st.builds(Outcome, verdicts, _few(ports), _few(codes))
fixes = st.builds(
    Fix,
    texts,
    confidences,
    st.none() | changes,
    st.none() | argvs,
    _few(texts),
    st.none() | outcomes,
    _few(argvs),
)
rows = st.builds(Row, texts, texts, texts)


def _finding(consequences: st.SearchStrategy[tuple[Finding, ...]]) -> st.SearchStrategy[Finding]:
    return st.builds(
        Finding,
        codes,
        texts,
        _few(places),
        refs,
        confidences,
        st.sampled_from(Effect),
        _few(rows),
        _few(commands),
        _few(fixes),
        consequences,
    )


findings = _finding(_few(_finding(st.just(()))))


def _line(children: st.SearchStrategy[tuple[Line, ...]]) -> st.SearchStrategy[Line]:
    return st.builds(
        Line,
        st.sampled_from(LineKind),
        places,
        texts,
        texts,
        st.sampled_from(Mark),
        texts,
        _few(codes),
        children,
        _few(texts),
    )


lines = _line(_few(_line(_few(_line(st.just(()))))))
checks = st.builds(Check, commands, texts, texts, texts, texts)
answers = st.sampled_from([True, False, None])
steps = st.builds(
    WhyStep,
    st.sampled_from(StepKind),
    st.sampled_from(Stage),
    answers,
    *(texts for _ in range(6)),
    _few(places),
    _few(places),
)
results = st.builds(WhyResult, texts, _few(places), texts, texts, answers, _few(texts), _few(texts))
whys = st.builds(Why, refs, texts, _few(steps), _few(results))
seen = st.none() | st.builds(Seen, texts, st.booleans(), texts)
compared = st.builds(
    PortComparison,
    texts,
    st.none() | ports,
    st.none() | ports,
    _few(st.builds(EndpointComparison, places, seen, seen)),
)
causes = st.builds(Cause, codes, refs, texts, st.sampled_from(Effect))
standings = st.builds(Standing, verdicts, texts)
comparisons = st.builds(
    Comparison,
    changes,
    argvs,
    standings,
    standings,
    lines,
    _few(compared),
    *(_few(causes) for _ in range(3)),
    _few(st.builds(NotChecked, codes, places, reads)),
    _few(texts),
    st.booleans(),
)
members = st.builds(
    Membership,
    services | refs,
    st.sampled_from(Relation),
    st.none() | verdicts,
    texts,
    _few(texts),
    _few(ports),
    _few(st.builds(Reason, st.sampled_from(StepKind), texts, _few(texts))),
    st.none() | fixes,
    _few(texts),
)
subjects = st.builds(
    Subject,
    services | refs,
    verdicts,
    texts,
    _few(ports),
    lines,
    _few(checks),
    _few(whys),
    st.none() | comparisons,
    _few(members),
)
queries = st.builds(
    Query,
    texts,
    _few(texts),
    selectors,
    st.booleans(),
    st.builds(Viewpoint, st.sampled_from(Origin), texts),
    _few(texts),
    _few(texts),
    texts,
    _few(st.builds(Op, paths, st.just(ABSENT) | texts | st.integers() | st.booleans())),
    _few(refs),
)
missing = st.builds(
    Missing, refs, _few(texts), _few(texts), st.sampled_from([None, True, False]), st.none() | gaps
)
reports = st.builds(
    Report,
    queries,
    texts,
    st.datetimes(timezones=st.just(UTC)),
    _few(subjects),
    _few(findings),
    _few(st.builds(NotChecked, codes, places, reads)),
    _few(gaps),
    _few(missing),
    texts,
    st.sampled_from(["cluster", "file"]) | texts,
    _few(texts),
)
