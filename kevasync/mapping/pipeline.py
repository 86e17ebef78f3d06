"""A field's steps, built from the mapping and run in Python: the truth that the SQL must equal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kevasync.mapping.definition import FieldMapping, Transform
from kevasync.mapping.recipes import RECIPES
from kevasync.mapping.steps import Parameter, Splitter, Step, TransformError
from kevasync.records import Direction
from kevasync.values import FieldKind, canonical, clean, is_valid, list_items, list_text

__all__ = ["Pipeline", "make_step", "nearest", "pipeline", "written"]

_NEAR = 60


def make_step(transform: Transform, targets: int) -> Step:
    """The step that a line of the mapping names. Raises TransformError, with a hint, when it cannot be built."""
    recipe = RECIPES.get(transform.name)
    if recipe is None:
        raise TransformError(f"no transformation {transform.name!r}", nearest(transform.name, RECIPES))
    known = {parameter.name: parameter for parameter in recipe.parameters}
    for name in transform.arguments:
        if name not in known:
            raise TransformError(f"{transform.name} has no argument {name!r}", nearest(name, known))
    values = {name: _argument(transform, parameter) for name, parameter in known.items()}
    return recipe.make(values, targets)


def nearest(name: str, names: Sequence[str] | Mapping[str, Any]) -> str:
    """`did you mean …?`, or the list where nothing is near and the list is short."""
    from rapidfuzz import process  # noqa: PLC0415 dear to load; wrong names are rare

    close = [match[0] for match in process.extract(name, list(names), limit=3, score_cutoff=_NEAR)]
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"there is {', '.join(names)}" if 0 < len(names) <= len(RECIPES) else ""


def _argument(transform: Transform, parameter: Parameter) -> Any:
    if parameter.name not in transform.arguments:
        if parameter.required:
            raise TransformError(f"{transform.name} needs the argument {parameter.name!r}")
        return parameter.default
    value = transform.arguments[parameter.name]
    if not _fits(parameter.kind, value):
        raise TransformError(f"{transform.name}: {parameter.name} = {value!r} is not {_KIND_WORDS[parameter.kind]}")
    if parameter.choices and value not in parameter.choices:
        raise TransformError(
            f"{transform.name}: {parameter.name} = {value!r} is not one of {', '.join(parameter.choices)}"
        )
    return value


_KIND_WORDS = {
    "text": "text",
    "scalar": "text, a number or true/false",
    "whole": "a whole number of 0 or more",
    "texts": "a list of text",
    "table": "a table of text to text",
    "region": "a two-letter country code",
}


def _fits(kind: str, value: object) -> bool:
    if kind == "table":
        return isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values())
    if kind == "texts":
        return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    if kind == "whole":
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1_000_000  # noqa: PLR2004
    if kind == "region":
        return isinstance(value, str) and len(value) == 2 and value.isalpha()  # noqa: PLR2004 ISO 3166
    if kind == "scalar":
        return isinstance(value, str | int | float | bool)
    return isinstance(value, str)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A field's steps, ready to run. `splitter` is that of its last step where the field has several targets."""

    steps: tuple[Step, ...]
    splitter: Splitter | None
    kind: FieldKind
    direction: Direction
    targets: int

    @property
    def stable(self) -> bool:
        """True where forward(backward(forward(v))) is forward(v)."""
        return all(step.stable for step in self.steps)

    @property
    def formats(self) -> bool:
        """True where a step writes Keva's form itself."""
        return any(step.formats for step in self.steps)

    @property
    def compares_as_keva(self) -> bool:
        """True where the two sides meet in Keva's form: a step changes what arrives from Salesforce."""
        return self.direction is Direction.FROM_CRM and any(step.symmetric for step in self.steps)

    def forward(self, value: str | None, region: str) -> tuple[str | None, ...]:
        """What would be written to each target."""
        current = clean(value)
        for step in self.steps:
            current = self._apply(step.forward, current, region, step.per_item)
        current = written(self.kind, current)
        if self.splitter is not None:
            return self.splitter.split(current, self.targets)
        return (*[None] * (self.targets - 1), current)

    def backward(self, values: Sequence[str | None], region: str) -> str | None:
        """What would be written to Keva."""
        current = written(self.kind, self.joined(values))
        if self.direction is Direction.FROM_CRM:
            for step in self.steps:
                current = self._apply(step.arriving, current, region, step.per_item)
        else:
            for step in reversed(self.steps):
                current = self._apply(step.backward, current, region, step.per_item)
        return current if self.formats else _keva_form(self.kind, current)

    def would_lose(self, value: str | None, region: str) -> bool:
        """True where a step on the way to Salesforce would not give this value back."""
        current = clean(value)
        for step in self.steps:
            items = list_items(current) if self.kind is FieldKind.LIST and step.per_item else (current,)
            if any(step.would_lose(item, region) for item in items):
                return True
            current = self._apply(step.forward, current, region, step.per_item)
        return False

    def joined(self, values: Sequence[str | None]) -> str | None:
        """The targets' values as one clean value."""
        if self.splitter is not None:
            return clean(self.splitter.join(values))
        return clean(values[0]) if len(values) == 1 else clean(" ".join(filter(None, map(clean, values))))

    def _apply(self, change: Any, value: str | None, region: str, per_item: bool) -> str | None:
        if self.kind is FieldKind.LIST and per_item and value is not None:
            items = (clean(change(item, region)) for item in list_items(value))
            return clean(";".join(item for item in items if item is not None))
        return clean(change(value, region))

    def compare_keva(self, value: str | None, region: str) -> str | None:
        """The Keva value in the form to compare."""
        if self.compares_as_keva:
            value = clean(value) if self.formats else _keva_form(self.kind, clean(value))
            return canonical(self.kind, value, region)
        return canonical(self.kind, self.joined(self.forward(value, region)), region)

    def compare_salesforce(self, values: Sequence[str | None], region: str) -> str | None:
        """The Salesforce values in the form to compare."""
        if self.compares_as_keva:
            return canonical(self.kind, self.backward(values, region), region)
        if self.steps and self.stable and self.direction is not Direction.TO_CRM:
            # seen as they will be once they have gone to Keva and come back: what a step loses is no difference
            values = self.forward(self.backward(values, region), region)
        return canonical(self.kind, self.joined(values), region)


@lru_cache(maxsize=1024)
def _pipeline(
    transforms: tuple[Transform, ...], _arguments: str, kind: FieldKind, direction: Direction, targets: int
) -> Pipeline:
    steps, splitter = [], None
    for number, transform in enumerate(transforms):
        step = make_step(transform, targets)
        if step.splitter is None:
            steps.append(step)
        elif number == len(transforms) - 1:
            splitter = step.splitter if targets > 1 else None
        else:
            raise TransformError(f"{transform.name} must be the last transformation: it makes several values of one")
    return Pipeline(tuple(steps), splitter, kind, direction, targets)


def pipeline(field: FieldMapping) -> Pipeline:
    """The field's steps, built once. Raises TransformError when one cannot be built."""
    arguments = json.dumps([dict(transform.arguments) for transform in field.transforms], default=dict)
    return _pipeline(field.transforms, arguments, field.kind, field.direction, len(field.salesforce))


def written(kind: FieldKind, value: str | None) -> str | None:
    """The value as Salesforce takes it: lists with `;`, plain numbers, true/false, ISO times; the rest as it is."""
    if value is None:
        return None
    if kind is FieldKind.LIST:
        return ";".join(list_items(value)) or None
    if kind in {FieldKind.NUMBER, FieldKind.BOOLEAN, FieldKind.DATE, FieldKind.DATETIME}:
        return canonical(kind, value, "")
    return value


def _keva_form(kind: FieldKind, value: str | None) -> str | None:
    """The value as Keva takes it: lists as JSON arrays, times without empty milliseconds; the rest as Salesforce."""
    if value is None:
        return None
    if kind is FieldKind.LIST:
        items = list_items(value)
        return list_text(items) if items else None
    shown = written(kind, value)
    if shown is not None and kind is FieldKind.DATETIME and is_valid(kind, shown, ""):
        return shown.replace(".000Z", "Z")
    return shown
