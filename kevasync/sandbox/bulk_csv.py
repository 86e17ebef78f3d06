"""CSV as the Bulk API reads and writes it: strict in, every cell quoted out, with the offset of each row for paging."""

from __future__ import annotations

import array
import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

DELIMITERS = {"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
MAX_FIELDS = 5000
MAX_RECORD_CHARACTERS = 400_000
BLOCK = 1 << 20


class CsvError(Exception):
    """Why a whole upload is refused; the text is the job's errorMessage."""


class _Lines:
    """The physical lines of a file; remembers how the last one handed out ended."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.last = ""
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            self.last = line
            self.number += 1
            yield line


def read_rows(path: Path, delimiter: str, line_ending: str) -> Iterator[list[str]]:
    """The rows of an upload, header first. `delimiter` and `line_ending` are the job's settings (COMMA, LF, …).

    Line breaks inside quotes are kept as they are. CsvError is raised for bytes that are not UTF-8, a row that ends
    otherwise than the job says, a quote that never closes, or a row with more or fewer cells than the header.
    """
    width = 0
    with path.open(encoding="utf-8", newline="\n") as file:
        lines = _Lines(file)
        try:
            for row in csv.reader(lines, delimiter=DELIMITERS[delimiter], strict=True):
                _check_line(lines, line_ending)
                if not row:
                    continue
                width = width or _check_header(row)
                if len(row) != width:
                    text = f"Row ending at line {lines.number} has {len(row)} columns but the header has {width}"
                    raise CsvError(f"ClientInputError : CSV parse error. {text}")
                yield row
        except csv.Error as error:
            text = f"CSV parse error near line {lines.number}. {error}"
            raise CsvError(f"ClientInputError : {text}") from None
        except UnicodeDecodeError:
            raise CsvError("ClientInputError : The data is not valid UTF-8") from None


def _check_line(lines: _Lines, line_ending: str) -> None:
    # only the line that ends a row counts: a value may hold the other kind inside its quotes
    is_crlf = lines.last.endswith("\r\n")
    if lines.last.endswith("\n") and is_crlf != (line_ending == "CRLF"):
        text = f"LineEnding is invalid on user data. Current LineEnding setting is {line_ending}"
        raise CsvError(f"ClientInputError : {text}")
    if len(lines.last) > MAX_RECORD_CHARACTERS:
        raise CsvError(f"ClientInputError : Record at line {lines.number} exceeds {MAX_RECORD_CHARACTERS} characters")


def _check_header(row: list[str]) -> int:
    if len(row) > MAX_FIELDS:
        raise CsvError(f"InvalidBatch : The header has {len(row)} fields; the maximum is {MAX_FIELDS}")
    return len(row)


class RowWriter:
    """Writes a result file, all cells quoted; with `index` a side file keeps where each row begins: a page is a slice.

    Reopened with `offset` it first cuts off what was written after that point (a batch that did not end).
    """

    def __init__(
        self, path: Path, delimiter: str, line_ending: str, *, offset: int | None = None, index: bool = False
    ) -> None:
        self._file = path.open("r+b" if offset else "wb")
        if offset:
            self._file.truncate(offset)
            self._file.seek(offset)
        self.offset = offset or 0
        self._starts = array.array("Q")
        self._index = index_of(path).open("wb") if index else None
        self._writer = csv.writer(
            self, delimiter=DELIMITERS[delimiter], lineterminator=LINE_ENDINGS[line_ending], quoting=csv.QUOTE_ALL
        )

    def write(self, text: str) -> int:
        """What the csv module calls for each row."""
        data = text.encode()
        self.offset += len(data)
        return self._file.write(data)

    def row(self, cells: Sequence[str | None]) -> None:
        """Write one row; None is an empty cell."""
        if self._index is not None:
            self._starts.append(self.offset)
            if len(self._starts) == BLOCK:
                self._flush_index(self._index)
        self._writer.writerow(cells)

    def _flush_index(self, index: IO[bytes]) -> None:
        self._starts.tofile(index)
        del self._starts[:]

    def flush(self) -> int:
        """Let readers see all rows written so far; the length of the file."""
        self._file.flush()
        return self.offset

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if self._index is not None:
            self._starts.append(self.offset)
            self._flush_index(self._index)
            self._index.close()


def index_of(path: Path) -> Path:
    """The side file with the offsets of a result file."""
    return path.with_suffix(".index")


def page_of(path: Path, first: int, count: int) -> tuple[tuple[int, int], tuple[int, int], int, int]:
    """Where in an indexed result file the header and `count` rows from `first` lie.

    Returns: the byte range of the header, that of the rows, how many rows these are, and how many rows the file has.
    """
    with index_of(path).open("rb") as file:
        total = index_of(path).stat().st_size // 8 - 2
        found = max(0, min(count, total - first))
        header_end = _offset(file, 1)
        start, end = (_offset(file, first + 1), _offset(file, first + 1 + found)) if found else (header_end, header_end)
    return (0, header_end), (start, end), found, total


def _offset(file: IO[bytes], position: int) -> int:
    file.seek(position * 8)
    return int.from_bytes(file.read(8), sys.byteorder)


def slices(path: Path, *ranges: tuple[int, int]) -> Iterator[bytes]:
    """The bytes of these ranges of a file, in blocks."""
    with path.open("rb") as file:
        for start, end in ranges:
            file.seek(start)
            left = end - start
            while left > 0:
                block = file.read(min(BLOCK, left))
                if not block:
                    return
                left -= len(block)
                yield block
