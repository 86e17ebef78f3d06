"""Keva as an export file to read and an import file to write, where there is no API key."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from kevasync.endpoint import (
    Extracted,
    Failure,
    Journal,
    Limits,
    Progress,
    Selection,
    Silent,
    Stop,
    WriteBatch,
    WriteOutcome,
    WriteResult,
)
from kevasync.keva.export import land
from kevasync.keva.import_file import ImportFile, ImportRow
from kevasync.keva.landing import CUSTOM_NOTE
from kevasync.keva.narrow import narrowed
from kevasync.keva.schema import customer_schema, object_checked
from kevasync.keva.wire import body_of
from kevasync.records import Schema, Side
from kevasync.values import quote_identifier, quote_literal

__all__ = ["KevaFileEndpoint"]

_CHUNK = 500
FOLDER = "for-keva"
"""The folder below `out_dir` in which import files stand, so that no pattern for exports finds them."""


class KevaFileEndpoint:
    """An export that is read, and an import file in `out_dir`/for-keva that is written.

    A row is APPLIED when it is in the flushed import file. Until a newer export comes, what the import file says is
    read over the export: otherwise the next plan would take Keva's old values for edits and carry them back. So the
    file has to be imported before the next export is made.
    """

    side = Side.KEVA

    def __init__(self, export_path: Path, out_dir: Path, *, form: Literal["ndjson", "csv"] = "ndjson") -> None:
        self.export_path, self.out_dir, self.form = export_path, out_dir / FOLDER, form
        self._landed: _Landed | None = None

    def describe(self, object_name: str) -> Schema:
        """The documented fields and the other columns of the export."""
        object_checked(object_name)
        return customer_schema(self._land(Silent()).columns)

    def extract(
        self, object_name: str, fields: Sequence[str], into: Path, selection: Selection, progress: Progress
    ) -> Extracted:
        """The export, with the import file's values over it. The watermark is None: an export is always whole."""
        object_checked(object_name)
        landed = self._land(progress)
        rows = self._import_file(landed).rows
        with duckdb.connect() as con:
            source = f"SELECT * FROM read_parquet({quote_literal(str(landed.part))})"  # noqa: S608 quoted
            if any(row.id for row in rows.values()):
                source = _overlaid(con, source, landed.columns, list(rows.values()))
            return replace(narrowed(con, source, landed.columns, into, selection, fields), watermark=None)

    def write(self, batch: WriteBatch, journal: Journal, progress: Progress, stop: Stop) -> Iterator[list[WriteResult]]:
        """Append to the import file, 500 rows at a time; a row that is there already is not written again."""
        object_checked(batch.object)
        landed = self._land(Silent())
        target = self._import_file(landed)
        progress.start("Writing the import file for Keva", batch.rows)
        try:
            with pq.ParquetFile(batch.path) as file:
                for part in file.iter_batches(_CHUNK):
                    if stop():
                        return
                    rows = part.to_pylist()
                    journal.sending([row["_key"] for row in rows])
                    yield self._append(batch, target, landed, rows)
                    progress.advance(len(rows))
        finally:
            progress.done()

    def _append(
        self, batch: WriteBatch, target: ImportFile, landed: _Landed, rows: Sequence[Mapping[str, Any]]
    ) -> list[WriteResult]:
        results: list[WriteResult] = []
        good: list[ImportRow] = []
        for row in rows:
            failure = _failure(batch, row)
            values = {} if batch.delete else _values(batch, row)
            try:
                body_of(values, landed.top_level)
            except ValueError as error:
                failure = failure or Failure("keva-value", "keva-value", str(error))
            if failure is not None:
                results.append(WriteResult(row["_key"], row["_id"], WriteOutcome.FAILED, failure=failure))
                continue
            good.append(ImportRow(row["_key"], row["_id"], values))
            results.append(
                WriteResult(row["_key"], row["_id"], WriteOutcome.APPLIED, created=row["_id"] is None, returned=values)
            )
        target.append(good, landed.top_level)
        return results

    def resume(self, journal: Journal, progress: Progress, stop: Stop) -> Iterator[list[WriteResult]]:  # noqa: ARG002 protocol
        """There are no jobs: nothing is in flight."""
        return iter(())

    def estimate(self, object_name: str, creates: int, updates: int) -> tuple[int, float]:
        """No requests; about a hundred thousand rows a minute."""
        object_checked(object_name)
        return 0, (creates + updates) / 100_000

    def limits(self) -> Limits | None:
        """A file has none."""
        return None

    def _import_file(self, landed: _Landed) -> ImportFile:
        if landed.target is None:
            landed.target = ImportFile(self.out_dir, landed.digest, self.form)
        return landed.target

    def _land(self, progress: Progress) -> _Landed:
        """The export as a part in a temporary folder, read again when the file changed."""
        stamp = self.export_path.stat() if self.export_path.is_file() else None
        mark = (stamp.st_size, stamp.st_mtime_ns) if stamp else None
        if self._landed is None or mark is None or self._landed.mark != mark:
            self._landed = _Landed(self.export_path, mark, progress)
        return self._landed


class _Landed:
    """One state of the export file: its part, columns, digest, and which columns Keva has at the top level."""

    def __init__(self, path: Path, mark: tuple[int, int] | None, progress: Progress) -> None:
        self.mark = mark
        folder = Path(tempfile.mkdtemp(prefix="kevasync-export-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        extracted = land(path, folder, progress=progress)
        self.part, self.columns = extracted.parts[0], extracted.columns
        note = (pq.read_schema(self.part).metadata or {}).get(CUSTOM_NOTE.encode(), b"[]")
        custom = set(json.loads(note))
        self.top_level = tuple(name for name in self.columns if name not in custom)
        with path.open("rb") as file:
            self.digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.target: ImportFile | None = None


def _failure(batch: WriteBatch, row: Mapping[str, Any]) -> Failure | None:
    if batch.delete:
        return Failure("delete-unsupported", "delete-unsupported", "Keva has no way to delete a customer")
    if batch.create and not row.get("email"):
        return Failure("keva-create-no-email", "keva-create-no-email", "a customer needs an e-mail", ("email",))
    return None


def _values(batch: WriteBatch, row: Mapping[str, Any]) -> dict[str, str | None]:
    values: dict[str, str | None] = {name: row[name] for name in batch.fields if row.get(name) is not None}
    return values | dict.fromkeys(row["_clear"] or ())


def _overlaid(con: duckdb.DuckDBPyConnection, source: str, columns: Sequence[str], rows: Sequence[ImportRow]) -> str:
    """SQL of the export with the values of the import file over it; later rows win, field by field."""
    texts: dict[str, dict[str, str | None]] = {}
    times: dict[str, str] = {}
    for row in rows:
        if row.id is not None:
            texts.setdefault(row.id, {}).update(row.values)
            times[row.id] = row.at
    own = {name.casefold(): name for name in columns}
    touched = sorted({own[name.casefold()] for values in texts.values() for name in values if name.casefold() in own})
    ids = list(texts)
    said = [{own.get(name.casefold(), name): text for name, text in texts[identity].items()} for identity in ids]
    data: dict[str, pa.Array] = {
        "over_id": pa.array(ids, pa.string()),
        "over_at": pa.array([times[identity] for identity in ids], pa.string()),
        "over_fields": pa.array([list(values) for values in said], pa.list_(pa.string())),
    }
    for number, name in enumerate(touched):
        data[f"over_{number}"] = pa.array([values.get(name) for values in said], pa.string())
    con.register("import_rows", pa.table(data))
    still_absent = "nullif(list_filter(_absent, lambda name: NOT list_contains(over_fields, name)), [])"
    replaced = [
        "coalesce(over_at, _modified) AS _modified",
        f"CASE WHEN over_id IS NULL THEN _absent ELSE {still_absent} END AS _absent",
    ]
    replaced += [
        f"CASE WHEN list_contains(over_fields, {quote_literal(name)}) THEN over_{number} ELSE {quote_identifier(name)} "
        f"END AS {quote_identifier(name)}"
        for number, name in enumerate(touched)
    ]
    return (
        f"SELECT * EXCLUDE ({', '.join(data)}) REPLACE ({', '.join(replaced)}) "  # noqa: S608 quoted
        f"FROM ({source}) LEFT JOIN import_rows ON over_id = _id"
    )
