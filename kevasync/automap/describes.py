"""The Salesforce fields a column may go to: from a describe, from a list of fields, or the built-in standard ones."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from kevasync.automap.fields import TargetField
from kevasync.errors import UsageError
from kevasync.records import Schema

__all__ = ["OBJECTS", "from_schema", "proper_object", "read", "standard"]

OBJECTS = ("Contact", "Account", "Lead")
_COMPOUND = frozenset({"address", "location"})


def proper_object(name: str) -> str:
    """The object's name as Salesforce spells it. Raises UsageError automap-object."""
    found = {own.casefold(): own for own in OBJECTS}.get(name.strip().casefold())
    if found is None:
        raise UsageError("automap-object", f"{name!r} is none of {', '.join(OBJECTS)}")
    return found


@cache
def standard(object_name: str) -> tuple[TargetField, ...]:
    """The standard fields of an object, as every org has them."""
    text = (resources.files("kevasync.automap") / "standard.toml").read_text(encoding="utf-8")
    return tuple(
        TargetField(
            name,
            field["label"],
            field["type"],
            field.get("length", 0),
            writable=not field.get("read_only", False),
            picklist=tuple(field.get("values", ())),
        )
        for name, field in tomllib.loads(text)[object_name].items()
    )


def from_schema(schema: Schema) -> tuple[TargetField, ...]:
    """The fields of a described object."""
    return tuple(
        TargetField(
            field.name,
            field.label,
            field.type,
            field.length,
            writable=(field.createable or field.updateable) and not field.calculated and field.type not in _COMPOUND,
            picklist=field.picklist,
            restricted=field.restricted,
        )
        for field in schema.fields
    )


def read(path: Path, object_name: str) -> tuple[TargetField, ...]:
    """The fields in a file: Salesforce's describe (also as the `sf` command prints it), or a list of fields.

    A list has objects of name, label, type, length and writable; all but the name may be left out. Several objects may
    stand in one file, as `{"Contact": [...], ...}`. Raises UsageError: automap-describe (cut, or no describe),
    automap-describe-object, file-not-found.
    """
    try:
        answer = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise UsageError("file-not-found", f"{path} does not exist") from None
    except OSError as error:
        raise UsageError("automap-describe", f"{path} cannot be read: {error.strerror}") from None
    except RecursionError:
        raise UsageError("automap-describe", f"{path} is nested too deep for a describe") from None
    except ValueError as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise UsageError("automap-describe", f"{path} is not whole JSON{line}") from None
    try:
        return _fields(answer, object_name, path)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError("automap-describe", f"{path} has a field that cannot be read ({error})") from None


def _fields(answer: Any, object_name: str, path: Path) -> tuple[TargetField, ...]:
    if isinstance(answer, Mapping) and isinstance(answer.get("result"), Mapping):
        answer = answer["result"]
    if isinstance(answer, Mapping) and object_name in answer:
        answer = answer[object_name]
    if isinstance(answer, Mapping) and set(OBJECTS) & set(answer):
        there = ", ".join(sorted(set(OBJECTS) & set(answer)))
        raise UsageError("automap-describe-object", f"{path} describes {there}, not {object_name}")
    if isinstance(answer, Mapping):
        name = answer.get("name")
        if name is not None and str(name).casefold() != object_name.casefold():
            raise UsageError("automap-describe-object", f"{path} describes {name}, not {object_name}")
        answer = answer.get("fields")
    if not isinstance(answer, Sequence) or isinstance(answer, str) or not answer:
        raise UsageError("automap-describe", f"{path} is no describe of an object: it has no fields")
    made = tuple(_field(item) for item in answer)
    names = [field.name.casefold() for field in made]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError("automap-describe", f"{path} has the field {twice!r} twice")
    return made


def _field(item: Mapping[str, Any]) -> TargetField:
    name = item["name"]
    if not isinstance(name, str) or not name.strip():
        raise ValueError("a field without a name")
    kind = str(item.get("type") or "string")
    values = item.get("picklistValues") or item.get("picklist") or ()
    return TargetField(
        name.strip(),
        str(item.get("label") or name),
        kind,
        int(item.get("length") or 0),
        writable=_writable(item) and kind not in _COMPOUND,
        picklist=tuple(
            str(value["value"]) if isinstance(value, Mapping) else str(value)
            for value in values
            if not isinstance(value, Mapping) or value.get("active", True)
        ),
        restricted=bool(item.get("restrictedPicklist") or item.get("restricted")),
    )


def _writable(item: Mapping[str, Any]) -> bool:
    if "writable" in item:
        return bool(item["writable"])
    if "createable" in item or "updateable" in item:
        return bool(item.get("createable") or item.get("updateable")) and not item.get("calculated")
    return True
