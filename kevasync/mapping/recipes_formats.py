"""The transformations between ways of writing a telephone number, a time, a number or a boolean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from kevasync.mapping.steps import Change, Parameter, Recipe, Step, TransformError
from kevasync.values import FieldKind, canonical, clean, is_valid, list_items

__all__ = ["FORMAT_RECIPES"]

_PRECISE = Context(prec=1000)


def _guarded(forward: Change, backward: Change) -> Change:
    """The way back, used only where going forward again gives the same value; other values stay as they are."""

    def back(value: str | None, region: str) -> str | None:
        candidate = clean(backward(value, region))
        return candidate if clean(forward(candidate, region)) == value else value

    return back


def _e164(arguments: Mapping[str, Any], _targets: int) -> Step:
    own_region = arguments["region"]

    def forward(value: str | None, region: str) -> str | None:
        region = own_region or region
        if not is_valid(FieldKind.PHONE, value, region):
            return value
        return (canonical(FieldKind.PHONE, value, region) or "").replace(";ext=", " x")

    return Step(forward, symmetric=True, per_item=True)


def _parse_with(text: str | None, pattern: str) -> datetime | None:
    try:
        return datetime.strptime(text, pattern) if text is not None else None  # noqa: DTZ007 the zone is added by the caller
    except ValueError:
        return None


def _check_pattern(name: str, pattern: str) -> None:
    moment = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    if "%" not in pattern or _parse_with(moment.strftime(pattern), pattern) is None:
        raise TransformError(f"{name}: {pattern!r} is no date format", "such as %d.%m.%Y or %m/%d/%Y %H:%M")


def _date(arguments: Mapping[str, Any], _targets: int) -> Step:
    pattern = arguments["format"]
    _check_pattern("date", pattern)

    def forward(value: str | None, _region: str) -> str | None:
        moment = _parse_with(value, pattern)
        return value if moment is None else moment.date().isoformat()

    def backward(value: str | None, _region: str) -> str | None:
        moment = _parse_with(value, "%Y-%m-%d")
        return value if moment is None else moment.strftime(pattern)

    return Step(forward, _guarded(forward, backward), formats=True)


def _datetime(arguments: Mapping[str, Any], _targets: int) -> Step:
    pattern, zone_name = arguments["format"], arguments["zone"]
    _check_pattern("datetime", pattern)
    try:
        zone = ZoneInfo(zone_name)
    except (ValueError, OSError, KeyError):
        raise TransformError(f"datetime: no time zone {zone_name!r}", "an IANA name such as Europe/Berlin") from None

    def forward(value: str | None, _region: str) -> str | None:
        moment = _parse_with(value, pattern)
        if moment is None:
            return value
        try:
            return _written((moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC))
        except (OverflowError, ValueError):
            return value

    def backward(value: str | None, _region: str) -> str | None:
        moment = _parse_with(canonical(FieldKind.DATETIME, value, ""), "%Y-%m-%dT%H:%M:%S.%fZ")
        try:
            return value if moment is None else moment.replace(tzinfo=UTC).astimezone(zone).strftime(pattern)
        except (OverflowError, ValueError):
            return value

    return Step(forward, _guarded(forward, backward), formats=True)


def _written(moment: datetime) -> str:
    return f"{moment.year:04d}" + moment.strftime("-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _number(arguments: Mapping[str, Any], _targets: int) -> Step:
    decimals, point = arguments["decimals"], arguments["decimal"]
    thousands = "." if point == "," else ","

    def parse(value: str | None) -> Decimal | None:
        if value is None:
            return None
        plain = value.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace("'", "")
        plain = plain.replace(thousands, "").replace(point, ".")
        return Decimal(canonical(FieldKind.NUMBER, plain, "") or "0") if is_valid(FieldKind.NUMBER, plain, "") else None

    def forward(value: str | None, _region: str) -> str | None:
        number = parse(value)
        if number is None:
            return value
        if decimals is not None:
            number = number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP, context=_PRECISE)
        return canonical(FieldKind.NUMBER, format(number, "f"), "")

    def backward(value: str | None, _region: str) -> str | None:
        return None if value is None else value.replace(".", point)

    def loses(value: str | None, region: str) -> bool:
        number, kept = parse(value), parse(backward(forward(value, region), region))
        return number is not None and number != kept

    return Step(forward, _guarded(forward, backward), formats=True, lossy=decimals is not None, loses=loses)


def _boolean(arguments: Mapping[str, Any], _targets: int) -> Step:
    words = {"true": list_items(arguments["true"]), "false": list_items(arguments["false"])}
    known = {word.casefold(): truth for truth, spelled in words.items() for word in spelled}
    if not words["true"] or not words["false"] or len(known) < sum(len(spelled) for spelled in words.values()):
        raise TransformError("boolean: give different words for true and false, several with `;` between")

    def forward(value: str | None, _region: str) -> str | None:
        return None if value is None else known.get(value.casefold(), value)

    def backward(value: str | None, _region: str) -> str | None:
        return words[value][0] if value in words else value

    return Step(forward, _guarded(forward, backward), formats=True)


def _invert(_arguments: Mapping[str, Any], _targets: int) -> Step:
    def flip(value: str | None, region: str) -> str | None:
        plain = canonical(FieldKind.BOOLEAN, value, region)
        return {"true": "false", "false": "true"}.get(plain or "", value)

    return Step(flip, flip)


FORMAT_RECIPES = (
    Recipe(
        "e164",
        "A telephone number in international form; what does not parse stays as it is.",
        "unchanged",
        _e164,
        (Parameter("region", "region", required=False),),
        kinds=(FieldKind.PHONE, FieldKind.TEXT),
    ),
    Recipe(
        "date",
        "A date in this format (as Python's strptime) becomes an ISO date.",
        "an ISO date becomes a date in this format",
        _date,
        (Parameter("format"),),
    ),
    Recipe(
        "datetime",
        "A time in this format, in this zone unless it says its own, becomes an ISO time in UTC.",
        "an ISO time becomes a time in this format and zone",
        _datetime,
        (Parameter("format"), Parameter("zone", required=False, default="UTC")),
    ),
    Recipe(
        "number",
        "A number with this decimal sign (`.` or `,`), thousands signs left out, rounded to so many decimals.",
        "the number with this decimal sign",
        _number,
        (
            Parameter("decimals", "whole", required=False),
            Parameter("decimal", required=False, default=".", choices=(".", ",")),
        ),
    ),
    Recipe(
        "boolean",
        "These words become true and false; several with `;` between, case does not matter.",
        "true and false become the first of the words",
        _boolean,
        (Parameter("true"), Parameter("false")),
    ),
    Recipe("invert", "True becomes false and false true.", "the same", _invert),
)
