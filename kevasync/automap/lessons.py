"""What people decided, as labelled columns to train on."""

from __future__ import annotations

from collections.abc import Iterable

from kevasync.automap.corpus import Row
from kevasync.automap.decisions import MappingDecision, holding
from kevasync.automap.fields import SourceField
from kevasync.automap.roles import NONE, OBJECTS, roles

__all__ = ["rows"]

_FULL_NAME = "full_name"
_FAMILY = "decisions"


def rows(decisions: Iterable[MappingDecision]) -> list[Row]:
    """A row for each column with an accepted answer. A custom field teaches "no standard field"; so does none."""
    made = []
    for (object_name, source), held in sorted(holding(decisions).items()):
        accepted = held.accepted
        if accepted is None or object_name not in OBJECTS:
            continue
        label = accepted.shown.get("label")
        column = SourceField(source, str(label) if label else None)
        role, group, target = _answer(object_name, accepted.targets)
        made.append(Row(_FAMILY, f"{_FAMILY}/{object_name}", object_name, "", column, role, group, target))
    return made


def _answer(object_name: str, targets: tuple[str, ...]) -> tuple[str, str, str | None]:
    """(role, group of the address, field)."""
    if len(targets) > 1:
        return _FULL_NAME, "", roles().target(object_name, _FULL_NAME, "")
    place = roles().place(object_name, targets[0]) if targets else None
    return (NONE, "", None) if place is None else (place.role, place.block or "", targets[0])
