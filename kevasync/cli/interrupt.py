"""Ctrl-C once: finish what is in flight, save, end. Twice: stop at once."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from types import FrameType
from typing import Any, Self, TextIO

__all__ = ["Interrupt"]

FIRST = "\nStopping: finishing what is in flight, then saving. Press Ctrl-C again to stop at once.\n"


class Interrupt:
    """A question to ask between batches: has the user, or the system (SIGTERM), asked us to stop?"""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._asked = threading.Event()
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        """True from the first signal on (the `Stop` of `kevasync.endpoint`)."""
        return self._asked.is_set()

    def arm(self) -> Self:
        """Take over SIGINT and SIGTERM; only the main thread can, elsewhere this does nothing."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._signalled)
        return self

    def disarm(self) -> None:
        """Give the signals back to whom they belonged."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked.is_set():
            raise KeyboardInterrupt
        self._asked.set()
        # not through the stream: the signal may have come in the middle of a write to it
        with suppress(OSError, ValueError):
            os.write(self._stream.fileno(), FIRST.encode())
