"""What the names in a query mean: fields, paths through parents, and functions, as SQL over joined tables."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kevasync.sandbox.answers import ApiError
from kevasync.sandbox.database import quoted
from kevasync.sandbox.schema import ADDRESS_PARTS, FieldSpec, ObjectSpec, Schema
from kevasync.sandbox.soql import Call, FieldRef, Operand, picture

__all__ = ["AGGREGATES", "Resolved", "Scope", "field_sql"]

AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "MIN", "MAX", "SUM", "AVG"})
_NUMBERS = frozenset({"int", "double", "currency", "percent"})
_DATE_PARTS = {
    "CALENDAR_YEAR": "CAST(strftime('%Y', {0}) AS INTEGER)",
    "FISCAL_YEAR": "CAST(strftime('%Y', {0}) AS INTEGER)",
    "CALENDAR_MONTH": "CAST(strftime('%m', {0}) AS INTEGER)",
    "FISCAL_MONTH": "CAST(strftime('%m', {0}) AS INTEGER)",
    "CALENDAR_QUARTER": "(CAST(strftime('%m', {0}) AS INTEGER) + 2) / 3",
    "FISCAL_QUARTER": "(CAST(strftime('%m', {0}) AS INTEGER) + 2) / 3",
    "DAY_IN_MONTH": "CAST(strftime('%d', {0}) AS INTEGER)",
    "DAY_IN_WEEK": "CAST(strftime('%w', {0}) AS INTEGER) + 1",
    "DAY_IN_YEAR": "CAST(strftime('%j', {0}) AS INTEGER)",
    "HOUR_IN_DAY": "CAST(strftime('%H', {0}) AS INTEGER)",
}
_MAX_PARENTS = 5


@dataclass(frozen=True, slots=True)
class Resolved:
    """A name as SQL, with the field whose type it has; `path` in the casing of the schema."""

    sql: str
    field: FieldSpec
    path: tuple[str, ...]
    aggregate: bool = False


class Scope:
    """One object in FROM, and the parents that the query's paths have joined to it."""

    def __init__(
        self, schema: Schema, spec: ObjectSpec, soql: str, alias: str | None = None, prefix: str = "t"
    ) -> None:
        self.schema, self.spec, self.soql = schema, spec, soql
        self._own = {name.lower() for name in (spec.name, alias) if name}
        self._prefix = prefix
        self.root = f"{prefix}0"
        # path through parents (schema casing) -> (table alias, object)
        self.tables: dict[tuple[str, ...], tuple[str, ObjectSpec]] = {(): (self.root, spec)}
        self._joins: list[str] = []

    @property
    def joins(self) -> str:
        """The JOIN clauses met so far."""
        return " ".join(self._joins)

    def operand(self, operand: Operand) -> Resolved:
        """The SQL of a field or a function."""
        return self.field(operand) if isinstance(operand, FieldRef) else self._call(operand)

    def field(self, ref: FieldRef) -> Resolved:
        """The SQL of a field, joining the parents on its path."""
        path = ref.path[1:] if len(ref.path) > 1 and ref.path[0].lower() in self._own else ref.path
        walked: tuple[str, ...] = ()
        for step in path[:-1]:
            walked = self._parent(walked, step, ref.at)
        table, spec = self.tables[walked]
        found = spec.field(path[-1])
        if found is None:
            message = (
                f"No such column '{path[-1]}' on entity '{spec.name}'. If you are attempting to use a custom field, be"
                " sure to append the '__c' after the custom field name. Please reference your WSDL or the describe"
                " call for the appropriate names."
            )
            raise picture("INVALID_FIELD", self.soql, ref.at, message)
        return Resolved(field_sql(table, spec, found), found, (*walked, found.name))

    def _parent(self, walked: tuple[str, ...], step: str, at: int) -> tuple[str, ...]:
        table, spec = self.tables[walked]
        reference = spec.by_relationship.get(step.lower())
        parent = self.schema.get(reference.reference[-1]) if reference is not None else None
        if reference is None or parent is None or reference.relationship is None:
            message = (
                f"Didn't understand relationship '{step}' in field path. If you are attempting to use a custom"
                " relationship, be sure to append the '__r' after the custom relationship name. Please reference your"
                " WSDL or the describe call for the appropriate names."
            )
            raise picture("INVALID_FIELD", self.soql, at, message)
        reached = (*walked, reference.relationship)
        if len(reached) > _MAX_PARENTS:
            message = "SOQL relationship path is too long: at most 5 levels"
            raise picture("MALFORMED_QUERY", self.soql, at, message)
        if reached not in self.tables:
            alias = f"{self._prefix}{len(self.tables)}"
            self.tables[reached] = (alias, parent)
            self._joins.append(
                f"LEFT JOIN {quoted(parent.name)} {alias} ON {alias}.Id = {table}.{quoted(reference.name)}"
            )
        return reached

    def parent_id(self, walked: tuple[str, ...]) -> str:
        """The SQL of the id of the parent at this path."""
        return f"{self.tables[walked][0]}.Id"

    def _call(self, call: Call) -> Resolved:
        if call.name == "COUNT" and call.argument is None:
            return Resolved("count(*)", FieldSpec("Count", "Count", "int"), ("COUNT",), aggregate=True)
        if call.argument is None:
            raise picture("MALFORMED_QUERY", self.soql, call.at, f"unexpected token: '{call.name}'")
        inner = self.operand(call.argument)
        if call.name in AGGREGATES and not inner.aggregate:
            return self._aggregate(call, inner)
        if call.name in ("TOLABEL", "FORMAT", "CONVERTTIMEZONE"):
            # labels and values are the same here, and the user's zone is UTC
            return inner
        if call.name == "DAY_ONLY" and inner.field.type == "datetime":
            return Resolved(f"substr({inner.sql}, 1, 10)", FieldSpec("Day", "Day", "date"), inner.path)
        template = _DATE_PARTS.get(call.name)
        if template is not None and inner.field.type in ("date", "datetime"):
            return Resolved(template.format(inner.sql), FieldSpec(call.name, call.name, "int"), inner.path)
        raise picture("INVALID_FIELD", self.soql, call.at, f"field {'.'.join(inner.path)} does not support {call.name}")

    def _aggregate(self, call: Call, inner: Resolved) -> Resolved:
        field = inner.field
        sums = call.name in ("SUM", "AVG")
        if field.type in ("address", "boolean") or (sums and field.type not in _NUMBERS) or not field.filterable:
            message = f"field {field.name} does not support aggregate operator {call.name}"
            raise picture("MALFORMED_QUERY", self.soql, call.at, message)
        if call.name.startswith("COUNT"):
            distinct = "DISTINCT " if call.name == "COUNT_DISTINCT" else ""
            typed = FieldSpec("Count", "Count", "int")
            return Resolved(f"count({distinct}{inner.sql})", typed, inner.path, aggregate=True)
        typed = replace(field, type="double") if sums else field
        return Resolved(f"{call.name.lower()}({inner.sql})", typed, inner.path, aggregate=True)


def field_sql(table: str, spec: ObjectSpec, field: FieldSpec) -> str:
    """The SQL of a field of the table with this alias; compound and computed ones are put together."""
    if field.name == "PhotoUrl":
        return f"('/services/images/photo/' || {table}.Id)"
    if field.type != "address":
        return f"{table}.{quoted(field.name)}"
    stem = field.name.removesuffix("Address")
    parts = {part: f"{table}.{quoted(stem + part)}" for part in ADDRESS_PARTS if spec.field(stem + part) is not None}
    members = ", ".join(f"'{part[0].lower()}{part[1:]}', {sql}" for part, sql in sorted(parts.items()))
    return f"CASE WHEN coalesce({', '.join(parts.values())}) IS NOT NULL THEN json_object({members}) END"


def invalid_type(soql: str, at: int, name: str) -> ApiError:
    """The answer to FROM an object that is not there."""
    message = (
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the"
        " '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
    )
    return picture("INVALID_TYPE", soql, at, message)
