"""Between snapshot text and the API's JSON: a field's value in its JSON type, and a customer's values as text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from kevasync.keva.columns import as_text
from kevasync.keva.schema import kind_of, spelled
from kevasync.values import FieldKind, canonical, is_valid, list_items

__all__ = ["CUSTOM_FIELDS", "as_held", "as_json", "body_of", "line_of", "said_fields", "texts_of"]

CUSTOM_FIELDS = "customFields"
_EXACT = 2**53


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
            return list(list_items(text))
        case _:
            return text


def _boolean(name: str, text: str) -> bool:
    word = canonical(FieldKind.BOOLEAN, text, "")
    if word not in {"true", "false"}:
        raise ValueError(f"{text!r} is neither true nor false ({name})")
    return word == "true"


def _number(name: str, text: str) -> int | float:
    text = text.strip()
    if not is_valid(FieldKind.NUMBER, text, "") or not math.isfinite(number := float(text)):
        raise ValueError(f"{text!r} is not a number ({name})")
    if text.lstrip("+-").isdigit():
        return int(text)
    return int(number) if number.is_integer() and abs(number) < _EXACT else number


def as_held(name: str, text: str | None, held: Any) -> Any:
    """The JSON value of a custom field's text, in the type of the value that Keva holds, where it fits."""
    kinds = ((bool, _boolean), (int | float, _number), (list, lambda _, one: list(list_items(one))))
    read = next((read for kind, read in kinds if isinstance(held, kind)), None)
    if text is None or read is None:
        return text
    try:
        return read(name, text)
    except ValueError:
        return text


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


def line_of(customer: Mapping[str, Any]) -> str:
    """The customer as a line of NDJSON. NULs are left out: one in a note must not stop all the others."""
    line = json.dumps(customer, ensure_ascii=False)
    if "\\u0000" in line:
        line = json.dumps(_without_nul(customer), ensure_ascii=False)
    return line + "\n"


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, Mapping):
        return {_without_nul(name): _without_nul(item) for name, item in value.items()}
    return [_without_nul(item) for item in value] if isinstance(value, list) else value


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
