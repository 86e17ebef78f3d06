"""Worlds of other makers: tables whose people and slips were thought up apart from those of `worlds`, in the same roles."""

from __future__ import annotations

from collections.abc import Callable

from kevasync.dedupe.training import (
    made_desk,
    made_lab,
    made_migration,
    made_profiles,
    made_register,
    made_shop,
    made_wreck,
)
from kevasync.dedupe.training.worlds import Record, World

__all__ = ["OTHERS", "make_other"]

OTHERS: tuple[str, ...] = ("desk", "shop", "lab", "profiles", "wreck", "register", "migration")
"""Kinds of worlds of other makers."""

_MAKERS: dict[str, Callable[[int, int], list[Record]]] = {
    "desk": made_desk.make,
    "shop": made_shop.make,
    "lab": made_lab.make,
    "profiles": made_profiles.make,
    "wreck": made_wreck.make,
    "register": made_register.make,
    "migration": made_migration.make,
}
_ROLES = {
    "given_name": "first_name",
    "surname": "last_name",
    "full_name": "name",
    "patient_name": "name",
    "middle_name": "other",
    "gender": "other",
    "sex": "other",
    "phone_number": "phone",
    "address": "street",
    "address_1": "street",
    "house_no": "street",
    "suburb": "city",
    "birth_place": "city",
    "zip": "postcode",
    "date_of_birth": "dob",
    "birth_year": "dob",
    "job_title": "title",
    "occupation": "title",
    "soc_sec_id": "identifier",
    "health_no": "identifier",
}
"""Columns to roles; the others are called like their role."""
_LEFT_OUT = {"record_id", "cluster", "source", "street_number"}
_FEWEST = 100
"""Fewer persons than this show little of what a maker has thought of; by so many it is tried how many records each has."""


def make_other(kind: str, records: int, seed: int) -> World:
    """A world of about so many records, so that a model can be tried on damage that nobody had in mind when it learned.

    Args:
        kind: one of OTHERS.
        records: how many there should be, roughly; there are at least 100 persons, whatever that makes.
        seed: the same seed gives the same world.
    """
    make = _MAKERS[kind]
    each = len(make(_FEWEST, seed)) / _FEWEST
    rows = make(max(_FEWEST, int(records / each)), seed)
    numbers: dict[str | None, int] = {}
    truth = [numbers.setdefault(row["cluster"], len(numbers)) for row in rows]
    return World(kind, [_in_roles(row) for row in rows], truth)


def _in_roles(row: Record) -> Record:
    """The row with roles for columns; what several columns say of one role is joined, but for a second `other`."""
    record: Record = {}
    for column, value in row.items():
        role = _ROLES.get(column, column)
        if column in _LEFT_OUT:
            continue
        if role not in record:
            record[role] = value
        elif role == "other":
            record["other1"] = value
        else:
            record[role] = " ".join(part for part in (record[role], value) if part) or None
    return record
