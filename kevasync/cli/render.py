"""How results look to people: lines, tables and errors; plain text where there is no terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

    from kevasync.errors import KevasyncError, Problem

__all__ = ["Screen", "number", "safe", "shortened"]

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SHOWN_PROBLEMS = 50
SHOWN_LENGTH = 300


def safe(text: str) -> str:
    """Text from a record, made harmless for a terminal: control and direction characters are shown, not obeyed."""
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def shortened(text: str, most: int = SHOWN_LENGTH) -> str:
    """A long value cut for people, with its length; --json has all of it."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


def number(value: float) -> str:
    """1,204 for people; JSON has the bare number."""
    return f"{value:,}"


class Screen:
    """A stream for people. Values are never read as markup; lines wrap on a terminal only."""

    def __init__(self, stream: TextIO, *, color: bool = True) -> None:
        self.stream = stream
        self.terminal = stream.isatty()
        self.color = color and self.terminal

    @property
    def console(self) -> Console:
        """A rich console on the same stream, for what needs more than lines and tables."""
        from rich.console import Console

        width = None if self.terminal else 10_000
        return Console(
            file=self.stream,
            width=width,
            no_color=not self.color,
            markup=False,
            highlight=False,
            emoji=False,
            soft_wrap=True,
        )

    def line(self, text: str = "", *, style: str | None = None) -> None:
        """Print one paragraph; `style` is a rich style such as `bold`, used where there is colour."""
        if self.color and style is not None:
            self.console.print(safe(text), style=style)
        else:
            self.stream.write(safe(text) + "\n")

    def heading(self, text: str) -> None:
        """Print a line that stands out."""
        self.line(text, style="bold")

    def pairs(self, rows: Iterable[tuple[str, object]]) -> None:
        """Print names and values, the values in one column."""
        listed = [(safe(name), safe(str(value))) for name, value in rows]
        width = max((len(name) for name, _ in listed), default=0)
        for name, value in listed:
            self.stream.write(f"  {name:<{width}}  {value}\n")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> None:
        """Print a table: fitted to the terminal, or whole and unwrapped elsewhere. `right` columns are set right."""
        from rich import box
        from rich.console import Console
        from rich.table import Table

        drawn = Table(
            box=box.SIMPLE if self.terminal else None, pad_edge=False, header_style="bold" if self.color else ""
        )
        for column in columns:
            drawn.add_column(safe(column), justify="right" if column in right else "left", no_wrap=not self.terminal)
        for row in rows:
            drawn.add_row(*("" if cell is None else safe(str(cell)) for cell in row))
        if self.terminal:
            self.console.print(drawn)
            return
        console = Console(width=10_000, no_color=True, markup=False, highlight=False, emoji=False, file=sys.stdout)
        with console.capture() as captured:
            console.print(drawn)
        self.stream.writelines(line.rstrip() + "\n" for line in captured.get().splitlines())

    def problems(self, problems: Sequence[Problem]) -> None:
        """List what is wrong with a mapping, a file or a batch, hints below each."""
        for problem in problems[:SHOWN_PROBLEMS]:
            where = ".".join(part for part in (problem.object, problem.field) if part)
            self.line(
                f"{problem.severity}[{problem.code}]{f' {where}' if where else ''}: {problem.message}",
                style="red" if problem.severity == "error" else "yellow",
            )
            if problem.hint:
                self.line(f"    {problem.hint}")
        if len(problems) > SHOWN_PROBLEMS:
            self.line(f"... and {number(len(problems) - SHOWN_PROBLEMS)} more; --json lists them all")

    def error(self, error: KevasyncError) -> None:
        """Show an error: code and event, why, what to do next, and the single problems behind it."""
        self.line(f"error[{error.code}]: {error.what}", style="bold red")
        problems = tuple(error.problems)
        if len(problems) == 1 and problems[0].message in error.what:  # said already
            if problems[0].hint:
                self.line(f"    {problems[0].hint}")
        else:
            self.problems(problems)
        if error.why:
            self.line(f"  why:  {error.why}")
        for position, step in enumerate(error.next_steps):
            self.line(f"  {'next:' if position == 0 else '     '} {step}")
        self.stream.flush()
