"""Turns the parsed mapping file into a mapping, collecting everything that is wrong with it and its line."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeVar

from kevasync.errors import Problem
from kevasync.mapping.definition import (
    Argument,
    ConflictPolicy,
    DriftPolicy,
    FieldMapping,
    Mapping,
    ObjectMapping,
    Transform,
)
from kevasync.mapping.known import kind_for
from kevasync.mapping.layout import Block, blocks
from kevasync.mapping.pipeline import nearest, pipeline
from kevasync.mapping.steps import TransformError
from kevasync.records import Direction, Schema

__all__ = ["FIELD_KEYS", "Reader"]

_OBJECTS = ("contact", "account")
_OBJECT_KEYS = ("salesforce", "external_id", "create_in_salesforce", "create_in_keva", "field")
FIELD_KEYS = ("keva", "salesforce", "direction", "transform", "type", "conflict", "drift")
_Word = TypeVar("_Word", bound=StrEnum)


class Reader:
    """Reads one file's tables; `problems` holds what is wrong, each with file and line."""

    def __init__(self, text: str, name: str, schema: Schema | None) -> None:
        self.name = name
        self.schema = schema
        self.problems: list[Problem] = []
        self.blocks = blocks(text)

    def problem(self, code: str, line: int, message: str, *, field: str | None = None, hint: str = "") -> None:
        """Note one mistake and the line it is on; 0 where no line is known."""
        place = f"{self.name}:{line}" if line else self.name
        self.problems.append(Problem(code, "error", f"{place}: {message}", None, field, hint))

    def block(self, name: str, number: int = 0) -> Block | None:
        """The file's n-th table of that name, from 0."""
        found = [block for block in self.blocks if block.name == name]
        return found[number] if number < len(found) else None

    def read(self, data: MappingType[str, Any]) -> Mapping:
        """The mapping, as far as it could be read; look at `problems` before using it."""
        version = data.get("version", 1)
        if version != 1 or isinstance(version, bool):
            self.problem("mapping-version", 1, f"version {version!r} is not known; this kevasync reads version 1")
        self._unknown_keys(data, ("version", *_OBJECTS), 1)
        account = self._fields("account", data.get("account"))
        objects = []
        if "contact" in data or account:
            objects.append(self._object(data.get("contact", {}), account))
        if not objects:
            self.problem("mapping-missing-key", 1, "there is no table [contact]")
        return Mapping(tuple(objects))

    def _object(self, table: Any, account: list[FieldMapping]) -> ObjectMapping:
        block = self.block("contact") or self.block("contact.field")
        line = block.line if block else 0
        fields = self._fields("contact", table)
        if not isinstance(table, MappingType):
            return ObjectMapping("contact", "Contact", ())
        return ObjectMapping(
            name="contact",
            salesforce=self._text(table, "salesforce", "Contact", block),
            fields=tuple(fields + [_through_account(field) for field in account]),
            external_id=self._text(table, "external_id", "Keva_Id__c", block) or None,
            create_in_salesforce=self._switch(table, "create_in_salesforce", block, default=True),
            create_in_keva=self._switch(table, "create_in_keva", block, default=False),
            line=line,
        )

    def _fields(self, name: str, table: Any) -> list[FieldMapping]:
        if table is None:
            return []
        block = self.block(name)
        line = block.line if block else 1
        if not isinstance(table, MappingType):
            self.problem("mapping-wrong-type", line, f"{name} must be a table: [{name}]")
            return []
        self._unknown_keys(table, _OBJECT_KEYS, line, block)
        rows = table.get("field", [])
        if not isinstance(rows, list) or not all(isinstance(row, MappingType) for row in rows):
            self.problem("mapping-wrong-type", line, f"{name}.field must be tables: [[{name}.field]]")
            return []
        fields = (self._field(name, row, self.block(f"{name}.field", number)) for number, row in enumerate(rows))
        return [field for field in fields if field is not None]

    def _field(self, name: str, row: MappingType[str, Any], block: Block | None) -> FieldMapping | None:
        line = block.line if block else 0
        before = len(self.problems)
        keva = self._text(row, "keva", "", block)
        targets = self._targets(row, block)
        for key, there in (("keva", keva), ("salesforce", targets)):
            if not there and len(self.problems) == before:
                self.problem(
                    "mapping-missing-key", line, f"this field mapping does not say `{key}`", field=keva or None
                )
        self._unknown_keys(row, FIELD_KEYS, line, block)
        transforms = self._transforms(row, block)
        reads_only = name == "account" or any("." in target for target in targets)
        default = Direction.FROM_CRM if reads_only else Direction.BIDIRECTIONAL
        described = self.schema.find(targets[0]) if self.schema is not None and len(targets) == 1 else None
        field = FieldMapping(
            keva=keva,
            salesforce=targets,
            direction=self._word(row, "direction", default, block),
            kind=self._word(row, "type", kind_for(keva, transforms, described), block),
            transforms=transforms,
            conflict=self._word(row, "conflict", ConflictPolicy.ASK, block),
            drift=self._word(row, "drift", DriftPolicy.REVERT, block),
            line=line,
        )
        self._check_steps(field, block)
        return field if len(self.problems) == before else None

    def _check_steps(self, field: FieldMapping, block: Block | None) -> None:
        line = block.line_of("transform") if block else field.line
        try:
            built = pipeline(field)
        except TransformError as error:
            self.problem("mapping-transform", line, str(error), field=field.keva, hint=error.hint)
            return
        if len(field.salesforce) > 1 and built.splitter is None:
            hint = 'transform = ["split_name"], or {name = "split", separator = ", "}'
            message = f"{field.keva} has {len(field.salesforce)} Salesforce fields and no transformation that splits it"
            self.problem("mapping-transform", line, message, field=field.keva, hint=hint)

    def _targets(self, row: MappingType[str, Any], block: Block | None) -> tuple[str, ...]:
        value = row.get("salesforce", "")
        names = [value] if isinstance(value, str) else value
        line = block.line_of("salesforce") if block else 0
        if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names if value):
            self.problem("mapping-wrong-type", line, "salesforce must be a field name or a list of field names")
            return ()
        return tuple(name.strip() for name in names if name)

    def _transforms(self, row: MappingType[str, Any], block: Block | None) -> tuple[Transform, ...]:
        line = block.line_of("transform") if block else 0
        value = row.get("transform", [])
        steps = value if isinstance(value, list) else [value]
        made = []
        for step in steps:
            if isinstance(step, str):
                made.append(Transform(step))
            elif isinstance(step, MappingType) and isinstance(step.get("name"), str):
                made.append(Transform(step["name"], {key: _frozen(arg) for key, arg in step.items() if key != "name"}))
            else:
                hint = 'such as "trim" or {name = "truncate", length = 40}'
                self.problem("mapping-wrong-type", line, f"{step!r} is no transformation", hint=hint)
        return tuple(made)

    def _text(self, table: MappingType[str, Any], key: str, default: str, block: Block | None) -> str:
        value = table.get(key, default)
        if isinstance(value, str):
            return value.strip()
        line = block.line_of(key) if block else 0
        self.problem("mapping-wrong-type", line, f"{key} = {value!r} must be text in quotes")
        return default

    def _switch(self, table: MappingType[str, Any], key: str, block: Block | None, *, default: bool) -> bool:
        value = table.get(key, default)
        if isinstance(value, bool):
            return value
        line = block.line_of(key) if block else 0
        self.problem("mapping-wrong-type", line, f"{key} = {value!r} must be true or false")
        return default

    def _word(self, row: MappingType[str, Any], key: str, default: _Word, block: Block | None) -> _Word:
        value = row.get(key, default)
        words = list(type(default))
        if isinstance(value, str) and value in words:
            return type(default)(value)
        line = block.line_of(key) if block else 0
        message = f"{key} = {value!r} is none of {', '.join(words)}"
        self.problem("mapping-unknown-value", line, message, hint=nearest(str(value), words))
        return default

    def _unknown_keys(
        self, table: MappingType[str, Any], known: Sequence[str], line: int, block: Block | None = None
    ) -> None:
        for key in table:
            if key not in known:
                place = next((item.line for item in self.blocks if item.name == key), 0)
                place = block.line_of(key) if block else place or line
                self.problem("mapping-unknown-key", place, f"`{key}` means nothing here", hint=nearest(key, known))


def _frozen(value: Any) -> Argument:
    if isinstance(value, list):
        return tuple(str(item) for item in value)
    if isinstance(value, MappingType):
        return {str(key): str(item) for key, item in value.items()}
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _through_account(field: FieldMapping) -> FieldMapping:
    """An [account] field as [contact] reads it: through the Contact's Account."""
    return replace(field, salesforce=tuple(f"Account.{name}" for name in field.salesforce))
