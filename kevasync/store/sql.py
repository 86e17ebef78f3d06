"""Small pieces of DuckDB SQL that snapshots and base share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kevasync.values import quote_literal

__all__ = ["list_of", "parquet"]


def list_of(items: Sequence[str]) -> str:
    """A VARCHAR[] of SQL expressions."""
    return f"CAST([{', '.join(items)}] AS VARCHAR[])"


def parquet(parts: Sequence[Path]) -> str:
    """A table function that reads these files, columns by name; glob characters in paths stand for themselves."""
    files = ", ".join(quote_literal(_plain(part)) for part in parts)
    union = ", union_by_name = true" if len(parts) > 1 else ""
    return f"read_parquet([{files}]{union})"


def _plain(part: Path) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(part))
