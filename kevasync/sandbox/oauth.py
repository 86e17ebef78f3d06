"""OAuth of the sandbox: who may call, with which token, and how a token is got, refreshed and revoked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import sqlite3
import string
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from kevasync.sandbox.replies import SalesforceJson

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
JWT_LIFE_SECONDS = 300
CODE_SECONDS = 900
ALPHABET = string.ascii_letters + string.digits

SCHEMA = """
CREATE TABLE IF NOT EXISTS app (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS token (
  token TEXT PRIMARY KEY, kind TEXT NOT NULL, family TEXT NOT NULL, issued REAL NOT NULL, alive INTEGER NOT NULL
);
"""


class OAuthError(Exception):
    """A refusal of the token endpoint, with the error and the description that Salesforce gives."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class User:
    """The org and the one user that every token stands for."""

    org_id: str
    user_id: str
    username: str


@dataclass(frozen=True, slots=True)
class Code:
    """An authorisation code that waits to be exchanged once."""

    client_id: str
    redirect_uri: str
    challenge: str
    scope: str
    issued: float


class OAuth:
    """One client app, one user, and their tokens, kept in SQLite (`database` None: in memory).

    `session_seconds`: life of an access token from the moment it was issued. `rotate`: each refresh gives a new refresh
    token and kills the old one; an old one that is used again revokes the whole family.
    """

    def __init__(self, database: Path | None, user: User) -> None:
        self.user = user
        self.session_seconds = 7200.0
        self.rotate = False
        self.instance_url = ""
        self._codes: dict[str, Code] = {}
        self._lock = threading.RLock()
        self._db = sqlite3.connect(database or ":memory:", check_same_thread=False, isolation_level=None)
        self._db.executescript(SCHEMA)
        self.client_id = self._kept("client_id", lambda: "3MVG9" + _random(80))
        self.client_secret = self._kept("client_secret", lambda: secrets.token_hex(32).upper())
        self.password = self._kept("password", lambda: _random(16) + _random(24))
        self.access_token, self.refresh_token = self._standing_tokens()

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    # -- tokens

    def check(self, token: str) -> bool:
        """Whether an access token is good now."""
        with self._lock:
            row = self._db.execute("SELECT issued, alive FROM token WHERE token = ? AND kind = 'access'", [token])
            found = row.fetchone()
        return bool(found and found[1] and found[0] + self.session_seconds > time.time())

    def expire(self, token: str | None = None) -> None:
        """End one session, or all of them; refresh tokens stay good."""
        sql = "UPDATE token SET alive = 0 WHERE kind = 'access'"
        with self._lock:
            if token is None:
                self._db.execute(sql)
            else:
                self._db.execute(sql + " AND token = ?", [token])

    def register_key(self, pem: str) -> None:
        """Register the public key (PEM, or a PEM certificate) that JWT assertions of the client must be signed for."""
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO app VALUES ('public_key', ?)", [pem])

    def _kept(self, name: str, make: Any) -> str:
        row = self._db.execute("SELECT value FROM app WHERE name = ?", [name]).fetchone()
        if row is None:
            row = (make(),)
            self._db.execute("INSERT INTO app VALUES (?, ?)", [name, row[0]])
        return str(row[0])

    def _standing_tokens(self) -> tuple[str, str]:
        """The pair printed at the start: the same after a restart, and good again even if its session ran out."""
        family = self._kept("family", lambda: _random(16))
        access = self._kept("access_token", lambda: self._new_access(family))
        refresh = self._kept("refresh_token", lambda: self._new_refresh(family))
        self._db.execute("UPDATE token SET alive = 1, issued = ? WHERE token IN (?, ?)", [time.time(), access, refresh])
        return access, refresh

    def _new_access(self, family: str) -> str:
        # the org id before the exclamation mark: some clients read it from there
        return self._save(f"{self.user.org_id[:15]}!AQ{_random(90)}", "access", family)

    def _new_refresh(self, family: str) -> str:
        return self._save(f"5Aep861{_random(80)}", "refresh", family)

    def _save(self, token: str, kind: str, family: str) -> str:
        self._db.execute("INSERT INTO token VALUES (?, ?, ?, ?, 1)", [token, kind, family, time.time()])
        return token

    # -- the grants

    def grant(self, form: dict[str, str], basic: tuple[str, str] | None) -> dict[str, Any]:
        """Answer one token request; OAuthError where it is refused."""
        grants = {
            "authorization_code": self._grant_code,
            "refresh_token": self._grant_refresh,
            "client_credentials": self._grant_client,
            "password": self._grant_password,
            JWT_BEARER: self._grant_jwt,
        }
        if basic is not None:
            form = {**form, "client_id": basic[0], "client_secret": basic[1]}
        answer = grants.get(form.get("grant_type", ""))
        if answer is None:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        with self._lock:
            return answer(form)

    def _check_client(self, form: dict[str, str], *, secret_needed: bool) -> None:
        if form.get("client_id") != self.client_id:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        given = form.get("client_secret")
        if (given or secret_needed) and not hmac.compare_digest(given or "", self.client_secret):
            raise OAuthError("invalid_client", "invalid client credentials")

    def _grant_code(self, form: dict[str, str]) -> dict[str, Any]:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None:
            raise OAuthError("invalid_grant", "invalid authorization code")
        # PKCE stands in for the secret of an app that cannot keep one
        self._check_client(form, secret_needed=not code.challenge)
        if code.issued + CODE_SECONDS < time.time():
            raise OAuthError("invalid_grant", "expired authorization code")
        if form.get("redirect_uri") != code.redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        if code.challenge and _challenge(form.get("code_verifier", "")) != code.challenge:
            raise OAuthError("invalid_grant", "invalid code verifier")
        family = _random(16)
        wants_refresh = {"refresh_token", "offline_access", "full", ""} & set(code.scope.split(" "))
        refresh = self._new_refresh(family) if wants_refresh else None
        return self._answer(self._new_access(family), refresh, code.scope or "refresh_token api")

    def _grant_refresh(self, form: dict[str, str]) -> dict[str, Any]:
        self._check_client(form, secret_needed=False)
        token = form.get("refresh_token", "")
        row = self._db.execute(
            "SELECT family, alive FROM token WHERE token = ? AND kind = 'refresh'", [token]
        ).fetchone()
        if row is None or not row[1]:
            if row is not None and self.rotate:
                self._db.execute("UPDATE token SET alive = 0 WHERE family = ?", [row[0]])
            raise OAuthError("invalid_grant", "expired access/refresh token")
        refresh = None
        if self.rotate:
            self._db.execute("UPDATE token SET alive = 0 WHERE token = ?", [token])
            refresh = self._new_refresh(row[0])
        return self._answer(self._new_access(row[0]), refresh, "refresh_token api")

    def _grant_client(self, form: dict[str, str]) -> dict[str, Any]:
        self._check_client(form, secret_needed=True)
        return self._answer(self._new_access(_random(16)), None, "api")

    def _grant_password(self, form: dict[str, str]) -> dict[str, Any]:
        self._check_client(form, secret_needed=True)
        if form.get("username") != self.user.username or form.get("password") != self.password:
            raise OAuthError("invalid_grant", "authentication failure")
        return self._answer(self._new_access(_random(16)), None, "api")

    def _grant_jwt(self, form: dict[str, str]) -> dict[str, Any]:
        claims = self._claims(form.get("assertion", ""))
        if claims.get("iss") != self.client_id:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if claims.get("sub", claims.get("prn")) != self.user.username:
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")
        return self._answer(self._new_access(_random(16)), None, "api")

    def _claims(self, assertion: str) -> dict[str, Any]:
        import jwt  # noqa: PLC0415 used by one grant only

        row = self._db.execute("SELECT value FROM app WHERE name = 'public_key'").fetchone()
        if row is None:
            raise OAuthError("invalid_client", "invalid client credentials")
        audiences = [*AUDIENCES, self.instance_url]
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion, _public_key(row[0]), algorithms=["RS256"], audience=audiences, options={"require": ["exp"]}
            )
        except jwt.InvalidAudienceError:
            raise OAuthError("invalid_grant", "audience is invalid") from None
        except jwt.ExpiredSignatureError:
            raise OAuthError("invalid_grant", "expired authorization code") from None
        except jwt.PyJWTError:
            raise OAuthError("invalid_grant", "invalid assertion") from None
        if claims["exp"] > time.time() + JWT_LIFE_SECONDS:
            raise OAuthError("invalid_grant", "invalid assertion")
        return claims

    def _answer(self, access: str, refresh: str | None, scope: str) -> dict[str, Any]:
        issued = str(int(time.time() * 1000))
        identity = self.identity_url
        signed = hmac.digest(self.client_secret.encode(), (identity + issued).encode(), "sha256")
        answer = {
            "access_token": access,
            "signature": base64.b64encode(signed).decode(),
            "scope": scope,
            "instance_url": self.instance_url,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued,
        }
        return answer if refresh is None else {**answer, "refresh_token": refresh}

    @property
    def identity_url(self) -> str:
        """The address that says who a token stands for."""
        return f"{self.instance_url}/id/{self.user.org_id}/{self.user.user_id}"

    # -- over HTTP

    def token_of(self, request: Request) -> str:
        """The access token that a request carries, in any of the forms Salesforce reads; empty where there is none."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() in {"bearer", "oauth"}:
            return token.strip()
        return request.headers.get("x-sfdc-session", "")

    def routes(self) -> list[Route]:
        """The OAuth endpoints."""
        base = "/services/oauth2"
        return [
            Route(f"{base}/authorize", self._authorize, methods=["GET"]),
            Route(f"{base}/token", self._token, methods=["POST"]),
            Route(f"{base}/revoke", self._revoke, methods=["GET", "POST"]),
            Route(f"{base}/userinfo", self._userinfo, methods=["GET", "POST"]),
            Route("/id/{org}/{user}", self._identity, methods=["GET", "POST"]),
        ]

    async def _authorize(self, request: Request) -> Response:
        # The one user is logged in and approves at once; only a loopback callback counts as registered.
        asked = request.query_params
        redirect = urlsplit(asked.get("redirect_uri", ""))
        if asked.get("client_id") != self.client_id:
            return PlainTextResponse("error=invalid_client_id&error_description=client identifier invalid", 400)
        if redirect.hostname not in LOOPBACK:
            text = "error=redirect_uri_mismatch&error_description=redirect_uri must match configuration"
            return PlainTextResponse(text, 400)
        if asked.get("response_type") != "code":
            back = {"error": "unsupported_response_type", "error_description": "response type not supported"}
        elif asked.get("code_challenge_method", "S256") != "S256":
            back = {"error": "invalid_request", "error_description": "invalid code challenge method"}
        else:
            code = f"aPrx{_random(60)}=="
            self._codes[code] = Code(
                self.client_id,
                asked["redirect_uri"],
                asked.get("code_challenge", ""),
                asked.get("scope", ""),
                time.time(),
            )
            back = {"code": code}
        if "state" in asked:
            back["state"] = asked["state"]
        query = "&".join(part for part in (redirect.query, urlencode(back)) if part)
        return RedirectResponse(urlunsplit(redirect._replace(query=query)), 302)

    async def _token(self, request: Request) -> Response:
        headers = {"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}
        try:
            return SalesforceJson(self.grant(await _form(request), _basic(request)), headers=headers)
        except OAuthError as error:
            content = {"error": error.error, "error_description": error.description}
            return SalesforceJson(content, status_code=400, headers=headers)

    async def _revoke(self, request: Request) -> Response:
        token = (await _form(request)).get("token", "")
        with self._lock:
            row = self._db.execute("SELECT kind, family FROM token WHERE token = ? AND alive = 1", [token]).fetchone()
            if row is None:
                return SalesforceJson({"error": "unsupported_token_type", "error_description": "invalid token"}, 400)
            column, value = ("family", row[1]) if row[0] == "refresh" else ("token", token)
            self._db.execute(f"UPDATE token SET alive = 0 WHERE {column} = ?", [value])  # noqa: S608 two fixed names
        return Response(status_code=200)

    async def _identified(self, request: Request) -> Response | None:
        """The refusal of the identity services, which speak plain text; None where the token is good."""
        form = await _form(request)
        token = self.token_of(request) or form.get("access_token") or form.get("oauth_token", "")
        if not token:
            return PlainTextResponse("Missing_OAuth_Token", 403)
        return None if self.check(token) else PlainTextResponse("Bad_OAuth_Token", 403)

    async def _userinfo(self, request: Request) -> Response:
        refused = await self._identified(request)
        return refused or SalesforceJson(
            {"sub": self.identity_url, "preferred_username": self.user.username, **self._who()}
        )

    async def _identity(self, request: Request) -> Response:
        refused = await self._identified(request)
        if refused is None and request.path_params["user"][:15] != self.user.user_id[:15]:
            refused = PlainTextResponse("Wrong_Org", 403)
        content = {"id": self.identity_url, "asserted_user": True, "username": self.user.username, **self._who()}
        return refused or SalesforceJson(content)

    def _who(self) -> dict[str, Any]:
        data = f"{self.instance_url}/services/data/v{{version}}/"
        rest = {"rest": data, "sobjects": f"{data}sobjects/", "query": f"{data}query/", "search": f"{data}search/"}
        return {
            "user_id": self.user.user_id,
            "organization_id": self.user.org_id,
            "name": "Sandbox User",
            "email": self.user.username,
            "user_type": "STANDARD",
            "active": True,
            "urls": {**rest, "custom_domain": self.instance_url},
        }


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _public_key(pem: str) -> Any:
    from cryptography import x509  # noqa: PLC0415 used by one grant only
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    if "BEGIN CERTIFICATE" in pem:
        return x509.load_pem_x509_certificate(pem.encode()).public_key()
    return load_pem_public_key(pem.encode())


async def _form(request: Request) -> dict[str, str]:
    body = (await request.body()).decode("utf-8", "replace")
    return {**dict(request.query_params), **dict(parse_qsl(body, keep_blank_values=True))}


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return None
    return name, secret
