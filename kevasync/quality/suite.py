"""A suite as a file: made from the mapping and describe, in Great Expectations' own JSON, and the user's to edit."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from kevasync.errors import UsageError
from kevasync.mapping.definition import FieldMapping, ObjectMapping
from kevasync.records import Direction, Field, Schema, Side
from kevasync.values import FieldKind

__all__ = ["EMAIL", "Suite", "SuiteState", "build", "ensure", "file_name", "load", "of_keva", "save"]

Suite = dict[str, Any]
"""`{"name", "meta": {"kevasync": {...}}, "expectations": [{"type", "kwargs", "severity"?, "meta"?}]}`."""

EMAIL = r"^[^\s@,;<>()]+@[^\s@,;<>()]+\.[^\s@,;<>().]{2,}$"
"""What Salesforce takes for an e-mail address, roughly; one pattern for pandas, PyArrow and DuckDB alike."""

PATTERNS = {
    "double": (r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$", "a number"),
    "currency": (r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$", "a number"),
    "percent": (r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$", "a number"),
    "int": (r"^-?\d+(\.0+)?$", "a whole number"),
    "date": (r"^\d{4}-\d{2}-\d{2}$", "a date (YYYY-MM-DD)"),
    "datetime": (r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", "a date and time (ISO 8601)"),
    "reference": (r"^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$", "a record id"),
}
TEXT_TYPES = frozenset(
    {"string", "email", "phone", "url", "textarea", "picklist", "combobox", "encryptedstring", "multipicklist"}
)


class SuiteState(StrEnum):
    """What `ensure` found: no file (written), a generated one (kept or renewed), or the user's own edit (kept)."""

    NEW = "new"
    CURRENT = "current"
    RENEWED = "renewed"
    EDITED = "edited"


def file_name(object_name: str, side: Side) -> str:
    """`contact.json` for what goes to Salesforce, `contact.keva.json` for what goes to Keva."""
    return f"{object_name}.json" if side is Side.SALESFORCE else f"{object_name}.keva.json"


def build(mapping: ObjectMapping, schema: Schema) -> Suite:
    """The suite for batches written to the side that `schema` describes: only fields the mapping can write there.

    A batch is checked where it says something: null means leave alone, so `not_be_null` concerns new records and
    clears, and every other expectation concerns the values present.
    """
    to_salesforce = schema.side is Side.SALESFORCE
    expectations = list(_keys(schema.side))
    seen: set[str] = set()
    for field in mapping.fields:
        if field.direction is (Direction.FROM_CRM if to_salesforce else Direction.TO_CRM):
            continue
        for name in field.salesforce if to_salesforce else (field.keva,):
            described = schema.find(name)
            if described is None or described.name in seen:
                continue
            seen.add(described.name)
            expectations.extend(_field(described.name, described, _kind(field)))
    return _suite(mapping.name, schema, expectations)


def of_keva(mapping: ObjectMapping, schema: Schema) -> Suite:
    """The suite for a Keva snapshot: what its values must be so that Salesforce, as `schema` describes it, takes them.

    Fields with a transformation or several targets are left out: their values are judged when they are written.
    """
    expectations: list[dict[str, Any]] = [_unique("_id", "two rows have the same id")]
    for field in mapping.fields:
        described = schema.find(field.salesforce[0])
        plain = len(field.salesforce) == 1 and not field.transforms and field.direction is not Direction.FROM_CRM
        if field.kind is FieldKind.EMAIL or (plain and described is not None):
            bare = Field(field.keva, field.keva, "email") if described is None or not plain else described
            expectations.extend(_field(field.keva, bare, field.kind))
    return _suite(f"{mapping.name}-in-keva", schema, expectations)


def _kind(field: FieldMapping) -> FieldKind | None:
    return field.kind if len(field.salesforce) == 1 else None


def _suite(name: str, schema: Schema, expectations: list[dict[str, Any]]) -> Suite:
    meta = {"version": 1, "side": schema.side.value, "object": schema.object, "generated": _digest(expectations)}
    return {"name": name, "meta": {"kevasync": meta}, "expectations": expectations}


def _keys(side: Side) -> Iterator[dict[str, Any]]:
    yield _unique("_id", "two rows of one batch write to the same record")
    if side is Side.SALESFORCE:
        yield _unique("_keva_id", "two rows of one batch are the same customer")


def _field(name: str, described: Field, kind: FieldKind | None) -> Iterator[dict[str, Any]]:
    """The expectations of one column, from what the side says of the field."""
    email = kind is FieldKind.EMAIL or described.type == "email"
    if described.required:
        yield _expect("expect_column_values_to_not_be_null", name, f"{name} is required and has no value")
    if described.length and described.type in TEXT_TYPES:
        reason = f"{name} is longer than {described.length} characters"
        yield _expect("expect_column_value_lengths_to_be_between", name, reason, max_value=described.length)
    if email:
        yield _expect("expect_column_values_to_match_regex", name, f"{name} is not an e-mail address", regex=EMAIL)
    if described.type == "boolean":
        yield _expect(
            "expect_column_values_to_be_in_set", name, f"{name} is not true or false", value_set=["true", "false"]
        )
    if described.type in PATTERNS:
        pattern, what = PATTERNS[described.type]
        yield _expect("expect_column_values_to_match_regex", name, f"{name} is not {what}", regex=pattern)
    if described.restricted and described.picklist:
        yield _picklist(name, described)
    if email or described.unique or described.external_id:
        yield _unique(name, f"{name} stands in more than one row", fold=email)


def _picklist(name: str, described: Field) -> dict[str, Any]:
    reason = f"{name} is not one of the values the picklist allows"
    if described.type != "multipicklist":
        return _expect("expect_column_values_to_be_in_set", name, reason, value_set=list(described.picklist))
    one = "|".join(re.escape(value) for value in described.picklist)
    return _expect("expect_column_values_to_match_regex", name, reason, regex=f"^(?:{one})(?:;(?:{one}))*$")


def _expect(kind: str, column: str, reason: str, **arguments: Any) -> dict[str, Any]:
    return {"type": kind, "kwargs": {"column": column, **arguments}, "meta": {"reason": reason}}


def _unique(column: str, reason: str, *, fold: bool = False) -> dict[str, Any]:
    made = _expect("expect_column_values_to_be_unique", column, reason)
    if fold:
        made["meta"]["ignore_case"] = True
    return made


def _digest(expectations: object) -> str:
    return hashlib.sha256(json.dumps(expectations, sort_keys=True).encode()).hexdigest()[:16]


def load(path: Path) -> Suite:
    """Read a suite. Raises UsageError `quality-suite-unreadable`; what it means is checked when it runs."""
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        what = f"{path}: line {error.lineno}, column {error.colno}: {error.msg.lower()}"
        raise UsageError("quality-suite-unreadable", what) from error
    except UnicodeDecodeError as error:
        raise UsageError("quality-suite-unreadable", f"{path}: not UTF-8 ({error.reason})") from error
    if not isinstance(found, dict) or not isinstance(found.get("expectations"), list):
        raise UsageError("quality-suite-unreadable", f"{path}: no list called expectations")
    return found


def save(suite: Mapping[str, Any], path: Path) -> None:
    """Write a suite, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(suite, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)


def ensure(path: Path, wanted: Suite, *, refresh: bool = False) -> tuple[Suite, SuiteState]:
    """The suite to use: the file where the user has edited it, else `wanted`, which is then on disk.

    A file nobody edited follows the mapping by itself; `refresh` writes an edited one anew, too.
    """
    if not path.is_file():
        save(wanted, path)
        return wanted, SuiteState.NEW
    found = load(path) if not refresh else {}
    if found == wanted:
        return found, SuiteState.CURRENT
    stamp = found.get("meta", {}).get("kevasync", {}).get("generated") if isinstance(found.get("meta"), dict) else None
    if not refresh and stamp != _digest(found["expectations"]):
        return found, SuiteState.EDITED
    save(wanted, path)
    return wanted, SuiteState.RENEWED
