"""What every request of the sandbox passes: one spelling of paths, faults, the size of addresses, errors."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from kevasync.sandbox import rest, soap
from kevasync.sandbox.answers import ApiError, not_found
from kevasync.sandbox.bulk import Bulk
from kevasync.sandbox.bulk_api import BulkApi
from kevasync.sandbox.control import Control
from kevasync.sandbox.faults import FaultMiddleware, Faults
from kevasync.sandbox.keva import Keva
from kevasync.sandbox.keva_api import KevaApi
from kevasync.sandbox.oauth import OAuth
from kevasync.sandbox.org import Org
from kevasync.sandbox.replies import SalesforceJson

MAX_TARGET_BYTES = 16_384  # Salesforce refuses a longer request line


def application(org: Org, oauth: OAuth, bulk: Bulk, keva: Keva, faults: Faults) -> ASGIApp:
    """The whole sandbox as one ASGI application."""

    def auth(request: Request) -> None:
        if not oauth.check(oauth.token_of(request)):
            raise ApiError("INVALID_SESSION_ID", "Session expired or invalid", status=401)

    def expire(scope: Scope, body: bytes) -> None:
        token = oauth.token_of(Request(scope)) or soap.session_of(body)
        if token:
            oauth.expire(token)

    routes = [
        *oauth.routes(),
        *BulkApi(org, bulk, auth).routes(),
        *rest.routes(org, auth),
        *soap.routes(org, oauth.check),
        *KevaApi(keva).routes(),
        *Control(oauth, faults).routes(),
    ]
    handlers: Any = {ApiError: _api_error, 404: _missing, 405: _wrong_method, Exception: _unexpected}
    inner = Starlette(routes=routes, exception_handlers=handlers)
    inner.router.redirect_slashes = False
    return FaultMiddleware(OneSpelling(inner), faults, expire)


class OneSpelling:
    """Drops a slash at the end of the path (clients differ) and refuses addresses that are too long."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http":
            if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_TARGET_BYTES:
                await PlainTextResponse("URI Too Long", 414)(scope, receive, send)
                return
            path = scope["path"]
            if len(path) > 1 and path.endswith("/"):
                scope = {**scope, "path": path.rstrip("/")}
        await self.app(scope, receive, send)


async def _api_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 registered for nothing else
    return SalesforceJson([error.as_rest()], error.status)


async def _unexpected(_request: Request, error: Exception) -> Response:
    # a fault of the sandbox; the server also logs it with its traceback
    text = f"An unexpected error occurred: {type(error).__name__}"
    return SalesforceJson([{"errorCode": "UNKNOWN_EXCEPTION", "message": text}], 500)


async def _missing(request: Request, _error: Exception) -> Response:
    if request.url.path.startswith("/keva/"):
        return JSONResponse({"error": "Not found"}, 404)
    return SalesforceJson([not_found().as_rest()], 404)


async def _wrong_method(request: Request, error: Exception) -> Response:
    allowed = (getattr(error, "headers", None) or {}).get("Allow", "").replace(" ", "")
    text = f"HTTP Method '{request.method}' not allowed. Allowed are {allowed}"
    return SalesforceJson([{"errorCode": "METHOD_NOT_ALLOWED", "message": text}], 405, {"Allow": allowed})
