"""The fields of a Keva customer that Keva documents: their kinds, and which of them Keva computes itself."""

from __future__ import annotations

from collections.abc import Iterable

from kevasync.errors import UsageError
from kevasync.records import Field, Schema, Side
from kevasync.values import FieldKind

__all__ = ["COMPUTED", "KINDS", "OBJECT", "customer_schema", "kind_of", "object_checked", "spelled"]

OBJECT = "customers"
"""The one object of the Keva side."""

_ALSO = frozenset({OBJECT, "customer", "contact", "contacts", "lead", "leads"})

KINDS: dict[str, FieldKind] = {
    "id": FieldKind.TEXT,
    "email": FieldKind.EMAIL,
    "name": FieldKind.NAME,
    "company": FieldKind.TEXT,
    "phone": FieldKind.PHONE,
    "jobTitle": FieldKind.TEXT,
    "location": FieldKind.TEXT,
    "timezone": FieldKind.TIMEZONE,
    "notes": FieldKind.TEXT,
    "industry": FieldKind.TEXT,
    "website": FieldKind.TEXT,
    "isVip": FieldKind.BOOLEAN,
    "priorityOverride": FieldKind.TEXT,
    "tags": FieldKind.LIST,
    "totalTickets": FieldKind.NUMBER,
    "openTickets": FieldKind.NUMBER,
    "avgResolutionTime": FieldKind.NUMBER,
    "overallSentiment": FieldKind.TEXT,
    "sentimentTrend": FieldKind.TEXT,
    "firstTicketAt": FieldKind.DATETIME,
    "lastTicketAt": FieldKind.DATETIME,
    "salesforceContactId": FieldKind.TEXT,
    "hubspotContactId": FieldKind.TEXT,
    "createdAt": FieldKind.DATETIME,
    "updatedAt": FieldKind.DATETIME,
}
"""Documented fields of a customer. `notes`, `industry` and `website` are used by the mapping pages only."""

COMPUTED = frozenset(
    {
        "id",
        "totalTickets",
        "openTickets",
        "avgResolutionTime",
        "overallSentiment",
        "sentimentTrend",
        "firstTicketAt",
        "lastTicketAt",
        "createdAt",
        "updatedAt",
    }
)
"""Fields that Keva computes or sets itself: they can be read, never written."""

_TYPES = {
    FieldKind.BOOLEAN: "boolean",
    FieldKind.NUMBER: "integer",
    FieldKind.LIST: "array",
    FieldKind.DATETIME: "datetime",
}
_BY_FOLD = {name.casefold(): name for name in KINDS}


def kind_of(name: str) -> FieldKind | None:
    """The kind of a documented field, or None for a custom one; case is ignored."""
    known = _BY_FOLD.get(name.casefold())
    return KINDS[known] if known else None


def spelled(name: str) -> str:
    """The documented spelling of a field whose case differs (`Email` is `email`); other names are returned as given."""
    return _BY_FOLD.get(name.casefold(), name)


def object_checked(name: str) -> None:
    """Mappings name the object after its Salesforce side (`contact`); all that Keva has are customers.

    Raises UsageError keva-object for a name that means something else.
    """
    if name.casefold() not in _ALSO:
        raise UsageError("keva-object", f"Keva has no object {name!r}; it has customers.")


def customer_schema(seen: Iterable[str] = ()) -> Schema:
    """The customer object: the documented fields, then the columns seen beside them (custom fields, as text)."""
    fields = [_field(name, kind) for name, kind in KINDS.items()]
    fields += [
        Field(name, name, "string")
        for name in dict.fromkeys(seen)
        if name.casefold() not in _BY_FOLD and name.casefold() not in {"customfields", "custom_fields"}
    ]
    return Schema(Side.KEVA, OBJECT, tuple(fields))


def _field(name: str, kind: FieldKind) -> Field:
    own = name in COMPUTED
    return Field(
        name,
        name,
        _TYPES.get(kind, "string"),
        required=name == "email",
        createable=not own,
        updateable=not own,
        unique=name in {"id", "email"},
        id_lookup=name in {"id", "email"},
        calculated=own,
    )
