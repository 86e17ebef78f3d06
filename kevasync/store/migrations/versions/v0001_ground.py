"""Version 1: links, base, snapshots, runs, ledger entries, bulk jobs, decisions, secrets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _counters_and_links()
    _base()
    _snapshots()
    _ledger()
    _decisions_and_secrets()


def _counters_and_links() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.create_table(
        "links",
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("keva_id", sa.Text, nullable=False),
        sa.Column("sf_id", sa.Text, nullable=False),
        sa.Column("how", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("run_id", sa.Text),
    )
    op.create_index("ux_links_pair", "links", ["object", "keva_id", "sf_id"], unique=True)
    active = sa.text("active")
    for name, column in (("ux_links_customer", "keva_id"), ("ux_links_record", "sf_id")):
        op.create_index(name, "links", ["object", column], unique=True, sqlite_where=active, postgresql_where=active)


def _base() -> None:
    op.create_table(
        "base_parts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("columns", sa.Text, nullable=False),
        sa.Column("has_agreed", sa.Boolean, nullable=False),
        sa.Column("compacted", sa.Boolean, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("saved_at", sa.Text, nullable=False),
        sa.Column("retired_at", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_base_parts"),
    )
    op.create_index("ix_base_parts_object_sequence", "base_parts", ["object", "sequence"])
    op.create_table(
        "base_rows",
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("keva_id", sa.Text, nullable=False),
        sa.Column("sf_id", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("forgotten", sa.Boolean, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.PrimaryKeyConstraint("object", "keva_id", "sf_id", "sequence", name="pk_base_rows"),
        sqlite_with_rowid=False,
    )


def _snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("full", sa.Boolean, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("parts", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("columns", sa.Text, nullable=False),
        sa.Column("missing", sa.Text, nullable=False),
        sa.Column("watermark", sa.Text),
        sa.Column("api_calls", sa.BigInteger, nullable=False),
        sa.Column("taken_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_snapshots"),
    )
    op.create_index("ix_snapshots_side_object_sequence", "snapshots", ["side", "object", "sequence"], unique=True)


def _ledger() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("plan_id", sa.Text),
        sa.Column("digest", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("books", sa.Text),
        sa.Column("acknowledged", sa.Text),
        sa.Column("started_at", sa.Text, nullable=False),
        sa.Column("finished_at", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_plan_id", "runs", ["plan_id"])
    texts = ("keva_id", "sf_id")
    op.create_table(
        "entries",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("object", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in texts),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("direction", "operation", "changes", "status")),
        sa.Column("created", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("code", "side_code", "message", "returned")),
        sa.Column("planned_at", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("sent_at", "finished_at")),
        sa.PrimaryKeyConstraint("key", name="pk_entries"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_entries"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_entries_run_id_status", "entries", ["run_id", "status"])
    for name in texts:
        op.create_index(f"ix_entries_{name}", "entries", [name])
    op.create_table(
        "jobs",
        sa.Column("key", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("run_id", "object", "operation", "batch")),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("job_id", "external_id")),
        sa.Column("create", sa.Boolean, nullable=False),
        sa.Column("changed_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_jobs"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_jobs"),
    )
    op.create_index("ix_jobs_run_id_state", "jobs", ["run_id", "state"])


def _decisions_and_secrets() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("at", "who", "what")),
        sa.Column("subject", sa.Text),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_what_subject", "decisions", ["what", "subject"])
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("changed_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_secrets"),
    )
