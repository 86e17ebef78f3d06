"""The same tables on Postgres: a throw-away server on a Unix socket, where one is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from kevasync.endpoint import JobNote, WriteOutcome, WriteResult
from kevasync.errors import RunError
from kevasync.records import Link
from kevasync.store.base import Base, BaseRow
from kevasync.store.ledger import Ledger
from kevasync.store.links import Links
from kevasync.store.state import State
from kevasync.store.tables import metadata

pytest.importorskip("psycopg", reason="psycopg is not installed (pip install 'psycopg[binary]')")


@pytest.fixture(scope="module")
def server():
    initdb, postgres = shutil.which("initdb"), shutil.which("postgres")
    if not initdb or not postgres:
        pytest.skip("no Postgres server on this machine")
    folder = Path(tempfile.mkdtemp(prefix="kevasync-pg-", dir="/tmp"))  # a socket's path must be short
    account = None
    if os.getuid() == 0:  # the server refuses to run as root
        account = "nobody"
        os.chown(folder, pwd.getpwnam(account).pw_uid, pwd.getpwnam(account).pw_gid)
    data = folder / "data"
    quiet = {"user": account, "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([initdb, "-D", data, "-U", "kevasync", "-A", "trust", "--no-sync"], check=True, **quiet)
    arguments = ["-D", data, "-k", folder, "-c", "listen_addresses=", "-F"]
    with subprocess.Popen([postgres, *arguments], **quiet) as process:
        url = f"postgresql://kevasync@/postgres?host={folder}"
        try:
            for _ in range(100):
                if (folder / ".s.PGSQL.5432").exists():
                    break
                time.sleep(0.1)
            time.sleep(0.2)
            yield url
        finally:
            process.terminate()
            process.wait(30)
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def state(server):
    with State.open(server) as opened:
        yield opened


def test_tables_and_migrations_are_equal(state, server):
    """The migrations build the same tables here; opening again changes nothing."""
    with state.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    State.open(server).close()


def test_a_newer_schema_is_refused(server, state):
    """The refusal holds for a shared database too."""
    change = "UPDATE alembic_version SET version_num = '{}'"
    before = state.arrow("SELECT version_num FROM alembic_version")["version_num"][0].as_py()
    with state.write() as connection:
        connection.execute(sa.text(change.format("9999")))
    with pytest.raises(RunError) as caught:
        State.open(server)
    assert caught.value.code == "state-newer"
    with state.write() as connection:
        connection.execute(sa.text(change.format(before)))


def test_no_server_is_a_clear_error():
    """A server that does not answer is named, without its password."""
    with pytest.raises(RunError) as caught:
        State.open("postgresql://ann:hunter2@/db?host=/tmp/no-such-folder")
    assert caught.value.code == "state-unreachable"
    assert "hunter2" not in str(caught.value)


def test_links_keep_their_law(state):
    """One active link each way, tombstones and replacement, as on SQLite."""
    links = Links(state)
    links.save("contact", pa.table({"keva_id": ["k1", "k2"], "sf_id": ["s1", "s2"]}), "run")
    with pytest.raises(RunError) as caught:
        links.save("contact", [Link("k1", "s9", "email")], "run")
    assert caught.value.code == "link-taken"
    links.save("contact", [Link("k1", "s3", "merged")], "run", replace=True)
    assert links.unlink("contact", [("k2", "s2")], "run") == 1
    assert [(link.sf_id, link.active) for link in links.find("contact", keva_id="k1")] == [("s3", True), ("s1", False)]
    assert links.count("contact") == 1


def test_the_ledger_keeps_its_books(state):
    """Entries, answers, jobs and changes, as on SQLite."""
    ledger = Ledger(state)
    run = ledger.start_run("apply", "plan-1")
    rows = {"object": ["contact"], "keva_id": ["k1"], "direction": ["to_crm"], "operation": ["create"]}
    table = pa.table({**rows, "changes": ['{"Title": [null, "50 % ?"]}']})
    (key,) = ledger.plan_entries(run, table)["key"].to_pylist()
    journal = ledger.journal(run)
    journal.sending([key])
    note = JobNote("j", "Contact", "insert", Path("b.parquet"), 1, "created", create=True)
    journal.job(note)
    journal.job(note)
    assert journal.open_jobs() == [note]
    ledger.record(run, [WriteResult(key, "003A", WriteOutcome.APPLIED, created=True)])
    ledger.record(run, [WriteResult(key, None, WriteOutcome.UNKNOWN)])
    assert ledger.counts(run) == {"applied": 1}
    assert ledger.arrow(customer="k1").to_pylist()[0]["created"] is True
    assert ledger.run_changes(run)["new"].to_pylist() == ["50 % ?"]
    assert ledger.run(run[-9:]).id == run


def test_the_base_keeps_the_latest_of_each_field(state, tmp_path):
    """Rows, forgetting and folding with the manifest on Postgres."""
    base = Base(state, tmp_path)
    base.save_rows("contact", [BaseRow("k1", "s1", {"Email": "a", "Title": None}), BaseRow("k2", "s2", {"Email": "b"})])
    assert base.compact("contact")
    base.save_rows("contact", [BaseRow("k1", "s1", {"Title": "x"})])
    base.forget("contact", [("k2", "s2")])
    with duckdb.connect() as con:
        base.view(con, "contact", ["Email", "Title"])
        assert con.sql("SELECT * EXCLUDE agreed FROM base").fetchall() == [("k1", "s1", "a", "x")]


def test_readers_cannot_write_and_writers_wait_their_turn(state):
    """Read transactions are read-only; counters raised by several threads lose nothing."""
    with pytest.raises(sa.exc.DBAPIError), state.read() as connection:
        connection.execute(sa.text("DELETE FROM counters"))

    def write():
        for _ in range(10):
            with state.write() as connection:
                state.next_sequence(connection, "hits")

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = state.arrow("SELECT value FROM counters WHERE name = 'hits'")
    assert found["value"].to_pylist() == [40]
