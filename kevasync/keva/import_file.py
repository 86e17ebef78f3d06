"""The import file: changes for Keva, appended and made safe on disk chunk by chunk, resumable after a kill."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from kevasync.errors import RunError
from kevasync.keva.landing import disk_errors
from kevasync.keva.wire import body_of

__all__ = ["ImportFile", "ImportRow"]

Form = Literal["ndjson", "csv"]
_JOURNAL = ".journal"


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One change: the ledger's key, the customer (None: create by e-mail), field texts (None clears), when."""

    key: str
    id: str | None
    values: Mapping[str, str | None]
    at: str = ""


class ImportFile:
    """The changes written against one export (`digest`), in `folder`; another export begins a new file.

    Beside `keva-import-….ndjson` stands its journal, a line a change: what was written and where it ends. The data is
    flushed before the journal, so what the journal does not speak of was never called applied and is cut off when the
    file is opened again. In CSV an empty cell clears, so there is one file for each set of changed fields.
    """

    def __init__(self, folder: Path, digest: str, form: Form) -> None:
        self.folder, self.digest, self.form = folder, digest, form
        self.rows: dict[str, ImportRow] = {}
        self._creates: dict[str, Mapping[str, str | None]] = {}
        self._ends: dict[str, int] = {}
        self._fields: dict[tuple[str, ...], str] = {}
        self._journal = self._find() if folder.is_dir() else None
        if self._journal is not None:
            self._recover(self._journal)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files to import, in the order in which they were begun."""
        return tuple(self.folder / name for name in self._ends)

    def append(self, rows: Sequence[ImportRow], top_level: Sequence[str]) -> None:
        """Write the rows that are not there yet; when this returns they are on the disk.

        Raises ValueError for a value that does not fit its field (nothing of the chunk is then written), RunError
        disk-full.
        """
        fresh = [row for row in rows if not self._is_known(row)]
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        encoded = [(row, *self._encoded(row, top_level)) for row in fresh]
        if not encoded:
            return
        with disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._append(encoded, at)

    def _is_known(self, row: ImportRow) -> bool:
        """Written before: by this attempt, or, for a create, by an earlier run with the same values."""
        email = (row.values.get("email") or "").strip().casefold()
        return row.key in self.rows or (row.id is None and self._creates.get(email) == dict(row.values))

    def _append(self, encoded: Sequence[tuple[ImportRow, tuple[str, ...], bytes]], at: str) -> None:
        journal = self._journal or self._new_journal()
        self._journal = journal
        ends = dict(self._ends)
        notes: list[dict[str, Any]] = []
        pieces: dict[str, list[bytes]] = {}
        for row, fields, data in encoded:
            name = self._file_for(fields, ends, pieces, notes)
            pieces[name].append(data)
            ends[name] += len(data)
            note = {"key": row.key, "id": row.id, "values": dict(row.values), "at": at, "file": name, "end": ends[name]}
            notes.append(note)
        for name, parts in pieces.items():
            self._write_at(self.folder / name, self._ends.get(name, 0), b"".join(parts))
        _append_synced(journal, b"".join(_line(note) for note in notes))
        self._ends = ends
        for row, _, _ in encoded:
            self._remember(ImportRow(row.key, row.id, row.values, at))

    def _file_for(
        self, fields: tuple[str, ...], ends: dict[str, int], pieces: dict[str, list[bytes]], notes: list[dict[str, Any]]
    ) -> str:
        """The file for rows with these fields; one that is new begins with its header."""
        name = self._fields.get(fields)
        if name is None:
            stem = (self._journal or Path()).name.removesuffix(_JOURNAL)
            name = f"{stem}.ndjson" if self.form == "ndjson" else f"{stem}-{len(self._fields) + 1:02d}.csv"
            header = b"" if self.form == "ndjson" else _csv_line(fields)
            self._fields[fields] = name
            ends[name] = len(header)
            pieces[name] = [header]
            notes.append({"file": name, "fields": list(fields), "end": len(header)})
        pieces.setdefault(name, [])
        return name

    def _encoded(self, row: ImportRow, top_level: Sequence[str]) -> tuple[tuple[str, ...], bytes]:
        body = body_of(row.values, top_level)
        head: dict[str, Any] = {} if row.id is None else {"id": row.id}
        if self.form == "ndjson":
            return (), _line(head | body)
        fields = (*head, *row.values)
        return fields, _csv_line([*head.values(), *(text or "" for text in row.values.values())])

    def _write_at(self, path: Path, start: int, data: bytes) -> None:
        """Put the data at its place, over what a killed run may have left there, and flush it."""
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.truncate(start)
            file.seek(start)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def _new_journal(self) -> Path:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        number = 0
        while True:
            journal = self.folder / f"keva-import-{stamp}{f'-{number}' if number else ''}{_JOURNAL}"
            if not journal.exists():
                break
            number += 1
        _append_synced(journal, _line({"export": self.digest, "form": self.form}))
        return journal

    def _find(self) -> Path | None:
        for journal in sorted(self.folder.glob(f"keva-import-*{_JOURNAL}"), reverse=True):
            with journal.open("rb") as file:
                head = _parsed(file.readline())
            if head is not None and (head.get("export"), head.get("form")) == (self.digest, self.form):
                return journal
        return None

    def _recover(self, journal: Path) -> None:
        """Read the journal to its last whole line; cut off what it does not vouch for."""
        whole = 0
        for line in _lines(journal):
            note = _parsed(line)
            if note is None:
                break
            whole += len(line)
            if "fields" in note:
                self._fields[tuple(note["fields"])] = note["file"]
            if "file" in note:
                self._ends[note["file"]] = note["end"]
            if "key" in note:
                self._remember(ImportRow(note["key"], note["id"], note["values"], note["at"]))
        if journal.stat().st_size > whole:
            os.truncate(journal, whole)
        for name, end in self._ends.items():
            path = self.folder / name
            size = path.stat().st_size if path.exists() else 0
            if size < end:
                raise RunError("keva-import-file", f"{path} was shortened: {size:,} bytes, {end:,} were written.")
            if size > end:
                os.truncate(path, end)

    def _remember(self, row: ImportRow) -> None:
        self.rows[row.key] = row
        email = (row.values.get("email") or "").strip().casefold()
        if row.id is None and email:
            self._creates[email] = dict(row.values)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The object of a whole line; None for one that was cut off."""
    try:
        note = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return note if isinstance(note, dict) else None


def _line(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _csv_line(cells: Sequence[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode()


def _append_synced(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
