"""Canonical forms by kind. What does not parse for its kind is compared as clean text, so nothing is ever lost."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from kevasync.values.kind import FieldKind
from kevasync.values.phones import phone
from kevasync.values.text import clean, collapse
from kevasync.values.timezones import timezone

__all__ = ["FALSE_WORDS", "TRUE_WORDS", "canonical", "is_valid", "list_items", "list_text", "parse_datetime"]

TRUE_WORDS = frozenset({"true", "t", "yes", "y", "1", "on"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "0", "off"})

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_DATETIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
    r"(?: ?([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)
_NUMBER_LENGTH = 400
_EMAIL_LENGTH = 254


def _email(text: str, _region: str) -> str | None:
    # upper and lower case are one mailbox in practice, and Salesforce stores e-mail in lower case
    return clean(text.lower()) if "@" in text else None


def _number(text: str, _region: str) -> str | None:
    if len(text) > _NUMBER_LENGTH or not _NUMBER.fullmatch(text):
        return None
    plain = format(Decimal(text), "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in {"-0", "0", ""} else plain


def _boolean(text: str, _region: str) -> str | None:
    word = text.lower()
    if word in TRUE_WORDS:
        return "true"
    return "false" if word in FALSE_WORDS else None


def parse_datetime(text: str) -> datetime | None:
    """An ISO 8601 date or time as UTC, cut to milliseconds; without a zone it is UTC already; None if it is neither."""
    match = _DATETIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "").ljust(3, "0")[:3]) * 1000,
            tzinfo=UTC,
        )
        return moment - _offset(zone)
    except (ValueError, OverflowError):
        return None


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone in "Zz":
        return timedelta()
    digits = zone[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:  # noqa: PLR2004 the clock
        raise ValueError(zone)
    size = timedelta(hours=hours, minutes=minutes)
    return -size if zone[0] == "-" else size


def _date(text: str, _region: str) -> str | None:
    moment = parse_datetime(text)
    return None if moment is None else date(moment.year, moment.month, moment.day).isoformat()


def _datetime(text: str, _region: str) -> str | None:
    moment = parse_datetime(text)
    return (
        None
        if moment is None
        else moment.strftime(f"{moment.year:04d}-%m-%dT%H:%M:%S.") + (f"{moment.microsecond // 1000:03d}Z")
    )


def list_items(text: str | None) -> tuple[str, ...]:
    """The items of a list in the order written, clean, each once. A list is a JSON array or text with `;` between.

    Salesforce's multi-select picklists know only the second form, so `;` separates inside a JSON item as well.
    """
    items = _split_list(clean(text))
    # what is written with `;` must read back as the same items, also where an item looks like a JSON array
    while (again := _split_list(";".join(items))) != items:
        items = again
    return items


def _split_list(text: str | None) -> tuple[str, ...]:
    if not text:
        return ()
    parts = [text]
    if text.startswith("["):
        try:
            loaded = json.loads(text)
        except (ValueError, RecursionError):
            loaded = None
        if isinstance(loaded, list) and not any(isinstance(item, dict | list) for item in loaded):
            parts = [item if isinstance(item, str) else json.dumps(item) for item in loaded if item is not None]
    items = (clean(_no_surrogates(item)) for part in parts for item in part.split(";"))
    return tuple(dict.fromkeys(item for item in items if item is not None))


def list_text(items: Sequence[str]) -> str:
    """The items as a JSON array."""
    text = json.dumps(items, ensure_ascii=False, separators=(",", ":"))
    # a combining character after an escape (`\\n` and an accent) would turn the escape into another letter
    return text if unicodedata.is_normalized("NFC", text) else json.dumps(items, separators=(",", ":"))


def _no_surrogates(text: str) -> str:
    # JSON can smuggle in half a character (\ud800), which no file or database takes
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _list(text: str, _region: str) -> str | None:
    items = list_items(text)
    return list_text(sorted(items)) if items else ""


def _name(text: str, _region: str) -> str | None:
    return collapse(text)


def _timezone(text: str, _region: str) -> str | None:
    return timezone(text)


_PARSERS: Mapping[FieldKind, Callable[[str, str], str | None]] = {
    FieldKind.EMAIL: _email,
    FieldKind.NAME: _name,
    FieldKind.PHONE: phone,
    FieldKind.NUMBER: _number,
    FieldKind.BOOLEAN: _boolean,
    FieldKind.DATE: _date,
    FieldKind.DATETIME: _datetime,
    FieldKind.TIMEZONE: _timezone,
    FieldKind.LIST: _list,
}


def canonical(kind: FieldKind, text: str | None, region: str) -> str | None:
    """The form of a value that is the same for equal values of its kind.

    `region` is the two-letter country of telephone numbers without a country code. Null, empty and white space are
    None; a value that does not parse for its kind is its clean text.
    """
    cleaned = clean(text)
    if cleaned is None or kind is FieldKind.TEXT:
        return cleaned
    parsed = _PARSERS[kind](cleaned, region)
    if parsed is None:
        return cleaned
    return parsed or None


# names kept for tests and inner networks: no mail travels there, but Salesforce takes the address
_INNER_DOMAINS = (".test", ".invalid", ".example", ".local", ".localhost", ".internal", ".lan", ".home")


# addresses of the common form, which the validator takes (a test holds it to that), told forty times as fast
_COMMON_EMAIL = re.compile(
    r"[A-Za-z0-9_+-]{1,32}(?:\.[A-Za-z0-9_+-]{1,10}){0,2}"
    r"@(?:[A-Za-z0-9](?:-?[A-Za-z0-9]){0,30}\.){1,3}(?!(?i:arpa|onion)$)[A-Za-z]{2,24}"
)


@lru_cache(maxsize=50_000)
def _is_email(text: str) -> bool:
    if _COMMON_EMAIL.fullmatch(text):
        return True
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 seldom needed, slow to import

    start, dot, last = text.rpartition(".")
    if (dot + last).lower() in _INNER_DOMAINS:
        text = start + ".com"
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def is_valid(kind: FieldKind, text: str | None, region: str) -> bool:
    """True for a value that is there and parses for its kind; e-mail is checked for form only, without DNS."""
    cleaned = clean(text)
    if cleaned is None:
        return False
    if kind is FieldKind.TEXT:
        return True
    if kind is FieldKind.EMAIL:
        return len(cleaned) <= _EMAIL_LENGTH and _is_email(cleaned)
    return bool(_PARSERS[kind](cleaned, region))
