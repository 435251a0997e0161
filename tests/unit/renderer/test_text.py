"""Whole reports as people see them."""

from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from kubesvc.model.objects import Ref
from kubesvc.model.place import Place
from kubesvc.model.read import Gap, GapReason, Read
from kubesvc.model.report import (
    Command,
    Confidence,
    Effect,
    Finding,
    Fix,
    NotChecked,
    Outcome,
    PortVerdict,
    Report,
    Verdict,
)
from kubesvc.renderer.console import Terminal
from kubesvc.renderer.text import render_text
from tests.support import golden, reports

GOLDEN: Final = Path(__file__).parent / "golden"
PIPE: Final = Terminal()
TERMINALS: Final = {
    "60": Terminal(60),
    "100": Terminal(100),
    "100-color": Terminal(100, color=True),
    "100-ascii": Terminal(100, unicode=False),
    "piped": PIPE,
    "piped-color": Terminal(color=True),
}


@pytest.mark.parametrize("look", TERMINALS)
@pytest.mark.parametrize("name", reports.ALL)
def test_whole_report(name: str, look: str) -> None:
    """Every character is as it was when a person last read it."""
    golden.check(GOLDEN / f"{name}.{look}.txt", render_text(reports.ALL[name](), TERMINALS[look]))


@pytest.mark.parametrize("name", reports.ALL)
def test_whole_annotated_report(name: str) -> None:
    """With a sentence under each kind of line, and where each fact was read."""
    text = render_text(reports.ALL[name](), Terminal(100), annotate=True)
    golden.check(GOLDEN / f"{name}.100-annotated.txt", text)


@pytest.mark.parametrize("name", reports.ALL)
def test_colors_add_nothing_but_colors(name: str) -> None:
    """What is colored can be read without."""
    plain = (GOLDEN / f"{name}.100.txt").read_text("utf-8")
    colored = render_text(reports.ALL[name](), Terminal(100, color=True))
    for code in ("1", "2", "32", "33", "1;31", "1;36", "0"):
        colored = colored.replace(f"\x1b[{code}m", "")
    assert colored == plain


def with_finding(**fields: object) -> Report:
    """The report of my-service with its finding changed."""
    report = reports.my_service()
    return replace(report, findings=(replace(report.findings[0], **fields),))


def test_several_services_are_named_each_and_dated_once() -> None:
    """Cluster and moment are the same for all."""
    one, two = reports.my_service(), reports.healthy()
    text = render_text(replace(one, subjects=one.subjects + two.subjects), PIPE)
    assert "\n\nshop/web is healthy: " in text
    assert text.count("context prod-eu") == 1


def follower(name: str, *under: Finding, headline: str = "left behind") -> Finding:
    """A finding that follows from another."""
    culprit = Ref("EndpointSlice", "shop", name)
    return Finding("KSV401", headline, (), culprit, Confidence.PROOF, Effect.BROKEN, (), consequences=under)


@pytest.mark.parametrize(
    ("followers", "said"),
    [
        ([follower("a")], ["left behind"]),
        ([follower("a"), follower("b")], ["left behind (EndpointSlice/a, EndpointSlice/b)"]),
        ([follower("a"), follower("a")], ["left behind"]),
        ([follower("a"), follower("b", headline="behind")], ["left behind", "behind"]),
        (
            [follower("a", follower("c", headline="x")), follower("b", follower("d", headline="x"))],
            ["left behind (EndpointSlice/a, EndpointSlice/b)", "x (EndpointSlice/c, EndpointSlice/d)"],
        ),
        (
            [follower(name) for name in "abcd"],
            ["left behind (EndpointSlice/a, EndpointSlice/b, EndpointSlice/c and 1 more)"],
        ),
    ],
    ids=["one", "two alike", "one culprit", "two", "below two alike", "many alike"],
)
def test_what_follows_in_the_same_words_is_told_once(followers: list[Finding], said: list[str]) -> None:
    """With the culprits by which they differ."""
    text = render_text(with_finding(consequences=tuple(followers)), PIPE)

    rows = [line.split(None, 3)[3] for line in text.splitlines() if line.split()[:2] == ["leads", "to"]]
    assert rows == said


def test_findings_stand_in_the_order_of_the_report() -> None:
    """Which is the order of the JSON."""
    report = reports.my_service()
    second = replace(report.findings[0], code="KSV001")
    text = render_text(replace(report, findings=(*report.findings, second)), PIPE)
    assert text.index("  KSV101") < text.index("  KSV001")


def test_a_finding_about_no_subject_is_shown() -> None:
    """No finding is lost."""
    stray = Finding(
        "KSV902",
        "an object could not be decoded",
        (Place(reports.service("shop", "other")),),
        reports.service("shop", "other"),
        Confidence.PROOF,
        Effect.ADVICE,
    )
    report = replace(reports.healthy(), findings=(stray,))
    assert "Also found:\n\n  KSV902  an object could not be decoded" in render_text(report, PIPE)


def test_an_answer_from_a_file_says_so_with_its_day() -> None:
    """The time alone would pass for now."""
    text = render_text(replace(reports.healthy(), origin="file"), PIPE)
    assert text.splitlines()[0].endswith("context prod-eu · file · 2026-11-24 14:02:31 UTC")


def test_without_a_context_the_server_is_named() -> None:
    """In a cluster there is no kubeconfig."""
    assert "https://203.0.113.10:6443 · 14:02:31 UTC" in render_text(
        replace(reports.healthy(), context=""), PIPE
    )


def test_flags_and_namespace_are_in_every_kubectl_command() -> None:
    """Pasted, it asks the same cluster."""
    report = reports.checkout()
    described = Command(("kubectl", "describe", "pod", "p"))
    finding = replace(report.findings[0], confirm=(described,))
    text = render_text(replace(report, findings=(finding,)), PIPE)
    assert "\nkubectl --context 'prod eu' -n default describe pod p\n" in text


def test_an_unsafe_value_is_told_instead_of_a_command() -> None:
    """Evidence is not typed into a shell."""
    fix = Fix("select it", Confidence.LIKELY, command=("kubectl", "label", "pod", "p", "a=\\x1b[2J"))
    text = render_text(with_finding(fixes=(fix,)), PIPE)
    assert "(no command: a value in it cannot be written safely for a shell)" in text
    assert "\nkubectl" not in text


def test_the_commands_of_a_fix_stand_in_the_order_in_which_they_run() -> None:
    """Each alone at the left edge, ready to paste; an unsafe one is told in its place."""
    fix = Fix(
        "do it",
        Confidence.LIKELY,
        command=("kubectl", "patch", "sts", "a"),
        then=(("kubectl", "delete", "pod", "a-0"), ("kubectl", "delete", "pod", "\\x1b[2J")),
    )

    lines = render_text(with_finding(fixes=(fix,)), PIPE).splitlines()

    at = next(position for position, line in enumerate(lines) if "patch sts a" in line)
    assert lines[at].startswith("kubectl ")
    assert lines[at + 1].startswith("kubectl ")
    assert lines[at + 1].endswith(" delete pod a-0")
    assert lines[at + 2].startswith("          (no command: ")


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome(Verdict.HEALTHY, (PortVerdict("http", Verdict.HEALTHY, 1, 1),)), "1 endpoint on port http"),
        (
            Outcome(
                Verdict.HEALTHY,
                (
                    PortVerdict("http", Verdict.HEALTHY, 3, 3),
                    PortVerdict("metrics", Verdict.HEALTHY, 3, 3),
                ),
            ),
            "3 endpoints on ports http and metrics",
        ),
        (
            Outcome(Verdict.DEGRADED, (PortVerdict("http", Verdict.DEGRADED, 2, 3),)),
            "2 of 3 endpoints on port http, degraded",
        ),
        (Outcome(Verdict.IDLE, ()), "idle"),
    ],
)
def test_an_outcome_counts_endpoints_and_names_a_verdict_short_of_healthy(
    outcome: Outcome, words: str
) -> None:
    """A fix is never presented as more than it reaches."""
    text = render_text(with_finding(fixes=(Fix("do it", Confidence.PROOF, outcome=outcome),)), PIPE)
    assert f"  fix     do it → {words} (simulated)  proof\n" in text


def test_causes_that_a_fix_leaves_are_named() -> None:
    """Two independent causes are two."""
    outcome = Outcome(Verdict.BROKEN, (), ("KSV201", "KSV301"))
    text = render_text(with_finding(fixes=(Fix("do it", Confidence.PROOF, outcome=outcome),)), PIPE)
    assert "\n          then still KSV201, KSV301\n" in text


def test_a_fix_that_is_not_simulated_may_leave_causes_for_certain() -> None:
    """Nothing else is claimed of what it leads to."""
    outcome = Outcome(Verdict.UNKNOWN, (), ("KSV201",))
    text = render_text(with_finding(fixes=(Fix("do it", Confidence.LIKELY, outcome=outcome),)), PIPE)
    assert "\n  fix     do it  likely\n          then still KSV201\n" in text


def test_a_gap_is_not_called_harmless_where_a_verdict_is_unknown() -> None:
    """It may be what would decide."""
    gap = Gap(Read("Pod", "shop"), GapReason.TIMED_OUT, "after 30 s")
    report = reports.report(
        [
            reports.subject(
                reports.healthy_line(reports.service("shop", "web")), Verdict.UNKNOWN, "pods not read"
            )
        ],
        gaps=[gap],
    )
    assert "Not read: pods in shop (timed out).\n" in render_text(report, PIPE)


def test_what_could_not_be_read_is_said_once_per_kind_and_reason() -> None:
    """The server's words about each are in the JSON."""
    words = "nodes is forbidden: User cannot get resource"
    gaps = [Gap(Read("Node", name=f"node-{at}"), GapReason.FORBIDDEN, words) for at in range(9)]
    gaps += [Gap(Read("Node", name="node-9"), GapReason.TIMED_OUT), Gap(Read("Pod", "a"), GapReason.CUT)]
    text = render_text(replace(reports.healthy(), gaps=tuple(gaps)), PIPE)
    assert (
        "Not read: nodes (forbidden), Node/node-9 (timed out), pods in a (cut off); cannot change this "
        "verdict.\n"
    ) in text


def test_causes_that_were_not_looked_for_are_grouped_by_what_they_lacked() -> None:
    """One missing right costs several conclusions."""
    report = reports.healthy()
    place, read = Place(report.subjects[0].ref), Read("Node")
    missed = tuple(NotChecked(code, place, read) for code in ("KSV401", "KSV602", "KSV401"))
    text = render_text(replace(report, not_checked=missed), PIPE)
    assert "Not checked: KSV401, KSV602 without nodes.\n" in text


def test_nothing_is_said_of_nothing() -> None:
    """That nothing was found is the business of the command line."""
    assert render_text(replace(reports.healthy(), subjects=(), not_evaluated=()), PIPE) == ""
