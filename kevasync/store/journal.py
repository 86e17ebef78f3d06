"""What an endpoint writes down before and while it sends, so that a killed run knows what may have left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from kevasync.endpoint import JobNote
from kevasync.store.state import State, now
from kevasync.store.tables import jobs

__all__ = ["RunJournal"]

_CLOSED = ("collected", "aborted")


class RunJournal:
    """The journal of one run; an `endpoint.Journal`."""

    def __init__(self, state: State, run_id: str) -> None:
        self._state = state
        self._run_id = run_id

    def sending(self, keys: Sequence[str]) -> None:
        """Mark these entries `sent`: from here until a result is recorded their outcome is unknown."""
        sql = "UPDATE entries SET status = 'sent', sent_at = ? WHERE key = ? AND run_id = ? AND status <> 'applied'"
        moment = now()
        with self._state.write() as connection:
            self._state.run_many(connection, sql, ((moment, key, self._run_id) for key in keys))

    def job(self, note: JobNote) -> None:
        """Insert or update the bulk job by `note.key`."""
        values = {
            "run_id": self._run_id,
            "object": note.object,
            "operation": note.operation,
            "batch": str(note.batch),
            "rows": note.rows,
            "state": note.state,
            "job_id": note.job_id,
            "external_id": note.external_id,
            "create": note.create,
            "changed_at": now(),
        }
        with self._state.write() as connection:
            if not connection.execute(jobs.update().where(jobs.c.key == note.key).values(values)).rowcount:
                connection.execute(jobs.insert().values(key=note.key, **values))

    def jobs(self) -> list[JobNote]:
        """All jobs of this run, in the order of their keys."""
        return self._notes(sa.true())

    def open_jobs(self) -> list[JobNote]:
        """Jobs of this run that are neither collected nor aborted."""
        return self._notes(jobs.c.state.not_in(_CLOSED))

    def _notes(self, condition: sa.ColumnElement[bool]) -> list[JobNote]:
        query = sa.select(jobs).where(jobs.c.run_id == self._run_id, condition).order_by(jobs.c.key)
        with self._state.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            JobNote(
                key=row["key"],
                object=row["object"],
                operation=row["operation"],
                batch=Path(row["batch"]),
                rows=row["rows"],
                state=row["state"],
                job_id=row["job_id"],
                external_id=row["external_id"],
                create=bool(row["create"]),
            )
            for row in rows
        ]
