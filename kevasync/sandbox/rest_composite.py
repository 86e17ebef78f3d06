"""REST on many records at once: sObject collections, composite, batch and tree."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from kevasync.sandbox.answers import ApiError, RowResult
from kevasync.sandbox.dml import settle_all_or_none
from kevasync.sandbox.ids import to_18
from kevasync.sandbox.org import Org
from kevasync.sandbox.rest_call import Call, Reply, body_object
from kevasync.sandbox.rules import invalid_cross_reference

__all__ = ["Collections", "Composite"]

_MOST_RECORDS, _MOST_RETRIEVED, _MOST_TYPES, _MOST_CALLS = 200, 2000, 10, 25
_FIRST_ERROR = 400  # HTTP
Rows = list[tuple[int, dict[str, Any]]]


class _UndoError(Exception):
    """Takes an all-or-none call out of its transaction."""

    def __init__(self, kept: Any) -> None:
        super().__init__()
        self.kept = kept


@contextmanager
def _undoable(org: Org, *, wanted: bool) -> Iterator[None]:
    if wanted:
        with org.database.write():
            yield
    else:
        yield


class Collections:
    """The handlers of /composite/sobjects: up to 200 records a call, one result each, in their order."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def create(self, call: Call) -> Reply:
        """POST /composite/sobjects."""
        return self._write(call, lambda name, rows: self._org.create_many(name, rows, allow_save=call.allow_save))

    def update(self, call: Call) -> Reply:
        """PATCH /composite/sobjects."""
        return self._write(call, lambda name, rows: self._org.update_many(name, rows, allow_save=call.allow_save))

    def upsert(self, call: Call, name: str, field: str) -> Reply:
        """PATCH /composite/sobjects/X/{field}."""
        self._org.key_field(name, field)
        return self._write(
            call,
            lambda object_name, rows: self._org.upsert_many(object_name, field, rows, allow_save=call.allow_save),
            upsert=True,
        )

    def delete(self, call: Call) -> Reply:
        """DELETE /composite/sobjects?ids=."""
        ids = [one.strip() for one in call.query.get("ids", "").split(",") if one.strip()]
        _limit(len(ids), _MOST_RECORDS)
        by_prefix = {self._org.spec(name).prefix: name for name in self._org.objects()}
        rows: Rows = [
            (at, {"attributes": {"type": by_prefix.get(one[:3], "")}, "Id": one}) for at, one in enumerate(ids)
        ]

        def act(name: str, some: list[dict[str, Any]]) -> list[RowResult]:
            return self._org.delete_many(name, [row["Id"] for row in some])

        every = call.query.get("allOrNone", "").lower() == "true"
        return Reply(200, [_shown(result) for result in self._run(rows, act, every)])

    def retrieve(self, call: Call, name: str) -> Reply:
        """GET or POST /composite/sobjects/X: records by ids, null where there is none."""
        if call.method == "POST":
            body = body_object(call)
            ids, fields = body.get("ids") or [], body.get("fields") or []
        else:
            ids, fields = ([one for one in call.query.get(key, "").split(",") if one] for key in ("ids", "fields"))
        _limit(len(ids), _MOST_RETRIEVED if call.method == "POST" else _MOST_RECORDS)
        if not fields:
            raise ApiError("MISSING_ARGUMENT", "The 'fields' parameter is required")
        found: list[dict[str, Any] | None] = []
        for record_id in ids:
            try:
                found.append(self._org.get(name, record_id, fields, call.version))
            except ApiError as error:
                if error.code != "NOT_FOUND":
                    raise
                found.append(None)
        return Reply(200, found)

    def _write(
        self, call: Call, act: Callable[[str, list[dict[str, Any]]], list[RowResult]], *, upsert: bool = False
    ) -> Reply:
        body = body_object(call)
        records = body.get("records")
        if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
            raise ApiError("JSON_PARSER_ERROR", "The request body needs records, a list of objects")
        _limit(len(records), _MOST_RECORDS)
        results = self._run(list(enumerate(records)), act, body.get("allOrNone") is True)
        return Reply(200, [_shown(result, upsert=upsert) for result in results])

    def _run(
        self,
        rows: Rows,
        act: Callable[[str, list[dict[str, Any]]], list[RowResult]],
        all_or_none: bool,
    ) -> list[RowResult]:
        chunks = [(name, [row for _, row in chunk]) for name, chunk in groupby(rows, lambda row: _type_of(row[1]))]
        if len(chunks) > _MOST_TYPES:
            raise ApiError("EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 10 chunks of types")
        results: list[RowResult] = []
        try:
            with _undoable(self._org, wanted=all_or_none):
                for name, chunk in chunks:
                    results += self._chunk(name, chunk, act)
                if all_or_none and any(result.errors for result in results):
                    raise _UndoError(results)  # noqa: TRY301 leaves the transaction
        except _UndoError:
            return settle_all_or_none(results)
        return results

    def _chunk(
        self, name: str | None, rows: list[dict[str, Any]], act: Callable[[str, list[dict[str, Any]]], list[RowResult]]
    ) -> list[RowResult]:
        if name is None:
            message = "Nested object for polymorphic foreign key must have an attributes field before any other fields."
            error = ApiError("JSON_PARSER_ERROR", message)
        elif not name:
            # a delete of ids that belong to no object
            return [RowResult(None, success=False, errors=(_no_such_id(row["Id"]),)) for row in rows]
        elif name not in self._org.schema.objects:
            error = ApiError("INVALID_TYPE", f"sObject type '{rows[0]['attributes']['type']}' is not supported.")
        else:
            try:
                return act(self._org.spec(name).name, rows)
            except ApiError as refused:
                error = refused
        return [RowResult(None, success=False, errors=(error,)) for _ in rows]


def _no_such_id(text: str) -> ApiError:
    try:
        to_18(text)
    except ApiError as malformed:
        return malformed
    return invalid_cross_reference()


def _type_of(row: dict[str, Any]) -> str | None:
    attributes = row.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    return name.lower() if isinstance(name, str) else None


def _limit(count: int, most: int) -> None:
    if count > most:
        message = f"record limit reached. cannot submit more than {most} records into this call"
        raise ApiError("EXCEEDED_ID_LIMIT", message)


def _shown(result: RowResult, *, upsert: bool = False) -> dict[str, Any]:
    if result.errors:
        return {"success": False, "errors": [error.as_row() for error in result.errors]}
    shown: dict[str, Any] = {"id": result.id, "success": True, "errors": []}
    return {**shown, "created": result.created} if upsert else shown


_REFERENCE = re.compile(r"@\{([^}]+)\}")


class Composite:
    """The handlers of /composite and /composite/batch: several calls in one, each answered as if it came alone."""

    def __init__(self, org: Org, dispatch: Callable[[Call], Reply]) -> None:
        self._org, self._dispatch = org, dispatch

    def composite(self, call: Call) -> Reply:
        """POST /composite: in order, later calls may use what earlier ones answered."""
        body = body_object(call)
        requests = _requests(body.get("compositeRequest"))
        every = body.get("allOrNone") is True
        answers: list[dict[str, Any]] = []
        try:
            with _undoable(self._org, wanted=every):
                for request in requests:
                    answers.append(self._one(call, request, {one["referenceId"]: one["body"] for one in answers}))
                    if every and answers[-1]["httpStatusCode"] >= _FIRST_ERROR:
                        raise _UndoError(answers)  # noqa: TRY301 leaves the transaction
        except _UndoError:
            answers = _halted(requests, answers)
        return Reply(200, {"compositeResponse": answers})

    def _one(self, call: Call, request: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
        try:
            target = _filled(request.get("url", ""), known)
            body = _filled(request.get("body"), known)
            reply = self._send(call, str(request.get("method", "")), target, body, request.get("httpHeaders"))
        except ApiError as error:
            reply = Reply(error.status, [error.as_rest()])
        return {
            "body": reply.body, "httpHeaders": reply.headers, "httpStatusCode": reply.status,
            "referenceId": request.get("referenceId"),
        }  # fmt: skip

    def _send(self, call: Call, method: str, target: str, body: Any, headers: Any) -> Reply:
        parts = urlsplit(target)
        found = re.fullmatch(r"(?:/services/data)?/?v(\d+\.\d)/(.+)", parts.path)
        if found is None:
            raise ApiError("NOT_FOUND", f"The requested resource does not exist: {target}", status=404)
        given = {str(name).lower(): str(value) for name, value in (headers or {}).items()}
        inner = Call(
            method.upper(), found[1], found[2], dict(parse_qsl(parts.query, keep_blank_values=True)),
            {**call.headers, **given}, body, call.base_url,
        )  # fmt: skip
        if inner.path.strip("/").lower() in ("composite", "composite/batch"):
            raise ApiError("INVALID_INPUT", "A composite request cannot hold another one")
        return self._dispatch(inner)

    def batch(self, call: Call) -> Reply:
        """POST /composite/batch: independent calls."""
        body = body_object(call)
        results: list[dict[str, Any]] = []
        halt = body.get("haltOnError") is True
        for request in _requests(body.get("batchRequests")):
            if halt and any(result["statusCode"] >= _FIRST_ERROR for result in results):
                message = "Batch processing halted per request"
                results.append(
                    {"statusCode": 412, "result": [{"errorCode": "BATCH_PROCESSING_HALTED", "message": message}]}
                )
                continue
            try:
                method, target = str(request.get("method", "")), str(request.get("url", ""))
                reply = self._send(call, method, target, request.get("richInput"), None)
            except ApiError as error:
                reply = Reply(error.status, [error.as_rest()])
            results.append({"statusCode": reply.status, "result": reply.body})
        failed = any(result["statusCode"] >= _FIRST_ERROR for result in results)
        return Reply(200, {"hasErrors": failed, "results": results})

    def tree(self, call: Call, name: str) -> Reply:
        """POST /composite/tree/X: up to 200 records, all or none."""
        records = body_object(call).get("records")
        if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
            raise ApiError("JSON_PARSER_ERROR", "The request body needs records, a list of objects")
        _limit(len(records), _MOST_RECORDS)
        spec = self._org.spec(name)
        references = [str((record.get("attributes") or {}).get("referenceId")) for record in records]
        results = self._org.create_many(spec.name, records, all_or_none=True, allow_save=call.allow_save)
        if all(result.success for result in results):
            made = [{"referenceId": ref, "id": result.id} for ref, result in zip(references, results, strict=True)]
            return Reply(201, {"hasErrors": False, "results": made})
        bad = [
            {"referenceId": ref, "errors": [error.as_row() for error in result.errors]}
            for ref, result in zip(references, results, strict=True)
            if result.errors and result.errors[0].code != "ALL_OR_NONE_OPERATION_ROLLED_BACK"
        ]
        return Reply(400, {"hasErrors": True, "results": bad})


def _requests(given: Any) -> list[dict[str, Any]]:
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise ApiError("JSON_PARSER_ERROR", "The request body needs a list of subrequests")
    if len(given) > _MOST_CALLS:
        raise ApiError("LIMIT_EXCEEDED", f"Limit exceeded. A composite request can have at most {_MOST_CALLS} calls")
    return given


def _halted(requests: list[dict[str, Any]], answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    message = "The transaction was rolled back since another operation in the same transaction failed."
    halted = [{"errorCode": "PROCESSING_HALTED", "message": message}]
    failed = len(answers) - 1
    return [
        answers[at]
        if at == failed
        else {"body": halted, "httpHeaders": {}, "httpStatusCode": 400, "referenceId": request.get("referenceId")}
        for at, request in enumerate(requests)
    ]


def _filled(value: Any, known: dict[str, Any]) -> Any:
    """The value with every `@{reference.path}` replaced by what that call answered."""
    if isinstance(value, dict):
        return {key: _filled(one, known) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, known) for one in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _looked_up(whole[1], known)
    return _REFERENCE.sub(lambda found: _text(_looked_up(found[1], known)), value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _looked_up(path: str, known: dict[str, Any]) -> Any:
    name, *steps = re.findall(r"[^.\[\]]+", path)
    value: Any = known.get(name)
    for step in steps:
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict):
            value = next((one for key, one in value.items() if key.lower() == step.lower()), None)
        else:
            value = None
    if value is None:
        message = f"Invalid reference specified. No value for {path} found in {name}"
        raise ApiError("PROCESSING_HALTED", message)
    return value
