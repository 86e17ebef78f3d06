"""`kevasync automap`: which Salesforce field each column goes to; suggestions, their review, and what was decided."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kevasync.cli.automap_train import train
from kevasync.cli.automap_view import show
from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.errors import UsageError

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode=None, invoke_without_command=True)


@app.callback()
def automap(
    ctx: typer.Context,
    source: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="An export (CSV, NDJSON, JSON, Parquet), or a JSON list of {name,label,type}."
        ),
    ] = None,
    object_name: Annotated[
        str, typer.Option("--object", metavar="NAME", help="Contact, Account or Lead: where the columns go.")
    ] = "Contact",
    describe: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A saved describe, or a JSON list of fields; else the standard fields."),
    ] = None,
    org: Annotated[bool, typer.Option("--org", help="Describe the connected org instead.")] = False,
    region: Annotated[
        str | None, typer.Option(metavar="XX", help="Country of telephone numbers and of dates such as 3/4/2024.")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the suggestions for review: .xlsx, .csv, or .sdl for Data Loader."),
    ] = None,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Record the decisions in a review (.xlsx, .csv) or a map (.sdl, .csv, .toml).",
        ),
    ] = None,
    write_mapping: Annotated[
        bool, typer.Option("--write-mapping", help="Put the accepted pairs into the workspace's mapping.toml.")
    ] = False,
) -> ExitCode:
    """Suggest which Salesforce field each column of a file goes to, how sure that is, and why.

    "No standard field" is an answer too, with the custom field to create. Nothing is applied by itself: decide in
    `--to review.xlsx`, read it back with `--from review.xlsx`, then `--write-mapping`. In a workspace every decision
    counts at once: what was rejected does not come back, what was accepted stands first and lifts its like.
    """
    if ctx.invoked_subcommand is not None:
        return ExitCode.DONE
    at = Context.of(ctx)
    if source is None and from_ is None and not write_mapping:
        raise UsageError("usage", "give --source FILE to get suggestions, or --from FILE to record decisions")
    if source is None and to is not None:
        raise UsageError("usage", "--to writes suggestions, so it needs --source FILE")
    if describe is not None and org:
        raise UsageError("usage", "--org and --describe are two ways to say the same; give one")
    from kevasync.cli.automap_desk import open_desk, parse_region

    region = parse_region(region)
    with open_desk(at, object_name, describe, org=org, needed=from_ is not None or write_mapping) as desk:
        document: dict[str, Any] = {"object": desk.object}
        if from_ is not None:
            document["recorded"] = desk.record(from_)
        suggestions = [] if source is None else desk.suggest(source, region)
        if source is not None:
            document |= {"source": str(source), "suggestions": [item.as_dict() for item in suggestions]}
        if to is not None:
            desk.write(to, suggestions)
            document["written"] = str(to)
        if write_mapping:
            document["mapping"] = desk.write_mapping()
        at.out(document, lambda screen: show(screen, document, suggestions, desk.notes))
        return desk.ending()


app.command()(train)
