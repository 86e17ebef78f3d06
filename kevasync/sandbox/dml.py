"""Writing rows: create, update, upsert, delete and merge, each call one transaction and each row judged on its own."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kevasync.sandbox.answers import ApiError, RowResult
from kevasync.sandbox.database import quoted
from kevasync.sandbox.duplicates import find_duplicates
from kevasync.sandbox.fieldtypes import make_reader
from kevasync.sandbox.ids import make_id, to_15, to_18
from kevasync.sandbox.merging import adopt, raise_first
from kevasync.sandbox.rules import (
    Prepared,
    RowRules,
    entity_is_deleted,
    folded,
    invalid_cross_reference,
    pick,
    rolled_back,
    upsert_error,
)
from kevasync.sandbox.schema import FieldSpec, ObjectSpec
from kevasync.sandbox.soql_sql import condition_sql

if TYPE_CHECKING:
    from kevasync.sandbox.org import Org

__all__ = ["Write", "settle_all_or_none"]


class Write:
    """One write call on one object, inside one transaction; made for the call and thrown away."""

    def __init__(self, org: Org, con: sqlite3.Connection, spec: ObjectSpec, *, text: bool, allow_save: bool) -> None:
        self._org, self._con, self._spec = org, con, spec
        self._text, self._allow_save = text, allow_save
        self._table = quoted(spec.name)
        self._stamp = org.next_stamp()

    def create(self, rows: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        """Create one record a row."""
        rules = RowRules(self._org.schema, self._spec, "create", text=self._text)
        prepared = [rules.prepare(row) for row in rows]
        for row in prepared:
            if row.id is not None and not row.errors:
                message = "cannot specify Id in an insert call"
                row.errors.append(ApiError("INVALID_FIELD_FOR_INSERT_UPDATE", message, ("Id",), about_record=True))
        self._number(prepared)
        self._check_against_data(prepared)
        self._save(prepared, self._insert)
        return [_result(row, created=True) for row in prepared]

    def update(self, rows: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        """Change the given fields of the records named by `Id`."""
        rules = RowRules(self._org.schema, self._spec, "update", text=self._text)
        prepared = [rules.prepare(row) for row in rows]
        self._check_targets(prepared)
        self._check_converted(prepared)
        self._check_against_data(prepared)
        self._save(prepared, self._change)
        return [_result(row) for row in prepared]

    def upsert(self, key: FieldSpec, rows: Sequence[Mapping[str, Any]], *, update_only: bool) -> list[RowResult]:
        """Create or change one record a row, found by the value of `key`."""
        results: list[RowResult | None] = [None] * len(rows)
        creates: list[tuple[int, dict[str, Any]]] = []
        updates: list[tuple[int, dict[str, Any]]] = []
        values, refused = self._key_values(key, rows)
        found = self.find(key, values)
        seen: set[str] = set()
        for at, (row, value) in enumerate(zip(rows, values, strict=True)):
            rest = {name: one for name, one in row.items() if name.lower() != key.name.lower()}
            matches, error = found.get(folded(value), []), refused.get(at) or upsert_error(key, value, seen)
            if error is None and len(matches) > 1:
                shown = ", ".join(map(to_15, matches))
                message = f"{key.name}: more than one record found for external id field: [{shown}]"
                error = ApiError("DUPLICATE_EXTERNAL_ID", message, (key.name,), about_record=True)
            elif error is None and not matches and (update_only or key.type == "id") and value is not None:
                error = invalid_cross_reference(404)
            if error is not None:
                results[at] = RowResult(None, success=False, errors=(error,))
            elif matches:
                updates.append((at, {**rest, "Id": matches[0]}))
            else:
                creates.append((at, rest if key.type == "id" else {**rest, key.name: value}))
        for batch, act in ((creates, self.create), (updates, self.update)):
            for (at, _), result in zip(batch, act([row for _, row in batch]) if batch else (), strict=True):
                results[at] = result
        return [result for result in results if result is not None]

    def delete(self, ids: Sequence[str], *, hard: bool) -> list[RowResult]:
        """Soft-delete the records (and what cascades), or with `hard` remove them for good."""
        prepared = [Prepared(id=one) for one in ids]
        self._check_targets(prepared)
        gone = [row.id for row in prepared if not row.errors]
        if hard:
            self._con.executemany(f"DELETE FROM {self._table} WHERE Id = ?", [(one,) for one in gone])  # noqa: S608 names of the schema
        else:
            self._mark_deleted(self._spec, gone, None)
        return [_result(row) for row in prepared]

    def merge(
        self, master_id: str, loser_ids: Sequence[str], values: Mapping[str, Any] | None = None
    ) -> tuple[str, list[str]]:
        """Set `values` on the master, give it the losers' children, delete the losers with MasterRecordId set.

        Answers the master's id and those of the children that moved. Raises ApiError; the caller rolls back.
        """
        prepared = [Prepared(id=one) for one in (master_id, *loser_ids)]
        self._check_targets(prepared)
        raise_first(prepared)
        master, losers = prepared[0].id, [row.id for row in prepared[1:]]
        if values:
            rules = RowRules(self._org.schema, self._spec, "update", text=self._text)
            changed = [rules.prepare({"Id": master, **values})]
            self._check_against_data(changed)
            raise_first(changed)
            self._save(changed, self._change)
            raise_first(changed)
        moved = adopt(self._org, self._con, self._spec, self._stamp, master, losers)
        self._mark_deleted(self._spec, losers, master)
        self._con.execute(
            f"UPDATE {self._table} SET SystemModstamp = ?, LastModifiedDate = ? WHERE Id = ?",  # noqa: S608 names of the schema
            (self._stamp, self._stamp, master),
        )
        return master, moved

    def _mark_deleted(self, spec: ObjectSpec, ids: Sequence[str], master: str | None) -> None:
        if not ids:
            return
        extra = ", MasterRecordId = ?" if master else ""
        listed = json.dumps(ids)
        self._con.execute(
            f"UPDATE {quoted(spec.name)} SET IsDeleted = 1, SystemModstamp = ?, LastModifiedDate = ?{extra}"  # noqa: S608 names of the schema
            " WHERE Id IN (SELECT value FROM json_each(?))",
            (self._stamp, self._stamp, *([master] if master else []), listed),
        )
        for child in self._org.schema.objects.values():
            for field in child.stored:
                if field.cascade and spec.name in field.reference:
                    orphans = self._con.execute(
                        f"SELECT Id FROM {quoted(child.name)} WHERE IsDeleted = 0"  # noqa: S608 names of the schema
                        f" AND {quoted(field.name)} IN (SELECT value FROM json_each(?))",
                        (listed,),
                    ).fetchall()
                    self._mark_deleted(child, [row[0] for row in orphans], None)

    # -- checks against what is stored ------------------------------------------------------------------------------

    def _number(self, prepared: Iterable[Prepared]) -> None:
        """Give each row that is still good its id and the fields Salesforce fills by itself."""
        number = self._org.last_number(self._con, self._spec)
        system = {
            "CreatedDate": self._stamp, "CreatedById": self._org.user_id, "LastModifiedDate": self._stamp,
            "LastModifiedById": self._org.user_id, "SystemModstamp": self._stamp,
        }  # fmt: skip
        for row in prepared:
            if row.errors:
                continue
            number += 1
            row.id = make_id(self._spec.prefix, self._org.pod, number)
            row.values.update(system, Id=row.id, _n=number)
            if self._spec.field("OwnerId") is not None and row.values.get("OwnerId") is None:
                row.values["OwnerId"] = self._org.user_id

    def _check_targets(self, prepared: Sequence[Prepared]) -> None:
        """Every row must name a record of this object that is there, and name it once."""
        for row in prepared:
            if not row.errors:
                try:
                    row.id = self._target_id(row.id)
                except ApiError as error:
                    row.errors.append(error)
        state = self._states(self._spec, {row.id for row in prepared if not row.errors})
        seen: set[str] = set()
        for row in prepared:
            if row.errors:
                continue
            if row.id not in state:
                row.errors.append(invalid_cross_reference(404))
            elif state[row.id]:
                row.errors.append(entity_is_deleted())
            elif row.id in self._org.setting("read_only_records", ()):
                message = "insufficient access rights on object id"
                row.errors.append(ApiError("INSUFFICIENT_ACCESS_OR_READONLY", message, status=403, about_record=True))
            elif row.id in seen:
                message = f"Duplicate id specified: {row.id}"
                row.errors.append(ApiError("DUPLICATE_VALUE", message, ("Id",), about_record=True))
            else:
                seen.add(row.id)

    def _target_id(self, given: Any) -> str:
        """The 18-character id of a row's target, which must be one of this object."""
        if given is None or not str(given).strip():
            raise ApiError("MISSING_ARGUMENT", "Id not specified in an update call", about_record=True)
        record_id = to_18(str(given).strip())
        if record_id[:3] != self._spec.prefix:
            message = f"{self._spec.label} ID: id value of incorrect type: {record_id}"
            raise ApiError("MALFORMED_ID", message, ("Id",), about_record=True)
        return record_id

    def _check_converted(self, prepared: Sequence[Prepared]) -> None:
        """A Lead that became a Contact can no longer be changed."""
        if self._spec.name != "Lead":
            return
        rows = self._con.execute(
            "SELECT Id FROM Lead WHERE IsConverted = 1 AND Id IN (SELECT value FROM json_each(?))",
            (json.dumps([row.id for row in prepared if not row.errors]),),
        )
        converted = {row[0] for row in rows}
        for row in prepared:
            if row.id in converted and not row.errors:
                message = "cannot reference converted lead"
                row.errors.append(ApiError("CANNOT_UPDATE_CONVERTED_LEAD", message, about_record=True))

    def _states(self, spec: ObjectSpec, ids: set[Any]) -> dict[str, int]:
        """IsDeleted by id, for those of the ids that exist."""
        rows = self._con.execute(
            f"SELECT Id, IsDeleted FROM {quoted(spec.name)} WHERE Id IN (SELECT value FROM json_each(?))",  # noqa: S608 names of the schema
            (json.dumps(list(ids)),),
        )
        return dict(rows.fetchall())

    def _check_against_data(self, prepared: Sequence[Prepared]) -> None:
        self._resolve_parents(prepared)
        self._check_references(prepared)
        for field in self._spec.stored:
            if field.unique:
                self._check_unique(field, prepared)
        if self._org.setting("duplicate_rule", "off") != "off" and self._spec.mergeable:
            find_duplicates(self._org, self._con, self._spec, prepared, allow_save=self._allow_save)

    def _resolve_parents(self, prepared: Sequence[Prepared]) -> None:
        wanted: dict[tuple[str, str], set[Any]] = defaultdict(set)
        for row in prepared:
            for reference, key, value in row.parents:
                wanted[reference.reference[0], key.name].add(value)
        found = {}
        for (parent_name, key_name), values in wanted.items():
            parent = self._org.spec(parent_name)
            other = Write(self._org, self._con, parent, text=self._text, allow_save=True)
            found[parent_name, key_name] = other.find(self._org.key_field(parent_name, key_name), list(values))
        for row in prepared:
            for reference, key, value in row.parents:
                parent_name = reference.reference[0]
                matches = found[parent_name, key.name].get(folded(value), [])
                if len(matches) == 1:
                    row.values[reference.name] = matches[0]
                    continue
                message = f"Foreign key external ID: {value} not found for field {key.name} in entity {parent_name}"
                row.errors.append(ApiError("INVALID_FIELD", message, about_record=True))

    def _check_references(self, prepared: Sequence[Prepared]) -> None:
        for field in self._spec.stored:
            if not field.reference or field.access == "read":
                continue
            ids = {row.values.get(field.name) for row in prepared if not row.errors} - {None, self._org.user_id}
            if not ids:
                continue
            state: dict[str, int] = {}
            for to in field.reference:
                target = self._org.full_schema.get(to)
                state |= self._states(target, ids) if target is not None else {}
            for row in prepared:
                given = row.values.get(field.name)
                if row.errors or given not in ids:
                    continue
                if given not in state:
                    row.errors.append(invalid_cross_reference())
                elif state[given]:
                    row.errors.append(entity_is_deleted())

    def _check_unique(self, field: FieldSpec, prepared: Sequence[Prepared]) -> None:
        rows = [row for row in prepared if not row.errors and row.values.get(field.name) is not None]
        if not rows:
            return
        taken = self.find(field, [row.values[field.name] for row in rows])
        owner = {value: matches[0] for value, matches in taken.items()}
        for row in rows:
            other = owner.setdefault(folded(row.values[field.name]), row.id)
            if other != row.id:
                message = f"duplicate value found: {field.name} duplicates value on record with id: {to_15(other)}"
                row.errors.append(ApiError("DUPLICATE_VALUE", message, about_record=True))

    def _key_values(self, key: FieldSpec, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Any], dict[int, ApiError]]:
        values: list[Any] = []
        refused: dict[int, ApiError] = {}
        for at, row in enumerate(rows):
            try:
                values.append(self.key_value(key, pick(row, key.name)))
            except ApiError as error:
                values.append(None)
                refused[at] = error
        return values, refused

    def key_value(self, key: FieldSpec, value: Any) -> Any:
        """A key value as it is stored; ApiError where the field would refuse it."""
        return make_reader(key, frozenset({self._spec.prefix}), text=self._text)(value)

    def find(self, key: FieldSpec, values: Sequence[Any]) -> dict[Any, list[str]]:
        """Ids of the live records by key value, folded."""
        if key.type == "id":
            state = self._states(self._spec, {_long(value) for value in values if value is not None})
            return {folded(value): [_long(value)] for value in values if value is not None and _long(value) in state}
        column = quoted(key.name)
        rows = self._con.execute(
            f"SELECT t.{column}, t.Id FROM json_each(?) j JOIN {self._table} t ON t.{column} = j.value"  # noqa: S608 names of the schema
            " WHERE t.IsDeleted = 0 ORDER BY t._n",
            (json.dumps(list({value for value in values if value is not None})),),
        )
        found: dict[Any, list[str]] = defaultdict(list)
        for value, record_id in rows:
            if record_id not in found[folded(value)]:
                found[folded(value)].append(record_id)
        return dict(found)

    # -- writing ----------------------------------------------------------------------------------------------------

    def _save(self, prepared: Sequence[Prepared], write: Callable[[list[Prepared]], None]) -> None:
        """Write the good rows; rows that an administrator's validation rule refuses are taken out again."""
        good = [row for row in prepared if not row.errors]
        if not self._spec.rules:
            write(good)
            return
        self._con.execute("SAVEPOINT rules")
        write(good)
        refused = self._violations(good)
        if refused:
            self._con.execute("ROLLBACK TO rules")
            write([row for row in good if not row.errors])
        self._con.execute("RELEASE rules")

    def _violations(self, rows: list[Prepared]) -> bool:
        by_id = {row.id: row for row in rows}
        for rule in self._spec.rules:
            joins, where, parameters = condition_sql(self._org, self._spec, rule.when)
            hits = self._con.execute(
                f"SELECT t0.Id FROM {self._table} t0 {joins}"  # noqa: S608 names of the schema
                f" WHERE t0.Id IN (SELECT value FROM json_each(?)) AND ({where})",
                (json.dumps(list(by_id)), *parameters),
            ).fetchall()
            for (record_id,) in hits:
                fields = (rule.field,) if rule.field else ()
                error = ApiError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields, about_record=True)
                by_id[record_id].errors.append(error)
        return any(row.errors for row in rows)

    def _insert(self, rows: list[Prepared]) -> None:
        names = list(dict.fromkeys(name for row in rows for name in row.values))
        if not names:
            return
        blank = dict.fromkeys(names)
        columns = ", ".join(map(quoted, names))
        marks = ", ".join("?" * len(names))
        self._con.executemany(
            f"INSERT INTO {self._table} ({columns}) VALUES ({marks})",  # noqa: S608 names of the schema
            [tuple((blank | row.values).values()) for row in rows],
        )

    def _change(self, rows: list[Prepared]) -> None:
        groups: dict[tuple[str, ...], list[Prepared]] = defaultdict(list)
        for row in rows:
            groups[tuple(row.values)].append(row)
        for names, members in groups.items():
            sets = ", ".join(
                f"{quoted(name)} = ?" for name in (*names, "SystemModstamp", "LastModifiedDate", "LastModifiedById")
            )
            tail = (self._stamp, self._stamp, self._org.user_id)
            self._con.executemany(
                f"UPDATE {self._table} SET {sets} WHERE Id = ?",  # noqa: S608 names of the schema
                [(*row.values.values(), *tail, row.id) for row in members],
            )


def settle_all_or_none(results: list[RowResult]) -> list[RowResult]:
    """The results of an all-or-none call in which a row failed: the good ones were rolled back."""
    return [result if result.errors else RowResult(None, success=False, errors=(rolled_back(),)) for result in results]


def _result(row: Prepared, *, created: bool = False) -> RowResult:
    good = not row.errors
    # a row that was to be created has no id when it failed, and a row may name anything as its id
    named = isinstance(row.id, str) and (good or not created)
    return RowResult(row.id if named else None, good, created and good, tuple(row.errors))


def _long(value: Any) -> str:
    try:
        return to_18(str(value))
    except ApiError:
        return str(value)
