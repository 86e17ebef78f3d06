"""Values on their way in and out: what each field type accepts, how it is stored, and how JSON and CSV show it."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NoReturn

from kevasync.sandbox.answers import ApiError
from kevasync.sandbox.ids import to_18
from kevasync.sandbox.schema import FieldSpec

__all__ = ["Reader", "csv_number", "make_reader", "parse_datetime", "sqlite_type"]

Reader = Callable[[Any], Any]

# Salesforce trims what Java's trim() trims: control characters and the plain space
_TRIMMED = "".join(map(chr, range(33)))
_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-][A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_DATETIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s*(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_TRUE = frozenset({"yes", "y", "true", "on", "1"})
_FALSE = frozenset({"no", "n", "false", "off", "0"})
_MIN_YEAR, _MAX_YEAR = 1700, 4000
_INT_LIMIT = 2**31


def sqlite_type(spec: FieldSpec) -> str:
    """The SQLite column type; text that Salesforce compares without regard to case collates so."""
    if spec.type == "boolean":
        return "INTEGER NOT NULL DEFAULT 0"
    if spec.type == "int":
        return "INTEGER"
    if spec.type in ("double", "currency", "percent"):
        return "REAL"
    return "TEXT COLLATE NOCASE" if spec.is_text and not spec.case_sensitive else "TEXT"


def make_reader(spec: FieldSpec, prefixes: frozenset[str], *, text: bool) -> Reader:
    """A function from a given value to the stored one; it raises ApiError for what the field does not accept.

    Args:
        spec: The field.
        prefixes: Key prefixes of the objects a reference may point to.
        text: Values come as text from CSV; otherwise they are JSON values.
    """
    complain = _complain_text if text else _complain_json
    if spec.is_text:
        return _text_reader(spec, complain)
    makers: dict[str, Callable[[FieldSpec, _Complain], Reader]] = {
        "boolean": _boolean_reader,
        "int": _int_reader,
        "double": _number_reader,
        "currency": _number_reader,
        "percent": _number_reader,
        "date": _date_reader,
        "datetime": _datetime_reader,
    }
    maker = makers.get(spec.type)
    return maker(spec, complain) if maker else _reference_reader(spec, prefixes)


_Complain = Callable[[FieldSpec, Any], NoReturn]


def _complain_json(spec: FieldSpec, value: Any) -> NoReturn:
    kind = {
        bool: "VALUE_TRUE" if value else "VALUE_FALSE", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT",
        str: "VALUE_STRING", list: "START_ARRAY", dict: "START_OBJECT",
    }.get(type(value), "VALUE_STRING")  # fmt: skip
    wanted = {"boolean": "boolean", "int": "int", "double": "double", "currency": "currency", "percent": "percent"}
    name = wanted.get(spec.type, spec.type if spec.type in ("date", "datetime") else "string")
    shown = "" if isinstance(value, list | dict) else f" value {str(value).lower() if value is True else value}"
    raise ApiError(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {name} from {kind}{shown} or request may be missing a required field"
        " at [line:1, column:1]",
    )


def _complain_text(spec: FieldSpec, value: Any) -> NoReturn:
    raise ApiError(
        "INVALID_TYPE_ON_FIELD_IN_RECORD",
        f"{spec.label}: value not of required type: {value}",
        (spec.name,),
        about_record=True,
    )


def _text_reader(spec: FieldSpec, complain: _Complain) -> Reader:
    limit = spec.length or 255
    check = _extra_check(spec)

    def read(value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str) or not (value.isascii() or _is_unicode(value)):
            return complain(spec, value)
        if "\x00" in value:
            # a NUL cannot be stored by Salesforce; it never reaches the field
            value = value.replace("\x00", "")
        trimmed: str = value.strip(_TRIMMED)
        if not trimmed:
            return None
        if len(trimmed) > limit:
            message = f"{spec.label}: data value too large: {trimmed} (max length={limit})"
            raise ApiError("STRING_TOO_LONG", message, (spec.name,), about_record=True)
        if check is not None:
            check(trimmed)
        return trimmed

    return read


def _is_unicode(text: str) -> bool:
    """JSON can carry half a surrogate pair, which is no character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _extra_check(spec: FieldSpec) -> Callable[[str], None] | None:
    if spec.type == "email":

        def email(value: str) -> None:
            if _EMAIL.fullmatch(value) is None:
                message = f"{spec.label}: invalid email address: {value}"
                raise ApiError("INVALID_EMAIL_ADDRESS", message, (spec.name,), about_record=True)

        return email
    if spec.restricted:
        allowed = frozenset(spec.values)
        several = spec.type == "multipicklist"

        def picklist(value: str) -> None:
            for one in value.split(";") if several else (value,):
                if one.strip() not in allowed:
                    message = f"{spec.label}: bad value for restricted picklist field: {one}"
                    raise ApiError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, (spec.name,), about_record=True)

        return picklist
    return None


def _boolean_reader(spec: FieldSpec, complain: _Complain) -> Reader:
    def read(value: Any) -> int:
        if value is None:
            return int(bool(spec.default))
        if isinstance(value, bool):
            return int(value)
        word = value.strip(_TRIMMED).lower() if isinstance(value, str) else None
        if word in _TRUE:
            return 1
        if word in _FALSE:
            return 0
        return complain(spec, value)

    return read


def _decimal(spec: FieldSpec, value: Any, complain: _Complain) -> Decimal | None:
    if value is None or (isinstance(value, str) and not value.strip(_TRIMMED)):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        complain(spec, value)
    text = value.strip(_TRIMMED) if isinstance(value, str) else repr(value)
    if _NUMBER.fullmatch(text) is None:
        complain(spec, value)
    return Decimal(text)


def _out_of_range(spec: FieldSpec, number: Decimal) -> ApiError:
    message = f"{spec.label}: value outside of valid range on numeric field: {number}"
    return ApiError("NUMBER_OUTSIDE_VALID_RANGE", message, (spec.name,), about_record=True)


def _int_reader(spec: FieldSpec, complain: _Complain) -> Reader:
    limit = 10**spec.digits if spec.digits else _INT_LIMIT

    def read(value: Any) -> int | None:
        number = _decimal(spec, value, complain)
        if number is None:
            return None
        if number != number.to_integral_value():
            complain(spec, value)
        if abs(number) >= limit:
            raise _out_of_range(spec, number)
        return int(number)

    return read


def _number_reader(spec: FieldSpec, complain: _Complain) -> Reader:
    limit = Decimal(10) ** (spec.precision - spec.scale) if spec.precision else Decimal("1e18")
    step = Decimal(1).scaleb(-spec.scale)

    def read(value: Any) -> float | None:
        number = _decimal(spec, value, complain)
        if number is None:
            return None
        if abs(number) >= limit:
            raise _out_of_range(spec, number)
        return float(number.quantize(step, rounding=ROUND_HALF_UP))

    return read


def _date_reader(spec: FieldSpec, complain: _Complain) -> Reader:
    def read(value: Any) -> str | None:
        if value is None or (isinstance(value, str) and not value.strip(_TRIMMED)):
            return None
        found = _DATE.match(value.strip(_TRIMMED)) if isinstance(value, str) else None
        if found is None:
            complain(spec, value)
        rest = value.strip(_TRIMMED)[10:]
        try:
            day = dt.date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            complain(spec, value)
        if not _MIN_YEAR <= day.year <= _MAX_YEAR or (rest and parse_datetime(value.strip(_TRIMMED)) is None):
            complain(spec, value)
        return day.isoformat()

    return read


def _datetime_reader(spec: FieldSpec, complain: _Complain) -> Reader:
    def read(value: Any) -> str | None:
        if value is None or (isinstance(value, str) and not value.strip(_TRIMMED)):
            return None
        stored = parse_datetime(value.strip(_TRIMMED)) if isinstance(value, str) else None
        if stored is None or not _MIN_YEAR <= int(stored[:4]) <= _MAX_YEAR:
            complain(spec, value)
        return stored

    return read


def parse_datetime(text: str) -> str | None:
    """The stored form, `2026-11-02T10:00:00.000Z`, of an ISO 8601 date and time; None when it is not one.

    A value without a zone is taken as UTC.
    """
    found = _DATETIME.fullmatch(text)
    if found is None:
        return None
    day, hour, minute, second, fraction, zone = found.groups()
    try:
        moment = dt.datetime.fromisoformat(f"{day}T{hour}:{minute}:{second or '00'}+00:00")
        if zone and zone.upper() != "Z":
            offset = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
            moment = moment - offset if zone[0] == "+" else moment + offset
    except (ValueError, OverflowError):
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{(fraction or '')[:3]:0<3}Z".rjust(24, "0")


def _reference_reader(spec: FieldSpec, prefixes: frozenset[str]) -> Reader:
    def read(value: Any) -> str | None:
        if value is None or (isinstance(value, str) and not value.strip(_TRIMMED)):
            return None
        text = value.strip(_TRIMMED) if isinstance(value, str) else str(value)
        try:
            record_id = to_18(text)
        except ApiError:
            record_id = ""
        if not record_id or (prefixes and record_id[:3] not in prefixes):
            message = f"{spec.label}: id value of incorrect type: {text}"
            raise ApiError("MALFORMED_ID", message, (spec.name,), about_record=True)
        return record_id

    return read


def csv_number(value: float | None) -> str:
    """A double as Bulk API shows it: Java's notation, `5.0`, from ten million on `1.5E7`; null is empty."""
    if value is None:
        return ""
    size = abs(value)
    if value == 0 or 1e-3 <= size < 1e7:  # noqa: PLR2004 a fact of the format
        return repr(value) if "e" not in repr(value) else f"{Decimal(repr(value)):f}"
    if math.isinf(value) or math.isnan(value):
        return ""
    digits, exponent = f"{Decimal(repr(value)):E}".split("E")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"
