"""The state: SQLite by default, Postgres by URL; short write transactions, read-only readers, Arrow out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from itertools import islice
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import pyarrow as pa
import sqlalchemy as sa
import uuid_utils
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from kevasync.errors import KevasyncError, RunError, UsageError

__all__ = ["SCHEMA_VERSION", "State", "new_id", "now"]

SCHEMA_VERSION = "0001"
"""The newest migration in this package; a test holds it equal to Alembic's head."""

BUSY_SECONDS = 30.0
_FETCH = 1_000  # rows a fetch: larger ones are slower, Python's collector walks the tuples
_MIGRATION_LOCK = 0x6B657661  # any fixed number: Postgres's advisory lock while tables are made


def now() -> str:
    """The time, ISO 8601 UTC with milliseconds and Z: the form of every time in the state."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_id() -> str:
    """A new UUIDv7 as text: later ones sort after earlier ones."""
    return str(uuid_utils.uuid7())


class State:
    """One open state. Share it between threads; each process opens its own. Close it, or use it in a `with`."""

    def __init__(self, url: URL, writer: Engine, reader: Engine) -> None:
        self.url = url
        self._writer = writer
        self._reader = reader

    @classmethod
    def open(cls, url: str | Path) -> State:
        """Open a SQLite file (made if need be) or a database URL, and bring its tables up to date.

        Raises:
            RunError: `state-newer` when a later kevasync made it (nothing is touched), `state-corrupt`,
                `state-foreign`, `state-read-only`, `state-locked`, `state-disk-full`, `state-unreachable`.
        """
        target = make_url(url) if isinstance(url, str) and "://" in url else URL.create("sqlite", database=str(url))
        if target.get_backend_name() == "sqlite":
            writer, reader = _sqlite_engines(Path(target.database or ""))
        elif target.get_backend_name() == "postgresql":
            writer = reader = _postgres_engine(target)
        else:
            raise UsageError("state-unsupported", f"state_url begins with {target.get_backend_name()}://")
        state = cls(target, writer, reader)
        try:
            state._bring_up_to_date()
        except BaseException:
            state.close()
            raise
        return state

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._reader.dispose()
        self._writer.dispose()  # last: a writer that closes alone folds the write-ahead log into the file

    @property
    def is_sqlite(self) -> bool:
        """True for a SQLite file, False for Postgres."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction: commits at the end, rolls back on any error. Keep it short: writers wait in line."""
        with self._translated(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One read transaction: sees one moment, blocks nobody, and cannot write."""
        with self._translated(), self._reader.connect() as connection:
            if not self.is_sqlite:
                connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            yield connection

    def arrow(
        self,
        statement: str | sa.Executable,
        parameters: Mapping[str, Any] | None = None,
        *,
        schema: pa.Schema | None = None,
    ) -> pa.Table:
        """The rows of a query as Arrow; `:name` marks parameters. `schema` fixes the types, else they are text.

        Python's own SQLite reads them. ADBC would be thrice as fast, but brings a second SQLite into the process, and
        when that one closes the file the operating system drops the locks of the first: two writers at once.
        """
        prepared = sa.text(statement) if isinstance(statement, str) else statement
        with self.read() as connection:
            return fetch_arrow(connection, prepared, parameters, schema)

    def next_sequence(self, connection: Connection, name: str) -> int:
        """The next number of a counter. On Postgres its row stays locked to the end of the transaction."""
        bump = sa.text(
            "INSERT INTO counters (name, value) VALUES (:name, 1)"
            " ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value"
        )
        return int(connection.execute(bump, {"name": name}).scalar_one())

    def insert_many(
        self,
        connection: Connection,
        table: str,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        suffix: str = "",
    ) -> None:
        """Insert many rows at the driver's own speed; `rows` may be an iterator of any length."""
        mark = "?" if self.is_sqlite else "%s"
        names = ", ".join(f'"{column}"' for column in columns)
        sql = f'INSERT INTO "{table}" ({names}) VALUES ({", ".join(mark for _ in columns)}) {suffix}'  # noqa: S608 names are ours
        self.run_many(connection, sql, rows)

    def run_many(self, connection: Connection, sql: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run one statement of the driver's own dialect for many rows of values; answers how many rows it touched."""
        if not self.is_sqlite:
            sql = sql.replace("?", "%s")
        source, touched = iter(rows), 0
        while chunk := [tuple(row) for row in islice(source, 20_000)]:
            touched += connection.exec_driver_sql(sql, chunk).rowcount
        return touched

    def _bring_up_to_date(self) -> None:
        is_new = self.is_sqlite and not Path(self.url.database or "").exists()
        found = None if is_new else self._version()
        if found == SCHEMA_VERSION:
            return
        if found is not None and found > SCHEMA_VERSION:
            raise RunError("state-newer", f"The state has version {found}; this kevasync knows up to {SCHEMA_VERSION}.")
        with self.write() as connection:
            if not self.is_sqlite:
                connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            _migrate(connection)

    def _version(self) -> str | None:
        with self.read() as connection:
            tables = sa.inspect(connection).get_table_names()
            if "alembic_version" in tables:
                version = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
                return None if version is None else str(version)
            if self.is_sqlite and tables:
                raise RunError("state-foreign", f"{self.url.database} is a database of something else: {tables[0]}")
            return None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            ours = _translate(error, self.url.render_as_string(hide_password=True))
            if ours is None:
                raise
            raise ours from error


def fetch_arrow(
    connection: Connection,
    statement: sa.Executable,
    parameters: Mapping[str, Any] | None = None,
    schema: pa.Schema | None = None,
) -> pa.Table:
    """The rows of a query on an open connection, as Arrow. Types: `schema`, else those of the first rows."""
    result = connection.execute(statement, parameters or {})
    names, cursor, batches = list(result.keys()), result.cursor, []
    if cursor is None:
        raise TypeError("the statement returns no rows")
    rows = cursor.fetchmany(_FETCH)
    target = schema or pa.schema([(name, _infer(row[index] for row in rows)) for index, name in enumerate(names)])
    while rows:
        columns = zip(*rows, strict=True)
        arrays = [_array(values, field.type) for values, field in zip(columns, target, strict=True)]
        batches.append(pa.record_batch(arrays, schema=target))
        rows = cursor.fetchmany(_FETCH)
    result.close()
    return pa.Table.from_batches(batches, schema=target).combine_chunks()


def _infer(values: Iterable[Any]) -> pa.DataType:
    kinds = {type(value) for value in values if value is not None}
    return (
        {bool: pa.bool_(), int: pa.int64(), float: pa.float64()}.get(kinds.pop(), pa.string())
        if len(kinds) == 1
        else pa.string()
    )


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_boolean(kind):  # SQLite has no booleans: 0 and 1
        return pa.array([None if value is None else bool(value) for value in values], kind)
    return pa.array(values, kind)


def _migrate(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 half a second, needed when the tables are made
    from alembic.config import Config  # noqa: PLC0415 likewise

    config = Config()
    config.set_main_option("script_location", str(resources.files("kevasync.store") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _postgres_engine(url: URL) -> Engine:
    try:
        return sa.create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise UsageError(
            "state-driver-missing", f"The state is on Postgres, but {error.name} is not installed."
        ) from error


def _sqlite_engines(path: Path) -> tuple[Engine, Engine]:
    def connect(mode: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode={mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA temp_store = MEMORY")
        if mode == "rwc":
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA journal_size_limit = 67108864")
        return connection

    writer = sa.create_engine("sqlite://", creator=lambda: connect("rwc"), poolclass=sa.QueuePool)
    reader = sa.create_engine("sqlite://", creator=lambda: connect("ro"), poolclass=sa.QueuePool)
    event.listen(writer, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    event.listen(reader, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return writer, reader


_SQLITE_CODES = {
    "SQLITE_FULL": "state-disk-full",
    "SQLITE_IOERR_SHMSIZE": "state-disk-full",  # the file beside the state cannot grow: not a byte is left
    "SQLITE_BUSY": "state-locked",
    "SQLITE_LOCKED": "state-locked",
    "SQLITE_CORRUPT": "state-corrupt",
    "SQLITE_NOTADB": "state-corrupt",
    "SQLITE_READONLY": "state-read-only",
    "SQLITE_PERM": "state-read-only",
    "SQLITE_CANTOPEN": "state-unreachable",
    "SQLITE_IOERR": "state-io",
}


def _translate(error: DBAPIError, where: str) -> KevasyncError | None:
    """Our error for what a database can do to a user; None for what only a mistake of ours can cause."""
    name = str(getattr(error.orig, "sqlite_errorname", "") or "")
    for known, code in _SQLITE_CODES.items():
        if name == known or name.startswith(known + "_"):
            return RunError(code, f"{where}: {error.orig}")
    if not name and isinstance(error, OperationalError):  # Postgres: no connection, out of space, shut down
        return RunError("state-unreachable", f"{where}: {str(error.orig).splitlines()[0]}")
    return None
