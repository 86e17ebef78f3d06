"""What a command hands to the notebook it starts: a file that only its owner reads, named in the environment."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from kevasync.automap.fields import Suggestion, TargetField
from kevasync.errors import UsageError

__all__ = ["SESSION", "Level", "MappingSession", "Measured", "load", "measured_page", "page_name", "save"]

SESSION = "KEVASYNC_REVIEW"
"""The environment variable with the path of the session file."""
VERSION = 1


class Session(Protocol):
    """What every session says."""

    @property
    def version(self) -> int:
        """The format of the file."""


S = TypeVar("S", bound=Session)


@dataclass(frozen=True, slots=True)
class Level:
    """What accepting everything from one confidence on was measured to be worth: precision in [0, 1], of `count`."""

    threshold: float
    precision: float
    count: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """The measured precision of a model by confidence, surest first, and how it was measured, in a sentence."""

    levels: tuple[Level, ...]
    note: str


@dataclass(frozen=True, slots=True)
class MappingSession:
    """One mapping review: the suggestions for the columns of one file, as they were when the command was given."""

    workspace: str
    object: str
    source: str
    who: str
    suggestions: tuple[Suggestion, ...]
    targets: tuple[TargetField, ...]
    measured: Measured | None = None
    spelling: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    version: int = VERSION

    @property
    def name(self) -> str:
        """What the browser keeps its undelivered presses under: the same for every start on the same file."""
        return page_name(self.workspace, self.object, self.source)


def page_name(*parts: str) -> str:
    """A short name of what a session is about."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def measured_page(measured: Measured | None) -> dict[str, Any] | None:
    """Measured precision as the screen reads it."""
    if measured is None:
        return None
    levels = [
        {"threshold": item.threshold, "precision": item.precision, "count": item.count} for item in measured.levels
    ]
    return {"note": measured.note, "levels": levels}


def save(session: Any, path: Path) -> None:
    """Write a session; it has sample values in it, so only its owner may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(TypeAdapter(type(session)).dump_json(session, warnings=False))


def load(kind: type[S], path: Path | str | None = None) -> S:
    """The session of this path, else of the environment. Raises UsageError `review-session`."""
    named = path or os.environ.get(SESSION)
    if not named:
        raise UsageError("review-session", "no session was given to this notebook")
    try:
        found: S = TypeAdapter(kind).validate_json(Path(named).read_bytes())
    except OSError as error:
        raise UsageError("review-session", f"{named} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise UsageError("review-session", f"{named}: {error.errors()[0]['msg']}") from None
    if found.version != VERSION:
        raise UsageError("review-session", f"{named} is of another kevasync")
    return found
