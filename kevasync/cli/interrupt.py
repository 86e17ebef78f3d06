"""Ctrl-C once: finish what is in flight, save, end. Twice: stop at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn, Self, TextIO

from kevasync.errors import RunError

__all__ = ["Interrupt", "is_interrupt", "stopped_at_once"]

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


def is_interrupt(error: BaseException) -> bool:
    """Whether Ctrl-C was pressed; DuckDB says so by errors of its own when it was in the middle of a query."""
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "InterruptException":
        return True
    return isinstance(error, RuntimeError) and str(error) == "Query interrupted"


@contextmanager
def stopped_at_once() -> Iterator[None]:
    """For work that changes nothing until its end: Ctrl-C and SIGTERM stop it where it stands.

    Raises RunError `interrupted`.
    """
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, _interrupted) if main else None
    try:
        yield
    except BaseException as error:
        if not is_interrupt(error):
            raise
        raise RunError(
            "interrupted",
            "stopped before the command had finished",
            why="Ctrl-C was pressed, or the system asked to stop. What was read is unchanged; no file is half written.",
            next_steps=("run the same command again: it begins anew",),
        ) from error
    finally:
        if main:
            signal.signal(signal.SIGTERM, before)


def _interrupted(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
