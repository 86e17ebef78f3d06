"""Between snapshot text and the API's JSON: a field's value in its JSON type, and a customer's values as text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from kevasync.keva.columns import as_text
from kevasync.keva.schema import kind_of, spelled
from kevasync.values import FieldKind

__all__ = ["CUSTOM_FIELDS", "as_json", "body_of", "said_fields", "texts_of"]

CUSTOM_FIELDS = "customFields"
_TRUE, _FALSE = {"true", "1", "yes", "y", "t"}, {"false", "0", "no", "n", "f"}


def as_json(name: str, text: str | None) -> Any:
    """The JSON value of a field's text: boolean, number, list or string, as Keva documents the field.

    Raises ValueError where the text does not fit; a custom field is sent as a string.
    """
    if text is None:
        return None
    match kind_of(name):
        case FieldKind.BOOLEAN:
            return _boolean(name, text)
        case FieldKind.NUMBER:
            return _number(name, text)
        case FieldKind.LIST:
            return _list(name, text)
        case _:
            return text


def _boolean(name: str, text: str) -> bool:
    folded = text.strip().casefold()
    if folded not in _TRUE | _FALSE:
        raise ValueError(f"{text!r} is neither true nor false ({name})")
    return folded in _TRUE


def _number(name: str, text: str) -> int | float:
    try:
        number = float(text)
        whole = int(text) if text.strip().lstrip("+-").isdigit() else None
    except ValueError as error:
        raise ValueError(f"{text!r} is not a number ({name})") from error
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is not a number ({name})")
    if whole is not None:
        return whole
    return int(number) if number.is_integer() else number


def _list(name: str, text: str) -> list[Any]:
    """A JSON array; other text is a list written with semicolons or commas."""
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
        except ValueError as error:
            raise ValueError(f"{text!r} is not a list ({name})") from error
        if isinstance(found, list):
            return found
    parts = text.split(";" if ";" in text else ",")
    return [part.strip() for part in parts if part.strip()]


def body_of(values: Mapping[str, str | None], top_level: Iterable[str]) -> dict[str, Any]:
    """What to send: documented fields and those seen at the top level as they are, others in `customFields`."""
    known = set(top_level)
    body: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for name, text in values.items():
        prefix, dot, rest = name.partition(".")
        if dot and prefix == CUSTOM_FIELDS:
            custom[rest] = text
        elif kind_of(name) is not None or name in known:
            body[spelled(name)] = as_json(name, text)
        else:
            custom[name] = text
    return body | ({CUSTOM_FIELDS: custom} if custom else {})


def texts_of(customer: Mapping[str, Any], fields: Iterable[str]) -> dict[str, str | None]:
    """The snapshot text of those fields that the customer says something about."""
    own = customer.get(CUSTOM_FIELDS)
    custom: Mapping[str, Any] = own if isinstance(own, dict) else {}
    texts: dict[str, str | None] = {}
    for name in fields:
        bare = name.removeprefix(f"{CUSTOM_FIELDS}.")
        if spelled(name) in customer:
            texts[name] = as_text(customer[spelled(name)])
        elif bare in custom:
            texts[name] = as_text(custom[bare])
    return texts


def said_fields(customer: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """(names at the top level, names of custom fields) of one customer."""
    custom = customer.get(CUSTOM_FIELDS)
    return set(customer) - {CUSTOM_FIELDS}, set(custom) if isinstance(custom, dict) else set()
