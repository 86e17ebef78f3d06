"""Query results: nested records as REST shows them, flat text as Bulk CSV shows it, pages of a locator."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kevasync.sandbox.answers import ApiError, not_found
from kevasync.sandbox.database import quoted
from kevasync.sandbox.ids import to_18
from kevasync.sandbox.schema import ObjectSpec
from kevasync.sandbox.soql_names import field_sql
from kevasync.sandbox.soql_sql import Column, Statement, compile_query, shown_sql

if TYPE_CHECKING:
    from kevasync.sandbox.org import Org

__all__ = ["QueryResult", "record_by_id", "run_query"]

_CHUNK = 2000
_AGGREGATE_LIMIT = 2000
Record = dict[str, Any]


class QueryResult:
    """The answer to one query. Nothing is read before it is asked for; each iterator sees one moment of the data."""

    def __init__(self, org: Org, statement: Statement) -> None:
        self._org, self.statement = org, statement

    @property
    def columns(self) -> list[tuple[str, str]]:
        """Dotted path and field type of each column, in the casing of the schema."""
        return [(".".join(column.path), column.field.type) for column in self.statement.columns]

    @property
    def entity(self) -> str:
        """The name of the object in FROM."""
        return self.statement.spec.name

    @property
    def has_aggregates(self) -> bool:
        """Whether the rows are aggregate results, which cannot be paged."""
        return self.statement.aggregate

    @cached_property
    def total(self) -> int:
        """How many rows there are; of `SELECT COUNT()`, the count."""
        statement = self.statement
        # an aggregate without GROUP BY is one row, which only its functions tell
        whole = statement.aggregate and not statement.count_only
        picked = ", ".join(column.sql for column in statement.columns) if whole else "1"
        inner = f"SELECT {picked} {statement.source} {statement.tail}"
        return int(self._one(f"SELECT count(*) FROM ({inner})", statement.parameters))  # noqa: S608 names of the schema

    def _one(self, sql: str, parameters: Sequence[Any]) -> Any:
        with self._org.database.read() as con:
            return _execute(con, sql, parameters).fetchone()[0]

    def rows(self, version: str = "68.0") -> Iterator[Record]:
        """The records in REST form, with `attributes`; none for `SELECT COUNT()`."""
        statement = self.statement
        if statement.count_only:
            return
        sql, build = self._json_plan(version)
        with self._org.database.read() as con:
            cursor = _execute(con, f"SELECT {sql} {statement.source} {statement.tail}", statement.parameters)
            yield from map(build, _chunks(cursor))

    def flat(self) -> Iterator[list[str]]:
        """The rows as text, in the order of `columns`, as Bulk CSV has them: null is empty."""
        statement = self.statement
        if statement.count_only:
            return
        shown = ", ".join(shown_sql(column, "csv") for column in statement.columns)
        with self._org.database.read() as con:
            cursor = _execute(con, f"SELECT {shown} {statement.source} {statement.tail}", statement.parameters)
            yield from map(list, _chunks(cursor))

    def row_numbers(self) -> array[int]:
        """The internal numbers of all rows in order, for a locator to keep."""
        with self._org.database.read() as con:
            cursor = _execute(con, self.statement.row_numbers, self.statement.parameters)
            return array("q", (row[0] for row in _chunks(cursor)))

    def page(self, numbers: Sequence[int], version: str) -> list[Record]:
        """The records with these internal numbers, in this order, in REST form."""
        sql, build = self._json_plan(version)
        with self._org.database.read() as con:
            cursor = _execute(
                con,
                f"SELECT {sql} FROM json_each(?) picked CROSS JOIN {quoted(self.statement.spec.name)} t0"  # noqa: S608 names of the schema
                f" ON t0._n = picked.value {self.statement.joins} ORDER BY picked.key",
                (json.dumps(list(numbers)),),
            )
            return [build(row) for row in cursor]

    def _json_plan(self, version: str) -> tuple[str, Callable[[tuple[Any, ...]], Record]]:
        """The select list and the function from one of its rows to a record."""
        statement = self.statement
        shown = [shown_sql(column, "json") for column in statement.columns]
        if statement.aggregate:
            return ", ".join(shown), _aggregate_builder(statement.columns)
        shown += ["t0.Id", *(sql for _, sql, _ in statement.parents)]
        return ", ".join(shown), _record_builder(statement, version)


def _execute(con: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> sqlite3.Cursor:
    try:
        return con.execute(sql, parameters)
    except (sqlite3.OperationalError, OverflowError, RecursionError) as error:
        # only the shape of the user's query can bring us here: too deep, too many joins, a number too large
        message = "Query is either selecting too many fields or the filter conditions are too complicated."
        raise ApiError("QUERY_TOO_COMPLICATED", message) from error


def _chunks(cursor: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(_CHUNK):
        yield from rows


def _touches(columns: Sequence[Column]) -> list[tuple[int, Callable[[Any], Any]]]:
    """The columns whose stored form is not yet that of JSON."""
    makers: dict[str, Callable[[Any], Any]] = {"boolean": bool, "address": json.loads}
    return [(at, makers[column.field.type]) for at, column in enumerate(columns) if column.field.type in makers]


def _aggregate_builder(columns: Sequence[Column]) -> Callable[[tuple[Any, ...]], Record]:
    names = [column.path[-1] for column in columns]
    touches = _touches(columns)

    def build(row: tuple[Any, ...]) -> Record:
        record = {"attributes": {"type": "AggregateResult"}, **dict(zip(names, row, strict=True))}
        for at, touch in touches:
            record[names[at]] = None if row[at] is None else touch(row[at])
        return record

    return build


def _record_builder(statement: Statement, version: str) -> Callable[[tuple[Any, ...]], Record]:
    columns, width = statement.columns, len(statement.columns)
    touches = _touches(columns)
    base = f"/services/data/v{version}/sobjects/"
    name = statement.spec.name
    own = [(column.path[0], at) for at, column in enumerate(columns) if len(column.path) == 1]
    # in the order selected: a parent stands where its first field stood
    order = list(dict.fromkeys(column.path[0] for column in columns))
    by_parent = [
        (path, width + 1 + at, parent, [(c.path[-1], i) for i, c in enumerate(columns) if c.path[:-1] == path])
        for at, (path, _, parent) in enumerate(statement.parents)
    ]

    def build(row: tuple[Any, ...]) -> Record:
        values = list(row)
        for at, touch in touches:
            if values[at] is not None:
                values[at] = touch(values[at])
        record: Record = {"attributes": {"type": name, "url": f"{base}{name}/{row[width]}"}}
        if not by_parent:
            for key, at in own:
                record[key] = values[at]
            return record
        record.update(dict.fromkeys(order))
        for key, at in own:
            record[key] = values[at]
        for path, id_at, parent, fields in by_parent:
            _put_parent(record, path, base, parent, values[id_at], {key: values[at] for key, at in fields})
        return record

    return build


def _put_parent(
    record: Record, path: tuple[str, ...], base: str, parent: str, parent_id: str | None, fields: Record
) -> None:
    """Hang a parent's fields into the record; no parent is null, and what hangs below it is left out."""
    holder: Any = record
    for step in path[:-1]:
        holder = holder.get(step)
        if holder is None:
            return
    if parent_id is None:
        holder[path[-1]] = None
        return
    holder[path[-1]] = {"attributes": {"type": parent, "url": f"{base}{parent}/{parent_id}"}, **fields}


def run_query(org: Org, soql: str, *, all_rows: bool) -> QueryResult:
    """Compile a query; the rows are read later.

    Raises:
        ApiError: the query is malformed, or names what is not there.
    """
    result = QueryResult(org, compile_query(org, soql, all_rows=all_rows))
    if result.has_aggregates and not result.statement.count_only and result.total > _AGGREGATE_LIMIT:
        message = "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"
        raise ApiError("EXCEEDED_ID_LIMIT", message)
    return result


def record_by_id(org: Org, spec: ObjectSpec, record_id: str, fields: Sequence[str] | None, version: str) -> Record:
    """One live record in REST form."""
    try:
        wanted = to_18(record_id)
    except ApiError:
        raise not_found() from None
    picked = list(spec.fields)
    if fields is not None:
        picked = []
        for name in fields:
            found = spec.field(name)
            if found is None:
                raise ApiError("INVALID_FIELD", f"No such column '{name}' on sobject of type {spec.name}")
            picked.append(found)
    columns = tuple(Column((each.name,), each, field_sql("t0", spec, each)) for each in picked)
    statement = Statement(
        spec, columns, (), "", "WHERE t0.Id = ? AND t0.IsDeleted = 0", (wanted,), aggregate=False, count_only=False
    )
    record = next(QueryResult(org, statement).rows(version), None)
    if record is None:
        raise not_found()
    return record
