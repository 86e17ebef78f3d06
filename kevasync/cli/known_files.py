"""Files of links and of base for a plan from files: read in any form, and checked before anything is compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from kevasync.errors import Problem, UsageError
from kevasync.keva.columns import fold
from kevasync.keva.landing import is_parquet, land_rows
from kevasync.sync.projection import id18
from kevasync.values import quote_identifier, quote_literal

__all__ = ["doubled_rows", "known_view"]

What = Literal["links", "base"]
KEYS = ("keva_id", "sf_id")
_NAMED = 3


@dataclass(frozen=True, slots=True)
class _Source:
    """The rows of one file: SQL that reads them with `row`, and each column with its DuckDB type."""

    path: Path
    sql: str
    columns: dict[str, str]

    def typed(self, column: str) -> str:
        """The column as the comparison wants it: text, but for `agreed` (a list) and `active`."""
        quoted, kind = quote_identifier(column), self.columns[column]
        if column == "agreed":
            return (
                quoted if kind.endswith("[]") else f"cast(from_json({quoted}, '[\"VARCHAR\"]') as varchar[]) as agreed"
            )
        if column == "active":
            return f"coalesce(cast({quoted} as boolean), true) as active"
        return quoted if kind == "VARCHAR" else f"cast({quoted} as varchar) as {quoted}"


def known_view(
    con: duckdb.DuckDBPyConnection, what: What, path: Path | None, into: Path, *, tells_links: bool
) -> str | None:
    """Put a view of the file on the connection; its name, or None without a file.

    CSV, NDJSON and JSON are landed in the folder `into`; Parquet is read as it lies. `tells_links` says that these rows
    say who is linked to whom, so that no customer and no Contact may stand twice. Raises UsageError with an `export-*`
    code for a file that cannot be read, `plan-file-columns`, and `plan-file-values` with all that is wrong in it.
    """
    if path is None:
        return None
    source = _source(con, path, into)
    problems = _wrong_values(con, source, tells_links=tells_links)
    if problems:
        first = problems[0].message
        more = f", and {len(problems) - 1} more problems" if len(problems) > 1 else ""
        raise UsageError("plan-file-values", f"{path}: {first}{more}", problems=problems)
    picked = ", ".join([*(source.typed(column) for column in source.columns), "_place"])
    con.execute(f"create temp view {what}_file as select {picked} from ({source.sql})")  # noqa: S608 quoted
    return f"{what}_file"


def _source(con: duckdb.DuckDBPyConnection, path: Path, into: Path) -> _Source:
    if is_parquet(path):
        file = path
    else:
        into.mkdir(parents=True)
        file = land_rows(path, into, hints=KEYS)
    read = f"read_parquet({quote_literal(str(file))}, file_row_number = true)"
    try:
        types = dict(con.execute(f"select name, type from (describe from {read}) as t(name, type)").fetchall())  # noqa: S608 quoted
    except duckdb.Error as error:
        raise UsageError("export-truncated", f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    types.pop("file_row_number")
    names = {column: _spelled(column) for column in types}
    absent = [key for key in KEYS if key not in names.values()]
    if absent:
        seen = ", ".join(list(types)[:12]) + (", …" if len(types) > 12 else "")  # noqa: PLR2004 a line's worth
        raise UsageError("plan-file-columns", f"{path} has no column {' and no column '.join(absent)}. It has: {seen}")
    picked = ", ".join(f"{quote_identifier(column)} as {quote_identifier(name)}" for column, name in names.items())
    columns = {name: str(types[column]) for column, name in names.items()}
    rows = f"select {picked}, file_row_number + 1 as _row, file_row_number as _place from {read}"  # noqa: S608 quoted
    return _Source(path, rows, columns)


def _spelled(column: str) -> str:
    """`Keva_Id` and `keva id` are `keva_id`; columns of fields keep their name."""
    usual = {fold(name): name for name in (*KEYS, "agreed", "active")}
    return usual.get(fold(column), column)


def _wrong_values(con: duckdb.DuckDBPyConnection, source: _Source, *, tells_links: bool) -> list[Problem]:
    """All that is wrong with the keys and the marks, each with the rows it stands on."""
    found: list[Problem] = []
    for key in KEYS:
        # one comparison of a few bytes for nearly every row; trimming comes after
        empty = f"{key} is null or {key} <= ' ' and trim({key}) = ''"
        if source.columns[key] != "VARCHAR":
            empty = f"nullif(trim(cast({key} as varchar)), '') is null"
        if rows := _rows(con, source, empty):
            found.append(_problem(f"{key} is empty in {_some(rows)}", key))
    if not source.columns.get("agreed", "[]").endswith("[]"):
        wrong = "agreed is not null and case when json_valid(agreed) then json_type(agreed) <> 'ARRAY' else true end"
        if rows := _rows(con, source, wrong):
            found.append(_problem(f'agreed is no JSON list such as ["Email", "Phone"] in {_some(rows)}', "agreed"))
    if "active" in source.columns:
        wrong = "active is not null and try_cast(active as boolean) is null"
        if rows := _rows(con, source, wrong):
            found.append(_problem(f"active is neither true nor false in {_some(rows)}", "active"))
    # who stands twice where nobody may, the comparison finds by the way; `doubled_rows` then says where
    return found if found or tells_links else _twice(con, source, KEYS)


def doubled_rows(con: duckdb.DuckDBPyConnection, path: Path, into: Path) -> None:
    """Name the rows of a file of links or base in which a customer or a Contact stands twice.

    Raises UsageError `plan-file-values`; returns where nobody does.
    """
    source = _source(con, path, into)
    problems = [problem for key in KEYS for problem in _twice(con, source, (key,))]
    if problems:
        raise UsageError("plan-file-values", f"{path}: {problems[0].message}", problems=problems)


def _rows(con: duckdb.DuckDBPyConnection, source: _Source, condition: str) -> list[int]:
    wrong = f"from ({source.sql}) where {condition}"
    if not con.execute(f"select 1 {wrong} limit 1").fetchall():
        return []
    return [int(row[0]) for row in con.execute(f"select _row {wrong} order by _row limit {_NAMED + 1}").fetchall()]


def _twice(con: duckdb.DuckDBPyConnection, source: _Source, columns: Sequence[str]) -> list[Problem]:
    """Keys that stand more than once among the active rows, told first by their hashes, at a fraction of the cost."""
    active = "where coalesce(cast(active as boolean), true)" if "active" in source.columns else ""
    key = ", ".join(
        id18(f"cast({name} as varchar)") if name == "sf_id" else f"cast({name} as varchar)" for name in columns
    )
    rows, different = con.execute(
        f"select count(*), count(distinct hash({key})) from ({source.sql}) {active}"  # noqa: S608 quoted
    ).fetchall()[0]
    if rows == different:
        return []
    twice = con.execute(
        f"""select [{key}]::varchar[], list(_row order by _row) from ({source.sql}) {active}
        group by all having count(*) > 1 order by min(_row) limit {_NAMED}"""  # noqa: S608 quoted
    ).fetchall()
    return [
        _problem(f"{' with '.join(columns)} {' and '.join(values)} stands more than once: {_some(places)}", columns[0])
        for values, places in twice
    ]


def _some(rows: Sequence[int]) -> str:
    return "row " + ", ".join(str(row) for row in rows[:_NAMED]) + (", …" if len(rows) > _NAMED else "")


def _problem(message: str, field: str) -> Problem:
    return Problem("plan-file-values", "error", message, field=field)
