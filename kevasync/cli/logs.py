"""What the parts log, as plain lines on stderr: warnings always, steps with --verbose, never a person's data."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TextIO

from kevasync.cli.failures import redact

__all__ = ["listen"]

LOGGER = "kevasync"


class _Lines(logging.Formatter):
    """`2026-01-31T12:00:00Z WARNING salesforce.retry attempt=2`, with anything that looks like a value left out."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 the name is logging's
        return time.strftime(datefmt or "%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 the name is logging's
        record.message = redact(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:  # noqa: ARG002, N802 the signature is logging's; no traceback reaches a user
        return ""


def listen(stream: TextIO, *, quiet: Callable[[], bool], verbose: Callable[[], bool]) -> Callable[[], None]:
    """Print the package's log lines to `stream` from now on; the answer, when called, ends it."""
    logger = logging.getLogger(LOGGER)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Lines())

    def wanted(record: logging.LogRecord) -> bool:
        # asked at each line: --verbose is parsed after the first lines may have come
        return record.levelno >= (logging.ERROR if quiet() else logging.DEBUG if verbose() else logging.WARNING)

    handler.addFilter(wanted)
    before, propagates = logger.level, logger.propagate
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(handler)

    def end() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)
        logger.propagate = propagates

    return end
