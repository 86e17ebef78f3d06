"""Runs the named steps of a .sql file: `-- step: name` opens each; the name is what logs and errors show."""

from __future__ import annotations

import logging
import re
import time
from importlib import resources

import duckdb

from kevasync.errors import RunError

__all__ = ["read_steps", "run_steps"]

_STEP = re.compile(r"^-- step: (?P<name>\w+)[^\n]*$", re.MULTILINE)
_log = logging.getLogger("kevasync.sync")


def read_steps(file: str, package: str) -> list[tuple[str, str]]:
    """The (name, statement) pairs of one .sql file beside a package's modules, in order."""
    text = resources.files(package).joinpath(file).read_text(encoding="utf-8")
    marks = list(_STEP.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return [(mark["name"], text[mark.end() : end].strip()) for mark, end in zip(marks, ends, strict=True)]


def run_steps(con: duckdb.DuckDBPyConnection, steps: list[tuple[str, str]]) -> None:
    """Execute the steps in order. Raises RunError `disk-full` or `out-of-memory`; anything else is a bug and passes."""
    for name, statement in steps:
        began = time.process_time()
        try:
            con.execute(statement).fetchall()
        except duckdb.OutOfMemoryException as error:
            raise RunError("plan-out-of-memory", f"step {name} did not fit: {error}") from error
        except duckdb.IOException as error:
            if "space" in str(error).lower():
                raise RunError("plan-disk-full", f"step {name}: {error}") from error
            raise
        _log.debug("plan.step", extra={"step": name, "cpu_seconds": round(time.process_time() - began, 3)})
