"""Recognise an export (compression, encoding, format) by its content and bring it to plain UTF-8 or Parquet on disk."""

from __future__ import annotations

import codecs
import gzip
import logging
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from kevasync.errors import UsageError
from kevasync.store.plain_csv import DELIMITERS, HighBytes, encoding_of

__all__ = ["Form", "Marks", "recognise"]

CHUNK = 4 * 2**20
_NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252",
}
_SPACED_QUOTE = re.compile(rb'[,;\t|] +"')
_log = logging.getLogger(__name__)

Kind = Literal["csv", "json", "parquet"]


@dataclass(slots=True)
class Marks:
    """What one pass over the bytes counted; the readers use it to decide whether a fast read may be believed.

    Delimiters and line ends are counted outside quotes only, by the parity of the quotes before them.
    """

    quotes: int = 0
    newlines: int = 0
    returns: int = 0
    pairs: int = 0
    delimiters: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DELIMITERS, 0))
    spaced_quote: bool = False
    escaped_nul: bool = False
    odd_number: bool = False
    last: bytes = b""

    def line_ends(self) -> int:
        """How many kinds of line end the file mixes (LF, CRLF, CR)."""
        return (self.pairs > 0) + (self.newlines > self.pairs) + (self.returns > self.pairs)


@dataclass(frozen=True, slots=True)
class Form:
    """A recognised export. `plain` is what to read: the file itself, or its unpacked and transcoded copy."""

    path: Path
    plain: Path
    kind: Kind
    encoding: str
    packed: bool
    marks: Marks

    @property
    def note(self) -> str:
        """What a person should be told about how the file is read; empty where there is nothing unusual."""
        name = _NAMES.get(self.encoding, self.encoding)
        return "" if name == "UTF-8" or self.kind == "parquet" else f"read as {name}, not UTF-8"


def recognise(path: Path, work: Path) -> Form:
    """Look at the whole file once; copies, where needed, are written into `work`.

    Raises UsageError: export-missing, export-is-folder, export-unreadable, export-empty, export-format,
    export-truncated, export-encoding, export-nul.
    """
    _check_file(path)
    head, packed = _head(path)
    if not head.strip():
        raise UsageError("export-empty", f"{path} is empty: it has no header and no rows.")
    if head.startswith(b"PAR1"):
        return Form(path, _unpack(path, work) if packed else path, "parquet", "binary", packed, Marks())
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"7z\xbc\xaf", b"BZh", b"\x28\xb5\x2f\xfd")):
        raise UsageError("export-format", f"{path} is a spreadsheet or an archive, not CSV, JSON or Parquet.")
    encoding = encoding_of(head)
    if encoding == "utf-8" and (damage := _bad_utf8(path, packed=packed)) is not None:
        encoding = _other_than_utf8(path, packed=packed, damage=damage)
    form = _plain(path, work, encoding, packed=packed)
    if form.note:
        _log.warning("export_encoding file=%s note=%s", path.name, form.note)
    return form


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise UsageError("export-is-folder", f"{path} is a folder; one file is needed.")
    try:
        with path.open("rb"):
            return
    except FileNotFoundError as error:
        raise UsageError("export-missing", f"There is no file {path}.") from error
    except OSError as error:
        raise UsageError("export-unreadable", f"{path} cannot be opened: {error.strerror}.") from error


def _head(path: Path) -> tuple[bytes, bool]:
    """The first 64 KiB after unpacking, and whether the file is gzip."""
    with path.open("rb") as file:
        start = file.read(65_536)
    if not start.startswith(b"\x1f\x8b"):
        return start, False
    return next(_chunks(path, packed=True, size=65_536), b""), True


def _chunks(path: Path, *, packed: bool, size: int = CHUNK) -> Iterator[bytes]:
    """The file's bytes, unpacked; a cut or damaged gzip stream is named as such."""
    with path.open("rb") as raw:
        opened: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=raw) if packed else raw
        try:
            while chunk := opened.read(size):
                yield chunk
        except EOFError as error:
            there = path.stat().st_size
            raise UsageError(
                "export-truncated", f"{path} is a gzip file that breaks off; {there:,} bytes are there."
            ) from error
        except (zlib.error, gzip.BadGzipFile) as error:
            raise UsageError("export-truncated", f"{path} is a damaged gzip file: {str(error).lower()}.") from error


def _unpack(path: Path, work: Path) -> Path:
    target = work / "unpacked.parquet"
    with target.open("wb") as out:
        out.writelines(_chunks(path, packed=True))
    return target


@dataclass(frozen=True, slots=True)
class _Damage:
    line: int
    at_end: bool


def _bad_utf8(path: Path, *, packed: bool) -> _Damage | None:
    """The first place that is not UTF-8, or None. Pure ASCII stretches are not decoded at all."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    for chunk in _chunks(path, packed=packed):
        pending = decoder.getstate()[0]
        if chunk.isascii() and not pending:
            line += chunk.count(b"\n")
            continue
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return _Damage(line + (pending + chunk)[: error.start].count(b"\n"), at_end=False)
        line += chunk.count(b"\n")
    return _Damage(line, at_end=True) if decoder.getstate()[0] else None


def _other_than_utf8(path: Path, *, packed: bool, damage: _Damage) -> str:
    """Windows-1252 where the bytes speak for it; a UTF-8 file with a few broken bytes is refused, not guessed."""
    high = HighBytes()
    for chunk in _chunks(path, packed=packed):
        high.add(chunk)
    if damage.at_end and (high.whole or high.broken == 1):
        raise UsageError("export-truncated", f"{path} breaks off in the middle of a character, on line {damage.line}.")
    if not high.windows:
        raise UsageError(
            "export-encoding", f"{path}, line {damage.line}: bytes that are neither UTF-8 nor Windows-1252."
        )
    return "cp1252"


def _plain(path: Path, work: Path, encoding: str, *, packed: bool) -> Form:
    copy = packed or encoding != "utf-8"
    plain = work / "plain" if copy else path
    texts = _decoded(path, encoding, packed=packed)
    marks = Marks()
    kind: Kind | None = None
    out = plain.open("wb") if copy else None
    try:
        done = 0
        inside = False
        for chunk in _whole_line_ends(texts):
            if out is not None:
                out.write(chunk)
            if b"\0" in chunk:
                line = _line_at(_decoded(path, encoding, packed=packed), done + chunk.index(b"\0"))
                raise UsageError("export-nul", f"{path}, line {line}: a NUL byte stands in the text.")
            done += len(chunk)
            kind = kind or _kind(chunk)
            if kind == "csv":
                inside = _mark_csv(chunk, marks, inside=inside)
            else:
                _mark_json(chunk, marks)
    finally:
        if out is not None:
            out.close()
    return Form(path, plain, kind or "csv", encoding, packed, marks)


def _decoded(path: Path, encoding: str, *, packed: bool) -> Iterator[bytes]:
    """The file as UTF-8 bytes without a byte order mark."""
    if encoding == "utf-8":
        yield from _chunks(path, packed=packed)
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in _chunks(path, packed=packed):
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        code = "export-truncated" if "truncated" in str(error) or "end of data" in str(error) else "export-encoding"
        raise UsageError(code, f"{path} cannot be read as {_NAMES[encoding]}: {error}.") from error


def _line_at(chunks: Iterable[bytes], offset: int) -> int:
    """The number of the line on which the byte at `offset` stands."""
    line = 1
    for chunk in chunks:
        line += chunk[:offset].count(b"\n")
        offset -= len(chunk)
        if offset <= 0:
            break
    return line


def _whole_line_ends(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, never cut between CR and LF."""
    rest = b""
    for chunk in chunks:
        joined = rest + chunk if rest else chunk
        rest = b"\r" if joined.endswith(b"\r") else b""
        yield joined[:-1] if rest else joined
    if rest:
        yield rest


def _kind(chunk: bytes) -> Kind | None:
    text = chunk.lstrip()
    if not text:
        return None
    return "json" if text[:1] in (b"{", b"[") else "csv"


def _mark_csv(chunk: bytes, marks: Marks, *, inside: bool) -> bool:
    """Count what stands outside quotes; returns whether the chunk ends inside a quoted cell."""
    quotes = chunk.count(b'"')
    if quotes * 32 < len(chunk):
        outside = b"".join(chunk.split(b'"')[1 if inside else 0 :: 2])
    else:
        import numpy as np  # noqa: PLC0415 only much-quoted files need it

        data = np.frombuffer(chunk, dtype=np.uint8)
        parity = np.cumsum(data == ord('"'), dtype=np.uint8) & 1
        outside = data[parity == (1 if inside else 0)].tobytes()
    marks.quotes += quotes
    marks.newlines += outside.count(b"\n")
    marks.returns += outside.count(b"\r")
    marks.pairs += outside.count(b"\r\n")
    for mark in DELIMITERS:
        marks.delimiters[mark] += outside.count(mark.encode())
    marks.spaced_quote = marks.spaced_quote or (quotes > 0 and _SPACED_QUOTE.search(chunk) is not None)
    return inside ^ bool(quotes & 1)


def _mark_json(chunk: bytes, marks: Marks) -> None:
    marks.last = (chunk[-1024:].rstrip() or chunk.rstrip())[-1:] or marks.last
    marks.escaped_nul = marks.escaped_nul or b"\\u0000" in chunk
    marks.odd_number = marks.odd_number or b"NaN" in chunk or b"Infinity" in chunk
