"""Salesforce record ids: 15 case-sensitive characters, and 18 with the checksum that survives a change of case."""

from __future__ import annotations

import re

from kevasync.sandbox.answers import ApiError

__all__ = ["is_id", "make_id", "to_15", "to_18"]

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
_UPPER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _suffix(core: str) -> str:
    """Three characters, each the bit pattern of the capitals in five; the first character is the lowest bit."""
    return "".join(
        _CHECK[sum(1 << bit for bit, letter in enumerate(core[at : at + 5]) if letter in _UPPER)] for at in (0, 5, 10)
    )


def make_id(prefix: str, pod: str, number: int) -> str:
    """The 18-character id of the record with this number; later numbers sort later."""
    tail = ""
    for _ in range(9):
        number, digit = divmod(number, 62)
        tail = _DIGITS[digit] + tail
    core = f"{prefix}{pod}0{tail}"
    return core + _suffix(core)


def is_id(text: str) -> bool:
    """Whether the text has the shape of an id and, at 18 characters, a checksum that fits some casing."""
    return _SHAPE.fullmatch(text) is not None


def to_15(record_id: str) -> str:
    """The short form that Salesforce uses inside error texts."""
    return record_id[:15]


def to_18(text: str) -> str:
    """The long form of a 15- or 18-character id.

    An 18-character id whose casing was lost is repaired from its checksum, as Salesforce does.

    Raises:
        ApiError: MALFORMED_ID when the text has not the shape of an id, or its checksum cannot be right.
    """
    if _SHAPE.fullmatch(text) is None:
        raise ApiError("MALFORMED_ID", f"malformed id {text}", about_record=True)
    core = text[:15]
    if len(text) == len(core):
        return core + _suffix(core)
    if _suffix(core) == text[15:]:
        return text
    repaired = _recase(core, text[15:].upper())
    if repaired is None:
        raise ApiError("MALFORMED_ID", f"malformed id {text}", about_record=True)
    return repaired


def _recase(core: str, check: str) -> str | None:
    letters = []
    for position, letter in enumerate(core):
        bits = _CHECK.find(check[position // 5])
        if bits < 0:
            return None
        letters.append(letter.upper() if bits >> position % 5 & 1 else letter.lower())
    fixed = "".join(letters)
    return fixed + check if _suffix(fixed) == check else None
