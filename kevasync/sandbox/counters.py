"""How many API calls the org has answered, and how many it allows in 24 hours."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from kevasync.sandbox.answers import ApiError

if TYPE_CHECKING:
    from kevasync.sandbox.org import Org

__all__ = ["Counters"]

_DEFAULT_LIMIT = 15_000
_SAVE_EVERY = 100
_DAY = 86_400.0


class Counters:
    """The org's API usage. Set `limit` low to see REQUEST_LIMIT_EXCEEDED; it lasts until the day is over."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._lock = threading.Lock()
        self._used: int = org.setting("api_calls_used", 0)
        self._since: float = org.setting("api_calls_since", time.time())
        self.limit: int = org.setting("api_calls_limit", _DEFAULT_LIMIT)

    @property
    def api_calls_used(self) -> int:
        """Calls in the current 24 hours."""
        return self._used

    def limit_info(self) -> str:
        """The value of the Sforce-Limit-Info header."""
        return f"api-usage={self._used}/{self.limit}"

    def set_limit(self, limit: int) -> None:
        """Allow so many calls in 24 hours; kept with the org."""
        self.limit = limit
        self._org.set_setting("api_calls_limit", limit)

    def request(self, calls: int = 1) -> None:
        """Count a call.

        Raises:
            ApiError: REQUEST_LIMIT_EXCEEDED (403) when the day's calls are used up.
        """
        with self._lock:
            if time.time() - self._since > _DAY:
                self._used, self._since = 0, time.time()
            if self._used + calls > self.limit:
                raise ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
            self._used += calls
            due = self._used % _SAVE_EVERY == 0
        if due:
            self.save()

    def save(self) -> None:
        """Keep the usage with the org."""
        self._org.set_setting("api_calls_used", self._used)
        self._org.set_setting("api_calls_since", self._since)
