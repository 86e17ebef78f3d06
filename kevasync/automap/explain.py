"""Puts the reasons of a suggestion into words, with what each adds in log-odds."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from kevasync.automap.fields import Evidence, TargetField
from kevasync.automap.meaning import kind_of
from kevasync.automap.names import inverted
from kevasync.automap.pairs import FEATURES, Sheet
from kevasync.automap.ranking import Ranking
from kevasync.automap.roles import NONE, Place, roles

__all__ = ["for_none", "for_target"]

_LEAST = 0.1  # log-odds below which a reason is not worth a line
_CLEAR = 0.5

_KINDS = {
    "email": "e-mail addresses", "phone": "telephone numbers", "mobile": "mobile numbers", "url": "web addresses",
    "date": "dates", "datetime": "dates with time", "boolean": "yes or no", "integer": "whole numbers",
    "id_prefix": "Salesforce ids", "salutation": "salutations", "job_title": "job titles",
    "person_name": "names of people",
    "company_suffix": "names of firms", "country": "countries", "state": "states", "city": "cities",
    "postcode": "postcodes", "timezone": "time zones", "street": "streets", "uuid": "ids of another system",
    "code": "codes", "first_name": "first names", "last_name": "last names", "industry": "industries",
    "department": "departments", "prose": "sentences", "number": "numbers",
    "language": "languages", "gender": "genders",
}  # fmt: skip


def for_target(
    sheet: Sheet, row: int, target: TargetField, place: Place | None, pair: NDArray[np.float64], ranking: Ranking
) -> tuple[Evidence, ...]:
    """The reasons for and against one field, the weightiest first."""
    source = sheet.sources[row]
    found = []
    for name, value, weight in zip(FEATURES, pair, ranking.weights, strict=True):
        amount = float(value)
        added = amount * float(weight)
        if abs(added) >= _LEAST:
            found.append(Evidence(name, round(amount, 3), added, _text(name, amount, added, sheet, row, target, place)))
    if inverted(source.name, source.label, target.name):
        found.append(Evidence("polarity", "opposite", 0.0, "the name says yes where the field says no: invert it"))
    return tuple(sorted(found, key=lambda one: -abs(one.weight)))


def _text(  # noqa: C901, PLR0912 one flat ladder, a rung a feature
    feature: str, value: float, added: float, sheet: Sheet, row: int, target: TargetField, place: Place | None
) -> str:
    source = sheet.sources[row]
    match feature:
        case "meaning":
            chance = math.exp(value) * 1e-3 - 1e-3
            return f"the words mean {target.label} ({min(max(chance, 0.0), 1.0):.0%})"
        case "memory" | "exact":
            return _remembered(sheet, row, place)
        case "contrary":
            other = max(sheet.nearest[row].exact, key=lambda role: sheet.nearest[row].exact[role], default=NONE)
            return (
                f"elsewhere “{source.name}” means {'no standard field' if other == NONE else other.replace('_', ' ')}"
            )
        case "spelled_name":
            return f"the name is spelled like {target.name} ({value ** (1 / 3):.2f})"
        case "spelled_label":
            return f"the name or label is spelled like “{target.label}” ({value ** (1 / 3):.2f})"
        case "same":
            return "the name is the field's own"
        case "kind":
            fits = "fits" if value > 0 else "does not fit"
            return f"the type {source.type} ({kind_of(source.type)}) {fits} {target.type}"
        case "values" | "values_against":
            return _by_values(sheet, row, added)
        case "contest":
            told = "this field" if value > 0 else "the other one"
            return f"of the fields whose columns are named alike, the values fit {told} better"
        case "row_margin":
            return "no other field is as near" if value > 0 else "another field is nearer"
        case "column_margin":
            return "no other column is nearer to this field" if value > 0 else "another column is nearer to this field"
        case "taken":
            return "another column has this field's own name"
        case "block":
            return (
                "the columns beside it are of this address"
                if value > 0
                else "the columns beside it are of another address"
            )
        case "custom":
            return "a custom field: only its own name speaks for it"
        case "read_only":
            return "the field can only be read"
        case _:
            return f"{value:.0%} of the values are among the field's own"


def _remembered(sheet: Sheet, row: int, place: Place | None) -> str:
    wanted = {place.role} if place else set()
    if place is not None and place.role == "company":
        wanted.add("account_ref")
    known = [(alike, entry) for alike, entry in sheet.nearest[row].entries if entry.role in wanted]
    if not known:
        return "no spelling like it is known for this field"
    _, entry = known[0]
    where = f"in {entry.systems} systems" if entry.systems > 1 else f"in {entry.system}"
    return f"“{entry.key}” is known for it {where}"


def _by_values(sheet: Sheet, row: int, added: float) -> str:
    profile = sheet.sources[row].profile
    if profile is None:
        return ""
    told = [(share, _KINDS[name]) for name, share in profile.shares.items() if name in _KINDS and share >= _CLEAR]
    share, kind = max(told, default=(0.0, ""))
    seen = f"{share:.0%} of the values are {kind}" if kind else "the values look so"
    return f"{seen}: {'for' if added > 0 else 'against'} this field"


def for_none(sheet: Sheet, row: int, none: float) -> tuple[Evidence, ...]:
    """The reasons for and against there being no standard field."""
    chance = float(sheet.meaning[row, roles().names.index(NONE)])
    near = sheet.nearest[row]
    found = [
        Evidence(
            "meaning",
            round(chance, 3),
            _log_odds(chance),
            f"the words mean something else or nothing known ({chance:.0%})",
        )
    ]
    if NONE in near.exact and near.entries:
        found.append(
            Evidence(
                "exact", round(near.exact[NONE], 3), _log_odds(near.exact[NONE]), "known, and without a field elsewhere"
            )
        )
    elif NONE in near.votes:
        entry = next((one for _, one in near.entries if one.role == NONE), None)
        named = f", such as “{entry.key}”" if entry else ""
        share = near.votes[NONE]
        found.append(
            Evidence(
                "memory",
                round(share, 3),
                _log_odds(share),
                f"{share:.0%} of the nearest spellings have no field{named}",
            )
        )
    if sheet.familiar[row] < _CLEAR:
        found.append(
            Evidence(
                "familiar",
                round(float(sheet.familiar[row]), 3),
                _log_odds(none) * 0.1,
                "most of its words are not known",
            )
        )
    return tuple(sorted(found, key=lambda one: -abs(one.weight)))


def _log_odds(chance: float) -> float:
    chance = min(max(chance, 1e-3), 1 - 1e-3)
    return math.log(chance / (1 - chance))
