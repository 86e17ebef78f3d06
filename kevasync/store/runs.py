"""Runs: what was started, how it ended, its books; and the lock-out after a run whose outcome nobody knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from kevasync.errors import Refused, UsageError
from kevasync.store.state import State, new_id, now
from kevasync.store.tables import entries, runs

__all__ = ["OPEN", "WRITING_KINDS", "Run", "Runs"]

OPEN = "running"
"""The status of a run that has begun and not finished: alive, or killed."""

WRITING_KINDS = ("apply", "undo", "merge")
"""Kinds of run that lock each other out. Single records (the service) go by their own lease instead."""

UNSURE = ("sent", "unknown")
"""Statuses of entries that may or may not have happened on the other side."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `books` are its counts once it ended; times are ISO 8601 UTC."""

    id: str
    kind: str
    plan_id: str | None
    digest: str | None
    status: str
    books: Mapping[str, Any] | None
    acknowledged: str | None
    started_at: str
    finished_at: str | None

    @property
    def is_open(self) -> bool:
        """True from start to finish; a killed run stays open until it is resumed or acknowledged."""
        return self.status == OPEN


class Runs:
    """The runs of a state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def start_run(self, kind: str, plan_id: str | None = None, digest: str | None = None, *, check: bool = True) -> str:
        """Begin a run and answer its id (UUIDv7 text).

        Raises:
            Refused: `run-unresolved` where a writing run before it was killed or has rows of unknown outcome; resume
                or acknowledge that one first, or pass `check=False`.
        """
        run_id = new_id()
        with self._state.write() as connection:
            if check and kind in WRITING_KINDS:
                _refuse_if_unresolved(connection)
            connection.execute(
                runs.insert().values(
                    id=run_id, kind=kind, plan_id=plan_id, digest=digest, status=OPEN, started_at=now()
                )
            )
        return run_id

    def finish_run(self, run_id: str, status: str, books: Mapping[str, Any] | None = None) -> None:
        """End a run with a status (`done`, `failed`, `interrupted`, `unknown` …) and its books."""
        text = None if books is None else json.dumps(books, ensure_ascii=False)
        with self._state.write() as connection:
            connection.execute(
                runs.update().where(runs.c.id == run_id).values(status=status, books=text, finished_at=now())
            )

    def reopen_run(self, run_id: str) -> None:
        """Take up a run again, to resume it."""
        with self._state.write() as connection:
            connection.execute(
                runs.update().where(runs.c.id == run_id).values(status=OPEN, finished_at=None, acknowledged=None)
            )

    def acknowledge(self, run_id: str, who: str) -> None:
        """Somebody has looked at a run of unknown outcome: it locks out no other; its entries stay as they are."""
        with self._state.write() as connection:
            values = {"acknowledged": f"{now()} {who}"}
            connection.execute(runs.update().where(runs.c.id == run_id).values(values))
            killed = runs.update().where(runs.c.id == run_id, runs.c.status == OPEN)
            connection.execute(killed.values(status="unknown", finished_at=now()))

    def run(self, run_id: str) -> Run:
        """One run, by its id or an unambiguous beginning or end of it.

        Raises:
            UsageError: `run-not-found`.
        """
        text = run_id.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        either = sa.or_(runs.c.id.like(text + "%", escape="\\"), runs.c.id.like("%" + text, escape="\\"))
        with self._state.read() as connection:
            found = connection.execute(sa.select(runs).where(either).limit(2)).all()
        if len(found) != 1 or not run_id:
            raise UsageError("run-not-found", f"{run_id!r} is {'more than one run' if found else 'no run'}.")
        return _run(found[0])

    def last_runs(self, limit: int = 20, *, kind: str | None = None) -> list[Run]:
        """The latest runs, newest first."""
        query = sa.select(runs).order_by(runs.c.id.desc()).limit(limit)
        if kind is not None:
            query = query.where(runs.c.kind == kind)
        with self._state.read() as connection:
            return [_run(row) for row in connection.execute(query)]

    def open_run(self, plan_id: str) -> Run | None:
        """The run of this plan to resume: the last one that did not end, or ended interrupted or with unknown rows."""
        query = sa.select(runs).where(runs.c.plan_id == plan_id).order_by(runs.c.id.desc()).limit(1)
        with self._state.read() as connection:
            row = connection.execute(query).first()
            if row is None:
                return None
            unsettled = row.status in (OPEN, "interrupted", "unknown") or _is_unsure(connection, row.id)
        return _run(row) if unsettled else None

    def unresolved(self) -> list[Run]:
        """Writing runs that were killed or have rows of unknown outcome, and that nobody has acknowledged."""
        with self._state.read() as connection:
            return _unresolved(connection)

    def refuse_if_unresolved(self, *, besides: str | None = None) -> None:
        """Raise Refused `run-unresolved` where `unresolved` finds any run but `besides`."""
        with self._state.read() as connection:
            _refuse_if_unresolved(connection, besides)


def _unresolved(connection: Connection) -> list[Run]:
    query = (
        sa.select(runs)
        .where(
            runs.c.kind.in_(WRITING_KINDS),
            runs.c.acknowledged.is_(None),
            sa.or_(
                runs.c.status.in_([OPEN, "unknown"]),
                sa.exists().where(entries.c.run_id == runs.c.id, entries.c.status.in_(UNSURE)),
            ),
        )
        .order_by(runs.c.id)
    )
    return [_run(row) for row in connection.execute(query)]


def _refuse_if_unresolved(connection: Connection, besides: str | None = None) -> None:
    for run in _unresolved(connection):
        if run.id != besides:
            state = "was not finished" if run.is_open else "has records whose outcome is unknown"
            resume = (f"kevasync apply {run.plan_id}",) if run.plan_id else ()
            raise Refused(
                "run-unresolved",
                f"Run {run.id} ({run.kind}, begun {run.started_at}) {state}.",
                next_steps=(*resume, f"kevasync log --run {run.id}"),
            )


def _is_unsure(connection: Connection, run_id: str) -> bool:
    query = sa.select(entries.c.key).where(entries.c.run_id == run_id, entries.c.status.in_(UNSURE)).limit(1)
    return connection.execute(query).first() is not None


def _run(row: Row[Any]) -> Run:
    values = dict(row._mapping)  # noqa: SLF001 SQLAlchemy's public name for the row as a mapping
    return Run(**{**values, "books": None if values["books"] is None else json.loads(values["books"])})
