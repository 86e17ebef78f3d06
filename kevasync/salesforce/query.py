"""Extraction: which way records are read (REST query, retrieve by id, Bulk query) to become a snapshot."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from kevasync.endpoint import Extracted, Progress, Selection
from kevasync.errors import RunError, UsageError
from kevasync.salesforce.describe import Describer
from kevasync.salesforce.jobs import Pace, query_pages
from kevasync.salesforce.session import Session
from kevasync.salesforce.snapshot import SnapshotParts, connect
from kevasync.salesforce.soql import (
    QUERY_ROOM,
    Columns,
    chunks,
    columns_of,
    in_list,
    literals,
    long_id,
    select,
    since_condition,
)
from kevasync.values import quote_identifier

__all__ = ["OVERLAP", "extract"]

OVERLAP = timedelta(minutes=10)
"""Taken off the watermark: SystemModstamp is set when a transaction begins to save, but others see the record when it
commits, and a transaction may run for ten minutes. Rows read twice cost nothing: the latest wins by Id."""
RETRIEVE_IDS = 2_000  # a call
MOST_CALLS = 100
"""Above so many look-up queries one Bulk query of the whole object, filtered here, spends fewer of the org's calls."""
ROWS_A_PART = 20_000
"""Rows of decoded JSON held in memory before they become a part."""


def extract(
    session: Session,
    describer: Describer,
    object_name: str,
    fields: Sequence[str],
    into: Path,
    selection: Selection,
    progress: Progress,
    *,
    rest_threshold: int,
    pace: Pace,
) -> Extracted:
    """Write the selected records of one object as Parquet parts into `into`; see `Endpoint.extract`."""
    calls = session.calls
    schema = describer.schema(object_name)
    columns = columns_of(schema, fields, describer.schema)
    if selection.match and (field := schema.find(selection.match[0])):
        columns = replace(columns, extra=(field.name,))
    con = connect(into)
    try:
        parts = SnapshotParts(con, columns, into)
        reading = _Reading(session, describer, columns, selection, parts, progress, rest_threshold, pace)
        reading.run()
        written = parts.finish()
    finally:
        con.close()
    progress.done()
    return Extracted(
        written,
        parts.rows,
        columns.asked,
        columns.missing,
        _watermark(parts.latest, reading.began, selection.since),
        session.calls - calls,
    )


class _Reading:
    """One extraction under way."""

    def __init__(
        self,
        session: Session,
        describer: Describer,
        columns: Columns,
        selection: Selection,
        parts: SnapshotParts,
        progress: Progress,
        rest_threshold: int,
        pace: Pace,
    ) -> None:
        self.session, self.columns, self.selection = session, columns, selection
        self.parts, self.progress, self.rest_threshold, self.pace = parts, progress, rest_threshold, pace
        self.began: datetime | None = None
        self._schema = describer.schema(columns.object)
        self._prefix = describer.key_prefix(columns.object)
        self._resource = "queryAll" if selection.deleted and columns.deleted else "query"
        self._told = session.calls
        self._buffer: list[dict[str, Any]] = []
        self._seen: set[str] = set()

    def run(self) -> None:
        """Choose the way that costs the org least, and go it."""
        chosen = self.selection
        if chosen.ids is not None and chosen.since is None and chosen.match is None and not self.columns.has_parents:
            few = len(chosen.ids) <= MOST_CALLS * RETRIEVE_IDS
            self._retrieve(chosen.ids) if few else self._filtered()
        elif chosen.ids is not None or chosen.match is not None:
            queries = list(itertools.islice(self._queries(), MOST_CALLS + 1))
            self._look_up(queries) if len(queries) <= MOST_CALLS else self._filtered()
        else:
            self._all()
        self._flush()

    def _all(self) -> None:
        """Everything, or everything since the watermark: counted first, then by the cheaper API."""
        where = self._since()
        total = self._count(where)
        self._start(total)
        if total is None or total > self.rest_threshold:
            self._bulk(select(self.columns, where), "true", [])
        else:
            self._records(select(self.columns, where))

    def _count(self, where: Sequence[str]) -> int | None:
        """How many rows there are; None where counting them takes Salesforce too long, as in the largest orgs."""
        query = f"SELECT COUNT() FROM {self.columns.object}" + (f" WHERE {where[0]}" if where else "")  # noqa: S608 names from describe
        try:
            return int(self._ask(query)["totalSize"])
        except RunError as error:
            if any(code in error.what for code in ("QUERY_TIMEOUT", "OPERATION_TOO_LARGE")):
                return None
            raise

    def _look_up(self, queries: Sequence[str]) -> None:
        self._start(None)
        for query in queries:
            self._records(query)
        if self.selection.ids is not None and self.selection.since is None and self.selection.match is None:
            self._gone(self.selection.ids)

    def _retrieve(self, ids: Sequence[str]) -> None:
        """Records by id, 2,000 a call; those it does not give are asked for once more among the deleted."""
        self._start(len(ids))
        wanted = self._long(ids)
        left: list[str] = []
        for start in range(0, len(wanted), RETRIEVE_IDS):
            chunk = wanted[start : start + RETRIEVE_IDS]
            body = {"ids": chunk, "fields": list(self.columns.selected)}
            path = f"composite/sobjects/{self.columns.object}"
            answer = self.session.json("POST", path, json=body, doing=f"reading {self.columns.object} by id")
            if not isinstance(answer, list):
                raise RunError("salesforce-answer-incomplete", "The answer to a retrieve is no list")
            found = [record for record in answer if record]
            self._add(found)
            came = {record["Id"] for record in found}
            left += [item for item in chunk if item not in came]
        if not self.selection.deleted:
            return
        fixed = select(self.columns, [in_list("Id", [])])
        for chunk in chunks([f"'{item}'" for item in left], fixed):
            self._records(select(self.columns, [in_list("Id", chunk)]))
        self._gone(ids)

    def _gone(self, ids: Sequence[str]) -> None:
        """Say of the ids that were asked for and are nowhere, not even among the deleted, that they are gone."""
        if self.selection.deleted:
            self._flush()
            found = self.parts.ids()
            self.parts.add_gone(item for item in self._names(ids) if item not in found)

    def _filtered(self) -> None:
        """Too many look-ups: read the whole object in bulk and keep what was asked for."""
        keep, values = [], []
        if self.selection.ids is not None:
            keep.append('"Id" IN (SELECT unnest(?))')
            values.append(self._long(self.selection.ids))
        if self.selection.match is not None:
            keep.append(f"lower({quote_identifier(self._match_field())}) IN (SELECT lower(unnest(?)))")
            values.append(list(self.selection.match[1]))
        self._start(None)
        self._bulk(select(self.columns, self._since()), " AND ".join(keep), values)
        if self.selection.ids is not None and self.selection.since is None and self.selection.match is None:
            self._gone(self.selection.ids)

    def _bulk(self, query: str, keep: str, values: list[Any]) -> None:
        whole = self._resource == "queryAll"
        with tempfile.TemporaryDirectory(dir=self.parts.folder, prefix=".csv-") as folder:
            for page in query_pages(self.session, query, Path(folder), self.pace, deleted=whole):
                rows = self.parts.add_csv(page.path, keep, values)
                if rows != page.rows:
                    what = f"A page of a bulk query announced {page.rows} rows, {rows} arrived"
                    raise RunError("salesforce-answer-incomplete", what)
                page.path.unlink()
                self._tell(rows)

    def _records(self, query: str) -> None:
        """All pages of one REST query."""
        answer = self._ask(query)
        total, came = int(answer["totalSize"]), 0
        while True:
            came += len(answer["records"])
            self._add(answer["records"])
            if answer.get("done", True):
                break
            more = str(answer["nextRecordsUrl"])
            answer = _page(self.session.json("GET", more, doing=f"reading {self.columns.object}"))
        if came < total:
            what = f"A query of {self.columns.object} announced {total} rows, {came} arrived"
            raise RunError("salesforce-answer-incomplete", what)

    def _ask(self, query: str) -> dict[str, Any]:
        doing = f"reading {self.columns.object}"
        return _page(self.session.json("GET", self._resource, params={"q": query}, doing=doing))

    def _add(self, records: Sequence[dict[str, Any]]) -> None:
        """Take records in, each id once: two look-up queries may find the same one."""
        if self.selection.ids is not None or self.selection.match is not None:
            records = [record for record in records if record["Id"] not in self._seen]
            self._seen.update(record["Id"] for record in records)
        self._buffer += records
        self._tell(len(records))
        if len(self._buffer) >= ROWS_A_PART:
            self._flush()

    def _flush(self) -> None:
        if self._buffer:
            self.parts.add_records(self._buffer)
            self._buffer = []

    def _queries(self) -> Iterator[str]:
        """The SOQL queries that look up ids, values, or both."""
        since, chosen = self._since(), self.selection
        ids = [f"'{item}'" for item in self._long(chosen.ids)] if chosen.ids is not None else None
        if chosen.match is None:
            for chunk in chunks(ids or [], select(self.columns, [*since, in_list("Id", [])])):
                yield select(self.columns, [*since, in_list("Id", chunk)])
            return
        name = self._match_field()
        field = self._schema.find(name)
        values = literals(field, chosen.match[1]) if field else []
        fixed = select(self.columns, [*since, in_list(name, []), in_list("Id", [])])
        if ids is None:
            for chunk in chunks(values, fixed):
                yield select(self.columns, [*since, in_list(name, chunk)])
            return
        for part in chunks(values, "", (QUERY_ROOM - len(fixed)) // 2):
            for chunk in chunks(ids, fixed + "".join(part), QUERY_ROOM):
                yield select(self.columns, [*since, in_list(name, part), in_list("Id", chunk)])

    def _match_field(self) -> str:
        """Salesforce's spelling of the field to look up by; names go into a query only from describe."""
        name = self.selection.match[0] if self.selection.match else ""
        field = self._schema.find(name)
        if field is None:
            what = f"{self.columns.object} has no field {name} to look up by"
            raise UsageError("salesforce-field-not-searchable", what)
        return field.name

    def _since(self) -> list[str]:
        return [since_condition(self.columns, self.selection.since)] if self.selection.since is not None else []

    def _long(self, ids: Sequence[str]) -> list[str]:
        """The ids that can exist, in long form, each once."""
        return list(dict.fromkeys(item for text in ids if (item := long_id(text, self._prefix))))

    def _names(self, ids: Sequence[str]) -> list[str]:
        """All ids, long where they are ids at all, each once."""
        return list(dict.fromkeys(long_id(text, self._prefix) or text for text in ids))

    def _start(self, total: int | None) -> None:
        self.progress.start(f"Salesforce {self.columns.object}", total)
        if self.began is None:
            self.began = _clock(self.session.last_date)

    def _tell(self, rows: int) -> None:
        calls, self._told = self.session.calls - self._told, self.session.calls
        self.progress.advance(rows, api_calls=calls)


def _page(answer: Any) -> dict[str, Any]:
    """A page of query results that has what a page must have."""
    page = answer if isinstance(answer, dict) else {}
    complete = page.get("done", True) or str(page.get("nextRecordsUrl", "")).startswith("/services/data/")
    if complete and str(page.get("totalSize", "")).isdigit() and isinstance(page.get("records"), list):
        return page
    raise RunError("salesforce-answer-incomplete", "The answer to a query is no page of records")


def _clock(date: str | None) -> datetime:
    """The org's own time, from the Date header of its answer; this machine's where there is none."""
    try:
        return parsedate_to_datetime(date or "").astimezone(UTC)
    except (TypeError, ValueError):
        return datetime.now(UTC)


def _watermark(latest: str | None, began: datetime | None, since: str | None) -> str | None:
    """Where the next increment begins: the latest time stamp seen, but not after this extraction began, less OVERLAP.

    A record changed while pages are read may come with a later stamp than another that was read before its change.
    """
    if latest is None:
        return since
    try:
        seen = datetime.fromisoformat(latest)
    except ValueError:
        return since
    if began is not None:
        seen = min(seen, began)
    mark = (seen - OVERLAP).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return max(mark, since) if since else mark
