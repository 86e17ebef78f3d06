"""The SQL of the base: one compacted part read directly, and what was saved since laid over it, field by field.

An entry speaks for the fields in its `agreed` list only; for each field the latest entry that speaks for it wins. A
pair that was forgotten starts anew: nothing older than the forgetting counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from kevasync.store.sql import list_of, parquet
from kevasync.values import quote_identifier, quote_literal

__all__ = ["Part", "create_base_view"]

_KEPT = 200_000  # more loose entries than this are read anew at each scan instead of being held in memory


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet part: file, Salesforce fields, and whether it has an `agreed` column (without: all are agreed)."""

    id: str
    path: Path
    sequence: int
    rows: int
    columns: tuple[str, ...]
    has_agreed: bool
    compacted: bool

    def agreed(self, alias: str = "") -> str:
        """The SQL of the list of agreed fields of a row."""
        everything = list_of([quote_literal(column) for column in self.columns])
        return f"coalesce({alias}agreed, {everything})" if self.has_agreed else everything

    def value(self, field: str, alias: str = "") -> str:
        """The SQL of a field of a row; null where the part does not have it."""
        return f"{alias}{quote_identifier(field)}" if field in self.columns else "CAST(NULL AS VARCHAR)"


def create_base_view(
    con: duckdb.DuckDBPyConnection,
    name: str,
    fields: Sequence[str],
    parts: Sequence[Part],
    rows: pa.Table,
    keva_ids: Sequence[str] | None = None,
) -> None:
    """Create the view `name` (keva_id, sf_id, the fields, agreed) over parts, oldest first, and single rows.

    `rows` has keva_id, sf_id, sequence, forgotten, fields (JSON text). With `keva_ids` it holds those customers only.
    """
    ground = parts[0] if parts and parts[0].compacted else None
    loose = parts[1:] if ground else parts
    only = "TRUE" if keva_ids is None else f"keva_id IN ({', '.join(map(quote_literal, keva_ids)) or 'NULL'})"
    newer = quote_identifier(f"{name}__newer")
    con.execute(f"DROP VIEW IF EXISTS {quote_identifier(name)}")
    _drop(con, f"{name}__newer")
    if loose or rows.num_rows or ground is None:
        _create_newer(con, newer, fields, loose, rows, only)
        sql = _over(ground, newer, fields, only) if ground else _alone(newer, fields)
    else:
        sql = _ground(ground, fields)
    con.execute(f"CREATE TEMP VIEW {quote_identifier(name)} AS SELECT * FROM ({sql}) WHERE {only}")  # noqa: S608 quoted


def _drop(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Remove what an earlier view of this name left on the connection, be it a table or a view."""
    for (kind,) in con.execute(
        "SELECT table_type FROM information_schema.tables WHERE table_name = ? AND table_catalog = 'temp'", [name]
    ).fetchall():
        con.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} {quote_identifier(name)}")


def _ground(ground: Part, fields: Sequence[str]) -> str:
    values = "".join(f", {ground.value(field)} AS {quote_identifier(field)}" for field in fields)
    return f"SELECT keva_id, sf_id{values}, {ground.agreed()} AS agreed FROM {parquet([ground.path])}"  # noqa: S608 quoted


def _alone(newer: str, fields: Sequence[str]) -> str:
    values = "".join(f", {quote_identifier(field)}" for field in fields)
    return f"SELECT keva_id, sf_id{values}, agreed FROM {newer} WHERE NOT gone"  # noqa: S608 quoted


def _over(ground: Part, newer: str, fields: Sequence[str], only: str) -> str:
    """The ground with the newer entries laid over it, and the pairs only they have."""
    values = "".join(
        f", CASE WHEN n.keva_id IS NULL THEN {ground.value(field, 'g.')}"
        f" WHEN n.reset OR list_contains(n.agreed, {quote_literal(field)}) THEN n.{quote_identifier(field)}"
        f" ELSE {ground.value(field, 'g.')} END AS {quote_identifier(field)}"
        for field in fields
    )
    agreed = ground.agreed("g.")
    source = f"(SELECT * FROM {parquet([ground.path])} WHERE {only})"  # noqa: S608 quoted
    return f"""
        SELECT g.keva_id, g.sf_id{values},
               CASE WHEN n.keva_id IS NULL THEN {agreed} WHEN n.reset THEN n.agreed
                    ELSE list_distinct(list_concat({agreed}, n.agreed)) END AS agreed
        FROM {source} AS g LEFT JOIN {newer} AS n ON g.keva_id = n.keva_id AND g.sf_id = n.sf_id
        WHERE n.gone IS NOT TRUE
        UNION ALL
        SELECT n.* EXCLUDE (reset, gone) FROM {newer} AS n
        ANTI JOIN {source} AS g ON g.keva_id = n.keva_id AND g.sf_id = n.sf_id
        WHERE NOT n.gone
    """  # noqa: S608 names are quoted


def _create_newer(
    con: duckdb.DuckDBPyConnection, newer: str, fields: Sequence[str], loose: Sequence[Part], rows: pa.Table, only: str
) -> None:
    """One row a pair: its latest values, what they speak for, whether it was forgotten before (reset) and not since."""
    sources = [_part_source(part, fields) for part in loose]
    if rows.num_rows or not loose:
        sources.append(_rows_source(con, newer, fields, rows))
    if len(loose) == 1 and not rows.num_rows:  # a part has each pair once
        sql = f"SELECT * EXCLUDE (sequence, forgotten), FALSE AS reset, FALSE AS gone FROM ({sources[0]})"  # noqa: S608 quoted
    else:
        sql = _latest(" UNION ALL ".join(sources), fields)
    kind = "TABLE" if sum(part.rows for part in loose) + rows.num_rows <= _KEPT else "VIEW"
    con.execute(f"CREATE TEMP {kind} {newer} AS SELECT * FROM ({sql}) WHERE {only}")  # noqa: S608 quoted


def _latest(entries: str, fields: Sequence[str]) -> str:
    """Only pairs with several entries are grouped: grouping a million wide rows takes ten times longer."""
    values = "".join(
        f", arg_max_null({quote_identifier(field)}, sequence)"
        f" FILTER (WHERE list_contains(agreed, {quote_literal(field)})) AS {quote_identifier(field)}"
        for field in fields
    )
    return f"""
        WITH entry AS NOT MATERIALIZED ({entries}),
        several AS MATERIALIZED (
            SELECT keva_id, sf_id, max(sequence) FILTER (WHERE forgotten) AS moment
            FROM entry GROUP BY keva_id, sf_id HAVING count(*) > 1
        )
        SELECT * EXCLUDE (sequence, forgotten), forgotten AS reset, forgotten AS gone
        FROM entry ANTI JOIN several USING (keva_id, sf_id)
        UNION ALL
        SELECT keva_id, sf_id{values}, list_distinct(flatten(list(agreed))) AS agreed,
               bool_or(forgotten) AS reset, bool_and(forgotten) AS gone
        FROM entry JOIN several USING (keva_id, sf_id)
        WHERE moment IS NULL OR sequence >= moment
        GROUP BY keva_id, sf_id
    """  # noqa: S608 names are quoted


def _rows_source(con: duckdb.DuckDBPyConnection, newer: str, fields: Sequence[str], rows: pa.Table) -> str:
    table = newer[:-1] + '_rows"'
    con.register("kevasync_rows", rows)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE {table} AS
        SELECT * EXCLUDE (fields), json_transform(fields, '"MAP(VARCHAR, VARCHAR)"') AS said FROM kevasync_rows
    """)  # noqa: S608 names are quoted
    con.unregister("kevasync_rows")
    values = "".join(f", said[{quote_literal(field)}] AS {quote_identifier(field)}" for field in fields)
    return f"SELECT keva_id, sf_id{values}, map_keys(said) AS agreed, sequence, forgotten FROM {table}"  # noqa: S608 quoted


def _part_source(part: Part, fields: Sequence[str]) -> str:
    values = "".join(f", {_agreed_value(part, field)} AS {quote_identifier(field)}" for field in fields)
    return (
        f"SELECT keva_id, sf_id{values}, {part.agreed()} AS agreed, {part.sequence} AS sequence, FALSE AS forgotten"  # noqa: S608 quoted
        f" FROM {parquet([part.path])}"
    )


def _agreed_value(part: Part, field: str) -> str:
    value = part.value(field)
    if not part.has_agreed:
        return value
    return f"CASE WHEN agreed IS NULL OR list_contains(agreed, {quote_literal(field)}) THEN {value} END"
