"""Tokens from Salesforce's OAuth endpoints: refresh, client credentials, JWT bearer, and the web sign-in with PKCE."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
import requests

from kevasync.errors import RunError, UsageError
from kevasync.salesforce.failures import redact

__all__ = ["SalesforceCredentials", "SignIn", "Token", "can_refresh", "exchange_code", "fetch_token", "sign_in_page"]

LOGIN_URL = "https://login.salesforce.com"
JWT_SECONDS = 180  # Salesforce refuses assertions that live longer than three minutes
TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 a path
TIMEOUT = (10.0, 60.0)


@dataclass(frozen=True, slots=True)
class SalesforceCredentials:
    """All there is to sign in with; what is not None decides how. Secrets never show in its repr.

    `jwt_key` is the private key in PEM form, or the path of a file that holds it. `ca_bundle` is a PEM file for a
    private certificate authority.
    """

    instance_url: str | None = None
    login_url: str = LOGIN_URL
    api_version: str = "68.0"
    access_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    client_id: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    username: str | None = field(default=None, repr=False)
    jwt_key: str | Path | None = field(default=None, repr=False)
    ca_bundle: Path | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """What the token endpoint gave. `refresh_token` is None unless it handed out a (new) one."""

    access_token: str = field(repr=False)
    instance_url: str | None
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A started web sign-in: the page to open, and what the answer must be checked against."""

    url: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


def can_refresh(credentials: SalesforceCredentials) -> bool:
    """True where a new access token can be had without a person."""
    return _grant(credentials) is not None


def fetch_token(http: requests.Session, credentials: SalesforceCredentials) -> Token:
    """A new access token, by refresh token, else JWT bearer, else client credentials.

    Raises UsageError when there is nothing to sign in with or Salesforce refuses it, RunError when it does not answer.
    """
    grant = _grant(credentials)
    if grant is None:
        raise UsageError("salesforce-no-credentials", "No access token, refresh token, client credentials or JWT key")
    host, form = grant
    return _ask(http, host, form)


def sign_in_page(credentials: SalesforceCredentials, redirect_uri: str) -> SignIn:
    """The page where a person signs in; Salesforce then calls `redirect_uri` with a code and the state."""
    verifier, state = secrets.token_urlsafe(64), secrets.token_urlsafe(24)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": _needed(credentials.client_id, "client_id"),
        "redirect_uri": redirect_uri,
        "scope": "api refresh_token",
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return SignIn(f"{credentials.login_url.rstrip('/')}/services/oauth2/authorize?{urlencode(query)}", state, verifier)


def exchange_code(
    http: requests.Session, credentials: SalesforceCredentials, sign_in: SignIn, code: str, redirect_uri: str
) -> Token:
    """The token for the code that the sign-in page sent to `redirect_uri`."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": _needed(credentials.client_id, "client_id"),
        "redirect_uri": redirect_uri,
        "code_verifier": sign_in.verifier,
    }
    if credentials.client_secret:
        form["client_secret"] = credentials.client_secret
    return _ask(http, credentials.login_url, form)


def _grant(credentials: SalesforceCredentials) -> tuple[str, dict[str, str]] | None:
    """(host, form) of the best grant there is material for, or None."""
    client_id, login = credentials.client_id, credentials.login_url or LOGIN_URL
    if not client_id:
        return None
    if credentials.refresh_token:
        form = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token, "client_id": client_id}
        if credentials.client_secret:
            form["client_secret"] = credentials.client_secret
        return login, form
    if credentials.jwt_key and credentials.username:
        grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer"
        return login, {"grant_type": grant_type, "assertion": _assertion(credentials)}
    if credentials.client_secret:
        # This grant exists on the org's own host only; the common login hosts do not know which org is meant.
        host = credentials.instance_url or login
        return host, {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": credentials.client_secret,
        }
    return None


def _assertion(credentials: SalesforceCredentials) -> str:
    """The signed statement that this app acts for the user, three minutes long."""
    claims = {
        "iss": credentials.client_id,
        "sub": credentials.username,
        "aud": _audience(credentials.login_url or LOGIN_URL),
        "exp": int(time.time()) + JWT_SECONDS,
    }
    try:
        return jwt.encode(claims, _key_text(credentials.jwt_key), algorithm="RS256")
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        what = f"The JWT key is no RSA private key in PEM form ({type(error).__name__})"
        raise UsageError("salesforce-login-refused", what) from None


def _audience(login_url: str) -> str:
    """Salesforce wants the common login host as audience, also when the org's own address is used."""
    host = urlsplit(login_url).hostname or ""
    if host.endswith(".sandbox.my.salesforce.com"):
        return "https://test.salesforce.com"
    return LOGIN_URL if host.endswith(".my.salesforce.com") else login_url.rstrip("/")


def _key_text(key: str | Path | None) -> str:
    if isinstance(key, str) and "-----BEGIN" in key:
        return key
    try:
        return Path(str(key)).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        what = f"The JWT key file cannot be read ({type(error).__name__})"
        raise UsageError("salesforce-login-refused", what) from None


def _ask(http: requests.Session, host: str, form: Mapping[str, str]) -> Token:
    name = urlsplit(host).netloc
    try:
        # No redirect: the form holds the secrets, and the token endpoint never sends one elsewhere.
        response = http.post(host.rstrip("/") + TOKEN_PATH, data=form, timeout=TIMEOUT, allow_redirects=False)
    except requests.exceptions.SSLError as error:
        raise UsageError(
            "salesforce-certificate", f"The certificate of {name} is not trusted{_reason(error)}"
        ) from None
    except requests.exceptions.RequestException as error:
        what = f"{name} could not be reached to sign in ({type(error).__name__})"
        raise RunError("salesforce-unreachable", what) from None
    try:
        answer: Any = response.json()
    except requests.exceptions.JSONDecodeError:
        answer = None
    if response.ok and isinstance(answer, dict) and isinstance(answer.get("access_token"), str):
        return Token(answer["access_token"], answer.get("instance_url"), answer.get("refresh_token"))
    if isinstance(answer, dict) and "error" in answer:
        what = redact(f"{name} refused to sign in: {answer['error']}: {answer.get('error_description', '')}")
        raise UsageError("salesforce-login-refused", what)
    raise RunError("salesforce-unreachable", f"{name} answered HTTP {response.status_code} instead of a token")


def _reason(error: Exception) -> str:
    text = str(error)
    return ": self-signed certificate" if "self-signed" in text or "self signed" in text else ""


def _needed(value: str | None, name: str) -> str:
    if not value:
        raise UsageError("salesforce-no-credentials", f"No {name} for signing in")
    return value
