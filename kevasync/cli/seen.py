"""Which records the last snapshots have: before a person's word on a record is taken, the record has to be there."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import duckdb

from kevasync.cli.dedupe_workspace import snapshots_of
from kevasync.dedupe.sides import PREFIX, bare, side_of
from kevasync.records import Side
from kevasync.salesforce.soql import long_id

if TYPE_CHECKING:
    from kevasync.cli.sides import Kept
    from kevasync.mapping.definition import ObjectMapping

__all__ = ["absent", "full_name"]


def full_name(name: str) -> str:
    """A record's name as the snapshots have it: 15 and 18 characters are one Salesforce id."""
    text = name.strip()
    return text if text.startswith(PREFIX) else long_id(text) or text


def absent(kept: Kept, mapping: ObjectMapping, names: Collection[str]) -> dict[str, str]:
    """The names that no live record of the last snapshots has, each with a sentence.

    Raises RunError `snapshot-missing` where a side that is named has none.
    """
    gone: dict[str, str] = {}
    with duckdb.connect() as con:
        for side, name, what in (
            (Side.KEVA, mapping.name, "customer"),
            (Side.SALESFORCE, mapping.salesforce, mapping.salesforce),
        ):
            wanted = {bare(one): one for one in names if side_of(one) is side}
            if not wanted:
                continue
            snapshots_of(kept).view(con, side, name, "seen")
            rows = con.execute(
                "select unnest($1::varchar[]) except select _id from seen where _deleted is not true", [list(wanted)]
            ).fetchall()
            gone |= {wanted[one]: f"no {what} {one} in the last snapshot" for (one,) in rows}
    return gone
