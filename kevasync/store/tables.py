"""The tables of the state: one definition for SQLite and Postgres. Migrations build them; a test holds the two equal.

Times are ISO 8601 UTC text with milliseconds, ids made by us are UUIDv7 text, structured values are JSON text: the
same in both databases, sortable, and readable with any client.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, MetaData, Table, Text, text

__all__ = [
    "base_parts",
    "base_rows",
    "counters",
    "decisions",
    "entries",
    "jobs",
    "links",
    "metadata",
    "runs",
    "secrets",
    "snapshots",
]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s",
    }
)

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

links = Table(
    "links",
    metadata,
    Column("object", Text, nullable=False),
    Column("keva_id", Text, nullable=False),
    Column("sf_id", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("run_id", Text),
    # no primary key: a bulk load builds these three in one go, after the rows
    Index("ux_links_pair", "object", "keva_id", "sf_id", unique=True),
    Index(
        "ux_links_customer",
        "object",
        "keva_id",
        unique=True,
        sqlite_where=text("active"),
        postgresql_where=text("active"),
    ),
    Index(
        "ux_links_record",
        "object",
        "sf_id",
        unique=True,
        sqlite_where=text("active"),
        postgresql_where=text("active"),
    ),
)

base_parts = Table(
    "base_parts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("object", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("path", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("columns", Text, nullable=False),
    Column("has_agreed", Boolean, nullable=False),
    Column("compacted", Boolean, nullable=False),
    Column("run_id", Text),
    Column("origin", Text, nullable=False),
    Column("saved_at", Text, nullable=False),
    Column("retired_at", Text),
    Index(None, "object", "sequence"),
)

base_rows = Table(
    "base_rows",
    metadata,
    Column("object", Text, primary_key=True),
    Column("keva_id", Text, primary_key=True),
    Column("sf_id", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("forgotten", Boolean, nullable=False),
    Column("fields", Text, nullable=False),
    Column("run_id", Text),
    sqlite_with_rowid=False,
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("id", Text, primary_key=True),
    Column("side", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("full", Boolean, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("parts", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("columns", Text, nullable=False),
    Column("missing", Text, nullable=False),
    Column("watermark", Text),
    Column("api_calls", BigInteger, nullable=False),
    Column("taken_at", Text, nullable=False),
    Index(None, "side", "object", "sequence", unique=True),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("plan_id", Text),
    Column("digest", Text),
    Column("status", Text, nullable=False),
    Column("books", Text),
    Column("acknowledged", Text),
    Column("started_at", Text, nullable=False),
    Column("finished_at", Text),
    Index(None, "plan_id"),
)

entries = Table(
    "entries",
    metadata,
    Column("key", Text, primary_key=True),
    Column("run_id", Text, ForeignKey("runs.id"), nullable=False),
    Column("object", Text, nullable=False),
    Column("keva_id", Text),
    Column("sf_id", Text),
    Column("direction", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("changes", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created", Boolean, nullable=False),
    Column("code", Text),
    Column("side_code", Text),
    Column("message", Text),
    Column("returned", Text),
    Column("planned_at", Text, nullable=False),
    Column("sent_at", Text),
    Column("finished_at", Text),
    Index(None, "run_id", "status"),
    Index(None, "keva_id"),
    Index(None, "sf_id"),
    sqlite_with_rowid=False,
)

jobs = Table(
    "jobs",
    metadata,
    Column("key", Text, primary_key=True),
    Column("run_id", Text, ForeignKey("runs.id"), nullable=False),
    Column("object", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("batch", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("job_id", Text),
    Column("external_id", Text),
    Column("create", Boolean, nullable=False),
    Column("changed_at", Text, nullable=False),
    Index(None, "run_id", "state"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Text),
    Column("detail", Text, nullable=False),
    Index(None, "what", "subject"),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("token", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
)
