"""One run of a plan: its entries in DuckDB and in the ledger, side by side, and how results are kept.

Tables on the connection, made by `open_run`: `chosen` (the plan's records that this run answers for), `entries` (one
row an attempted write, a mirror of the ledger) and `planned` (one row an entry and field: old and new).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from kevasync.endpoint import Endpoint, Failure, JobNote, Journal, Progress, Selection, Stop, WriteOutcome, WriteResult
from kevasync.errors import RunError
from kevasync.mapping.definition import ObjectMapping
from kevasync.records import Direction, Side
from kevasync.store.base import Base
from kevasync.store.ledger import Ledger
from kevasync.store.links import Links
from kevasync.store.snapshots import Snapshots
from kevasync.sync.plan import Plan
from kevasync.values import FieldKind, quote_identifier, quote_literal

__all__ = ["DELETED", "Run", "Stores", "connection", "direction_to", "long_form"]

DELETED = "_deleted"
"""The field under which an undo plan says that a record is to be deleted: old null, new `true`."""

_BY_ID = 10_000  # above this many records, reading all that moved since the plan's snapshot is cheaper


@dataclass(frozen=True, slots=True)
class Stores:
    """The parts of the state that a run reads and writes."""

    links: Links
    base: Base
    ledger: Ledger
    snapshots: Snapshots | None = None


@contextmanager
def connection(con: duckdb.DuckDBPyConnection | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with temporary tables of its own: a cursor of the caller's, so that names cannot meet."""
    with duckdb.connect() if con is None else con.cursor() as own:
        yield own


def direction_to(side: Side) -> Direction:
    """The direction of the changes that are written to this side."""
    return Direction.TO_CRM if side is Side.SALESFORCE else Direction.FROM_CRM


@dataclass(frozen=True, slots=True)
class Reading:
    """How records were read: `exact` says that a record not found is gone, not merely unmoved; `missing` fields."""

    exact: bool
    missing: tuple[str, ...]


@dataclass(slots=True)
class Run:
    """What every step of a run needs: who writes, where to, and what is remembered."""

    id: str
    kind: str
    started: str
    plan: Plan
    mapping: ObjectMapping
    endpoints: Mapping[Side, Endpoint]
    stores: Stores
    folder: Path
    con: duckdb.DuckDBPyConnection
    progress: Progress
    stop: Stop

    @property
    def object(self) -> str:
        """The name under which links and base are kept."""
        return self.mapping.name

    def object_on(self, side: Side) -> str:
        """What the side calls the object."""
        return self.mapping.salesforce if side is Side.SALESFORCE else self.mapping.name

    def journal(self, side: Side) -> Journal:
        """What the side's endpoint is handed: the run's journal, with the jobs of that side only."""
        return _SideJournal(self.stores.ledger.journal(self.id), self.object_on(side))

    def kinds(self, side: Side) -> dict[str, FieldKind]:
        """The kind of each field of the mapping, by the side's own name."""
        if side is Side.KEVA:
            return {field.keva: field.kind for field in self.mapping.fields}
        return {name: field.kind for field in self.mapping.fields for name in field.salesforce}

    def count(self, condition: str) -> int:
        """How many entries meet an SQL condition."""
        return self.number(f"select count(*) from entries where {condition}")  # noqa: S608 conditions are ours

    def number(self, query: str) -> int:
        """The single number that a query answers."""
        rows = self.con.execute(query).fetchall()
        return int(rows[0][0] or 0)

    def column(self, query: str) -> list[str]:
        """The single column that a query answers."""
        return [str(row[0]) for row in self.con.execute(query).fetchall()]

    def table(self, query: str) -> pa.Table:
        """The rows that a query answers, as Arrow."""
        return self.con.sql(query).to_arrow_table()

    def load(self, name: str, table: pa.Table) -> None:
        """Copy an Arrow table into a temporary DuckDB table of that name."""
        self.con.register("loading", table)
        self.con.execute(f"create or replace temp table {name} as select * from loading")  # noqa: S608 our own names
        self.con.unregister("loading")

    def settle(self, query: str, side: Side = Side.SALESFORCE) -> int:
        """Give entries a new status, here and in the ledger; `query` answers key, id, status, code, message.

        `id`, where not null, is the id that the record has on `side`.
        """
        self.con.execute(f"create or replace temp table settled as {query}")
        own = "sf_id" if side is Side.SALESFORCE else "keva_id"
        table = self.table(f"select key, id as {own}, status, code, message from settled")  # noqa: S608 ours
        if table.num_rows:
            self.stores.ledger.settle_rows(self.id, table)
            self.con.execute(
                f"""update entries set status = settled.status, code = settled.code, message = settled.message,
                {own} = coalesce(settled.id, entries.{own}) from settled where settled.key = entries.key"""  # noqa: S608 ours
            )
        return int(table.num_rows)

    def keep(self, side: Side, results: Sequence[WriteResult]) -> None:
        """Remember answers: links of created records first, then the ledger, so that a kill between loses nothing."""
        if not results:
            return
        self.load("answers", _answers(results))
        own, other = ("keva_id", "sf_id") if side is Side.KEVA else ("sf_id", "keva_id")
        links = self.table(
            f"""select key, entries.{other} as {other}, answers.id as {own}, 'created' as how
            from answers join entries using (key)
            where operation = 'create' and answers.status = 'applied' and answers.id is not null"""  # noqa: S608 ours
        )
        taken = set(self.link(links))
        if taken:  # written all the same; the next plan lists the record as ambiguous
            why = Failure("link-taken", "", "another link holds this record already")
            results = [replace(item, failure=why) if item.key in taken else item for item in results]
            self.load("answers", _answers(results))
        self.stores.ledger.record(self.id, results)
        self.con.execute(
            f"""update entries set status = answers.status, code = answers.code, message = answers.message,
            returned = answers.returned, {own} = coalesce(entries.{own}, answers.id)
            from answers where answers.key = entries.key"""  # noqa: S608 ours
        )

    def link(self, rows: pa.Table, *, replace: bool = False) -> list[str]:
        """Save links (key, keva_id, sf_id, how); answers the keys of those whose record another link already holds."""
        try:
            self.stores.links.save(self.object, rows.drop(["key"]), self.id, replace=replace)
        except RunError as error:
            if error.code != "link-taken":
                raise
            if rows.num_rows == 1:
                return [str(rows["key"][0])]
            return [key for number in range(rows.num_rows) for key in self.link(rows.slice(number, 1), replace=replace)]
        return []

    def read(self, side: Side, name: str, fields: Sequence[str], ids: Sequence[str]) -> Reading:
        """Make the table `name` of what the side holds now of these records: `_id`, `_modified`, `_deleted`, fields.

        Above 10,000 records all that moved since the plan's snapshot is read instead, where it has a watermark.
        """
        watermark = self.snapshot(side).get("watermark")
        exact = len(ids) <= _BY_ID or watermark is None
        selection = Selection(ids=tuple(ids)) if exact else Selection(since=str(watermark))
        return Reading(exact, self.read_selection(side, name, fields, selection))

    def read_selection(self, side: Side, name: str, fields: Sequence[str], selection: Selection) -> tuple[str, ...]:
        """Make the table `name` of a selection; answers the fields that the side lacks, which are null."""
        into = self.folder / "read" / name
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        parts: list[str] = []
        missing: tuple[str, ...] = ()
        if selection.ids != () and not (selection.match and not selection.match[1]):
            extracted = self.endpoints[side].extract(self.object_on(side), fields, into, selection, self.progress)
            parts, missing = [str(part) for part in extracted.parts], extracted.missing
        columns = "".join(f", null::varchar as {quote_identifier(field)}" for field in fields)
        empty = f"""select null::varchar as _id, null::varchar as _modified, null::boolean as _deleted,
            null::varchar[] as _absent{columns} where false"""
        found = "union all by name select * from read_parquet($parts, union_by_name = true)" if parts else ""
        self.con.execute(f"create or replace temp table {name} as {empty} {found}", {"parts": parts} if parts else None)
        shutil.rmtree(into, ignore_errors=True)
        return missing

    def snapshot(self, side: Side) -> Mapping[str, Any]:
        """What the manifest says of the snapshot the plan was made from: `ids`, `watermark`; empty if nothing."""
        snapshot = self.plan.manifest.get("snapshots", {}).get(str(side))
        return snapshot if isinstance(snapshot, Mapping) else {}


@dataclass(frozen=True, slots=True)
class _SideJournal:
    journal: Journal
    object: str

    def sending(self, keys: Sequence[str]) -> None:
        self.journal.sending(keys)

    def job(self, note: JobNote) -> None:
        self.journal.job(note)

    def open_jobs(self) -> Sequence[JobNote]:
        return [note for note in self.journal.open_jobs() if note.object == self.object]


def long_form(name: str, fields: Sequence[str]) -> str:
    """SQL that turns a wide view into rows: `_id`, field, value."""
    pairs = ", ".join(f"{{field: {quote_literal(field)}, value: {quote_identifier(field)}}}" for field in fields)
    return f"select _id, unnest([{pairs}], recursive := true) from {name}"  # noqa: S608 names are quoted


def _answers(results: Sequence[WriteResult]) -> pa.Table:
    return pa.table(
        {
            "key": pa.array([item.key for item in results], pa.string()),
            "id": pa.array([item.id for item in results], pa.string()),
            "status": pa.array([str(item.outcome) for item in results], pa.string()),
            "code": pa.array([item.failure.code if item.failure else None for item in results], pa.string()),
            "message": pa.array([_message(item) for item in results], pa.string()),
            "returned": pa.array(
                [None if item.returned is None else json.dumps(dict(item.returned)) for item in results], pa.string()
            ),
        }
    )


def _message(result: WriteResult) -> str | None:
    if result.failure is not None:
        return f"{result.failure.side_code} {result.failure.message}".strip()
    return "no answer came" if result.outcome is WriteOutcome.UNKNOWN else None
