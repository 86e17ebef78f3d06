"""The accepted mappings on their way to mapping.toml: what the lint says of them, and writing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kevasync.automap import mapping_file
from kevasync.automap.decisions import MappingDecision, MappingDecisions
from kevasync.automap.fields import TargetField
from kevasync.automap.writings import Writings
from kevasync.errors import Problem
from kevasync.mapping import definition
from kevasync.mapping.check import check
from kevasync.mapping.definition import FieldMapping, ObjectMapping, Transform
from kevasync.mapping.known import kind_for
from kevasync.records import Direction, Field, Schema, Side
from kevasync.store.decisions import Decisions

__all__ = ["MappingSave", "lint", "lint_field", "schema_of"]


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


def lint_field(
    schema: Schema, source: str, targets: Sequence[str], direction: Direction | None, transforms: Sequence[Transform]
) -> list[Problem]:
    """What is wrong with one answer, whatever else the mapping says; a field not of this object (a path) is not."""
    if not targets or any("." in name for name in targets):
        return []
    return _lint(schema, (_field(schema, source, targets, direction, transforms),))


def lint(schema: Schema, accepted: Mapping[str, MappingDecision]) -> list[Problem]:
    """What is wrong with the accepted answers together: also two columns that write one field."""
    fields = [
        _field(schema, item.source, item.targets, item.direction, item.transforms)
        for item in accepted.values()
        if item.targets and not any("." in name for name in item.targets)
    ]
    return _lint(schema, fields)


def _field(
    schema: Schema, source: str, targets: Sequence[str], direction: Direction | None, transforms: Sequence[Transform]
) -> FieldMapping:
    kind = kind_for(source, tuple(transforms), schema.find(targets[0]))
    return FieldMapping(source, tuple(targets), direction or Direction.BIDIRECTIONAL, kind, tuple(transforms))


def _lint(schema: Schema, fields: Sequence[FieldMapping]) -> list[Problem]:
    item = ObjectMapping(schema.object.lower(), schema.object, tuple(fields), None, create_in_salesforce=False)
    found = check(definition.Mapping((item,)), {schema.object: schema})
    # the columns of a file stand for Keva's: that they are none of its own is no news
    return [problem for problem in found if problem.code != "mapping-keva-column"]


class MappingSave:
    """Writes mapping.toml; not over a change that somebody made by hand since this page was opened."""

    def __init__(self, path: Path, decisions: Decisions, spelling: Callable[[str], str]) -> None:
        self._path = path
        self._decisions = decisions
        self._writings = Writings(decisions)
        self._spelling = spelling
        self._seen = mapping_file.fingerprint(path)

    def write(self, who: str, object_name: str) -> mapping_file.Written:
        """Put what is accepted into the file, comments and other entries kept.

        Raises as `automap.mapping_file.write`: Refused automap-mapping-changed for a file edited meanwhile, by
        anything but a review screen.
        """
        # what another reviewer's screen or the command wrote meanwhile is no edit by hand
        self._seen = self._writings.followed(self._seen) or ""
        made = mapping_file.write(
            self._path,
            MappingDecisions(self._decisions).list(),
            object_name,
            seen=self._seen,
            spelling=self._spelling,
            applied=self._writings.applied(),
        )
        self._seen = made.fingerprint
        self._writings.remember(who, made)
        return made
