"""The entry point: parses, runs one command, and turns every ending into text or JSON and an exit code."""

from __future__ import annotations

import atexit
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO

import typer

import kevasync
from kevasync.cli.commands import LazyGroup
from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.cli.failures import explain
from kevasync.cli.logs import listen
from kevasync.cli.shared import add_shared_options

__all__ = ["build", "main", "run"]

HELP = """Keep Keva customer profiles and Salesforce Contacts in agreement: plan, review, apply, undo.

Nothing is written that was not in a plan. Begin with `kevasync init DIR`, or see it all work with `kevasync demo`.
"""

COMPLETION = "_KEVASYNC_COMPLETE"
EPILOG = (
    "Exit codes: 0 done; 1 the run or some rows failed; 2 your mistake; 3 refused by a guard, or stale; "
    "4 (with --detailed-exitcode) changes or review items exist."
)


def _root(
    ctx: typer.Context, version: Annotated[bool, typer.Option("--version", help="Show the version and end.")] = False
) -> None:
    if version:
        Context.of(ctx).screen.line(f"kevasync {kevasync.__version__}")
        raise typer.Exit(ExitCode.DONE)
    if ctx.invoked_subcommand is None:
        Context.of(ctx).screen.stream.write(ctx.get_help() + "\n")


def build() -> LazyGroup:
    """The whole command line as one group; its commands are imported when they run."""
    app = typer.Typer(cls=LazyGroup, add_completion=True, rich_markup_mode=None)
    app.callback(help=HELP, epilog=EPILOG, invoke_without_command=True)(_root)
    group = typer.main.get_command(app)
    if not isinstance(group, LazyGroup):
        raise TypeError("Typer did not build the group it was asked for")
    add_shared_options(group, inner=False)
    return group


def run(arguments: Sequence[str], stdout: TextIO | None = None) -> int:
    """Run one command line in this process; prints (to `stdout` where given), never raises, returns the exit code."""
    context = Context(json=_wants_json(arguments), folder=_named_folder(arguments), stdout=stdout or sys.stdout)
    unlisten = listen(context.stderr, quiet=lambda: context.quiet, verbose=lambda: context.verbose)
    try:
        ended = _invoke(arguments, context)
        return int(ended) if isinstance(ended, int) else ExitCode.DONE
    except SystemExit as ended:  # shell completion ends so
        return ended.code if isinstance(ended.code, int) else ExitCode.FAILED
    except BrokenPipeError:
        context.abandon()
        return ExitCode.FAILED
    except BaseException as error:  # noqa: BLE001 the last line of defence: no traceback ever reaches the user
        context.close()
        return context.fail(explain(error, arguments, context.folder))
    finally:
        context.close()
        unlisten()


def _invoke(arguments: Sequence[str], context: Context) -> Any:
    group = build()
    if COMPLETION in os.environ:
        return group.main(list(arguments), prog_name="kevasync")
    try:
        # not group.main(): it would turn Ctrl-C and a closed pipe into exit codes before we can say what they mean
        with group.make_context("kevasync", list(arguments), obj=context) as ctx:
            return group.invoke(ctx)
    except typer.Exit as ended:
        return ended.exit_code


def _wants_json(arguments: Sequence[str]) -> bool:
    """Known before parsing, so that a mistake in the other arguments is reported as JSON as well."""
    return "--json" in arguments[: arguments.index("--") if "--" in arguments else None]


def _named_folder(arguments: Sequence[str]) -> Path | None:
    """The --workspace of the command line, for a crash report written before it was parsed."""
    for position, argument in enumerate(arguments):
        if argument == "--workspace" and position + 1 < len(arguments):
            return Path(arguments[position + 1])
    return None


def main() -> None:
    """Run `kevasync` and exit."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    _leave(run(sys.argv[1:]))


def _leave(code: int) -> NoReturn:
    """End the process at once: to take a million rows' worth of objects apart first cost a twentieth of a plan.

    What asked to be run at the end is run, and what was printed gets out, as in a usual exit.
    """
    atexit._run_exitfuncs()  # noqa: SLF001 there is no public name for it
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # the reader is gone, or the disk behind it is full
            code = code or ExitCode.FAILED
    os._exit(code)
