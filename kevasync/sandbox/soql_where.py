"""Conditions of SOQL as SQL: Salesforce's meaning of null, of text without case, of ids and of date literals."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from kevasync.sandbox.answers import ApiError
from kevasync.sandbox.database import quoted
from kevasync.sandbox.fieldtypes import parse_datetime
from kevasync.sandbox.ids import to_18
from kevasync.sandbox.soql import AllOf, Comparison, Condition, Not, Subquery, Value, decode_string, picture
from kevasync.sandbox.soql_dates import date_range
from kevasync.sandbox.soql_names import Resolved, Scope, invalid_type

__all__ = ["Where"]

_NUMBERS = frozenset({"int", "double", "currency", "percent"})
_NAMES = {"datetime": "dateTime", "reference": "id", "int": "int"}
_ORDERED = frozenset({"<", "<=", ">", ">="})
_MAX_DEPTH = 150
_INTEGER_DIGITS = 18


class Where:
    """Compiles conditions over one scope; parameters gather in `parameters`, in the order of the marks."""

    def __init__(self, scope: Scope, *, allow_aggregates: bool = False, now: dt.datetime | None = None) -> None:
        self._scope, self._soql = scope, scope.soql
        self._aggregates = allow_aggregates
        self._today = (now or dt.datetime.now(dt.UTC)).date()
        self.parameters: list[Any] = []

    def sql(self, condition: Condition, depth: int = 0) -> str:
        """The SQL of a condition: true, or false or null where it does not hold."""
        if depth > _MAX_DEPTH:
            message = "Query is either selecting too many fields or the filter conditions are too complicated."
            raise ApiError("QUERY_TOO_COMPLICATED", message)
        if isinstance(condition, Comparison):
            return self._comparison(condition)
        if isinstance(condition, Not):
            # a comparison with null is false, so its opposite is true
            return f"NOT coalesce({self.sql(condition.item, depth + 1)}, 0)"
        word = " AND " if isinstance(condition, AllOf) else " OR "
        return _balanced([self.sql(item, depth + 1) for item in condition.items], word)

    def _comparison(self, comparison: Comparison) -> str:
        left = self._scope.operand(comparison.operand)
        at = comparison.operand.at
        if left.aggregate and not self._aggregates:
            raise picture("MALFORMED_QUERY", self._soql, at, "Aggregate functions are not allowed in WHERE")
        if not left.field.filterable or left.field.type == "address":
            message = f"field '{left.field.name}' can not be filtered in a query call"
            raise picture("INVALID_FIELD", self._soql, at, message)
        operator, value = comparison.operator, comparison.value
        if isinstance(value, Subquery):
            return self._semi_join(left, operator, value)
        if operator in ("INCLUDES", "EXCLUDES"):
            return self._includes(left, operator, value if isinstance(value, tuple) else (value,), at)
        if isinstance(value, tuple):
            return self._members(left, operator, value)
        if operator == "LIKE":
            return self._like(left, value, at)
        return self._compare(left, operator, value, at)

    # -- one value --------------------------------------------------------------------------------------------------

    def _compare(self, left: Resolved, operator: str, value: Value, at: int) -> str:
        span = self._span(left, value)
        if span is not None:
            return self._range(left.sql, operator, *span)
        literal = self._literal(left, value)
        if operator in _ORDERED:
            if left.field.type == "boolean" or (left.field.type in ("id", "reference") and literal is None):
                message = f"invalid operator on {left.field.type} field"
                raise picture("INVALID_QUERY_FILTER_OPERATOR", self._soql, at, message)
            return "0" if literal is None else f"{left.sql} {operator} {self._mark(literal)}"
        if literal is None:
            return f"{left.sql} IS {'NOT ' if operator == '!=' else ''}NULL"
        column = left.sql
        if isinstance(literal, str) and left.field.is_text and not literal.isascii():
            column, literal = f"sf_fold({column})", literal.lower()
        equal = f"{column} = {self._mark(literal)}"
        return equal if operator == "=" else f"NOT coalesce({equal}, 0)"

    def _range(self, column: str, operator: str, start: str, end: str) -> str:
        """A date literal stands for [start, end): equal is inside, less is before, greater is after."""
        if operator in ("=", "!="):
            inside = f"({column} >= {self._mark(start)} AND {column} < {self._mark(end)})"
            return inside if operator == "=" else f"NOT coalesce({inside}, 0)"
        bound = start if operator in ("<", ">=") else end
        return f"{column} {'<' if operator in ('<', '<=') else '>='} {self._mark(bound)}"

    def _like(self, left: Resolved, value: Value, at: int) -> str:
        if not left.field.is_text:
            raise picture("INVALID_QUERY_FILTER_OPERATOR", self._soql, at, "invalid operator on id field")
        if value.kind == "word" and value.text.lower() == "null":
            return f"{left.sql} IS NULL"
        self._want(left, value, "string")
        pattern = decode_string(value, self._soql, pattern=True)
        if pattern.isascii():
            return f"{left.sql} LIKE {self._mark(pattern)} ESCAPE '\\'"
        return f"sf_fold({left.sql}) LIKE {self._mark(pattern.lower())} ESCAPE '\\'"

    def _includes(self, left: Resolved, operator: str, values: tuple[Value, ...], at: int) -> str:
        if left.field.type != "multipicklist":
            message = f"{operator.lower()} operator is only valid on a multi-select picklist field"
            raise picture("INVALID_QUERY_FILTER_OPERATOR", self._soql, at, message)
        groups = []
        for value in values:
            self._want(left, value, "string")
            wanted = [one for one in decode_string(value, self._soql).split(";") if one]
            tests = [f"instr(';' || lower({left.sql}) || ';', {self._mark(f';{one.lower()};')}) > 0" for one in wanted]
            groups.append(_balanced(tests, " AND ") if tests else "0")
        held = _balanced(groups, " OR ")
        return held if operator == "INCLUDES" else f"NOT coalesce({held}, 0)"

    # -- several values ---------------------------------------------------------------------------------------------

    def _members(self, left: Resolved, operator: str, values: tuple[Value, ...]) -> str:
        tests: list[str] = []
        plain: list[Any] = []
        folded: list[str] = []
        for value in values:
            span = self._span(left, value)
            if span is not None:
                tests.append(self._range(left.sql, "=", *span))
                continue
            literal = self._literal(left, value)
            if literal is None:
                tests.append(f"{left.sql} IS NULL")
            elif isinstance(literal, str) and left.field.is_text and not literal.isascii():
                folded.append(literal.lower())
            else:
                plain.append(literal)
        # the listed values first: their marks come last, so each test is added with its mark
        if plain:
            tests.append(f"{left.sql} IN (SELECT value FROM json_each({self._mark(json.dumps(plain))}))")  # noqa: S608 names of the schema
        if folded:
            tests.append(f"sf_fold({left.sql}) IN (SELECT value FROM json_each({self._mark(json.dumps(folded))}))")  # noqa: S608 names of the schema
        held = _balanced(tests, " OR ")
        return held if operator == "IN" else f"NOT coalesce({held}, 0)"

    def _semi_join(self, left: Resolved, operator: str, inner: Subquery) -> str:
        query = inner.query
        spec = self._scope.schema.get(query.source)
        if spec is None:
            raise invalid_type(self._soql, query.source_at, query.source)
        if len(query.items) != 1 or query.group or left.field.type not in ("id", "reference"):
            message = "The inner select of a semi join takes one id field"
            raise picture("MALFORMED_QUERY", self._soql, query.source_at, message)
        deeper = Scope(self._scope.schema, spec, self._soql, query.alias, prefix=f"{self._scope.root}s")
        picked = deeper.operand(query.items[0].operand)
        where = Where(deeper)
        condition = f" AND ({where.sql(query.where)})" if query.where is not None else ""
        self.parameters += where.parameters
        root = deeper.root
        held = (
            f"{left.sql} IN (SELECT {picked.sql} FROM {quoted(spec.name)} {root} {deeper.joins}"  # noqa: S608 names of the schema
            f" WHERE {root}.IsDeleted = 0 AND {picked.sql} IS NOT NULL{condition})"
        )
        return held if operator == "IN" else f"NOT coalesce({held}, 0)"

    # -- literals ---------------------------------------------------------------------------------------------------

    def _mark(self, value: Any) -> str:
        self.parameters.append(value)
        return "?"

    def _span(self, left: Resolved, value: Value) -> tuple[str, str] | None:
        """The range of a date literal, in the stored form of the field; None for any other value."""
        if value.kind != "word" or left.field.type not in ("date", "datetime"):
            return None
        try:
            days = date_range(value.text, self._today)
        except (ValueError, OverflowError):
            raise picture("MALFORMED_QUERY", self._soql, value.at, f"invalid date literal: {value.text}") from None
        if days is None:
            return None
        tail = "T00:00:00.000Z" if left.field.type == "datetime" else ""
        return days[0].isoformat() + tail, days[1].isoformat() + tail

    def _literal(self, left: Resolved, value: Value) -> Any:
        """The stored form of a literal for this field; None for null."""
        kind = left.field.type
        word = value.text.lower() if value.kind == "word" else ""
        if word == "null":
            return None
        if kind == "boolean":
            if word not in ("true", "false"):
                self._reject(left, value, "boolean")
            return int(word == "true")
        if value.kind == "word" and word not in ("true", "false"):
            raise picture("MALFORMED_QUERY", self._soql, value.at, f"unexpected token: '{value.text}'")
        if kind in _NUMBERS:
            self._want(left, value, "number")
            # SQLite's integers have 64 bits
            whole = len(value.text) <= _INTEGER_DIGITS and value.text.lstrip("+-").isdigit()
            return int(value.text) if whole else float(value.text)
        if kind in ("date", "datetime"):
            self._want(left, value, kind)
            return self._moment(value, kind)
        self._want(left, value, "string")
        text = decode_string(value, self._soql)
        if kind in ("id", "reference") and text:
            return self._id(text, value)
        return text or None

    def _id(self, text: str, value: Value) -> str:
        try:
            return to_18(text)
        except ApiError:
            message = f"invalid ID field: {text}"
            raise picture("INVALID_QUERY_FILTER_OPERATOR", self._soql, value.at, message) from None

    def _moment(self, value: Value, kind: str) -> str:
        try:
            if kind == "date":
                return dt.date.fromisoformat(value.text).isoformat()
            stored = parse_datetime(value.text)
        except ValueError:
            stored = None
        if stored is None:
            raise picture("MALFORMED_QUERY", self._soql, value.at, f"invalid {kind}: {value.text}")
        return stored

    def _want(self, left: Resolved, value: Value, kind: str) -> None:
        if value.kind != kind:
            self._reject(left, value, left.field.type if kind == "number" else kind)

    def _reject(self, left: Resolved, value: Value, kind: str) -> None:
        quotes = "should be enclosed in quotes" if kind == "string" else "should not be enclosed in quotes"
        message = (
            f"value of filter criterion for field '{left.field.name}' must be of type {_NAMES.get(kind, kind)}"
            f" and {quotes}"
        )
        raise picture("INVALID_FIELD", self._soql, value.at, message)


def _balanced(tests: list[str], word: str) -> str:
    """The tests joined as a balanced tree: SQLite refuses an expression a thousand levels deep."""
    if len(tests) == 1:
        return tests[0]
    middle = len(tests) // 2
    return f"({_balanced(tests[:middle], word)}{word}{_balanced(tests[middle:], word)})"
