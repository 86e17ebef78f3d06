"""Files or a table as `dd_in`: one row a record with its roles as text, and `dd_id` with what records are called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from kevasync.dedupe.canonical import INPUT
from kevasync.dedupe.columns import Columns, guess
from kevasync.errors import UsageError
from kevasync.values import quote_identifier, quote_literal

__all__ = ["Source", "read"]

Source = Sequence[Path] | str
"""Paths of files, or the name of a table or view on the connection."""

_READERS = {
    ".csv": "read_csv({path}, all_varchar = true, header = true, sample_size = -1)",
    ".tsv": "read_csv({path}, all_varchar = true, header = true, null_padding = true, delim = '\t')",
    ".parquet": "read_parquet({path})",
    ".ndjson": "read_json({path}, format = 'newline_delimited', sample_size = -1)",
    ".jsonl": "read_json({path}, format = 'newline_delimited', sample_size = -1)",
    ".json": "read_json({path}, sample_size = -1)",
}


def read(con: duckdb.DuckDBPyConnection, source: Source, columns: Sequence[Columns] | Columns | None) -> list[Columns]:
    """Make `dd_in` and `dd_id` (n, id, source). Returns the roles of each file. Raises UsageError."""
    relations = [_relation(con, path) for path in ([source] if isinstance(source, str) else source)]
    given = [columns] * len(relations) if columns is None or isinstance(columns, Columns) else list(columns)
    if len(given) == 1:
        given *= len(relations)
    if not relations or len(given) != len(relations):
        raise UsageError(
            "dedupe-role", f"{len(relations)} files, but {len(given)} times --columns: give one each, or one"
        )
    used: list[Columns] = []
    con.execute(f"create or replace temp table dd_raw (n BIGINT, id VARCHAR, source VARCHAR, {_declared()})")
    for (name, sql), wanted in zip(relations, given, strict=True):
        headers = [str(row[0]) for row in con.execute(f"describe select * from {sql}").fetchall()]  # noqa: S608 quoted
        found = wanted or guess(headers)
        _insert(con, name, sql, headers, found)
        used.append(found)
    _ids(con, used)
    con.execute(
        f"create or replace temp table dd_in as select n, {', '.join(map(quote_identifier, INPUT))} from dd_raw"  # noqa: S608 quoted
    )
    con.execute("drop table dd_raw")
    return used


def _declared() -> str:
    return ", ".join(f"{quote_identifier(name)} VARCHAR" for name in INPUT)


def _relation(con: duckdb.DuckDBPyConnection, source: Path | str) -> tuple[str, str]:
    """What the source is called, and SQL that stands after `from`."""
    if isinstance(source, str):
        return source, quote_identifier(source)
    ending = (source.with_suffix("") if source.suffix == ".gz" else source).suffix.lower()
    if not source.is_file():
        raise UsageError("dedupe-unreadable", f"{source}: there is no such file")
    if not source.stat().st_size:
        raise UsageError("dedupe-unreadable", f"{source}: the file is empty")
    if ending not in _READERS:
        raise UsageError("dedupe-unreadable", f"{source}: not CSV, TSV, NDJSON, JSON or Parquet by its ending")
    sql = _READERS[ending].format(path=quote_literal(str(source)))
    try:
        con.execute(f"describe select * from {sql}").fetchall()  # noqa: S608 quoted
    except duckdb.Error as error:
        raise UsageError("dedupe-unreadable", f"{source}: {str(error).splitlines()[0]}") from error
    return source.stem, sql


def _insert(con: duckdb.DuckDBPyConnection, name: str, sql: str, headers: list[str], columns: Columns) -> None:
    known = {header.casefold(): header for header in headers}

    def text(column: str) -> str:
        if column.casefold() not in known:
            listed = ", ".join(headers[:12]) + (", …" if len(headers) > 12 else "")  # noqa: PLR2004 a line's worth
            raise UsageError("dedupe-column-missing", f"{name} has no column {column!r}; it has {listed}")
        return f"{quote_identifier(known[column.casefold()])}::VARCHAR"

    def joined(role: str) -> str:
        if role.startswith("other"):
            at = int(role.removeprefix("other"))
            others = columns.of("other")
            return text(others[at]) if at < len(others) else "null::VARCHAR"
        parts = [text(column) for column in columns.of(role)]
        if len(parts) > 1:
            return f"nullif(concat_ws(' ', {', '.join(parts)}), '')"
        return parts[0] if parts else "null::VARCHAR"

    if not columns.compared():
        raise UsageError("dedupe-no-columns", f"--columns says nothing of {name} to compare by: only an id")
    identity = joined("id") if columns.of("id") else "null::VARCHAR"
    source = joined("source") if columns.of("source") else quote_literal(name)
    begin = con.execute("select count(*) from dd_raw").fetchall()[0]
    offset = int(begin[0])
    try:
        con.execute(
            f"insert into dd_raw select {offset} + row_number() over () as n, {identity}, {source}, "  # noqa: S608 quoted
            f"{', '.join(joined(role) for role in INPUT)} from {sql}"
        )
    except duckdb.Error as error:
        if isinstance(error, duckdb.OutOfMemoryException):
            raise
        raise UsageError("dedupe-unreadable", f"{name}: {str(error).splitlines()[0]}") from error


def _ids(con: duckdb.DuckDBPyConnection, used: Sequence[Columns]) -> None:
    """`dd_id`: the id of each record. Guessed ids that do not tell records apart give way to row numbers."""
    count, empty, distinct = con.execute(
        "select count(*), count(*) - count(id), count(distinct id) from dd_raw"
    ).fetchall()[0]
    if not count:
        raise UsageError("dedupe-unreadable", "there is a header, but no record")
    asked = any(item.of("id") and not item.guessed for item in used)
    good = not empty and distinct == count
    if asked and not good:
        if empty:
            raise UsageError("dedupe-id", f"{empty:,} of {count:,} records have no id")
        qualified = con.execute("select count(distinct (source, id)) from dd_raw").fetchall()[0][0]
        if qualified != count:
            twice = con.execute(
                "select id, count(*) from dd_raw group by id having count(*) > 1 order by 1 limit 1"
            ).fetchall()
            raise UsageError(
                "dedupe-id",
                f"the id {twice[0][0]!r} stands for {twice[0][1]} records ({count - distinct:,} too few ids)",
            )
        expression = "source || ':' || id"
    else:
        expression = "id" if good else "n::VARCHAR"
    con.execute(f"create or replace temp table dd_id as select n, {expression} as id, source from dd_raw")  # noqa: S608 ours
