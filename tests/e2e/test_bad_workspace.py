"""Bad input in a workspace: rights, tokens, damaged files, plans of others, Ctrl-C; nothing lost, all said."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from refusals import CUSTOMERS, PLAN, ended, put, refused
from world import MAPPING, ROOT, World, contact, customer

from kevasync.cli.sides import open_kept
from kevasync.sandbox.server import Sandbox


@pytest.fixture(scope="module")
def sandbox():
    """An org with three Contacts and a Keva with four customers."""
    with Sandbox.start(http=True, keva_rate=0) as running:
        running.org.create_many("Contact", [contact(number) for number in range(3)])
        running.keva.seed([customer(number, notes="called") for number in range(4)])
        yield running


@pytest.fixture
def world(sandbox, tmp_path):
    """A workspace of its own for each test; whatever the test did to the org's rights is taken back."""
    yield World(tmp_path, sandbox)
    sandbox.org.set_setting("permissions", {})
    sandbox.faults.clear()


def says(world, capsys, arguments, exit_code, code, *words):
    """A command in the workspace must fail so; no plan and no snapshot may come of it."""
    before = kept_files(world)
    error = refused(capsys, [*arguments, "--workspace", str(world.folder)], exit_code, code, words, world.folder)
    assert kept_files(world) == before
    return error


def kept_files(world):
    """Plans and snapshots, with what temporary folders hold."""
    state = world.folder / ".kevasync"
    return sorted(
        str(path)
        for name in ("plans", "snapshots", "base", "tmp")
        for path in (state / name).rglob("*")
        if path.is_file()
    )


def set_secrets(world, **values):
    with open_kept(world.workspace) as kept:
        for name, value in values.items():
            kept.secrets.delete(name) if value is None else kept.secrets.put(name, value)


ALONE = dict.fromkeys(("salesforce_refresh_token", "salesforce_client_id", "salesforce_client_secret"))


@pytest.mark.parametrize(
    ("secrets", "code", "words"),
    [
        (ALONE | {"salesforce_access_token": "00D000000000001!wrong"}, "salesforce-session-expired", ["401"]),
        (ALONE | {"salesforce_access_token": None}, "salesforce-no-credentials", ["token"]),
        ({"keva_api_key": "keva_live_wrong"}, "keva-key", ["401"]),
        ({"keva_api_key": None}, "keva-not-configured", ["API key"]),
    ],
)
def test_wrong_secrets(secrets, code, words, world, capsys):
    """A token or key that is wrong, expired or missing is told apart, and never printed."""
    set_secrets(world, **secrets)
    error = says(world, capsys, ["plan"], 2, code, *words)
    assert "wrong" not in error["what"]


def test_an_expired_session_is_renewed(tmp_path, capsys):
    """With a refresh token an expired session is no error at all; once that is revoked too, it is."""
    with Sandbox.start(http=True, keva_rate=0) as sandbox:
        world = World(tmp_path, sandbox)
        sandbox.keva.seed([customer(1)])
        sandbox.oauth.expire()
        assert world.command(capsys, "plan")["counts"]["create"] == 1
        sandbox.oauth.expire()
        set_secrets(world, salesforce_refresh_token="revoked", salesforce_client_secret="wrong")
        says(world, capsys, ["plan"], 2, "salesforce-login-refused", "127.0.0.1")


@pytest.mark.parametrize(
    ("permissions", "code", "words"),
    [
        ({"Contact": "none"}, "salesforce-object-hidden", ["Contact"]),
        ({"Contact": "read"}, "mapping-invalid", ["cannot be created", "cannot be edited", "Email", "Phone"]),
        ({"Contact": {"Phone": "none"}}, "mapping-invalid", ["1 problem", "Phone", "mapping.toml:"]),
        ({"Contact": {"Phone": "read", "Title": "read"}}, "mapping-invalid", ["2 problems", "Phone", "Title"]),
    ],
)
def test_an_org_without_the_rights(permissions, code, words, world, sandbox, capsys):
    """What the user may not see or write is found before anything is extracted, all of it at once."""
    sandbox.org.set_setting("permissions", permissions)
    says(world, capsys, ["plan"], 2, code, *words)


def test_rights_taken_away_between_plan_and_apply(world, sandbox, capsys):
    """Apply without the right to write ends with every record failed and the books balanced; later it goes through."""
    world.command(capsys, "plan")
    sandbox.org.set_setting("permissions", {"Contact": "read"})
    result = world.command(capsys, "apply", "latest", "--yes", code=1)
    assert result["balanced"]
    assert result["counts"]["failed"] == result["input"] == 4
    entries = world.command(capsys, "log", "--run", "latest", "--status", "failed")["entries"]
    assert {entry["code"] for entry in entries} == {"salesforce-no-access"}
    assert {row.get("Keva_Id__c") for row in world.contacts()} == {None}


@pytest.mark.parametrize(
    ("line", "value", "exit_code", "code", "words"),
    [
        ("instance_url", "http://127.0.0.1:9", 1, "salesforce-unreachable", ["127.0.0.1:9"]),
        ("url", "http://127.0.0.1:9", 1, "keva-unreachable", ["127.0.0.1:9"]),
        ("instance_url", "ftp://example.com", 2, "settings-invalid", ["salesforce.instance_url", "line", "https://"]),
        ("url", "https://user:pass@example.com", 2, "secret-in-settings", ["keva.url", "line"]),
    ],
)
def test_wrong_addresses(line, value, exit_code, code, words, world, capsys):
    """An address that does not answer, or is none, is named."""
    settings = world.folder / "kevasync.toml"
    settings.write_text(re.sub(rf"(?m)^{line} = .*", f'{line} = "{value}"', settings.read_text()))
    says(world, capsys, ["plan"], exit_code, code, *words)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (
            MAPPING.replace('"Title"', '"Titel"').replace('"Phone"', '"Fone"'),
            "mapping-invalid",
            ["2 problems", "Titel", "Fone"],
        ),
        (MAPPING + "colour = 1\n", "mapping-invalid", ["colour", "mapping.toml:"]),
        (None, "mapping-missing", ["mapping.toml"]),
    ],
)  # fmt: skip
def test_a_mapping_that_does_not_fit_the_org(text, code, words, world, capsys):
    """Fields that the org lacks are named with their lines, all at once, before anything is extracted."""
    path = world.folder / "mapping.toml"
    path.unlink() if text is None else path.write_text(text)
    says(world, capsys, ["plan"], 2, code, *words)


def test_broken_export_of_a_workspace(world, capsys):
    """An export that breaks off makes no snapshot; the one before stays the latest."""
    put(world.folder / "exports", {"k.csv": CUSTOMERS})
    world.command(capsys, "extract", "keva", "--keva-export", str(world.folder / "exports" / "k.csv"))
    (world.folder / "exports" / "k.csv").write_text(CUSTOMERS + 'cust_3,"x')
    settings = world.folder / "kevasync.toml"
    settings.write_text(re.sub(r"(?m)^# export = .*", 'export = "exports/k.csv"', settings.read_text()))
    set_secrets(world, keva_api_key=None)
    says(world, capsys, ["extract", "keva"], 2, "export-truncated", "k.csv", "line 4")


def test_plans_of_others(world, sandbox, capsys, tmp_path, monkeypatch):
    """A plan from files, or of another workspace, is refused; so is one that was edited since."""
    put(tmp_path, {})
    monkeypatch.chdir(tmp_path)
    ended(capsys, *PLAN)
    says(world, capsys, ["apply", f"{tmp_path}/out", "--yes"], 3, "plan-foreign", "from files")
    other = World(tmp_path / "other", sandbox)
    foreign = other.command(capsys, "plan")["path"]
    says(world, capsys, ["apply", foreign, "--yes"], 3, "plan-foreign", "another workspace")
    (Path(foreign) / "changes.parquet").unlink()
    says(other, capsys, ["apply", foreign, "--yes"], 3, "plan-edited", "changes.parquet")


def test_damaged_files_of_the_workspace(world, capsys):
    """A snapshot that was damaged on disk is named; a new full extract mends it. So is a state that is no database."""
    world.command(capsys, "plan")
    part = next((world.folder / ".kevasync" / "snapshots" / "keva").rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-40])
    error = says(world, capsys, ["plan", "--no-extract"], 1, "snapshot-damaged", "keva")
    assert any("extract" in step and "--full" in step for step in error["next"])
    world.command(capsys, "extract", "keva", "--full")
    world.command(capsys, "plan", "--no-extract")
    for name in ("state.db", "state.db-wal", "state.db-shm"):
        (world.folder / ".kevasync" / name).unlink(missing_ok=True)
    (world.folder / ".kevasync" / "state.db").write_bytes(b"no database" * 500)
    says(world, capsys, ["plan"], 1, "state-corrupt", "state.db")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code", "words"),
    [
        (["undo", "latest", "--yes"], 2, "run-not-found", ["no plan has been applied"]),
        (["undo", "0199", "--yes"], 2, "run-not-found", ["no run begins with '0199'"]),
        (["log", "--status", "nonsense"], 2, "usage", ["nonsense", "applied"]),
        (["show", "latest"], 2, "plan-missing", ["no plan yet"]),
        (["plan", "--no-extract"], 1, "snapshot-missing", ["keva"]),
        (["plan", "--mapping", "mapping.toml"], 2, "plan-files-only", ["--mapping"]),
        (["extract", "oracle"], 2, "usage", ["oracle", "salesforce"]),
    ],
)
def test_commands_that_name_what_is_not_there(arguments, exit_code, code, words, world, capsys):
    """Runs, plans, snapshots and options that do not exist are named as such."""
    says(world, capsys, arguments, exit_code, code, *words)


def test_one_writer_at_a_time(world, capsys):
    """While one process plans or applies, another is refused at once and told who is at work."""
    world.command(capsys, "plan")
    with world.workspace.lock("a test"):
        says(world, capsys, ["apply", "latest", "--yes"], 3, "workspace-locked", "a test")


def test_a_plan_is_not_written_over_other_files(world, capsys):
    """--out in a workspace is as careful as without one."""
    (world.folder / "exports" / "thesis.doc").write_text("years of work")
    refused(
        capsys, ["plan", "--out", str(world.folder / "exports"), "--workspace", str(world.folder)],
        2, "plan-out-occupied", ["thesis.doc"], world.folder,
    )  # fmt: skip


APPLY = ("-m", "kevasync", "apply", "latest", "--yes", "--quiet")


def interrupted(world, rule, times):
    """Start apply, send SIGINT once a write is on its way (again half a second later); exit code and output."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "KEVASYNC_WORKSPACE": str(world.folder)}
    process = subprocess.Popen(
        [sys.executable, *APPLY], cwd=world.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    deadline = time.monotonic() + 60
    while rule.hits == 0 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c(times, tmp_path, capsys):
    """Once: the batch in flight is finished and saved. Twice: it stops at once. Either way apply goes on later."""
    with Sandbox.start(http=True, keva_rate=0) as sandbox:
        world = World(tmp_path, sandbox)
        sandbox.keva.seed([customer(number) for number in range(600)])
        world.command(capsys, "plan")
        rule = sandbox.faults.add("slow:seconds=1,path=/services/data/*/composite/*")
        code, output = interrupted(world, rule, times)
        assert code == 1, output
        assert "Traceback" not in output
        assert ("still to do: kevasync apply" if times == 1 else "error[interrupted]") in output
        assert 0 < len(world.contacts()) < 600 or times == 2
        sandbox.faults.clear()
        done = world.command(capsys, "apply", "latest", "--yes")
        assert (done["balanced"], done["counts"]["applied"], done["pending"]) == (True, 600, 0)
        assert len(world.contacts()) == 600
        assert world.twins() == []
        world.nothing_left(capsys)
