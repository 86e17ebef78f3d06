"""Loading some thousands of records: composite/sobjects, 200 a call, each row with its own answer."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from simple_salesforce.exceptions import SalesforceError

from kevasync.endpoint import Failure, Journal, Progress, Stop, WriteBatch, WriteOutcome, WriteResult
from kevasync.errors import RunError
from kevasync.records import Schema
from kevasync.salesforce.cost import ROWS_A_CALL
from kevasync.salesforce.failures import GONE, call_error, error_items, row_failure
from kevasync.salesforce.session import Session, Unanswered, decoded
from kevasync.salesforce.snapshot import connect
from kevasync.values import quote_identifier, quote_literal

__all__ = ["ALLOW_DUPLICATES", "ROWS_A_CALL", "CollectionLoad"]

LOCK_ROUNDS = 5
"""How often a locked row is sent again: locks last seconds, Salesforce itself waits ten before it gives up."""
ALLOW_DUPLICATES = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
"""Gets past duplicate rules that alert; rules that block still refuse."""
FORBIDDEN = 403

_WHOLE = re.compile(r"[+-]?\d+(\.0*)?")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_ROWS_FAULT = frozenset({"JSON_PARSER_ERROR", "MALFORMED_ID", "INVALID_FIELD", "INVALID_TYPE_ON_FIELD_IN_RECORD"})
"""Errors of a whole call that one of its records may have caused: the call is halved until that one stands alone."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One record on its way: our key, its id (None: create), and the body Salesforce gets."""

    key: str
    id: str | None
    body: dict[str, Any]


class CollectionLoad:
    """One load by collections calls."""

    def __init__(
        self,
        session: Session,
        schema: Schema,
        journal: Journal,
        progress: Progress,
        stop: Stop,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._session, self._schema = session, schema
        self._journal, self._progress, self._stop = journal, progress, stop
        self._headers = dict(headers or {})
        self._told = session.calls

    def run(self, batch: WriteBatch) -> Iterator[list[WriteResult]]:
        """Write the batch, 200 rows at a time; asks `stop` before each call."""
        columns = ["_key", "_keva_id", "_id"] + ([] if batch.delete else ["_clear", *batch.fields])
        chosen = ", ".join(map(quote_identifier, columns))
        sql = f"SELECT {chosen} FROM read_parquet({quote_literal(str(batch.path))})"  # noqa: S608 quoted
        with closing(connect(batch.path.parent)) as con:
            answer = con.execute(sql)
            while not self._stop() and (block := answer.fetchmany(ROWS_A_CALL)):
                yield from self._block(batch, [dict(zip(columns, row, strict=True)) for row in block])

    def _block(self, batch: WriteBatch, records: Sequence[dict[str, Any]]) -> Iterator[list[WriteResult]]:
        rows: list[_Row] = []
        refused: list[WriteResult] = []
        for record in records:
            made = self._row(batch, record)
            if isinstance(made, _Row):
                rows.append(made)
            else:
                refused.append(WriteResult(record["_key"], record["_id"], WriteOutcome.FAILED, failure=made))
        if refused:
            yield refused
        if rows:
            self._journal.sending([row.key for row in rows])
            yield from self._sent(batch, rows)
        self._tell(len(records))

    def _sent(self, batch: WriteBatch, rows: Sequence[_Row]) -> Iterator[list[WriteResult]]:
        """Send rows, and those that were locked again, with growing pauses."""
        for turn in range(LOCK_ROUNDS + 1):
            results, trouble = self._send(batch, rows)
            locked = {item.key for item in results if _locked(item)} if turn < LOCK_ROUNDS and not trouble else set()
            known = [item for item in results if item.key not in locked]
            if known:
                yield known
            if trouble:
                raise trouble
            if not locked:
                return
            rows = [row for row in rows if row.key in locked]
            retries = self._session.retries
            time.sleep(random.uniform(0, min(retries.base * 2**turn, retries.cap)))  # noqa: S311 no secret

    def _send(self, batch: WriteBatch, rows: Sequence[_Row]) -> tuple[list[WriteResult], Exception | None]:
        """(results, error to raise after them) of one call. Raises for what surely was not carried out at all."""
        insert = batch.create and batch.external_id is None
        try:
            return _results(rows, self._call(batch, rows, insert=insert), delete=batch.delete), None
        except Unanswered as trouble:
            if not trouble.maybe_done:
                raise
            # A lost insert is one call's misfortune; an update was repeated until patience ended, so the run ends.
            return _unknown(rows, trouble.what), None if insert else trouble
        except RunError as error:
            if error.code != "salesforce-answer-incomplete":
                raise
            return _unknown(rows, error.what), None
        except SalesforceError as error:
            return self._refused(batch, rows, error)

    def _call(self, batch: WriteBatch, rows: Sequence[_Row], *, insert: bool) -> Any:
        """The call itself. An insert without external id is the one that must not be repeated blindly."""
        path = "composite/sobjects"
        if batch.delete:
            params = {"ids": ",".join(row.id or "" for row in rows), "allOrNone": "false"}
            return decoded(self._session.attempt("DELETE", path, params=params))
        if batch.create and batch.external_id:
            path += f"/{batch.object}/{batch.external_id}"
        body = {"allOrNone": False, "records": [row.body for row in rows]}
        method = "POST" if insert else "PATCH"
        return decoded(self._session.attempt(method, path, json=body, headers=self._headers, repeat=not insert))

    def _refused(
        self, batch: WriteBatch, rows: Sequence[_Row], error: SalesforceError
    ) -> tuple[list[WriteResult], Exception | None]:
        """A definite no to the whole call: find the record that caused it, or fail all rows of the call."""
        items = error_items(error)
        if error.status == FORBIDDEN:
            raise call_error(error, f"writing {batch.object}") from None
        if str(items[0].get("errorCode")) in _ROWS_FAULT and len(rows) > 1:
            middle = len(rows) // 2
            first, trouble = self._send(batch, rows[:middle])
            if trouble:
                return first, trouble
            second, trouble = self._send(batch, rows[middle:])
            return first + second, trouble
        failure = row_failure(items)
        return [WriteResult(row.key, row.id, WriteOutcome.FAILED, failure=failure) for row in rows], None

    def _row(self, batch: WriteBatch, record: Mapping[str, Any]) -> _Row | Failure:
        """The body of one record, values in the JSON type of their field; a Failure where a value has no such form."""
        body: dict[str, Any] = {"attributes": {"type": batch.object}}
        if batch.delete:
            return _Row(record["_key"], record["_id"], body)
        if not batch.create:
            body["id"] = record["_id"]
        for name in batch.fields:
            text = record[name]
            if not text:
                continue
            try:
                body[name] = self._typed(name, text)
            except ValueError as error:
                return Failure("salesforce-value-type", "", f"{name}: the value is no {error}", (name,))
        for name in record["_clear"] or ():
            body[name] = None
        if batch.create and batch.external_id and not body.get(batch.external_id):
            body[batch.external_id] = record["_keva_id"]
        return _Row(record["_key"], record["_id"], body)

    def _typed(self, name: str, text: str) -> str | bool | int | float:
        """Text as the JSON value its field takes: Salesforce refuses "true" for a checkbox. Raises ValueError(kind)."""
        field = self._schema.find(name)
        kind = field.type if field else "string"
        if kind == "boolean":
            if text.lower() not in {"true", "false"}:
                raise ValueError("true or false")
            return text.lower() == "true"
        if kind in {"int", "long", "double", "currency", "percent"}:
            if not _NUMBER.fullmatch(text):
                raise ValueError("number")
            return int(text.partition(".")[0]) if _WHOLE.fullmatch(text) else float(text)
        return text

    def _tell(self, rows: int) -> None:
        calls, self._told = self._session.calls - self._told, self._session.calls
        self._progress.advance(rows, api_calls=calls)


def _results(rows: Sequence[_Row], answers: Any, *, delete: bool) -> list[WriteResult]:
    """The answers of a collections call, in the order of its records."""
    if not isinstance(answers, list) or len(answers) != len(rows):
        return _unknown(rows, "Salesforce did not answer each record of the call")
    return [_result(row, answer, delete=delete) for row, answer in zip(rows, answers, strict=True)]


def _result(row: _Row, answer: Mapping[str, Any], *, delete: bool) -> WriteResult:
    if answer.get("success") is True:
        created = answer.get("created")
        record = answer.get("id") or row.id
        return WriteResult(
            row.key, record, WriteOutcome.APPLIED, created=row.id is None if created is None else created
        )
    failed = row_failure(answer.get("errors") or [])
    if delete and failed.side_code in GONE:
        return WriteResult(row.key, row.id, WriteOutcome.APPLIED)
    return WriteResult(row.key, row.id, WriteOutcome.FAILED, failure=failed)


def _unknown(rows: Sequence[_Row], what: str) -> list[WriteResult]:
    failure = Failure("salesforce-unreachable", "", what)
    return [WriteResult(row.key, row.id, WriteOutcome.UNKNOWN, failure=failure) for row in rows]


def _locked(result: WriteResult) -> bool:
    return result.failure is not None and result.failure.side_code == "UNABLE_TO_LOCK_ROW"
