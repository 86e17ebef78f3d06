"""`kevasync reconcile`: extract, plan, guards, apply in one, for schedulers."""

from __future__ import annotations

from typing import Annotated

import typer

from kevasync.cli.apply import show_books
from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode

__all__ = ["reconcile"]
