"""Bulk API 2.0: the jobs, kept in SQLite with their files beside them, and the thread that works them off."""

from __future__ import annotations

import json
import queue
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from kevasync.sandbox.answers import ApiError, not_found
from kevasync.sandbox.bulk_csv import DELIMITERS, LINE_ENDINGS
from kevasync.sandbox.bulk_run import INGEST_OPERATIONS, JobFailedError, run_ingest, run_query
from kevasync.sandbox.ids import make_id, to_18
from kevasync.sandbox.org import Org

DONE = frozenset({"JobComplete", "Failed", "Aborted"})
CREATE = """
CREATE TABLE IF NOT EXISTS job (
  number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, state TEXT NOT NULL, job TEXT NOT NULL
)
"""


@dataclass(slots=True)
class Job:
    """One ingest or query job; what is kept of it. Counts are rows, times milliseconds."""

    id: str
    kind: Literal["ingest", "query"]
    operation: str
    object: str
    delimiter: str = "COMMA"
    line_ending: str = "LF"
    api_version: float = 68.0
    external_field: str | None = None
    soql: str = ""
    state: str = "Open"
    created: str = ""
    modified: str = ""
    uploaded: bool = False
    processed: int = 0
    failed: int = 0
    successful_bytes: int = 0
    failed_bytes: int = 0
    error_message: str | None = None
    total_ms: int = 0

    def as_dict(self, user_id: str) -> dict[str, Any]:
        """The JSON that Salesforce answers when the job is made and in lists."""
        body: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.object,
            "createdById": user_id,
            "createdDate": self.created,
            "systemModstamp": self.modified,
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": self.api_version,
        }
        if self.kind == "ingest":
            body["contentUrl"] = f"services/data/v{self.api_version:.1f}/jobs/ingest/{self.id}/batches"
        if self.external_field is not None:
            body["externalIdFieldName"] = self.external_field
        return {**body, "lineEnding": self.line_ending, "columnDelimiter": self.delimiter}

    def as_status(self, user_id: str) -> dict[str, Any]:
        """The JSON of one job asked for by id, with its counts."""
        body = {
            **self.as_dict(user_id),
            "jobType": "V2Ingest" if self.kind == "ingest" else "V2Query",
            "numberRecordsProcessed": self.processed,
            "retries": 0,
            "totalProcessingTime": self.total_ms,
        }
        if self.kind == "ingest":
            body.update(numberRecordsFailed=self.failed, apiActiveProcessingTime=self.total_ms, apexProcessingTime=0)
        else:
            body["isPkChunkingSupported"] = True
        return body if self.error_message is None else {**body, "errorMessage": self.error_message}


class Bulk:
    """All Bulk jobs of an org. One thread works; jobs that wait or were interrupted go on after a restart.

    `pause` holds jobs back before they start, and between batches, while it is cleared.
    """

    def __init__(self, org: Org, folder: Path) -> None:
        self.org = org
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(folder / "jobs.db", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(CREATE)
        self._stopping = threading.Event()
        self.pause = threading.Event()
        self.pause.set()
        self._waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        for job in self.jobs("ingest"), self.jobs("query"):
            for each in job:
                if each.state in {"UploadComplete", "InProgress"}:
                    self._waiting.put(each.id)
        self._thread = threading.Thread(target=self._work, name="sandbox-bulk", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let the running job finish its batch, then close; the rest of it goes on at the next start."""
        self._stopping.set()
        self.pause.set()
        self._waiting.put(None)
        self._thread.join()
        with self._lock:
            self._db.close()

    # -- the jobs

    def create(self, kind: Literal["ingest", "query"], version: float, asked: dict[str, Any]) -> Job:
        """Make a job from a request body; ApiError where it cannot be."""
        operation = str(asked.get("operation", ""))
        if operation not in (INGEST_OPERATIONS if kind == "ingest" else {"query", "queryAll"}):
            raise _bad("InvalidJob", f"Unsupported operation: {operation or None}")
        if asked.get("contentType", "CSV") != "CSV":
            raise _bad("InvalidJob", f"Unsupported content type: {asked['contentType']}")
        job = Job(
            id="",
            kind=kind,
            operation=operation,
            object="",
            delimiter=_choice(asked, "columnDelimiter", "COMMA", DELIMITERS),
            line_ending=_choice(asked, "lineEnding", "LF", LINE_ENDINGS),
            api_version=version,
            created=_now(),
        )
        if kind == "ingest":
            self._check_ingest(job, asked)
        else:
            job.soql, job.state = str(asked.get("query", "")), "UploadComplete"
            found = self.org.query(job.soql, all_rows=operation == "queryAll")
            if found.has_aggregates:
                raise ApiError("API_ERROR", "Aggregate Relationships not supported in Bulk Query")
            job.object = found.entity
        self._insert(job)
        if kind == "query":
            self._waiting.put(job.id)
        return job

    def _check_ingest(self, job: Job, asked: dict[str, Any]) -> None:
        if job.operation == "hardDelete":
            text = "hardDelete operation requires special user profile permission"
            raise _bad("FeatureNotEnabled", f"{text}, please contact your system administrator")
        try:
            job.object = self.org.spec(str(asked.get("object", ""))).name
        except ApiError:
            raise _bad("InvalidJob", f"Unable to find object: {asked.get('object')}") from None
        if job.operation == "upsert":
            if not asked.get("externalIdFieldName"):
                text = f"External ID was blank for {job.object}. An External ID must be specified for upsert"
                raise _bad("InvalidJob", text)
            job.external_field = str(asked["externalIdFieldName"])

    def get(self, job_id: str, kind: str) -> Job:
        """One job by its 15- or 18-character id; ApiError NOT_FOUND where there is none of this kind."""
        with self._lock:
            row = self._db.execute("SELECT job FROM job WHERE id = ?", [_long(job_id)]).fetchone()
        if row is None or (job := _loaded(row[0])).kind != kind:
            raise not_found()
        return job

    def jobs(self, kind: str) -> list[Job]:
        """All jobs of a kind, newest first."""
        with self._lock:
            rows = self._db.execute("SELECT job FROM job ORDER BY number DESC").fetchall()
        return [job for row in rows if (job := _loaded(row[0])).kind == kind]

    def files(self, job: Job) -> Path:
        """The folder with the job's files."""
        return self.folder / job.id

    def uploaded(self, job_id: str) -> None:
        """Note that the job has its data."""
        self._change(job_id, uploaded=True)

    def close_job(self, job_id: str) -> Job:
        """UploadComplete: the job waits to be worked off."""
        with self._lock:
            job = self.get(job_id, "ingest")
            if job.state != "Open":
                raise _bad("InvalidJobState", f"Closing already {_word(job.state)} Job not allowed")
            job = self._change(job_id, state="UploadComplete")
        self._waiting.put(job.id)
        return job

    def abort(self, job_id: str, kind: str) -> Job:
        """Aborted: what was written stays written; the rest becomes unprocessed."""
        with self._lock:
            job = self.get(job_id, kind)
            if job.state in DONE:
                raise _bad("InvalidJobState", f"Aborting already {_word(job.state)} Job not allowed")
            return self._change(job_id, state="Aborted")

    def delete(self, job_id: str, kind: str) -> None:
        """Forget a job that does not run, with its files."""
        with self._lock:
            job = self.get(job_id, kind)
            if job.state not in DONE | {"UploadComplete"}:
                raise _bad("InvalidJobState", f"Deleting {_word(job.state)} Job not allowed")
            self._db.execute("DELETE FROM job WHERE id = ?", [job.id])
        shutil.rmtree(self.files(job), ignore_errors=True)

    def _insert(self, job: Job) -> None:
        with self._lock:
            number = self._db.execute("INSERT INTO job (state, job) VALUES ('', '')").lastrowid or 0
            job.id = make_id("750", self.org.org_id[3:5], number)
            self._save(job, number)
        self.files(job).mkdir()

    def _save(self, job: Job, number: int | None = None) -> None:
        job.modified = _now()
        values = [job.id, job.state, json.dumps(asdict(job))]
        where, key = ("id", job.id) if number is None else ("number", number)
        self._db.execute(f"UPDATE job SET id = ?, state = ?, job = ? WHERE {where} = ?", [*values, key])  # noqa: S608 fixed

    def _change(self, job_id: str, **values: Any) -> Job:
        with self._lock:
            row = self._db.execute("SELECT job FROM job WHERE id = ?", [_long(job_id)]).fetchone()
            if row is None:
                raise not_found()
            job = _loaded(row[0])
            for name, value in values.items():
                setattr(job, name, value)
            self._save(job)
            return job

    # -- the work

    def _work(self) -> None:
        while (job_id := self._waiting.get()) is not None and not self._stopping.is_set():
            self.pause.wait()
            if self._stopping.is_set():
                return
            try:
                self._run(job_id)
            except ApiError:
                continue  # deleted while it waited

    def _run(self, job_id: str) -> None:
        with self._lock:
            job = self._change(job_id)
            if job.state not in {"UploadComplete", "InProgress"}:
                return
            job = self._change(job_id, state="InProgress")
        began, spent = time.monotonic(), job.total_ms

        def keep(**values: Any) -> bool:
            """Save what was done so far; whether to go on."""
            total = spent + int((time.monotonic() - began) * 1000)
            current = self._change(job_id, total_ms=total, **values)
            self.pause.wait()
            return current.state != "Aborted" and not self._stopping.is_set()

        end: dict[str, Any]
        try:
            run: Callable[..., Any] = run_ingest if job.kind == "ingest" else run_query
            finished = run(self.org, job, self.files(job), keep)
            end = {"state": "JobComplete"} if finished else {}
        except JobFailedError as failure:
            end = {"state": "Failed", "error_message": str(failure)}
        except Exception as error:  # noqa: BLE001 a fault of the sandbox itself must not leave the client waiting
            end = {"state": "Failed", "error_message": f"InternalServerError : {type(error).__name__}: {error}"}
        with self._lock:
            if self._change(job_id).state != "Aborted":
                self._change(job_id, **end)


def _bad(code: str, text: str) -> ApiError:
    return ApiError(code.upper(), f"{code} : {text}")


def _choice(asked: dict[str, Any], name: str, default: str, known: dict[str, str]) -> str:
    value = str(asked.get(name, default))
    if value not in known:
        raise _bad("InvalidJob", f"Invalid {name}: {value}")
    return value


def _word(state: str) -> str:
    return {"JobComplete": "Completed", "UploadComplete": "closed", "InProgress": "running"}.get(state, state)


def _loaded(text: str) -> Job:
    known = {each.name for each in fields(Job)}
    return Job(**{name: value for name, value in json.loads(text).items() if name in known})


def _long(job_id: str) -> str:
    try:
        return to_18(job_id)
    except ApiError:
        return job_id


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
