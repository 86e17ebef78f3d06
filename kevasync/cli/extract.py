"""`kevasync extract`: snapshots of the sides, to plan from later."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.records import Side

__all__ = ["extract"]


def extract(
    ctx: typer.Context,
    side: Annotated[Side | None, typer.Argument(help="`keva` or `salesforce`; both without.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Everything, not only what moved since the last time.")] = False,
    keva_export: Annotated[Path | None, typer.Option(help="The Keva export to read, instead of the newest.")] = None,
    object_name: Annotated[str, typer.Option("--object", help="The mapping's object.")] = "contact",
) -> int:
    """Take a snapshot of Keva, of Salesforce, or of both. Writes to neither side."""
    from kevasync.cli import flow

    at = Context.of(ctx)
    with at.workspace.lock("extract"), flow.open_all(at, object_name, keva_export=keva_export) as opened:
        taken = [flow.extract(opened, one, full=full) for one in ([side] if side else list(Side))]
    document = {
        "snapshots": [
            {
                "side": str(item.side),
                "id": item.id,
                "rows": item.rows,
                "full": item.full,
                "missing": list(item.missing),
                "api_calls": item.api_calls,
                "watermark": item.watermark,
            }
            for item in taken
        ]
    }
    columns = ("side", "rows", "kind", "API calls", "fields the side lacks")
    rows = [
        (item.side, f"{item.rows:,}", "full" if item.full else "increment", item.api_calls, ", ".join(item.missing))
        for item in taken
    ]
    at.out(document, lambda screen: screen.table(columns, rows, right=("rows", "API calls")))
    return ExitCode.DONE
