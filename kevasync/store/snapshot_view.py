"""The DuckDB view over a full snapshot and its increments: latest wins, and what a snapshot lacks is marked absent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from kevasync.endpoint import META_COLUMNS
from kevasync.store.sql import list_of, parquet
from kevasync.values import quote_identifier, quote_literal

__all__ = ["create_view"]

Layer = tuple[Sequence[Path], Sequence[str]]
"""The Parquet parts of one snapshot and its field names."""


def create_view(con: duckdb.DuckDBPyConnection, name: str, layers: Sequence[Layer]) -> None:
    """Create the view `name` over layers, oldest first. One layer alone is read directly: no join, no window."""
    fields = list(dict.fromkeys(field for _, columns in layers for field in columns))
    rows = [_select(con, parts, columns, fields) for parts, columns in layers]
    sql = rows[0]
    if len(rows) > 1:
        latest = " UNION ALL ".join(f"SELECT {index} AS _layer, * FROM ({row})" for index, row in enumerate(rows[1:]))  # noqa: S608 quoted
        sql = f"""
            WITH newer AS MATERIALIZED (
                SELECT * EXCLUDE (_layer) FROM ({latest})
                QUALIFY row_number() OVER (PARTITION BY _id ORDER BY _layer DESC, _modified DESC NULLS LAST) = 1
            )
            SELECT * FROM newer
            UNION ALL
            SELECT * FROM ({rows[0]}) AS oldest ANTI JOIN newer USING (_id)
        """  # noqa: S608 names are quoted
    con.execute(f"CREATE OR REPLACE TEMP VIEW {quote_identifier(name)} AS {sql}")


def _select(
    con: duckdb.DuckDBPyConnection, parts: Sequence[Path], columns: Sequence[str], fields: Sequence[str]
) -> str:
    """One layer with all fields in one order; those it lacks are null and marked absent."""
    source = parquet(parts)
    present = {row[0] for row in con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}  # noqa: S608 quoted
    lacking = [field for field in fields if field not in columns or field not in present]
    items = [_meta(meta, present, lacking) for meta in META_COLUMNS]
    for field in fields:
        quoted = quote_identifier(field)
        items.append(f"CAST(NULL AS VARCHAR) AS {quoted}" if field in lacking else quoted)
    return f"SELECT {', '.join(items)} FROM {source}"  # noqa: S608 names are quoted


def _meta(meta: str, present: set[str], lacking: Sequence[str]) -> str:
    kind = {"_deleted": "BOOLEAN", "_absent": "VARCHAR[]"}.get(meta, "VARCHAR")
    value = meta if meta in present else f"CAST({'FALSE' if meta == '_deleted' else 'NULL'} AS {kind})"
    if meta == "_absent" and lacking:
        value = f"list_concat(coalesce({value}, []), {list_of([quote_literal(field) for field in lacking])})"
    return f"{value} AS {meta}" if value != meta else meta
