r"""Every error a user can meet: its code, what happened, why, and the next command to type.

KevasyncError            catch this one to catch all of ours
├── UsageError     (2)   the user's mistake: usage, config, mapping, an export that cannot be read
├── RunError       (1)   the run failed, or the other side did
└── Refused        (3)   a guard stopped it, or the plan is stale

    try:
        plan = make_plan(...)
    except KevasyncError as error:
        print(error.code, error.what, error.why, *error.next_steps, sep="\\n")

A code stands in `catalogue/*.toml` with its title, cause and remedy; the pages in docs/errors are made from there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Literal

__all__ = ["CatalogueEntry", "KevasyncError", "Problem", "Refused", "RunError", "UsageError", "catalogue"]


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """What is always true of one error code; the occurrence adds record, field and value."""

    code: str
    title: str
    why: str
    next_steps: tuple[str, ...]
    area: str


@cache
def catalogue() -> Mapping[str, CatalogueEntry]:
    """All error codes by code, read once from `catalogue/*.toml`."""
    entries: dict[str, CatalogueEntry] = {}
    for file in sorted(resources.files("kevasync").joinpath("catalogue").iterdir(), key=lambda item: item.name):
        if not file.name.endswith(".toml"):
            continue
        for code, text in tomllib.loads(file.read_text(encoding="utf-8")).items():
            entries[code] = CatalogueEntry(
                code, text["title"], text["why"], tuple(text["next"]), file.name.removesuffix(".toml")
            )
    return entries


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a mapping, a file or a batch; collected and reported together."""

    code: str
    severity: Literal["error", "warning"]
    message: str
    object: str | None = None
    field: str | None = None
    hint: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The JSON form that scripts read: code, severity, object, field, message, hint."""
        return {
            "code": self.code,
            "severity": self.severity,
            "object": self.object,
            "field": self.field,
            "message": self.message,
            "hint": self.hint,
        }


@dataclass(eq=False)
class KevasyncError(Exception):
    """Base of all: `what` says what happened (record, field, value); why and next steps default to the catalogue's."""

    code: str
    what: str
    why: str = ""
    next_steps: Sequence[str] = ()
    problems: Iterable[Problem] = field(default=())

    exit_code = 1

    def __post_init__(self) -> None:
        """Fill why and next steps from the catalogue; an unknown code is a programming error."""
        entry = catalogue()[self.code]
        self.why = self.why or entry.why
        self.next_steps = tuple(self.next_steps) or entry.next_steps
        self.problems = tuple(self.problems)
        super().__init__(self.what)

    def __str__(self) -> str:
        """Code and event on one line, for logs."""
        return f"{self.code}: {self.what}"

    def as_dict(self) -> dict[str, Any]:
        """The JSON form of the error, as every `--json` command prints it."""
        return {
            "error": {
                "code": self.code,
                "what": self.what,
                "why": self.why,
                "next": list(self.next_steps),
                "problems": [problem.as_dict() for problem in self.problems],
            }
        }


class UsageError(KevasyncError):
    """The user's mistake; nothing was written. Exit code 2."""

    exit_code = 2


class RunError(KevasyncError):
    """The run failed, or some of it; what was done is in the ledger. Exit code 1."""

    exit_code = 1


class Refused(KevasyncError):  # noqa: N818 a refusal is no error
    """A guard stopped the run before the first write, or the plan is stale. Exit code 3."""

    exit_code = 3
