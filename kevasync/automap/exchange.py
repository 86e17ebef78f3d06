"""Field maps of other tools: Data Loader's .sdl (Java properties) and CSV with source and target."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kevasync.errors import UsageError

__all__ = ["Pair", "read_map", "read_sdl", "sdl_text"]

_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_TO_ESCAPE = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f"}
_SPECIAL = frozenset(" :=#!\\")


@dataclass(frozen=True, slots=True)
class Pair:
    """One line of a map: a column and its field or fields; none where the map leaves the column out."""

    source: str
    targets: tuple[str, ...]
    line: int = 0


def read_map(path: Path) -> list[Pair]:
    """The pairs of an .sdl or CSV map. Raises UsageError automap-map-file, file-not-found."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise UsageError("file-not-found", f"{path} does not exist") from None
    except OSError as error:
        raise UsageError("automap-map-file", f"{path} cannot be read: {error.strerror}") from None
    if b"\0" in raw:
        raise UsageError("automap-map-file", f"{path} is not text")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")  # what Java wrote properties in for decades
    return read_sdl(text, path.name) if path.suffix.casefold() == ".sdl" else _read_csv(text, path)


def read_sdl(text: str, name: str = "map.sdl") -> list[Pair]:
    """The pairs of a Data Loader map. Raises UsageError automap-map-file with the line."""
    pairs = []
    for number, line in _logical_lines(text):
        end, start = _key_end(line)
        try:
            source, value = _unescaped(line[:end]), _unescaped(line[start:])
        except ValueError as error:
            raise UsageError("automap-map-file", f"{name}, line {number}: {error}") from None
        targets = tuple(part.strip() for part in value.split(",") if part.strip())
        if source:
            pairs.append(Pair(source, targets, number))
    return pairs


def _logical_lines(text: str) -> Iterable[tuple[int, str]]:
    """(number of its first line, the line), comments and blank lines left out, continued lines joined."""
    whole, first = "", 0
    for number, raw in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        line = raw.lstrip(" \t\f")
        if not whole and (not line or line[0] in "#!"):
            continue
        first = first or number
        if (len(line) - len(line.rstrip("\\"))) % 2:
            whole += line[:-1]
            continue
        yield first, whole + line
        whole, first = "", 0
    if whole:
        yield first, whole


def _key_end(line: str) -> tuple[int, int]:
    """Where the key ends and the value begins: at the first `=`, `:` or space that is not escaped."""
    at = 0
    while at < len(line) and line[at] not in "=: \t\f":
        at += 2 if line[at] == "\\" else 1
    start = at
    while start < len(line) and line[start] in " \t\f":
        start += 1
    if start < len(line) and line[start] in "=:":
        start += 1
    while start < len(line) and line[start] in " \t\f":
        start += 1
    return min(at, len(line)), start


def _unescaped(text: str) -> str:
    made: list[str] = []
    at = 0
    while at < len(text):
        letter = text[at]
        at += 1
        if letter != "\\" or at >= len(text):
            made.append(letter if letter != "\\" else "")
            continue
        letter = text[at]
        at += 1
        if letter == "u":
            digits = text[at : at + 4]
            if not re.fullmatch(r"[0-9A-Fa-f]{4}", digits):
                raise ValueError("a \\u escape is cut off")
            made.append(chr(int(digits, 16)))
            at += 4
        else:
            made.append(_ESCAPES.get(letter, letter))
    # a character beyond the first 65,536 is written as two
    return "".join(made).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def sdl_text(pairs: Sequence[Pair], comments: Iterable[str] = ()) -> str:
    """A Data Loader map: one line a pair in ASCII; comments come first."""
    lines = [f"# {_one_line(comment)}" for comment in ["Mapping values", *comments]]
    lines += [f"{_escaped(pair.source, key=True)}={_escaped(', '.join(pair.targets), key=False)}" for pair in pairs]
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return "".join(_ascii(letter) for letter in " ".join(text.split()))


def _escaped(text: str, *, key: bool) -> str:
    made = []
    for place, letter in enumerate(text):
        if letter in _TO_ESCAPE:
            made.append(_TO_ESCAPE[letter])
        elif letter == "\\" or (letter in _SPECIAL and (key or (letter == " " and place == 0) or letter in ":=")):
            made.append(f"\\{letter}")
        else:
            made.append(_ascii(letter))
    return "".join(made)


def _ascii(letter: str) -> str:
    if " " <= letter <= "~":
        return letter
    units = letter.encode("utf-16-be")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


def _read_csv(text: str, path: Path) -> list[Pair]:
    header, _, _ = text.partition("\n")
    delimiter = max(",;\t", key=header.count)
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise UsageError("automap-map-file", f"{path}: {error}") from None
    names = {str(name).strip().casefold(): name for name in (rows[0] if rows else {}) if name}
    if "source" not in names or "target" not in names:
        raise UsageError("automap-map-file", f"{path} has no columns source and target, or no rows")
    pairs = []
    for number, row in enumerate(rows, 2):
        source, target = row[names["source"]] or "", row[names["target"]] or ""
        targets = tuple(part.strip() for part in re.split(r"[,;]", target) if part.strip())
        if source:
            pairs.append(Pair(source, targets, number))
    return pairs
