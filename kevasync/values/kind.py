"""The kinds of value: what decides when two values are equal."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["FieldKind"]


class FieldKind(StrEnum):
    """What a value means, which decides when two values are equal (see `canonical`)."""

    TEXT = "text"
    EMAIL = "email"
    NAME = "name"
    PHONE = "phone"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIMEZONE = "timezone"
    LIST = "list"
