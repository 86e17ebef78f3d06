"""A field's way to Salesforce and back, and the forms in which its two sides are compared.

The promise (a property test holds it for every transformation):
`compare_salesforce(field, to_salesforce(field, v)) == compare_keva(field, v)` for what travels to Salesforce, and
`compare_keva(field, to_keva(field, s)) == compare_salesforce(field, s)` for what travels to Keva.
So what was written compares equal afterwards, and a second plan is empty.

Steps run in the order written, in the direction the value travels; a bidirectional field's way back reverses them.
"""

from __future__ import annotations

from collections.abc import Sequence

from kevasync.mapping.definition import FieldMapping
from kevasync.mapping.pipeline import pipeline
from kevasync.mapping.transform_sql import (
    cheap_sql,
    compare_keva_sql,
    compare_salesforce_sql,
    register,
    to_keva_sql,
    to_salesforce_sql,
)

__all__ = [
    "cheap_sql",
    "compare_keva",
    "compare_keva_sql",
    "compare_salesforce",
    "compare_salesforce_sql",
    "register",
    "to_keva",
    "to_keva_sql",
    "to_salesforce",
    "to_salesforce_sql",
]


def to_salesforce(field: FieldMapping, value: str | None, region: str) -> tuple[str | None, ...]:
    """What would be written to Salesforce: one text per target, None for null."""
    return pipeline(field).forward(value, region)


def to_keva(field: FieldMapping, values: Sequence[str | None], region: str) -> str | None:
    """What would be written to Keva for these Salesforce values, one per target."""
    return pipeline(field).backward(values, region)


def compare_keva(field: FieldMapping, value: str | None, region: str) -> str | None:
    """The Keva value in the form in which both sides are compared: equal text means equal values."""
    return pipeline(field).compare_keva(value, region)


def compare_salesforce(field: FieldMapping, values: Sequence[str | None], region: str) -> str | None:
    """The Salesforce values, joined, in the form in which both sides are compared."""
    return pipeline(field).compare_salesforce(values, region)
