"""The options that every command takes: --json, --workspace, --quiet, --verbose, --no-color."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command as build_command

from kevasync.cli.context import Context

__all__ = ["add_shared_options", "is_given"]


def _json(ctx: typer.Context, value: bool) -> None:
    Context.of(ctx).json |= value


def _workspace(ctx: typer.Context, value: Path | None) -> None:
    Context.of(ctx).folder = value or Context.of(ctx).folder


def _quiet(ctx: typer.Context, value: bool) -> None:
    Context.of(ctx).quiet |= value


def _verbose(ctx: typer.Context, value: bool) -> None:
    Context.of(ctx).verbose |= value


def _no_color(ctx: typer.Context, value: bool) -> None:
    Context.of(ctx).color &= not value


def _options(
    json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print one JSON document on stdout; text for people goes to stderr.", callback=_json
        ),
    ] = False,
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace",
            metavar="DIR",
            help="The workspace; else the folder you stand in, or one above it.",
            callback=_workspace,
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress, no notes: results and errors only.", callback=_quiet)
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say more about each step on stderr.", callback=_verbose)
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colour (so does the variable NO_COLOR).", callback=_no_color)
    ] = False,
) -> None:
    """Carry the options; never called."""


def add_shared_options(command: Any, *, inner: bool = True) -> None:
    """Give a command, and with `inner` every command of a group, the shared options it does not declare itself."""
    if inner and isinstance(command, TyperGroup):
        for below in command.commands.values():
            add_shared_options(below)
    taken = {name for param in command.params for name in param.opts}
    carrier = typer.Typer(add_completion=False, rich_markup_mode=None)
    carrier.command()(_options)
    for param in build_command(carrier).params:
        if taken.isdisjoint(param.opts):
            param.expose_value = False
            command.params.append(param)


def is_given(ctx: typer.Context, name: str) -> bool:
    """Whether the parameter of that name stands on the command line, rather than being left to its default."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
