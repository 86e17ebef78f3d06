"""How far long work is: a bar on a terminal, log lines elsewhere; rows, rate, time left, API calls."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from kevasync.endpoint import Progress

__all__ = ["LineProgress", "NoProgress", "Steps", "TerminalProgress", "make_progress"]

LINE_EVERY = 10.0
"""Seconds between two log lines of one step."""


def make_progress(stream: TextIO, *, quiet: bool, color: bool) -> Progress:
    """The progress that suits the stream."""
    if quiet:
        return NoProgress()
    if stream.isatty():
        return TerminalProgress(stream, color=color)
    return LineProgress(stream)


class Steps:
    """Tells of steps that say only how many rows they have: each has done all of them once the next one begins."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._total: int | None = None

    def __call__(self, what: str, total: int | None) -> None:
        """Begin a step."""
        self.done()
        self._progress.start(what, total)
        self._total = total

    def done(self) -> None:
        """The last step has done its rows."""
        if self._total:
            self._progress.advance(self._total)
        self._total = None


class NoProgress:
    """Says nothing."""

    def start(self, what: str, total: int | None) -> None:
        """Say nothing."""

    def advance(self, rows: int, *, api_calls: int = 0) -> None:
        """Say nothing."""

    def done(self) -> None:
        """Say nothing."""


class LineProgress:
    """One line at the start, one every ten seconds, one at the end: for cron, CI and files. Safe between threads."""

    def __init__(
        self, stream: TextIO, *, every: float = LINE_EVERY, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._every = every
        self._clock = clock
        self._lock = threading.Lock()
        self._what: str | None = None

    def start(self, what: str, total: int | None) -> None:
        """Begin a step; one that was not ended is ended."""
        self.done()
        with self._lock:
            self._what, self._total = what, total
            self._rows = self._calls = 0
            self._began = self._said = self._clock()
            self._say("started", f"total={total}" if total is not None else "")

    def advance(self, rows: int, *, api_calls: int = 0) -> None:
        """Count, and say so when it is time."""
        with self._lock:
            if self._what is None:
                return
            self._rows += rows
            self._calls += api_calls
            now = self._clock()
            if now - self._said >= self._every:
                self._said = now
                self._say("running", self._figures(now))

    def done(self) -> None:
        """End the step, if there is one."""
        with self._lock:
            if self._what is not None:
                now = self._clock()
                self._say("done", f"{self._figures(now, over=True)} seconds={now - self._began:.1f}".lstrip())
                self._what = None

    def _figures(self, now: float, *, over: bool = False) -> str:
        seconds = max(now - self._began, 1e-9)
        rate = self._rows / seconds
        if not self._rows and not self._calls and self._total is None:
            return ""  # the step counts nothing: a rate of nought would look as if it hung
        parts = [f"rows={self._rows}"]
        if self._total is not None:
            parts.append(f"total={self._total}")
        parts.append(f"rate={rate:.0f}/s")
        if not over and self._total and 0 < self._rows < self._total:
            parts.append(f"left={(self._total - self._rows) / rate:.0f}s")
        if self._calls:
            parts.append(f"api_calls={self._calls}")
        return " ".join(parts)

    def _say(self, state: str, figures: str) -> None:
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        step = (self._what or "").replace(" ", "-").casefold()
        self._stream.write(f"{stamp} step={step} state={state} {figures}".rstrip() + "\n")
        self._stream.flush()


class TerminalProgress:
    """A bar that stays after each step, with rows, rate, time left and API calls. Safe between threads."""

    def __init__(self, stream: TextIO, *, color: bool) -> None:
        self._stream = stream
        self._color = color
        self._bar: Bar | None = None
        self._calls = 0

    def start(self, what: str, total: int | None) -> None:
        """Begin a step; one that was not ended is ended."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self.done()
        self._calls = 0
        console = Console(file=self._stream, no_color=not self._color, markup=False, highlight=False)
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            refresh_per_second=4,
        )
        self._task = self._bar.add_task(what, total=total, figures="")
        self._bar.start()

    def advance(self, rows: int, *, api_calls: int = 0) -> None:
        """Move the bar."""
        if self._bar is None:
            return
        self._calls += api_calls
        self._bar.advance(self._task, rows)
        task = self._bar.tasks[0]
        figures = f"{task.completed:,.0f}" + (f"/{task.total:,.0f}" if task.total is not None else "") + " rows"
        if task.speed:
            figures += f"  {task.speed:,.0f}/s"
        if self._calls:
            figures += f"  {self._calls:,} API calls"
        self._bar.update(self._task, figures=figures)

    def done(self) -> None:
        """Take the bar down, if there is one."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
