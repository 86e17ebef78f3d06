"""Canonical forms inside DuckDB: pure SQL where that is equal to the Python, else Python functions that remember."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import duckdb
from duckdb.func import FunctionNullHandling

from kevasync.values.kind import FieldKind
from kevasync.values.kinds import canonical
from kevasync.values.phones import NATIONAL_NORTH_AMERICAN, NORTH_AMERICA, PLAIN_NORTH_AMERICAN
from kevasync.values.text import clean_sql, collapse_sql

__all__ = ["Function", "canonical_sql", "put_function", "register", "remembering"]

Function = Callable[[Any], Any]
"""Takes and returns one value."""

_REMEMBERED = 50_000
_SHORT = 200  # longer texts hardly repeat, and would fill the memory
_UTC_MILLISECONDS = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"
# what Keva's API (no fraction) and Salesforce's (+0000) write
_UTC = r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{3})?(?:Z|\+00:?00)"


def remembering(function: Callable[[Any], Any], *, nulls: bool = False) -> Function:
    """A function of one value that works each value out once, as long as there are not too many to keep.

    With `nulls` the function is asked about None too; else None stays None.
    """
    remembered: dict[Any, Any] = {}

    def compute(value: Any) -> Any:
        key = tuple(value) if isinstance(value, list) else value
        try:
            return remembered[key]
        except KeyError:
            pass
        answer = None if value is None and not nulls else function(value)
        if not isinstance(value, str) or len(value) <= _SHORT:
            if len(remembered) >= _REMEMBERED:
                remembered.clear()
            remembered[key] = answer
        return answer

    return compute


def put_function(con: duckdb.DuckDBPyConnection, name: str, function: Function, takes: str, gives: str) -> None:
    """Put a function of one value on the connection; one that is there already by that name stays.

    Called value by value: as fast as by Arrow columns here, and it spares a second of CPU, as pyarrow loads pandas.
    """
    try:
        con.create_function(name, function, [takes], gives, null_handling=FunctionNullHandling.SPECIAL)
    except (duckdb.NotImplementedException, duckdb.CatalogException) as error:
        if "already" not in str(error) and "exists" not in str(error):
            raise


def _function_name(kind: FieldKind, region: str) -> str:
    name = f"keva_{kind.value}"
    return name + "_" + re.sub(r"[^a-z0-9]", "", region.lower()) if kind is FieldKind.PHONE else name


def register(con: duckdb.DuckDBPyConnection, region: str, called_in: str | None = None) -> None:
    """Put the functions that `canonical_sql` calls on the connection (and all cursors made from it).

    With `called_in`, SQL that is to be run, only those it calls: each costs milliseconds.
    """
    for kind in FieldKind:
        name = _function_name(kind, region)
        if kind in {FieldKind.TEXT, FieldKind.NAME} or (called_in is not None and f"{name}(" not in called_in):
            continue

        def one(value: str, kind: FieldKind = kind) -> str | None:
            return canonical(kind, value, region)

        put_function(con, name, remembering(one), "VARCHAR", "VARCHAR")


def canonical_sql(kind: FieldKind, expr: str, region: str) -> str:
    """`canonical` in DuckDB for an expression that yields VARCHAR. `expr` is repeated: a column is best.

    Text and names are pure SQL. The rest takes a short way for values in their usual form and calls the registered
    function for all others.
    """
    if kind is FieldKind.TEXT:
        return clean_sql(expr)
    if kind is FieldKind.NAME:
        return collapse_sql(expr)
    x = f"({expr})"
    shortcut = _shortcut(kind, x, region)
    call = f"{_function_name(kind, region)}{x}"
    return f"CASE WHEN {x} IS NULL THEN NULL {shortcut} ELSE {call} END"


def _shortcut(kind: FieldKind, x: str, region: str) -> str:
    """WHEN … THEN … for values in their usual form, each equal to what the Python says of them."""
    if kind is FieldKind.PHONE:
        national = PLAIN_NORTH_AMERICAN if region.upper() in NORTH_AMERICA else r"\+1" + NATIONAL_NORTH_AMERICAN
        return (
            f"WHEN regexp_full_match({x}, '\\+1[2-9][0-9]{{9}}') THEN {x} "
            f"WHEN regexp_full_match({x}, '{national}') THEN '+1' || right(regexp_replace({x}, '[^0-9]', '', 'g'), 10)"
        )
    return _SHORTCUTS.get(kind, "").replace("$x", x)


_SHORTCUTS = {
    FieldKind.EMAIL: "WHEN regexp_full_match($x, '[!-~]+@[!-~]+') THEN lower($x)",
    FieldKind.NUMBER: (
        "WHEN regexp_full_match($x, '0|-?[1-9][0-9]{0,30}') THEN $x "
        "WHEN regexp_full_match($x, '-?[1-9][0-9]{0,30}[.]0{1,30}') THEN split_part($x, '.', 1)"
    ),
    FieldKind.BOOLEAN: "WHEN $x IN ('true', 'false') THEN $x WHEN $x IN ('True', 'False') THEN lower($x)",
    # valid or not, a value of this shape is its own canonical form
    FieldKind.DATE: "WHEN regexp_full_match($x, '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN $x",
    FieldKind.DATETIME: (
        f"WHEN regexp_full_match($x, '{_UTC_MILLISECONDS}') THEN $x "
        f"WHEN regexp_full_match($x, '{_UTC}') AND TRY_CAST(left($x, 10) AS DATE) IS NOT NULL "
        "THEN left($x, CASE WHEN $x[20] = '.' THEN 23 ELSE 19 END)"
        " || CASE WHEN $x[20] = '.' THEN 'Z' ELSE '.000Z' END"
    ),
}
