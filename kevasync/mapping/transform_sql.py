"""The transformations inside DuckDB: pure SQL for plain columns and names, functions on the connection for the rest.

Expressions given here are repeated in the SQL, so they should be columns, not calculations.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import duckdb

from kevasync import values
from kevasync.mapping.definition import FieldMapping
from kevasync.mapping.names import join_name
from kevasync.mapping.pipeline import Pipeline, pipeline
from kevasync.records import Direction, Side
from kevasync.values import FieldKind, canonical_sql, clean_sql, collapse_sql

__all__ = [
    "cheap_sql",
    "compare_keva_sql",
    "compare_salesforce_sql",
    "register",
    "to_keva_sql",
    "to_salesforce_sql",
]

_AS_WRITTEN = frozenset({FieldKind.TEXT, FieldKind.EMAIL, FieldKind.NAME, FieldKind.PHONE, FieldKind.TIMEZONE})
_JOIN_NAME = "keva_join_name"
_SIMPLE_NAME = "'[!-~]+( [!-~]+)*'"


def register(
    con: duckdb.DuckDBPyConnection, fields: Sequence[FieldMapping], region: str, called_in: str | None = None
) -> None:
    """Put every function that the SQL of these fields calls on the connection; with `called_in` only those it calls."""
    values.register(con, region, called_in)
    text, several = "VARCHAR", "VARCHAR[]"

    def joined(pair: tuple[str | None, str | None]) -> str | None:
        return join_name(pair[0], pair[1])

    values.put_function(con, _JOIN_NAME, values.remembering(joined), several, text)
    for field in fields:
        line = pipeline(field)
        single = line.targets == 1
        for role, function, takes, gives in (
            ("forward", _forward(line, region), text, several),
            ("backward", _of_targets(line.backward, region, single), text if single else several, text),
            ("keva", _of_value(line.compare_keva, region), text, text),
            ("salesforce", _of_targets(line.compare_salesforce, region, single), text if single else several, text),
        ):
            name = _name(field, role, region)
            if called_in is None or name in called_in:
                values.put_function(con, name, values.remembering(function, nulls=True), takes, gives)


def _forward(line: Pipeline, region: str) -> Callable[[Any], Any]:
    return lambda value: list(line.forward(value, region))


def _of_value(method: Callable[[str | None, str], str | None], region: str) -> Callable[[Any], Any]:
    return lambda value: method(value, region)


def _of_targets(
    method: Callable[[Sequence[str | None], str], str | None], region: str, single: bool
) -> Callable[[Any], Any]:
    if single:
        return lambda value: method((value,), region)
    return lambda several: method(several, region)


def _name(field: FieldMapping, role: str, region: str) -> str:
    """The name of a field's function: the same steps, kind, direction and region share one."""
    steps = [[step.name, dict(step.arguments)] for step in field.transforms]
    key = json.dumps([steps, field.kind, field.direction, len(field.salesforce), region], sort_keys=True, default=dict)
    return f"keva_{role}_{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _call(field: FieldMapping, role: str, region: str, column_exprs: Sequence[str]) -> str:
    argument = column_exprs[0] if len(column_exprs) == 1 else f"[{', '.join(column_exprs)}]"
    return f"{_name(field, role, region)}({argument})"


def _is_plain(line: Pipeline) -> bool:
    """One target, no step: both sides are compared by their canonical form."""
    return not line.steps and line.targets == 1 and line.kind is not FieldKind.LIST


def _is_name(line: Pipeline, field: FieldMapping) -> bool:
    """FirstName and LastName by split_name and nothing else."""
    return (
        not line.steps
        and line.targets == 2  # noqa: PLR2004 FirstName, LastName
        and line.kind is FieldKind.NAME
        and [step.name for step in field.transforms] == ["split_name"]
    )


def _join_name_sql(column_exprs: Sequence[str], region: str) -> str:
    """`join_name` in DuckDB; only a first name that may be Han, kana or Hangul, or starts with a space, asks Python."""
    first, last = (f"({expr})" for expr in column_exprs)
    both = f"concat_ws(' ', {first}, {last})"
    return (
        f"CASE WHEN regexp_full_match({first}, {_SIMPLE_NAME}) AND regexp_full_match({last}, {_SIMPLE_NAME})"
        f" THEN {first} || ' ' || {last}"
        f" WHEN {first} IS NULL THEN {canonical_sql(FieldKind.NAME, last, region)}"
        f" WHEN {first} >= '!' AND ({first} < chr(133) OR ({first} >= chr(192) AND {first} < chr(4352)))"
        f" THEN {collapse_sql(both)}"
        f" ELSE {_JOIN_NAME}([{first}, {last}]) END"
    )


def compare_keva_sql(field: FieldMapping, column_expr: str, region: str) -> str:
    """`compare_keva` in DuckDB."""
    line = pipeline(field)
    if _is_plain(line) or _is_name(line, field):
        return canonical_sql(line.kind, column_expr, region)
    return _call(field, "keva", region, [column_expr])


def compare_salesforce_sql(field: FieldMapping, column_exprs: Sequence[str], region: str) -> str:
    """`compare_salesforce` in DuckDB; one expression per target."""
    line = pipeline(field)
    if _is_plain(line):
        return canonical_sql(line.kind, column_exprs[0], region)
    if _is_name(line, field):
        return _join_name_sql(column_exprs, region)
    return _call(field, "salesforce", region, column_exprs)


def to_salesforce_sql(field: FieldMapping, column_expr: str, region: str) -> str:
    """`to_salesforce` in DuckDB: a VARCHAR[] with one element per target."""
    line = pipeline(field)
    if _is_plain(line) and line.kind in _AS_WRITTEN:
        return f"[{clean_sql(column_expr)}]"
    return _call(field, "forward", region, [column_expr])


def to_keva_sql(field: FieldMapping, column_exprs: Sequence[str], region: str) -> str:
    """`to_keva` in DuckDB; one expression per target."""
    line = pipeline(field)
    if _is_plain(line) and line.kind in _AS_WRITTEN:
        return clean_sql(column_exprs[0])
    if _is_name(line, field):
        return _join_name_sql(column_exprs, region)
    return _call(field, "backward", region, column_exprs)


def cheap_sql(field: FieldMapping, side: Side, column_exprs: Sequence[str]) -> str | None:
    """SQL that costs next to nothing, such that equal cheap values of both sides mean equal compare forms.

    Unequal cheap values mean nothing: then compare in full. None where there is no such expression. It does not
    clean: in a workspace that is in step nearly all values are equal to the byte.
    """
    line = pipeline(field)
    plain_name = _is_name(line, field) or (line.steps and line.splitter is not None and line.kind is FieldKind.NAME)
    if line.kind is FieldKind.LIST or (line.targets > 1 and not plain_name):
        return None
    cheap = [step.cheap_sql for step in line.steps]
    if None in cheap or (cheap and line.direction is Direction.FROM_CRM):
        return None
    if side is Side.SALESFORCE:
        return _cheap_name(column_exprs) if line.targets > 1 else column_exprs[0]
    expr = column_exprs[0]
    for step in cheap:
        expr = f"({step(expr)})" if step is not None else expr
    return expr


def _cheap_name(column_exprs: Sequence[str]) -> str:
    first, last = (f"({expr})" for expr in column_exprs)
    plain = f"{first} IS NULL OR ({first} >= '!' AND {first} < chr(128))"
    return (
        f"CASE WHEN {plain} THEN nullif(concat_ws(' ', {first}, {last}), '') ELSE {_JOIN_NAME}([{first}, {last}]) END"
    )
