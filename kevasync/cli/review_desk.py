"""What a review starts from: the suggestions of a file, made once, as a session for the notebook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kevasync.cli.automap_desk import open_desk, parse_region
from kevasync.cli.context import Context
from kevasync.errors import UsageError
from kevasync.keva.schema import spelled
from kevasync.review.session import Level, MappingSession, Measured
from kevasync.store.decisions import current_user

__all__ = ["mapping_session"]


def mapping_session(
    at: Context,
    source: Path,
    object_name: str,
    describe: Path | None,
    *,
    org: bool,
    region: str | None,
    who: str | None,
) -> MappingSession:
    """The suggestions for the columns of a file. Raises as `kevasync automap` does."""
    with open_desk(at, object_name, describe, org=org, needed=True) as desk:
        suggestions = desk.suggest(source, parse_region(region))
        if not suggestions:
            raise UsageError("automap-source", f"{source.name}: there is no column to map")
        return MappingSession(
            workspace=str(at.workspace.root),
            object=desk.object,
            source=source.name,
            who=who or current_user(),
            suggestions=tuple(suggestions),
            targets=tuple(desk.targets),
            measured=_measured(desk.measured, desk.object),
            spelling={item.source.name: spelled(item.source.name) for item in suggestions},
            notes=tuple(desk.notes),
        )


def _measured(held_out: Mapping[str, Any], object_name: str) -> Measured | None:
    """The precision that the model's provenance says was measured on columns of this object; None where it has none."""
    figures = held_out.get(object_name) or held_out.get("all")
    if not figures:
        return None
    columns = figures["columns"]
    levels = [Level(*level) for level in figures.get("levels", ())] or [
        Level(figures["threshold_99"], 0.99, round(columns * figures["acceptable_at_99"])),
        Level(0.9, figures["precision_at_90"], round(columns * figures["share_at_90"])),
    ]
    note = f"Measured on {columns:,} columns of systems that the model had not seen when it was measured."
    return Measured(tuple(sorted(levels, key=lambda level: -level.threshold)), note)
