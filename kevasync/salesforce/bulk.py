"""Loading in bulk: parts become jobs, several side by side, each in the ledger before it starts; resumes them too."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from uuid_utils import uuid7

from kevasync.endpoint import Failure, JobNote, Journal, Progress, Stop, WriteBatch, WriteOutcome, WriteResult
from kevasync.errors import KevasyncError, RunError
from kevasync.salesforce.failures import job_failure
from kevasync.salesforce.jobs import DONE, UPLOADS, Ingest, JobState, Pace
from kevasync.salesforce.parts import (
    MOST_BYTES,
    Carried,
    Leftover,
    cut,
    impossible_rows,
    keys_of,
    match,
    part_file,
    subset,
    write_csv,
)
from kevasync.salesforce.session import Session

__all__ = ["BulkLoad"]

LOG = logging.getLogger("kevasync.salesforce")
LOCK_ROUNDS = 3
"""How often locked rows are sent again, in a job of their own: in each, Salesforce itself tries ten times."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A part not yet started: a range of the batch's rows, or locked rows to be sent again (`between` is None)."""

    carried: Carried
    between: tuple[int, int] | None
    round: int = 0


@dataclass(slots=True)
class _Running:
    """A job that Salesforce works on."""

    note: JobNote
    carried: Carried
    round: int = 0
    asked: int = 0
    due: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> str:
        return self.note.job_id or ""


class BulkLoad:
    """One load, or the resuming of one. Single-threaded: Salesforce works on the jobs side by side, we only ask."""

    def __init__(
        self,
        session: Session,
        pace: Pace,
        journal: Journal,
        progress: Progress,
        stop: Stop,
        *,
        headers: Mapping[str, str] | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._session, self._pace = session, pace
        self._journal, self._progress, self._stop = journal, progress, stop
        self._ingest = Ingest(session, headers)
        self._most_bytes = most_bytes
        self._held: dict[str, WriteResult] = {}  # locked rows that wait to be sent again
        self._told = session.calls

    def run(self, batch: WriteBatch) -> Iterator[list[WriteResult]]:
        """Write a batch. Rows whose job was not started when `stop` turned true are not yielded."""
        whole = Carried(batch.path, batch.create, batch.external_id, batch.delete)
        if self._stop():
            return
        if refused := impossible_rows(whole):
            yield refused
            self._tell(len(refused))
        waiting = deque(_Waiting(whole, between) for between in cut(whole, self._most_bytes))
        yield from self._drive(batch.object, waiting, [])

    def resume(self) -> Iterator[list[WriteResult]]:
        """Bring the jobs the ledger names to their end; those Salesforce never began are aborted and not yielded."""
        by_object: dict[str, list[_Running]] = {}
        for note in self._journal.open_jobs():
            job = _Running(note, Carried(note.batch, note.create, note.external_id, note.operation == "delete"))
            if not note.batch.exists():
                # Without its rows its results say nothing; the ledger then looks the rows up one by one.
                LOG.warning("salesforce.part_missing job=%s file=%s", note.job_id, note.batch.name)
                self._note(job, "collected")
                continue
            state = self._ingest.find(job.id) if note.state in {"uploaded", "complete"} and job.id else None
            if note.state in {"planned", "created"} or (state and state.state == "Open"):
                self._abort(job)
            elif state is None:
                yield _all(job.carried, WriteOutcome.UNKNOWN, None)
                self._over(job)
            else:
                by_object.setdefault(note.object, []).append(job)
        for object_name, running in by_object.items():
            yield from self._drive(object_name, deque(), running)

    def _drive(
        self, object_name: str, waiting: deque[_Waiting], running: list[_Running]
    ) -> Iterator[list[WriteResult]]:
        """Start what waits while there is room, ask the others in turn, collect what is done."""
        try:
            while running or (waiting and not self._stop()):
                while waiting and len(running) < self._pace.jobs and not self._stop():
                    running.append(self._start(object_name, waiting.popleft()))
                job = min(running, key=lambda item: item.due)
                time.sleep(max(job.due - time.monotonic(), 0))
                state = self._ingest.state(job.id)
                self._tell(0)
                if state.state in DONE:
                    running.remove(job)
                    yield from self._collect(job, state, waiting)
                else:
                    job.asked += 1
                    job.due = time.monotonic() + self._pace.wait(job.asked)
        except KevasyncError:
            # Jobs in flight stay in the ledger for `resume`; of held rows it is known that they were not written.
            if self._held:
                yield list(self._held.values())
            raise
        if self._held:
            yield list(self._held.values())
            self._held.clear()
        for left in waiting:
            if left.between is None:
                left.carried.path.unlink(missing_ok=True)

    def _start(self, object_name: str, waits: _Waiting) -> _Running:
        """Make, fill and close one job, each step in the ledger before it is taken."""
        folder = waits.carried.path.parent
        part = part_file(waits.carried, waits.between, folder) if waits.between else waits.carried
        keys = keys_of(part)
        note = JobNote(
            str(uuid7()),
            object_name,
            part.operation,
            part.path,
            len(keys),
            "planned",
            external_id=part.external_id,
            create=part.create,
        )
        job = _Running(note, part, waits.round)
        self._journal.job(note)
        try:
            self._fill(job)
        except KevasyncError:
            self._abort(job)
            raise
        # Noted before it is so: a job noted as uploaded but found open was never begun.
        self._note(job, "uploaded")
        self._journal.sending(keys)
        for key in keys:
            self._held.pop(key, None)
        self._ingest.close(job.id)
        self._tell(0)
        job.due = time.monotonic() + self._pace.wait(0)
        LOG.info("salesforce.job_started job=%s operation=%s rows=%d", job.id, part.operation, len(keys))
        return job

    def _fill(self, job: _Running) -> None:
        """Make the job and upload its rows; where the answer to an upload is lost, another job is made."""
        upload = job.note.batch.with_suffix(".csv")
        try:
            write_csv(job.carried, upload)
            for _ in range(UPLOADS):
                made = self._ingest.create(job.note.object, job.note.operation, _key_field(job.carried))
                job.note = replace(job.note, job_id=made)
                self._note(job, "created")
                if self._ingest.upload(made, upload):
                    return
                self._ingest.abort(made)
        finally:
            upload.unlink(missing_ok=True)
        raise RunError("salesforce-unreachable", f"The upload of {job.note.rows} rows broke off {UPLOADS} times")

    def _collect(self, job: _Running, state: JobState, waiting: deque[_Waiting]) -> Iterator[list[WriteResult]]:
        """The results of a job that is over; locked rows go to the end of the queue as a job of their own."""
        self._note(job, "complete")
        LOG.info("salesforce.job_over job=%s state=%s failed=%d", job.id, state.state, state.failed)
        again: list[str] = []
        with TemporaryDirectory(dir=job.note.batch.parent, prefix=".results-") as folder:
            files = self._results(job, state, Path(folder))
            for chunk in match(job.carried, files, _leftover(state)):
                locked = [item for item in chunk if _locked(item)] if job.round < LOCK_ROUNDS else []
                self._held.update((item.key, item) for item in locked)
                again += [item.key for item in locked]
                known = [item for item in chunk if item.key not in self._held]
                if known:
                    yield known
                self._tell(len(known))
        if again:
            retried = subset(job.carried, again, job.note.batch.parent)
            waiting.append(_Waiting(retried, None, job.round + 1))
        self._over(job)

    def _results(self, job: _Running, state: JobState, folder: Path) -> dict[str, Path]:
        """Fetch the result files that can have rows."""
        kinds = []
        if state.processed > state.failed:
            kinds.append("successfulResults")
        if state.failed:
            kinds.append("failedResults")
        if state.state != "JobComplete" and state.processed:
            kinds.append("unprocessedrecords")
        files = {kind: folder / f"{kind}.csv" for kind in kinds}
        for kind, path in files.items():
            self._ingest.results(job.id, kind, path)
        return files

    def _abort(self, job: _Running) -> None:
        """Take a job back that Salesforce has not begun, if it will listen; in the ledger it is over in any case."""
        if job.id:
            with suppress(KevasyncError):
                self._ingest.abort(job.id)
        self._note(job, "aborted")
        job.note.batch.unlink(missing_ok=True)

    def _over(self, job: _Running) -> None:
        self._note(job, "collected")
        job.note.batch.unlink(missing_ok=True)

    def _note(self, job: _Running, state: str) -> None:
        job.note = replace(job.note, state=state)
        self._journal.job(job.note)

    def _tell(self, rows: int) -> None:
        calls, self._told = self._session.calls - self._told, self._session.calls
        self._progress.advance(rows, api_calls=calls)


def _locked(result: WriteResult) -> bool:
    return result.failure is not None and result.failure.side_code == "UNABLE_TO_LOCK_ROW"


def _leftover(state: JobState) -> Leftover:
    """What to say of rows no result names. A job that processed nothing wrote nothing; else only the lists tell."""
    if state.state == "JobComplete":
        text = "The job is complete, but none of its results is this row"
        return Leftover(WriteOutcome.UNKNOWN, Failure("salesforce-answer-incomplete", "JobComplete", text))
    failed = job_failure(state.message or state.state)
    if state.state == "Aborted":
        failed = Failure(
            "salesforce-row-not-processed", "Aborted", "The job was aborted before this row", retryable=True
        )
    return Leftover(WriteOutcome.UNKNOWN if state.processed else WriteOutcome.FAILED, failed)


def _all(carried: Carried, outcome: WriteOutcome, failure: Failure | None) -> list[WriteResult]:
    return [WriteResult(key, None, outcome, failure=failure) for key in keys_of(carried)]


def _key_field(carried: Carried) -> str | None:
    """The field a job finds records by; only upserts name one."""
    return carried.external_id if carried.operation == "upsert" else None
