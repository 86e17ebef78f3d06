"""mapping.toml in and out. Loading tells everything that is wrong at once, with the line it stands on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from kevasync.errors import Problem, UsageError
from kevasync.mapping.definition import (
    ConflictPolicy,
    DriftPolicy,
    FieldMapping,
    Mapping,
    Transform,
)
from kevasync.mapping.known import kind_for
from kevasync.mapping.layout import Block, blocks
from kevasync.mapping.reader import FIELD_KEYS, Reader
from kevasync.mapping.starter import default_text
from kevasync.records import Schema

__all__ = ["change_fields", "default_text", "dump", "load", "loads", "remove_field", "set_field"]


def loads(text: str, name: str = "mapping.toml", *, schema: Schema | None = None) -> Mapping:
    """The mapping in this text. Raises UsageError `mapping-invalid` with all problems."""
    try:
        data = tomlkit.parse(text).unwrap()
    except (TOMLKitError, ValueError) as error:
        line = getattr(error, "line", 0)
        what = f"{name}{f':{line}' if line else ''}: this is no TOML: {error}"
        raise UsageError("mapping-invalid", what, problems=[Problem("mapping-syntax", "error", what)]) from None
    reader = Reader(text, name, schema)
    mapping = reader.read(data)
    if reader.problems:
        count = len(reader.problems)
        what = f"{name} has {count} problem{'s' if count > 1 else ''}: {reader.problems[0].message}"
        raise UsageError("mapping-invalid", what, problems=reader.problems)
    return mapping


def load(path: Path, *, schema: Schema | None = None) -> Mapping:
    """The mapping in this file. `schema` (of Contact) helps to tell the kind of fields that do not say theirs.

    Raises UsageError: `mapping-missing`, or `mapping-invalid` with all problems, each with its line.
    """
    return replace(loads(_text(path), path.name, schema=schema), path=path)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("mapping-invalid", f"{path} is not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise UsageError("mapping-missing", f"{path} cannot be read: {error.strerror or error}") from None


def dump(mapping: Mapping) -> str:
    """The mapping as TOML, without comments. Loading it gives the same mapping."""
    document = tomlkit.document()
    document.add("version", tomlkit.item(mapping.version))
    for item in mapping.objects:
        table = tomlkit.table()
        table.add("salesforce", item.salesforce)
        table.add("external_id", item.external_id or "")
        table.add("create_in_salesforce", item.create_in_salesforce)
        table.add("create_in_keva", item.create_in_keva)
        rows = tomlkit.aot()
        for field in item.fields:
            rows.append(_table(field))
        table.add("field", rows)
        document.add(item.name, table)
    return tomlkit.dumps(document)


def _table(field: FieldMapping) -> tomlkit.items.Table:
    table = tomlkit.table()
    for key, value in _as_written(field).items():
        table.add(key, value)
    return table


def _as_written(field: FieldMapping) -> dict[str, Any]:
    """The keys of a field mapping as they stand in the file; what is the default is left out."""
    row: dict[str, Any] = {
        "keva": field.keva,
        "salesforce": field.salesforce[0] if len(field.salesforce) == 1 else list(field.salesforce),
        "direction": field.direction.value,
    }
    if field.transforms:
        row["transform"] = tomlkit.array()
        for step in field.transforms:
            row["transform"].append(_step(step))
    if field.kind is not kind_for(field.keva, field.transforms, None):
        row["type"] = field.kind.value
    if field.conflict is not ConflictPolicy.ASK:
        row["conflict"] = field.conflict.value
    if field.drift is not DriftPolicy.REVERT:
        row["drift"] = field.drift.value
    return row


def _step(step: Transform) -> Any:
    if not step.arguments:
        return step.name
    table = tomlkit.inline_table()
    table.add("name", step.name)
    for key, value in step.arguments.items():
        if value is not None:
            table.add(key, list(value) if isinstance(value, tuple) else value)
    return table


def set_field(path: Path, field: FieldMapping, object_name: str = "contact") -> None:
    """Write one field mapping into the file, as `change_fields` does."""
    change_fields(path, [field], object_name=object_name)


def change_fields(
    path: Path,
    fields: Sequence[FieldMapping] = (),
    removed: Sequence[tuple[str, Sequence[str]]] = (),
    object_name: str = "contact",
) -> int:
    """Write field mappings and take out others (Keva field, Salesforce fields); answers how many were there to go.

    One with the same Keva and Salesforce fields is changed, else added. What is taken out goes with the comment
    directly above it; all other comments, lines and the order stay. The file is read once, and replaced in one step.
    """
    text = _text(path)
    places = _places(text, object_name)
    there = {name: [item for item in blocks(text) if item.name == f"{name}.field"] for name in (object_name, "account")}
    lines = text.splitlines(keepends=True)
    gone = [found for keva, names in removed if (found := places.get((keva, tuple(names)))) is not None]
    for table, number in gone:
        block = there[table][number]
        lines[block.start - 1 : block.end - 1] = [""] * (block.end - block.start)
    added: dict[tuple[str, tuple[str, ...]], FieldMapping] = {}
    for field in fields:
        place = (field.keva, field.salesforce)
        if (found := places.get(place)) is not None:
            _change(lines, there[found[0]][found[1]], found[0], field)
        else:
            added[place] = field
    whole = _with_blocks(lines, text, object_name, list(added.values())) if added else "".join(lines)
    if whole != text:
        _replace(path, whole)
    return len(gone)


def _places(text: str, object_name: str) -> dict[tuple[str, tuple[str, ...]], tuple[str, int]]:
    """Where each pair stands: (table, position). What stands in [account] has its path's prefix here."""
    document = tomlkit.parse(text).unwrap()
    found: dict[tuple[str, tuple[str, ...]], tuple[str, int]] = {}
    for table in (object_name, "account") if object_name != "account" else (object_name,):
        for number, row in enumerate(document.get(table, {}).get("field", [])):
            targets = row.get("salesforce", "")
            names = (targets,) if isinstance(targets, str) else tuple(targets)
            if table != object_name:
                names = tuple(f"Account.{name}" for name in names)
            found.setdefault((str(row.get("keva")), names), (table, number))
    return found


def _change(lines: list[str], block: Block, table: str, field: FieldMapping) -> None:
    """Put the field's keys into the lines of its block; the list keeps its length."""
    if table == "account":
        field = replace(field, salesforce=tuple(name.removeprefix("Account.") for name in field.salesforce))
    first, last = block.line, block.end - 1
    # comments and blank lines after the last key belong to what follows
    while last > first and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#")):
        last -= 1
    body = "".join(lines[first:last])
    if last > first:
        lines[first:last] = [_edited(body, field), *[""] * (last - first - 1)]


def _edited(body: str, field: FieldMapping) -> str:
    """The keys of one field mapping as text, changed where they differ; new ones come last."""
    row = tomlkit.parse(body if body.endswith("\n") else body + "\n")
    wanted, words = _as_written(field), _words(field)
    for key in FIELD_KEYS:
        value = wanted.get(key, words[key].value if key in words else None)
        if value is None:
            row.pop(key, None)
        elif (key in wanted or key in row) and _plain(row.get(key)) != _plain(value):
            row[key] = value
    return tomlkit.dumps(row)


def _words(field: FieldMapping) -> dict[str, StrEnum]:
    return {"direction": field.direction, "type": field.kind, "conflict": field.conflict, "drift": field.drift}


def _plain(value: Any) -> Any:
    value = value.unwrap() if hasattr(value, "unwrap") else value
    return value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str) else value


def remove_field(path: Path, keva: str, salesforce: Sequence[str], object_name: str = "contact") -> bool:
    """Take one field mapping out of the file, with the comment directly above it; False where it is not there."""
    return change_fields(path, removed=[(keva, salesforce)], object_name=object_name) > 0


def _with_blocks(lines: Sequence[str], text: str, object_name: str, fields: Sequence[FieldMapping]) -> str:
    """The lines with new field mappings after the last of the object; `text` is what the lines were."""
    before = [item for item in blocks(text) if item.name in {object_name, f"{object_name}.field"}]
    at = before[-1].end - 1 if before else len(lines)
    head, tail = "".join(lines[:at]).rstrip("\n"), "".join(lines[at:])
    made = "\n".join(_block(object_name, field) for field in fields)
    return f"{head}\n\n{made}" + (f"\n{tail}" if tail else "")


def _block(object_name: str, field: FieldMapping) -> str:
    rows = tomlkit.document()
    for key, value in _as_written(field).items():
        rows.add(key, value)
    return f"[[{object_name}.field]]\n{tomlkit.dumps(rows)}"


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
