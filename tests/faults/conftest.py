"""The program, run in this process."""

from collections.abc import Iterator

import pytest

from tests.support.program import Kubesvc, kubesvc_with


@pytest.fixture
def kubesvc(capsys: pytest.CaptureFixture[str]) -> Iterator[Kubesvc]:
    """What runs kubesvc and returns its status and output."""
    yield from kubesvc_with(capsys)
