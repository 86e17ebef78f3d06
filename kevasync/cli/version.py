"""`kevasync version`: which versions are running, for bug reports."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

import typer

import kevasync
from kevasync.cli.context import Context

__all__ = ["PACKAGES", "version", "versions"]

PACKAGES = (
    "duckdb",
    "pandas",
    "pyarrow",
    "simple-salesforce",
    "great-expectations",
    "scikit-learn",
    "sqlalchemy",
    "marimo",
)


def versions() -> dict[str, str | None]:
    """The installed version of each package that matters; None where it is not installed."""
    found: dict[str, str | None] = {}
    for package in PACKAGES:
        try:
            found[package] = installed(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def version(ctx: typer.Context) -> None:
    """Show the versions of kevasync and of what it stands on."""
    at = Context.of(ctx)
    document = {
        "kevasync": kevasync.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": versions(),
    }
    at.out(
        document,
        lambda screen: screen.pairs(
            [
                ("kevasync", document["kevasync"]),
                ("python", document["python"]),
                ("platform", document["platform"]),
                *((name, found or "not installed") for name, found in versions().items()),
            ]
        ),
    )
