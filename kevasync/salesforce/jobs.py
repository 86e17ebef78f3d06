"""Bulk API 2.0, call by call: make a job, upload, close, watch, fetch results. What to do when is decided in `bulk`."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simple_salesforce.exceptions import SalesforceError

from kevasync.errors import RunError
from kevasync.salesforce.failures import call_error, job_failure, redact
from kevasync.salesforce.session import Session, Unanswered, decoded

__all__ = ["DONE", "Ingest", "JobState", "Pace", "Page", "query_pages"]

DONE = frozenset({"JobComplete", "Failed", "Aborted"})
PAGE_ROWS = 100_000
"""Rows asked for in one page of results; Salesforce gives fewer where rows are wide."""
UPLOADS = 3  # a job takes one upload; where its answer is lost a new job is made, so often
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a job is asked whether it is done: after `first` seconds, then `factor` longer each time up to `most`.

    A small job takes some seconds, a large one many minutes: from 1 s by half more to 20 s, an hour of waiting costs
    about 190 calls, and the answer is noticed within a tenth of the time the job took.
    """

    first: float = 1.0
    factor: float = 1.5
    most: float = 20.0
    jobs: int = 3

    def wait(self, asked: int) -> float:
        """Seconds to wait before the next question, after `asked` of them; a tenth of it is chance."""
        plain = min(self.first * self.factor ** min(asked, 50), self.most)
        return plain * random.uniform(0.9, 1.1)  # noqa: S311 no secret


@dataclass(frozen=True, slots=True)
class JobState:
    """What Salesforce says of a job."""

    id: str
    state: str
    processed: int
    failed: int
    message: str

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> JobState:
        """From the JSON of a job."""
        try:
            return cls(
                str(answer["id"]),
                str(answer["state"]),
                int(answer.get("numberRecordsProcessed") or 0),
                int(answer.get("numberRecordsFailed") or 0),
                str(answer.get("errorMessage") or ""),
            )
        except (KeyError, TypeError, ValueError):
            raise RunError("salesforce-answer-incomplete", "The answer of a bulk job lacks id or state") from None


class Ingest:
    """The calls of an ingest job."""

    def __init__(self, session: Session, headers: Mapping[str, str] | None = None) -> None:
        self._session = session
        self._headers = dict(headers or {})

    def create(self, object_name: str, operation: str, external_id: str | None) -> str:
        """Make an open job; gives its id. Making it twice does no harm: an open job without upload does nothing."""
        body = {"object": object_name, "operation": operation, "contentType": "CSV", "lineEnding": "LF"}
        if external_id is not None:
            body["externalIdFieldName"] = external_id
        doing = f"starting a bulk job for {object_name}"
        answer = self._session.json(
            "POST", "jobs/ingest", json={**body, "columnDelimiter": "COMMA"}, headers=self._headers, doing=doing
        )
        return JobState.read(answer).id

    def upload(self, job: str, path: Path) -> bool:
        """Send the part. False where the answer was lost: the job is then of no use, as it takes one upload only."""
        try:
            with path.open("rb") as file:
                self._session.attempt(
                    "PUT", f"jobs/ingest/{job}/batches", data=file, headers={"Content-Type": "text/csv"}, repeat=False
                )
        except Unanswered as trouble:
            if trouble.maybe_done:
                return False
            raise
        except SalesforceError as error:
            raise call_error(error, f"uploading to bulk job {job}") from None
        return True

    def close(self, job: str) -> None:
        """Let Salesforce begin. Where the answer to it was lost, the job itself tells whether it was heard."""
        try:
            self._session.attempt("PATCH", f"jobs/ingest/{job}", json={"state": "UploadComplete"})
        except SalesforceError as error:
            if self.state(job).state == "Open":
                raise call_error(error, f"starting bulk job {job}") from None

    def abort(self, job: str) -> None:
        """Take the job back; one that is over or gone is left as it is."""
        try:
            self._session.attempt("PATCH", f"jobs/ingest/{job}", json={"state": "Aborted"})
        except SalesforceError:
            return

    def state(self, job: str) -> JobState:
        """How far the job is. Raises RunError; see `find` for a job that may be gone."""
        return JobState.read(self._session.json("GET", f"jobs/ingest/{job}", doing=f"watching bulk job {job}"))

    def find(self, job: str) -> JobState | None:
        """How far the job is; None where Salesforce no longer knows it (after seven days)."""
        try:
            return JobState.read(decoded(self._session.attempt("GET", f"jobs/ingest/{job}")))
        except SalesforceError as error:
            if error.status == NOT_FOUND:
                return None
            raise call_error(error, f"looking for bulk job {job}") from None

    def results(self, job: str, kind: str, path: Path) -> None:
        """Stream successfulResults, failedResults or unprocessedrecords to a file."""
        self._session.download(f"jobs/ingest/{job}/{kind}/", path)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a query's results, on disk; `rows` as Salesforce counted them."""

    path: Path
    rows: int


def query_pages(session: Session, query: str, folder: Path, pace: Pace, *, deleted: bool) -> Iterator[Page]:
    """Run a query as a bulk job and give its results page by page; the job is taken away at the end."""
    body = {"operation": "queryAll" if deleted else "query", "query": query, "lineEnding": "LF"}
    answer = session.json(
        "POST", "jobs/query", json={**body, "columnDelimiter": "COMMA"}, doing="starting a bulk query"
    )
    job = JobState.read(answer)
    try:
        _finished_query(session, job, pace)
        yield from _pages(session, job.id, folder)
    finally:
        _forget_query(session, job.id)


def _finished_query(session: Session, job: JobState, pace: Pace) -> None:
    asked = 0
    while job.state not in DONE:
        time.sleep(pace.wait(asked))
        asked += 1
        job = JobState.read(session.json("GET", f"jobs/query/{job.id}", doing=f"watching bulk query {job.id}"))
    if job.state != "JobComplete":
        failure = job_failure(job.message or job.state)
        raise RunError(failure.code, f"Bulk query {job.id} ended as {job.state}: {redact(job.message)}")


def _pages(session: Session, job: str, folder: Path) -> Iterator[Page]:
    locator, number = "", 0
    while True:
        path = folder / f"page-{number:05d}.csv"
        params = {"maxRecords": str(PAGE_ROWS)} | ({"locator": locator} if locator else {})
        headers = session.download(f"jobs/query/{job}/results", path, params)
        rows = headers.get("Sforce-NumberOfRecords", "")
        if not rows.isdigit():
            raise RunError(
                "salesforce-answer-incomplete", f"A page of bulk query {job} does not say how many rows it has"
            )
        yield Page(path, int(rows))
        locator, number = headers.get("Sforce-Locator", "null"), number + 1
        if locator in {"", "null"}:  # the word, not a missing header, ends the list
            return


def _forget_query(session: Session, job: str) -> None:
    """Take the job away; where that fails Salesforce does it after seven days."""
    try:
        session.attempt("DELETE", f"jobs/query/{job}")
    except (SalesforceError, RunError):
        return
