"""Read Parquet: the canonical text of every type, and a flat file as a snapshot without copying it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from kevasync.errors import UsageError
from kevasync.keva.columns import Raw, named
from kevasync.values import quote_identifier, quote_literal

__all__ = ["read", "text_sql"]

_WHOLE = 10**15
"""Doubles below this that hold a whole number are written without `.0`: a column of integers with nulls is one."""


def read(path: Path, plain: Path, con: duckdb.DuckDBPyConnection, spelling: Callable[[str], str]) -> Raw:
    """The file at `plain` (unpacked, if `path` was packed). Raises UsageError export-truncated, export-column-twice."""
    headings = _headings(path, plain, con)
    columns = named(headings, path, spelling)
    source = f"read_parquet({quote_literal(str(plain))})"
    types = [str(row[1]) for row in con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]  # noqa: S608 quoted
    casts = ", ".join(
        f"{text_sql(quote_identifier(heading), kind)} AS {quote_identifier(name)}"
        for heading, kind, name in zip(headings, types, columns, strict=True)
    )

    def locate(column: str, values: frozenset[str]) -> list[tuple[str, str]]:
        heading = quote_identifier(headings[columns.index(column)])
        text = f"coalesce(trim({text_sql(heading, types[columns.index(column)])}), '')"
        found = con.execute(
            f"SELECT {text}, row_number() OVER () AS n FROM {source} QUALIFY {text} IN (SELECT unnest(?)) ORDER BY n",  # noqa: S608 quoted
            [sorted(values)],
        ).fetchall()
        return [(value, f"row {number}") for value, number in found]

    # `_place`, the number of the row in the file, lets a second reading skip what the first one has settled
    return Raw(f"SELECT {casts}, file_row_number AS _place FROM {source}", columns, absent=False, locate=locate)  # noqa: S608 quoted


def _headings(path: Path, plain: Path, con: duckdb.DuckDBPyConnection) -> list[str]:
    """The columns as the file names them: DuckDB's own reader would rename one that stands twice."""
    try:
        schema = con.execute(
            "SELECT name, coalesce(num_children, 0) FROM parquet_schema(?)", [str(plain).replace("*", "[*]")]
        ).fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            "export-truncated", f"{path} is a Parquet file that breaks off or is damaged: {reason}"
        ) from error
    names: list[str] = []
    place = 1  # after the root
    while place < len(schema):
        names.append(str(schema[place][0]))
        below = 1  # skip what is nested in the column
        while below:
            below += int(schema[place][1]) - 1
            place += 1
    return names


def text_sql(expr: str, kind: str) -> str:
    """SQL for the canonical text of a DuckDB type: times as ISO 8601 with `Z`, lists and structs as JSON."""
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"CAST(to_json({expr}) AS VARCHAR)"
    if kind == "VARCHAR":
        return expr
    if kind in {"DOUBLE", "FLOAT"}:
        return (
            f"CASE WHEN isnan({expr}) THEN NULL WHEN {expr} = trunc({expr}) AND abs({expr}) < {_WHOLE} "
            f"THEN CAST(CAST({expr} AS BIGINT) AS VARCHAR) ELSE CAST({expr} AS VARCHAR) END"
        )
    if kind.startswith("TIMESTAMP"):
        moment = f"({expr} AT TIME ZONE 'UTC')" if kind.endswith("TIME ZONE") else f"CAST({expr} AS TIMESTAMP)"
        return (
            f"CASE WHEN NOT isfinite({moment}) THEN NULL WHEN microsecond({moment}) % 1000 = 0 "
            f"THEN strftime({moment}, '%Y-%m-%dT%H:%M:%S.%gZ') ELSE strftime({moment}, '%Y-%m-%dT%H:%M:%S.%fZ') END"
        )
    if kind == "BLOB":
        return f"decode({expr})"
    return f"CAST({expr} AS VARCHAR)"
