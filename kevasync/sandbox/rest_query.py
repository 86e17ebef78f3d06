"""REST on queries: query, queryAll, and the pages behind a locator."""

from __future__ import annotations

import re
import threading
import time
from array import array
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from kevasync.sandbox.answers import ApiError
from kevasync.sandbox.ids import make_id
from kevasync.sandbox.org import Org, QueryResult
from kevasync.sandbox.rest_call import Call, Reply

__all__ = ["Queries"]

_DEFAULT_PAGE, _LEAST_PAGE = 2000, 200
_OPEN_CURSORS = 64
_KEPT_SECONDS = 2 * 86_400
_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)
_LOCATOR = re.compile(r"([0-9A-Za-z]{15,18})-(\d{1,9})")


@dataclass(frozen=True, slots=True)
class _Cursor:
    result: QueryResult
    numbers: array[int]
    opened: float


class Queries:
    """The handlers of /query, and the cursors they keep open: the rows of a query are fixed when it is asked."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._lock = threading.Lock()
        self._cursors: OrderedDict[str, _Cursor] = OrderedDict()
        self._count = int(time.time())

    def query(self, call: Call) -> Reply:
        """GET /query."""
        return self._start(call, all_rows=False)

    def query_all(self, call: Call) -> Reply:
        """GET /queryAll: deleted and merged records too."""
        return self._start(call, all_rows=True)

    def more(self, call: Call, locator: str) -> Reply:
        """GET /query/{locator}; a `q` sent along is ignored."""
        found = _LOCATOR.fullmatch(locator)
        with self._lock:
            cursor = self._cursors.get(found[1]) if found else None
        if found is None or cursor is None or int(found[2]) > len(cursor.numbers):
            raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return Reply(200, self._page(call, found[1], cursor, int(found[2])))

    def _start(self, call: Call, *, all_rows: bool) -> Reply:
        soql = call.query.get("q")
        if soql is None:
            raise ApiError("MALFORMED_QUERY", "SOQL query not provided")
        result = self._org.query(soql, all_rows=all_rows)
        if call.query.get("columns", "").lower() == "true":
            return Reply(200, _column_metadata(result))
        if result.statement.count_only or result.has_aggregates:
            records = list(result.rows(call.version))
            total = result.total if result.statement.count_only else len(records)
            return Reply(200, {"totalSize": total, "done": True, "records": records})
        cursor = _Cursor(result, result.row_numbers(), time.monotonic())
        key = "" if len(cursor.numbers) <= _page_size(call) else self._keep(cursor)
        return Reply(200, self._page(call, key, cursor, 0))

    def _keep(self, cursor: _Cursor) -> str:
        with self._lock:
            self._count += 1
            key = make_id("0r8", self._org.pod, self._count)
            self._cursors[key] = cursor
            while len(self._cursors) > _OPEN_CURSORS or self._oldest_age() > _KEPT_SECONDS:
                self._cursors.popitem(last=False)
        return key

    def _oldest_age(self) -> float:
        return time.monotonic() - next(iter(self._cursors.values())).opened

    def _page(self, call: Call, key: str, cursor: _Cursor, start: int) -> dict[str, Any]:
        end = start + _page_size(call)
        records = cursor.result.page(cursor.numbers[start:end], call.version)
        body: dict[str, Any] = {"totalSize": len(cursor.numbers), "done": end >= len(cursor.numbers)}
        if not body["done"]:
            body["nextRecordsUrl"] = f"{call.root}/query/{key}-{end}"
        return {**body, "records": records}


def _page_size(call: Call) -> int:
    found = _BATCH_SIZE.search(call.headers.get("sforce-query-options", ""))
    return min(max(int(found[1][:6]), _LEAST_PAGE), _DEFAULT_PAGE) if found else _DEFAULT_PAGE


_APEX = {
    "id": "Id", "reference": "Id", "boolean": "Boolean", "int": "Integer", "double": "Double", "currency": "Double",
    "percent": "Double", "date": "Date", "datetime": "Datetime", "address": "Address",
}  # fmt: skip


def _column_metadata(result: QueryResult) -> dict[str, Any]:
    """What `columns=true` answers: the columns instead of the rows."""
    statement = result.statement
    top: dict[str, dict[str, Any]] = {}
    for column in statement.columns:
        apex = _APEX.get(column.field.type, "String")
        level = top
        for step in column.path[:-1]:
            level = level.setdefault(step, _column(step, "", custom=False))["_joined"]
        facts = _column(column.path[-1], apex, custom=column.field.custom)
        facts["aggregate"] = statement.aggregate
        facts["insertable"], facts["updatable"] = column.field.createable, column.field.updateable
        level[column.path[-1]] = facts
    return {
        "columnMetadata": _listed(top),
        "entityName": statement.spec.name,
        "groupBy": statement.aggregate,
        "idSelected": any(column.path == ("Id",) for column in statement.columns),
        "keyPrefix": statement.spec.prefix,
    }


def _column(name: str, apex: str, *, custom: bool) -> dict[str, Any]:
    return {
        "aggregate": False, "apexType": apex, "booleanType": apex == "Boolean", "columnName": name, "custom": custom,
        "displayName": name, "foreignKeyName": None if apex else name, "insertable": False, "joinColumns": [],
        "numberType": apex in ("Integer", "Double"), "textType": apex == "String", "updatable": False, "_joined": {},
    }  # fmt: skip


def _listed(level: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in facts.items() if key != "_joined"} | {"joinColumns": _listed(facts["_joined"])}
        for facts in level.values()
    ]
