"""Workspaces: creation, settings from file and environment, refusals, the writer's lock."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kevasync.errors import KevasyncError, Refused, UsageError
from kevasync.workspace import Settings, Workspace
from kevasync.workspace.settings import parse_settings

HOLDER = """
import sys, time
from pathlib import Path
from kevasync.workspace import Workspace
with Workspace.open(Path(sys.argv[1])).lock("apply"):
    print("held", flush=True)
    time.sleep(60)
"""


def write(folder, text):
    folder.mkdir(exist_ok=True)
    (folder / "kevasync.toml").write_text(text, encoding="utf-8")
    return folder


def fails(code, text, folder, environment=None):
    with pytest.raises(KevasyncError) as caught:
        Workspace.open(write(folder, text), environment or {})
    assert caught.value.code == code
    return caught.value


def test_a_new_workspace_is_complete_and_opens(tmp_path):
    """The folder that init makes has its settings and sub-folders, opens from below, and git will not take its data."""
    made = Workspace.create(tmp_path / "crm", default_region="de", instance_url="https://acme.my.salesforce.com/")
    below = made.exports_dir / "2026"
    below.mkdir()
    opened = Workspace.open(below, {})
    assert opened == made
    assert opened.settings.default_region == "DE"
    assert opened.settings.salesforce.instance_url == "https://acme.my.salesforce.com"
    assert opened.state_url == tmp_path / "crm" / ".kevasync" / "state.db"
    assert stat.S_IMODE(opened.state_dir.stat().st_mode) == 0o700
    assert (opened.root / ".gitignore").read_text() == ".kevasync/\nexports/\n"
    assert opened.plans_dir.is_dir()
    assert opened.tmp_dir.is_dir()


def test_names_with_quotes_and_accents_survive(tmp_path):
    """Whatever a user calls the workspace, the file stays valid TOML."""
    name = 'Bjørn\'s "CRM" \\ {x}\n'
    Workspace.create(tmp_path, name=name)
    assert Workspace.open(tmp_path, {}).settings.name == name.strip()


def test_every_setting_is_in_the_documented_file(tmp_path):
    """Each setting stands in kevasync.toml, set or as an example, and the examples show the defaults."""
    workspace = Workspace.create(tmp_path)
    lines = (tmp_path / "kevasync.toml").read_text().splitlines()
    bare = [line.removeprefix("# ") for line in lines if " = " in line or line.startswith("[")]
    document = tomllib.loads("\n".join(bare))
    for name, value in workspace.settings.model_dump().items():
        if isinstance(value, dict):
            assert set(document[name]) == set(value)
        else:
            assert name in document
    assert document["guards"] == workspace.settings.guards.model_dump()
    for key in ("api_version", "rest_threshold", "max_parallel_jobs"):
        assert document["salesforce"][key] == getattr(workspace.settings.salesforce, key)


def test_nothing_is_overwritten(tmp_path):
    """To init a folder that has a workspace changes nothing; one that has other files is welcome."""
    (tmp_path / ".gitignore").write_text("mine\n")
    Workspace.create(tmp_path)
    before = (tmp_path / "kevasync.toml").read_bytes()
    with pytest.raises(UsageError) as caught:
        Workspace.create(tmp_path)
    assert caught.value.code == "workspace-exists"
    assert (tmp_path / "kevasync.toml").read_bytes() == before
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


def test_a_bad_argument_makes_no_folder(tmp_path):
    """Arguments are checked before anything is made."""
    with pytest.raises(UsageError) as caught:
        Workspace.create(tmp_path / "new", default_region="UK")
    assert "GB" in next(iter(caught.value.problems)).message
    assert not (tmp_path / "new").exists()


def test_a_file_in_the_way_is_a_clear_error(tmp_path):
    """A path through a file cannot become a workspace."""
    (tmp_path / "file").touch()
    with pytest.raises(KevasyncError) as caught:
        Workspace.create(tmp_path / "file" / "crm")
    assert caught.value.code == "workspace-not-writable"


def test_without_a_workspace_the_error_says_where_it_looked(tmp_path):
    """The folder looked from stands in the message; KEVASYNC_WORKSPACE is heeded."""
    with pytest.raises(UsageError, match=str(tmp_path)) as caught:
        Workspace.open(tmp_path, {})
    assert caught.value.code == "workspace-not-found"
    Workspace.create(tmp_path / "crm")
    assert Workspace.open(None, {"KEVASYNC_WORKSPACE": str(tmp_path / "crm")}).root == tmp_path / "crm"


def test_all_problems_are_reported_at_once_with_line_and_nearest_name(tmp_path):
    """Misspelt names, wrong values and a missing one come in one error, each where it stands."""
    text = """
default_region = "Germany"
[salesforce]
instance_ulr = "https://x.my.salesforce.com"
rest_threshold = -1
client_id = "3MVG9"
[guard]
minimum_rows = 5
[guards]
max_clear_percent = 101
"""
    error = fails("settings-invalid", text, tmp_path)
    found = {problem.field: (problem.message, problem.hint) for problem in error.problems}
    assert set(found) == {
        "workspace_id",
        "default_region",
        "salesforce.instance_ulr",
        "salesforce.rest_threshold",
        "salesforce.client_id",
        "guard",
        "guards.max_clear_percent",
    }
    assert "line 4" in found["salesforce.instance_ulr"][0]
    assert found["salesforce.instance_ulr"][1] == "Did you mean instance_url?"
    assert found["guard"][1] == "Did you mean guards?"
    assert "KEVASYNC_SALESFORCE_CLIENT_ID" in found["salesforce.client_id"][1]
    assert "line 2" in found["default_region"][0]
    assert "missing" in found["workspace_id"][0]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('[salesforce]\nclient_secret = "hunter2"', "salesforce.client_secret"),
        ('[keva]\nkey = "keva_live_0123abc"', "keva.key"),
        ('[salesforce]\nsid = "00D5g000001AbCd!AQ0hunter2"', "salesforce.sid"),
        ('state_url = "postgresql://ann:hunter2@db/kevasync"', "state_url"),
        ('[keva]\nurl = "https://ann:hunter2@keva.example"', "keva.url"),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path, line, name):
    """The message names the setting and the way out, never the value."""
    error = fails("secret-in-settings", f'workspace_id = "w"\n{line}\n', tmp_path)
    assert name in error.what
    assert "line" in error.what
    shown = str(error.as_dict())
    assert "hunter2" not in shown
    assert "0123abc" not in shown


def test_the_environment_overrides_the_file(tmp_path):
    """KEVASYNC_SECTION__NAME wins over the file; secrets and unrelated variables do not disturb."""
    text = 'workspace_id = "w"\n[salesforce]\nrest_threshold = 10\n'
    environment = {
        "KEVASYNC_DEFAULT_REGION": "in",
        "KEVASYNC_SALESFORCE__REST_THRESHOLD": "500",
        "KEVASYNC_GUARDS__MAX_CHANGE_PERCENT": "12.5",
        "KEVASYNC_STATE_URL": "postgresql://ann:pw@db/kevasync",
        "KEVASYNC_SALESFORCE_ACCESS_TOKEN": "00D!x",
        "KEVASYNC_DEMO": "1",
        "PATH": "/bin",
    }
    workspace = Workspace.open(write(tmp_path, text), environment)
    assert workspace.settings.default_region == "IN"
    assert workspace.settings.salesforce.rest_threshold == 500
    assert workspace.settings.guards.max_change_percent == 12.5
    assert workspace.state_url == "postgresql://ann:pw@db/kevasync"


def test_a_wrong_variable_is_named(tmp_path):
    """A misspelt or bad variable is reported like a line of the file."""
    environment = {"KEVASYNC_SALESFORCE__LOGIN_ULR": "x", "KEVASYNC_KEVA__WRITE": "mail"}
    error = fails("settings-invalid", 'workspace_id = "w"\n', tmp_path, environment)
    text = " ".join(problem.message for problem in error.problems)
    assert "environment variable KEVASYNC_SALESFORCE__LOGIN_ULR" in text
    assert "environment variable KEVASYNC_KEVA__WRITE" in text


@pytest.mark.parametrize("content", [b"a = \n", b"\xff\xfea", b"a = 1\na = 2\n", b'x = "\x00"\n'])
def test_an_unreadable_file_is_a_clear_error(tmp_path, content):
    """No TOML, no UTF-8, a key twice, a NUL: one error with the place."""
    (tmp_path / "kevasync.toml").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        Workspace.open(tmp_path, {})
    assert caught.value.code == "settings-unreadable"


@pytest.mark.parametrize("address", ["http://acme.my.salesforce.com", "acme.my.salesforce.com", "ftp://x", "https://"])
def test_tokens_only_travel_encrypted(tmp_path, address):
    """Plain HTTP is for this machine only."""
    fails("settings-invalid", f'workspace_id = "w"\n[salesforce]\ninstance_url = "{address}"\n', tmp_path)
    text = 'workspace_id = "w"\n[salesforce]\ninstance_url = "http://127.0.0.1:8080/"\n'
    assert Workspace.open(write(tmp_path, text), {}).settings.salesforce.instance_url == "http://127.0.0.1:8080"


def test_only_one_writer_and_its_death_frees_the_lock(tmp_path):
    """A second writer is refused at once and told who holds the lock; kill -9 of the holder frees it."""
    workspace = Workspace.create(tmp_path)
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(Refused) as caught, workspace.lock("extract"):
            pass
        assert caught.value.code == "workspace-locked"
        assert f"apply (process {process.pid} on" in caught.value.what
        process.send_signal(signal.SIGKILL)
    for _ in range(2):
        with workspace.lock("extract"):
            pass


def test_settings_cannot_be_changed_in_passing(tmp_path):
    """Settings are frozen: what a run began with it ends with."""
    settings = Workspace.create(tmp_path).settings
    with pytest.raises(ValueError, match="frozen"):
        settings.default_region = "DE"
    assert isinstance(settings, Settings)
    assert Path(Workspace.open(tmp_path, {}).root) == tmp_path


def test_survivorship_rules_are_settings():
    """A rule for all fields and rules by field, also of a field called Token; a rule that is none is said."""
    rules = 'default = "longest"\nfields = { Phone = "most_recent", Token__c = "union" }\n'
    text = f'workspace_id = "w"\n[survivorship]\n{rules}'
    said = parse_settings(text, "kevasync.toml", {}).survivorship
    assert (said.default, dict(said.fields)) == ("longest", {"Phone": "most_recent", "Token__c": "union"})
    with pytest.raises(UsageError) as error:
        parse_settings(text.replace("union", "newest"), "kevasync.toml", {})
    assert error.value.code == "settings-invalid"
