"""The nouns: side, direction, operation, outcome, field, schema, record ids and link."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

__all__ = [
    "Direction",
    "Field",
    "KevaId",
    "Link",
    "Operation",
    "Outcome",
    "RecordId",
    "SalesforceId",
    "Schema",
    "Side",
]

RecordId = NewType("RecordId", str)
KevaId = NewType("KevaId", str)
SalesforceId = NewType("SalesforceId", str)


class Side(StrEnum):
    """One of the two systems."""

    KEVA = "keva"
    SALESFORCE = "salesforce"


class Direction(StrEnum):
    """Which way a field's values travel; also which way one change is written."""

    BIDIRECTIONAL = "bidirectional"
    TO_CRM = "to_crm"
    FROM_CRM = "from_crm"


class Operation(StrEnum):
    """What a plan says of one record: the first that applies, in this order."""

    AMBIGUOUS = "ambiguous"
    REJECTED = "rejected"
    UNLINK = "unlink"
    CREATE = "create"
    LINK = "link"
    CONFLICT = "conflict"
    REVIEW = "review"
    UPDATE = "update"
    NO_OP = "no-op"
    NOT_IN_KEVA = "not-in-keva"


class Outcome(StrEnum):
    """How one input row of an apply ended; the seven counts add up to the input."""

    APPLIED = "applied"
    NO_OP = "no-op"
    CONFLICT = "conflict"
    AMBIGUOUS = "ambiguous"
    REJECTED = "rejected"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Field:
    """One field as its side describes it. `type` is the side's own word (Salesforce: `string`, `email`, `picklist`)."""

    name: str
    label: str
    type: str
    length: int = 0
    required: bool = False
    createable: bool = True
    updateable: bool = True
    unique: bool = False
    external_id: bool = False
    id_lookup: bool = False
    calculated: bool = False
    compound: bool = False
    restricted: bool = False
    picklist: tuple[str, ...] = ()
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of one object of one side. Look-ups ignore case, as Salesforce does."""

    side: Side
    object: str
    fields: tuple[Field, ...]
    createable: bool = True
    updateable: bool = True
    queryable: bool = True

    def find(self, name: str) -> Field | None:
        """The field of that API name, or None."""
        wanted = name.casefold()
        return next((item for item in self.fields if item.name.casefold() == wanted), None)


@dataclass(frozen=True, slots=True)
class Link:
    """This customer is that Contact. `active` is False for the tombstone that an unlink leaves."""

    keva_id: KevaId
    sf_id: SalesforceId
    how: str
    active: bool = True
