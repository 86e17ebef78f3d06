"""Keva as an endpoint: through its API, or from an export file with an import file for what is to be written."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
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
from kevasync.errors import KevasyncError, RunError
from kevasync.keva.api import PAGE, AnswerLostError, Customer, KevaClient, RowRefusedError
from kevasync.keva.export import land
from kevasync.keva.file_endpoint import KevaFileEndpoint
from kevasync.keva.narrow import narrowed
from kevasync.keva.schema import customer_schema, object_checked, spelled
from kevasync.keva.wire import CUSTOM_FIELDS, as_held, body_of, line_of, said_fields, texts_of
from kevasync.records import Schema, Side
from kevasync.values import quote_literal

__all__ = ["KevaApiEndpoint", "KevaFileEndpoint"]

_CHUNK = 20
_FEW = 3
_CALLS_AN_EMAIL = 2
_CALLS_A_CREATE = 2
_CREATE_ATTEMPTS = 3
_UNCOUNTED = 1_000  # where Keva does not count, so many customers are asked for one by one
_FAILURES_IN_A_ROW = 3


class KevaApiEndpoint:
    """Keva's customers through the Customers API. Nothing is deleted there, and only customers are known.

    An extract that is not of all customers is filtered here, for Keva filters by nothing that matters; its watermark
    is therefore None: asking for less would save no request, and would not show who is gone.
    """

    side = Side.KEVA

    def __init__(self, client: KevaClient) -> None:
        self.client = client
        self._top: set[str] | None = None
        self._custom: set[str] = set()
        self._asked_back = False

    def describe(self, object_name: str) -> Schema:
        """The documented fields and those that customers really have. Raises UsageError object-unknown."""
        object_checked(object_name)
        top, custom = self._shape()
        return customer_schema([*sorted(top), *sorted(custom)])

    def extract(
        self, object_name: str, fields: Sequence[str], into: Path, selection: Selection, progress: Progress
    ) -> Extracted:
        """Read page by page, or by id or e-mail where that takes fewer requests."""
        object_checked(object_name)
        before = self.client.calls
        watch = _Watch(self.client, progress)
        watch.begin("Reading customers from Keva", len(selection.ids) if selection.ids is not None else None)
        try:
            with tempfile.TemporaryDirectory(prefix=".pages-", dir=into) as work:
                lines = Path(work) / "customers.ndjson"
                self._spool(lines, selection, watch)
                landed = land(lines, Path(work))
                with duckdb.connect() as con:
                    source = f"SELECT * FROM read_parquet({quote_literal(str(landed.parts[0]))})"  # noqa: S608 quoted
                    extracted = narrowed(con, source, landed.columns, into, selection, fields)
        finally:
            watch.end()
        return replace(extracted, watermark=None, api_calls=self.client.calls - before)

    def _spool(self, lines: Path, selection: Selection, watch: _Watch) -> None:
        """Write the customers as NDJSON: what Keva said, nothing added."""
        # JSON can smuggle in half a character (\ud800), which no file takes: it becomes a question mark.
        with lines.open("w", encoding="utf-8", errors="replace") as file:
            for customers in self._chosen(selection, watch):
                self._learn(customers)
                file.writelines(line_of(one) for one in customers)
                watch.advance(len(customers))
            if file.tell() == 0:
                file.write("[]")

    def _chosen(self, selection: Selection, watch: _Watch) -> Iterator[list[Customer]]:
        if selection.ids is not None and len(selection.ids) <= 1:
            yield from self._one_by_one(selection.ids)
            return
        name, values = selection.match or ("", ())
        emails = list({value.strip().casefold(): value for value in values if value.strip()}.values())
        if selection.ids is None and spelled(name) == "email" and self._singly(len(emails)):
            seen: set[str] = set()
            for email in emails:
                found = [one for one in self.client.with_email(email) if str(one["id"]) not in seen]
                seen.update(str(one["id"]) for one in found)
                yield found
        else:
            yield from self._listed(selection, watch)

    def _singly(self, emails: int) -> bool:
        """Whether asking for each e-mail takes fewer requests than the whole list."""
        if emails <= _FEW:
            return True
        total = self.client.total()
        return emails * _CALLS_AN_EMAIL < math.ceil(total / PAGE) if total is not None else emails <= _UNCOUNTED

    def _listed(self, selection: Selection, watch: _Watch) -> Iterator[list[Customer]]:
        """Page by page, until asking for each id that is left takes fewer requests than the pages that are left."""
        wanted = None if selection.ids is None else set(selection.ids)
        for number, (customers, total) in enumerate(self.client.pages(), 1):
            if number == 1:
                watch.total(total if wanted is None else len(wanted))
            found = customers if wanted is None else [one for one in customers if str(one["id"]) in wanted]
            if found:
                yield found
            if wanted is None:
                continue
            wanted -= {str(one["id"]) for one in found}
            if not wanted:
                return
            left = math.ceil(total / PAGE) - number if total is not None else _UNCOUNTED
            if len(wanted) < left:
                yield from self._one_by_one(sorted(wanted))
                return

    def _one_by_one(self, ids: Sequence[str]) -> Iterator[list[Customer]]:
        for identity in ids:
            customer = self.client.get(identity)
            if customer is not None:
                yield [customer]

    def write(self, batch: WriteBatch, journal: Journal, progress: Progress, stop: Stop) -> Iterator[list[WriteResult]]:
        """PATCH each customer, or POST each new one; results in chunks of up to 20.

        A PATCH may be repeated, so a lost answer is asked for again. A create is looked up by its e-mail before, lest
        it overwrite a customer, and after a lost answer. Raises what ends the run: the key, the scope, the network;
        and RunError keva-failed after three failures of Keva in a row, each of which is UNKNOWN.
        """
        object_checked(batch.object)
        watch = _Watch(self.client, progress)
        watch.begin("Writing customers to Keva", batch.rows)
        done: list[WriteResult] = []
        failures = 0
        try:
            for row in _rows(batch):
                self.client.wait(stop)
                if stop():
                    break
                journal.sending([row["_key"]])
                result, error = self._write(batch, row)
                done.append(result)
                watch.advance(1)
                failures = failures + 1 if error else 0
                if error and failures == _FAILURES_IN_A_ROW:
                    yield done
                    raise error
                if len(done) == _CHUNK:
                    yield done
                    done = []
            if done:
                yield done
        except KevasyncError:
            # What was answered before the run ended is told all the same.
            if done and failures != _FAILURES_IN_A_ROW:
                yield done
            raise
        finally:
            watch.end()

    def _write(self, batch: WriteBatch, row: Mapping[str, Any]) -> tuple[WriteResult, RunError | None]:
        key, identity = row["_key"], row["_id"]
        if batch.delete:
            return _failed(key, identity, "delete-unsupported", "Keva has no way to delete a customer"), None
        values = {name: row[name] for name in batch.fields if row.get(name) is not None}
        values |= dict.fromkeys(row["_clear"] or ())
        try:
            body = body_of(values, self._top_level(values))
            if batch.create:
                return self._create(key, body, values)
            customer = self.client.update(identity, self._merged(identity, body))
        except RowRefusedError as refused:
            return _failed(key, identity, refused.code, refused.message, refused.fields, str(refused.status)), None
        except ValueError as error:
            return _failed(key, identity, "keva-value", str(error)), None
        except RunError as error:
            if error.code != "keva-failed":
                raise
            return WriteResult(key, identity, WriteOutcome.UNKNOWN), error
        return self._applied(key, customer or {"id": identity}, values), None

    def _create(
        self, key: str, body: Mapping[str, Any], values: Mapping[str, str | None]
    ) -> tuple[WriteResult, RunError | None]:
        """Create a customer, sure that nobody is overwritten and that a lost answer makes no second one."""
        email = str(body.get("email") or "")
        if not email:
            return _failed(key, None, "keva-create-no-email", "a customer needs an e-mail", ("email",)), None
        owner = self.client.lookup(email)
        for _ in range(_CREATE_ATTEMPTS):
            if owner is not None:
                return _failed(
                    key, None, "keva-email-taken", f"customer {owner['id']} has this e-mail", ("email",)
                ), None
            try:
                customer, created = self.client.upsert(body)
            except AnswerLostError as lost:
                owner, reason = self.client.lookup(email), lost
                if owner is None or not _holds(owner, body):
                    continue
                customer, created = owner, True
            if not self._asked_back:
                # Once it is known that the look-up finds customers, it is trusted when it finds none.
                self._asked_back = True
                self.client.lookup(email)
            return self._applied(key, customer, values, created=created), None
        failure = Failure("keva-failed", str(reason.status or ""), str(reason), retryable=True)
        error = RunError("keva-failed", f"POST {self.client.customers_path}: {reason}.")
        return WriteResult(key, None, WriteOutcome.UNKNOWN, failure=failure), error

    def _applied(
        self, key: str, customer: Customer, values: Mapping[str, str | None], *, created: bool = False
    ) -> WriteResult:
        self._learn([customer])
        # An answer without content, or one that is silent on what was sent, tells nothing of what Keva holds now.
        returned = texts_of(customer, values)
        return WriteResult(key, str(customer["id"]), WriteOutcome.APPLIED, created, returned=returned or None)

    def _merged(self, identity: str, body: dict[str, Any]) -> dict[str, Any]:
        """Custom fields are sent whole: no page says whether Keva keeps those that a PATCH leaves out."""
        if CUSTOM_FIELDS not in body:
            return body
        found = (self.client.get(identity) or {}).get(CUSTOM_FIELDS)
        held: dict[str, Any] = found if isinstance(found, dict) else {}
        said = {name: as_held(name, text, held.get(name)) for name, text in body[CUSTOM_FIELDS].items()}
        return body | {CUSTOM_FIELDS: {**held, **said}}

    def _top_level(self, values: Mapping[str, str | None]) -> set[str]:
        if not (set(body_of(values, ())) & {CUSTOM_FIELDS}):
            return set()
        return self._shape()[0]

    def _shape(self) -> tuple[set[str], set[str]]:
        """Which names customers have at the top level and among custom fields; asks for one page if nobody was seen."""
        if self._top is None:
            self._top = set()
            for customers, _ in self.client.pages():
                self._learn(customers)
                break
        return self._top, self._custom

    def _learn(self, customers: Sequence[Customer]) -> None:
        for customer in customers:
            top, custom = said_fields(customer)
            self._top = (self._top or set()) | top
            self._custom |= custom

    def resume(self, journal: Journal, progress: Progress, stop: Stop) -> Iterator[list[WriteResult]]:  # noqa: ARG002 protocol
        """Keva has no jobs: nothing is in flight."""
        return iter(())

    def estimate(self, object_name: str, creates: int, updates: int) -> tuple[int, float]:
        """Two requests a create, one an update, a hundred a minute."""
        object_checked(object_name)
        calls = creates * _CALLS_A_CREATE + updates
        return calls, calls / self.client.limits().api_calls_max

    def limits(self) -> Limits | None:
        """The requests left in this minute."""
        return self.client.limits()


def _holds(customer: Customer, body: Mapping[str, Any]) -> bool:
    """Whether the customer has the values that were sent; Keva may trim a text or lower its case."""
    return all(_told(customer.get(name)) == _told(value) for name, value in body.items() if name != CUSTOM_FIELDS)


def _told(value: Any) -> Any:
    return value.strip().casefold() if isinstance(value, str) else value


class _Watch:
    """The progress of one step, which pauses when Keva's limit makes us wait and counts the requests."""

    def __init__(self, client: KevaClient, progress: Progress | None) -> None:
        self._client, self._progress = client, progress or Silent()
        self._what = ""
        self._total: int | None = None
        self._rows = 0
        self._calls = client.calls

    def begin(self, what: str, total: int | None) -> None:
        self._what, self._total = what, total
        self._progress.start(what, total)
        self._client.on_wait = self._waiting

    def total(self, total: int | None) -> None:
        """The number of rows became known."""
        if total != self._total:
            self._total = total
            self._progress.start(self._what, total)

    def advance(self, rows: int) -> None:
        calls, self._calls = self._client.calls - self._calls, self._client.calls
        self._rows += rows
        self._progress.advance(rows, api_calls=calls)

    def end(self) -> None:
        self._client.on_wait = lambda _: None
        self._progress.done()

    def _waiting(self, seconds: float) -> None:
        if seconds:
            self._progress.done()
            self._progress.start(f"Waiting {seconds:.0f} s for Keva's request limit", None)
        else:
            self._progress.done()
            self._progress.start(self._what, self._total)
            self._progress.advance(self._rows)


def _rows(batch: WriteBatch) -> Iterator[Mapping[str, Any]]:
    with pq.ParquetFile(batch.path) as file:
        for part in file.iter_batches(1_000):
            yield from part.to_pylist()


def _failed(
    key: str, identity: str | None, code: str, message: str, fields: tuple[str, ...] = (), side_code: str = ""
) -> WriteResult:
    failure = Failure(code, side_code or code, message, fields)
    return WriteResult(key, identity, WriteOutcome.FAILED, failure=failure)
