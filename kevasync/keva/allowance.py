"""How many requests Keva still allows, by the headers of its answers, and how long to wait where there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

__all__ = ["LONGEST_WAIT", "Allowance", "number"]

LONGEST_WAIT = 90.0
"""Seconds. Keva counts by the minute: a longer wait would come from a clock that is wrong."""


@dataclass(slots=True)
class Allowance:
    """What the rate headers of the last answer said. `skew` is Keva's clock less ours, in seconds."""

    limit: int = 100
    left: int = 100
    reset: float | None = None
    skew: float = 0.0

    def note(self, headers: Mapping[str, str], now: float) -> None:
        """Read an answer's headers; `now` is our clock, in Unix seconds."""
        self.limit = number(headers.get("X-RateLimit-Limit"), self.limit)
        self.left = number(headers.get("X-RateLimit-Remaining"), self.left)
        reset = headers.get("X-RateLimit-Reset")
        self.reset = float(number(reset, 0)) or None
        stamp = headers.get("Date")
        if stamp:
            try:
                self.skew = parsedate_to_datetime(stamp).timestamp() - now
            except ValueError:
                self.skew = 0.0

    def wait(self, now: float) -> float:
        """Seconds until requests are allowed again, 0 where they are now."""
        if self.left > 0 or self.reset is None:
            return 0.0
        # A date in Keva's header has whole seconds, so a small skew is none.
        here = now + (self.skew if abs(self.skew) > 2 else 0.0)  # noqa: PLR2004 two seconds
        return min(max(self.reset - here, 0.0), LONGEST_WAIT)


def number(text: str | None, default: int) -> int:
    """The whole number that a header says, or the default."""
    try:
        return int(float(text)) if text is not None else default
    except ValueError:
        return default
