"""The Customers API of Keva: reading in pages, writing one customer at a time, within a hundred requests a minute."""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote
from urllib.request import getproxies

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from kevasync.endpoint import Limits, Stop
from kevasync.errors import RunError, UsageError
from kevasync.keva.allowance import LONGEST_WAIT, Allowance, number
from kevasync.keva.answers import AnswerLostError, Customer, RowRefusedError, error_text, one_customer, refusal
from kevasync.keva.paging import Listing

__all__ = ["PAGE", "AnswerLostError", "Customer", "KevaClient", "RowRefusedError"]

PAGE = 100
_ATTEMPTS = 5
_LIMIT_ATTEMPTS = 8
_TIMEOUT = (10.0, 60.0)
_PIECE = 0.5
_UNTOLD_WAIT = 30.0  # several of these are longer than the minute that Keva counts in
_full_jitter = wait_random_exponential(multiplier=0.5, max=30)
_log = logging.getLogger(__name__)


class _AgainError(Exception):
    """This attempt failed in a way that may pass. `seconds` is how long Keva asks to wait, where it says."""

    def __init__(self, reason: str, status: int = 0, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.seconds = seconds


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
        self._total: int | None = None
        self._looks_up = self._searches = False
        self.on_wait: Callable[[float], None] = lambda _: None
        self._sleep, self._clock = sleep, clock
        self._allowance = Allowance()
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

    def wait(self, stop: Stop) -> None:
        """Wait until Keva's limit allows a request, in short pieces, so that a stop is heard."""
        seconds = self._allowance.wait(self._clock())
        if seconds <= 0 or stop():
            return
        self._tell(seconds)
        until = self._clock() + seconds
        while (left := until - self._clock()) > 0 and not stop():
            self._sleep(min(left, _PIECE))
        self._tell(0, after=seconds)

    def limits(self) -> Limits:
        """The allowance of the minute, as the last answer told it."""
        return Limits(self._allowance.limit, min(self._allowance.left, self._allowance.limit))

    def pages(self) -> Iterator[tuple[list[Customer], int | None]]:
        """(customers not seen before, how many there are in all if Keva says), page by page, in any paging shape.

        Customers created meanwhile are read too, and nobody comes twice. Raises RunError keva-moving where Keva says
        there are more than can be read.
        """
        for rows, total in Listing(self._list, PAGE).pages():
            self._total = total
            yield rows, total

    def total(self) -> int | None:
        """How many customers there are, or were when the list was last read; None where Keva does not count."""
        if self._total is None:
            listing = Listing(self._list, PAGE)
            listing.first({})
            self._total = listing.total
        return self._total

    def get(self, identity: str) -> Customer | None:
        """One customer by id, or None."""
        if not identity.strip("."):  # no id: another address
            return None
        return self._found("GET", f"{self.customers_path}/{_segment(identity)}", "/:id")

    def lookup(self, email: str) -> Customer | None:
        """The customer with this e-mail, or None. Asks the look-up, and the search until the look-up has found one."""
        try:
            found = self._looked_up(email)
            if found is not None or self._looks_up:
                return found
        except RowRefusedError:
            _log.debug("keva_lookup_refused")  # it may want another parameter; the search is documented
        return next((one for one in self.search(email) if _has_email(one, email)), None)

    def with_email(self, email: str) -> list[Customer]:
        """All customers with this e-mail: the look-up tells of one only, so it is asked where the search finds none."""
        found = [one for one in self.search(email) if _has_email(one, email)]
        self._searches = self._searches or bool(found)
        if not found and not self._searches:
            with suppress(RowRefusedError):
                one = self._looked_up(email)
                return [one] if one is not None else []
        return found

    def _looked_up(self, email: str) -> Customer | None:
        found = self._found("GET", self.lookup_path, params={"email": email})
        if found is None or not _has_email(found, email):
            return None
        self._looks_up = True
        return found

    def search(self, text: str) -> list[Customer]:
        """The first hundred customers whose e-mail, name or company contains the text."""
        return Listing(self._list, PAGE).first({"search": text})

    def update(self, identity: str, values: Mapping[str, Any]) -> Customer | None:
        """Change the fields given (None clears); the customer as it is now, if Keva tells.

        Repeated where no answer comes, which is harmless. Raises RowRefusedError.
        """
        path = f"{self.customers_path}/{_segment(identity)}"
        answer = self._call("PATCH", path, body=values, label="/:id")[1]
        return None if answer is None else one_customer(answer, "PATCH")

    def upsert(self, values: Mapping[str, Any]) -> tuple[Customer, bool]:
        """Create the customer with this e-mail, or update it: (customer, was it created).

        Sent once: the answer to a repeat could not be told from an update. Raises RowRefusedError, AnswerLostError.
        """
        status, answer = self._call("POST", self.customers_path, body=values, once=True)
        return one_customer(answer, "POST"), status == requests.codes.created

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
            return one_customer(self._call(method, path, params=params, label=label)[1], method)
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
        once: bool = False,
    ) -> tuple[int, Any]:
        """(status, JSON) of one request, tried again where that may help. What it is called names no customer.

        What is sent `once` is repeated only after a 429, which says that nothing was done.
        """
        name = f"{method} {self.customers_path if label else path}{label}"
        retrying = Retrying(
            retry=retry_if_exception_type(_AgainError),
            stop=partial(_enough, once=once),
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
            if once:
                raise AnswerLostError(error.status, f"no good answer came ({error})") from error
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
        text = error_text(answer)
        if status == requests.codes.too_many_requests:
            seconds = number(response.headers.get("Retry-After"), 0) or self._allowance.wait(self._clock())
            raise _AgainError(text, status, float(seconds))
        if status >= requests.codes.server_error:
            raise _AgainError(text or "no reason given", status)
        if status == requests.codes.no_content:
            return None
        if status < requests.codes.multiple_choices:
            if not isinstance(answer, dict | list):
                kind = response.headers.get("Content-Type", "nothing").partition(";")[0]
                raise RunError("keva-answer", f"{name}: the answer is not JSON but {kind}.")
            return answer
        raise refusal(name, status, text, answer)

    def _rest(self, seconds: float) -> None:
        if seconds <= 0:
            return
        self._tell(seconds)
        self._sleep(seconds)
        self._tell(0, after=seconds)

    def _tell(self, seconds: float, *, after: float = 0) -> None:
        """Say that a wait begins, or (0 seconds) that one is over; short ones are not worth it."""
        if max(seconds, after) < 1:
            return
        if seconds:
            _log.info("keva_waiting seconds=%.0f", seconds)
        self.on_wait(seconds)


def _enough(state: RetryCallState, *, once: bool) -> bool:
    error = state.outcome.exception() if state.outcome else None
    limited = isinstance(error, _AgainError) and error.status == requests.codes.too_many_requests
    if limited:
        return state.attempt_number >= _LIMIT_ATTEMPTS
    return once or state.attempt_number >= _ATTEMPTS


def _pause(state: RetryCallState) -> float:
    """What Keva asks for and a little more, so that clients do not come back together; else full jitter."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _AgainError) and error.seconds is not None:
        asked = error.seconds or min(2.0**state.attempt_number, _UNTOLD_WAIT)
        return min(asked, LONGEST_WAIT) + random.random()  # noqa: S311 jitter
    return _full_jitter(state)


def _has_email(customer: Customer, email: str) -> bool:
    return str(customer.get("email") or "").strip().casefold() == email.strip().casefold()


def _below(base_url: str, path: str) -> str:
    """The path to put behind the base address."""
    whole = "/" + path.strip("/")
    return re.sub(r"^/api(/v\d+)?(?=/)", "", whole) if re.search(r"/api(/v\d+)?$", base_url) else whole


def _segment(identity: str) -> str:
    return quote(identity, safe="")
