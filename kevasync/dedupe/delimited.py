"""CSV and TSV read whole: by DuckDB where every line has the header's cells, else line by line, or refused by line."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO

import duckdb
import pyarrow as pa

from kevasync.errors import UsageError
from kevasync.store.plain_csv import DELIMITERS, HighBytes, encoding_of, first_rows, whole_sql
from kevasync.values import quote_identifier

__all__ = ["LINES", "Delimited", "look", "opened"]

LINES = "dd_lines"
"""The table of a file that was read line by line; the next such file replaces it."""
_SAMPLE = 2**20
_BATCH = 20_000
_SPACED_QUOTE = re.compile(r'[,;\t|] +"')


@dataclass(frozen=True, slots=True)
class Delimited:
    """How a file is read. `plain`: as UTF-8 with its header on the first line, which is what DuckDB takes."""

    path: Path
    encoding: str
    delimiter: str
    headers: tuple[str, ...]
    plain: bool
    spaced: bool

    def fast(self) -> str:
        """SQL that stands after `from`; it fails on any line with other cells than the header, and skips none."""
        return f"({whole_sql(self.path, self.delimiter, self.headers)})"

    def exact(self, con: duckdb.DuckDBPyConnection) -> str:
        """The same from a table that is filled line by line. Raises UsageError dedupe-ragged, dedupe-unreadable."""
        names = [f"c{at}" for at in range(len(self.headers))]
        con.execute(f"create or replace temp table {LINES} ({', '.join(f'{name} VARCHAR' for name in names)})")
        rows = self._rows()
        while batch := list(islice(rows, _BATCH)):
            cells = {name: [row[at] or None for row in batch] for at, name in enumerate(names)}
            con.register("dd_batch", pa.table(cells, schema=pa.schema([(name, pa.string()) for name in names])))
            con.execute(f"insert into {LINES} select * from dd_batch")  # noqa: S608 ours
            con.unregister("dd_batch")
        return f"(select {self._named()} from {LINES})"  # noqa: S608 quoted

    def check(self) -> None:
        """Raises as `exact` does, and keeps nothing."""
        deque(self._rows(), maxlen=0)

    def _named(self) -> str:
        return ", ".join(f"c{at} as {quote_identifier(name)}" for at, name in enumerate(self.headers))

    def _rows(self) -> Iterator[list[str]]:
        """The cells of each record after the header; blank lines are passed over."""
        width, begins, seen = len(self.headers), 1, False
        # a sample of UTF-8 says nothing of the rest
        encoding = _utf8_or_windows(self.path) if self.encoding == "utf-8" else self.encoding
        with opened(self.path, encoding) as file:
            reader = csv.reader(file, delimiter=self.delimiter, strict=True, skipinitialspace=self.spaced)
            try:
                for row in reader:
                    # a delimiter too many at the end of a line holds nothing; DuckDB passes over it as well
                    if row and seen and len(row) != width and (len(row) != width + 1 or row[-1]):
                        raise _ragged(self.path, begins, len(row), width)
                    if row and seen:
                        yield row
                    seen = seen or bool(row)
                    begins = reader.line_num + 1
            except csv.Error as error:
                raise _broken(self.path, begins, error) from error
            except UnicodeError as error:
                raise _undecoded(self.path, encoding) from error


@contextmanager
def opened(path: Path, encoding: str = "utf-8-sig") -> Iterator[TextIO]:
    """The file as text, unpacked. Raises UsageError dedupe-unreadable for gzip that is damaged."""
    with _bytes(path) as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
        yield text


def look(path: Path) -> Delimited:
    """Encoding, delimiter and header of the file. Raises UsageError dedupe-unreadable."""
    encoding, sample = _sample(path)
    spaced = bool(_SPACED_QUOTE.search(sample))
    delimiters = "\t" if ".tsv" in (suffix.lower() for suffix in path.suffixes[-2:]) else DELIMITERS
    best: tuple[tuple[bool, float, int, int], str, list[str]] | None = None
    for delimiter in delimiters:
        rows = first_rows(sample, delimiter, whole=len(sample) < _SAMPLE, spaced=spaced)
        if not rows:
            continue
        header, body = rows[0], rows[1:]
        several = len(header) > 1
        fits = sum(len(row) == len(header) for row in body) / len(body) if body and several else 0.0
        score = (several, fits, len(header), sum(len(row) > 1 for row in body))
        if best is None or score > best[0]:
            best = (score, delimiter, header)
    if best is None:
        raise UsageError("dedupe-unreadable", f"{path}: nothing but blank lines")
    plain = encoding in {"utf-8", "utf-8-sig"} and sample[:1] not in {"\r", "\n"}
    return Delimited(path, encoding, best[1], _told_apart(best[2]), plain, spaced)


def _sample(path: Path) -> tuple[str, str]:
    """The encoding, as far as the beginning tells it, and the beginning."""
    encoding = _marked(path)
    for last in (False, True):
        try:
            with opened(path, encoding) as file:
                return encoding, file.read(_SAMPLE)
        except UnicodeError as error:
            if last or encoding != "utf-8":
                raise _undecoded(path, encoding) from error
            encoding = _utf8_or_windows(path)
    raise _undecoded(path, encoding)


def _told_apart(header: list[str]) -> tuple[str, ...]:
    """Names of the columns: one without a heading is called by its place, one that comes twice gets a number."""
    names: list[str] = []
    seen: Counter[str] = Counter()
    for at, cell in enumerate(header):
        name = base = cell.strip() or f"column{at}"
        while seen[name.casefold()]:
            name = f"{base}_{seen[base.casefold()]}"
            seen[base.casefold()] += 1
        seen[name.casefold()] += 1
        names.append(name)
    return tuple(names)


def _marked(path: Path) -> str:
    with _bytes(path) as file:
        return encoding_of(file.read(4096))


def _utf8_or_windows(path: Path) -> str:
    """UTF-8, or Windows-1252 where the bytes speak for it. Raises UsageError where a UTF-8 file has broken bytes."""
    high = HighBytes()
    with _bytes(path) as file:
        for line in file:
            high.add(line)
    if not high.broken:
        return "utf-8"
    if not high.windows:
        raise _undecoded(path, "utf-8")
    return "cp1252"


@contextmanager
def _bytes(path: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    with _told(path), gzip.open(path) if _packed(path) else path.open("rb") as file:
        yield file


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UsageError("dedupe-unreadable", f"{path}: the gzip file is damaged or breaks off") from error


def _packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _ragged(path: Path, line: int, found: int, width: int) -> UsageError:
    cells = "1 cell" if found == 1 else f"{found} cells"
    return UsageError("dedupe-ragged", f"{path}, line {line}: {cells} where the header has {width}")


def _broken(path: Path, line: int, error: csv.Error) -> UsageError:
    if "end of data" in str(error):
        return UsageError("dedupe-ragged", f"{path}, line {line}: a quote opened in this row is never closed")
    return UsageError("dedupe-ragged", f"{path}, line {line}: text stands after the closing quote of a cell")


def _undecoded(path: Path, encoding: str) -> UsageError:
    name = "neither UTF-8 nor Windows-1252" if encoding in {"utf-8", "cp1252"} else f"not {encoding.upper()} throughout"
    return UsageError(
        "dedupe-unreadable",
        f"{path}: its characters are {name}; save it as UTF-8",
        next_steps=(f"iconv -f ENCODING -t UTF-8 {path.name} > utf8.csv   # with the encoding it was written in",),
    )
