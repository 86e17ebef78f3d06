"""Completes suggestions: fields, direction, transformations, picklist values, custom field, and what clashes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from kevasync.automap.adjust import is_accepted
from kevasync.automap.custom import custom_field
from kevasync.automap.fields import Candidate, SourceField, Suggestion, TargetField
from kevasync.automap.transforms import Advice, advise, direction_without_target, is_full_name, is_location
from kevasync.records import Direction

__all__ = ["complete", "complete_choice"]

_NAME_PARTS = ("FirstName", "LastName")
_NAMES = frozenset({"Name", *_NAME_PARTS})
_STREETS = "Street"
_CITIES = ("MailingCity", "City")


def complete(
    suggestions: Sequence[Suggestion], targets: Iterable[TargetField], object_name: str, *, region: str | None = None
) -> list[Suggestion]:
    """The suggestions with everything that the best candidate needs to become a field mapping.

    Custom field names differ from each other and from `targets`. `region` is the country of telephone numbers and
    dates, where the user named one; else transformations leave it to the workspace.
    """
    fields = {target.name: target for target in targets}
    taken = {name.casefold() for name in fields}
    best = {item.candidates[0].target for item in suggestions if item.candidates}
    made = []
    for item in suggestions:
        done = _one(item, fields, object_name, region, taken, best)
        if done.custom_field is not None:
            taken.add(done.custom_field.name.casefold())
        made.append(done)
    return _with_clashes(made, fields)


def _one(
    item: Suggestion,
    fields: Mapping[str, TargetField],
    object_name: str,
    region: str | None,
    taken: set[str],
    best: set[str | None],
) -> Suggestion:
    if is_accepted(item):
        return _as_decided(item, fields, object_name, region)
    wanted = item.candidates[0].target if item.candidates else None
    if wanted is None or wanted not in fields:
        own = custom_field(item.source, taken)
        way = Direction.FROM_CRM if object_name == "Account" else direction_without_target(item.source)
        written = TargetField(own.name, own.label, _DESCRIBED.get(own.type, "string"), own.length)
        advice = advise(item.source, written, object_name, several=False, region=region)
        steps = tuple(advice.steps) if way is not Direction.FROM_CRM else ()
        city = next((name for name in _CITIES if name in fields), None)
        if city is not None and is_location(item.source):
            advice.notes.append(f"its city could go to {city}, one way, with city_from_location")
        return replace(item, targets=(), direction=way, transforms=steps, custom_field=own, notes=tuple(advice.notes))
    names = _targets(item, wanted, object_name, best - {wanted}, fields)
    advice = advise(item.source, fields[names[-1]], object_name, several=len(names) > 1, region=region)
    return _filled(item, names, advice)


def _as_decided(
    item: Suggestion, fields: Mapping[str, TargetField], object_name: str, region: str | None
) -> Suggestion:
    """An accepted pair as it was accepted; what the decision left open is filled in."""
    made = complete_choice(item.source, item.targets, fields.values(), object_name, region=region)
    if item.direction is None:
        item = replace(item, direction=made.direction, transforms=made.transforms, notes=made.notes)
    else:
        item = replace(item, custom_field=item.custom_field or made.custom_field)
    return replace(item, values=made.values, value_confidence=made.value_confidence)


def complete_choice(
    source: SourceField,
    chosen: tuple[str, ...],
    targets: Iterable[TargetField],
    object_name: str,
    *,
    region: str | None = None,
) -> Suggestion:
    """What a column needs for the field or fields that somebody chose for it, as a suggestion with confidence 1.

    A chosen field that is not among `targets` (yet to be created) gets a direction alone.
    """
    fields = {target.name: target for target in targets}
    item = Suggestion(source, (Candidate(chosen[0] if chosen else None, 1.0),), chosen)
    if not chosen:
        return _one(item, fields, object_name, region, {name.casefold() for name in fields}, set())
    if chosen[-1] not in fields:
        return replace(item, direction=direction_without_target(source))
    advice = advise(source, fields[chosen[-1]], object_name, several=len(chosen) > 1, region=region)
    return _filled(item, chosen, advice)


_DESCRIBED = {
    "Checkbox": "boolean",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Date": "date",
    "DateTime": "datetime",
    "Phone": "phone",
    "MultiselectPicklist": "multipicklist",
}


def _targets(
    item: Suggestion, wanted: str, object_name: str, others: set[str | None], fields: Mapping[str, TargetField]
) -> tuple[str, ...]:
    """The fields the column fills: a whole name fills two, unless another column fills one of them."""
    if len(item.targets) > 1 and item.targets[-1] in fields:
        return item.targets
    person = object_name != "Account" and all(name in fields for name in _NAME_PARTS)
    if person and wanted in _NAMES and not others & set(_NAME_PARTS) and is_full_name(item.source):
        return _NAME_PARTS
    return (wanted,)


def _filled(item: Suggestion, names: tuple[str, ...], advice: Advice) -> Suggestion:
    return replace(
        item,
        targets=names,
        direction=advice.direction,
        transforms=tuple(advice.steps),
        values=advice.values,
        value_confidence=advice.value_confidence,
        custom_field=None,
        notes=tuple(advice.notes),
    )


def _with_clashes(suggestions: list[Suggestion], fields: Mapping[str, TargetField]) -> list[Suggestion]:
    """Say where several columns want one field: a mapping lets one of them write it."""
    wanting: dict[str, list[int]] = defaultdict(list)
    for index, item in enumerate(suggestions):
        for name in item.targets:
            wanting[name].append(index)
    for name, places in wanting.items():
        if len(places) < 2 or name not in fields:  # noqa: PLR2004 two clash
            continue
        places.sort(key=lambda index: -suggestions[index].candidates[0].confidence)
        first = suggestions[places[0]].source.name
        for index in places[1:]:
            text = f"{first} goes to {name} too; a mapping lets one column write it"
            if name.endswith(_STREETS):
                text = f"{first} goes to {name} too: put the lines of a street into one column, or map the first"
            suggestions[index] = replace(suggestions[index], notes=(*suggestions[index].notes, text))
    return suggestions
