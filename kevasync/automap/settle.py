"""What values settle whatever the name says: an id of another system is no Salesforce id, a mobile number no line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

from kevasync.automap.fields import Candidate, Evidence, SourceField, Suggestion, TargetField, ValueProfile

__all__ = ["settle"]

_MOSTLY = 0.5
_NEARLY_ALL = 0.95
_FEWEST = 3  # numbers that must be told apart before they speak for the whole column
_KEPT = 0.002  # of the confidence in an id field whose column holds no ids
_LEFT_TO_PHONE = 0.2  # a team may keep mobile numbers in Phone all the same
_LEFT_WHERE_TAKEN = 0.9  # ... and does, where the file has a column for mobile numbers besides
_FEATURE = "values_settle"
_TOLD_APART = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_PREFIXES = {"Contact": "003", "Account": "001", "Lead": "00Q"}


def settle(
    suggestions: Sequence[Suggestion], targets: Sequence[TargetField], object_name: str, region: str | None = None
) -> list[Suggestion]:
    """The suggestions with what only the values can tell put right; those of columns without values stay as they are.

    `region` is the country of numbers written without a country code; without one only numbers with it are told.
    """
    fields = {target.name: target for target in targets}
    mobile = any(item.candidates and item.candidates[0].target == "MobilePhone" for item in suggestions)
    return [_one(item, fields, object_name, region, mobile) for item in suggestions]


def _one(
    item: Suggestion, fields: Mapping[str, TargetField], object_name: str, region: str | None, has_mobile: bool
) -> Suggestion:
    profile = item.source.profile
    if profile is None or not profile.filled:
        return item
    names = [one.target for one in item.candidates if one.target is not None and one.target in fields]
    keys = [name for name in names if fields[name].type == "id"]
    if keys and (why := _no_ids(profile, object_name)):
        return _moved(item, keys[0], None, _KEPT, why)
    if item.candidates[0].target == "Phone" and "MobilePhone" in fields and (why := _all_mobile(item.source, region)):
        return _moved(item, "Phone", "MobilePhone", _LEFT_WHERE_TAKEN if has_mobile else _LEFT_TO_PHONE, why)
    return item


def _no_ids(profile: ValueProfile, object_name: str) -> str:
    """Why the values cannot be ids of this object; '' where they may be."""
    ids = profile.shares.get("id_prefix", 0.0)
    if ids < _MOSTLY:
        return f"{1 - ids:.0%} of the values are no Salesforce ids"
    prefix = _PREFIXES.get(object_name)
    if prefix is not None and profile.shares.get(f"id_prefix:{prefix}", 0.0) < _MOSTLY:
        return f"the values are ids of other records: those of {object_name} begin with {prefix}"
    return ""


def _all_mobile(source: SourceField, region: str | None) -> str:
    """Why the column is one of mobile numbers; '' where it is not, or where its country does not tell them apart."""
    profile = source.profile
    if profile is None or profile.shares.get("phone", 0.0) < _NEARLY_ALL:
        return ""
    kinds = [kind for text in profile.samples if (kind := _kind(text, region)) is not None]
    mobile = sum(kind == PhoneNumberType.MOBILE for kind in kinds)
    told = len(kinds) >= _FEWEST and mobile >= _NEARLY_ALL * len(kinds)
    return f"all of {len(kinds)} numbers looked up are mobile" if told else ""


def _kind(text: str, region: str | None) -> int | None:
    """The kind of a number by its country's plan; None for what is neither a line nor mobile."""
    text = "+" + text[2:] if text.startswith("00") else text
    try:
        kind: int = phonenumbers.number_type(phonenumbers.parse(text, region))
    except NumberParseException:
        return None
    return kind if kind in _TOLD_APART else None


def _moved(item: Suggestion, loser: str, winner: str | None, kept: float, why: str) -> Suggestion:
    """The loser keeps this part of its confidence; the winner gets the rest, and both the reason."""
    sure = {one.target: one.confidence for one in item.candidates}
    rest = sure[loser] * (1 - kept)
    listed = item.candidates if winner in sure else (*item.candidates, Candidate(winner, 0.0))

    def now(one: Candidate) -> Candidate:
        if one.target not in {loser, winner}:
            return one
        change = -rest if one.target == loser else rest
        weight = _log_odds(one.confidence + change) - _log_odds(one.confidence)
        reason = Evidence(_FEATURE, round(kept, 3), weight, why)
        return replace(one, confidence=one.confidence + change, evidence=(reason, *one.evidence))

    ordered = tuple(sorted(map(now, listed), key=lambda one: -one.confidence))
    first = ordered[0].target
    targets = item.targets if first == item.candidates[0].target else (first,) if first else ()
    return replace(item, candidates=ordered, targets=targets)


def _log_odds(chance: float) -> float:
    chance = min(max(chance, 1e-3), 1 - 1e-3)
    return math.log(chance / (1 - chance))
