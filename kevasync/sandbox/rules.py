"""The rules a row must meet before it is written, with Salesforce's codes and texts; no database here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kevasync.sandbox.answers import ApiError
from kevasync.sandbox.fieldtypes import Reader, make_reader
from kevasync.sandbox.schema import FieldSpec, ObjectSpec, Schema

__all__ = [
    "Prepared",
    "RowRules",
    "entity_is_deleted",
    "folded",
    "invalid_cross_reference",
    "pick",
    "rolled_back",
    "upsert_error",
]


def invalid_cross_reference(status: int = 400) -> ApiError:
    """The row (status 404) or a lookup in it (400) points to a record that never was."""
    return ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", status=status, about_record=True)


def entity_is_deleted() -> ApiError:
    """The row or lookup points to a deleted record."""
    return ApiError("ENTITY_IS_DELETED", "entity is deleted", status=404, about_record=True)


def rolled_back() -> ApiError:
    """The row was good, but another one in an all-or-none call was not."""
    return ApiError(
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "Record rolled back because not all records were valid and the request was using AllOrNone header",
        about_record=True,
    )


@dataclass(slots=True)
class Prepared:
    """A row after the rules: stored values by field name, parents still to be looked up, and what is wrong with it."""

    values: dict[str, Any] = field(default_factory=dict)
    id: Any = None
    # reference field, key field of the parent, and the value looked for
    parents: list[tuple[FieldSpec, FieldSpec, Any]] = field(default_factory=list)
    errors: list[ApiError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Column:
    spec: FieldSpec
    reader: Reader
    writable: bool


class RowRules:
    """The rules of one object for one kind of write; what each column name means is worked out once a call."""

    def __init__(self, schema: Schema, spec: ObjectSpec, mode: Literal["create", "update"], *, text: bool) -> None:
        self._schema, self.spec, self._mode, self._text = schema, spec, mode, text
        self._columns: dict[str, _Column | None] = {}
        self.defaults = {
            each.name: int(each.default) if isinstance(each.default, bool) else each.default
            for each in spec.stored
            if each.default is not None
        }
        self._required = tuple(
            each.name
            for each in spec.stored
            if each.required and each.createable and (mode == "update" or not each.defaulted)
        )

    def prepare(self, row: Mapping[str, Any]) -> Prepared:
        """Judge one row on its own: known and writable fields, required ones, types, lengths, formats."""
        out = Prepared(values=dict(self.defaults) if self._mode == "create" else {})
        locked: list[str] = []
        for name, value in row.items():
            try:
                column = self._columns[name]
            except KeyError:
                column = self._columns[name] = self._resolve(name)
            if column is not None and column.writable and not isinstance(value, dict):
                try:
                    out.values[column.spec.name] = column.reader(value)
                except ApiError as error:
                    out.errors.append(error)
            elif column is None or isinstance(value, dict):
                self._other(name, value, out)
            elif column.spec.type == "id":
                out.id = value
            else:
                locked.append(column.spec.name)
        self._check_whole(out, locked)
        return out

    def _resolve(self, name: str) -> _Column | None:
        spec = self.spec.field(name)
        if spec is None:
            return None
        prefixes = frozenset(each.prefix for to in spec.reference if (each := self._schema.get(to)) is not None)
        writable = spec.createable if self._mode == "create" else spec.updateable
        return _Column(spec, make_reader(spec, prefixes, text=self._text), writable)

    def _other(self, name: str, value: Any, out: Prepared) -> None:
        """A key that is no plain field: `attributes`, a parent by external id, or a mistake."""
        if name.lower() == "attributes":
            return
        reference = self.spec.by_relationship.get(name.lower())
        if reference is None or not isinstance(value, dict):
            message = f"No such column '{name}' on sobject of type {self.spec.name}"
            out.errors.insert(0, ApiError("INVALID_FIELD", message))
            return
        given = {key: one for key, one in value.items() if key.lower() != "attributes"}
        parent = self._schema.get(reference.reference[0])
        key = parent.field(next(iter(given))) if parent is not None and len(given) == 1 else None
        if parent is None or key is None or not key.is_key:
            wrong = next(iter(given), name)
            message = (
                f"The external foreign key reference does not reference a valid entity: {name}"
                if key is None and len(given) != 1
                else f"Field name provided, {wrong} does not match an External ID for {reference.reference[0]}"
            )
            out.errors.append(ApiError("INVALID_FIELD", message))
            return
        try:
            sought = make_reader(key, frozenset(), text=self._text)(next(iter(given.values())))
        except ApiError as error:
            out.errors.append(error)
            return
        out.parents.append((reference, key, sought))
        out.values[reference.name] = None

    def _check_whole(self, out: Prepared, locked: list[str]) -> None:
        unknown = [error for error in out.errors if error.code in ("INVALID_FIELD", "JSON_PARSER_ERROR")]
        if unknown:
            # the row could not be read at all, so nothing else is said about it
            out.errors = unknown[:1]
            return
        if locked:
            message = (
                f"Unable to create/update fields: {', '.join(locked)}. Please check the security settings of this field"
                " and verify that it is read/write for your profile or permission set."
            )
            out.errors = [ApiError("INVALID_FIELD_FOR_INSERT_UPDATE", message, tuple(locked), about_record=True)]
            return
        bad = {name for error in out.errors for name in error.fields}
        values = out.values
        missing = [
            name
            for name in self._required
            if name not in bad and (values.get(name) is None if self._mode == "create" else values.get(name, 0) is None)
        ]
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            out.errors.insert(0, ApiError("REQUIRED_FIELD_MISSING", message, tuple(missing), about_record=True))


def pick(row: Mapping[str, Any], name: str) -> Any:
    """The value of a field in a row whose names may be in any casing; blank text is None."""
    value = row[name] if name in row else next((row[key] for key in row if key.lower() == name.lower()), None)
    return (value.strip() or None) if isinstance(value, str) else value


def folded(value: Any) -> Any:
    """The value as keys are compared: text without regard to case."""
    return value.lower() if isinstance(value, str) else value


def upsert_error(key: FieldSpec, value: Any, seen: set[str]) -> ApiError | None:
    """What is wrong with the key of an upserted row; remembers the key in `seen`."""
    if value is None:
        if key.type == "id":
            return None
        return ApiError("MISSING_ARGUMENT", f"{key.name} not specified", (key.name,), about_record=True)
    key_text = str(folded(value))
    if key_text in seen:
        return ApiError("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", (key.name,), about_record=True)
    seen.add(key_text)
    return None
