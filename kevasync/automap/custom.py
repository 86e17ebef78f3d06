"""The custom field to create for a column that no standard field fits: API name, label, type, length."""

from __future__ import annotations

import re
from collections.abc import Collection

from anyascii import anyascii

from kevasync.automap.fields import CustomField, SourceField, ValueProfile
from kevasync.automap.words import tokens
from kevasync.mapping.known import KEVA_FIELDS
from kevasync.values import FieldKind

__all__ = ["custom_field"]

_LONGEST_NAME = 40
_LONGEST_TEXT = 255
_LENGTHS = (40, 80, 120, _LONGEST_TEXT)
_LONG_LENGTHS = (1_000, 4_000, 32_768, 131_072)
_NUMBER_DIGITS = 18
_PICKLIST_MOST = 15
_PICKLIST_ROWS = 30
_MANY = 100
_MOSTLY = 0.95
_QUESTIONS = frozenset({"is", "has", "flag", "can", "allow", "allowed", "active", "enabled", "ist", "hat", "est", "es"})
_DOCUMENTED = {"totalTickets": "Keva_Ticket_Count__c"}
"""Names that Keva's own documentation gives."""

_IDS = frozenset({"id", "ids", "uuid", "guid", "key", "code", "number", "nummer", "nr"})
"""Words of a name whose digits are no quantity."""

_BY_TYPE = {
    "email": "Email", "phone": "Phone", "tel": "Phone", "url": "Url", "uri": "Url", "link": "Url", "website": "Url",
    "int": "Number", "integer": "Number", "long": "Number", "bigint": "Number", "smallint": "Number",
    "number": "Number", "numeric": "Number", "decimal": "Number", "double": "Number", "float": "Number",
    "currency": "Currency", "money": "Currency", "percent": "Percent", "percentage": "Percent",
    "bool": "Checkbox", "boolean": "Checkbox", "checkbox": "Checkbox", "bit": "Checkbox",
    "date": "Date", "datetime": "DateTime", "timestamp": "DateTime", "time": "Text",
    "picklist": "Picklist", "enum": "Picklist", "enumeration": "Picklist", "select": "Picklist", "dropdown": "Picklist",
    "multipicklist": "MultiselectPicklist", "multiselect": "MultiselectPicklist", "tags": "MultiselectPicklist",
    "array": "MultiselectPicklist", "list": "MultiselectPicklist",
    "textarea": "LongTextArea", "longtext": "LongTextArea", "html": "LongTextArea", "richtext": "LongTextArea",
    "string": "Text", "text": "Text", "varchar": "Text", "char": "Text", "id": "Text", "uuid": "Text",
}  # fmt: skip
_BY_KIND = {
    FieldKind.EMAIL: "Email",
    FieldKind.PHONE: "Phone",
    FieldKind.NUMBER: "Number",
    FieldKind.BOOLEAN: "Checkbox",
    FieldKind.DATE: "Date",
    FieldKind.DATETIME: "DateTime",
    FieldKind.LIST: "MultiselectPicklist",
}
_BY_SHARE = (
    ("datetime", "DateTime"),
    ("date", "Date"),
    ("email", "Email"),
    ("phone", "Phone"),
    ("url", "Url"),
    ("percent", "Percent"),
    ("money", "Currency"),
    ("number", "Number"),
)


def custom_field(source: SourceField, taken: Collection[str]) -> CustomField:
    """The field for this column; its name is valid, at most 40 characters long, and none of `taken` (small letters)."""
    kind = _type(source)
    label = (source.label or " ".join(tokens(source.name)).capitalize() or source.name)[:_LONGEST_NAME].strip()
    return CustomField(_unique(source, taken), label, kind, _length(kind, source.profile))


def _unique(source: SourceField, taken: Collection[str]) -> str:
    wanted = _DOCUMENTED.get(source.name) or _name(source.name)
    number = 1
    name = wanted
    while name.casefold() in taken:
        number += 1
        ending = f"_{number}__c"
        name = wanted.removesuffix("__c")[: _LONGEST_NAME - len(ending)].rstrip("_") + ending
    return name


def _name(source_name: str) -> str:
    words = [re.sub(r"[^A-Za-z0-9]", "", anyascii(word)) for word in tokens(source_name)]
    kept = [word[:1].upper() + word[1:] for word in words if word]
    if kept[:1] == ["Keva"]:
        kept = kept[1:]
    room = _LONGEST_NAME - len("__c")
    return "_".join(["Keva", *(kept or ["Field"])])[:room].rstrip("_") + "__c"


def _type(source: SourceField) -> str:
    profile = source.profile
    known = KEVA_FIELDS.get(source.name)
    if known is not None and known.kind in _BY_KIND:
        return _BY_KIND[known.kind]
    if profile is not None and profile.filled:
        if _IDS & set(tokens(source.name)):
            return "Text"
        by_values = _type_of_values(profile, asked=bool(_QUESTIONS & set(tokens(source.name))))
        # a column declared as something else than text is believed; text may hold anything
        declared = _declared(source)
        return declared if declared not in {None, "Text"} and by_values in {"Text", "Picklist"} else by_values
    return _declared(source) or "Text"


def _declared(source: SourceField) -> str | None:
    words = re.findall(r"[a-z]+", (source.type or "").casefold())
    return next((_BY_TYPE[word] for word in words if word in _BY_TYPE), None)


def _type_of_values(profile: ValueProfile, *, asked: bool) -> str:
    """The type by values; `asked`: the name is a question, so that a few 0 and 1 are no and yes."""
    shares = profile.shares
    told = asked or shares.get("integer", 0) < _MOSTLY or profile.filled >= _PICKLIST_ROWS
    if told and shares.get("boolean", 0) >= _MOSTLY and len(profile.distinct) <= 2:  # noqa: PLR2004 yes and no
        return "Checkbox"
    for share, kind in _BY_SHARE:
        if shares.get(share, 0) >= _MOSTLY:
            # digits that begin with 0 or name something are no number
            named = kind == "Number" and (shares.get("postcode", 0) >= _MOSTLY and profile.longest == profile.shortest)
            return "Text" if named and any(text.startswith("0") for text in profile.samples) else kind
    if shares.get("list", 0) >= 0.5:  # noqa: PLR2004 most of them
        return "MultiselectPicklist"
    if profile.longest > _LONGEST_TEXT or shares.get("multiline", 0) > 0:
        return "LongTextArea"
    if 2 <= len(profile.distinct) <= _PICKLIST_MOST and profile.filled >= _PICKLIST_ROWS:  # noqa: PLR2004 a choice
        return "Picklist"
    return "Text"


def _length(kind: str, profile: ValueProfile | None) -> int:
    longest = profile.longest if profile is not None and profile.filled else _LONGEST_TEXT
    if profile is not None and profile.filled < _MANY:
        longest *= 2  # few values do not show the longest
    if kind == "Text":
        return next((length for length in _LENGTHS if length >= longest), _LONGEST_TEXT)
    if kind == "LongTextArea":
        return next((length for length in _LONG_LENGTHS if length >= 2 * longest), _LONG_LENGTHS[-1])
    return _NUMBER_DIGITS if kind in {"Number", "Currency", "Percent"} else 0
