"""Read CSV with any delimiter: fast by DuckDB where the bytes bear it out, else line by line with exact errors."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kevasync.errors import UsageError
from kevasync.keva.columns import Raw, Writer, fold, named
from kevasync.keva.form import Form
from kevasync.store.plain_csv import DELIMITERS, first_rows, lift_cell_limit, whole_sql
from kevasync.values import quote_literal

__all__ = ["read"]

_SAMPLE = 4 * 2**20
_LONE_RETURN = re.compile(r"\r(?!\n)")


@dataclass(frozen=True, slots=True)
class _Table:
    form: Form
    delimiter: str
    columns: tuple[str, ...]


def read(form: Form, work: Path, wanted: tuple[str, ...], spelling: Callable[[str], str]) -> Raw:
    """What the file holds. `wanted` are names of the id column: a delimiter that makes one appear is the right one."""
    delimiter, headings = _header(form, wanted)
    table = _Table(form, delimiter, named(headings, form.path, spelling))
    width = len(table.columns)
    marks = form.marks
    plausible = width > 1 and marks.quotes % 2 == 0 and marks.line_ends() <= 1

    def believe(rows: int) -> bool:
        # Every row and the header have width-1 delimiters outside quotes: an independent count of what was read.
        return plausible and marks.delimiters[delimiter] == (width - 1) * (rows + 1)

    def exact() -> Raw:
        _write_exact(table, work / "exact.parquet")
        sql = f"SELECT * FROM read_parquet({quote_literal(str(work / 'exact.parquet'))})"  # noqa: S608 quoted
        return Raw(sql, table.columns, absent=False, locate=locate)

    def locate(column: str, values: frozenset[str]) -> list[tuple[str, str]]:
        at = table.columns.index(column)
        found = ((row[at].strip(), line) for line, row in _records(table))
        return [(value, f"line {line}") for value, line in found if value in values]

    if not plausible:
        return exact()
    return Raw(
        whole_sql(form.plain, delimiter, table.columns),
        table.columns,
        absent=False,
        believe=believe,
        exact=exact,
        locate=locate,
    )


def _header(form: Form, wanted: tuple[str, ...]) -> tuple[str, list[str]]:
    """The delimiter and the header record."""
    with form.plain.open(encoding="utf-8", newline="") as file:
        sample = file.read(_SAMPLE)
    ids = {fold(name) for name in wanted}
    best: tuple[tuple[bool, bool, float, int], str, list[str]] | None = None
    for delimiter in DELIMITERS:
        rows = first_rows(sample, delimiter, whole=len(sample) < _SAMPLE)
        if not rows:
            continue
        header, body = rows[0], rows[1:]
        fits = sum(len(row) == len(header) for row in body) / len(body) if body else 1.0
        has_id = any(fold(name) in ids for name in header)
        score = (has_id, len(header) > 1, fits, len(header))
        if best is None or score > best[0]:
            best = (score, delimiter, header)
    if best is None:
        raise UsageError("export-empty", f"{form.path} holds nothing but blank lines.")
    return best[1], best[2]


def _write_exact(table: _Table, target: Path) -> None:
    with Writer(target, table.columns) as writer:
        for _, row in _records(table):
            writer.add([cell or None for cell in row], sum(map(len, row)))


def _records(table: _Table) -> Iterator[tuple[int, list[str]]]:
    """(line on which the record begins, its cells), after the header; blank lines are passed over.

    Raises UsageError: export-truncated, export-quotes, export-ragged.
    """
    lift_cell_limit()
    path, width = table.form.path, len(table.columns)
    # Beside LF a lone CR is part of its cell, which the csv module refuses; NUL, refused before, stands in for it.
    by_feed = table.form.marks.newlines > 0
    with table.form.plain.open(encoding="utf-8", newline="\n" if by_feed else "") as file:
        reader = csv.reader(
            (_LONE_RETURN.sub("\0", line) if by_feed and "\r" in line else line for line in file),
            delimiter=table.delimiter,
            strict=True,
            skipinitialspace=table.form.marks.spaced_quote,
        )
        header_seen = False
        begins = 1
        try:
            for row in reader:
                if row and header_seen:
                    if len(row) != width:
                        raise _ragged(path, begins, len(row), width, last=next(reader, None) is None)
                    yield begins, [cell.replace("\0", "\r") for cell in row] if by_feed else row
                header_seen = header_seen or bool(row)
                begins = reader.line_num + 1
        except csv.Error as error:
            raise _broken_quote(path, begins, str(error)) from error


def _ragged(path: Path, line: int, found: int, width: int, *, last: bool) -> UsageError:
    if last and found < width:
        return UsageError("export-truncated", f"{path}, line {line}: the last row has {found} of {width} columns.")
    return UsageError("export-ragged", f"{path}, line {line}: {found} cells where the header has {width}.")


def _broken_quote(path: Path, line: int, message: str) -> UsageError:
    if "end of data" in message:
        return UsageError("export-truncated", f"{path}, line {line}: a quote opened in this row is never closed.")
    return UsageError("export-quotes", f"{path}, line {line}: text stands after the closing quote of a cell.")
