"""The accepted mappings as mapping.toml: what the lint says of them, and writing them without losing a hand's work."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kevasync.automap.decisions import MappingDecision
from kevasync.automap.fields import TargetField
from kevasync.errors import Problem, UsageError
from kevasync.mapping import definition, file
from kevasync.mapping.check import check
from kevasync.mapping.definition import FieldMapping, ObjectMapping, Transform
from kevasync.mapping.known import kind_for
from kevasync.records import Direction, Field, Schema, Side
from kevasync.store.decisions import Decisions

__all__ = ["MappingFile", "field_mapping", "lint_all", "lint_field", "schema_of"]

SAVED = "mapping-saved"


def schema_of(object_name: str, targets: Sequence[TargetField]) -> Schema:
    """The candidate fields as a schema, for the lint."""
    fields = tuple(
        Field(
            item.name,
            item.label,
            item.type,
            item.length,
            createable=item.writable,
            updateable=item.writable,
            picklist=item.picklist,
            restricted=item.restricted,
        )
        for item in targets
    )
    return Schema(Side.SALESFORCE, object_name, fields)


def field_mapping(
    schema: Schema,
    source: str,
    targets: Sequence[str],
    direction: Direction | None,
    transforms: Sequence[Transform] = (),
) -> FieldMapping:
    """A decision as it would stand in the mapping; without a direction, a field that nobody can write is read only."""
    described = schema.find(targets[0])
    if direction is None:
        writable = described is None or described.updateable
        direction = Direction.BIDIRECTIONAL if writable else Direction.FROM_CRM
    kind = kind_for(source, tuple(transforms), described)
    return FieldMapping(source, tuple(targets), direction, kind, tuple(transforms))


def lint_field(schema: Schema, field: FieldMapping) -> list[Problem]:
    """What is wrong with one field mapping, whatever else the mapping says."""
    return _lint(schema, (field,))


def lint_all(schema: Schema, accepted: Mapping[str, MappingDecision]) -> list[Problem]:
    """What is wrong with the accepted answers together: also two columns that write one field."""
    return _lint(schema, [_of(schema, item) for item in accepted.values() if item.targets])


def _lint(schema: Schema, fields: Sequence[FieldMapping]) -> list[Problem]:
    item = ObjectMapping(schema.object.lower(), schema.object, tuple(fields), None, create_in_salesforce=False)
    made = definition.Mapping((item,))
    # the columns of the file stand for Keva's: that they are none of its own is no news
    return [problem for problem in check(made, {schema.object: schema}) if problem.code != "mapping-keva-column"]


def _of(schema: Schema, decision: MappingDecision) -> FieldMapping:
    return field_mapping(schema, decision.source, decision.targets, decision.direction, decision.transforms)


@dataclass
class MappingFile:
    """mapping.toml as it was when the page was opened; it is not written over a change made by hand since."""

    path: Path
    decisions: Decisions
    seen: str | None = None

    def __post_init__(self) -> None:
        self.seen = self._digest()

    def save(self, who: str, schema: Schema, accepted: Mapping[str, MappingDecision]) -> int:
        """Write the accepted answers into the file, comments and all else kept; the number of fields it now has of them.

        Raises:
            UsageError: `mapping-edited` when the file was changed since by other means than this screen.
        """
        now = self._digest()
        if now not in {self.seen, *self._saved()}:
            what = f"{self.path.name} was edited since this page was opened; it was not overwritten"
            raise UsageError("mapping-edited", what)
        fields = [_of(schema, item) for item in accepted.values() if item.targets]
        write_fields(self.path, schema.object, fields)
        self.seen = self._digest()
        self.decisions.add(who, SAVED, {"sha256": self.seen, "fields": len(fields)}, subject=str(self.path))
        return len(fields)

    def _digest(self) -> str | None:
        try:
            return hashlib.sha256(self.path.read_bytes()).hexdigest()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageError("mapping-missing", f"{self.path} cannot be read: {error.strerror}") from None

    def _saved(self) -> set[str]:
        """What screens wrote themselves: another reviewer's save is no edit by hand."""
        return {str(item.detail.get("sha256")) for item in self.decisions.list(what=SAVED, subject=str(self.path))}


def write_fields(path: Path, object_name: str, fields: Sequence[FieldMapping]) -> None:
    """Put the fields of one object into a mapping file, in the place of what it says of the same columns."""
    table = "contact" if object_name in {"Contact", "Account"} else object_name.lower()
    if not path.exists():
        item = ObjectMapping(table, "Contact" if table == "contact" else object_name, ())
        path.write_text(file.dump(definition.Mapping((item,))), encoding="utf-8")
    there = {name.keva: name.salesforce for item in file.load(path).objects if item.name == table for name in item.fields}
    for field in fields:
        targets = tuple(f"Account.{name}" for name in field.salesforce) if object_name == "Account" else field.salesforce
        direction = Direction.FROM_CRM if object_name == "Account" else field.direction
        if field.keva in there and there[field.keva] != targets:
            file.remove_field(path, field.keva, there[field.keva], table)
        file.set_field(path, replace(field, salesforce=targets, direction=direction), table)
