"""The two conflict policies that keep both values: union of lists, and notes appended. Few rows, so in Python."""

from __future__ import annotations

import json
from collections.abc import Sequence

import duckdb

from kevasync.mapping import transforms
from kevasync.mapping.definition import ConflictPolicy
from kevasync.sync.projection import PlannedField
from kevasync.values import clean

__all__ = ["append", "combine_both", "union"]


def union(keva: str | None, salesforce: str | None) -> str | None:
    """All members of both lists, Keva's order first, as Keva writes a list (a JSON array)."""
    members = dict.fromkeys([*_members(keva), *_members(salesforce)])
    return json.dumps(list(members), ensure_ascii=False) if members else None


def _members(text: str | None) -> list[str]:
    if text is None:
        return []
    if text.lstrip().startswith("["):
        try:
            return [item for item in (clean(str(one)) for one in json.loads(text)) if item]
        except ValueError:
            pass  # not a JSON array after all: a value that starts with a bracket
    return [item for item in (clean(one) for one in text.split(";")) if item]


def append(keva: str | None, salesforce: str | None) -> str | None:
    """Both notes, Salesforce's first; a note that the other already contains is not repeated."""
    mine, theirs = clean(keva) or "", clean(salesforce) or ""
    if mine in theirs:
        return theirs or None
    return mine if theirs in mine else f"{theirs}\n{mine}"


def combine_both(con: duckdb.DuckDBPyConnection, fields: Sequence[PlannedField], region: str) -> None:
    """Put the combined value into `actions` for every row whose action is `both`, for either side to be written.

    Salesforce's value reaches Keva's form by the way back of the mapping, so both are combined as Keva writes them.
    """
    import pyarrow as pa  # noqa: PLC0415 two policies need it, and it takes a fifth of a second

    rows = con.execute("select rowid, field_no, keva_raw, new_keva from actions where action = 'both'").fetchall()
    crm: list[list[str | None]] = []
    keva: list[str | None] = []
    for _, number, keva_raw, from_crm in rows:
        mapping = fields[number].mapping
        combined = union if mapping.conflict is ConflictPolicy.UNION else append
        value = combined(keva_raw, from_crm)
        keva.append(value)
        crm.append(list(transforms.to_salesforce(mapping, value, region)))
    table = pa.table(
        {
            "row": pa.array([row[0] for row in rows], pa.int64()),
            "crm": pa.array(crm, pa.list_(pa.string())),
            "keva": pa.array(keva, pa.string()),
        }
    )
    con.register("combined", table)
    con.execute(
        """update actions set new_crm = combined.crm, new_keva = combined.keva
        from combined where actions.rowid = combined.row"""
    )
    con.unregister("combined")
