"""What a command is given: where it runs, how it speaks, and how it is stopped."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from kevasync.cli.interrupt import Interrupt
from kevasync.cli.render import Screen
from kevasync.errors import KevasyncError, UsageError

if TYPE_CHECKING:
    import typer

    from kevasync.endpoint import Progress
    from kevasync.workspace import Workspace

__all__ = ["Context"]

View = Callable[[Screen], None]


@dataclass
class Context:
    """One run of the command line.

        def plan(ctx: typer.Context, ...) -> ExitCode:
            at = Context.of(ctx)
            made = make_plan(at.workspace, progress=at.progress, stop=at.stop)
            at.out(made.as_dict(), lambda screen: show_plan(screen, made))
            return ExitCode.DONE

    `out` prints the result once: the document as JSON, or the view for people. Notes and progress go to stderr.
    """

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    color: bool = field(default_factory=lambda: not os.environ.get("NO_COLOR"))
    folder: Path | None = None
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    printed: bool = False

    @staticmethod
    def of(ctx: typer.Context) -> Context:
        """The Context of a Typer context."""
        found = ctx.find_object(Context)
        if found is None:
            raise LookupError("the command was started without kevasync.cli.main.run")
        return found

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace around `--workspace` or the current folder, opened once. Raises UsageError."""
        from kevasync.workspace import Workspace

        return Workspace.open(self.folder)

    @cached_property
    def screen(self) -> Screen:
        """Where results for people go."""
        return Screen(self.stdout, color=self.color)

    @cached_property
    def margin(self) -> Screen:
        """Where notes for people go, beside the result: stderr."""
        return Screen(self.stderr, color=self.color)

    @cached_property
    def progress(self) -> Progress:
        """Told how far the work is: a bar on a terminal, log lines elsewhere, nothing when quiet."""
        from kevasync.cli.progress import make_progress

        return make_progress(self.stderr, quiet=self.quiet, color=self.color)

    @cached_property
    def stop(self) -> Interrupt:
        """Asked between batches. From its first use on, the first Ctrl-C only sets it; the second stops at once."""
        return Interrupt(self.stderr).arm()

    def out(self, document: Mapping[str, Any], view: View) -> None:
        """Print the result: `document` on stdout with --json, else what `view` draws. Once a command."""
        if self.printed:
            raise RuntimeError("a command prints one result")
        self.printed = True
        try:
            if self.json:
                self.stdout.write(as_json(document, self.stdout) + "\n")
            else:
                view(self.screen)
            self.stdout.flush()
        except BrokenPipeError:  # `kevasync log | head`: the work decides how the command ends, not its reader
            forget(self.stdout)

    def note(self, text: str) -> None:
        """Say something beside the result, on stderr; silent when quiet."""
        if not self.quiet:
            self.margin.line(text)

    def detail(self, text: str) -> None:
        """Say something only to those who asked for --verbose."""
        if self.verbose and not self.quiet:
            self.margin.line(text, style="dim")

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask on the terminal; return only for a yes. Raises UsageError without a terminal, or for any other answer."""
        if yes:
            return
        if not (sys.stdin.isatty() and self.stderr.isatty()):
            raise UsageError("confirmation-needed", f'"{question}" needs an answer and there is no terminal')
        self.stderr.write(f"{question} [y/N] ")
        self.stderr.flush()
        if sys.stdin.readline().strip().casefold() not in {"y", "yes"}:
            raise UsageError("not-confirmed", f'"{question}" was not answered with yes; nothing was written')

    def fail(self, error: KevasyncError) -> int:
        """Print an error: as the JSON document where none was printed yet, and for people on stderr. Its exit code."""
        try:
            self.margin.error(error)
            if self.json and not self.printed:
                self.printed = True
                self.stdout.write(as_json(error.as_dict(), self.stdout) + "\n")
                self.stdout.flush()
        except BrokenPipeError:
            forget(self.stdout)
        return error.exit_code

    def abandon(self) -> None:
        """The reader of stdout went away before the result was written: say so, and let the rest go nowhere."""
        forget(self.stdout)
        with suppress(OSError):
            self.margin.line("the reader of the output went away before all of it was written")

    def close(self) -> None:
        """Give the signal handlers back and take the progress bar down."""
        if "stop" in self.__dict__:
            self.stop.disarm()
        if "progress" in self.__dict__:
            self.progress.done()


def as_json(document: Mapping[str, Any], stream: TextIO) -> str:
    """One JSON document, readable by people too; ASCII only where the stream is not UTF-8."""
    utf8 = (stream.encoding or "ascii").casefold().replace("-", "") in {"utf8", "utf8sig"}
    return json.dumps(document, indent=2, ensure_ascii=not utf8, default=str)


def forget(stream: TextIO) -> None:
    """Send what is still buffered to nowhere, so that Python does not complain again at exit."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
