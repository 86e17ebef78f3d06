"""Working off one Bulk job: CSV rows into records and results, or a query into a result file that can be paged."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kevasync.sandbox.answers import ApiError, RowResult
from kevasync.sandbox.bulk_csv import CsvError, RowWriter, read_rows
from kevasync.sandbox.org import Org
from kevasync.sandbox.schema import ObjectSpec

if TYPE_CHECKING:
    from kevasync.sandbox.bulk_jobs import Job

INGEST_OPERATIONS = frozenset({"insert", "update", "upsert", "delete", "hardDelete"})
BATCH_ROWS = 10_000
CONTENT, SUCCESSFUL, FAILED, RESULTS = "content.csv", "successful.csv", "failed.csv", "results.csv"


class JobFailedError(Exception):
    """The whole job fails; the text is its errorMessage."""


class Progress(Protocol):
    """Keeps count of a running job."""

    def save(self, **values: Any) -> None:
        """Save what was done so far."""

    def goes_on(self) -> bool:
        """Whether to go on; False where the job was aborted or the sandbox stops."""


def run_ingest(org: Org, job: Job, folder: Path, progress: Progress) -> bool:
    """Write the rows in batches of 10,000, each one transaction; True where none is left.

    Nothing is written where the file as a whole is bad. A job that was interrupted goes on after its last saved batch.
    """
    content = folder / CONTENT
    if not content.exists() or not content.stat().st_size:
        raise JobFailedError("InvalidBatch : Records not found")
    try:
        header = _check_file(org, job, content)
        rows = itertools.islice(read_rows(content, job.delimiter, job.line_ending), 1 + job.processed, None)
        with (
            RowWriter(folder / SUCCESSFUL, job.delimiter, job.line_ending, offset=job.successful_bytes) as successful,
            RowWriter(folder / FAILED, job.delimiter, job.line_ending, offset=job.failed_bytes) as failed,
        ):
            if not job.processed:
                successful.row(["sf__Id", "sf__Created", *header])
                failed.row(["sf__Id", "sf__Error", *header])
            return _run_batches(_Batches(org, job, header), rows, successful, failed, progress)
    except CsvError as error:
        raise JobFailedError(str(error)) from None


def _run_batches(
    batches: _Batches, rows: Iterator[list[str]], successful: RowWriter, failed: RowWriter, progress: Progress
) -> bool:
    processed, bad = batches.job.processed, batches.job.failed
    while progress.goes_on():
        batch = list(itertools.islice(rows, BATCH_ROWS))
        if not batch:
            return True
        # records and count are committed as one, so that a sandbox killed at any moment goes on without a repeat
        with batches.org.database.write():
            results = batches.write(batch)
            for row, result in zip(batch, results, strict=True):
                if result.success:
                    successful.row([result.id, "true" if result.created else "false", *row])
                else:
                    failed.row([batches.id_of(row, result), _error_text(result.errors), *row])
                    bad += 1
            processed += len(batch)
            ends = {"successful_bytes": successful.flush(), "failed_bytes": failed.flush()}
            progress.save(processed=processed, failed=bad, **ends)
    return next(rows, None) is None


class _Batches:
    """Turns CSV rows into calls: an empty cell is not said, `#N/A` is null, `Account.X__c` names a parent."""

    def __init__(self, org: Org, job: Job, header: Sequence[str]) -> None:
        self.org, self.job = org, job
        self._paths = [name.partition(".") for name in header]
        self._id_at = next((at for at, name in enumerate(header) if name.lower() == "id"), None)

    def write(self, rows: Sequence[Sequence[str]]) -> list[RowResult]:
        """One batch; results in the order of the rows."""
        org, job = self.org, self.job
        try:
            if job.operation == "delete":
                return org.delete_many(job.object, [row[self._id_at or 0] for row in rows])
            records = [self._record(row) for row in rows]
            if job.operation == "insert":
                return org.create_many(job.object, records, text=True)
            if job.operation == "update":
                return org.update_many(job.object, records, text=True)
            return org.upsert_many(job.object, job.external_field or "Id", records, text=True)
        except ApiError as error:
            raise JobFailedError(f"InvalidBatch : {error.message}") from None

    def _record(self, row: Sequence[str]) -> dict[str, Any]:
        record: dict[str, Any] = {}
        for (name, dot, key), cell in zip(self._paths, row, strict=True):
            if cell == "":
                continue
            value = None if cell == "#N/A" else cell
            if not dot:
                record[name] = value
            elif value is not None:
                record[name] = {key: value}
            else:
                record[f"{name}Id"] = None
        return record

    def id_of(self, row: Sequence[str], result: RowResult) -> str:
        """The id that a failed row shows: its record's where one is known."""
        if result.id:
            return result.id
        return row[self._id_at] if self._id_at is not None and self.job.operation != "insert" else ""


def _check_file(org: Org, job: Job, content: Path) -> list[str]:
    """Read the whole file once before anything is written; its header."""
    rows = read_rows(content, job.delimiter, job.line_ending)
    header = next(rows, None)
    if header is None:
        raise JobFailedError("InvalidBatch : Records not found")
    try:
        spec = org.spec(job.object)
    except ApiError:
        raise JobFailedError(f"InvalidBatch : Unable to find object: {job.object}") from None
    seen: set[str] = set()
    for name in header:
        if not _is_known(org, spec, name):
            raise JobFailedError(f"InvalidBatch : Field name not found : {name}")
        if name.lower() in seen:
            raise JobFailedError(f"InvalidBatch : Field name is given twice : {name}")
        seen.add(name.lower())
    if job.operation in {"update", "delete"} and "id" not in seen:
        raise JobFailedError("InvalidBatch : Field name not found : Id")
    if job.external_field is not None:
        _check_key(spec, job.external_field, seen)
    for _ in rows:
        pass
    return header


def _is_known(org: Org, spec: ObjectSpec, name: str) -> bool:
    relationship, dot, key = name.partition(".")
    if not dot:
        return spec.field(name) is not None
    reference = spec.by_relationship.get(relationship.lower())
    if reference is None:
        return False
    parent = org.schema.get(reference.reference[0])
    field = parent.field(key) if parent is not None else None
    return field is not None and field.is_key


def _check_key(spec: ObjectSpec, name: str, header: set[str]) -> None:
    field = spec.field(name)
    if field is None or not (field.is_key or field.type == "id"):
        text = f"does not match an External ID, Salesforce Id, or indexed field for {spec.name}"
        raise JobFailedError(f"InvalidBatch : Field name provided, {name} {text}")
    if name.lower() not in header:
        raise JobFailedError(f"InvalidBatch : Field name not found : {name}")


def _error_text(errors: Sequence[ApiError]) -> str:
    return ";".join(f"{error.code}:{error.message}:{' '.join([*error.fields, '--'])}" for error in errors)


def write_unprocessed(job: Job, folder: Path) -> Iterator[list[str]]:
    """Header and rows that the job never came to; stops where the file cannot be read."""
    content = folder / CONTENT
    if not content.exists():
        return
    rows = read_rows(content, job.delimiter, job.line_ending)
    try:
        header = next(rows, None)
        if header is not None:
            yield header
            if job.state != "JobComplete":
                yield from itertools.islice(rows, job.processed, None)
    except CsvError:
        return


def run_query(org: Org, job: Job, folder: Path, progress: Progress) -> bool:
    """Run the query into one indexed file; the rows are those of the moment it began."""
    try:
        result = org.query(job.soql, all_rows=job.operation == "queryAll")
        count = 0
        with RowWriter(folder / RESULTS, job.delimiter, job.line_ending, index=True) as writer:
            writer.row([path for path, _ in result.columns])
            for cells in result.flat():
                writer.row(cells)
                count += 1
                if count % BATCH_ROWS == 0:
                    progress.save(processed=count)
                    if not progress.goes_on():
                        return False
    except ApiError as error:
        raise JobFailedError(f"{error.code} : {error.message}") from None
    progress.save(processed=count)
    return True
