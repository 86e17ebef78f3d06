"""A SOQL tree as one parameterised SQLite statement: names come from the schema alone, values are parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from kevasync.sandbox.answers import ApiError
from kevasync.sandbox.database import quoted
from kevasync.sandbox.schema import FieldSpec, ObjectSpec
from kevasync.sandbox.soql import Call, FieldRef, Item, Query, parse, parse_condition, picture
from kevasync.sandbox.soql_names import Resolved, Scope, field_sql, invalid_type
from kevasync.sandbox.soql_where import Where

if TYPE_CHECKING:
    from kevasync.sandbox.org import Org

__all__ = ["Column", "Statement", "compile_query", "condition_sql", "shown_sql"]

_MAX_OFFSET = 2000
_FIELDS_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Column:
    """One thing selected: where it goes in the record, its type, and its SQL."""

    path: tuple[str, ...]
    field: FieldSpec
    sql: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A compiled query. `tail` is all SQL after the column list; `row_numbers` lists the rows it would give."""

    spec: ObjectSpec
    columns: tuple[Column, ...]
    parents: tuple[tuple[tuple[str, ...], str, str], ...]  # path, SQL of the parent's id, name of its object
    joins: str
    tail: str
    parameters: tuple[Any, ...]
    aggregate: bool
    count_only: bool

    @property
    def source(self) -> str:
        """The FROM clause with its joins."""
        return f"FROM {quoted(self.spec.name)} t0 {self.joins}"

    @property
    def row_numbers(self) -> str:
        """SQL that lists the internal numbers of the rows, in order."""
        return f"SELECT t0._n {self.source} {self.tail}"


def shown_sql(column: Column, form: Literal["json", "csv"]) -> str:
    """The SQL of a column in the form it is shown in; booleans and addresses in JSON still need a last touch."""
    kind, sql = column.field.type, column.sql
    if form == "json":
        return f"substr({sql}, 1, 23) || '+0000'" if kind == "datetime" else sql
    if kind == "boolean":
        return f"CASE {sql} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE '' END"
    if kind in ("double", "currency", "percent"):
        return f"sf_number({sql})"
    return f"coalesce(CAST({sql} AS TEXT), '')" if kind == "int" else f"coalesce({sql}, '')"


def condition_sql(org: Org, spec: ObjectSpec, text: str) -> tuple[str, str, list[Any]]:
    """Joins, condition and parameters of a bare SOQL condition over `spec AS t0`, whatever the user may see."""
    scope = Scope(org.full_schema, org.full_schema.objects[spec.name.lower()], text)
    where = Where(scope)
    sql = where.sql(parse_condition(text))
    return scope.joins, sql, where.parameters


def compile_query(org: Org, soql: str, *, all_rows: bool) -> Statement:
    """The statement of a query.

    Raises:
        ApiError: MALFORMED_QUERY, INVALID_TYPE, INVALID_FIELD and their like.
    """
    query = parse(soql)
    spec = org.schema.get(query.source)
    if spec is None:
        raise invalid_type(soql, query.source_at, query.source)
    scope = Scope(org.schema, spec, soql, query.alias)
    if len(query.items) == 1 and _is_bare_count(query.items[0]) and not query.group:
        return _finish(query, scope, (), all_rows=all_rows, count_only=True)
    return _finish(query, scope, _columns(query, scope), all_rows=all_rows, count_only=False)


def _is_bare_count(item: Item) -> bool:
    call = item.operand
    return isinstance(call, Call) and call.name == "COUNT" and call.argument is None and item.alias is None


def _finish(query: Query, scope: Scope, columns: tuple[Column, ...], *, all_rows: bool, count_only: bool) -> Statement:
    aggregate = bool(query.group) or _has_aggregate(query, scope)
    where = Where(scope)
    tests = [] if all_rows or query.all_rows else [f"{scope.root}.IsDeleted = 0"]
    if query.where is not None:
        tests.append(f"({where.sql(query.where)})")
    grouped = [scope.operand(each) for each in query.group]
    _check_grouping(query, scope, grouped, aggregate=aggregate and not count_only)
    having = Where(scope, allow_aggregates=True)
    parts = [f"WHERE {' AND '.join(tests)}" if tests else ""]
    if grouped:
        parts.append(f"GROUP BY {', '.join(each.sql for each in grouped)}")
    if query.having is not None:
        parts.append(f"HAVING {having.sql(query.having)}")
    if not count_only:
        parts.append(_order(query, scope, aggregate=aggregate))
    parts.append(_window(query))
    found = {column.path[:depth] for column in columns for depth in range(1, len(column.path))}
    parents = tuple((path, scope.parent_id(path), scope.tables[path][1].name) for path in sorted(found, key=len))
    return Statement(
        scope.spec, columns, () if aggregate else parents, scope.joins, " ".join(filter(None, parts)),
        (*where.parameters, *having.parameters), aggregate, count_only,
    )  # fmt: skip


def _columns(query: Query, scope: Scope) -> tuple[Column, ...]:
    aggregate = bool(query.group) or _has_aggregate(query, scope)
    columns: list[Column] = []
    unnamed = 0
    for item in query.items:
        if isinstance(item.operand, Call) and item.operand.name == "FIELDS":
            columns += _all_fields(query, scope, item.operand)
            continue
        found = scope.operand(item.operand)
        path = found.path[-1:] if aggregate else found.path
        if isinstance(item.operand, Call):
            if item.alias is None and (aggregate or item.operand.name not in ("TOLABEL", "FORMAT")):
                path = (f"expr{unnamed}",)
                unnamed += 1
            elif item.alias is not None:
                path = (item.alias,)
        elif item.alias is not None:
            path = (item.alias,)
        if any(column.path == path for column in columns):
            name = ".".join(path)
            code, text = (
                ("MALFORMED_QUERY", "duplicate alias") if item.alias else ("INVALID_FIELD", "duplicate field selected")
            )
            raise picture(code, scope.soql, item.operand.at, f"{text}: {name}")
        columns.append(Column(path, found.field, found.sql))
    return tuple(columns)


def _has_aggregate(query: Query, scope: Scope) -> bool:
    calls = [item.operand for item in query.items if isinstance(item.operand, Call) and item.operand.name != "FIELDS"]
    return any(scope.operand(call).aggregate for call in calls)


def _all_fields(query: Query, scope: Scope, call: Call) -> list[Column]:
    which = call.argument.path[0].upper() if isinstance(call.argument, FieldRef) else ""
    if which not in ("ALL", "STANDARD", "CUSTOM"):
        raise picture("MALFORMED_QUERY", scope.soql, call.at, "FIELDS takes ALL, STANDARD or CUSTOM")
    if which != "STANDARD" and (query.limit is None or query.limit > _FIELDS_LIMIT):
        message = "The SOQL FIELDS function must have a LIMIT of at most 200"
        raise ApiError("MALFORMED_QUERY", message)
    wanted = {"ALL": (True, False), "STANDARD": (False,), "CUSTOM": (True,)}[which]
    return [
        Column((field.name,), field, field_sql(scope.root, scope.spec, field))
        for field in scope.spec.fields
        if field.custom in wanted
    ]


def _check_grouping(query: Query, scope: Scope, grouped: list[Resolved], *, aggregate: bool) -> None:
    if not aggregate:
        if query.having is not None:
            raise ApiError("MALFORMED_QUERY", "Having clauses are only allowed in a query with GROUP BY")
        return
    known = {each.sql for each in grouped}
    for item in query.items:
        found = scope.operand(item.operand)
        if not found.aggregate and found.sql not in known:
            message = f"Field must be grouped or aggregated: {'.'.join(found.path)}"
            raise picture("MALFORMED_QUERY", scope.soql, item.operand.at, message)
    for operand, found in zip(query.group, grouped, strict=True):
        if found.aggregate or not found.field.filterable or found.field.type == "address":
            message = f"field '{found.field.name}' can not be grouped in a query call"
            raise picture("INVALID_FIELD", scope.soql, operand.at, message)


def _order(query: Query, scope: Scope, *, aggregate: bool) -> str:
    terms = []
    aliases = {item.alias.lower(): item.operand for item in query.items if item.alias}
    for order in query.order:
        operand = order.operand
        if isinstance(operand, FieldRef) and len(operand.path) == 1:
            operand = aliases.get(operand.path[0].lower(), operand)
        found = scope.operand(operand)
        if found.field.type in ("address", "multipicklist") or not found.field.filterable:
            message = f"field '{found.field.name}' can not be sorted in a query call"
            raise picture("INVALID_FIELD", scope.soql, order.operand.at, message)
        nulls = f" NULLS {order.nulls}" if order.nulls else ""
        terms.append(f"{found.sql}{' DESC' if order.descending else ''}{nulls}")
    if not aggregate:
        # rows that compare equal come in the order they were made
        terms.append(f"{scope.root}._n")
    return f"ORDER BY {', '.join(terms)}" if terms else ""


def _window(query: Query) -> str:
    if query.offset is not None and query.offset > _MAX_OFFSET:
        raise ApiError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {_MAX_OFFSET}")
    if query.limit is None and query.offset is None:
        return ""
    return f"LIMIT {-1 if query.limit is None else query.limit} OFFSET {query.offset or 0}"
