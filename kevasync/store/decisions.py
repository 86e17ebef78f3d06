"""Decisions of people: who decided what, when. Added to, never changed; the latest on a subject holds."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from kevasync.store.state import State, new_id, now
from kevasync.store.tables import decisions

__all__ = ["Decision", "Decisions", "current_user"]


def current_user() -> str:
    """Who decides here: KEVASYNC_USER, else the user signed in to this machine."""
    try:
        return os.environ.get("KEVASYNC_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"user {os.getuid()}"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: its kind (`what`: mapping, merge, conflict), what it is about (`subject`), the rest (`detail`)."""

    id: str
    at: str
    who: str
    what: str
    subject: str | None
    detail: Mapping[str, Any]


class Decisions:
    """All decisions of a state, in the order in which they were made."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, who: str, what: str, detail: Mapping[str, Any], *, subject: str | None = None) -> Decision:
        """Record one decision; it is on disk when this returns."""
        return self.add_all(who, what, [(subject, detail)])[0]

    def add_all(self, who: str, what: str, items: Iterable[tuple[str | None, Mapping[str, Any]]]) -> list[Decision]:
        """Record several decisions (subject, detail) in one transaction."""
        with self._state.write() as connection:
            return self._insert(connection, who, what, items)

    def add_after(
        self,
        who: str,
        what: str,
        choose: Callable[[list[Decision]], Iterable[tuple[str | None, Mapping[str, Any]]]],
    ) -> list[Decision]:
        """Record what `choose` makes of the decisions of this kind so far; no other such call comes between."""
        with self._state.write() as connection:
            self._state.next_sequence(connection, f"decisions {what}")  # on Postgres: one after another
            query = sa.select(decisions).where(decisions.c.what == what).order_by(decisions.c.id)
            return self._insert(connection, who, what, choose(_read(connection, query)))

    def _insert(
        self, connection: Connection, who: str, what: str, items: Iterable[tuple[str | None, Mapping[str, Any]]]
    ) -> list[Decision]:
        moment = now()  # ids are made inside the transaction: their order is the order of the commits
        made = [Decision(new_id(), moment, who, what, subject, dict(detail)) for subject, detail in items]
        rows = (
            (item.id, moment, who, what, item.subject, json.dumps(item.detail, ensure_ascii=False)) for item in made
        )
        columns = ("id", "at", "who", "what", "subject", "detail")
        self._state.insert_many(connection, "decisions", columns, rows)
        return made

    def list(self, *, what: str | None = None, subject: str | None = None) -> list[Decision]:
        """Decisions of a kind or on a subject, oldest first; undone ones too, since undoing is a decision."""
        query = sa.select(decisions).order_by(decisions.c.id)
        if what is not None:
            query = query.where(decisions.c.what == what)
        if subject is not None:
            query = query.where(decisions.c.subject == subject)
        with self._state.read() as connection:
            return _read(connection, query)

    def latest(self, what: str) -> dict[str, Decision]:
        """What holds now: the last decision on each subject of a kind."""
        return {item.subject: item for item in self.list(what=what) if item.subject is not None}


def _read(connection: Connection, query: sa.Select[Any]) -> list[Decision]:
    rows = connection.execute(query).all()
    return [Decision(row.id, row.at, row.who, row.what, row.subject, json.loads(row.detail)) for row in rows]
