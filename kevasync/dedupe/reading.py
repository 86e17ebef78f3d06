"""Files or a table as `dd_in`: one row a record with its roles as text, and `dd_id` with what records are called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from kevasync.dedupe.canonical import INPUT
from kevasync.dedupe.columns import Columns, guess, listed
from kevasync.dedupe.delimited import LINES, Delimited, look, opened
from kevasync.errors import UsageError
from kevasync.values import quote_identifier, quote_literal

__all__ = ["Source", "read"]

Source = Sequence[Path] | str
"""Paths of files, or the name of a table or view on the connection."""

_FULL = "no space left"
_READERS = {
    ".csv": "",
    ".tsv": "",
    ".parquet": "read_parquet({path})",
    ".ndjson": "read_json({path}, format = 'newline_delimited', sample_size = -1)",
    ".jsonl": "read_json({path}, format = 'newline_delimited', sample_size = -1)",
    ".json": "read_json({path}, sample_size = -1)",
}


@dataclass(frozen=True, slots=True)
class _Relation:
    """What a source is called, SQL that stands after `from`, and its columns; `text`: how a CSV is read."""

    name: str
    sql: str
    headers: list[str]
    text: Delimited | None = None


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
    con.execute(f"create or replace temp table dd_raw (n BIGINT, id VARCHAR, source VARCHAR, {_declared()})")
    used: list[Columns] = []
    for relation, wanted in zip(relations, given, strict=True):
        with _ragged_first(relation):
            used.append(wanted or guess(relation.headers, relation.name))
            _insert(con, relation, used[-1])
    notes = _ids(con, used)
    if not isinstance(source, str):
        notes = (*_twice(source), *notes)
    con.execute(
        f"create or replace temp table dd_in as select n, {', '.join(map(quote_identifier, INPUT))} from dd_raw"  # noqa: S608 quoted
    )
    con.execute("drop table dd_raw")
    return [replace(used[0], notes=notes), *used[1:]]


@contextmanager
def _ragged_first(relation: _Relation) -> Iterator[None]:
    """Where columns are missed: if the first line is no header of the others, that is what to say."""
    try:
        yield
    except UsageError as error:
        if relation.text is not None and error.code in {"dedupe-no-columns", "dedupe-column-missing"}:
            relation.text.check()
        raise


def _declared() -> str:
    return ", ".join(f"{quote_identifier(name)} VARCHAR" for name in INPUT)


def _relation(con: duckdb.DuckDBPyConnection, source: Path | str) -> _Relation:
    if isinstance(source, str):
        return _Relation(source, quote_identifier(source), _headers(con, quote_identifier(source)))
    ending = (source.with_suffix("") if source.suffix.lower() == ".gz" else source).suffix.lower()
    if source.is_dir():
        raise UsageError("dedupe-unreadable", f"{source} is a folder; give the files in it")
    if not source.is_file():
        what = "not a regular file" if source.exists() else "there is no such file"
        raise UsageError("dedupe-unreadable", f"{source}: {what}")
    if not source.stat().st_size:
        raise UsageError("dedupe-unreadable", f"{source}: the file is empty")
    if ending not in _READERS:
        raise UsageError("dedupe-unreadable", f"{source}: not CSV, TSV, NDJSON, JSON or Parquet by its ending")
    if ending in {".csv", ".tsv"}:
        text = look(source)
        return _Relation(source.stem, text.fast() if text.plain else "", list(text.headers), text)
    sql = _READERS[ending].format(path=quote_literal(str(source)))
    with _told(str(source)):
        if ending != ".parquet":
            _check_json(con, source, ending, sql)
        return _Relation(source.stem, sql, _headers(con, sql))


def _headers(con: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    return [str(row[0]) for row in con.execute(f"describe select * from {sql}").fetchall()]  # noqa: S608 quoted


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn what DuckDB says of a file into UsageError; what is no fault of the file goes on."""
    try:
        yield
    except duckdb.Error as error:
        if isinstance(error, duckdb.OutOfMemoryException | duckdb.InterruptException) or _FULL in str(error).casefold():
            raise
        raise UsageError("dedupe-unreadable", f"{name}: {str(error).splitlines()[0]}") from error


def _check_json(con: duckdb.DuckDBPyConnection, path: Path, ending: str, sql: str) -> None:
    """Raises UsageError where the file is not a list of objects, or one object a line."""
    with opened(path) as file:
        try:
            first = next((one for one in iter(lambda: file.read(1), "") if not one.isspace()), "")
        except UnicodeError as error:
            raise UsageError("dedupe-unreadable", f"{path}: JSON is read as UTF-8 only; save it as UTF-8") from error
    if ending != ".json":
        if first != "{":
            raise UsageError(
                "dedupe-unreadable", f"{path}: one object a line is needed; name a list of objects [{{…}}, {{…}}] .json"
            )
        return
    lone = first == "{" and con.execute(f"select count(*) from (from {sql} limit 2)").fetchall()[0][0] < 2  # noqa: S608, PLR2004 quoted
    if lone or first not in {"{", "["} or _headers(con, sql) == ["json"]:
        raise UsageError(
            "dedupe-unreadable",
            f"{path}: a list of objects [{{…}}, {{…}}] is needed, or one object a line; this is one object or value",
        )


def _insert(con: duckdb.DuckDBPyConnection, relation: _Relation, columns: Columns) -> None:
    name, known = relation.name, {header.casefold(): header for header in relation.headers}

    def text(column: str) -> str:
        if column.casefold() not in known:
            raise UsageError("dedupe-column-missing", f"{name} has no column {column!r}; {listed(relation.headers)}")
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
    identity = f"nullif({joined('id')}, '')" if columns.of("id") else "null::VARCHAR"
    source = joined("source") if columns.of("source") else quote_literal(name)
    offset = int(con.execute("select count(*) from dd_raw").fetchall()[0][0])

    def insert(sql: str) -> None:
        con.execute(
            f"insert into dd_raw select {offset} + row_number() over () as n, {identity}, {source}, "  # noqa: S608 quoted
            f"{', '.join(joined(role) for role in INPUT)} from {sql}"
        )

    with _told(name):
        if relation.text is None:
            insert(relation.sql)
        elif not _done(insert, relation.sql):
            insert(relation.text.exact(con))
    con.execute(f"drop table if exists {LINES}")


def _done(insert: Callable[[str], None], fast: str) -> bool:
    """Whether the fast reading took the whole file; it takes nothing else."""
    if not fast:
        return False
    try:
        insert(fast)
    except duckdb.InvalidInputException:
        return False
    return True


def _ids(con: duckdb.DuckDBPyConnection, used: Sequence[Columns]) -> tuple[str, ...]:
    """`dd_id`: the id of each record. Guessed ids that do not tell records apart give way to row numbers: a note."""
    # a record without a source goes by its id alone: joined to nothing it would have none
    qualified = "coalesce(nullif(source, '') || ':', '') || id"
    count, empty, distinct, apart = con.execute(
        f"select count(*), count(*) - count(id), count(distinct id), count(distinct {qualified}) from dd_raw"  # noqa: S608 ours
    ).fetchall()[0]
    if not count:
        raise UsageError("dedupe-unreadable", "there is a header, but no record")
    asked = any(item.of("id") and not item.guessed for item in used)
    good = not empty and distinct == count
    if asked and not good:
        if empty:
            raise UsageError("dedupe-id", f"{empty:,} of {count:,} records have no id")
        if apart != count:
            twice = con.execute(
                "select id, count(*) from dd_raw group by id having count(*) > 1 order by 1 limit 1"
            ).fetchall()
            raise UsageError(
                "dedupe-id",
                f"the id {twice[0][0]!r} stands for {twice[0][1]} records ({count - distinct:,} too few ids)",
            )
        expression = qualified
    else:
        expression = "id" if good else "n::VARCHAR"
    con.execute(f"create or replace temp table dd_id as select n, {expression} as id, source from dd_raw")  # noqa: S608 ours
    guessed = sorted({column for item in used for column in item.of("id")})
    if good or asked or not guessed:
        return ()
    why = f"{empty:,} of {count:,} records have none" if empty else f"{count - distinct:,} of {count:,} ids come again"
    return (f"{' and '.join(guessed)} does not tell records apart ({why}): records are called by their row number",)


def _twice(files: Sequence[Path]) -> tuple[str, ...]:
    """A note for each file that is given more than once: each of its records is then found to be itself."""
    places = [path.resolve() for path in files]
    again = [str(path) for at, path in enumerate(files) if places[at] in places[:at]]
    return tuple(f"{name} is given more than once: its records are compared with themselves" for name in again)
