"""Small pieces of DuckDB SQL that snapshots and base share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

__all__ = ["list_of", "parquet", "quote_identifier", "quote_literal"]


def quote_identifier(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def list_of(items: Sequence[str]) -> str:
    """A VARCHAR[] of SQL expressions."""
    return f"CAST([{', '.join(items)}] AS VARCHAR[])"


def parquet(parts: Sequence[Path]) -> str:
    """A table function that reads these files; columns are matched by name. Characters of globs are taken as they are."""
    files = ", ".join(quote_literal(_plain(part)) for part in parts)
    union = ", union_by_name = true" if len(parts) > 1 else ""
    return f"read_parquet([{files}]{union})"


def _plain(part: Path) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(part))
