"""An org in which rows can be locked by somebody else: UNABLE_TO_LOCK_ROW where a fault rule says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kevasync.sandbox.answers import ApiError, RowResult
from kevasync.sandbox.dml import settle_all_or_none
from kevasync.sandbox.faults import Faults
from kevasync.sandbox.org import Org


class LockableOrg(Org):
    """The org with the row locks of `faults`: a locked row is refused, the others of its call are written."""

    faults = Faults()

    def create_many(self, name: str, rows: Sequence[Mapping[str, Any]], **options: Any) -> list[RowResult]:
        """Create, except the rows that meet a lock."""
        return self._unlocked(
            name, rows, lambda free: super(LockableOrg, self).create_many(name, free, **options), options
        )

    def update_many(self, name: str, rows: Sequence[Mapping[str, Any]], **options: Any) -> list[RowResult]:
        """Update, except the rows that meet a lock."""
        return self._unlocked(
            name, rows, lambda free: super(LockableOrg, self).update_many(name, free, **options), options
        )

    def upsert_many(
        self, name: str, external_field: str, rows: Sequence[Mapping[str, Any]], **options: Any
    ) -> list[RowResult]:
        """Upsert, except the rows that meet a lock."""
        write: Any = super().upsert_many
        return self._unlocked(name, rows, lambda free: write(name, external_field, free, **options), options)

    def delete_many(self, name: str, ids: Sequence[str], **options: Any) -> list[RowResult]:
        """Delete, except the rows that meet a lock."""
        return self._unlocked(
            name, ids, lambda free: super(LockableOrg, self).delete_many(name, free, **options), options
        )

    def merge_records(
        self, name: str, master_id: str, loser_ids: Sequence[str], values: Mapping[str, Any] | None = None
    ) -> tuple[str, list[str]]:
        """Merge, unless the master meets a lock."""
        if self.faults.locks_row(name):
            raise _locked(master_id).errors[0]
        return super().merge_records(name, master_id, loser_ids, values)

    def _unlocked(
        self, name: str, rows: Sequence[Any], write: Callable[[list[Any]], list[RowResult]], options: Mapping[str, Any]
    ) -> list[RowResult]:
        locked = {at: _locked(row) for at, row in enumerate(rows) if self.faults.locks_row(name)}
        if not locked:
            return write(list(rows))
        if options.get("all_or_none"):
            blank = RowResult(None, success=True)
            return settle_all_or_none([locked.get(at, blank) for at in range(len(rows))])
        written = iter(write([row for at, row in enumerate(rows) if at not in locked]))
        return [locked[at] if at in locked else next(written) for at in range(len(rows))]


def _locked(row: Any) -> RowResult:
    record_id = row if isinstance(row, str) else next((row[key] for key in row if key.lower() == "id"), None)
    whose = record_id or "no id yet"
    message = f"unable to obtain exclusive access to this record or 1 records: {whose}"
    return RowResult(record_id, success=False, errors=(ApiError("UNABLE_TO_LOCK_ROW", message, about_record=True),))
