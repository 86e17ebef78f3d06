"""Secrets and decisions."""

from __future__ import annotations

import stat

import pytest
from cryptography.fernet import Fernet

from kevasync.errors import KevasyncError
from kevasync.store.decisions import Decisions
from kevasync.store.secrets import Secrets, load_key


def test_secrets_come_back_and_do_not_lie_in_the_file(state, tmp_path):
    """A stored token is readable with the key only; the database holds no trace of it."""
    secrets = Secrets(state, load_key(tmp_path, {}), {})
    secrets.put("salesforce_refresh_token", "5Aep861-first")
    secrets.put("salesforce_refresh_token", "5Aep861-second")
    assert secrets.get("salesforce_refresh_token") == "5Aep861-second"
    assert secrets.names() == ["salesforce_refresh_token"]
    assert all(b"5Aep861" not in file.read_bytes() for file in tmp_path.glob("state.db*"))
    assert secrets.delete("salesforce_refresh_token")
    assert secrets.get("salesforce_refresh_token") is None


def test_the_environment_wins(state):
    """A token in the environment is used instead of the stored one."""
    key = Fernet.generate_key()
    Secrets(state, key, {}).put("keva_api_key", "stored")
    assert Secrets(state, key, {"KEVASYNC_KEVA_API_KEY": "given"}).get("keva_api_key") == "given"


def test_a_wrong_key_is_a_clear_error(state):
    """Another key does not give garbage or a traceback."""
    Secrets(state, Fernet.generate_key(), {}).put("keva_api_key", "x")
    with pytest.raises(KevasyncError) as caught:
        Secrets(state, Fernet.generate_key(), {}).get("keva_api_key")
    assert caught.value.code == "secret-key-wrong"
    with pytest.raises(KevasyncError) as caught:
        Secrets(state, "hunter2", {})
    assert caught.value.code == "secret-key-invalid"
    assert "hunter2" not in caught.value.what


def test_the_key_file_is_made_once_for_its_owner_only(tmp_path):
    """The key is made with mode 0600, kept, and refused when others may read it."""
    key = load_key(tmp_path, {})
    assert load_key(tmp_path, {}) == key
    path = tmp_path / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(KevasyncError) as caught:
        load_key(tmp_path, {})
    assert caught.value.code == "secret-key-open"
    assert load_key(tmp_path, {"KEVASYNC_SECRET_KEY": "given"}) == b"given"


def test_the_latest_decision_on_a_subject_holds(state):
    """Decisions are added to; the last one counts and the earlier ones stay readable."""
    made = Decisions(state)
    made.add("ann", "mapping", {"accept": True}, subject="jobTitle")
    made.add_all("bob", "mapping", [("jobTitle", {"accept": False}), ("phone", {"accept": True})])
    made.add("bob", "merge", {"keep": "s1"}, subject="jobTitle")
    assert [item.detail["accept"] for item in made.list(what="mapping", subject="jobTitle")] == [True, False]
    assert made.latest("mapping")["jobTitle"].who == "bob"
    assert len(made.list()) == 4
