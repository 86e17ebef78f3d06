"""OAuth of the sandbox: every grant, and the refusals in Salesforce's words."""

import base64
import hashlib
import time
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kevasync.sandbox.server import Sandbox


@pytest.fixture
def sandbox():
    with Sandbox.start(http=True) as running:
        yield running


@pytest.fixture
def call(sandbox):
    with requests.Session() as session:
        session.trust_env = False

        def request(method, path, **options):
            return session.request(
                method, sandbox.info["instance_url"] + path, timeout=30, allow_redirects=False, **options
            )

        yield request


def token(call, **form):
    return call("POST", "/services/oauth2/token", data=form)


def refusal(response):
    assert response.status_code == 400
    return response.json()["error"], response.json()["error_description"]


def works(call, access_token):
    return call("GET", "/services/data/v68.0/limits", headers={"Authorization": f"Bearer {access_token}"}).ok


def test_web_server_flow_with_pkce(sandbox, call):
    """Authorize sends back a code and the state; the code buys both tokens once, with the right verifier only."""
    info, verifier = sandbox.info, "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": info["client_id"],
        "redirect_uri": "http://localhost:1717/callback?keep=1",
        "state": "s t",
        "code_challenge": challenge,
    }

    def code():
        answer = call("GET", "/services/oauth2/authorize", params=asked)
        assert answer.status_code == 302
        back = parse_qs(urlsplit(answer.headers["location"]).query)
        assert (back["state"], back["keep"]) == (["s t"], ["1"])
        return back["code"][0]

    form = {"grant_type": "authorization_code", "client_id": info["client_id"], "redirect_uri": asked["redirect_uri"]}
    assert refusal(token(call, **form, code=code(), code_verifier="x")) == ("invalid_grant", "invalid code verifier")
    spent = code()
    good = token(call, **form, code=spent, code_verifier=verifier).json()
    assert works(call, good["access_token"])
    assert good["id"].endswith(f"/id/{info['org_id']}/{info['user_id']}")
    assert good["access_token"].split("!")[0] == info["org_id"][:15]
    assert refusal(token(call, **form, code=spent, code_verifier=verifier))[0] == "invalid_grant"
    wrong_place = call("GET", "/services/oauth2/authorize", params={**asked, "redirect_uri": "https://evil.example/"})
    assert (wrong_place.status_code, "redirect_uri_mismatch" in wrong_place.text) == (400, True)


def test_refresh_and_rotation(sandbox, call):
    """Refreshing works without a secret; with rotation an old refresh token kills the whole family."""
    info = sandbox.info
    form = {"grant_type": "refresh_token", "client_id": info["client_id"], "refresh_token": info["refresh_token"]}
    first = token(call, **form).json()
    assert works(call, first["access_token"])
    assert "refresh_token" not in first
    assert refusal(token(call, **{**form, "client_id": "no"})) == ("invalid_client_id", "client identifier invalid")
    wrong_secret = token(call, **form, client_secret="no")
    assert refusal(wrong_secret) == ("invalid_client", "invalid client credentials")
    sandbox.oauth.rotate = True
    second = token(call, **form).json()
    assert second["refresh_token"] != info["refresh_token"]
    assert refusal(token(call, **form)) == ("invalid_grant", "expired access/refresh token")
    assert refusal(token(call, **{**form, "refresh_token": second["refresh_token"]}))[0] == "invalid_grant"
    assert not works(call, second["access_token"])


def test_client_credentials_by_header_and_by_form(sandbox, call):
    """Id and secret count as a Basic header and as form fields."""
    info = sandbox.info
    by_form = token(
        call, grant_type="client_credentials", client_id=info["client_id"], client_secret=info["client_secret"]
    )
    assert works(call, by_form.json()["access_token"])
    login = (info["client_id"], info["client_secret"])
    by_header = call("POST", "/services/oauth2/token", data={"grant_type": "client_credentials"}, auth=login)
    assert works(call, by_header.json()["access_token"])
    no_secret = token(call, grant_type="client_credentials", client_id=info["client_id"])
    assert refusal(no_secret) == ("invalid_client", "invalid client credentials")


def test_jwt_bearer(sandbox, call):
    """An assertion signed with the registered key logs in; another key, audience, user or a long life do not."""
    keys = [rsa.generate_private_key(65537, 2048) for _ in range(2)]
    pem = keys[0].public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    sandbox.oauth.register_key(pem.decode())
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"

    def log_in(key=keys[0], **claims):
        base = {"iss": sandbox.info["client_id"], "sub": sandbox.info["username"], "exp": time.time() + 120}
        body = {**base, "aud": "https://login.salesforce.com", **claims}
        return token(call, grant_type=grant, assertion=jwt.encode(body, key, algorithm="RS256"))

    assert works(call, log_in().json()["access_token"])
    assert works(call, log_in(aud=sandbox.info["login_url"]).json()["access_token"])
    assert refusal(log_in(key=keys[1])) == ("invalid_grant", "invalid assertion")
    assert refusal(log_in(aud="https://elsewhere")) == ("invalid_grant", "audience is invalid")
    assert refusal(log_in(sub="someone@else")) == ("invalid_grant", "user hasn't approved this consumer")
    assert refusal(log_in(exp=time.time() - 10))[0] == "invalid_grant"
    assert refusal(log_in(exp=time.time() + 9000))[0] == "invalid_grant"


def test_password_grant_and_unknown_grant(sandbox, call):
    """The password grant wants the right password; a grant that is not there is refused."""
    info = sandbox.info
    form = {"client_id": info["client_id"], "client_secret": info["client_secret"], "username": info["username"]}
    assert works(call, token(call, grant_type="password", password=info["password"], **form).json()["access_token"])
    wrong = token(call, grant_type="password", password="x", **form)
    assert refusal(wrong) == ("invalid_grant", "authentication failure")
    assert refusal(token(call, grant_type="device"))[0] == "unsupported_grant_type"


def test_sessions_end(sandbox, call):
    """A session ends after `session_seconds`, on expire, and on revoke; revoking a refresh token ends its sessions."""
    info = sandbox.info
    assert works(call, info["access_token"])
    sandbox.oauth.session_seconds = 0.0
    assert not works(call, info["access_token"])
    sandbox.oauth.session_seconds = 7200.0
    assert works(call, info["access_token"])
    assert call("POST", "/services/oauth2/revoke", data={"token": info["refresh_token"]}).status_code == 200
    assert not works(call, info["access_token"])
    assert call("POST", "/services/oauth2/revoke", data={"token": "nonsense"}).status_code == 400


def test_who_am_i(sandbox, call):
    """Userinfo and identity say who the token stands for, and refuse a bad one as Salesforce does, with 403."""
    info = sandbox.info
    headers = {"Authorization": f"OAuth {info['access_token']}"}
    told = call("GET", "/services/oauth2/userinfo", headers=headers).json()
    assert (told["user_id"], told["organization_id"]) == (info["user_id"], info["org_id"])
    identity = call("GET", f"/id/{info['org_id']}/{info['user_id']}", headers=headers).json()
    assert identity["username"] == info["username"]
    assert "{version}" in identity["urls"]["rest"]
    bad = call("GET", "/services/oauth2/userinfo", headers={"Authorization": "Bearer x"})
    assert (bad.status_code, bad.text) == (403, "Bad_OAuth_Token")
