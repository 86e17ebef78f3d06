"""Bring custom fields, an object in one column, to columns of their own with plain names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb

from kevasync.errors import UsageError
from kevasync.keva.columns import CUSTOM, fold, named
from kevasync.values import quote_identifier, quote_literal

__all__ = ["custom_column", "expanded", "plain_names"]

_MOST = 2_000


def custom_column(columns: Sequence[str]) -> str | None:
    """The column that holds the custom fields, if there is one."""
    return next((name for name in columns if fold(name) in CUSTOM), None)


def plain_names(columns: Sequence[str]) -> tuple[str, ...]:
    """`customFields.plan` becomes `plan`, unless a column of that name is there already."""
    taken = {name.casefold() for name in columns}
    names = []
    for name in columns:
        prefix, dot, rest = name.partition(".")
        plain = rest if dot and rest and fold(prefix) in CUSTOM and rest.casefold() not in taken else name
        taken.add(plain.casefold())
        names.append(plain)
    return tuple(names)


def expanded(
    con: duckdb.DuckDBPyConnection, stage: Path, columns: Sequence[str], column: str, path: Path, *, absent: bool
) -> tuple[str, tuple[str, ...]]:
    """(SQL, columns) over the staged rows, with one column a custom field and `_absent` completed.

    A record whose object lacks a key that others have did not say anything about that field; nor did one without the
    object. Raises UsageError: export-json where the column holds something else than objects, export-column-twice.
    """
    source = f"read_parquet({quote_literal(str(stage))})"
    held = quote_identifier(column)
    wrong = con.execute(
        f"SELECT row_number() OVER () FROM {source} WHERE {held} IS NOT NULL AND trim({held}) <> '' "  # noqa: S608 quoted
        f"AND NOT coalesce(json_valid({held}) AND left(trim({held}), 1) = '{{', false) LIMIT 1"
    ).fetchall()
    if wrong:
        raise UsageError("export-json", f"{path}: a value of {column!r} is not a JSON object.")
    object_sql = f"CASE WHEN trim({held}) = '' THEN NULL ELSE {held} END"
    sets = con.execute(f"SELECT DISTINCT json_keys({object_sql}) FROM {source}").fetchall()  # noqa: S608 quoted
    keys = list(dict.fromkeys(key for (own,) in sets for key in own or ()))
    rest = [name for name in columns if name != column]
    names = _names(keys, rest, path)
    rows = [
        {"keys": own, "missing": [name for key, name in zip(keys, names, strict=True) if key not in set(own or ())]}
        for (own,) in sets
    ]
    con.execute("CREATE OR REPLACE TEMP TABLE custom_sets (keys VARCHAR[], missing VARCHAR[])")
    con.execute("INSERT INTO custom_sets SELECT unnest.keys, unnest.missing FROM unnest(?)", [rows])
    spec = quote_literal(json.dumps(dict.fromkeys(keys, "VARCHAR")))
    own_absent = "list_concat(coalesce(_absent, []), missing)" if absent else "missing"
    picked = [quote_identifier(name) for name in rest]
    picked += [
        f"struct_extract(_said, {quote_literal(key)}) AS {quote_identifier(name)}"
        for key, name in zip(keys, names, strict=True)
    ]
    transformed = f"json_transform({object_sql}, {spec})" if keys else "NULL"
    sql = (
        f"SELECT {', '.join(picked)}, CASE WHEN len({own_absent}) > 0 THEN {own_absent} END AS _absent "  # noqa: S608 quoted
        f"FROM (SELECT *, {transformed} AS _said, json_keys({object_sql}) AS _keys FROM {source}) "
        "JOIN custom_sets ON _keys IS NOT DISTINCT FROM keys"
    )
    return sql, (*rest, *names)


def _names(keys: Sequence[str], taken: Sequence[str], path: Path) -> tuple[str, ...]:
    if len(keys) > _MOST:
        raise UsageError(
            "export-too-wide", f"{path}: the custom fields hold {len(keys):,} different keys; {_MOST:,} are the limit."
        )
    used = {name.casefold() for name in taken}
    return named([f"customFields.{key}" if key.strip().casefold() in used else key for key in keys], path, str)
