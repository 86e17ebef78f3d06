"""The Bulk jobs of an org, in the org's own database, so that a batch and its count are committed as one."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal

from kevasync.sandbox.answers import ApiError, not_found
from kevasync.sandbox.database import Database
from kevasync.sandbox.ids import make_id, to_18

DONE = frozenset({"JobComplete", "Failed", "Aborted"})
CREATE = """
CREATE TABLE IF NOT EXISTS bulk_job (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, job TEXT NOT NULL)
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


class Jobs:
    """All jobs, ingest and query; every call is one transaction, or part of the one it is called in."""

    def __init__(self, database: Database, pod: str) -> None:
        self._database, self._pod = database, pod
        with database.write() as con:
            con.execute(CREATE)

    def add(self, job: Job) -> None:
        """Give a new job its id and keep it."""
        with self._database.write() as con:
            number = con.execute("INSERT INTO bulk_job (job) VALUES ('')").lastrowid or 0
            job.id, job.modified = make_id("750", self._pod, number), now()
            values = [job.id, json.dumps(asdict(job)), number]
            con.execute("UPDATE bulk_job SET id = ?, job = ? WHERE number = ?", values)

    def get(self, job_id: str, kind: str | None = None) -> Job:
        """One job by its 15- or 18-character id; ApiError NOT_FOUND where there is none of this kind."""
        with self._database.read() as con:
            row = con.execute("SELECT job FROM bulk_job WHERE id = ?", [_long(job_id)]).fetchone()
        if row is None or (job := _loaded(row[0])).kind != (kind or job.kind):
            raise not_found()
        return job

    def all(self, kind: str) -> list[Job]:
        """All jobs of a kind, newest first."""
        with self._database.read() as con:
            rows = con.execute("SELECT job FROM bulk_job ORDER BY number DESC").fetchall()
        return [job for row in rows if (job := _loaded(row[0])).kind == kind]

    def change(self, job_id: str, *, unless: frozenset[str] = frozenset(), **values: Any) -> Job:
        """Change a job, unless it is in one of these states; the job as it is then."""
        with self._database.write() as con:
            job = self.get(job_id)
            if job.state in unless:
                return job
            for name, value in values.items():
                setattr(job, name, value)
            job.modified = now()
            con.execute("UPDATE bulk_job SET job = ? WHERE id = ?", [json.dumps(asdict(job)), job.id])
            return job

    def remove(self, job_id: str) -> None:
        """Forget a job."""
        with self._database.write() as con:
            con.execute("DELETE FROM bulk_job WHERE id = ?", [_long(job_id)])


def _loaded(text: str) -> Job:
    known = {each.name for each in fields(Job)}
    return Job(**{name: value for name, value in json.loads(text).items() if name in known})


def _long(job_id: str) -> str:
    try:
        return to_18(job_id)
    except ApiError:
        return job_id


def now() -> str:
    """This moment as REST shows it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
