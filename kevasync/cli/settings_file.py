"""Writes a setting into kevasync.toml and leaves every comment, and every value that is there, where it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["put_settings"]


def put_settings(path: Path, values: Mapping[tuple[str, str], str]) -> list[str]:
    """Set `[section] key` for each pair of `values` that the file does not set yet; answer the names that were set."""
    import tomlkit

    document: Any = tomlkit.parse(path.read_text(encoding="utf-8-sig"))
    done: list[str] = []
    for (section, key), value in values.items():
        if section not in document:
            document[section] = tomlkit.table()
        if key not in document[section]:
            document[section][key] = value
            done.append(f"{section}.{key}")
    if done:
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(tomlkit.dumps(document), encoding="utf-8")
        temporary.replace(path)
    return done
