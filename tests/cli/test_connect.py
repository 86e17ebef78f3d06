"""connect and doctor, against a real sandbox org on this machine."""

import io
import json
from pathlib import Path

import pytest

from kevasync.cli.main import run
from kevasync.sandbox.server import Sandbox
from kevasync.workspace import Workspace


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox.start(http=True) as running:
        yield running


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    for name in ("ACCESS_TOKEN", "REFRESH_TOKEN", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"KEVASYNC_SALESFORCE_{name}", raising=False)
    return Workspace.create(tmp_path / "w")


@pytest.fixture
def feed(monkeypatch):
    def put(text):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return put


def answer(capsys):
    printed = capsys.readouterr()
    return json.loads(printed.out), printed


def test_connect_stores_encrypted_and_signs_in(workspace, sandbox, feed, capsys):
    """The sandbox's own info file is understood: tokens go into the encrypted store, addresses into kevasync.toml."""
    feed(json.dumps(sandbox.info))
    assert run(["connect", "salesforce", "--stdin", "--json", "--workspace", str(workspace.root)]) == 0
    document, printed = answer(capsys)
    assert "salesforce_refresh_token" in document["stored"]
    assert "salesforce.instance_url" in document["settings"]
    assert document["organization_id"] == sandbox.info["org_id"]
    assert sandbox.info["access_token"] not in printed.out + printed.err
    for path in workspace.root.rglob("*"):
        if path.is_file():
            assert sandbox.info["refresh_token"].encode() not in path.read_bytes(), path
    assert run(["doctor", "--json", "--workspace", str(workspace.root)]) in {0, 1}
    checks = {check["name"]: check for check in answer(capsys)[0]["checks"]}
    assert checks["salesforce"]["verdict"] == "ok", checks["salesforce"]
    assert "API calls left" in checks["salesforce"]["detail"]
    assert checks["clock"]["verdict"] == "ok"
    assert checks["salesforce tokens"]["verdict"] == "ok"


def test_credentials_that_do_not_work_replace_nothing(workspace, sandbox, feed, capsys):
    """A wrong token is refused and the one that works is still there."""
    at = ["--json", "--workspace", str(workspace.root)]
    feed("\n".join(f"{name}={sandbox.info[name]}" for name in ("instance_url", "access_token")))
    assert run(["connect", "salesforce", "--stdin", *at]) == 0
    capsys.readouterr()
    feed('{"access_token": "00D000000000001!wrong"}')
    assert run(["connect", "salesforce", "--stdin", *at]) == 2
    document, printed = answer(capsys)
    assert document["error"]["code"].startswith("salesforce-")
    assert "00D000000000001!wrong" not in printed.out + printed.err
    assert run(["doctor", *at]) in {0, 1}
    checks = {check["name"]: check for check in answer(capsys)[0]["checks"]}
    assert checks["salesforce"]["verdict"] == "ok"
    assert run(["connect", "salesforce", "--forget", *at]) == 0
    assert answer(capsys)[0]["forgotten"] == ["salesforce_access_token"]


@pytest.mark.parametrize(
    ("text", "code"), [("", "token-unreadable"), ("{", "token-unreadable"), ('{"a": "b"}', "token-missing")]
)
def test_standard_input_without_secrets_is_a_mistake(workspace, feed, capsys, text, code):
    """What is no credential is refused by name, and nothing is stored."""
    feed(text)
    assert run(["connect", "keva", "--stdin", "--json", "--workspace", str(workspace.root)]) == 2
    assert answer(capsys)[0]["error"]["code"] == code


def test_doctor_outside_a_workspace_says_so(tmp_path, capsys):
    """Without a workspace the doctor reports that and goes no further."""
    assert run(["doctor", "--json", "--workspace", str(tmp_path)]) == 1
    document, printed = answer(capsys)
    assert document["ok"] is False
    last = document["checks"][-1]
    assert (last["name"], last["verdict"]) == ("workspace", "failed")
    assert last["next"]
    assert printed.err == ""


def test_doctor_offline_asks_nobody(workspace, capsys):
    """--offline leaves both sides alone; a missing mapping is a failed check, not a crash."""
    assert run(["doctor", "--offline", "--workspace", str(workspace.root)]) == 1
    text = capsys.readouterr().out
    assert "failed   mapping" in text
    assert text.count("not asked (--offline)") == 2
    assert Path(workspace.root / "mapping.toml").exists() is False


def test_connect_keva_tries_the_key(workspace, sandbox, feed, capsys):
    """The sandbox's key is tried against its Customers API; a wrong key is refused."""
    at = ["--json", "--workspace", str(workspace.root)]
    feed(json.dumps(sandbox.info))
    assert run(["connect", "keva", "--stdin", *at]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["settings"] == ["keva.url", "keva.workspace_id"]
    assert found["customers"] == "0"
    feed("keva_api_key=keva_live_wrong")
    assert run(["connect", "keva", "--stdin", *at]) == 2
    printed = capsys.readouterr()
    assert "keva_live_wrong" not in printed.out + printed.err
    assert run(["doctor", *at]) == 1
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["keva"]["verdict"] == "ok", checks["keva"]
