"""What a mapping is: objects, field mappings, directions, policies. Data only."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from kevasync.records import Direction
from kevasync.values import FieldKind

__all__ = ["ConflictPolicy", "DriftPolicy", "FieldMapping", "Mapping", "ObjectMapping", "Transform"]

Argument = str | int | float | bool | tuple[str, ...] | MappingType[str, str] | None


class ConflictPolicy(StrEnum):
    """Who wins when both sides changed a bidirectional field; `ask` sends it to review."""

    ASK = "ask"
    KEVA = "keva"
    SALESFORCE = "salesforce"
    NEWEST = "newest"
    FILL_ONLY = "fill_only"
    LONGEST = "longest"
    UNION = "union"
    APPEND = "append"


class DriftPolicy(StrEnum):
    """What happens to an edit on the target of a one-way field."""

    REVERT = "revert"
    RESPECT = "respect"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Transform:
    """One named step from the Keva value to the Salesforce value, with its arguments."""

    name: str
    arguments: MappingType[str, Argument] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """One Keva field and the Salesforce field or fields it corresponds to.

    `salesforce` has one API name, or several (name: FirstName, LastName; city parts). A dotted path such as
    `Account.Industry` reads through the relationship and is from_crm only. `kind` is always filled in: from the file,
    else from the known Keva fields and describe. `line` is where it stands in the file (0: made by code).
    """

    keva: str
    salesforce: tuple[str, ...]
    direction: Direction = Direction.BIDIRECTIONAL
    kind: FieldKind = FieldKind.TEXT
    transforms: tuple[Transform, ...] = ()
    conflict: ConflictPolicy = ConflictPolicy.ASK
    drift: DriftPolicy = DriftPolicy.REVERT
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ObjectMapping:
    """One object: the table's name in the file (`contact`), the sObject, the switches and its field mappings."""

    name: str
    salesforce: str
    fields: tuple[FieldMapping, ...]
    external_id: str | None = "Keva_Id__c"
    create_in_salesforce: bool = True
    create_in_keva: bool = False
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Mapping:
    """The whole mapping file. Account fields stand in `contact` as paths (`Account.Name`), whatever table said them."""

    objects: tuple[ObjectMapping, ...]
    version: int = 1
    path: Path | None = None

    def object(self, name: str) -> ObjectMapping:
        """The object mapping of that name; raises KeyError."""
        return next(item for item in self.objects if item.name == name)
