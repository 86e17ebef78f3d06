"""Names of columns and values as text: what every reader of an export has in common."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from kevasync.endpoint import META_COLUMNS
from kevasync.errors import UsageError

__all__ = ["CUSTOM", "Raw", "Writer", "as_text", "fold", "named", "one_of"]

CUSTOM = frozenset({"customfields"})
"""Folded names of the column that holds the custom fields of a record."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_BETWEEN = re.compile(r"(?<=[^\W_])[ _-]+(?=[^\W_])")
_CELLS_A_GROUP = 2_000_000
_BYTES_A_GROUP = 64 * 2**20
_RESERVED = frozenset(META_COLUMNS)


@dataclass(frozen=True, slots=True)
class Raw:
    """What a reader found: SQL that yields the columns as VARCHAR, and where a record stands when it must be named.

    `absent` says that the SQL also yields `_absent`. `locate(column, values)` gives (value, place) of every record with
    one of the values in that column, `""` standing for none. `believe(rows)` tells whether a fast read of so many rows
    agrees with what the bytes say; when it does not, or when the fast SQL fails, `exact()` reads again by the book,
    slower, and either returns SQL over what it wrote or raises the error that names the line.
    """

    sql: str
    columns: tuple[str, ...]
    absent: bool
    locate: Callable[[str, frozenset[str]], list[tuple[str, str]]]
    believe: Callable[[int], bool] = lambda _: True
    exact: Callable[[], Raw] | None = None


def fold(name: str) -> str:
    """The form in which names are compared: `Customer ID`, `customer_id` and `customerId` are one."""
    return _BETWEEN.sub("", name.casefold())


def one_of(columns: Sequence[str], wanted: Sequence[str]) -> str | None:
    """The first of `wanted` that the columns have, in the columns' own spelling; exact spelling goes first."""
    for name in wanted:
        if name in columns:
            return name
        folded = fold(name)
        for column in columns:
            if fold(column) == folded:
                return column
    return None


def named(headings: Sequence[str], path: Path, spelling: Callable[[str], str]) -> tuple[str, ...]:
    """The column names for these headings: trimmed, known names in their usual spelling, nameless ones by position.

    Raises UsageError export-column-twice; names that differ in case only are one name to a database.
    """
    names: list[str] = []
    seen: dict[str, str] = {}
    for position, heading in enumerate(headings, 1):
        name = spelling(heading.strip()) or f"column {position}"
        if name.casefold() in _RESERVED:
            name += "_"
        if "\0" in name:
            raise UsageError("export-nul", f"{path}: a NUL character stands in the name of column {position}.")
        twin = seen.setdefault(name.casefold(), heading.strip())
        if len(seen) != position:
            own = heading.strip()
            what = f"{own!r} stands twice" if twin == own else f"{twin!r} and {own!r} are one name"
            raise UsageError(
                "export-column-twice", f"{path}: among the columns, {what} (the second is column {position})."
            )
        names.append(name)
    return tuple(names)


def as_text(value: Any) -> str | None:
    """The text of a JSON value: `true`, `12`, `1.5`, a JSON array; a string is itself, null is None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, int | float) else _encode(value)


class Writer:
    """Writes rows of texts to one Parquet file, a bounded number of cells at a time."""

    def __init__(self, path: Path, columns: Sequence[str], *, absent: bool = False) -> None:
        # plans over Parquet never write rows: they are spared a fifth of a second of imports
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        self.columns = tuple(columns)
        fields = [pa.field(name, pa.string()) for name in self.columns]
        if absent:
            fields.append(pa.field("_absent", pa.list_(pa.string())))
        self._schema = pa.schema(fields)
        self._file = pq.ParquetWriter(path, self._schema)
        self._rows: list[Sequence[Any]] = []
        self._size = 0
        self._most = max(64, _CELLS_A_GROUP // max(len(fields), 1))

    def add(self, row: Sequence[Any], size: int) -> None:
        """One row in the order of the columns (then `_absent`); `size` is about its bytes."""
        self._rows.append(row)
        self._size += size
        if len(self._rows) >= self._most or self._size >= _BYTES_A_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            import pyarrow as pa  # noqa: PLC0415 as above

            arrays = [
                pa.array(cells, field.type)
                for cells, field in zip(zip(*self._rows, strict=True), self._schema, strict=True)
            ]
            self._file.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._rows, self._size = [], 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            self._file.close()
