"""The state: migrations, refusals, many writers, crashes, disk errors."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from importlib import resources

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from kevasync.errors import KevasyncError
from kevasync.store import state as state_module
from kevasync.store.state import SCHEMA_VERSION, State, new_id
from kevasync.store.tables import decisions, metadata

WRITER = """
import sys
from kevasync.store.state import State
with State.open(sys.argv[1]) as state:
    for _ in range(int(sys.argv[2])):
        with state.write() as connection:
            state.next_sequence(connection, "hits")
"""

KILLED = """
import sys, time
import sqlalchemy as sa
from kevasync.store.state import State
state = State.open(sys.argv[1])
with state.write() as connection:
    state.next_sequence(connection, "kept")
with state.write() as connection:
    state.next_sequence(connection, "half")
    print("ready", flush=True)
    time.sleep(60)
"""


def start(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process):
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors


def counter(state, name):
    found = state.arrow("SELECT value FROM counters WHERE name = :name", {"name": name})
    return found["value"].to_pylist()


def refused(code, call):
    with pytest.raises(KevasyncError) as caught:
        call()
    assert caught.value.code == code
    return caught.value


def test_tables_and_migrations_are_equal(state):
    """What the migrations build is exactly what tables.py says."""
    with state.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_version_is_the_newest_migration():
    """The version this package claims to know is the head of its migrations."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("kevasync.store") / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_VERSION


def test_an_empty_database_is_brought_up_to_date(tmp_path):
    """A file without tables (version 0) becomes a state; opening it again changes nothing."""
    path = tmp_path / "state.db"
    path.touch()
    with State.open(path) as state:
        assert state.arrow("SELECT version_num FROM alembic_version")["version_num"].to_pylist() == [SCHEMA_VERSION]
    before = path.read_bytes()
    State.open(path).close()
    assert path.read_bytes() == before


def test_a_newer_schema_is_refused_and_not_touched(tmp_path):
    """A state made by a later kevasync is left byte for byte as it was."""
    path = tmp_path / "state.db"
    with State.open(path) as state, state.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    before = path.read_bytes()
    error = refused("state-newer", lambda: State.open(path))
    assert "9999" in error.what
    assert path.read_bytes() == before


def test_a_foreign_database_is_refused(tmp_path):
    """A SQLite file of another program gets none of our tables."""
    path = tmp_path / "app.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE users (id)")
    connection.close()
    before = path.read_bytes()
    refused("state-foreign", lambda: State.open(path))
    assert path.read_bytes() == before


def test_a_damaged_file_is_a_clear_error(tmp_path):
    """A file that is no database, and one with a hole in it, are told apart from a crash of ours."""
    path = tmp_path / "state.db"
    path.write_bytes(b"this is not a database, and long enough to be read" * 40)
    refused("state-corrupt", lambda: State.open(path))
    path.unlink()
    with State.open(path) as state, state.write() as connection:
        rows = [(new_id(), "t", "me", "x", "y" * 500) for _ in range(200)]
        state.insert_many(connection, "decisions", ("id", "at", "who", "what", "detail"), rows)
    damaged = bytearray(path.read_bytes())
    damaged[4096 * 3 :] = b"\x55" * (len(damaged) - 4096 * 3)
    path.write_bytes(damaged)

    def read_all():
        with State.open(path) as state:
            state.arrow("SELECT * FROM decisions")

    refused("state-corrupt", read_all)


def test_a_missing_folder_is_a_clear_error(tmp_path):
    """A state in a folder that is not there says so."""
    refused("state-unreachable", lambda: State.open(tmp_path / "nowhere" / "state.db"))


def test_another_kind_of_database_is_refused():
    """Only SQLite and Postgres are states."""
    refused("state-unsupported", lambda: State.open("mysql://db/kevasync"))


def test_a_full_disk_rolls_back_and_keeps_what_was_committed(state):
    """When the disk is full the transaction is undone as a whole and the state goes on working."""
    row = {"at": "t", "who": "me", "what": "x", "detail": "{}"}
    with state.write() as connection:
        connection.execute(decisions.insert().values(id="kept", **row))

    def fill():
        with state.write() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
            for number in range(1_000):
                connection.execute(decisions.insert().values(id=f"{number}", **{**row, "detail": "z" * 4_000}))

    refused("state-disk-full", fill)
    with state.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")
        connection.execute(decisions.insert().values(id="later", **row))
    assert state.arrow("SELECT id FROM decisions ORDER BY id")["id"].to_pylist() == ["kept", "later"]
    assert state.arrow("PRAGMA integrity_check")["integrity_check"].to_pylist() == ["ok"]


def test_a_lock_that_lasts_is_a_clear_error(tmp_path, monkeypatch):
    """Who waits longer than the time-out for another writer is told that, not handed a traceback."""
    monkeypatch.setattr(state_module, "BUSY_SECONDS", 0.05)
    with State.open(tmp_path / "state.db") as state, State.open(tmp_path / "state.db") as other, other.write():

        def write():
            with state.write():
                pass

        refused("state-locked", write)


def test_readers_cannot_write(state):
    """A read transaction refuses to write, whatever it is given."""

    def write():
        with state.read() as connection:
            connection.execute(sa.text("DELETE FROM counters"))

    refused("state-read-only", write)


def test_several_processes_open_and_write_at_once(tmp_path):
    """Three processes create the state and write side by side: no error, no lost update."""
    path = tmp_path / "state.db"
    for process in [start(WRITER, path, 30) for _ in range(3)]:
        finish(process)
    with State.open(path) as state:
        assert counter(state, "hits") == [90]


def test_threads_share_a_state(state):
    """One State serves many threads."""

    def write():
        for _ in range(10):
            with state.write() as connection:
                state.next_sequence(connection, "hits")

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter(state, "hits") == [40]


def test_kill_9_of_a_writer_loses_only_its_open_transaction(tmp_path):
    """What was committed stays, what was not is gone, and the lock is free at once."""
    path = tmp_path / "state.db"
    process = start(KILLED, path)
    with process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGKILL)
    with State.open(path) as state:
        with state.write() as connection:
            state.next_sequence(connection, "after")
        assert (counter(state, "kept"), counter(state, "half"), counter(state, "after")) == ([1], [], [1])


def test_arrow_keeps_types_nulls_and_columns(state):
    """Rows come out as Arrow with whole numbers, text, nulls, and all columns even without rows."""
    found = state.arrow("SELECT 1 AS a, NULL AS b, 'x' AS c UNION ALL SELECT NULL, NULL, 'y'")
    assert found.to_pylist() == [{"a": 1, "b": None, "c": "x"}, {"a": None, "b": None, "c": "y"}]
    assert state.arrow("SELECT name, value FROM counters").column_names == ["name", "value"]


def test_a_missing_driver_says_what_to_install(monkeypatch):
    """Postgres without its driver is told as a missing package."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    error = refused("state-driver-missing", lambda: State.open("postgresql://ann@db/kevasync"))
    assert "psycopg" in error.next_steps[0]
