"""What a transformation is: one step from the Keva value to the Salesforce value, with its way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kevasync.values import clean

__all__ = ["Parameter", "Recipe", "Splitter", "Step", "TransformError", "unchanged"]

Change = Callable[[str | None, str], str | None]
"""(clean value, region) to the new value; what it returns is cleaned again."""


def unchanged(value: str | None, _region: str) -> str | None:
    """The way back of a step that has none, or that keeps what it is given."""
    return value


class TransformError(ValueError):
    """A step that cannot be built: an unknown name, an unknown or missing argument, a value of the wrong type."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Splitter:
    """The last step of a field with several targets: one value into several, and joined back."""

    split: Callable[[str | None, int], tuple[str | None, ...]]
    join: Callable[[Sequence[str | None]], str | None]


@dataclass(frozen=True, slots=True)
class Step:
    """One transformation with its arguments filled in.

    Promise: forward(backward(forward(v))) == forward(v), unless `stable` is False. `one_way` says that there is no
    way back; `lossy` that different values may become one, `loses(value, region)` which do where going there and
    back does not tell. `symmetric` steps do the same to a value that travels from Salesforce. `per_item` steps work on
    each item of a list. `formats` steps write Keva's own form themselves, on the way back. `cheap_sql(x)` is SQL that,
    cleaned, equals forward(clean(x)).
    """

    forward: Change
    backward: Change = unchanged
    one_way: bool = False
    lossy: bool = False
    stable: bool = True
    symmetric: bool = False
    per_item: bool = False
    formats: bool = False
    splitter: Splitter | None = None
    cheap_sql: Callable[[str], str] | None = None
    loses: Callable[[str | None, str], bool] | None = None

    def would_lose(self, value: str | None, region: str) -> bool:
        """True where this value would come back from Salesforce as another one."""
        if not self.lossy or value is None:
            return False
        if self.loses is not None:
            return self.loses(value, region)
        return clean(self.backward(clean(self.forward(value, region)), region)) != value

    def arriving(self, value: str | None, region: str) -> str | None:
        """What the step does to a value of a from_crm field."""
        return self.forward(value, region) if self.symmetric else self.backward(value, region)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a transformation. `kind` is text, whole (a number ≥ 0), texts (a list of text) or table."""

    name: str
    kind: str = "text"
    required: bool = True
    default: Any = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """A transformation as the mapping file names it: its parameters and how to make the step.

    `about` is one sentence for the reference page, `back` says what the way back is.
    """

    name: str
    about: str
    back: str
    make: Callable[[Mapping[str, Any], int], Step]
    parameters: tuple[Parameter, ...] = ()
    kinds: tuple[str, ...] = ()
