"""What the parts of the lint share: the object under check, its targets, and how a problem is worded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kevasync.errors import Problem
from kevasync.mapping.definition import FieldMapping, ObjectMapping
from kevasync.records import Field, Schema

__all__ = ["Frame", "Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a Salesforce name leads: the object (None: not described, then `missing_object`) and the field, if any."""

    object: Schema | None
    field: Field | None
    missing_object: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """One object mapping with the schemas it is checked against, and the name of its file for the messages."""

    item: ObjectMapping
    schema: Schema | None
    schemas: Mapping[str, Schema]
    file: str

    def target(self, name: str) -> Target:
        """Follow a field name or a path through one relationship."""
        relationship, _, bare = name.rpartition(".")
        if self.schema is None:
            return Target(None, None, self.item.salesforce)
        if not relationship:
            return Target(self.schema, self.schema.find(bare))
        for field in self.schema.fields:
            if field.relationship is not None and field.relationship.casefold() == relationship.casefold():
                other = next((self.schemas[item] for item in field.reference_to if item in self.schemas), None)
                if other is None:
                    return Target(None, None, " or ".join(field.reference_to) or relationship)
                return Target(other, other.find(bare))
        return Target(self.schema, None)

    def problem(
        self,
        code: str,
        message: str,
        *,
        of: FieldMapping | None = None,
        severity: Literal["error", "warning"] = "error",
        field: str | None = None,
        hint: str = "",
    ) -> Problem:
        """A problem of this object; its message begins with file and line where they are known."""
        line = of.line if of is not None else self.item.line
        place = f"{self.file}:{line}: " if line else ""
        return Problem(code, severity, place + message, self.item.salesforce, field, hint)
