"""What is known of the fields beforehand: Keva's customer, Salesforce's types, and what a stock org lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kevasync.mapping.definition import Transform
from kevasync.records import Field
from kevasync.values import FieldKind

__all__ = ["KEVA_FIELDS", "WANTED", "KevaField", "Wanted", "kind_for", "kind_of_type"]


@dataclass(frozen=True, slots=True)
class KevaField:
    """A field of Keva's customer. `computed` ones are Keva's own, never written; `optional` ones may be absent."""

    kind: FieldKind
    computed: bool = False
    optional: bool = False


KEVA_FIELDS: Mapping[str, KevaField] = {
    "id": KevaField(FieldKind.TEXT, computed=True),
    "email": KevaField(FieldKind.EMAIL),
    "name": KevaField(FieldKind.NAME),
    "company": KevaField(FieldKind.TEXT),
    "phone": KevaField(FieldKind.PHONE),
    "jobTitle": KevaField(FieldKind.TEXT),
    "location": KevaField(FieldKind.TEXT),
    "timezone": KevaField(FieldKind.TIMEZONE),
    "isVip": KevaField(FieldKind.BOOLEAN),
    "priorityOverride": KevaField(FieldKind.TEXT),
    "tags": KevaField(FieldKind.LIST),
    "totalTickets": KevaField(FieldKind.NUMBER, computed=True),
    "openTickets": KevaField(FieldKind.NUMBER, computed=True),
    "avgResolutionTime": KevaField(FieldKind.NUMBER, computed=True),
    "overallSentiment": KevaField(FieldKind.TEXT, computed=True),
    "sentimentTrend": KevaField(FieldKind.TEXT, computed=True),
    "firstTicketAt": KevaField(FieldKind.DATETIME, computed=True),
    "lastTicketAt": KevaField(FieldKind.DATETIME, computed=True),
    "salesforceContactId": KevaField(FieldKind.TEXT),
    "hubspotContactId": KevaField(FieldKind.TEXT),
    "createdAt": KevaField(FieldKind.DATETIME, computed=True),
    "updatedAt": KevaField(FieldKind.DATETIME, computed=True),
    "notes": KevaField(FieldKind.TEXT, optional=True),
    "industry": KevaField(FieldKind.TEXT, optional=True),
    "website": KevaField(FieldKind.TEXT, optional=True),
}
"""Keva's customer by field name. Custom fields come on top of these."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field that Keva's documentation maps and a stock org lacks: what to do about it."""

    remedy: str


WANTED: Mapping[str, Wanted] = {
    "contact.company": Wanted(
        "Company is a field of Lead; a Contact's company is its Account's name:"
        ' map company to "Account.Name", from_crm, or create a custom text field on Contact'
    ),
    "contact.timezone__c": Wanted("create the custom field TimeZone__c on Contact: Text, length 64"),
    "contact.keva_ticket_count__c": Wanted(
        "create the custom field Keva_Ticket_Count__c on Contact: Number, length 18, 0 decimal places"
    ),
    "contact.keva_id__c": Wanted(
        "create the custom field Keva_Id__c on Contact: Text, length 64, Unique (case-sensitive) and External ID"
    ),
}
"""By object and field in lower case."""

_TYPES = {
    "email": FieldKind.EMAIL,
    "phone": FieldKind.PHONE,
    "double": FieldKind.NUMBER,
    "int": FieldKind.NUMBER,
    "long": FieldKind.NUMBER,
    "currency": FieldKind.NUMBER,
    "percent": FieldKind.NUMBER,
    "boolean": FieldKind.BOOLEAN,
    "date": FieldKind.DATE,
    "datetime": FieldKind.DATETIME,
    "multipicklist": FieldKind.LIST,
}

_BY_STEP = {
    "split_name": FieldKind.NAME,
    "e164": FieldKind.PHONE,
    "date": FieldKind.DATE,
    "datetime": FieldKind.DATETIME,
    "number": FieldKind.NUMBER,
    "boolean": FieldKind.BOOLEAN,
    "invert": FieldKind.BOOLEAN,
}
# after these a value is what the table or the pattern says, whatever Keva's field held
_RESHAPING = frozenset({"map_values", "regex_replace", "concat", "truncate", "city_from_location", "split"})


def kind_of_type(field: Field) -> FieldKind:
    """The kind of a Salesforce field by its described type."""
    return _TYPES.get(field.type.lower(), FieldKind.TEXT)


def kind_for(keva: str, transforms: tuple[Transform, ...], described: Field | None) -> FieldKind:
    """The kind of a field mapping that does not say its own: from its steps, else Keva's field, else the describe."""
    for step in reversed(transforms):
        if step.name in _BY_STEP:
            return _BY_STEP[step.name]
    by_describe = FieldKind.TEXT if described is None else kind_of_type(described)
    known = KEVA_FIELDS.get(keva)
    if any(step.name in _RESHAPING for step in transforms):
        return FieldKind.LIST if known is not None and known.kind is FieldKind.LIST else by_describe
    return by_describe if known is None or known.kind is FieldKind.TEXT else known.kind
