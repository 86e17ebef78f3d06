"""REST on single records: create, read, change, delete, upsert by external ID, and the lists of updated and deleted."""

from __future__ import annotations

import datetime as dt
from typing import Any

from kevasync.sandbox.answers import ApiError, RowResult, not_found
from kevasync.sandbox.fieldtypes import parse_datetime
from kevasync.sandbox.ids import is_id, to_18
from kevasync.sandbox.org import Org
from kevasync.sandbox.rest_call import Call, Reply, body_object

__all__ = ["Records"]

_UPSERT_BODY_SINCE = 46.0
_WINDOW = dt.timedelta(days=30)


class FailedRowError(ApiError):
    """A single-record call whose row was refused, with all of its errors."""

    errors: tuple[ApiError, ...] = ()


def raise_row(result: RowResult) -> None:
    """Raise what is wrong with a row, as a single-record call answers it."""
    if not result.errors:
        return
    first = result.errors[0]
    if first.code == "INVALID_CROSS_REFERENCE_KEY" and first.status == 404:  # noqa: PLR2004 a fact of the format
        raise not_found()
    failed = FailedRowError(first.code, first.message, first.fields, first.status, first.extra, first.about_record)
    failed.errors = result.errors
    raise failed


class Records:
    """The handlers of /sobjects/X and below."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def create(self, call: Call, name: str) -> Reply:
        """POST /sobjects/X."""
        spec = self._org.spec(name)
        (result,) = self._org.create_many(spec.name, [body_object(call)], allow_save=call.allow_save)
        raise_row(result)
        return _created(call, spec.name, result)

    def create_by_id(self, call: Call, name: str, field: str) -> Reply:
        """POST /sobjects/X/Id: an upsert without an id is a create."""
        if field.lower() != "id":
            raise ApiError(
                "METHOD_NOT_ALLOWED", "HTTP Method 'POST' not allowed. Allowed are GET,PATCH,DELETE,HEAD", status=405
            )
        return self.create(call, name)

    def read(self, call: Call, name: str, record_id: str) -> Reply:
        """GET /sobjects/X/{id}."""
        spec = self._org.spec(name)
        self._must_be_id(record_id)
        return Reply(200, self._org.get(spec.name, record_id, _fields(call), call.version))

    def change(self, call: Call, name: str, record_id: str) -> Reply:
        """PATCH /sobjects/X/{id}."""
        spec = self._org.spec(name)
        self._must_be_id(record_id)
        body = body_object(call)
        _refuse_key(body, "Id")
        (result,) = self._org.update_many(spec.name, [{**body, "Id": record_id}], allow_save=call.allow_save)
        raise_row(result)
        return Reply(204)

    def delete(self, _call: Call, name: str, record_id: str) -> Reply:
        """DELETE /sobjects/X/{id}."""
        spec = self._org.spec(name)
        self._must_be_id(record_id)
        (result,) = self._org.delete_many(spec.name, [record_id])
        raise_row(result)
        return Reply(204)

    def read_by(self, call: Call, name: str, field: str, value: str) -> Reply:
        """GET /sobjects/X/{field}/{value}."""
        found = self._match(call, name, field, value)
        if isinstance(found, Reply):
            return found
        if found is None:
            raise not_found()
        return Reply(200, self._org.get(name, found, _fields(call), call.version))

    def upsert(self, call: Call, name: str, field: str, value: str) -> Reply:
        """PATCH /sobjects/X/{field}/{value}."""
        found = self._match(call, name, field, value)
        if isinstance(found, Reply):
            return found
        spec, key = self._org.spec(name), self._org.key_field(name, field)
        body = body_object(call)
        _refuse_key(body, key.name)
        only = call.query.get("updateOnly", "").lower() == "true"
        if found is None and (only or key.type == "id"):
            raise not_found()
        (result,) = self._org.upsert_many(
            spec.name, key.name, [{**body, key.name: value}], allow_save=call.allow_save, update_only=only
        )
        raise_row(result)
        if result.created:
            return _created(call, spec.name, result)
        if float(call.version) < _UPSERT_BODY_SINCE:
            return Reply(204)
        return Reply(200, {"id": result.id, "success": True, "errors": [], "created": False})

    def delete_by(self, call: Call, name: str, field: str, value: str) -> Reply:
        """DELETE /sobjects/X/{field}/{value}."""
        found = self._match(call, name, field, value)
        if isinstance(found, Reply):
            return found
        if found is None:
            raise not_found()
        return self.delete(call, name, found)

    def _match(self, call: Call, name: str, field: str, value: str) -> str | Reply | None:
        """The one record with this key value; several are a 300 with their addresses."""
        spec = self._org.spec(name)
        if self._org.key_field(name, field).type == "id" and is_id(value):
            value = to_18(value)
        ids = self._org.find_by(name, field, value)
        if len(ids) > 1:
            return Reply(300, [f"{call.root}/sobjects/{spec.name}/{one}" for one in ids])
        return ids[0] if ids else None

    @staticmethod
    def _must_be_id(text: str) -> None:
        if not is_id(text):
            message = f"Provided external ID field does not exist or is not accessible: {text}"
            raise ApiError("NOT_FOUND", message, status=404)

    def updated(self, call: Call, name: str) -> Reply:
        """GET /sobjects/X/updated."""
        start, end = _window(call)
        return Reply(200, {"ids": self._org.updated(name, start, end), "latestDateCovered": _json(end)})

    def deleted(self, call: Call, name: str) -> Reply:
        """GET /sobjects/X/deleted."""
        start, end = _window(call)
        rows = [{"id": one, "deletedDate": f"{at[:23]}+0000"} for one, at in self._org.deleted(name, start, end)]
        earliest = dt.datetime.now(dt.UTC) - _WINDOW
        return Reply(
            200, {"deletedRecords": rows, "earliestDateAvailable": _json(earliest), "latestDateCovered": _json(end)}
        )


def _created(call: Call, name: str, result: RowResult) -> Reply:
    body: dict[str, Any] = {"id": result.id, "success": True, "errors": []}
    if call.method == "PATCH":
        body["created"] = True
    return Reply(201, body, {"Location": f"{call.root}/sobjects/{name}/{result.id}"})


def _refuse_key(body: dict[str, Any], key: str) -> None:
    if any(name.lower() == key.lower() for name in body):
        raise ApiError("INVALID_FIELD", f"The {key} field should not be specified in the sobject data.")


def _fields(call: Call) -> list[str] | None:
    asked = call.query.get("fields")
    return [name.strip() for name in asked.split(",") if name.strip()] if asked else None


def _json(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:23] + "+0000"


def _window(call: Call) -> tuple[dt.datetime, dt.datetime]:
    moments = []
    for name in ("start", "end"):
        # a plus sign that was not percent-encoded arrives as a space
        stored = parse_datetime(call.query.get(name, "").strip().replace(" ", "+"))
        if stored is None:
            raise ApiError("INVALID_FIELD", f"{name} is not a date and time: {call.query.get(name, '')}")
        moments.append(dt.datetime.fromisoformat(stored))
    start, end = moments
    if start < dt.datetime.now(dt.UTC) - _WINDOW:
        raise ApiError("INVALID_REPLICATION_DATE", "startDate before org replication enabled date")
    if end <= start:
        raise ApiError("INVALID_REPLICATION_DATE", "endDate should be at least one minute greater than startDate")
    return start, end
