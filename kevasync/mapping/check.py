"""The lint of a mapping against what the sides say of themselves: every problem at once, before any call is made.

Without data it looks at the describe of the Salesforce objects; with Keva rows it also counts the values that would be
refused or lost (`check_data`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rapidfuzz import fuzz, process

from kevasync.errors import Problem
from kevasync.mapping import definition
from kevasync.mapping.check_data import check_data
from kevasync.mapping.check_frame import Frame, Target
from kevasync.mapping.definition import FieldMapping, ObjectMapping
from kevasync.mapping.known import KEVA_FIELDS, WANTED
from kevasync.mapping.pipeline import nearest, pipeline
from kevasync.records import Direction, Schema
from kevasync.values import FieldKind

__all__ = ["check"]

_TEXT_TYPES = frozenset({"string", "textarea", "picklist", "combobox", "url", "email", "phone", "encryptedstring"})
_NUMBER_TYPES = frozenset({"double", "int", "long", "currency", "percent"})
_FITS: Mapping[FieldKind, frozenset[str]] = {
    FieldKind.TEXT: _TEXT_TYPES | {"multipicklist", "reference"},
    FieldKind.NAME: _TEXT_TYPES,
    FieldKind.EMAIL: _TEXT_TYPES,
    FieldKind.PHONE: _TEXT_TYPES,
    FieldKind.TIMEZONE: _TEXT_TYPES,
    FieldKind.NUMBER: _TEXT_TYPES | _NUMBER_TYPES,
    FieldKind.BOOLEAN: _TEXT_TYPES | {"boolean"},
    FieldKind.DATE: _TEXT_TYPES | {"date", "datetime"},
    FieldKind.DATETIME: _TEXT_TYPES | {"date", "datetime"},
    FieldKind.LIST: _TEXT_TYPES | {"multipicklist"},
}
_NEAR = 80


def check(
    mapping: definition.Mapping,
    schemas: Mapping[str, Schema],
    samples: Sequence[Path] | None = None,
    region: str = "US",
) -> list[Problem]:
    """All problems of a mapping, in the order of the file.

    `schemas` are the described Salesforce objects by API name (`Contact`, `Account`); `samples` are Parquet files of
    Keva rows in snapshot form, to check values as well. Raises nothing of its own: what is wrong is in the list.
    """
    problems: list[Problem] = []
    for item in mapping.objects:
        schema = schemas.get(item.salesforce)
        name = mapping.path.name if mapping.path is not None else "mapping.toml"
        frame = Frame(item, schema, schemas, name)
        if schema is None:
            message = f"{item.salesforce} was not described, so its fields were not checked"
            problems.append(frame.problem("mapping-object-missing", message, severity="warning"))
        else:
            problems += _object(frame, schema)
        for field in item.fields:
            problems += _field(frame, field, has_data=bool(samples))
        problems += _same_targets(frame, item)
        if samples:
            problems += check_data(frame, samples, region)
    return sorted(problems, key=lambda problem: problem.severity)


def _object(frame: Frame, schema: Schema) -> Iterator[Problem]:
    item = frame.item
    writes = [field for field in item.fields if field.direction is not Direction.FROM_CRM]
    if item.create_in_salesforce and writes and not schema.createable:
        yield frame.problem("mapping-object-permission", f"{schema.object} cannot be created by this user")
    if writes and not schema.updateable:
        yield frame.problem("mapping-object-permission", f"{schema.object} cannot be edited by this user")
    if item.external_id is not None:
        yield from _external_id(frame, schema, item.external_id)
    if item.create_in_salesforce:
        written = {name.casefold() for field in writes for name in field.salesforce}
        for described in schema.fields:
            if described.required and described.createable and described.name.casefold() not in written:
                yield frame.problem(
                    "mapping-required",
                    f"{schema.object}.{described.name} is required and nothing is mapped to it",
                    field=described.name,
                    hint='map a Keva field to it, with {name = "default", value = "…"} for empty ones',
                )


def _external_id(frame: Frame, schema: Schema, name: str) -> Iterator[Problem]:
    described = schema.find(name)
    if described is None:
        what = f"{schema.object} has no field {name} to hold the Keva id"
    elif not described.external_id or not described.unique:
        what = f"{schema.object}.{name} is not marked Unique and External ID"
    else:
        return
    wanted = WANTED.get(f"{schema.object}.{name}".lower())
    hint = f'{wanted.remedy if wanted else "mark it Unique and External ID"}; or do without: external_id = ""'
    yield frame.problem("mapping-external-id", what, severity="warning", field=name, hint=hint)


def _field(frame: Frame, field: FieldMapping, *, has_data: bool) -> Iterator[Problem]:
    for name in field.salesforce:
        target = frame.target(name)
        if target.object is None:
            known = target.missing_object
            message = f"{known} was not described, so {name} was not checked"
            yield frame.problem("mapping-object-missing", message, of=field, severity="warning", field=name)
        elif target.field is None:
            yield _missing(frame, field, name, target)
        else:
            yield from _target(frame, field, target)
        if "." in name and field.direction is not Direction.FROM_CRM:
            message = f"{name} is mapped {field.direction}, but a field of another object is only read"
            hint = 'direction = "from_crm"'
            yield frame.problem("mapping-path-direction", message, of=field, field=name, hint=hint)
    yield from _keva_side(frame, field, has_data=has_data)
    yield from _way_back(frame, field, has_data=has_data)
    yield from _city(frame, field)


def _missing(frame: Frame, field: FieldMapping, name: str, target: Target) -> Problem:
    schema = target.object
    assert schema is not None  # noqa: S101 the caller looked
    bare = name.rpartition(".")[2]
    wanted = WANTED.get(f"{schema.object}.{bare}".lower())
    names = [described.name for described in schema.fields]
    hint = wanted.remedy if wanted is not None else nearest(bare, names)
    message = f"{schema.object} has no field {bare} (mapped from {field.keva})"
    return frame.problem("mapping-field-missing", message, of=field, field=name, hint=hint)


def _target(frame: Frame, field: FieldMapping, target: Target) -> Iterator[Problem]:
    described = target.field
    if described is None or field.direction is Direction.FROM_CRM:
        return
    full = f"{target.object.object if target.object else ''}.{described.name}"
    reason = None
    if described.compound:
        reason = "is a compound field: map its parts"
    elif described.calculated:
        reason = "is a formula"
    elif not described.createable and not described.updateable:
        reason = "cannot be written by this user"
    if reason is not None:
        message = f"{full} {reason}, and {field.keva} is mapped {field.direction}"
        hint = 'direction = "from_crm"'
        yield frame.problem("mapping-field-read-only", message, of=field, field=described.name, hint=hint)
        return
    if not described.updateable or (not described.createable and frame.item.create_in_salesforce):
        when = "on create only" if described.createable else "on update only"
        message = f"{full} can be set {when}"
        yield frame.problem("mapping-field-read-only", message, of=field, field=described.name, severity="warning")
    if described.type.lower() not in _FITS[field.kind]:
        message = f"{field.keva} is {field.kind} and {full} is a field of type {described.type}"
        hint = 'say the type of the value after its transformations, such as type = "number"'
        yield frame.problem("mapping-type", message, of=field, field=described.name, hint=hint)


def _keva_side(frame: Frame, field: FieldMapping, *, has_data: bool) -> Iterator[Problem]:
    known = KEVA_FIELDS.get(field.keva)
    if known is not None and known.computed and field.direction is not Direction.TO_CRM:
        message = f"{field.keva} is computed by Keva and mapped {field.direction}: it cannot be written"
        hint = 'direction = "to_crm"'
        yield frame.problem("mapping-computed", message, of=field, field=field.keva, hint=hint)
    if known is None and not has_data:
        for close, _, _ in process.extract(
            field.keva, list(KEVA_FIELDS), scorer=fuzz.ratio, processor=str.casefold, limit=1, score_cutoff=_NEAR
        ):
            message = f"Keva's customer has no field {field.keva}, unless it is a custom field"
            hint = f"did you mean {close}?"
            yield frame.problem(
                "mapping-keva-column", message, of=field, field=field.keva, hint=hint, severity="warning"
            )


def _way_back(frame: Frame, field: FieldMapping, *, has_data: bool) -> Iterator[Problem]:
    if field.direction is not Direction.BIDIRECTIONAL:
        return
    line = pipeline(field)
    hint = 'direction = "to_crm"'
    singles = [step.name for step in field.transforms]
    for name, step in zip(singles, line.steps, strict=False):
        if step.one_way:
            message = f"{name} has no way back, and {field.keva} is bidirectional"
            yield frame.problem("mapping-no-way-back", message, of=field, field=field.keva, hint=hint)
        elif not step.stable:
            message = f"{name} maps a result on to another: {field.keva} would change again on every run"
            yield frame.problem("mapping-no-way-back", message, of=field, field=field.keva, hint=hint)
        elif step.lossy and not has_data:
            message = f"{name} can make different values of {field.keva} equal, and the field is bidirectional"
            yield frame.problem("mapping-lossy", message, of=field, field=field.keva, hint=hint, severity="warning")


def _city(frame: Frame, field: FieldMapping) -> Iterator[Problem]:
    cities = [name for name in field.salesforce if name.lower().endswith("city")]
    takes_it_apart = {"city_from_location", "split", "regex_replace", "map_values"}
    if field.keva != "location" or not cities or len(field.salesforce) > 1:
        return
    if any(step.name in takes_it_apart for step in field.transforms):
        return
    message = f'location holds "City, State" and {frame.item.salesforce}.{cities[0]} takes a city'
    hint = 'transform = ["city_from_location"]'
    if field.direction is not Direction.TO_CRM:
        hint += ' with direction = "to_crm"'
    yield frame.problem("mapping-location-city", message, of=field, field="location", hint=hint, severity="warning")


def _same_targets(frame: Frame, item: ObjectMapping) -> Iterator[Problem]:
    seen: dict[tuple[str, str], FieldMapping] = {}
    for field in item.fields:
        targets = []
        if field.direction is not Direction.FROM_CRM:
            targets += [(item.salesforce, name) for name in field.salesforce]
        if field.direction is not Direction.TO_CRM:
            targets.append(("Keva", field.keva))
        for side, name in targets:
            first = seen.setdefault((side, name.casefold()), field)
            if first is not field:
                one, other = (
                    (first.keva, field.keva)
                    if side != "Keva"
                    else ("+".join(first.salesforce), "+".join(field.salesforce))
                )
                message = f"{one} (line {first.line}) and {other} both write {side}.{name}"
                yield frame.problem("mapping-same-target", message, of=field, field=name)
