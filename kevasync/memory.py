"""The reference side: a side held in memory, complete, real Parquet in and out, with faults to switch on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kevasync.endpoint import (
    MOST_LOSERS,
    ChildField,
    Extracted,
    Failure,
    JobNote,
    Journal,
    Limits,
    MergeRequest,
    Progress,
    Selection,
    Stop,
    WriteBatch,
    WriteOutcome,
    WriteResult,
)
from kevasync.errors import KevasyncError, UsageError
from kevasync.records import Schema, Side

__all__ = ["Faults", "Killed", "MemoryEndpoint"]


class Killed(BaseException):
    """The process ends here, as far as the code under test can tell; MemoryEndpoint raises it at its kill point."""


@dataclass(slots=True)
class Faults:
    """What goes wrong on purpose. Records are named by Keva id, or by their own id where they have none.

    `lost`: written, the answer lost, once. `dropped`: never arrived, no answer, once. `failing`: refused each time.
    `down`: raised by every call. `kill_at`: the step, counted from 1 over the endpoint's life, that raises Killed.
    """

    lost: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    failing: dict[str, Failure] = field(default_factory=dict)
    down: KevasyncError | None = None
    kill_at: int | None = None


@dataclass(slots=True)
class _Record:
    values: dict[str, str | None]
    modified: str
    deleted: bool = False
    master: str | None = None
    absent: tuple[str, ...] = ()


class MemoryEndpoint:
    """The reference side: complete, in memory, Parquet in and out, with faults to switch on.

    `bulk` makes it write by jobs, as Salesforce's Bulk API does; otherwise by calls of `chunk` rows. As Keva it creates
    by e-mail (a second create with one address updates), returns what it holds and cannot delete.
    """

    def __init__(self, side: Side, *schemas: Schema, chunk: int = 200, bulk: bool = False) -> None:
        self.side = side
        self.schemas = {schema.object: schema for schema in schemas}
        self.records: dict[str, dict[str, _Record]] = {name: {} for name in self.schemas}
        self.faults = Faults()
        self.chunk, self.bulk = chunk, bulk
        self.steps = self.written = 0
        self._jobs: dict[str, list[WriteResult]] = {}
        self._found: dict[tuple[str, str], dict[str, str]] = {}
        self._last = datetime.fromtimestamp(0, UTC)

    def put(
        self,
        object_name: str,
        values: Mapping[str, str | None],
        identity: str | None = None,
        absent: Sequence[str] = (),
    ) -> str:
        """Create or edit a record as somebody else would, behind the client's back; returns its id."""
        records = self.records[object_name]
        identity = identity or self._new_id(object_name)
        record = records.setdefault(identity, _Record({}, ""))
        record.values.update(values)
        record.modified, record.absent = self._now(), tuple(absent)
        for (name, unique), found in self._found.items():
            if name == object_name and (value := values.get(unique)):
                found[value.casefold()] = identity
        return identity

    def remove(self, object_name: str, identity: str, master: str | None = None) -> None:
        """Delete a record, or merge it into `master`."""
        record = self.records[object_name][identity]
        record.deleted, record.master, record.modified = True, master, self._now()

    def values(self, object_name: str) -> dict[str, dict[str, str | None]]:
        """What the records that are not deleted hold, by id."""
        return {key: dict(record.values) for key, record in self.records[object_name].items() if not record.deleted}

    def describe(self, object_name: str) -> Schema:
        """The schema it was made with. Raises UsageError `object-unknown`."""
        if object_name not in self.schemas:
            raise UsageError("object-unknown", f"{self.side} has no object {object_name}")
        return self.schemas[object_name]

    def extract(
        self, object_name: str, fields: Sequence[str], into: Path, selection: Selection, progress: Progress
    ) -> Extracted:
        """Write one Parquet part with the selected records; fields it does not know are `missing`."""
        self._step()
        schema = self.describe(object_name)
        known = [name for name in fields if schema.find(name) or _is_path(schema, name)]
        chosen = _selected(self.records[object_name], selection)
        progress.start(f"Reading {object_name}", len(chosen))
        columns: dict[str, pa.Array] = {
            "_id": pa.array([key for key, _ in chosen], pa.string()),
            "_modified": pa.array([record.modified for _, record in chosen], pa.string()),
            "_deleted": pa.array([record.deleted for _, record in chosen], pa.bool_()),
            "_master": pa.array([record.master for _, record in chosen], pa.string()),
            "_absent": pa.array([list(record.absent) or None for _, record in chosen], pa.list_(pa.string())),
        }
        for name in known:
            columns[name] = pa.array([record.values.get(name) for _, record in chosen], pa.string())
        part = into / "part-0.parquet"
        pq.write_table(pa.table(columns), part)
        progress.advance(len(chosen), api_calls=1)
        progress.done()
        missing = tuple(name for name in fields if name not in known)
        watermark = max((record.modified for _, record in chosen), default=selection.since)
        return Extracted((part,), len(chosen), tuple(known), missing, watermark, 1)

    def write(self, batch: WriteBatch, journal: Journal, progress: Progress, stop: Stop) -> Iterator[list[WriteResult]]:
        """Write in calls of `chunk` rows, or as one job. Raises UsageError `field-unknown` for a field it lacks."""
        schema = self.describe(batch.object)
        unknown = [name for name in batch.fields if schema.find(name) is None]
        if unknown:
            raise UsageError("field-unknown", f"{batch.object} on {self.side} has no field {', '.join(unknown)}")
        if self.bulk and not stop():
            note = JobNote(
                f"{batch.path}",
                batch.object,
                _verb(batch),
                batch.path,
                batch.rows,
                "planned",
                external_id=batch.external_id,
                create=batch.create,
            )
            yield from self._run_job(note, batch, journal, progress)
            return
        rows: list[dict[str, Any]] = pq.read_table(batch.path).to_pylist()
        for start in range(0, 0 if self.bulk else len(rows), self.chunk):
            if stop():
                return
            part = rows[start : start + self.chunk]
            self._step()
            journal.sending([row["_key"] for row in part])
            self._step()
            results = [self._write_row(batch, row) for row in part]
            self._step()
            progress.advance(len(part), api_calls=1)
            yield results

    def resume(self, journal: Journal, progress: Progress, stop: Stop) -> Iterator[list[WriteResult]]:
        """Collect the jobs that were started; abort those that were not."""
        for note in journal.open_jobs():
            self._step()
            if note.job_id is None or note.job_id not in self._jobs:
                journal.job(replace(note, state="aborted"))
                continue
            yield self._jobs[note.job_id]
            progress.advance(note.rows, api_calls=1)
            journal.job(replace(note, state="collected"))
            if stop():
                return

    def children(self, object_name: str) -> Sequence[ChildField]:
        """The fields of its schemas that refer to the object."""
        return tuple(
            ChildField(schema.object, item.name, item.updateable)
            for schema in self.schemas.values()
            for item in schema.fields
            if object_name in item.reference_to
        )

    def merge(
        self, object_name: str, requests: Sequence[MergeRequest], journal: Journal, progress: Progress, stop: Stop
    ) -> Iterator[list[WriteResult]]:
        """Merge in calls of `chunk` requests. Faults go by the master's id."""
        self.describe(object_name)
        for start in range(0, len(requests), self.chunk):
            if stop():
                return
            part = requests[start : start + self.chunk]
            self._step()
            journal.sending([item.key for item in part])
            self._step()
            results = [self._merge_one(object_name, item) for item in part]
            self._step()
            progress.advance(len(part), api_calls=1)
            yield results

    def estimate(self, object_name: str, creates: int, updates: int) -> tuple[int, float]:
        """One call a chunk, a thousand calls a minute."""
        self.describe(object_name)
        calls = -(-(creates + updates) // self.chunk)
        return calls, calls / 1000

    def limits(self) -> Limits | None:
        """It has none."""
        return None

    def _run_job(
        self, note: JobNote, batch: WriteBatch, journal: Journal, progress: Progress
    ) -> Iterator[list[WriteResult]]:
        self._step()
        journal.job(note)
        self._step()
        job_id = f"750{len(self._jobs):015d}"
        note = replace(note, state="created", job_id=job_id)
        journal.job(note)
        rows: list[dict[str, Any]] = pq.read_table(batch.path).to_pylist()
        journal.sending([row["_key"] for row in rows])
        self._step()
        self._jobs[job_id] = [self._write_row(batch, row) for row in rows]
        self._step()
        journal.job(replace(note, state="complete"))
        self._step()
        yield self._jobs[job_id]
        progress.advance(len(rows), api_calls=5)
        self._step()
        journal.job(replace(note, state="collected"))

    def _write_row(self, batch: WriteBatch, row: Mapping[str, Any]) -> WriteResult:
        key, name = row["_key"], row["_keva_id"] or row["_id"]
        if name in self.faults.dropped:
            self.faults.dropped.discard(name)
            return WriteResult(key, None, WriteOutcome.UNKNOWN)
        result = self._refusal(batch, row) or self._store(batch, row)
        if name in self.faults.lost:
            self.faults.lost.discard(name)
            return WriteResult(key, None, WriteOutcome.UNKNOWN)
        return result

    def _merge_one(self, object_name: str, request: MergeRequest) -> WriteResult:
        if request.master in self.faults.dropped:
            self.faults.dropped.discard(request.master)
            return WriteResult(request.key, None, WriteOutcome.UNKNOWN)
        records = self.records[object_name]
        involved = [records.get(identity) for identity in (request.master, *request.losers)]
        failure = self.faults.failing.get(request.master)
        if failure is None and any(record is None or record.deleted for record in involved):
            failure = Failure("record-gone", "ENTITY_IS_DELETED", "entity is deleted")
        if failure is None and not 1 <= len(request.losers) <= MOST_LOSERS:
            failure = Failure("value-refused", "NUMBER_OUTSIDE_VALID_RANGE", "one or two losers a merge")
        if failure is not None:
            return WriteResult(request.key, request.master, WriteOutcome.FAILED, failure=failure)
        self.put(object_name, request.values, request.master)
        for child in self.children(object_name):
            for identity, record in self.records[child.object].items():
                if not record.deleted and record.values.get(child.field) in request.losers:
                    own = child.object == object_name and identity == request.master
                    self.put(child.object, {child.field: None if own else request.master}, identity)
        for loser in request.losers:
            self.remove(object_name, loser, request.master)
        if request.master in self.faults.lost:
            self.faults.lost.discard(request.master)
            return WriteResult(request.key, None, WriteOutcome.UNKNOWN)
        return WriteResult(request.key, request.master, WriteOutcome.APPLIED)

    def _refusal(self, batch: WriteBatch, row: Mapping[str, Any]) -> WriteResult | None:
        """The failure that the side's own rules make of this row, if any."""
        identity, schema = row["_id"], self.schemas[batch.object]
        record = self.records[batch.object].get(identity) if identity else None
        cleared = set(row.get("_clear") or ())
        failure = self.faults.failing.get(row["_keva_id"] or identity)
        if batch.delete and self.side is Side.KEVA:
            failure = Failure("delete-unsupported", "METHOD_NOT_ALLOWED", "Keva cannot delete a customer")
        elif failure is None and not batch.create and not batch.delete and (record is None or record.deleted):
            failure = Failure("record-gone", "ENTITY_IS_DELETED", f"{identity} is deleted or does not exist")
        if failure is None and not batch.delete:
            for item in schema.fields:
                value = row.get(item.name)
                if item.required and (item.name in cleared or (batch.create and value is None)):
                    text = f"Required fields are missing: [{item.name}]"
                    failure = Failure("value-refused", "REQUIRED_FIELD_MISSING", text, (item.name,))
                elif item.length and value is not None and len(value) > item.length:
                    text = f"{item.label}: data value too large (max length={item.length})"
                    failure = Failure("value-refused", "STRING_TOO_LONG", text, (item.name,))
        return None if failure is None else WriteResult(row["_key"], identity, WriteOutcome.FAILED, failure=failure)

    def _store(self, batch: WriteBatch, row: Mapping[str, Any]) -> WriteResult:
        records = self.records[batch.object]
        if batch.delete:
            if row["_id"] in records and not records[row["_id"]].deleted:
                self.remove(batch.object, row["_id"])
            return WriteResult(row["_key"], row["_id"], WriteOutcome.APPLIED)
        values = {name: row[name] for name in batch.fields if row.get(name) is not None}
        values |= dict.fromkeys(row["_clear"] or ())
        identity, created = row["_id"], False
        if batch.create:
            if batch.external_id:
                values[batch.external_id] = row["_keva_id"]
            twin = self._twin(batch, values)
            identity, created = twin or self._new_id(batch.object), twin is None
        # what a record never said it still does not say, unless it was written
        earlier = records[identity].absent if identity in records else ()
        self.put(batch.object, values, identity, [name for name in earlier if name not in values])
        returned = dict(records[identity].values) if self.side is Side.KEVA else None
        return WriteResult(row["_key"], identity, WriteOutcome.APPLIED, created, returned=returned)

    def _twin(self, batch: WriteBatch, values: Mapping[str, str | None]) -> str | None:
        """The record that a create finds instead of making a second one: by external id, in Keva by e-mail."""
        unique = "email" if self.side is Side.KEVA else batch.external_id
        wanted = values.get(unique) if unique else None
        if unique is None or wanted is None:
            return None
        records = self.records[batch.object]
        if (batch.object, unique) not in self._found:
            self._found[batch.object, unique] = {
                value.casefold(): key for key, record in records.items() if (value := record.values.get(unique))
            }
        key = self._found[batch.object, unique].get(wanted.casefold())
        if key is None or _holds(records[key], unique, wanted):
            return key
        return next((key for key, record in records.items() if _holds(record, unique, wanted)), None)

    def _step(self) -> None:
        """One more moment at which the process could die or the side be down."""
        self.steps += 1
        if self.steps == self.faults.kill_at:
            raise Killed(f"step {self.steps} of {self.side}")
        if self.faults.down is not None:
            raise self.faults.down

    def _now(self) -> str:
        """A time stamp later than any before."""
        self._last = max(datetime.now(UTC), self._last + timedelta(milliseconds=1))
        return f"{self._last:%Y-%m-%dT%H:%M:%S}.{self._last.microsecond // 1000:03d}Z"

    def _new_id(self, object_name: str) -> str:
        number = len(self.records[object_name]) + 1
        if self.side is Side.KEVA:
            return f"cust_{number:06d}"
        short = f"{_PREFIXES.get(object_name, 'a00')}{number:012d}"
        return short + _checksum(short)


_PREFIXES = {"Contact": "003", "Account": "001", "Lead": "00Q"}


def _checksum(short: str) -> str:
    """The three characters that make a 15-character Salesforce id safe where case is lost."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    chunks = (short[start : start + 5] for start in (0, 5, 10))
    return "".join(letters[sum(1 << place for place, char in enumerate(chunk) if char.isupper())] for chunk in chunks)


def _selected(records: Mapping[str, _Record], selection: Selection) -> list[tuple[str, _Record]]:
    name, values = selection.match or ("", ())
    ids = None if selection.ids is None else set(selection.ids)
    folded = {value.casefold() for value in values}
    return [
        (key, record)
        for key, record in records.items()
        if (ids is None or key in ids)
        and (selection.since is None or record.modified >= selection.since)
        and (selection.match is None or (record.values.get(name) or "").casefold() in folded)
        and (selection.deleted or not record.deleted)
    ]


def _holds(record: _Record, name: str, value: str) -> bool:
    return not record.deleted and (record.values.get(name) or "").casefold() == value.casefold()


def _is_path(schema: Schema, name: str) -> bool:
    """Whether `Account.Name` reads through a relationship of the object."""
    head, dot, _ = name.partition(".")
    return bool(dot) and any(item.relationship == head for item in schema.fields)


def _verb(batch: WriteBatch) -> str:
    if batch.delete:
        return "delete"
    return ("upsert" if batch.external_id else "insert") if batch.create else "update"
