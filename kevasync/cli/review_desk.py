"""What a review starts from: the suggestions of a file, made once, as a session for the notebook."""

from __future__ import annotations

from pathlib import Path

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
            measured=_measured(),
            spelling={item.source.name: spelled(item.source.name) for item in suggestions},
            notes=tuple(desk.notes),
        )


def _measured() -> Measured | None:
    """The precision that the model's provenance says was measured; None where it says none."""
    from kevasync.automap.suggest import Suggester

    model = Suggester.load()
    levels = getattr(model, "measured", ())
    if not levels:
        return None
    made = tuple(Level(float(threshold), float(precision), int(count)) for threshold, precision, count in levels)
    return Measured(made, "Measured on systems that the model had not seen; see its card in models/.")
