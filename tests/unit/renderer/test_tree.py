"""The tree: branches, tables, columns, states."""

from typing import Final

from kubesvc.model.place import Place
from kubesvc.model.report import Line, LineKind, Mark
from kubesvc.renderer.console import Terminal
from kubesvc.renderer.page import Page
from kubesvc.renderer.tree import put_tree
from tests.support import reports

PLACE: Final = Place(reports.service("shop", "web"))


def line(kind: LineKind, label: str, value: str, *children: Line, **more: object) -> Line:
    """A line about shop/web."""
    return Line(kind, PLACE, label, value, children=children, **more)  # type: ignore[arg-type]


def drawn(*children: Line, width: int | None = 60, annotate: bool = False) -> list[str]:
    """Return the lines below the root."""
    page = Page(Terminal(width))
    put_tree(page, line(LineKind.SERVICE, "Service shop/web", "ClusterIP", *children), annotate=annotate)
    return page.text().splitlines()[1:]


def test_labels_of_siblings_share_a_column() -> None:
    """So values are read downward."""
    assert drawn(line(LineKind.SELECTOR, "Selector", "a=b"), line(LineKind.PORT, "Port x", "80/TCP")) == [
        "├─ Selector  a=b",
        "└─ Port x    80/TCP",
    ]


def test_states_share_a_column_on_a_terminal() -> None:
    """And the longest ends at the edge."""
    first = line(LineKind.SELECTOR, "Selector", "a=b", state="0 of 3 pods", mark=Mark.BAD, codes=("KSV101",))
    second = line(LineKind.PORT, "Port x", "80/TCP", state="idle")
    assert drawn(first, second, width=50) == [
        "├─ Selector  a=b             ✗ 0 of 3 pods  KSV101",
        "└─ Port x    80/TCP          idle",
    ]


def test_a_mark_never_stands_alone() -> None:
    """Symbols are not words."""
    assert drawn(line(LineKind.PORT, "Port x", "80/TCP", mark=Mark.WARN), width=None) == [
        "└─ Port x  80/TCP  ! warn"
    ]


def test_facts_of_endpoints_stand_in_columns() -> None:
    """An empty fact keeps its column."""
    ends = (
        line(LineKind.ENDPOINT, "10.0.0.1:80", "web-1", details=("node-a",), state="ready", mark=Mark.GOOD),
        line(LineKind.ENDPOINT, "10.0.0.12:80", "web-22", details=("",), state="ready", mark=Mark.GOOD),
    )
    assert drawn(line(LineKind.PORT, "Port x", "80/TCP", *ends)) == [
        "└─ Port x  80/TCP",
        "   ├─ ✓ 10.0.0.1:80    web-1    node-a   ready",
        "   └─ ✓ 10.0.0.12:80   web-22            ready",
    ]


def test_the_state_of_an_endpoint_is_kept_in_one_piece() -> None:
    """Where it does not fit it gets a line, and ends at the edge."""
    state = "not ready: readiness probe of app"
    end = line(LineKind.ENDPOINT, "10.0.0.1:80", "web-1", details=("node-a",), state=state, mark=Mark.BAD)
    assert drawn(line(LineKind.PORT, "Port x", "80/TCP", end)) == [
        "└─ Port x  80/TCP",
        "   └─ ✗ 10.0.0.1:80   web-1   node-a",
        " " * 27 + state,
    ]


def test_slices_are_a_table_beside_their_label() -> None:
    """One below the other."""
    slices = (line(LineKind.SLICE, "web-1", "IPv4"), line(LineKind.SLICE, "web-two", "IPv6"))
    assert drawn(line(LineKind.SLICES, "Slices", "", *slices)) == [
        "└─ Slices  web-1    IPv4",
        "           web-two  IPv6",
    ]


def test_a_table_with_a_fact_of_its_own_begins_below_it() -> None:
    """`the last 1 of 6`."""
    event = line(LineKind.EVENT, "Sync", "no node")
    assert drawn(line(LineKind.EVENTS, "Events", "the last 1 of 6", event)) == [
        "└─ Events  the last 1 of 6",
        "           Sync  no node",
    ]


def test_a_line_too_long_for_its_state_gives_it_a_line() -> None:
    """Neither is cut."""
    value = "80/TCP → targetPort 8080, node port 30080"
    assert drawn(line(LineKind.PORT, "Port x", value, state="2 of 3 ready", mark=Mark.WARN), width=50) == [
        "└─ Port x  80/TCP → targetPort 8080, node port",
        "           30080                    ! 2 of 3 ready",
    ]


def test_a_run_of_siblings_of_one_kind_is_explained_once() -> None:
    """A hundred endpoints need one sentence."""
    ends = [line(LineKind.ENDPOINT, f"10.0.0.{n}:80", "web") for n in range(3)]
    text = drawn(line(LineKind.PORT, "Port x", "80/TCP", *ends), width=None, annotate=True)
    assert sum("An endpoint is" in row for row in text) == 1


def test_the_same_line_twice_ends_once() -> None:
    """The last is last by position."""
    twin = line(LineKind.LABELS, "Labels", "a=b")
    assert [row[0] for row in drawn(twin, twin)] == ["├", "└"]
