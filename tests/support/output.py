"""The looks in which whole texts are kept, and the schema that every report in JSON keeps to."""

import json
from pathlib import Path
from typing import Any, Final

from kubesvc.renderer.console import Terminal

SCHEMA: Final[Any] = json.loads(
    (Path(__file__).parents[2] / "docs" / "report-v1alpha1.schema.json").read_text("utf-8")
)
LOOKS: Final = {
    "60": Terminal(60),
    "100": Terminal(100),
    "100-color": Terminal(100, color=True),
    "100-ascii": Terminal(100, unicode=False),
    "piped": Terminal(),
}
