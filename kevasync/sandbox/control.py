"""How a test in another process sets faults and sessions of a running sandbox; callers of this machine only."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kevasync.sandbox.faults import Faults, parse_rule
from kevasync.sandbox.oauth import LOOPBACK, OAuth


class Control:
    """`/__sandbox__/faults`: {"rules": [...], "clear": true, "seed": 1}; `/__sandbox__/oauth`: {"expire": true}."""

    def __init__(self, oauth: OAuth, faults: Faults) -> None:
        self._oauth, self._faults = oauth, faults

    def routes(self) -> list[Route]:
        """GET shows, POST changes, DELETE clears the faults."""
        faults, oauth = self._endpoint(self._change_faults), self._endpoint(self._change_oauth)
        return [
            Route("/__sandbox__/faults", faults, methods=["GET", "POST", "DELETE"]),
            Route("/__sandbox__/oauth", oauth, methods=["GET", "POST"]),
        ]

    def _endpoint(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            if not _is_local(request):
                return JSONResponse({"error": "only this machine may change the sandbox"}, 403)
            try:
                raw = {"GET": b"{}", "DELETE": b'{"clear": true}'}.get(request.method) or await request.body()
                return JSONResponse(await run_in_threadpool(change, json.loads(raw)))
            except (ValueError, TypeError, AttributeError) as error:
                return JSONResponse({"error": str(error)}, 400)

        return endpoint

    def _change_faults(self, body: dict[str, Any]) -> dict[str, Any]:
        rules = list(body.get("rules", []))
        for rule in rules:
            parse_rule(rule)  # all of them or none
        if body.get("clear"):
            self._faults.clear()
        self._faults.seed = int(body.get("seed", self._faults.seed))
        for rule in rules:
            self._faults.add(rule)
        return {"seed": self._faults.seed, "rules": [rule.as_dict() for rule in self._faults.rules]}

    def _change_oauth(self, body: dict[str, Any]) -> dict[str, Any]:
        self._oauth.session_seconds = float(body.get("session_seconds", self._oauth.session_seconds))
        self._oauth.rotate = bool(body.get("rotate", self._oauth.rotate))
        if body.get("expire"):
            self._oauth.expire()
        if "public_key" in body:
            self._oauth.register_key(str(body["public_key"]))
        return {"session_seconds": self._oauth.session_seconds, "rotate": self._oauth.rotate}


def _is_local(request: Request) -> bool:
    # The host is checked too: a web page may point a name of its own at 127.0.0.1, but cannot forge this header.
    host = request.headers.get("host", "").rpartition(":")[0]
    return request.client is not None and request.client.host in LOOPBACK and host in LOOPBACK
