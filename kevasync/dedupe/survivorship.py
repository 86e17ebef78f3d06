"""Which value survives a merge: a rule a field, the golden record with the record each value came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from kevasync.records import Schema, Side
from kevasync.values import clean

__all__ = ["BY_HAND", "GoldenValue", "Member", "Rule", "Rules", "golden_record"]


class Rule(StrEnum):
    """How one field's value is chosen among the values that are not null; the master's wins every tie."""

    MASTER = "master"
    MOST_RECENT = "most_recent"
    MOST_COMPLETE = "most_complete"
    FROM_SALESFORCE = "from_salesforce"
    FROM_KEVA = "from_keva"
    LONGEST = "longest"
    MOST_COMMON = "most_common"
    UNION = "union"


BY_HAND = "by_hand"

TOGETHER = (
    ("Salutation", "FirstName", "MiddleName", "LastName", "Suffix"),
    ("MailingStreet", "MailingCity", "MailingState", "MailingPostalCode", "MailingCountry", "MailingLatitude",
     "MailingLongitude", "MailingGeocodeAccuracy"),
    ("OtherStreet", "OtherCity", "OtherState", "OtherPostalCode", "OtherCountry", "OtherLatitude", "OtherLongitude",
     "OtherGeocodeAccuracy"),
    ("BillingStreet", "BillingCity", "BillingState", "BillingPostalCode", "BillingCountry", "BillingLatitude",
     "BillingLongitude", "BillingGeocodeAccuracy"),
    ("ShippingStreet", "ShippingCity", "ShippingState", "ShippingPostalCode", "ShippingCountry", "ShippingLatitude",
     "ShippingLongitude", "ShippingGeocodeAccuracy"),
)  # fmt: skip
"""Fields that are one value: one record's street never meets another's city."""


@dataclass(frozen=True, slots=True)
class Member:
    """One record of a cluster, its values under Salesforce's field names; `modified` is ISO 8601 UTC text."""

    id: str
    values: Mapping[str, str | None]
    modified: str | None = None
    side: Side = Side.SALESFORCE


@dataclass(frozen=True, slots=True)
class Rules:
    """A rule a field, and one for the rest. The default keeps what the master has and fills its gaps."""

    default: Rule = Rule.MASTER
    fields: Mapping[str, Rule] = field(default_factory=dict)

    def of(self, name: str) -> Rule:
        """The rule of a field."""
        return self.fields.get(name, self.default)


@dataclass(frozen=True, slots=True)
class GoldenValue:
    """One field of the golden record: the value, the rule that chose it, the records that have it, the other values."""

    field: str
    value: str | None
    rule: str
    sources: tuple[str, ...]
    others: tuple[str, ...] = ()


def golden_record(
    members: Sequence[Member],
    schema: Schema,
    fields: Sequence[str],
    rules: Rules,
    hand: Mapping[str, str | None] | None = None,
) -> list[GoldenValue]:
    """The golden record of a cluster, one value a field in the order of `fields`.

    `members` begin with the master. `hand` are values that a person chose, which beat every rule. A union that the
    field cannot hold falls back to the longest value.
    """
    chosen = dict(hand or {})
    found: dict[str, GoldenValue] = {
        name: _told(members, name, clean(value), BY_HAND) for name, value in chosen.items()
    }
    for group in _groups(fields):
        rest = [name for name in group if name not in found]
        if len(rest) > 1:
            found |= _together(members, rest, rules)
        for name in rest:
            if name not in found:
                found[name] = _single(members, schema, name, rules.of(name))
    return [found[name] for name in fields]


def _groups(fields: Sequence[str]) -> list[list[str]]:
    """The fields, those that belong together in one list."""
    known = {name: number for number, group in enumerate(TOGETHER) for name in group}
    groups: dict[object, list[str]] = {}
    for name in fields:
        groups.setdefault(known.get(name, name), []).append(name)
    return list(groups.values())


def _together(members: Sequence[Member], names: Sequence[str], rules: Rules) -> dict[str, GoldenValue]:
    """Values that are one: all from the record that the rule of the first of them with a rule of its own chooses."""
    named = next((name for name in names if name in rules.fields), names[0])
    rule = rules.of(named)
    rule = Rule.LONGEST if rule is Rule.UNION else rule  # two addresses are no address
    # what identifies: a record with a last name, or any part of an address
    able = [one for one in members if any(clean(one.values.get(name)) for name in names)]
    if "LastName" in names:
        able = [one for one in able if clean(one.values.get("LastName"))] or able
    if not able:
        return {name: _told(members, name, None, rule) for name in names}
    joined = {one.id: "\n".join(clean(one.values.get(name)) or "" for name in names) for one in able}
    best = _best(able, rule, lambda one: joined[one.id])
    return {name: _told(members, name, clean(best.values.get(name)), rule) for name in names}


def _single(members: Sequence[Member], schema: Schema, name: str, rule: Rule) -> GoldenValue:
    able = [one for one in members if clean(one.values.get(name)) is not None]
    if not able:
        return _told(members, name, None, rule)
    described = schema.find(name)
    if rule is Rule.UNION:
        kind = described.type if described else "string"
        union = _union(able, name, kind)
        if union is not None and not (described and described.length and len(union) > described.length):
            return _told(members, name, union, rule)
        rule = Rule.LONGEST
    best = _best(able, rule, lambda one: clean(one.values.get(name)) or "")
    return _told(members, name, clean(best.values.get(name)), rule)


def _best(able: Sequence[Member], rule: Rule, text: Callable[[Member], str]) -> Member:
    """The record whose value the rule takes; of equals the first, and the master stands first."""
    if rule is Rule.MASTER:
        return able[0]
    counts = Counter(text(one) for one in able)

    def weight(one: Member) -> tuple[object, ...]:
        recent = one.modified or ""
        match rule:
            case Rule.MOST_COMPLETE:
                return (sum(clean(value) is not None for value in one.values.values()), recent)
            case Rule.FROM_SALESFORCE:
                return (one.side is Side.SALESFORCE, recent)
            case Rule.FROM_KEVA:
                return (one.side is Side.KEVA, recent)
            case Rule.LONGEST:
                return (len(text(one)),)
            case Rule.MOST_COMMON:
                return (counts[text(one)], recent)
            case _:
                return (recent,)

    return max(able, key=weight)  # the first of the largest


def _union(able: Sequence[Member], name: str, kind: str) -> str | None:
    """Distinct values joined: by semicolons in a multi-select picklist, by lines in a text area; else None."""
    separator = {"multipicklist": ";", "textarea": "\n"}.get(kind)
    if separator is None:
        return None
    parts: dict[str, str] = {}
    for one in able:
        text = clean(one.values.get(name)) or ""
        for part in text.split(";") if kind == "multipicklist" else [text]:
            parts.setdefault(part.strip().casefold(), part.strip())
    return separator.join(part for part in parts.values() if part)


def _told(members: Sequence[Member], name: str, value: str | None, rule: str) -> GoldenValue:
    values = {one.id: clean(one.values.get(name)) for one in members}
    sources = tuple(key for key, held in values.items() if value is not None and held == value)
    if rule == Rule.UNION and value is not None and not sources:
        sources = tuple(key for key, held in values.items() if held is not None)
    others = tuple(dict.fromkeys(held for held in values.values() if held is not None and held != value))
    return GoldenValue(name, value, str(rule), sources, others)
