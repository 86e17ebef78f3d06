"""Both sides of a workspace as one table to find duplicates in, and their values under Salesforce's field names.

A Salesforce record is called by its Id; a customer by `keva:` and its id, so that no two records share a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from kevasync.dedupe.columns import ROLES, Columns, guess
from kevasync.errors import UsageError
from kevasync.mapping import transforms
from kevasync.mapping.definition import FieldMapping, ObjectMapping
from kevasync.records import Direction, Side
from kevasync.values import clean, quote_identifier, quote_literal

__all__ = ["PREFIX", "Stored", "all_records", "bare", "read_values", "side_of"]

PREFIX = "keva:"
"""What a customer's name in a search begins with."""
_TABLE = "dd_sides"


@dataclass(frozen=True, slots=True)
class Stored:
    """One record of a snapshot, its values under Salesforce's field names."""

    id: str
    side: Side
    modified: str | None
    values: Mapping[str, str | None]


def side_of(name: str) -> Side:
    """The side of a record by its name in a search."""
    return Side.KEVA if name.startswith(PREFIX) else Side.SALESFORCE


def bare(name: str) -> str:
    """The record's id on its own side."""
    return name.removeprefix(PREFIX)


def all_records(
    con: duckdb.DuckDBPyConnection, views: Mapping[Side, str], said: Mapping[Side, Columns] | None = None
) -> tuple[str, Columns, dict[Side, Columns]]:
    """A view over the live records of these snapshot views: its name, its roles, and the roles of each side's columns.

    Raises UsageError `dedupe-no-columns` where neither side has a column to compare by.
    """
    used: dict[Side, Columns] = {}
    refused: UsageError | None = None
    for side, view in views.items():
        headers = [str(row[0]) for row in con.execute(f"describe {quote_identifier(view)}").fetchall()]
        try:
            used[side] = (said or {}).get(side) or guess([name for name in headers if not name.startswith("_")])
        except UsageError as error:  # a side that says nothing of its people is left out
            refused = error
    if not used:
        raise refused or UsageError("dedupe-no-columns", "there is no snapshot to look at")
    roles = [
        role for role in ROLES
        if role not in {"id", "source", "other"} and any(columns.of(role) for columns in used.values())
    ]  # fmt: skip
    parts = [_select(side, views[side], columns, roles) for side, columns in used.items()]
    con.execute(f"create or replace temp view {_TABLE} as {' union all '.join(parts)}")
    named = tuple((role, (role,)) for role in ("id", "source", *roles))
    return _TABLE, Columns(named), used


def _select(side: Side, view: str, columns: Columns, roles: Sequence[str]) -> str:
    prefix = PREFIX if side is Side.KEVA else ""
    parts = [f"{quote_literal(prefix)} || _id as id", f"{quote_literal(side.value)} as source"]
    for role in roles:
        names = [f"{quote_identifier(name)}::varchar" for name in columns.of(role)]
        joined = "null::varchar" if not names else f"nullif(concat_ws(' ', {', '.join(names)}), '')"
        parts.append(f"{joined} as {quote_identifier(role)}")
    return f"select {', '.join(parts)} from {quote_identifier(view)} where not coalesce(_deleted, false)"  # noqa: S608 quoted


def read_values(
    con: duckdb.DuckDBPyConnection, views: Mapping[Side, str], names: Iterable[str], mapping: ObjectMapping, region: str
) -> dict[str, Stored]:
    """Records by name as their snapshots have them; those deleted or in no snapshot are absent."""
    wanted = list(dict.fromkeys(names))
    found: dict[str, Stored] = {}
    for side, view in views.items():
        ids = [bare(name) for name in wanted if side_of(name) is side]
        if not ids:
            continue
        relation = con.sql(
            f"select * from {quote_identifier(view)} where not coalesce(_deleted, false) and _id in (select unnest(?))",  # noqa: S608 quoted
            params=[ids],
        )
        for row in relation.to_arrow_table().to_pylist():
            name = (PREFIX if side is Side.KEVA else "") + row["_id"]
            values = _from_keva(row, mapping, region) if side is Side.KEVA else _from_salesforce(row, mapping)
            found[name] = Stored(name, side, row["_modified"], values)
    return found


def _from_salesforce(row: Mapping[str, str | None], mapping: ObjectMapping) -> dict[str, str | None]:
    names = dict.fromkeys(name for field in mapping.fields for name in field.salesforce)
    return {name: clean(row[name]) for name in names if name in row}


def _from_keva(row: Mapping[str, str | None], mapping: ObjectMapping, region: str) -> dict[str, str | None]:
    """A customer's values as they would stand in Salesforce, so that both sides can be laid side by side."""
    values: dict[str, str | None] = {}
    for field in mapping.fields:
        if field.keva not in row:
            continue
        for name, value in zip(field.salesforce, _carried(field, row[field.keva], region), strict=True):
            values.setdefault(name, clean(value))
    return values


def _carried(field: FieldMapping, value: str | None, region: str) -> Sequence[str | None]:
    if field.direction is Direction.FROM_CRM and len(field.salesforce) == 1:
        return (value,)
    return transforms.to_salesforce(field, value, region)
