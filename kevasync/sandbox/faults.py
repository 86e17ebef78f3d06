"""Faults on demand: an ASGI middleware that answers 503, cuts connections or loses answers, by rule and by rate.

A rule says what goes wrong, how often (`rate`, 0 to 1), at most how many times (`times`), after how many matching
requests (`after`), and on which (`method`, `path` as a glob, `object` for row locks). As text for the command line:

    503:rate=0.05,path=/services/data/*       lost:times=1,method=PATCH       row-lock:rate=0.02,object=Contact
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kevasync.sandbox.soap import soap_fault

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
CONTROL = "/__sandbox__/"


class Fault(StrEnum):
    """What can go wrong."""

    UNAVAILABLE = "503"
    TOO_MANY = "429"
    RESET = "reset"
    SLOW = "slow"
    LOST = "lost"
    ROW_LOCK = "row-lock"
    EXPIRED_SESSION = "expired-session"
    LIMIT_EXCEEDED = "limit-exceeded"


# Where a fault happens when its rule names no path: sessions and daily limits are Salesforce's, 429 is Keva's.
DEFAULT_PATH = {
    Fault.TOO_MANY: "/keva/*",
    Fault.EXPIRED_SESSION: "/services/data/*",
    Fault.LIMIT_EXCEEDED: "/services/data/*",
}

SALESFORCE_ANSWERS = {
    Fault.UNAVAILABLE: (503, "SERVER_UNAVAILABLE", "The server is temporarily unavailable. Please try again later."),
    Fault.TOO_MANY: (429, "REQUEST_LIMIT_EXCEEDED", "Too many requests. Please try again later."),
    Fault.EXPIRED_SESSION: (401, "INVALID_SESSION_ID", "Session expired or invalid"),
    Fault.LIMIT_EXCEEDED: (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
}
KEVA_ANSWERS = {
    Fault.UNAVAILABLE: (503, "Service unavailable"),
    Fault.TOO_MANY: (429, "Rate limit exceeded"),
    Fault.EXPIRED_SESSION: (401, "Unauthorized"),
    Fault.LIMIT_EXCEEDED: (429, "Rate limit exceeded"),
}


@dataclass(slots=True)
class Rule:
    """One thing that goes wrong; `seen` and `hits` count the matching requests (rows, for row locks) and the faults."""

    fault: Fault
    rate: float = 1.0
    times: int | None = None
    after: int = 0
    method: str = "*"
    path: str = ""
    object: str = "*"
    seconds: float = 1.0
    seen: int = 0
    hits: int = 0
    dice: random.Random = field(default_factory=random.Random, repr=False)

    def matches(self, method: str, path: str) -> bool:
        """Whether the rule speaks about this request; a lost answer only makes sense for a write."""
        if self.fault is Fault.LOST and method not in WRITES:
            return False
        glob = self.path or DEFAULT_PATH.get(self.fault, "*")
        return self.method.upper() in {"*", method} and fnmatchcase(path, glob)

    def strikes(self) -> bool:
        """Count one matching request (or row) and say whether the fault happens to it."""
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.hits >= self.times):
            return False
        if self.dice.random() >= self.rate:
            return False
        self.hits += 1
        return True

    def as_dict(self) -> dict[str, Any]:
        """The JSON form: the rule and its counts."""
        return {key: value for key, value in asdict(self).items() if key != "dice"}


def parse_rule(spec: str | Mapping[str, Any]) -> Rule:
    """A rule from its text or JSON form; ValueError says what is wrong with it."""
    if isinstance(spec, str):
        name, _, rest = spec.partition(":")
        pairs = [part.partition("=") for part in rest.split(",") if part.strip()]
        values: dict[str, Any] = {"fault": name.strip(), **{key.strip(): value.strip() for key, _, value in pairs}}
    else:
        values = dict(spec)
    readers: dict[str, Callable[[Any], Any]] = {
        "fault": lambda text: Fault(str(text)),
        "rate": float,
        "times": lambda text: None if text is None else int(text),
        "after": int,
        "seconds": float,
        "method": str,
        "path": str,
        "object": str,
    }
    if unknown := sorted(values.keys() - readers.keys()):
        raise ValueError(f"a fault has no setting {unknown[0]!r}; it has {', '.join(readers)}")
    if str(values.get("fault")) not in set(Fault):
        raise ValueError(f"no fault is called {values.get('fault')!r}; there are {', '.join(Fault)}")
    rule = Rule(**{key: readers[key](value) for key, value in values.items()})
    if not 0 <= rule.rate <= 1:
        raise ValueError(f"rate is a share from 0 to 1, not {rule.rate:g}")
    return rule


class Faults:
    """The rules in force. Each rule throws its own seeded dice, so that one more rule does not change the others."""

    def __init__(self, rules: Iterable[str | Mapping[str, Any]] = (), seed: int = 0) -> None:
        self.seed = seed
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._added = 0
        for rule in rules:
            self.add(rule)

    def add(self, spec: str | Mapping[str, Any] | None = None, **settings: Any) -> Rule:
        """Put one more rule in force: `faults.add("503:rate=0.1")` or `faults.add(fault="lost", times=1)`."""
        rule = parse_rule(settings if spec is None else spec)
        with self._lock:
            rule.dice = random.Random(f"{self.seed}:{self._added}")  # noqa: S311 repeatable faults, not secrets
            self._added += 1
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """No more faults; the dice start anew."""
        with self._lock:
            self._rules.clear()
            self._added = 0

    @property
    def rules(self) -> list[Rule]:
        """The rules in force, in the order in which they were added."""
        return list(self._rules)

    def for_request(self, method: str, path: str) -> Rule | None:
        """The first rule that strikes this request."""
        if not self._rules:
            return None
        with self._lock:
            for rule in self._rules:
                if rule.fault is not Fault.ROW_LOCK and rule.matches(method, path) and rule.strikes():
                    return rule
        return None

    def locks_row(self, object_name: str) -> bool:
        """Whether a row of this object meets a lock now."""
        if not self._rules:
            return False
        with self._lock:
            return any(
                rule.fault is Fault.ROW_LOCK and rule.object.lower() in {"*", object_name.lower()} and rule.strikes()
                for rule in self._rules
            )


class FaultMiddleware:
    """Lets a request through, spoils it, or carries it out and loses the answer; `expire` ends a request's session."""

    def __init__(self, app: ASGIApp, faults: Faults, expire: Callable[[Scope, bytes], None]) -> None:
        self.app = app
        self.faults = faults
        self.expire = expire

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path = scope.get("path", "")
        if scope["type"] != "http" or path.startswith(CONTROL):
            await self.app(scope, receive, send)
            return
        rule = self.faults.for_request(scope["method"], path)
        if rule is None:
            await self.app(scope, receive, send)
        elif rule.fault is Fault.SLOW:
            await asyncio.sleep(rule.seconds)
            await self.app(scope, receive, send)
        elif rule.fault is Fault.RESET:
            await _cut(scope, receive)
        elif rule.fault is Fault.LOST:
            await self.app(scope, receive, _swallow)
            await _cut(scope, receive)
        else:
            body = await _drain(receive)
            if rule.fault is Fault.EXPIRED_SESSION:
                self.expire(scope, body)
            await _refuse(rule.fault, path, send)


async def _swallow(_message: Message) -> None:
    """Where the lost answer goes."""


async def _drain(receive: Receive) -> bytes:
    # A server that answers with a body still on its way makes some clients see a broken pipe instead of the answer.
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return bytes(body)


async def _refuse(fault: Fault, path: str, send: Send) -> None:
    content: Any
    code = ""
    if path.startswith("/keva/"):
        status, text = KEVA_ANSWERS[fault]
        content = {"error": text}
    else:
        status, code, text = SALESFORCE_ANSWERS[fault]
        content = [{"message": text, "errorCode": code}]
    body, kind = json.dumps(content).encode(), b"application/json;charset=UTF-8"
    if path.startswith("/services/Soap/"):
        answer = soap_fault(code, text)
        body, kind, status = bytes(answer.body), b"text/xml;charset=utf-8", answer.status_code
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _cut(scope: Scope, receive: Receive) -> None:
    """Break the TCP connection with a reset and no answer, as a failing balancer does."""
    transport: asyncio.Transport = scope["state"]["transport"]
    connection: socket.socket | None = transport.get_extra_info("socket")
    if connection is not None:
        # linger 0: the peer gets RST, not an orderly end
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
