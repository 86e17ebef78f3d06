"""Salesforce's REST API over the org: addresses, versions, discovery, headers; the work is in the rest_* modules."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kevasync.sandbox.answers import ApiError, not_found
from kevasync.sandbox.org import Org
from kevasync.sandbox.rest_call import Call, Reply
from kevasync.sandbox.rest_composite import Collections, Composite
from kevasync.sandbox.rest_query import Queries
from kevasync.sandbox.rest_records import FailedRowError, Records

__all__ = ["NEWEST", "OLDEST", "Rest", "routes"]

OLDEST, NEWEST = 31, 68
_RETIRED_FROM = 21
_METHODS = ["GET", "POST", "PATCH", "DELETE", "PUT"]
_SPRING_26 = 66
_HEADERS = {
    "Cache-Control": "no-cache,must-revalidate,max-age=0,no-store,private",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "none",
}
_LIMITS = {
    "ConcurrentAsyncGetReportInstances": 200, "ConcurrentSyncReportRuns": 20, "DailyAsyncApexExecutions": 250000,
    "DailyBulkApiBatches": 15000, "DailyBulkV2QueryFileStorageMB": 976562, "DailyBulkV2QueryJobs": 10000,
    "DailyDurableStreamingApiEvents": 10000, "DailyGenericStreamingApiEvents": 10000, "DailyWorkflowEmails": 75,
    "DataStorageMB": 5, "FileStorageMB": 20, "HourlyODataCallout": 1000, "HourlyTimeBasedWorkflow": 50,
    "MassEmail": 10, "SingleEmail": 15,
}  # fmt: skip
_NAME, _ID = r"(\w+)", r"([^/]+)"
Handler = Callable[..., Reply]


class Rest:
    """The API of one org: `dispatch` answers a call, whether it came alone or inside a composite request."""

    def __init__(self, org: Org) -> None:
        self._org = org
        records, queries, many = Records(org), Queries(org), Collections(org)
        combined = Composite(org, self.dispatch)
        table: list[tuple[str, dict[str, Handler]]] = [
            ("", {"GET": self._resources}),
            ("limits", {"GET": self._limits}),
            ("sobjects", {"GET": lambda call: Reply(200, org.global_describe(call.version))}),
            (f"sobjects/{_NAME}", {"GET": self._about, "POST": records.create}),
            (f"sobjects/{_NAME}/describe", {"GET": self._describe}),
            (f"sobjects/{_NAME}/updated", {"GET": records.updated}),
            (f"sobjects/{_NAME}/deleted", {"GET": records.deleted}),
            (f"sobjects/{_NAME}/{_ID}", {"GET": records.read, "PATCH": records.change, "DELETE": records.delete}),
            (
                f"sobjects/{_NAME}/{_NAME}/(.+)",
                {"GET": records.read_by, "PATCH": records.upsert, "DELETE": records.delete_by},
            ),
            ("query", {"GET": queries.query}),
            ("queryAll", {"GET": queries.query_all}),
            (f"query(?:All)?/{_ID}", {"GET": queries.more}),
            ("composite", {"POST": combined.composite}),
            ("composite/batch", {"POST": combined.batch}),
            (f"composite/tree/{_NAME}", {"POST": combined.tree}),
            ("composite/sobjects", {"POST": many.create, "PATCH": many.update, "DELETE": many.delete}),
            (f"composite/sobjects/{_NAME}", {"GET": many.retrieve, "POST": many.retrieve}),
            (f"composite/sobjects/{_NAME}/{_NAME}", {"PATCH": many.upsert}),
        ]
        self._table = [(re.compile(pattern, re.IGNORECASE), handlers) for pattern, handlers in table]
        self._create_by_id = records.create_by_id

    def dispatch(self, call: Call) -> Reply:
        """The answer to a call; errors are answers too."""
        try:
            return self._find(call)
        except FailedRowError as failed:
            return Reply(failed.status, [error.as_rest() for error in failed.errors])
        except ApiError as error:
            return Reply(error.status, [error.as_rest()])

    def _find(self, call: Call) -> Reply:
        _check_version(call.version)
        path = call.path.strip("/")
        # some clients cannot send PATCH
        method = call.query.get("_HttpMethod", call.method).upper() if call.method == "POST" else call.method
        for pattern, handlers in self._table:
            found = pattern.fullmatch(path)
            if found is None:
                continue
            handler = handlers.get("GET" if method == "HEAD" else method)
            if handler is None and method == "POST" and re.fullmatch(r"sobjects/\w+/id", path, re.IGNORECASE):
                handler = self._create_by_id
            if handler is None:
                allowed = ",".join(["HEAD", *handlers] if "GET" in handlers else handlers)
                message = f"HTTP Method '{method}' not allowed. Allowed are {allowed}"
                raise ApiError("METHOD_NOT_ALLOWED", message, status=405)
            return handler(call if method == call.method else _with_method(call, method), *map(unquote, found.groups()))
        raise not_found()

    def _resources(self, call: Call) -> Reply:
        names = ("sobjects", "query", "queryAll", "limits", "composite", "jobs")
        identity = f"{call.base_url}/id/{self._org.org_id}/{self._org.user_id}"
        return Reply(200, {**{name: f"{call.root}/{name}" for name in names}, "identity": identity})

    def _limits(self, _call: Call) -> Reply:
        counters = self._org.counters
        left = {"Max": counters.limit, "Remaining": max(0, counters.limit - counters.api_calls_used)}
        others = {name: {"Max": most, "Remaining": most} for name, most in _LIMITS.items()}
        return Reply(200, dict(sorted({**others, "DailyApiRequests": left}.items())))

    def _about(self, call: Call, name: str) -> Reply:
        described = self._org.describe(name, call.version)
        facts = {key: value for key, value in described.items() if key not in ("fields", "childRelationships")}
        return Reply(200, {"objectDescribe": facts, "recentItems": []})

    def _describe(self, call: Call, name: str) -> Reply:
        described = self._org.describe(name, call.version)
        changed = dt.datetime.fromisoformat(self._org.setting("schema_changed")).replace(microsecond=0)
        headers = {"Last-Modified": format_datetime(changed, usegmt=True)}
        since = _http_date(call.headers.get("if-modified-since", ""))
        if since is not None and since >= changed:
            return Reply(304, None, headers)
        return Reply(200, described, headers)


def _with_method(call: Call, method: str) -> Call:
    return Call(method, call.version, call.path, call.query, call.headers, call.body, call.base_url)


def _http_date(text: str) -> dt.datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _check_version(version: str) -> None:
    number = float(version)
    if number != int(number) or number > NEWEST or number < _RETIRED_FROM:
        raise not_found()
    if number < OLDEST:
        message = f"API version {version} is no longer available; the oldest is v{OLDEST}.0"
        raise ApiError("GONE", message, status=410)


def version_label(number: int) -> str:
    """The name of a release: three a year, Spring, Summer and, named for the year to come, Winter."""
    season, year = (number - _SPRING_26) % 3, 26 + (number - _SPRING_26) // 3
    return f"{('Spring', 'Summer', 'Winter')[season]} '{year + (season == 2):02d}"  # noqa: PLR2004 a fact of the format


def routes(org: Org, auth: Callable[[Request], Any]) -> list[Route]:
    """The Starlette routes of the REST API.

    Args:
        org: The org to serve.
        auth: Called with every request but the list of versions; raises ApiError INVALID_SESSION_ID.
    """
    rest = Rest(org)

    async def versions(_request: Request) -> Response:
        listed = [
            {"label": version_label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
            for number in range(OLDEST, NEWEST + 1)
        ]
        return _response(org, Reply(200, listed), "GET")

    async def everything(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_answer, org, rest, auth, request, body)

    return [
        Route("/services/data", versions, methods=["GET"]),
        Route("/services/data/", versions, methods=["GET"]),
        Route("/services/data/v{version:float}", everything, methods=_METHODS),
        Route("/services/data/v{version:float}/{path:path}", everything, methods=_METHODS),
    ]


def _answer(org: Org, rest: Rest, auth: Callable[[Request], Any], request: Request, body: bytes) -> Response:
    """One HTTP request, on a thread of its own."""
    found = re.match(r"/services/data/v(\d+\.\d+)/?(.*)", request.scope["raw_path"].decode("latin-1"), re.IGNORECASE)
    if found is None:
        return _response(org, Reply(404, [not_found().as_rest()]), request.method)
    headers = {name.lower(): value for name, value in request.headers.items()}
    call = Call(
        request.method, found[1], found[2], dict(request.query_params), headers, body or None,
        str(request.base_url).rstrip("/"),
    )  # fmt: skip
    try:
        auth(request)
        org.counters.request()
        reply = rest.dispatch(call)
    except ApiError as error:
        reply = Reply(error.status, [error.as_rest()])
    return _response(org, reply, request.method)


def _response(org: Org, reply: Reply, method: str) -> Response:
    headers = {**_HEADERS, "Sforce-Limit-Info": org.counters.limit_info(), **reply.headers}
    if reply.body is None:
        return Response(status_code=reply.status, headers=headers)
    text = "" if method == "HEAD" else json.dumps(reply.body, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), reply.status, headers, media_type="application/json;charset=UTF-8")
