"""Bulk API 2.0 over HTTP: making jobs, taking one upload each, handing out states and results in pages."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any, cast

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from kevasync.sandbox.answers import ApiError, not_found
from kevasync.sandbox.bulk import Bulk
from kevasync.sandbox.bulk_csv import DELIMITERS, LINE_ENDINGS, page_of, slices
from kevasync.sandbox.bulk_jobs import DONE, Job
from kevasync.sandbox.bulk_run import CONTENT, FAILED, RESULTS, SUCCESSFUL, write_unprocessed
from kevasync.sandbox.org import Org
from kevasync.sandbox.replies import SalesforceJson

MAX_UPLOAD_BYTES = 150 * 1024 * 1024 * 3 // 4  # 150 MB once base64 has made it a third longer
MAX_MULTIPART_CHARACTERS = 100_000
DEFAULT_PAGE_ROWS = 250_000
LIST_ROWS = 1000


class BulkApi:
    """The routes of Bulk API 2.0 over one `Bulk`."""

    def __init__(self, org: Org, bulk: Bulk, auth: Callable[[Request], None]) -> None:
        self._org, self._bulk, self._auth = org, bulk, auth

    def routes(self) -> list[Route]:
        """Ingest and query jobs; the names of result files are accepted in any casing."""
        base = "/services/data/v{version:float}/jobs"
        table: list[tuple[str, str, Callable[[Request, bytes], Response]]] = [
            ("POST", "ingest", self._create_ingest),
            ("GET", "ingest", self._list),
            ("GET", "ingest/{id}", self._status),
            ("PATCH", "ingest/{id}", self._patch),
            ("DELETE", "ingest/{id}", self._delete),
            ("GET", "ingest/{id}/{file}", self._ingest_results),
            ("POST", "query", self._create_query),
            ("GET", "query", self._list),
            ("GET", "query/{id}", self._status),
            ("PATCH", "query/{id}", self._patch),
            ("DELETE", "query/{id}", self._delete),
            ("GET", "query/{id}/results", self._query_results),
        ]
        return [
            Route(f"{base}/ingest/{{id}}/batches", self._upload, methods=["PUT"]),
            *(Route(f"{base}/{path}", self._guarded(call), methods=[method]) for method, path, call in table),
        ]

    def _guarded(self, call: Callable[[Request, bytes], Response]) -> Callable[[Request], Any]:
        """An endpoint that works on a thread of its own: a write may have to wait for the batch of a job."""

        def answer(request: Request, raw: bytes) -> Response:
            self._admit(request)
            response = call(request, raw)
            response.headers["Sforce-Limit-Info"] = self._org.counters.limit_info()
            return response

        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(answer, request, await request.body())

        return endpoint

    def _admit(self, request: Request) -> None:
        self._auth(request)
        self._org.counters.request()

    # -- jobs

    def _create_ingest(self, request: Request, raw: bytes) -> Response:
        kind = request.headers.get("content-type", "")
        if kind.lower().startswith("multipart/form-data"):
            asked, content = _multipart(kind, raw)
        else:
            asked, content = _json(raw), None
        job = self._bulk.create("ingest", _version(request), asked)
        if content is not None:
            self._content(job).write_bytes(content)
            self._bulk.uploaded(job.id)
            job = self._bulk.close_job(job.id)
        return SalesforceJson(job.as_dict(self._org.user_id))

    def _create_query(self, request: Request, raw: bytes) -> Response:
        asked = _json(raw)
        job = self._bulk.create("query", _version(request), asked)
        return SalesforceJson(job.as_dict(self._org.user_id))

    def _list(self, request: Request, _raw: bytes) -> Response:
        jobs = self._bulk.jobs.all(_kind(request))
        start = _position(request.query_params.get("queryLocator", ""))
        body: dict[str, Any] = {
            "done": len(jobs) <= start + LIST_ROWS,
            "records": [job.as_dict(self._org.user_id) for job in jobs[start : start + LIST_ROWS]],
            "nextRecordsUrl": None,
        }
        if not body["done"]:
            body["nextRecordsUrl"] = f"{request.url.path}?queryLocator={_locator(start + LIST_ROWS)}"
        return SalesforceJson(body)

    def _status(self, request: Request, _raw: bytes) -> Response:
        return SalesforceJson(self._job(request).as_status(self._org.user_id))

    def _patch(self, request: Request, raw: bytes) -> Response:
        state = _json(raw).get("state")
        job_id, kind = request.path_params["id"], _kind(request)
        if state == "Aborted":
            job = self._bulk.abort(job_id, kind)
        elif state == "UploadComplete" and kind == "ingest":
            job = self._bulk.close_job(job_id)
        else:
            raise ApiError("INVALIDJOBSTATE", f"InvalidJobState : Invalid job state: {state}")
        return SalesforceJson(job.as_dict(self._org.user_id))

    def _delete(self, request: Request, _raw: bytes) -> Response:
        self._bulk.delete(request.path_params["id"], _kind(request))
        return Response(status_code=204)

    def _job(self, request: Request) -> Job:
        return self._bulk.jobs.get(request.path_params["id"], _kind(request))

    def _content(self, job: Job) -> Path:
        return self._bulk.files(job) / CONTENT

    # -- data in and out

    async def _upload(self, request: Request) -> Response:
        await run_in_threadpool(self._admit, request)
        job = self._job(request)
        if job.state != "Open":
            raise ApiError("INVALIDJOBSTATE", f"InvalidJobState : Job is not open; its state is {job.state}")
        if job.uploaded:
            text = (
                f"Found multiple contents for job: <{job.id}>, please 'Close' / 'Abort' / 'Delete' the current Job then"
                " create a new Job and make sure you only do 'PUT' once on a given Job."
            )
            raise ApiError("CLIENTINPUTERROR", f"ClientInputError : {text}")
        part = self._content(job).with_suffix(".part")
        size = 0
        try:
            with part.open("wb") as file:
                async for block in request.stream():
                    size += len(block)
                    if size > MAX_UPLOAD_BYTES:
                        continue
                    file.write(block)
        except ClientDisconnect:
            part.unlink()
            return Response(status_code=400)
        if size > MAX_UPLOAD_BYTES:
            part.unlink()
            text = f"The uploaded content exceeds the maximum of {MAX_UPLOAD_BYTES} bytes"
            raise ApiError("REQUEST_ENTITY_TOO_LARGE", text, status=413)
        part.replace(self._content(job))
        await run_in_threadpool(self._bulk.uploaded, job.id)
        return Response(status_code=201, headers={"Sforce-Limit-Info": self._org.counters.limit_info()})

    def _ingest_results(self, request: Request, _raw: bytes) -> Response:
        job = self._job(request)
        name = request.path_params["file"].lower()
        folder = self._bulk.files(job)
        if name == "unprocessedrecords":
            return _csv(_lines(job, write_unprocessed(job, folder) if job.state in DONE else ()))
        files = {"successfulresults": SUCCESSFUL, "failedresults": FAILED}
        if name not in files:
            raise not_found()
        path = folder / files[name]
        if not path.exists():
            return _csv([])
        end = job.successful_bytes if files[name] == SUCCESSFUL else job.failed_bytes
        return _csv(slices(path, (0, end or path.stat().st_size)))

    def _query_results(self, request: Request, _raw: bytes) -> Response:
        job = self._job(request)
        if job.state != "JobComplete":
            raise ApiError("INVALIDJOBSTATE", f"InvalidJobState : Results are not available; the state is {job.state}")
        first = _position(request.query_params.get("locator", ""))
        asked = request.query_params.get("maxRecords", str(DEFAULT_PAGE_ROWS))
        if not asked.isdigit() or not int(asked):
            raise ApiError("INVALID_ARGUMENT", f"maxRecords must be a positive number, not {asked}")
        path = self._bulk.files(job) / RESULTS
        header, rows, found, total = page_of(path, first, int(asked))
        response = _csv(slices(path, header, rows))
        response.headers["Content-Length"] = str(header[1] + rows[1] - rows[0])
        # the word, not an absent header, marks the last page
        response.headers["Sforce-Locator"] = _locator(first + found) if first + found < total else "null"
        response.headers["Sforce-NumberOfRecords"] = str(found)
        return response


def _csv(content: Iterable[bytes]) -> Response:
    return StreamingResponse(content, media_type="text/csv;charset=UTF-8")


def _lines(job: Job, rows: Iterable[list[str]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(
        buffer,
        delimiter=DELIMITERS[job.delimiter],
        lineterminator=LINE_ENDINGS[job.line_ending],
        quoting=csv.QUOTE_ALL,
    )
    for row in rows:
        writer.writerow(row)
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _kind(request: Request) -> Any:
    return request.url.path.split("/")[5]


def _version(request: Request) -> float:
    return float(request.path_params["version"])


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise ApiError("JSON_PARSER_ERROR", str(error)) from None
    if not isinstance(body, dict):
        raise ApiError("JSON_PARSER_ERROR", "The body must be a JSON object")
    return body


def _multipart(content_type: str, raw: bytes) -> tuple[dict[str, Any], bytes]:
    if len(raw) > MAX_MULTIPART_CHARACTERS:
        text = f"The multipart request is longer than {MAX_MULTIPART_CHARACTERS} characters"
        raise ApiError("INVALIDJOB", f"InvalidJob : {text}")
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + raw)
    parts = {part.get_param("name", header="content-disposition"): part for part in message.iter_parts()}
    if not {"job", "content"} <= parts.keys():
        raise ApiError("INVALIDJOB", "InvalidJob : A multipart request has the parts job and content")
    job, content = (cast("bytes", parts[name].get_payload(decode=True)) for name in ("job", "content"))
    return _json(job), content


def _locator(position: int) -> str:
    return base64.b64encode(f"R:{position}".encode()).decode()


def _position(locator: str) -> int:
    if locator in {"", "null"}:
        return 0
    try:
        return int(base64.b64decode(locator, validate=True).decode().removeprefix("R:"))
    except (ValueError, binascii.Error):
        raise ApiError("INVALID_QUERY_LOCATOR", f"invalid query locator: {locator}") from None
