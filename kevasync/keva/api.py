"""The Customers API of Keva: reading in pages, writing one customer at a time, within a hundred requests a minute."""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote
from urllib.request import getproxies

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from kevasync.endpoint import Limits
from kevasync.errors import KevasyncError, RunError, UsageError
from kevasync.keva.paging import Listing

__all__ = ["Customer", "KevaClient", "RowRefusedError"]

Customer = dict[str, Any]
"""A customer as the API's JSON has it."""

PAGE = 100
_ATTEMPTS = 5
_LIMIT_ATTEMPTS = 8
_TIMEOUT = (10.0, 60.0)
_LONGEST_WAIT = 90.0
_full_jitter = wait_random_exponential(multiplier=0.5, max=30)
_log = logging.getLogger(__name__)


class RowRefusedError(Exception):
    """Keva refused one record: HTTP status, our code, Keva's text, and the fields it names."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields


class _AgainError(Exception):
    """This attempt failed in a way that may pass. `seconds` is how long Keva asks to wait, where it says."""

    def __init__(self, reason: str, status: int = 0, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.seconds = seconds


@dataclass(slots=True)
class _Allowance:
    """What the rate headers of the last answer said. `skew` is Keva's clock less ours, in seconds."""

    limit: int = 100
    left: int = 100
    reset: float | None = None
    skew: float = 0.0

    def note(self, headers: Mapping[str, str], now: float) -> None:
        self.limit = _number(headers.get("X-RateLimit-Limit"), self.limit)
        self.left = _number(headers.get("X-RateLimit-Remaining"), self.left)
        reset = headers.get("X-RateLimit-Reset")
        self.reset = float(_number(reset, 0)) or None
        stamp = headers.get("Date")
        if stamp:
            try:
                self.skew = parsedate_to_datetime(stamp).timestamp() - now
            except ValueError:
                self.skew = 0.0

    def wait(self, now: float) -> float:
        """Seconds until requests are allowed again, 0 where they are now."""
        if self.left > 0 or self.reset is None:
            return 0.0
        # A date in Keva's header has whole seconds, so a small skew is none.
        here = now + (self.skew if abs(self.skew) > 2 else 0.0)  # noqa: PLR2004 two seconds
        return min(max(self.reset - here, 0.0), _LONGEST_WAIT)


class KevaClient:
    """Keva's customers over HTTP. `customers_path` is the resource below the base address.

    Keva's pages give the address with `/api/v1` and the resource with `/api`: where both say it, it is said once.

    The key is sent as a Bearer token and stands in no log line and no `repr`. `on_wait(seconds)` is called before a
    pause that Keva's limit asks for, `on_wait(0)` after it. `calls` counts the requests made.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        workspace_id: str | None = None,
        *,
        customers_path: str = "/api/customers",
        lookup_path: str | None = None,
        ca_bundle: Path | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.customers_path = _below(self.base_url, customers_path)
        self.lookup_path = _below(self.base_url, lookup_path) if lookup_path else f"{self.customers_path}/lookup"
        self.calls = 0
        self.on_wait: Callable[[float], None] = lambda _: None
        self._sleep, self._clock = sleep, clock
        self._allowance = _Allowance()
        self._session = requests.Session()
        self._session.headers.update({"Authorization": f"Bearer {api_key}", "Accept": "application/json"})
        if workspace_id:
            self._session.headers["X-Workspace-Id"] = workspace_id
        if ca_bundle is not None:
            # REQUESTS_CA_BUNDLE would win over `verify`; proxies are then taken from the environment by hand.
            self._session.verify = str(ca_bundle)
            self._session.trust_env = False
            self._session.proxies.update(getproxies())

    def __repr__(self) -> str:
        return f"KevaClient({self.base_url + self.customers_path!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def limits(self) -> Limits:
        """The allowance of the minute, as the last answer told it."""
        return Limits(self._allowance.limit, min(self._allowance.left, self._allowance.limit))

    def pages(self) -> Iterator[tuple[list[Customer], int | None]]:
        """(customers not seen before, how many there are in all if Keva says), page by page, in any paging shape.

        Customers created meanwhile are read too, and nobody comes twice. Raises RunError keva-moving where Keva says
        there are more than can be read.
        """
        yield from Listing(self._list, PAGE).pages()

    def get(self, identity: str) -> Customer | None:
        """One customer by id, or None."""
        return self._found("GET", f"{self.customers_path}/{_segment(identity)}", "/:id")

    def lookup(self, email: str) -> Customer | None:
        """The customer with this e-mail, or None. Asks the look-up, and the search where there is no look-up."""
        wanted = email.strip().casefold()
        try:
            found = self._found("GET", self.lookup_path, params={"email": email})
        except RowRefusedError:
            found = None
        if found is not None and str(found.get("email") or "").strip().casefold() == wanted:
            return found
        return next((one for one in self.search(email) if str(one.get("email") or "").casefold() == wanted), None)

    def search(self, text: str) -> list[Customer]:
        """The first hundred customers whose e-mail, name or company contains the text."""
        return Listing(self._list, PAGE).first({"search": text})

    def update(self, identity: str, values: Mapping[str, Any]) -> Customer:
        """Change the fields given (None clears). Repeating it is harmless. Raises RowRefusedError."""
        path = f"{self.customers_path}/{_segment(identity)}"
        return _one(self._call("PATCH", path, body=values, label="/:id")[1], "PATCH")

    def upsert(self, values: Mapping[str, Any]) -> tuple[Customer, bool]:
        """Create the customer with this e-mail, or update it: (customer, was it created). Raises RowRefusedError."""
        status, answer = self._call("POST", self.customers_path, body=values)
        return _one(answer, "POST"), status == requests.codes.created

    def _list(self, params: Mapping[str, str | int]) -> Any:
        try:
            return self._call("GET", self.customers_path, params=params)[1]
        except RowRefusedError as refused:
            what = f"GET {self.base_url}{self.customers_path}: Keva answered {refused.status} ({refused.message})."
            raise UsageError("keva-not-found" if refused.code == "keva-not-found" else "keva-answer", what) from refused

    def _found(
        self, method: str, path: str, label: str = "", params: Mapping[str, str | int] | None = None
    ) -> Customer | None:
        try:
            return _one(self._call(method, path, params=params, label=label)[1], method)
        except RowRefusedError as refused:
            if refused.status == requests.codes.not_found:
                return None
            raise

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        label: str = "",
    ) -> tuple[int, Any]:
        """(status, JSON) of one request, tried again where that may help. What it is called names no customer."""
        # Every call may be repeated: reads, PATCH to the same values, and POST, which is an upsert by e-mail.
        name = f"{method} {self.customers_path if label else path}{label}"
        retrying = Retrying(
            retry=retry_if_exception_type(_AgainError),
            stop=_enough,
            wait=_pause,
            sleep=self._rest,
            reraise=True,
        )
        try:
            return retrying(self._attempt, name, method, path, params, body)
        except _AgainError as error:
            attempts = retrying.statistics.get("attempt_number", 1)
            if error.status == requests.codes.too_many_requests:
                raise RunError("keva-limit", f"{name}: Keva answered 429 in {attempts} attempts.") from error
            if error.status:
                what = f"{name}: Keva answered {error.status} in {attempts} attempts ({error})."
                raise RunError("keva-failed", what) from error
            what = f"{self.base_url} ({name}) gave no answer in {attempts} attempts ({error})."
            raise RunError("keva-unreachable", what) from error

    def _attempt(
        self,
        name: str,
        method: str,
        path: str,
        params: Mapping[str, str | int] | None,
        body: Mapping[str, Any] | None,
    ) -> tuple[int, Any]:
        self._rest(self._allowance.wait(self._clock()))
        self.calls += 1
        try:
            response = self._session.request(
                method, self.base_url + path, params=params, json=body, timeout=_TIMEOUT, allow_redirects=False
            )
        except requests.exceptions.SSLError as error:
            raise UsageError("keva-certificate", f"The certificate of {self.base_url} is not trusted.") from error
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise _AgainError(type(error).__name__) from error
        except requests.RequestException as error:
            what = f"{self.base_url} cannot be asked ({type(error).__name__})."
            raise UsageError("keva-unreachable", what) from error
        self._allowance.note(response.headers, self._clock())
        return response.status_code, self._answer(name, response)

    def _answer(self, name: str, response: requests.Response) -> Any:
        """The JSON of a good answer; what is wrong with another."""
        status = response.status_code
        try:
            answer = response.json() if response.content else None
        except ValueError:
            answer = None
        text = _error_text(answer)
        if status == requests.codes.too_many_requests:
            seconds = _number(response.headers.get("Retry-After"), 0) or self._allowance.wait(self._clock())
            raise _AgainError(text, status, max(float(seconds), 1.0))
        if status >= requests.codes.server_error:
            raise _AgainError(text or "no reason given", status)
        if status < requests.codes.multiple_choices:
            if not isinstance(answer, dict | list):
                kind = response.headers.get("Content-Type", "nothing").partition(";")[0]
                raise RunError("keva-answer", f"{name}: the answer is not JSON but {kind}.")
            return answer
        raise _refusal(name, status, text, answer)

    def _rest(self, seconds: float) -> None:
        if seconds <= 0:
            return
        if seconds >= 1:
            _log.info("keva_waiting seconds=%.0f", seconds)
            self.on_wait(seconds)
        self._sleep(seconds)
        if seconds >= 1:
            self.on_wait(0)


def _enough(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    limited = isinstance(error, _AgainError) and error.status == requests.codes.too_many_requests
    return state.attempt_number >= (_LIMIT_ATTEMPTS if limited else _ATTEMPTS)


def _pause(state: RetryCallState) -> float:
    """What Keva asks for and a little more, so that clients do not come back together; else full jitter."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _AgainError) and error.seconds is not None:
        return min(error.seconds, _LONGEST_WAIT) + random.random()  # noqa: S311 jitter
    return _full_jitter(state)


def _refusal(name: str, status: int, text: str, answer: Any) -> KevasyncError | RowRefusedError:
    said = f"{name}: Keva answered {status} ({text or 'no reason given'})."
    codes = requests.codes
    if status == codes.unauthorized:
        return UsageError("keva-key", said)
    if status == codes.forbidden:
        return UsageError("keva-scope", said)
    if status == codes.not_found and not isinstance(answer, dict):
        # Keva itself says what it does not find; a page of something else means that this is not Keva's API.
        return UsageError("keva-not-found", said)
    if codes.multiple_choices <= status < codes.bad_request:
        return RunError("keva-answer", f"{name}: Keva sends elsewhere ({status}), which would lose the key on the way.")
    details = answer.get("details") if isinstance(answer, dict) else None
    named = [item for item in details if isinstance(item, dict)] if isinstance(details, list) else []
    fields = tuple(str(item["field"]) for item in named if item.get("field"))
    message = "; ".join([text, *(f"{item.get('field')}: {item.get('message')}" for item in named)])
    code = "keva-not-found" if status == codes.not_found else "keva-rejected"
    return RowRefusedError(status, code, message.strip("; ") or f"status {status}", fields)


def _error_text(answer: Any) -> str:
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict):
        error = error.get("message")
    return str(error) if error else ""


def _one(answer: Any, method: str) -> Customer:
    """The customer of an answer, bare or wrapped."""
    if isinstance(answer, dict) and "id" not in answer:
        answer = next((answer[name] for name in ("customer", "data") if isinstance(answer.get(name), dict)), answer)
    if not isinstance(answer, dict) or "id" not in answer:
        raise RunError("keva-answer", f"{method}: the answer holds no customer.")
    return answer


def _below(base_url: str, path: str) -> str:
    """The path to put behind the base address."""
    whole = "/" + path.strip("/")
    return re.sub(r"^/api(/v\d+)?(?=/)", "", whole) if re.search(r"/api(/v\d+)?$", base_url) else whole


def _segment(identity: str) -> str:
    return quote(identity, safe="")


def _number(text: str | None, default: int) -> int:
    try:
        return int(float(text)) if text is not None else default
    except ValueError:
        return default
