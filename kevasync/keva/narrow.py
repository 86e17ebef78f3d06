"""From landed customers to those a selection asks for, with every field asked for as a column."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from kevasync.endpoint import META_COLUMNS, Extracted, Selection
from kevasync.keva.landing import copy_out, disk_errors, publish, work_folder
from kevasync.values import quote_identifier, quote_literal

__all__ = ["lacking", "narrowed"]


def lacking(columns: Sequence[str], fields: Sequence[str]) -> tuple[str, ...]:
    """The fields that are no columns, whatever their case."""
    have = {name.casefold() for name in columns}
    return tuple(name for name in fields if name.casefold() not in have)


def narrowed(
    con: duckdb.DuckDBPyConnection,
    source: str,
    columns: Sequence[str],
    into: Path,
    selection: Selection,
    fields: Sequence[str],
) -> Extracted:
    """Write the selected rows of the SQL `source` (snapshot form) as one part into `into`.

    A field that no customer spoke of is `missing` where all customers were read; in a part of them it is a null column
    and stands in `_absent`: perhaps others have it.
    """
    lacks = lacking(columns, fields)
    added = () if selection.is_all and columns else lacks
    with disk_errors(into), work_folder(into) as work:
        part = work / "part.parquet"
        rows = copy_out(con, _sql(con, source, columns, selection, added), part, len(columns) + len(added))
        target = publish(part, into)
    watermark = con.execute(f"SELECT max(_modified) FROM read_parquet({quote_literal(str(target))})").fetchall()[0][0]  # noqa: S608 quoted
    missing = lacks if selection.is_all and columns else ()
    return Extracted((target,), rows, (*columns, *added), missing, watermark or selection.since)


def _sql(
    con: duckdb.DuckDBPyConnection, source: str, columns: Sequence[str], selection: Selection, added: Sequence[str]
) -> str:
    absent = "_absent"
    if added:
        listed = ", ".join(map(quote_literal, added))
        absent = f"list_concat(coalesce(_absent, []), [{listed}]) AS _absent"
    meta = ", ".join(absent if name == "_absent" else name for name in META_COLUMNS)
    picked = [quote_identifier(name) for name in columns]
    picked += [f"CAST(NULL AS VARCHAR) AS {quote_identifier(name)}" for name in added]
    conditions = _conditions(con, columns, selection)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {', '.join([meta, *picked])} FROM ({source}){where}"  # noqa: S608 quoted


def _conditions(con: duckdb.DuckDBPyConnection, columns: Sequence[str], selection: Selection) -> list[str]:
    conditions = []
    if selection.ids is not None:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE wanted_ids AS SELECT unnest(?::VARCHAR[]) AS id", [list(selection.ids)]
        )
        conditions.append("_id IN (SELECT id FROM wanted_ids)")
    if selection.since is not None:
        # A record without a time stamp may have changed at any time.
        conditions.append(f"coalesce(_modified >= {quote_literal(selection.since)}, true)")
    if selection.match is not None:
        name, values = selection.match
        con.execute(
            "CREATE OR REPLACE TEMP TABLE wanted_values AS SELECT lower(unnest(?::VARCHAR[])) AS v", [list(values)]
        )
        known = not lacking(columns, [name])
        own = f"lower(trim({quote_identifier(name)}))"
        conditions.append(f"{own} IN (SELECT trim(v) FROM wanted_values)" if known else "false")  # noqa: S608 quoted
    if not selection.deleted:
        conditions.append("NOT _deleted")
    return conditions
