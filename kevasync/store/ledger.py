"""The ledger: every attempted write of one record, with before-images and outcome. What `log` shows and `undo` reads.

E-mail addresses and telephone numbers stand in `changes`, since undo needs them; they never go from here into a log.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from kevasync.endpoint import Journal, WriteResult
from kevasync.errors import RunError
from kevasync.store.journal import RunJournal
from kevasync.store.runs import Runs
from kevasync.store.state import State, new_id, now
from kevasync.store.tables import entries

__all__ = ["ENTRY_SCHEMA", "STATUSES", "Ledger"]

STATUSES = ("planned", "sent", "applied", "failed", "unknown", "rejected", "skipped")
"""planned: not yet sent · sent: no answer yet · applied, failed, unknown: the answer · rejected: the gate kept it back,
or the record moved since the plan was made (code `stale`) · skipped: the record was as planned already."""

ENTRY_SCHEMA = pa.schema(
    [(column.name, pa.bool_() if column.name == "created" else pa.string()) for column in entries.columns]
)
"""Columns of what `arrow` and `pending` answer: all text but `created`; `changes` is JSON {field: [old, new]}."""

CHANGE_SCHEMA = pa.schema(
    [
        (name, pa.string())
        for name in ("key", "keva_id", "sf_id", "direction", "field", "old", "new", "operation", "status")
    ]
)

_PLANNED = ("key", "object", "keva_id", "sf_id", "direction", "operation", "changes", "status", "code", "message")


class Ledger(Runs):
    """Runs and their entries in a state."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._state = state

    def plan_entries(self, run_id: str, table: pa.Table) -> pa.Table:
        """Enter the writes of a run before the first of them is sent; all or none, in one transaction.

        `table` has object, direction, operation, changes (JSON text {field: [old, new]}), keva_id and sf_id (null where
        not known yet); and, if it likes, key (UUIDv7 text; made here otherwise), status (else `planned`), code and
        message. Answers the table with its keys. Keys that are entered already are left as they are.
        """
        full = _complete(table)
        moment = now()
        columns = (*_PLANNED, "run_id", "created", "planned_at")
        with self._state.write() as connection:
            self._state.insert_many(
                connection,
                "entries",
                columns,
                ((*row, run_id, False, moment) for row in _rows(full)),
                "ON CONFLICT (key) DO NOTHING",
            )
        return full

    def record(self, run_id: str, results: Sequence[WriteResult]) -> None:
        """Enter what became of writes, in one transaction. `applied` is final: a later, lesser answer does not undo it.

        The id of a record just created goes to `sf_id` (to_crm) or `keva_id` (from_crm).

        Raises:
            RunError: `ledger-entry-missing` when a result's key was never entered for this run; nothing is recorded.
        """
        moment = now()
        with self._state.write() as connection:
            touched = self._state.run_many(connection, _RECORD, (_result_row(item, run_id, moment) for item in results))
            if touched != len({item.key for item in results}):
                self._refuse_strangers(connection, run_id, [item.key for item in results])

    def settle(self, run_id: str, keys: Sequence[str], status: str, *, code: str = "", message: str = "") -> None:
        """Give entries that were never sent a final status: `skipped` or `rejected`, with the reason."""
        sql = (
            "UPDATE entries SET status = ?, code = ?, message = ?, finished_at = ?"
            " WHERE key = ? AND run_id = ? AND status = 'planned'"
        )
        moment = now()
        with self._state.write() as connection:
            rows = ((status, code or None, message or None, moment, key, run_id) for key in keys)
            self._state.run_many(connection, sql, rows)

    def settle_rows(self, run_id: str, table: pa.Table) -> None:
        """Give entries the status that a look at the record itself has proved, in one transaction.

        `table` has key, status, code, message and, where the look found it, the record's id (`sf_id` or `keva_id`).
        A status `planned` takes back a `sent`: the record shows that it never arrived. `applied` is final here too.
        """
        own = "keva_id" if "keva_id" in table.column_names else "sf_id"
        sql = (
            f"UPDATE entries SET status = ?, code = ?, message = ?, {own} = coalesce(?, {own}), finished_at = ?"  # noqa: S608 ours
            " WHERE key = ? AND run_id = ? AND status <> 'applied'"
        )
        moment = now()
        names = ("status", "code", "message", own, "key")
        with self._state.write() as connection:
            rows = (
                (status, code, message, identity, None if status == "planned" else moment, key, run_id)
                for status, code, message, identity, key in zip(
                    *(table[name].to_pylist() for name in names), strict=True
                )
            )
            self._state.run_many(connection, sql, rows)

    def pending(self, run_id: str) -> pa.Table:
        """Entries of a run that have no sure outcome yet: planned, sent, unknown. In the order they were entered."""
        return self.arrow(run_id=run_id, status=("planned", "sent", "unknown"))

    def counts(self, run_id: str) -> dict[str, int]:
        """Entries of a run by status."""
        query = sa.select(entries.c.status, sa.func.count()).where(entries.c.run_id == run_id)
        with self._state.read() as connection:
            return {str(row[0]): int(row[1]) for row in connection.execute(query.group_by(entries.c.status))}

    def arrow(
        self,
        *,
        run_id: str | None = None,
        customer: str | None = None,
        record: str | None = None,
        object_name: str | None = None,
        status: str | Sequence[str] | None = None,
        limit: int | None = None,
    ) -> pa.Table:
        """Entries that fit all conditions given: `customer` is a Keva id, `record` a Salesforce id.

        Oldest first; with `limit`, the latest so many. Columns: `ENTRY_SCHEMA`.
        """
        query = sa.select(entries)
        conditions = {"run_id": run_id, "keva_id": customer, "sf_id": record, "object": object_name}
        for column, value in conditions.items():
            if value is not None:
                query = query.where(entries.c[column] == value)
        if status is not None:
            query = query.where(entries.c.status.in_([status] if isinstance(status, str) else list(status)))
        if limit is not None:
            query = query.where(entries.c.key.in_(_last_keys(query, limit)))
        return self._state.arrow(query.order_by(entries.c.key), schema=ENTRY_SCHEMA)

    def run_changes(self, run_id: str) -> pa.Table:
        """The changes of a run, one row a field, so that an undo can be planned; an entry without changes gives no row.

        Columns: key, keva_id, sf_id, direction, field, old, new, operation, status; all text, null is null.
        """
        table = self.arrow(run_id=run_id)
        with duckdb.connect() as con:
            con.register("entries", table)
            rows: pa.Table = con.sql(_EXPLODE).to_arrow_table()
        return rows.cast(CHANGE_SCHEMA)

    def journal(self, run_id: str) -> RunJournal:
        """What an endpoint is handed while it writes for this run."""
        return RunJournal(self._state, run_id)

    def _refuse_strangers(self, connection: sa.Connection, run_id: str, keys: Sequence[str]) -> None:
        for key in keys:
            query = sa.select(entries.c.key).where(entries.c.key == key, entries.c.run_id == run_id)
            if connection.execute(query).first() is None:
                raise RunError("ledger-entry-missing", f"An answer came for {key}, which run {run_id} did not enter.")


def _check_protocol(journal: RunJournal) -> Journal:
    return journal


_RECORD = (
    "UPDATE entries SET status = ?, created = ?, code = ?, side_code = ?, message = ?, returned = ?, finished_at = ?,"
    " sf_id = CASE WHEN direction = 'to_crm' THEN coalesce(?, sf_id) ELSE sf_id END,"
    " keva_id = CASE WHEN direction = 'from_crm' THEN coalesce(?, keva_id) ELSE keva_id END"
    " WHERE key = ? AND run_id = ? AND (status <> 'applied' OR ? = 'applied')"
)

_EXPLODE = """
WITH exploded AS (
    SELECT *, unnest(map_entries(json_transform(changes, '"MAP(VARCHAR, VARCHAR[])"'))) AS change
    FROM entries
)
SELECT key, keva_id, sf_id, direction, change.key AS field, change.value[1] AS old, change.value[2] AS new,
       operation, status
FROM exploded ORDER BY ALL
"""


def _result_row(item: WriteResult, run_id: str, moment: str) -> tuple[Any, ...]:
    failure = item.failure
    returned = None if item.returned is None else json.dumps(dict(item.returned), ensure_ascii=False)
    status = item.outcome.value
    reason = (failure.code, failure.side_code, failure.message) if failure else (None, None, None)
    return (status, item.created, *reason, returned, moment, item.id, item.id, item.key, run_id, status)


def _complete(table: pa.Table) -> pa.Table:
    defaults: Mapping[str, str | None] = {
        "keva_id": None,
        "sf_id": None,
        "status": "planned",
        "code": None,
        "message": None,
    }
    columns = []
    for name in _PLANNED:
        if name in table.column_names:
            columns.append(table[name].cast(pa.string()))
        elif name == "key":
            columns.append(pa.array([new_id() for _ in range(table.num_rows)], pa.string()))
        else:
            columns.append(pa.repeat(pa.scalar(defaults[name], pa.string()), table.num_rows))
    full = pa.table(columns, names=list(_PLANNED))
    strange = [value for value in pc.unique(full["status"]).to_pylist() if value not in STATUSES]
    if strange:
        raise ValueError(f"no such status: {strange[0]}")
    return full


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    for batch in table.to_batches(max_chunksize=20_000):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _last_keys(query: sa.Select[Any], limit: int) -> sa.Select[Any]:
    latest = query.with_only_columns(entries.c.key).order_by(entries.c.key.desc()).limit(limit).subquery()
    return sa.select(latest.c.key)
