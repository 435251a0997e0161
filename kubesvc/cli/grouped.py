"""Groups of options: a dataclass says once what several commands take."""

from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints


def grouped(command: Callable[..., int]) -> Callable[..., int]:
    """Spread each parameter whose type is a dataclass into its fields; typer sees these, the command that."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}

    @wraps(command)
    def spread(**values: Any) -> int:
        for name, group in groups.items():
            values[name] = group(**{field.name: values.pop(field.name) for field in fields(group)})
        return command(**values)

    parameters: list[Parameter] = []
    for name, parameter in signature(command).parameters.items():
        if name in groups:
            parameters += map(_parameter(groups[name]), fields(groups[name]))
        else:
            parameters.append(parameter.replace(kind=Parameter.KEYWORD_ONLY, annotation=hints[name]))
    del spread.__wrapped__  # typer must see this signature, not the command's
    vars(spread)["__signature__"] = Signature(parameters, return_annotation=int)
    spread.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return spread


def _parameter(group: type) -> Callable[[Field[Any]], Parameter]:
    hints = get_type_hints(group, include_extras=True)

    def build(field: Field[Any]) -> Parameter:
        default = field.default if field.default_factory is MISSING else field.default_factory()
        return Parameter(field.name, Parameter.KEYWORD_ONLY, default=default, annotation=hints[field.name])

    return build
