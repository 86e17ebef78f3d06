"""Date literals of SOQL: the half-open range of days that TODAY, LAST_N_DAYS:30 or THIS_QUARTER stands for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

__all__ = ["date_range"]

Range = tuple[dt.date, dt.date]
_QUARTER = 3
_MAX_N = 100_000


def _month(day: dt.date, shift: int) -> dt.date:
    """The first day of the month `shift` months away."""
    months = day.year * 12 + day.month - 1 + shift
    return dt.date(months // 12, months % 12 + 1, 1)


def _quarter(day: dt.date, shift: int) -> dt.date:
    return _month(day.replace(month=(day.month - 1) // _QUARTER * _QUARTER + 1), shift * _QUARTER)


def _year(day: dt.date, shift: int) -> dt.date:
    return dt.date(day.year + shift, 1, 1)


def _week(day: dt.date, shift: int) -> dt.date:
    """Weeks begin on Sunday in the en_US locale."""
    return day - dt.timedelta(days=(day.weekday() + 1) % 7) + dt.timedelta(weeks=shift)


def _day(day: dt.date, shift: int) -> dt.date:
    return day + dt.timedelta(days=shift)


_UNITS: dict[str, Callable[[dt.date, int], dt.date]] = {
    "DAY": _day, "WEEK": _week, "MONTH": _month, "QUARTER": _quarter, "YEAR": _year,
}  # fmt: skip


def date_range(literal: str, today: dt.date) -> Range | None:
    """First day and the day after the last of a date literal; None when it is none.

    Fiscal years are calendar years here.

    Raises:
        ValueError, OverflowError: the range leaves the calendar.
    """
    name, _, count = literal.upper().replace("FISCAL_", "").partition(":")
    if count:
        return _counted(name, int(count), today) if int(count) <= _MAX_N else None
    days = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
    if name in days:
        return _day(today, days[name]), _day(today, days[name] + 1)
    if name == "LAST_90_DAYS":
        return _counted("LAST_N_DAYS", 90, today)
    if name == "NEXT_90_DAYS":
        return _counted("NEXT_N_DAYS", 90, today)
    which, _, unit = name.partition("_")
    shift = {"LAST": -1, "THIS": 0, "NEXT": 1}.get(which)
    begin = _UNITS.get(unit)
    if shift is None or begin is None or unit == "DAY":
        return None
    return begin(today, shift), begin(today, shift + 1)


def _counted(name: str, count: int, today: dt.date) -> Range | None:
    for unit, begin in _UNITS.items():
        if name == f"LAST_N_{unit}S":
            # days run up to and with today, the longer units up to the one we are in
            return begin(today, -count), begin(today, 1 if unit == "DAY" else 0)
        if name == f"NEXT_N_{unit}S":
            return begin(today, 1), begin(today, count + 1)
        if name == f"N_{unit}S_AGO":
            return begin(today, -count), begin(today, 1 - count)
    return None
