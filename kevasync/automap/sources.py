"""The columns that are to be mapped: from a list of fields, or from rows with the profile of their values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from kevasync.automap.fields import SourceField, TargetField
from kevasync.automap.profiles import profile
from kevasync.errors import UsageError
from kevasync.values import quote_identifier, quote_literal

__all__ = ["from_parquet", "read_list"]

_MOST_BYTES = 32 * 2**20
_MOST_KEYS = 500
_DEEPEST = 3
_ALL = 0.95
_KEYS = frozenset(
    {"name", "label", "type", "length", "description", "required", "picklist", "picklistValues", "values"}
)


def read_list(path: Path) -> list[SourceField] | None:
    """The columns of a JSON list of {name, label, type}; None where the file is something else, such as an export.

    Raises UsageError automap-source for a list that is one but cannot be used.
    """
    answer = _json(path)
    items = answer.get("fields") if isinstance(answer, Mapping) else answer
    if not isinstance(items, list) or not items or not all(map(_describes_a_field, items)):
        return None
    fields = []
    seen: set[str] = set()
    for position, item in enumerate(items):
        name = str(item["name"]).strip()
        if not name:
            raise UsageError("automap-source", f"{path}: entry {position + 1} has no name")
        if name in seen:
            raise UsageError("automap-source", f"{path}: the name {name!r} stands twice")
        seen.add(name)
        label, kind = item.get("label"), item.get("type")
        fields.append(SourceField(name, str(label) if label else None, str(kind) if kind else None, position))
    return fields


def _json(path: Path) -> Any:
    """The file's document, or None where it is no JSON document of a size that a list of fields can have."""
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return None
        text = path.read_bytes()
        return json.loads(text) if text.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in {b"[", b"{"} else None
    except (OSError, ValueError, RecursionError):
        return None


def _describes_a_field(item: Any) -> bool:
    """Whether it is {name, label, type} and not a record that happens to have a name."""
    if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
        return False
    return set(item) <= _KEYS and ("type" in item or "label" in item or len(item) == 1)


def from_parquet(path: Path, targets: Sequence[TargetField] = ()) -> list[SourceField]:
    """The columns of a Parquet file with the profile of their values; labels and types are not known.

    A column of JSON objects is told as its parts: `company` with a name and a city is `company.name`, `company.city`.
    """
    with duckdb.connect() as con:
        con.execute(f"CREATE VIEW landed AS SELECT * FROM read_parquet({quote_literal(str(path))})")  # noqa: S608 quoted
        view = "landed"
        names = _columns(con, view)
        profiles = profile(con, view, names, targets)
        for level in range(_DEEPEST):
            nested = [name for name in names if profiles[name].shares.get("json", 0) >= _ALL]
            if not nested:
                break
            view, names = _laid_out(con, view, names, nested, f"level{level}")
            profiles |= profile(con, view, [name for name in names if name not in profiles], targets)
    return [
        SourceField(name, position=position, profile=profiles[name] if profiles[name].rows else None)
        for position, name in enumerate(names)
    ]


def _columns(con: duckdb.DuckDBPyConnection, view: str) -> list[str]:
    return [str(row[0]) for row in con.execute(f"DESCRIBE {quote_identifier(view)}").fetchall()]


def _laid_out(
    con: duckdb.DuckDBPyConnection, view: str, names: Sequence[str], nested: Sequence[str], to: str
) -> tuple[str, list[str]]:
    """(a view, its columns) in which each key of the nested columns is a column, in the place of its parent."""
    cells: dict[str, str] = {}
    for name in names:
        own = quote_identifier(name)
        if name not in nested:
            cells[name] = own
            continue
        keys = con.execute(
            f"SELECT DISTINCT unnest(json_keys({own})) AS key FROM {quote_identifier(view)} "  # noqa: S608 quoted
            f"WHERE json_valid({own}) ORDER BY key LIMIT {_MOST_KEYS}"
        ).fetchall()
        for (key,) in keys:
            pointer = "/" + str(key).replace("~", "~0").replace("/", "~1")
            value = f"json_extract_string(CASE WHEN json_valid({own}) THEN {own} END, {quote_literal(pointer)})"
            cells.setdefault(f"{name}.{key}", value)
        if not keys:
            cells[name] = own
    picked = ", ".join(f"{cell} AS {quote_identifier(name)}" for name, cell in cells.items())
    con.execute(f"CREATE VIEW {quote_identifier(to)} AS SELECT {picked} FROM {quote_identifier(view)}")  # noqa: S608 quoted
    return to, list(cells)
