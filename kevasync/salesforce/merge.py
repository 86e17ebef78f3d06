"""merge() of Contacts, Accounts and Leads by SOAP: 200 requests a call, each a transaction of its own."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator, Sequence

from kevasync.endpoint import (
    MOST_LOSERS,
    ChildField,
    Failure,
    Journal,
    MergeRequest,
    Progress,
    Stop,
    WriteOutcome,
    WriteResult,
)
from kevasync.errors import RunError, UsageError
from kevasync.records import Field, Schema
from kevasync.salesforce.describe import Describer
from kevasync.salesforce.failures import failure, row_failure
from kevasync.salesforce.load import LOCK_ROUNDS
from kevasync.salesforce.session import Session, Unanswered
from kevasync.salesforce.soap import MergeAnswer, SoapError, judge, merge_answers, merge_envelope

__all__ = ["MERGEABLE", "REQUESTS_A_CALL", "MergeLoad", "children_of"]

REQUESTS_A_CALL = 200
MERGEABLE = frozenset({"Account", "Contact", "Lead"})
_FOLLOWERS = re.compile(r"(Feed|History|Share|ChangeEvent|__Tag|Event__e)$")
"""Objects Salesforce writes itself for each record (feeds, histories, shares): no client can move their rows."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def children_of(describer: Describer, object_name: str) -> tuple[ChildField, ...]:
    """The lookups of other objects to this one that this user can read and look up by."""
    found: list[ChildField] = []
    for child, name in describer.children(object_name):
        if _FOLLOWERS.search(child) or name == "MasterRecordId":
            continue
        try:
            schema = describer.schema(child)
        except UsageError as error:
            if error.code != "salesforce-object-hidden":
                raise
            continue
        field = schema.find(name)
        if field is not None and schema.queryable:
            found.append(ChildField(schema.object, field.name, _movable(schema, field)))
    return tuple(found)


def _movable(schema: Schema, field: Field) -> bool:
    return schema.updateable and field.updateable


class MergeLoad:
    """Merges under way."""

    def __init__(self, session: Session, schema: Schema, journal: Journal, progress: Progress, stop: Stop) -> None:
        self._session, self._schema = session, schema
        self._journal, self._progress, self._stop = journal, progress, stop
        self._told = session.calls

    def run(self, requests: Sequence[MergeRequest]) -> Iterator[list[WriteResult]]:
        """Carry the requests out, 200 a call; see `Merger.merge`. Raises UsageError for an object without merge()."""
        if self._schema.object not in MERGEABLE:
            raise UsageError("salesforce-cannot-merge", f"Salesforce has no merge() for {self._schema.object}")
        for start in range(0, len(requests), REQUESTS_A_CALL):
            if self._stop():
                return
            part = requests[start : start + REQUESTS_A_CALL]
            refused = {item.key: why for item in part if (why := self._unfit(item)) is not None}
            if refused:
                yield [
                    WriteResult(item.key, item.master, WriteOutcome.FAILED, failure=refused[item.key])
                    for item in part
                    if item.key in refused
                ]
            fit = [item for item in part if item.key not in refused]
            if fit:
                self._journal.sending([item.key for item in fit])
                yield from self._sent(fit)
            self._tell(len(part))

    def _unfit(self, request: MergeRequest) -> Failure | None:
        """What no call could do: more losers than merge() takes, or a field that is none."""
        if not 1 <= len(request.losers) <= MOST_LOSERS or request.master in request.losers:
            return failure("NUMBER_OUTSIDE_VALID_RANGE", f"merge() takes 1 to {MOST_LOSERS} losers besides the master")
        for name in request.values:
            field = self._schema.find(name)
            if field is None or not _NAME.fullmatch(name):
                return failure("INVALID_FIELD", f"{self._schema.object} has no field {name}", (name,))
            if field.external_id:
                return failure("INVALID_FIELD", f"merge() takes no external ID field ({name})", (name,))
        return None

    def _sent(self, requests: Sequence[MergeRequest]) -> Iterator[list[WriteResult]]:
        """Send requests; those that met a lock go once more, with growing pauses."""
        for turn in range(LOCK_ROUNDS + 1):
            results = self._send(requests)
            again = {item.key for item in results if _locked(item)} if turn < LOCK_ROUNDS else set()
            # what comes after a locked one of the same master waits for nothing: each merge stands alone
            known = [item for item in results if item.key not in again]
            if known:
                yield known
            if not again:
                return
            requests = [item for item in requests if item.key in again]
            retries = self._session.retries
            time.sleep(random.uniform(0, min(retries.base * 2**turn, retries.cap)))  # noqa: S311 no secret

    def _send(self, requests: Sequence[MergeRequest]) -> list[WriteResult]:
        version = self._session.credentials.api_version
        try:
            body = self._session.exchange(
                f"/services/Soap/u/{version}",
                lambda token: merge_envelope(token, self._schema.object, requests),
                judge,
            )
            answers = merge_answers(body, len(requests))
        except Unanswered as trouble:
            if not trouble.maybe_done:
                raise
            return _unknown(requests, trouble.what)
        except RunError as error:
            if error.code != "salesforce-answer-incomplete":
                raise
            return _unknown(requests, error.what)
        except SoapError as error:
            why = failure(error.code, error.message)
            return [WriteResult(item.key, item.master, WriteOutcome.FAILED, failure=why) for item in requests]
        return [_result(item, answer) for item, answer in zip(requests, answers, strict=True)]

    def _tell(self, rows: int) -> None:
        calls, self._told = self._session.calls - self._told, self._session.calls
        self._progress.advance(rows, api_calls=calls)


def _result(request: MergeRequest, answer: MergeAnswer) -> WriteResult:
    if answer.master is not None:
        return WriteResult(request.key, answer.master or request.master, WriteOutcome.APPLIED)
    return WriteResult(request.key, request.master, WriteOutcome.FAILED, failure=row_failure(answer.errors))


def _unknown(requests: Sequence[MergeRequest], what: str) -> list[WriteResult]:
    why = Failure("salesforce-unreachable", "", what)
    return [WriteResult(item.key, item.master, WriteOutcome.UNKNOWN, failure=why) for item in requests]


def _locked(result: WriteResult) -> bool:
    return result.failure is not None and result.failure.side_code == "UNABLE_TO_LOCK_ROW"
