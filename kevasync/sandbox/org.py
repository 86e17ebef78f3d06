"""The sandbox org: objects, records and queries of one Salesforce org, kept in SQLite; REST and Bulk stand on it."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kevasync.sandbox import describing
from kevasync.sandbox.answers import ApiError, RowResult, not_found
from kevasync.sandbox.counters import Counters
from kevasync.sandbox.database import Database, quoted
from kevasync.sandbox.dml import Write, settle_all_or_none
from kevasync.sandbox.ids import make_id
from kevasync.sandbox.query import QueryResult, record_by_id, run_query
from kevasync.sandbox.rules import folded
from kevasync.sandbox.schema import FieldSpec, ObjectSpec, Schema, load_schema
from kevasync.sandbox.soql_sql import condition_sql

__all__ = ["ApiError", "Org", "QueryResult", "RowResult"]

_POD = "5i"
Row = Mapping[str, Any]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _stored(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:23] + "Z"


class _RolledBackError(Exception):
    def __init__(self, results: list[RowResult]) -> None:
        super().__init__()
        self.results = results


class Org:
    """One Salesforce org. Every method may be called from any thread; writes queue behind one lock."""

    pod = _POD

    def __init__(self, database: Database, schema: Schema) -> None:
        self.database, self.full_schema = database, schema
        self._stamp_lock = threading.Lock()
        self._last_stamp = ""
        database.build(schema)
        self._settings: dict[str, Any] = {}
        self.schema = schema
        self._identify()
        self.set_setting("permissions", self.setting("permissions", {}))
        self.counters = Counters(self)
        self._check_rules()

    @classmethod
    def open(cls, path: Path | None, *, schema_file: Path | None = None, stock: bool = False) -> Org:
        """Open the org in this file, making it when there is none; None makes one that goes with `close()`.

        Args:
            path: The SQLite file.
            schema_file: TOML with further fields (`[Contact.Region__c]`) and rules (`[[Contact.validation]]`).
            stock: Leave out Keva's custom fields.

        Raises:
            ValueError: the schema file names an object the org has not, has a field without a type, or a rule
                that cannot be read.
        """
        schema = load_schema(schema_file, stock=stock)
        return cls(Database(path), schema)

    def close(self) -> None:
        """Save the counters and close the file."""
        self.counters.save()
        self.database.close()

    def _identify(self) -> None:
        if self.setting("org_id") is None:
            seed = 1_000_000 + secrets.randbelow(60_000_000)
            self.set_setting("org_id", make_id("00D", _POD, seed))
            self.set_setting("user_id", make_id("005", _POD, seed))
            self.set_setting("username", f"integration@{self.setting('org_id')[8:15].lower()}.example.com")
        self.org_id: str = self.setting("org_id")
        self.user_id: str = self.setting("user_id")
        self.username: str = self.setting("username")
        digest = hashlib.sha256(repr(self.full_schema).encode()).hexdigest()
        if self.setting("schema_digest") != digest:
            self.set_setting("schema_digest", digest)
            self.set_setting("schema_changed", _stored(_now()))
        with self.database.write() as con:
            self._last_stamp = max(
                con.execute(f"SELECT coalesce(max(SystemModstamp), '') FROM {quoted(spec.name)}").fetchone()[0]  # noqa: S608 names of the schema
                for spec in self.full_schema.objects.values()
            )
            if con.execute('SELECT count(*) FROM "User"').fetchone()[0] == 0:
                describing.fill_identity(con, self, self.next_stamp())

    def _check_rules(self) -> None:
        for spec in self.full_schema.objects.values():
            for rule in spec.rules:
                try:
                    condition_sql(self, spec, rule.when)
                except ApiError as error:
                    self.database.close()
                    raise ValueError(f"validation rule {spec.name}.{rule.name}: {error.message.strip()}") from None

    # -- settings ---------------------------------------------------------------------------------------------------

    def setting(self, name: str, default: Any = None) -> Any:
        """A value kept with the org (JSON), or the default.

        Known to the core: `permissions`, `duplicate_rule`, `read_only_records` (ids this user sees but may not edit).
        """
        if name not in self._settings:
            self._settings[name] = self.database.setting(name)
        value = self._settings[name]
        return default if value is None else value

    def set_setting(self, name: str, value: Any) -> None:
        """Keep a JSON value with the org."""
        self.database.set_setting(name, value)
        self._settings[name] = value
        if name == "permissions":
            self.schema = self.full_schema.restricted_to(value or {})

    def next_stamp(self) -> str:
        """A moment later than every earlier one, in milliseconds: `2026-11-02T10:00:00.000Z`."""
        with self._stamp_lock:
            stamp = _stored(_now())
            if stamp <= self._last_stamp:
                last = dt.datetime.fromisoformat(self._last_stamp)
                stamp = _stored(last + dt.timedelta(milliseconds=1))
            self._last_stamp = stamp
            return stamp

    def last_number(self, con: Any, spec: ObjectSpec) -> int:
        """The number of the newest record ever made of this object."""
        row = con.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (spec.name,)).fetchone()
        return 1000 if row is None else max(1000, row[0])

    # -- discovery --------------------------------------------------------------------------------------------------

    def objects(self) -> list[str]:
        """The names of all objects this user sees."""
        return [spec.name for spec in self.schema.objects.values()]

    def spec(self, name: str) -> ObjectSpec:
        """The object of this name in any casing.

        Raises:
            ApiError: NOT_FOUND (404) where the org, or this user, has no such object.
        """
        found = self.schema.get(name)
        if found is None:
            raise not_found()
        return found

    def describe(self, name: str, version: str = "68.0") -> dict[str, Any]:
        """Salesforce's describe of one object."""
        return describing.describe(self.schema, self.spec(name), version)

    def global_describe(self, version: str = "68.0") -> dict[str, Any]:
        """Salesforce's list of all objects."""
        specs = self.schema.objects.values()
        return {
            "encoding": "UTF-8",
            "maxBatchSize": 200,
            "sobjects": [describing.summary(spec, version) for spec in specs],
        }

    # -- writing ----------------------------------------------------------------------------------------------------

    def create_many(
        self, name: str, rows: Sequence[Row], *, all_or_none: bool = False, text: bool = False, allow_save: bool = False
    ) -> list[RowResult]:
        """Create one record a row; results in the order of the rows.

        Args:
            name: The object.
            rows: Values by field name; JSON values, or text when `text`.
            all_or_none: Write nothing when one row fails.
            text: The values come from CSV, so errors about types read as Bulk API words them.
            allow_save: Get past duplicate rules that only alert.
        """
        return self._write(name, lambda call: call.create(rows), all_or_none, text, allow_save)

    def update_many(
        self, name: str, rows: Sequence[Row], *, all_or_none: bool = False, text: bool = False, allow_save: bool = False
    ) -> list[RowResult]:
        """Change the given fields of the records that the rows name by `Id` (15 or 18 characters)."""
        return self._write(name, lambda call: call.update(rows), all_or_none, text, allow_save)

    def upsert_many(
        self,
        name: str,
        external_field: str,
        rows: Sequence[Row],
        *,
        all_or_none: bool = False,
        text: bool = False,
        allow_save: bool = False,
        update_only: bool = False,
    ) -> list[RowResult]:
        """Create or change one record a row, found by an external ID or idLookup field, or by Id."""
        key = self.key_field(name, external_field)

        def act(call: Write) -> list[RowResult]:
            return call.upsert(key, rows, update_only=update_only)

        return self._write(name, act, all_or_none, text, allow_save)

    def delete_many(
        self, name: str, ids: Sequence[str], *, all_or_none: bool = False, hard: bool = False
    ) -> list[RowResult]:
        """Move the records to the recycle bin, or with `hard` remove them for good."""
        return self._write(name, lambda call: call.delete(ids, hard=hard), all_or_none, text=False, allow_save=True)

    def merge_records(
        self, name: str, master_id: str, loser_ids: Sequence[str], values: Row | None = None
    ) -> tuple[str, list[str]]:
        """Merge in one transaction: values to the master, children to the master, losers deleted with MasterRecordId.

        Answers (the master's id, the ids of the children that moved); `values` are text, None clears.

        Raises:
            ApiError: one of the records is not there, deleted, of another object or not to be written, or a value is
                refused.
        """
        self._refuse_read_only(self.spec(name))
        with self.database.write() as con:
            return Write(self, con, self.spec(name), text=True, allow_save=True).merge(master_id, loser_ids, values)

    def key_field(self, name: str, external_field: str) -> FieldSpec:
        """The field records may be found by.

        Raises:
            ApiError: NOT_FOUND where the object has no such field or it is no external ID.
        """
        found = self.spec(name).field(external_field)
        if found is None or not found.is_key:
            message = f"Provided external ID field does not exist or is not accessible: {external_field}"
            raise ApiError("NOT_FOUND", message, status=404)
        return found

    def _write(
        self,
        name: str,
        act: Callable[[Write], list[RowResult]],
        all_or_none: bool,
        text: bool,
        allow_save: bool,
    ) -> list[RowResult]:
        spec = self.spec(name)
        self._refuse_read_only(spec)
        try:
            with self.database.write() as con:
                results = act(Write(self, con, spec, text=text, allow_save=allow_save))
                if all_or_none and any(result.errors for result in results):
                    raise _RolledBackError(results)  # noqa: TRY301 leaves the transaction
        except _RolledBackError as failed:
            return settle_all_or_none(failed.results)
        return results

    def _refuse_read_only(self, spec: ObjectSpec) -> None:
        if not spec.read_only:
            return
        if self.full_schema.objects[spec.name.lower()].read_only:
            message = f"entity type cannot be written: {spec.name}"
            raise ApiError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, about_record=True)
        message = "insufficient access rights on object id"
        raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", message, status=403, about_record=True)

    # -- reading ----------------------------------------------------------------------------------------------------

    def get(
        self, name: str, record_id: str, fields: Sequence[str] | None = None, version: str = "68.0"
    ) -> dict[str, Any]:
        """One record in REST form, with all fields or the named ones.

        Raises:
            ApiError: NOT_FOUND for a record that is not there or deleted; INVALID_FIELD for an unknown field.
        """
        return record_by_id(self, self.spec(name), record_id, fields, version)

    def find_by(self, name: str, external_field: str, value: Any) -> list[str]:
        """The ids of the live records with this key value, oldest first."""
        spec, key = self.spec(name), self.key_field(name, external_field)
        with self.database.read() as con:
            call = Write(self, con, spec, text=True, allow_save=True)
            try:
                wanted = call.key_value(key, value)
            except ApiError:
                return []  # no record can have it
            return call.find(key, [wanted]).get(folded(wanted), [])

    def updated(self, name: str, start: dt.datetime, end: dt.datetime) -> list[str]:
        """The ids of the live records last touched in [start, end)."""
        return [row[0] for row in self._touched(name, start, end, deleted=False)]

    def deleted(self, name: str, start: dt.datetime, end: dt.datetime) -> list[tuple[str, str]]:
        """Id and time (stored form) of the records deleted in [start, end)."""
        return self._touched(name, start, end, deleted=True)

    def _touched(self, name: str, start: dt.datetime, end: dt.datetime, *, deleted: bool) -> list[tuple[str, str]]:
        spec = self.spec(name)
        with self.database.read() as con:
            return con.execute(
                f"SELECT Id, SystemModstamp FROM {quoted(spec.name)} WHERE IsDeleted = ?"  # noqa: S608 names of the schema
                " AND SystemModstamp >= ? AND SystemModstamp < ? ORDER BY SystemModstamp, _n",
                (int(deleted), _stored(start), _stored(end)),
            ).fetchall()

    def query(self, soql: str, *, all_rows: bool = False) -> QueryResult:
        """Run SOQL; `all_rows` (queryAll) sees deleted and merged records too.

        Raises:
            ApiError: MALFORMED_QUERY, INVALID_TYPE, INVALID_FIELD and their like, with the picture of the place.
        """
        return run_query(self, soql, all_rows=all_rows)
