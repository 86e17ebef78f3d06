"""Bulk API 2.0: making, closing, aborting jobs, and the thread that works them off one by one."""

from __future__ import annotations

import queue
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from kevasync.sandbox.answers import ApiError
from kevasync.sandbox.bulk_csv import DELIMITERS, LINE_ENDINGS
from kevasync.sandbox.bulk_jobs import DONE, Job, Jobs, now
from kevasync.sandbox.bulk_run import INGEST_OPERATIONS, JobFailedError, run_ingest, run_query
from kevasync.sandbox.org import Org


class Bulk:
    """All Bulk jobs of an org. One thread works; jobs that wait or were interrupted go on after a restart.

    `pause` holds jobs back before they start, and between batches, while it is cleared.
    """

    def __init__(self, org: Org, folder: Path) -> None:
        self.org = org
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.jobs = Jobs(org.database, org.org_id[3:5])
        self._stopping = threading.Event()
        self.pause = threading.Event()
        self.pause.set()
        self._waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        for job in reversed([*self.jobs.all("query"), *self.jobs.all("ingest")]):
            if job.state in {"UploadComplete", "InProgress"}:
                self._waiting.put(job.id)
        self._thread = threading.Thread(target=self._work, name="sandbox-bulk", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let the running job finish its batch, then close; the rest of it goes on at the next start."""
        self._stopping.set()
        self.pause.set()
        self._waiting.put(None)
        self._thread.join()

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
            created=now(),
        )
        if kind == "ingest":
            self._check_ingest(job, asked)
        else:
            job.soql, job.state = str(asked.get("query", "")), "UploadComplete"
            found = self.org.query(job.soql, all_rows=operation == "queryAll")
            if found.has_aggregates:
                raise ApiError("API_ERROR", "Aggregate Relationships not supported in Bulk Query")
            job.object = found.entity
        self.jobs.add(job)
        self.files(job).mkdir()
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

    def files(self, job: Job) -> Path:
        """The folder with the job's files."""
        return self.folder / job.id

    def uploaded(self, job_id: str) -> None:
        """Note that the job has its data."""
        self.jobs.change(job_id, uploaded=True)

    def close_job(self, job_id: str) -> Job:
        """UploadComplete: the job waits to be worked off."""
        with self.org.database.write():
            job = self.jobs.get(job_id, "ingest")
            if job.state != "Open":
                raise _bad("InvalidJobState", f"Closing already {_word(job.state)} Job not allowed")
            job = self.jobs.change(job_id, state="UploadComplete")
        self._waiting.put(job.id)
        return job

    def abort(self, job_id: str, kind: str) -> Job:
        """Aborted: what was written stays written; the rest becomes unprocessed."""
        with self.org.database.write():
            job = self.jobs.get(job_id, kind)
            if job.state in DONE:
                raise _bad("InvalidJobState", f"Aborting already {_word(job.state)} Job not allowed")
            return self.jobs.change(job_id, state="Aborted")

    def delete(self, job_id: str, kind: str) -> None:
        """Forget a job that does not run, with its files."""
        with self.org.database.write():
            job = self.jobs.get(job_id, kind)
            if job.state not in DONE | {"UploadComplete"}:
                raise _bad("InvalidJobState", f"Deleting {_word(job.state)} Job not allowed")
            self.jobs.remove(job.id)
        shutil.rmtree(self.files(job), ignore_errors=True)

    # -- the work

    def may_go_on(self) -> bool:
        """Wait while `pause` is cleared; False where the sandbox stops."""
        self.pause.wait()
        return not self._stopping.is_set()

    def _work(self) -> None:
        while (job_id := self._waiting.get()) is not None and self.may_go_on():
            try:
                self._run(job_id)
            except ApiError:
                continue  # deleted while it waited

    def _run(self, job_id: str) -> None:
        job = self.jobs.change(job_id, unless=DONE | {"Open"}, state="InProgress")
        if job.state != "InProgress":
            return
        end: dict[str, Any]
        try:
            run: Callable[..., bool] = run_ingest if job.kind == "ingest" else run_query
            end = {"state": "JobComplete"} if run(self.org, job, self.files(job), Progress(self, job)) else {}
        except JobFailedError as failure:
            end = {"state": "Failed", "error_message": str(failure)}
        except Exception as error:  # noqa: BLE001 a fault of the sandbox itself must not leave the client waiting
            end = {"state": "Failed", "error_message": f"InternalServerError : {type(error).__name__}: {error}"}
        self.jobs.change(job_id, unless=DONE, **end)


class Progress:
    """Keeps count of one running job, and says whether it may go on."""

    def __init__(self, bulk: Bulk, job: Job) -> None:
        self._bulk, self._job = bulk, job
        self._began, self._spent = time.monotonic(), job.total_ms

    def save(self, **values: Any) -> None:
        """Save what was done so far."""
        total = self._spent + int((time.monotonic() - self._began) * 1000)
        self._bulk.jobs.change(self._job.id, total_ms=total, **values)

    def goes_on(self) -> bool:
        """Wait while the jobs are held back; False where the job was aborted or the sandbox stops."""
        return self._bulk.may_go_on() and self._bulk.jobs.get(self._job.id).state == "InProgress"


def _bad(code: str, text: str) -> ApiError:
    return ApiError(code.upper(), f"{code} : {text}")


def _choice(asked: dict[str, Any], name: str, default: str, known: dict[str, str]) -> str:
    value = str(asked.get(name, default))
    if value not in known:
        raise _bad("InvalidJob", f"Invalid {name}: {value}")
    return value


def _word(state: str) -> str:
    return {"JobComplete": "Completed", "UploadComplete": "closed", "InProgress": "running"}.get(state, state)
