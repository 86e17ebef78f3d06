"""Signing in, renewing, repeating, and what is said when it does not work."""

from __future__ import annotations

import logging
import socket
from urllib.parse import parse_qsl, urlsplit

import pytest
from conftest import QUICK, credentials_of
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce.exceptions import SalesforceError

from kevasync.errors import KevasyncError, RunError, UsageError
from kevasync.salesforce.oauth import SalesforceCredentials, Token, exchange_code, sign_in_page
from kevasync.salesforce.session import Session, Unanswered, open_session


def app_of(sandbox, *names, **changes):
    return credentials_of(sandbox, access_token=None, **{name: sandbox.info[name] for name in names}, **changes)


@pytest.mark.parametrize("names", [("refresh_token", "client_id"), ("client_id", "client_secret")])
def test_an_expired_token_is_renewed_once_and_the_call_goes_on(sandbox, names):
    """By refresh token or client credentials; the new token is handed to be kept."""
    kept = {}
    credentials = credentials_of(sandbox, **{name: sandbox.info[name] for name in names})
    with open_session(credentials, kept.__setitem__, QUICK) as session:
        sandbox.oauth.expire()
        assert session.json("GET", "limits")["DailyApiRequests"]
        assert kept["salesforce_access_token"] == session.credentials.access_token
        assert session.credentials.access_token != sandbox.info["access_token"]


def test_a_rotated_refresh_token_is_kept(sandbox):
    """With rotation the old refresh token dies, so the new one must be saved, and serves the next time."""
    sandbox.oauth.rotate = True
    kept = {}
    with open_session(app_of(sandbox, "refresh_token", "client_id"), kept.__setitem__, QUICK) as session:
        assert kept["salesforce_refresh_token"] != sandbox.info["refresh_token"]
        sandbox.oauth.expire()
        session.json("GET", "limits")
        assert kept["salesforce_refresh_token"] == session.credentials.refresh_token


def test_jwt_bearer_signs_in(sandbox, tmp_path):
    """A private key, as text or in a file, is enough for an unattended run."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    sandbox.oauth.register_key(public.decode())
    file = tmp_path / "key.pem"
    file.write_text(pem)
    for given in (pem, file):
        with open_session(app_of(sandbox, "client_id", "username", jwt_key=given), retries=QUICK) as session:
            assert session.identity()["organization_id"] == sandbox.info["org_id"]


def test_the_web_sign_in_gives_tokens(sandbox):
    """Authorise with PKCE in a browser, exchange the code, and the session works."""
    credentials = app_of(sandbox, "client_id", "client_secret")
    with Session(credentials, retries=QUICK) as session:
        start = sign_in_page(credentials, "http://localhost:1717/callback")
        answer = session._http.get(start.url, allow_redirects=False, timeout=5)
        if answer.status_code == 200:
            pytest.skip("the sandbox shows a page first")
        query = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        assert query["state"] == start.state
        token = exchange_code(session._http, credentials, start, query["code"], "http://localhost:1717/callback")
        assert isinstance(token, Token)
    with open_session(credentials_of(sandbox, access_token=token.access_token), retries=QUICK) as session:
        assert session.limits()


def test_a_wrong_token_without_means_to_renew_is_a_clear_error(sandbox):
    """One error, the user's to solve, with the next step, and without the token in it."""
    wrong = credentials_of(sandbox, access_token="00D000000000000!secretsecret")
    with open_session(wrong, retries=QUICK) as session, pytest.raises(UsageError) as caught:
        session.json("GET", "limits")
    assert caught.value.code == "salesforce-session-expired"
    assert "kevasync connect" in caught.value.next_steps[0]
    assert "secret" not in str(caught.value.as_dict())


def test_refused_sign_ins_say_why(sandbox):
    """A revoked refresh token, nothing at all, a bad key, a bad address."""
    cases = [
        (app_of(sandbox, "client_id", refresh_token="5Aep861wrongwrong"), "salesforce-login-refused"),
        (app_of(sandbox), "salesforce-no-credentials"),
        (app_of(sandbox, "client_id", "username", jwt_key="no such file"), "salesforce-login-refused"),
        (app_of(sandbox, "client_id", "username", jwt_key="-----BEGIN nothing"), "salesforce-login-refused"),
        (SalesforceCredentials("acme", access_token="x"), "salesforce-bad-address"),
        (SalesforceCredentials("https://me:pw@acme", access_token="x"), "salesforce-bad-address"),
    ]
    for credentials, code in cases:
        with pytest.raises(UsageError) as caught:
            open_session(credentials, retries=QUICK)
        assert caught.value.code == code
        assert "5Aep" not in str(caught.value.as_dict())


def test_a_host_that_is_not_there(tmp_path):
    """Nobody listens, or the name does not exist: one error soon, not a minute of silence."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    for address in (f"http://127.0.0.1:{port}", "http://no-such-host.invalid"):
        nowhere = SalesforceCredentials(address, access_token="t")
        with open_session(nowhere, retries=QUICK) as session, pytest.raises(Unanswered) as caught:
            session.json("POST", "limits", repeat=False)
        assert caught.value.code == "salesforce-unreachable"
        assert not caught.value.maybe_done


def test_https_needs_the_sandboxs_certificate(monkeypatch):
    """Untrusted: a clear error. With the bundle it works, whatever REQUESTS_CA_BUNDLE and .netrc say."""
    server = pytest.importorskip("kevasync.sandbox.server")
    with server.Sandbox.start() as sandbox:
        with open_session(credentials_of(sandbox), retries=QUICK) as session, pytest.raises(UsageError) as caught:
            session.json("GET", "limits")
        assert caught.value.code == "salesforce-certificate"
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")
        with open_session(credentials_of(sandbox, ca_bundle=sandbox.info["ca_bundle"]), retries=QUICK) as session:
            assert session.limits().api_calls_max > 0
        with pytest.raises(UsageError, match="does not exist"):
            open_session(credentials_of(sandbox, ca_bundle="/no/such.pem"))


def test_what_passes_is_repeated_and_counted(sandbox, session):
    """503, 429 and a reset pass; each answer counts as a call."""
    for fault in ("503:times=1", "429:times=1,path=*", "reset:times=1"):
        sandbox.faults.add(fault)
    assert session.json("GET", "limits")
    assert session.calls == 3  # the reset gave no answer


def test_what_must_not_happen_twice_is_not_repeated_after_a_lost_answer(sandbox, session):
    """The record was made once; the caller learns that it may have been."""
    sandbox.faults.add("503:times=1")
    sandbox.faults.add("lost:times=1")
    with pytest.raises(Unanswered) as caught:
        session.attempt("POST", "sobjects/Contact", json={"LastName": "Once"}, repeat=False)
    assert caught.value.maybe_done
    assert sandbox.org.query("SELECT COUNT() FROM Contact").total == 1


def test_the_daily_limit_ends_the_run_at_once(sandbox, session):
    """REQUEST_LIMIT_EXCEEDED is not worth a second try."""
    sandbox.faults.add("limit-exceeded")
    with pytest.raises(RunError) as caught:
        session.json("GET", "sobjects")
    assert (caught.value.code, session.calls) == ("salesforce-request-limit", 1)


def test_limits_fall_back_to_what_answers_say(sandbox, session):
    """Without permission for /limits the header of the last answer tells."""
    session.json("GET", "sobjects")
    sandbox.faults.add("expired-session:path=*/limits")
    limits = session.limits()
    assert 0 < limits.api_calls_left < limits.api_calls_max


def test_nothing_secret_shows(sandbox, session, caplog):
    """Neither repr nor log lines hold tokens, secrets or addresses, even at DEBUG and with faults."""
    secret = "ann@example.com"
    with caplog.at_level(logging.DEBUG):
        sandbox.faults.add("503:times=1")
        with pytest.raises((SalesforceError, KevasyncError)):
            session.attempt("GET", "query", params={"q": f"SELECT Nope FROM Contact WHERE Email = '{secret}'"})
    full = credentials_of(sandbox, client_secret="topsecret", refresh_token="topsecret", jwt_key="topsecret")
    lines = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn"))
    shown = f"{session!r} {session.credentials!r} {full!r} {Token('topsecret', None)!r} {lines}"
    assert "salesforce.retry" in lines
    assert "/query?[query]" in lines
    for word in (sandbox.info["access_token"], "topsecret", secret, "ann%40"):
        assert word not in shown
