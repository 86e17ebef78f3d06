"""The table of commands, and the group that imports a command's module only when that command runs."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command as build_command

from kevasync.cli.shared import add_shared_options

__all__ = ["COMMANDS", "Entry", "LazyGroup"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: its one-line help, the section of `--help`, and where it is (`module:function` or `module:app`).

    A function becomes a command with the function's docstring as its help; a `typer.Typer` becomes a group.
    """

    section: str
    help: str
    target: str


START = "Start"
WORK = "Move data"
LOOK = "Look and take back"

COMMANDS: dict[str, Entry] = {
    "init": Entry(START, "Make a workspace: settings, a documented mapping, folders.", "kevasync.cli.init:init"),
    "connect": Entry(START, "Store how to sign in to a side, encrypted, and try it.", "kevasync.cli.connect:connect"),
    "doctor": Entry(START, "Check versions, workspace, tokens, both sides, disk, clock.", "kevasync.cli.doctor:doctor"),
    "mapping": Entry(START, "Check the mapping file, or show what it says.", "kevasync.cli.mapping:app"),
    "automap": Entry(
        START, "Suggest which Salesforce field each column goes to, with the evidence.", "kevasync.cli.automap:app"
    ),
    "review": Entry(WORK, "Decide on suggestions in the browser, by keyboard.", "kevasync.cli.review:app"),
    "dedupe": Entry(
        WORK, "Find duplicates in the workspace's snapshots, or in any table.", "kevasync.cli.dedupe:dedupe"
    ),
    "link": Entry(WORK, "Say that a customer is a Contact, or that it is not.", "kevasync.cli.link:link"),
    "accounts": Entry(
        WORK, "Find the Account of each customer by company and e-mail domain.", "kevasync.cli.accounts:accounts"
    ),
    "merge": Entry(WORK, "Write the merges that were decided on into a plan.", "kevasync.cli.merge:merge"),
    "quality": Entry(LOOK, "Check a plan or the snapshots against the quality suites.", "kevasync.cli.quality:quality"),
    "version": Entry(START, "Show the versions of kevasync and of what it stands on.", "kevasync.cli.version:version"),
    "demo": Entry(START, "Show it all work, on synthetic data and a local org.", "kevasync.cli.demo:demo"),
    "extract": Entry(WORK, "Take a snapshot of a side.", "kevasync.cli.extract:extract"),
    "plan": Entry(WORK, "Compare both sides and write down what apply would do.", "kevasync.cli.plan:plan"),
    "show": Entry(LOOK, "Show a plan; with --why, one record in full.", "kevasync.cli.show:show"),
    "apply": Entry(WORK, "Do exactly what a plan says, or refuse.", "kevasync.cli.apply:apply"),
    "reconcile": Entry(WORK, "Extract, plan and apply in one, for schedulers.", "kevasync.cli.reconcile:reconcile"),
    "undo": Entry(LOOK, "Take a run back.", "kevasync.cli.apply:undo"),
    "log": Entry(LOOK, "List runs, and every change with its outcome.", "kevasync.cli.log:log"),
    "sandbox": Entry(START, "Run a Salesforce org and Keva on this machine.", "kevasync.cli.sandbox:sandbox"),
}
"""Every command, in the order in which `--help` shows them. A command that is not here does not exist."""


class LazyGroup(TyperGroup):
    """A group whose `--help` reads the table above and whose commands are imported when they are called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {
            name: TyperCommand(name, help=entry.help, rich_markup_mode=None) for name, entry in COMMANDS.items()
        }

    def load(self, name: str) -> Any:
        """The real command of that name, with the options that every command has. Raises KeyError."""
        module, _, attribute = COMMANDS[name].target.partition(":")
        found = getattr(import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            app = typer.Typer(add_completion=False, rich_markup_mode=None)
            app.command(name, short_help=COMMANDS[name].help)(found)
            found = app
        command = build_command(found)
        command.name = name
        add_shared_options(command)
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Swap the line of the table for the command itself."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, self.load(name) if name else command, rest

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 the signature is Typer's
        """List the commands by section, in the order of the table."""
        for section in dict.fromkeys(entry.section for entry in COMMANDS.values()):
            rows = [(name, entry.help) for name, entry in COMMANDS.items() if entry.section == section]
            with formatter.section(section):
                formatter.write_dl(rows)
