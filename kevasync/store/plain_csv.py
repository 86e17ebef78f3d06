"""What every reader of CSV needs before it reads: encoding, the first rows, and SQL that skips no line."""

from __future__ import annotations

import codecs
import csv
import io
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from kevasync.values import quote_identifier, quote_literal

__all__ = ["DELIMITERS", "HighBytes", "encoding_of", "first_rows", "lift_cell_limit", "whole_sql"]

DELIMITERS = ",;\t|"
_ROWS = 40
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")
_UNDEFINED = (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d")


def encoding_of(head: bytes) -> str:
    """UTF-8, UTF-16 or UTF-32 by the mark or the zero bytes that a file begins with; UTF-8 where nothing tells."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    sample = head[:4096]
    half = max(len(sample) // 2, 1)
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if sample[start::2].count(0) > 0.3 * half:  # Latin letters have one each
            return encoding
    return "utf-8"


@dataclass(slots=True)
class HighBytes:
    """The bytes beyond ASCII of a file that is not UTF-8 throughout: whether it is Windows-1252."""

    whole: int = 0
    broken: int = 0
    undefined: bool = False

    def add(self, chunk: bytes) -> None:
        """Count those of one stretch of the file, which ends with a whole character."""
        if chunk.isascii():
            return
        self.whole += len(_SEQUENCE.findall(chunk))
        rest = _HIGH.findall(_SEQUENCE.sub(b"", chunk))
        self.broken += len(rest)
        self.undefined = self.undefined or any(byte in rest for byte in _UNDEFINED)

    @property
    def windows(self) -> bool:
        """In Windows-1252 text, bytes that happen to be UTF-8 are rare, and five bytes never stand."""
        return self.broken > 0 and not self.undefined and self.whole * 4 <= self.broken


def lift_cell_limit() -> None:
    """Let the csv module read long notes: its own limit is 128 KiB a cell."""
    csv.field_size_limit(sys.maxsize)


def first_rows(sample: str, delimiter: str, *, whole: bool, spaced: bool = False) -> list[list[str]]:
    """The first rows of a file's beginning that are not blank; unless it is the `whole` file, the last may be cut."""
    lift_cell_limit()
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, skipinitialspace=spaced)
    rows = [row for row in islice(reader, _ROWS) if row]
    return rows if whole or len(rows) < 2 else rows[:-1]  # noqa: PLR2004 the header stays


def whole_sql(path: Path, delimiter: str, names: Sequence[str]) -> str:
    """SELECT of all rows after the header, every column as text; it fails on any line with other cells, and skips none.

    Positional names inside, so that no heading can mislead the reader; without detection, which would leave out leading
    lines until the widths agree.
    """
    spec = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(len(names)))
    called = ", ".join(f"c{at} AS {quote_identifier(name)}" for at, name in enumerate(names))
    return (
        f"SELECT {called} FROM read_csv({quote_literal(str(path))}, delim = {quote_literal(delimiter)}, "  # noqa: S608 quoted
        f"quote = '\"', escape = '\"', header = true, skip = 0, auto_detect = false, strict_mode = true, "
        f"columns = {{{spec}}})"
    )
