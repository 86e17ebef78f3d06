"""The transformations by name: what each does on the way to Salesforce, and its way back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from kevasync.mapping.names import join_name, split_name
from kevasync.mapping.recipes_formats import FORMAT_RECIPES
from kevasync.mapping.steps import Parameter, Recipe, Splitter, Step, TransformError
from kevasync.values import FieldKind, clean, clean_sql, list_items, quote_literal

__all__ = ["RECIPES"]

_INVISIBLE = "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_CASES = {"upper": str.upper, "lower": str.lower, "title": str.title}


def _split_name(_arguments: Mapping[str, Any], _targets: int) -> Step:
    def split(value: str | None, count: int) -> tuple[str | None, ...]:
        if count == 1:
            return (value,)
        return (*split_name(value), *[None] * (count - 2))

    def join(values: Sequence[str | None]) -> str | None:
        return join_name(values[0], values[1]) if len(values) > 1 else values[0]

    return Step(lambda value, _: value, splitter=Splitter(split, join))


def _default(arguments: Mapping[str, Any], _targets: int) -> Step:
    fallback = clean(str(arguments["value"]))

    def cheap(x: str) -> str:
        literal = "NULL" if fallback is None else quote_literal(fallback)
        return f"CASE WHEN {x} >= '!' AND {x} < chr(133) THEN {x} ELSE coalesce({clean_sql(x)}, {literal}) END"

    return Step(
        lambda value, _: fallback if value is None else value,
        symmetric=True,
        cheap_sql=cheap,
    )


def _trim(_arguments: Mapping[str, Any], _targets: int) -> Step:
    def forward(value: str | None, _region: str) -> str | None:
        while value and (value[0] in _INVISIBLE or value[-1] in _INVISIBLE):
            value = clean(value.strip(_INVISIBLE))
        return value

    return Step(forward, symmetric=True, per_item=True)


def _case(arguments: Mapping[str, Any], _targets: int) -> Step:
    change = _CASES[arguments["mode"]]

    def forward(value: str | None, _region: str) -> str | None:
        if value is None:
            return None
        # a few characters need a second pass until they stay (title case of ligatures, dotted I)
        for _ in range(4):
            once = unicodedata.normalize("NFC", change(value))
            if once == value:
                break
            value = once
        return value

    return Step(forward, lossy=True, symmetric=True, per_item=True)


def _truncate(arguments: Mapping[str, Any], _targets: int) -> Step:
    length = int(arguments["length"])
    if length < 1:
        raise TransformError("truncate: length must be at least 1")

    def forward(value: str | None, _region: str) -> str | None:
        if value is None or len(value) <= length // 2:
            return value
        # Salesforce counts UTF-16 units: a character beyond the first 65,536 is two
        return value.encode("utf-16-le")[: 2 * length].decode("utf-16-le", "ignore")

    return Step(forward, lossy=True, symmetric=True, per_item=True)


def _map_values(arguments: Mapping[str, Any], _targets: int) -> Step:
    table = {
        _need(clean(str(key)), "map_values: an empty key"): clean(str(to)) for key, to in arguments["table"].items()
    }
    fallback = clean(arguments["default"])
    back: dict[str, str] = {}
    for key, to in table.items():
        if to is not None:
            back.setdefault(to, key)

    def forward(value: str | None, _region: str) -> str | None:
        if value is None:
            return None
        return table.get(value, value if fallback is None else fallback)

    def backward(value: str | None, _region: str) -> str | None:
        return None if value is None else back.get(value, value)

    lossy = fallback is not None or len(back) < len(table)
    # a word that is both a Salesforce value and another Keva word, or a default that the table maps on, moves again
    stable = all(forward(backward(to, ""), "") == to for to in [*table.values(), fallback])
    return Step(forward, backward, lossy=lossy, stable=stable, per_item=True)


def _need(value: str | None, message: str) -> str:
    if value is None:
        raise TransformError(message)
    return value


def _concat(arguments: Mapping[str, Any], _targets: int) -> Step:
    prefix, suffix = (
        unicodedata.normalize("NFC", arguments["prefix"]),
        unicodedata.normalize("NFC", arguments["suffix"]),
    )
    if not clean(prefix + suffix):
        raise TransformError('concat: give a prefix or a suffix, such as {name = "concat", prefix = "Keva: "}')
    bare_prefix, bare_suffix = clean(prefix) or "", clean(suffix) or ""

    def forward(value: str | None, _region: str) -> str | None:
        return None if value is None else prefix + value + suffix

    def backward(value: str | None, _region: str) -> str | None:
        if value is None:
            return None
        inner = value
        if (
            inner.startswith(bare_prefix)
            and inner.endswith(bare_suffix)
            and len(inner) > len(bare_prefix + bare_suffix)
        ):
            inner = inner[len(bare_prefix) : len(inner) - len(bare_suffix)]
        candidate = clean(inner)
        # only what forward would have written is taken apart
        return candidate if candidate is not None and clean(forward(candidate, "")) == value else value

    return Step(forward, backward, per_item=True)


def _split(arguments: Mapping[str, Any], targets: int) -> Step:
    separator = unicodedata.normalize("NFC", arguments["separator"])
    if not separator:
        raise TransformError("split: the separator is empty")
    bare = separator.strip() or separator

    def pieces(value: str | None) -> list[str]:
        return [] if value is None else [piece for part in value.split(bare) if (piece := clean(part)) is not None]

    if targets == 1:
        return Step(
            lambda value, _: ";".join(pieces(value)),
            lambda value, _: separator.join(list_items(value)),
            lossy=True,
            formats=True,
            loses=lambda value, _: ";" in (value or ""),
        )

    def split(value: str | None, count: int) -> tuple[str | None, ...]:
        found = pieces(value)
        rest = separator.join(found[count - 1 :]) or None
        return (*found[: count - 1], *[None] * (count - 1 - len(found)), rest)

    def join(values: Sequence[str | None]) -> str | None:
        return separator.join(piece for value in values for piece in pieces(clean(value))) or None

    return Step(lambda value, _: value, splitter=Splitter(split, join))


def _city_from_location(_arguments: Mapping[str, Any], _targets: int) -> Step:
    return Step(
        lambda value, _: None if value is None else value.partition(",")[0],
        one_way=True,
        lossy=True,
        symmetric=True,
        cheap_sql=lambda x: f"split_part({x}, ',', 1)",
    )


def _null_if(arguments: Mapping[str, Any], _targets: int) -> Step:
    words = {cleaned.casefold() for word in arguments["values"] if (cleaned := clean(word)) is not None}
    if not words:
        raise TransformError('null_if: give the values that mean nothing, such as values = ["N/A", "-"]')

    def forward(value: str | None, _region: str) -> str | None:
        return None if value is not None and value.casefold() in words else value

    return Step(forward, lossy=True, symmetric=True, per_item=True)


def _regex_replace(arguments: Mapping[str, Any], _targets: int) -> Step:
    try:
        pattern = re.compile(arguments["pattern"])
        pattern.sub(arguments["replacement"], "")
        re._parser.parse_template(arguments["replacement"], pattern)  # noqa: SLF001 no public check
    except (re.error, IndexError) as error:
        raise TransformError(
            f"regex_replace: {error}", "Python's syntax: \\1 or \\g<name> in the replacement"
        ) from None

    def forward(value: str | None, _region: str) -> str | None:
        return None if value is None else pattern.sub(arguments["replacement"], value)

    return Step(forward, one_way=True, lossy=True, stable=False, symmetric=True, per_item=True)


RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "split_name",
            "One full name into FirstName and LastName; a single word is the LastName.",
            "FirstName and LastName joined",
            _split_name,
            kinds=(FieldKind.NAME, FieldKind.TEXT),
        ),
        Recipe(
            "default",
            "A null becomes this value.",
            "the value stays as it is; a null Keva value and the default compare equal",
            _default,
            (Parameter("value", "scalar"),),
        ),
        Recipe("trim", "Spaces and invisible characters at the ends are taken off.", "unchanged", _trim),
        Recipe(
            "case",
            "Upper, lower or title case.",
            "unchanged; a bidirectional field is compared without regard to case",
            _case,
            (Parameter("mode", choices=tuple(_CASES)),),
        ),
        Recipe(
            "truncate",
            "Cut to so many characters, counted as Salesforce counts them.",
            "unchanged; what was cut is not missed when the two sides are compared",
            _truncate,
            (Parameter("length", "whole"),),
        ),
        Recipe(
            "map_values",
            "Each value by a table, such as picklist values; a value not in the table stays, or becomes the default.",
            "the first Keva value that has this Salesforce value",
            _map_values,
            (Parameter("table", "table"), Parameter("default", required=False)),
        ),
        Recipe(
            "concat",
            "Text put before and after the value.",
            "the text taken off again",
            _concat,
            (Parameter("prefix", required=False, default=""), Parameter("suffix", required=False, default="")),
        ),
        Recipe(
            "split",
            "One value into several fields, the last takes the rest; with one field, into a list.",
            "the parts joined by the separator",
            _split,
            (Parameter("separator"),),
        ),
        Recipe(
            "city_from_location",
            'The city of "City, State".',
            "none: the rest of the location would be lost",
            _city_from_location,
        ),
        Recipe(
            "null_if",
            "These values mean nothing and become null; case does not matter.",
            "unchanged",
            _null_if,
            (Parameter("values", "texts"),),
        ),
        Recipe(
            "regex_replace",
            "Every match of a Python regular expression is replaced.",
            "none",
            _regex_replace,
            (Parameter("pattern"), Parameter("replacement")),
        ),
        *FORMAT_RECIPES,
    )
}
"""All transformations by name."""
