"""Laws about the sentences that explain lines."""

import pytest

from kubesvc.model.report import LineKind
from kubesvc.renderer.annotations import annotation


@pytest.mark.parametrize("kind", LineKind)
def test_every_kind_of_line_has_one_sentence(kind: LineKind) -> None:
    """One, with an end, and nothing that is addressed to the reader."""
    sentence = annotation(kind)
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert ". " not in sentence
    assert not {"you", "your", "should", "please"} & set(sentence.lower().split())


def test_no_two_kinds_have_the_same_sentence() -> None:
    """A copied sentence explains one of them wrongly."""
    assert len({annotation(kind) for kind in LineKind}) == len(LineKind)
