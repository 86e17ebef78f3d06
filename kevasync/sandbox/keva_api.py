"""Keva's Customers API over HTTP: routes, Bearer keys, scopes, the limit of requests a minute, error bodies."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kevasync.sandbox.keva import InvalidBodyError, Keva

MAX_LIMIT = 100
DEFAULT_LIMIT = 50
PREFIXES = ("/keva/api/v1/customers", "/keva/api/customers")


class RefusedError(Exception):
    """An error answer: HTTP status, Keva's text, and headers of its own."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers


class Window:
    """How many requests each key has made in the minute that began with its first one."""

    def __init__(self, keva: Keva) -> None:
        self._keva = keva
        self._lock = threading.Lock()
        self._open: dict[str, tuple[float, int]] = {}

    def count(self, key: str) -> tuple[dict[str, str], bool]:
        """Count one request: the rate headers of its answer, and whether it is within the limit."""
        limit = self._keva.rate
        if not limit:
            return {}, True
        now = time.time()
        with self._lock:
            began, made = self._open.get(key, (now, 0))
            if now >= began + self._keva.rate_seconds:
                began, made = now, 0
            allowed = made < limit
            made += allowed
            self._open[key] = (began, made)
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(limit - made),
            "X-RateLimit-Reset": str(math.ceil(began + self._keva.rate_seconds)),
        }
        return headers, allowed


class KevaApi:
    """The routes of the Customers API, over one Keva."""

    def __init__(self, keva: Keva) -> None:
        self._keva = keva
        self._window = Window(keva)

    def routes(self) -> list[Route]:
        """The same resource under the versioned base address and under the address of the resource pages."""
        handlers: list[tuple[str, dict[str, Callable[[Request, Any], Response]]]] = [
            ("", {"GET": self._list, "POST": self._upsert}),
            ("/lookup", {"GET": self._lookup}),
            ("/{id}", {"GET": self._get, "PATCH": self._patch}),
        ]
        return [
            Route(prefix + tail, self._guarded(methods), methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
            for prefix in PREFIXES
            for tail, methods in handlers
        ]

    def _guarded(self, methods: Mapping[str, Callable[[Request, Any], Response]]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            headers: dict[str, str] = {}
            try:
                headers = self._admit(request)
                response = methods.get(request.method, _no_such)(request, raw)
            except RefusedError as refusal:
                response = JSONResponse({"error": refusal.text}, refusal.status)
                headers = dict(refusal.headers or headers)
            except InvalidBodyError as invalid:
                response = JSONResponse({"error": "Validation failed", "details": invalid.details}, 422)
            response.headers.update(headers)
            return response

        return endpoint

    def _admit(self, request: Request) -> dict[str, str]:
        """Check key, rate, workspace and scope, in this order; the rate headers of the answer."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        scopes = self._keva.scopes_of(key.strip()) if scheme.lower() == "bearer" else None
        if scopes is None:
            raise RefusedError(401, "Invalid or missing API key")
        headers, allowed = self._window.count(key)
        if not allowed:
            raise RefusedError(429, "Rate limit exceeded", headers)
        if request.headers.get("x-workspace-id", self._keva.workspace_id) != self._keva.workspace_id:
            raise RefusedError(403, "Workspace not found or access denied", headers)
        if f"customers:{'read' if request.method == 'GET' else 'write'}" not in scopes:
            raise RefusedError(403, "Insufficient scope", headers)
        return headers

    def _list(self, request: Request, _raw: bytes) -> Response:
        asked = request.query_params
        search, vip_only = asked.get("search", ""), asked.get("vipOnly", "").lower() in {"true", "1"}
        if self._keva.paging == "pages":
            size = min(_number(asked, "per_page", DEFAULT_LIMIT, 1), MAX_LIMIT)
            page = _number(asked, "page", 1, 1)
            rows, total = self._keva.page(size, (page - 1) * size, search, vip_only=vip_only)
            pages = {"page": page, "per_page": size, "total": total, "total_pages": -(-total // size)}
            return JSONResponse({"data": rows, "pagination": pages})
        limit = min(_number(asked, "limit", DEFAULT_LIMIT, 1), MAX_LIMIT)
        offset = _number(asked, "offset", 0, 0)
        rows, total = self._keva.page(limit, offset, search, vip_only=vip_only)
        if self._keva.paging == "bare":
            return JSONResponse(rows)
        return JSONResponse({"customers": rows, "total": total, "limit": limit, "offset": offset})

    def _upsert(self, _request: Request, raw: bytes) -> Response:
        customer, is_new = self._keva.upsert(_body(raw))
        return JSONResponse(customer, 201 if is_new else 200)

    def _lookup(self, request: Request, _raw: bytes) -> Response:
        email = request.query_params.get("email", "")
        if not email:
            raise RefusedError(400, "Query parameter 'email' is required")
        return _found(self._keva.by_email(email))

    def _get(self, request: Request, _raw: bytes) -> Response:
        return _found(self._keva.get(request.path_params["id"]))

    def _patch(self, request: Request, raw: bytes) -> Response:
        return _found(self._keva.patch(request.path_params["id"], _body(raw)))


def _no_such(_request: Request, _raw: bytes) -> Response:
    raise RefusedError(404, "Not found")


def _found(customer: dict[str, Any] | None) -> Response:
    if customer is None:
        raise RefusedError(404, "Customer not found")
    return JSONResponse(customer)


def _number(asked: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = asked.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise RefusedError(400, f"Query parameter '{name}' must be an integer of at least {least}")
    return int(text)


def _body(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        raise RefusedError(400, "Invalid JSON body") from None
    if not isinstance(body, dict):
        raise RefusedError(400, "The body must be a JSON object")
    return body
