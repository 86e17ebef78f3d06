"""Read NDJSON, a JSON array or a saved API reply: fast by DuckDB, else document by document with exact errors."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

import duckdb

from kevasync.errors import UsageError
from kevasync.keva.columns import CUSTOM, Raw, Writer, as_text, fold, named
from kevasync.keva.form import Form
from kevasync.values import quote_literal

__all__ = ["read"]

Shape = Literal["lines", "array", "stream"]
_MOST_BYTES = 256 * 2**20
_MOST_FAST_COLUMNS = 2_000
_WRAPPER = re.compile(r'\s*\{\s*"(?:customers|data|records|items)"\s*:\s*(?=\[)')
_WRAPPERS = ("customers", "data", "records", "items")
_SPACE = re.compile(r"[\s,]*")


class _RepeatedKeyError(Exception):
    """A key stands twice in one document."""


def read(form: Form, work: Path, con: duckdb.DuckDBPyConnection, spelling: Callable[[str], str]) -> Raw:
    """What the file holds. A key that one record lacks and another has is absent in the first, not null."""
    shape = _shape(form)

    def exact() -> Raw:
        return _exact(form, shape, work, spelling)

    if shape == "stream" or form.marks.escaped_nul or form.marks.odd_number:
        return exact()
    if shape == "array" and form.marks.last != b"]":
        return exact()  # names the record where it breaks off
    fast = _fast(form, shape, con, spelling)
    if fast is None:
        return exact()
    sql, columns, absent = fast
    return Raw(sql, columns, absent=absent, exact=exact, locate=_locator(form, shape, spelling))


def _shape(form: Form) -> Shape:
    with form.plain.open(encoding="utf-8") as file:
        first = ""
        while not first.strip():
            first = file.readline(_MOST_BYTES)
    if first.lstrip().startswith("["):
        return "array"
    try:
        document = json.loads(first)
    except ValueError:
        # Not one whole document on the line: a pretty-printed one goes on below, a broken NDJSON line does not.
        return "stream" if first.strip() == "{" or _WRAPPER.match(first) else "lines"
    wrapped = isinstance(document, dict) and isinstance(next(iter(document.values()), None), list)
    return "stream" if wrapped and next(iter(document)) in _WRAPPERS else "lines"


def _fast(
    form: Form, shape: Shape, con: duckdb.DuckDBPyConnection, spelling: Callable[[str], str]
) -> tuple[str, tuple[str, ...], bool] | None:
    """(SQL, columns, has `_absent`), or None where only the exact reading will do."""
    layout = "newline_delimited" if shape == "lines" else "array"
    objects = f"read_json_objects({quote_literal(str(form.plain))}, format = '{layout}')"
    try:
        sets = con.execute(f"SELECT json_type(json), json_keys(json) FROM {objects} GROUP BY ALL").fetchall()  # noqa: S608 quoted
    except duckdb.Error:
        return None
    if any(kind != "OBJECT" or len(set(keys)) != len(keys) for kind, keys in sets):
        return None
    keys = list(dict.fromkeys(key for _, keys in sorted(sets, key=lambda item: -len(item[1])) for key in keys))
    if any(spelling(key.strip()) != key for key in keys) or named(keys, form.path, spelling) != tuple(keys) or not keys:
        return None
    if len({frozenset(own) for _, own in sets}) == 1:
        spec = ", ".join(f"{quote_literal(key)}: 'VARCHAR'" for key in keys)
        whole = f"read_json({quote_literal(str(form.plain))}, format = '{layout}', columns = {{{spec}}})"
        return f"SELECT * FROM {whole}", tuple(keys), False  # noqa: S608 quoted
    if len(keys) > _MOST_FAST_COLUMNS:
        return None
    spec = quote_literal(json.dumps(dict.fromkeys(keys, "VARCHAR")))
    said = [key for key in keys if fold(key) not in CUSTOM]
    con.execute("CREATE OR REPLACE TEMP TABLE key_sets (keys VARCHAR[], _absent VARCHAR[])")
    rows = [{"keys": own, "absent": [key for key in said if key not in set(own)] or None} for _, own in sets]
    con.execute("INSERT INTO key_sets SELECT unnest.keys, unnest.absent FROM unnest(?)", [rows])
    sql = (
        f"SELECT unnest(said), key_sets._absent FROM (SELECT json_transform(json, {spec}) AS said, "  # noqa: S608 quoted
        f"json_keys(json) AS keys FROM {objects}) JOIN key_sets USING (keys)"
    )
    return sql, tuple(keys), True


def _exact(form: Form, shape: Shape, work: Path, spelling: Callable[[str], str]) -> Raw:
    """Read twice: which keys there are, then the values."""
    keys: dict[str, None] = {}
    for _, document in _documents(form, shape):
        keys.update(dict.fromkeys(document))
    columns = named(list(keys), form.path, spelling)
    names = dict(zip(keys, columns, strict=True))
    said = [key for key in keys if fold(key) not in CUSTOM]
    target = work / "exact.parquet"
    with Writer(target, columns, absent=True) as writer:
        for place, document in _documents(form, shape):
            row = []
            size = 0
            for key, value in zip(keys, map(document.get, keys), strict=True):
                text = value if value is None or type(value) is str else as_text(value)
                row.append(text)
                if text is not None:
                    size += len(text)
                    if not text.isascii() or "\0" in text:
                        _check_text(form.path, place, names[key], text)
            absent = [names[key] for key in said if key not in document] if len(document) < len(keys) else []
            writer.add([*row, absent or None], size)
    sql = f"SELECT * FROM read_parquet({quote_literal(str(target))})"  # noqa: S608 quoted

    return Raw(sql, columns, absent=True, locate=_locator(form, shape, spelling))


def _locator(
    form: Form, shape: Shape, spelling: Callable[[str], str]
) -> Callable[[str, frozenset[str]], list[tuple[str, str]]]:
    def locate(column: str, values: frozenset[str]) -> list[tuple[str, str]]:
        found = []
        for place, document in _documents(form, shape):
            own = next((key for key in document if spelling(key.strip()) == column), None)
            value = (as_text(document[own]) or "").strip() if own is not None else ""
            if value in values:
                found.append((value, place))
        return found

    return locate


def _check_text(path: Path, place: str, name: str, text: str) -> None:
    if "\0" in text:
        raise UsageError("export-nul", f"{path}, {place}: a NUL character stands in {name!r}.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError("export-encoding", f"{path}, {place}: half of a character stands in {name!r}.") from error


def _documents(form: Form, shape: Shape) -> Iterator[tuple[str, dict[str, Any]]]:
    """(`line 7` or `record 7`, the document). Raises UsageError: export-json, export-truncated, export-key-twice."""
    with form.plain.open(encoding="utf-8", newline="\n") as file:
        values = _by_line(form.path, file) if shape == "lines" else _Stream(form.path, file, shape).values()
        for place, value in values:
            if not isinstance(value, dict):
                raise UsageError(
                    "export-json", f"{form.path}, {place}: a record must be a JSON object, not {type(value).__name__}."
                )
            yield place, value


def _by_line(path: Path, file: TextIO) -> Iterator[tuple[str, Any]]:
    decoder = _decoder()
    for number, line in enumerate(file, 1):
        if line.isspace():
            continue
        try:
            yield f"line {number}", decoder.decode(line)
        except _RepeatedKeyError as error:
            raise _twice(path, f"line {number}", error) from error
        except ValueError as error:
            if not line.endswith("\n") and number > 1 and _breaks_off(error, line):
                raise UsageError("export-truncated", f"{path}, line {number}: the last line breaks off.") from error
            raise UsageError("export-json", f"{path}, line {number}: not valid JSON ({error}).") from error


@dataclass(slots=True)
class _Stream:
    """Documents one after another, inside an array or not, read a piece at a time."""

    path: Path
    file: TextIO
    shape: Shape
    text: str = ""
    at: int = 0

    def values(self) -> Iterator[tuple[str, Any]]:
        decoder = _decoder()
        self._more()
        in_array = self._open_array()
        number = 0
        while self._skip():
            if in_array and self.text[self.at] == "]":
                self.at += 1
                if self.shape == "array" and self._skip():
                    raise UsageError("export-json", f"{self.path}: text stands after the end of the array.")
                return
            number += 1
            yield f"record {number}", self._one(decoder, number)
        if in_array:
            raise UsageError("export-truncated", f"{self.path}: the JSON array is never closed.")

    def _open_array(self) -> bool:
        wrapper = _WRAPPER.match(self.text)
        start = wrapper.end() if wrapper else len(self.text) - len(self.text.lstrip())
        if self.text[start : start + 1] != "[":
            return False
        self.at = start + 1
        return True

    def _more(self) -> bool:
        size = max(2**20, len(self.text) - self.at)
        if size > _MOST_BYTES:
            raise UsageError("export-json", f"{self.path}: one record is larger than {_MOST_BYTES // 2**20} MB.")
        piece = self.file.read(size)
        self.text = self.text[self.at :] + piece
        self.at = 0
        return bool(piece)

    def _skip(self) -> bool:
        """Pass over white space and commas; False at the end of the file."""
        while True:
            gap = _SPACE.match(self.text, self.at)
            self.at = gap.end() if gap else self.at
            if self.at < len(self.text):
                return True
            if not self._more():
                return False

    def _one(self, decoder: json.JSONDecoder, number: int) -> Any:
        while True:
            try:
                value, self.at = decoder.raw_decode(self.text, self.at)
            except _RepeatedKeyError as error:
                raise _twice(self.path, f"record {number}", error) from error
            except ValueError as error:
                # An error well before the end of what was read will not go away by reading on.
                left = len(self.text) - getattr(error, "pos", len(self.text))
                if (left <= 16 or "Unterminated" in str(error)) and self._more():  # noqa: PLR2004 longest literal, \uXXXX pair
                    continue
                broke = left <= 16 or "Unterminated" in str(error)  # noqa: PLR2004 as above
                code = "export-truncated" if broke else "export-json"
                raise UsageError(code, f"{self.path}, record {number}: {error}.") from error
            else:
                return value


def _breaks_off(error: ValueError, line: str) -> bool:
    return "Unterminated" in str(error) or getattr(error, "pos", 0) >= len(line) - 16


def _twice(path: Path, place: str, error: _RepeatedKeyError) -> UsageError:
    return UsageError("export-column-twice", f"{path}, {place}: the key {error} stands twice.")


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _RepeatedKeyError(repr(Counter(key for key, _ in pairs).most_common(1)[0][0]))
    return made


def _float(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _constant(text: str) -> str | None:
    """Python and pandas write NaN where they have nothing to say."""
    return None if text == "NaN" else text
