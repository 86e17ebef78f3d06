"""The SQLite file under the org: connections, one writer at a time, tables made from the schema, settings."""

from __future__ import annotations

import json
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kevasync.sandbox.fieldtypes import csv_number, sqlite_type
from kevasync.sandbox.schema import FieldSpec, ObjectSpec, Schema

__all__ = ["Database", "quoted"]


def quoted(name: str) -> str:
    """A name of the schema as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _fold(text: str | None) -> str | None:
    return None if text is None else text.lower()


class Database:
    """One SQLite database: a writer behind a lock, and readers that each see the last commit.

    With `path` None the file lives in a temporary folder and goes with `close()`.
    """

    def __init__(self, path: Path | None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="kevasync-sandbox-") if path is None else None
        self.path = path if path is not None else Path(self._folder.name if self._folder else "") / "org.db"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.RLock()
        self._pool_lock = threading.Lock()
        self._closed = False
        self._owner = 0  # the thread inside a write transaction
        self._writer = self._connect()
        self._writer.execute("PRAGMA journal_mode=WAL")
        self._writer.execute("CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)")

    def _connect(self) -> sqlite3.Connection:
        con = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=30)
        # a temporary org need not survive a power cut, a kept one need only be whole after it
        con.execute(f"PRAGMA synchronous={'OFF' if self._folder else 'NORMAL'}")
        con.execute("PRAGMA case_sensitive_like=OFF")
        con.create_function("sf_fold", 1, _fold, deterministic=True)
        con.create_function("sf_number", 1, csv_number, deterministic=True)
        return con

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed at the end, rolled back on an exception; a nested one is a savepoint."""
        with self._lock:
            con = self._writer
            outermost = not con.in_transaction
            con.execute("BEGIN IMMEDIATE" if outermost else "SAVEPOINT nested")
            self._owner = threading.get_ident()
            try:
                yield con
            except BaseException:
                if con.in_transaction:
                    con.execute("ROLLBACK" if outermost else "ROLLBACK TO nested")
                raise
            else:
                con.execute("COMMIT" if outermost else "RELEASE nested")
            finally:
                if outermost:
                    self._owner = 0

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection for reading, of the caller alone until the block ends; inside a write, that write's own."""
        if self._owner == threading.get_ident():
            yield self._writer
            return
        with self._pool_lock:
            con = self._idle.pop() if self._idle else self._connect()
        try:
            yield con
        finally:
            with self._pool_lock:
                if self._closed:
                    con.close()
                else:
                    self._idle.append(con)

    def close(self) -> None:
        """Close all connections; a temporary database is deleted."""
        with self._lock, self._pool_lock:
            self._closed = True
            for con in self._idle:
                con.close()
            self._idle.clear()
            self._writer.close()
            if self._folder is not None:
                self._folder.cleanup()

    def setting(self, name: str, default: Any = None) -> Any:
        """A value kept with the org (JSON), or the default."""
        with self.read() as con:
            row = con.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return default if row is None else json.loads(row[0])

    def set_setting(self, name: str, value: Any) -> None:
        """Keep a JSON value with the org."""
        with self.write() as con:
            con.execute(
                "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (name, json.dumps(value)),
            )

    def build(self, schema: Schema) -> None:
        """Make the tables of the schema, and add the columns that an older file lacks."""
        with self.write() as con:
            for spec in schema.objects.values():
                _build_table(con, spec)


def _column(object_spec: ObjectSpec, spec: FieldSpec) -> str | None:
    """The column definition of a field; None where the value is put together at reading."""
    name = quoted(spec.name)
    if spec.name == "Name" and object_spec.has_person_name:
        joined = "nullif(trim(coalesce(FirstName, '') || ' ' || coalesce(LastName, '')), '')"
        return f"{name} TEXT COLLATE NOCASE GENERATED ALWAYS AS ({joined}) VIRTUAL"
    if object_spec.is_computed(spec):
        return None
    return f"{name} {sqlite_type(spec)}{' UNIQUE' if spec.type == 'id' else ''}"


def _build_table(con: sqlite3.Connection, spec: ObjectSpec) -> None:
    table = quoted(spec.name)
    columns = {field.name: text for field in spec.fields if (text := _column(spec, field)) is not None}
    # every table is soft-deletable inside, whether or not the object shows it
    columns.setdefault("IsDeleted", '"IsDeleted" INTEGER NOT NULL DEFAULT 0')
    known = {row[1] for row in con.execute(f"PRAGMA table_xinfo({table})")}
    if not known:
        con.execute(f"CREATE TABLE {table} (_n INTEGER PRIMARY KEY AUTOINCREMENT, {', '.join(columns.values())})")
    else:
        for name, text in columns.items():
            if name not in known:
                con.execute(f"ALTER TABLE {table} ADD COLUMN {text}")
    for field in spec.fields:
        wanted = (
            field.is_key or field.unique or (field.reference and field.access == "both" and field.name != "OwnerId")
        )
        if field.name == "SystemModstamp" or (wanted and field.type != "id"):
            index = quoted(f"{spec.name}_{field.name}")
            con.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {table} ({quoted(field.name)})")
