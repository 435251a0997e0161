"""Lines are wrapped on a terminal and nowhere else."""

from hypothesis import given
from hypothesis import strategies as st

from kubesvc.renderer.console import Terminal
from kubesvc.renderer.ink import Pen, Span, Spans, Style, blanks, width
from kubesvc.renderer.page import Page, wrap
from tests.support.report_strategies import texts


def test_a_long_line_is_wrapped_under_its_hang() -> None:
    """Words are kept whole."""
    page = Page(Terminal(40))
    page.put((Span("one two three four five six seven eight nine ten"),), lead=(Span("- "),), hang=4)
    assert page.text() == "- one two three four five six seven\n-     eight nine ten\n"


def test_a_pipe_gets_one_line() -> None:
    """With what is at the right edge after two blanks."""
    page = Page(Terminal())
    page.put((Span("word " * 50 + "end"),), right=(Span("proof"),))
    assert page.text() == "word " * 50 + "end  proof\n"


def test_what_is_right_stands_at_the_edge() -> None:
    """So it is found by looking along the edge."""
    page = Page(Terminal(40))
    page.put((Span("a"),), right=(Span("proof"),))
    assert page.text() == "a" + " " * 34 + "proof\n"


def test_what_is_right_finds_a_line_of_its_own() -> None:
    """It is not wrapped into the rest."""
    page = Page(Terminal(40))
    page.put((Span("a" * 37),), right=(Span("proof"),))
    assert page.text() == "a" * 37 + "\n" + " " * 35 + "proof\n"


def test_a_word_longer_than_the_line_is_cut() -> None:
    """No line of a terminal is exceeded."""
    page = Page(Terminal(40))
    page.put((Span("x" * 90),))
    assert [len(line) for line in page.text().splitlines()] == [40, 40, 10]


def test_labels_are_cut_between_each_other() -> None:
    """A key that is broken off is not found again."""
    page = Page(Terminal(40))
    page.put((Span("by app.kubernetes.io/instance=shop,app.kubernetes.io/name=web,tier=front"),))
    assert page.text() == ("by\napp.kubernetes.io/instance=shop,\napp.kubernetes.io/name=web,tier=front\n")


def test_wide_characters_count_twice() -> None:
    """The terminal gives them two cells."""
    page = Page(Terminal(40))
    page.put((Span("日" * 21),))
    assert [width(line) for line in page.text().splitlines()] == [40, 2]


def test_styles_end_with_their_span() -> None:
    """No color reaches the next line."""
    page = Page(Terminal(40, color=True))
    page.put((Span("bad", Style.BAD), Span(" plain"), blanks(4)))
    assert page.text() == "\x1b[1;31mbad\x1b[0m plain\n"


def test_blank_lines_are_never_doubled() -> None:
    """Whoever separates need not know what stands before."""
    page = Page(Terminal())
    page.blank()
    page.put((Span("a"),))
    page.blank()
    page.blank()
    page.put((Span("b"),))
    assert page.text() == "a\n\nb\n"


@given(texts, st.integers(10, 60), st.integers(10, 60))
def test_wrapping_loses_nothing_but_blanks(text: str, first: int, rest: int) -> None:
    """And no line is wider than it may be."""
    spans: Spans = (Pen(Terminal())(text), Span("end", Style.CODE))
    lines = wrap(spans, first, rest)
    whole = "".join(span.text for line in lines for span in line)
    assert whole.replace(" ", "") == "".join(span.text for span in spans).replace(" ", "")
    widths = [width("".join(span.text for span in line)) for line in lines]
    assert widths[0] <= first
    assert max(widths[1:], default=0) <= rest


@given(texts)
def test_a_pen_writes_one_printable_line(text: str) -> None:
    """In ASCII where the terminal has nothing else."""
    assert "\n" not in Pen(Terminal())(text).text
    assert Pen(Terminal(unicode=False))(text).text.isascii()
