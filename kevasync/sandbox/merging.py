"""What a merge does to the children of the records that lose: they become the master's."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kevasync.sandbox.database import quoted
from kevasync.sandbox.rules import Prepared
from kevasync.sandbox.schema import ObjectSpec

if TYPE_CHECKING:
    from kevasync.sandbox.org import Org

__all__ = ["adopt", "raise_first"]


def adopt(
    org: Org, con: sqlite3.Connection, spec: ObjectSpec, stamp: str, master: str, losers: Sequence[str]
) -> list[str]:
    """Make the losers' children the master's and answer their ids; the master never becomes its own parent."""
    moved: list[str] = []
    listed = json.dumps(losers)
    # the whole schema, whatever this user may see: Salesforce moves children by itself
    for child in org.full_schema.objects.values():
        for field in child.stored:
            if spec.name not in field.reference or field.name == "MasterRecordId":
                continue
            column, table = quoted(field.name), quoted(child.name)
            found = con.execute(
                f"SELECT Id FROM {table} WHERE IsDeleted = 0 AND {column} IN (SELECT value FROM json_each(?))",  # noqa: S608 names of the schema
                (listed,),
            ).fetchall()
            ids = [row[0] for row in found]
            con.execute(
                f"UPDATE {table} SET {column} = CASE WHEN Id = ? THEN NULL ELSE ? END, SystemModstamp = ?,"  # noqa: S608 names of the schema
                " LastModifiedDate = ? WHERE Id IN (SELECT value FROM json_each(?))",
                (master, master, stamp, stamp, json.dumps(ids)),
            )
            moved += [one for one in ids if one not in losers]
    return moved


def raise_first(prepared: Sequence[Prepared]) -> None:
    """Raise the first error of rows of which all must be good."""
    for row in prepared:
        if row.errors:
            raise row.errors[0]
