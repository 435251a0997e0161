"""Words → values of options. Typer itself builds a pydantic model for each: 250 ms for those of `explain`."""

from collections.abc import Iterable
from enum import Enum
from typing import Any, Final

from typer import BadParameter

_NUMBER: Final = 9  # digits; more is no verbosity


class Plain:
    """Stands in for typer's coercion of one parameter: text, a whole number, a choice, or a list of texts."""

    def __init__(self, annotation: Any) -> None:  # noqa: ANN401 - any type
        self._annotation = annotation

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ANN401 - typer's types are private
        """Return the value; raises BadParameter for a word that is none."""
        if value is None or not isinstance(value, str) or isinstance(value, Enum):
            return value
        if self._annotation is int:
            if value.isascii() and value.isdigit() and len(value) <= _NUMBER:
                return int(value)
            raise BadParameter(f"{value!r} is not a number", ctx=ctx, param=param)
        if isinstance(self._annotation, type) and issubclass(self._annotation, Enum):
            known = [str(choice.value) for choice in self._annotation]
            if value not in known:
                raise BadParameter(f"{value!r} is not one of {', '.join(known)}", ctx=ctx, param=param)
            return self._annotation(value)
        return value


def use_plain(params: Iterable[Any]) -> None:
    """Let parameters coerce plainly; should typer rename the attribute, it is only slow again."""
    for param in params:
        param._runtime_param = Plain(param.type_descriptor.annotation)  # noqa: SLF001 - it has no other seam
