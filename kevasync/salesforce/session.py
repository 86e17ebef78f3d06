"""One org, signed in: sends a request, refreshes the token, repeats what may be repeated, counts calls."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from kevasync.endpoint import Limits
from kevasync.errors import KevasyncError, RunError, UsageError
from kevasync.salesforce.connections import address, http_session
from kevasync.salesforce.failures import call_error, error_items
from kevasync.salesforce.oauth import SalesforceCredentials, can_refresh, fetch_token

__all__ = ["Retries", "Save", "Session", "Unanswered", "Verdict", "open_session"]

LOG = logging.getLogger("kevasync.salesforce")
Save = Callable[[str, str], None]
"""Keeps a secret by name: `salesforce_access_token` after each refresh, `salesforce_refresh_token` if it rotated."""

T = TypeVar("T")
BLOCK = 1 << 20  # bytes of a download held in memory
TOO_MANY_REQUESTS, SERVER_ERROR, UNAUTHORIZED = 429, 500, 401
PASSING = frozenset({"SERVER_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "UNABLE_TO_LOCK_ROW"})
"""Refusals that pass. REQUEST_LIMIT_EXCEEDED only for too many calls at one time; the daily limit ends the run."""
_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how long: waits are drawn between 0 and base · 2ⁿ seconds, at most `cap` (full jitter).

    Six attempts with these numbers wait 31 s on average, 63 s at most: longer than a failover, shorter than a
    person's patience. An address that never answered yet gets two: it is more likely wrong than down.
    """

    attempts: int = 6
    base: float = 2.0
    cap: float = 30.0
    first: int = 2
    timeout: tuple[float, float] = (10.0, 300.0)


class Verdict(Enum):
    """What an answer of `exchange` is: good, of an expired session, or a trouble that may pass."""

    GOOD = "good"
    EXPIRED = "expired"
    REFUSED = "refused: nothing was done"
    LOST = "no answer: it may have been done"


class Unanswered(RunError):  # noqa: N818 it is a state of knowledge, and reads so where it is caught
    """No usable answer came. `maybe_done`: the request left, so it may have been carried out."""

    def __init__(self, what: str, *, maybe_done: bool) -> None:
        super().__init__("salesforce-unreachable", what)
        self.maybe_done = maybe_done


class _Passing(Exception):  # noqa: N818 internal: a trouble that may pass
    def __init__(self, cause: str, *, maybe_done: bool) -> None:
        super().__init__(cause)
        self.maybe_done = maybe_done


class Session:
    """REST calls to one org. Every error that leaves it is a KevasyncError, except `SalesforceError` of `attempt`."""

    def __init__(
        self, credentials: SalesforceCredentials, save: Save | None = None, retries: Retries | None = None
    ) -> None:
        self.credentials = credentials
        self.retries = retries or Retries()
        self.calls = 0
        self.last_date: str | None = None
        self._save = save
        self._usage: tuple[int, int] | None = None
        self._answered = False
        self._http = http_session(credentials)
        self._http.hooks["response"].append(self._heard)
        self._org: Salesforce | None = None
        self.instance_url = address(credentials.instance_url) if credentials.instance_url else ""

    def __repr__(self) -> str:
        """The address and nothing secret."""
        return f"Session({self.instance_url or self.credentials.login_url!r}, v{self.credentials.api_version})"

    def __enter__(self) -> Self:
        """The session itself, to be closed at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close connections."""
        self.close()

    def close(self) -> None:
        """Close all connections; the session can be used again and opens new ones."""
        self._http.close()

    @property
    def data_path(self) -> str:
        """`/services/data/v68.0`: what REST paths begin with."""
        return f"/services/data/v{self.credentials.api_version}"

    def connect(self) -> Self:
        """Sign in now, where there is no access token yet. Raises UsageError, or RunError when no answer comes."""
        self._persistently(self._client, repeat=True)
        return self

    def json(self, method: str, path: str, **options: Any) -> Any:
        """The decoded answer (None where it is empty); numbers stay as text, so that no digit is lost or added.

        `path` is below /services/data/vXX.0, or begins with `/services/`. Other options: those of `attempt`.
        """
        doing = options.pop("doing", "calling " + path.partition("?")[0])
        try:
            response = self.attempt(method, path, **options)
        except SalesforceError as error:
            raise call_error(error, doing) from None
        return decoded(response)

    def attempt(
        self,
        method: str,
        path: str,
        *,
        repeat: bool = True,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        data: IO[bytes] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """One call, repeated while the trouble may pass. A definite refusal of Salesforce is raised as SalesforceError.

        `repeat=False` is for what must not happen twice: it is repeated only where it surely was not carried out.
        Raises Unanswered when no answer came, UsageError or RunError for login, certificate and API limit.
        """
        options: dict[str, Any] = {"params": params, "json": json, "data": data, "headers": dict(headers or {})}
        return self._persistently(lambda: self._once(method, path, options), repeat=repeat)

    def download(self, path: str, target: Path, params: Mapping[str, str] | None = None) -> Mapping[str, str]:
        """Stream an answer's body to a file, from the start again if it breaks off. Gives the answer's headers."""

        def once() -> Mapping[str, str]:
            options = {"params": params, "stream": True, "headers": {"Accept": "text/csv"}}
            with self._once("GET", path, options) as response, target.open("wb") as file, _passing_troubles(self._host):
                for block in response.iter_content(BLOCK):
                    file.write(block)
                return response.headers

        try:
            return self._persistently(once, repeat=True)
        except SalesforceError as error:
            raise call_error(error, "reading the results of a bulk job") from None

    def exchange(self, path: str, envelope: Callable[[str], bytes], judge: Callable[[int, bytes], Verdict]) -> bytes:
        """POST what `envelope(token)` makes: SOAP carries the token in the body. The answer that `judge` calls GOOD.

        Repeated only where it surely was not carried out. Raises what `attempt` and `judge` raise.
        """
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}

        def once() -> bytes:
            for renewed in (False, True):
                body = envelope(self._client().session_id)
                with _passing_troubles(self._host):
                    response = self._http.post(
                        self._url(path), data=body, headers=headers, timeout=self.retries.timeout
                    )
                verdict = judge(response.status_code, response.content)
                if verdict is Verdict.GOOD:
                    return response.content
                if verdict is not Verdict.EXPIRED:
                    raise _Passing(f"HTTP {response.status_code}", maybe_done=verdict is Verdict.LOST)
                if renewed or not can_refresh(self.credentials):
                    break
                self._renew()
            raise UsageError("salesforce-session-expired", f"{self._host} says the session is over")

        return self._persistently(once, repeat=False)

    def limits(self) -> Limits | None:
        """What is left of the daily calls, from /limits; from the last answer's header where the user may not ask."""
        try:
            daily = self.json("GET", "limits", doing="reading the limits")["DailyApiRequests"]
            return Limits(int(daily["Max"]), int(daily["Remaining"]))
        except Unanswered:
            raise
        except (KevasyncError, KeyError, TypeError, ValueError):
            if self._usage is None:
                return None
            used, most = self._usage
            return Limits(most, max(most - used, 0))

    def identity(self) -> dict[str, str]:
        """Who is signed in: organization_id, user_id, preferred_username and more, as Salesforce says it."""
        answer = self.json("GET", "/services/oauth2/userinfo", doing="asking who is signed in")
        if not isinstance(answer, dict):
            raise RunError("salesforce-answer-incomplete", f"{self._host} did not say who is signed in")
        return {name: value for name, value in answer.items() if isinstance(value, str)}

    def versions(self) -> tuple[str, ...]:
        """The API versions the org offers, oldest first, such as 31.0."""
        answer = self.json("GET", "/services/data", doing="listing API versions")
        listed = answer if isinstance(answer, list) else []
        return tuple(str(item["version"]) for item in listed if isinstance(item, dict) and "version" in item)

    def _persistently(self, once: Callable[[], T], *, repeat: bool) -> T:
        """The result of `once`, called again with growing pauses while its trouble may pass."""
        maybe_done, tried = False, 0

        def guarded() -> T:
            nonlocal maybe_done, tried
            tried += 1
            try:
                return once()
            except _Passing as trouble:
                maybe_done = maybe_done or trouble.maybe_done
                if maybe_done and not repeat:
                    raise Unanswered(f"{self._host}: {trouble}; the answer is lost", maybe_done=True) from None
                raise

        retrying = Retrying(
            stop=lambda state: (
                state.attempt_number >= (self.retries.attempts if self._answered else self.retries.first)
            ),
            wait=wait_random_exponential(multiplier=self.retries.base, max=self.retries.cap),
            retry=retry_if_exception_type(_Passing),
            before_sleep=_note_retry,
            reraise=True,
        )
        try:
            return retrying(guarded)
        except _Passing as trouble:
            what = f"No answer from {self._host} after {tried} attempts: {trouble}"
            raise Unanswered(what, maybe_done=maybe_done) from None

    def _once(self, method: str, path: str, options: Mapping[str, Any]) -> requests.Response:
        """One HTTP call; an expired token is renewed and the call made again, once."""
        org = self._client()
        for renewed in (False, True):
            if hasattr(options.get("data"), "seek"):
                options["data"].seek(0)
            try:
                with _passing_troubles(self._host):
                    # The one entry of simple-salesforce that hands out the response with its headers.
                    return org._call_salesforce(  # noqa: SLF001
                        method, self._url(path), name=path.partition("?")[0], timeout=self.retries.timeout, **options
                    )
            except SalesforceError as error:
                if error.status != UNAUTHORIZED:
                    raise _sorted(error) from None
                if renewed or not can_refresh(self.credentials):
                    raise call_error(error, f"calling {self._host}") from None
                self._renew()
        raise AssertionError  # the loop returns or raises

    def _url(self, path: str) -> str:
        """The address on this org: simple-salesforce always says https, a local sandbox may be plain http."""
        return self.instance_url + (path if path.startswith("/") else f"{self.data_path}/{path}")

    @property
    def _host(self) -> str:
        return urlsplit(self.instance_url or self.credentials.login_url).netloc

    def _heard(self, response: requests.Response, *_: Any, **__: Any) -> None:
        """Called for every answer: counts it, notes the org's clock and what it says of its limits."""
        self._answered = True
        if "/services/data" in response.url or "/services/Soap" in response.url:
            self.calls += 1
        self.last_date = response.headers.get("Date", self.last_date)
        usage = _USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        if usage:
            self._usage = int(usage[1]), int(usage[2])

    def _client(self) -> Salesforce:
        """The simple-salesforce object: it holds headers and base address, and turns statuses into exceptions."""
        if self._org is None:
            if not self.credentials.access_token or not self.instance_url:
                self._renew()
            self._org = Salesforce(
                instance_url=self.instance_url,
                session_id=self.credentials.access_token,
                version=self.credentials.api_version,
                session=self._http,
            )
            self._org.headers.pop("X-PrettyPrint", None)  # its indentation is a third of every answer
        return self._org

    def _renew(self) -> None:
        """Get a new access token, keep it (before it is used: a rotated refresh token that is lost is a lock-out)."""
        try:
            token = fetch_token(self._http, self.credentials)
        except RunError as error:  # no answer, or none that says no
            raise _Passing(error.what, maybe_done=False) from None
        self.credentials = replace(
            self.credentials,
            access_token=token.access_token,
            refresh_token=token.refresh_token or self.credentials.refresh_token,
        )
        if self._save is not None:
            if token.refresh_token:
                self._save("salesforce_refresh_token", token.refresh_token)
            self._save("salesforce_access_token", token.access_token)
        if not self.instance_url:
            self.instance_url = address(token.instance_url)
        if self._org is not None:
            self._org.session_id = token.access_token
            self._org.headers["Authorization"] = f"Bearer {token.access_token}"
        LOG.info("salesforce.token_renewed host=%s", urlsplit(self.instance_url).netloc)


def open_session(
    credentials: SalesforceCredentials, save: Save | None = None, retries: Retries | None = None
) -> Session:
    """A session that is signed in. Raises UsageError for wrong credentials, RunError when the host does not answer."""
    session = Session(credentials, save, retries)
    try:
        return session.connect()
    except BaseException:
        session.close()
        raise


def decoded(response: requests.Response) -> Any:
    """The JSON of an answer, numbers as text; None where there is no body."""
    if not response.content:
        return None
    try:
        return response.json(parse_float=str, parse_int=str)
    except requests.exceptions.JSONDecodeError:
        host = urlsplit(response.url).netloc
        raise RunError("salesforce-answer-incomplete", f"The answer of {host} is not JSON") from None


@contextmanager
def _passing_troubles(host: str) -> Iterator[None]:
    """Turn the HTTP library's errors into `_Passing`, or into ours where waiting does not help."""
    try:
        yield
    except requests.exceptions.SSLError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error) or "doesn't match" in str(error):
            raise UsageError("salesforce-certificate", f"The certificate of {host} is not trusted") from None
        raise _Passing("the encrypted connection broke off", maybe_done=True) from None
    except requests.exceptions.ConnectionError as error:
        reason = getattr(error.args[0], "reason", None) if error.args else None
        unsent = isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError)
        unsent = unsent or isinstance(reason, urllib3.exceptions.NewConnectionError)
        cause = "no connection" if unsent else "the connection broke off"
        raise _Passing(cause, maybe_done=not unsent) from None
    except requests.exceptions.Timeout:
        raise _Passing("no answer in time", maybe_done=True) from None
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
        raise _Passing("the answer broke off", maybe_done=True) from None
    except requests.exceptions.RequestException as error:
        what = f"{host} cannot be called ({type(error).__name__})"
        raise UsageError("salesforce-bad-address", what) from None


def _sorted(error: SalesforceError) -> Exception:
    """What to raise for an error answer: a passing trouble, an error that ends the run, or the answer itself."""
    item = error_items(error)[0]
    code, message = str(item.get("errorCode", "")), str(item.get("message", ""))
    busy = error.status == TOO_MANY_REQUESTS or message.startswith("Concurrent")
    if code == "REQUEST_LIMIT_EXCEEDED" and not busy:
        return call_error(error, "calling the API")
    refused = busy or code in PASSING
    if refused or error.status >= SERVER_ERROR:
        # Salesforce's own refusals say that nothing was done; an unnamed 500 or a gateway's 502, 503, 504 do not.
        return _Passing(f"HTTP {error.status} {code}", maybe_done=not refused)
    return error


def _note_retry(state: RetryCallState) -> None:
    """One log line for each attempt that will be made again; the cause is one of our own phrases, so holds no value."""
    cause = state.outcome.exception() if state.outcome else None
    wait = state.next_action.sleep if state.next_action else 0.0
    LOG.warning("salesforce.retry attempt=%d wait=%.1f cause=%s", state.attempt_number, wait, cause)
