"""The exit codes, as schedulers script against them."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """What a command ends with. CHANGES only with `--detailed-exitcode`."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    CHANGES = 4
