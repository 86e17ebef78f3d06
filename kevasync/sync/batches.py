"""The open writes of a run as batches: one Parquet file a side and kind of write, checked by the quality gate."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa

from kevasync.endpoint import WriteBatch
from kevasync.records import Side
from kevasync.sync.run import DELETED, Run, direction_to
from kevasync.values import quote_identifier, quote_literal

__all__ = ["Gate", "open_batches"]

Gate = Callable[[Path], pa.Table | None]
"""Checks a batch file for Salesforce; answers the rows to hold back: `_key` and `reason` (text), or None for none."""


def open_batches(run: Run, side: Side, gate: Gate | None) -> Iterator[WriteBatch]:
    """Yield what is still planned for a side: updates, creates, deletes. Rows the gate refuses are rejected."""
    for operation in ("update", "create", "delete"):
        path = _write(run, side, operation)
        if path is None:
            continue
        if gate is not None and side is Side.SALESFORCE and operation != "delete" and _hold_back(run, gate(path)):
            path = _write(run, side, operation)
            if path is None:
                continue
        fields = [] if operation == "delete" else _fields(run)
        yield WriteBatch(
            object=run.object_on(side),
            path=path,
            rows=run.number("select count(*) from going"),
            fields=tuple(fields),
            create=operation == "create",
            external_id=run.plan.external_id if operation == "create" and side is Side.SALESFORCE else None,
            delete=operation == "delete",
        )


def _fields(run: Run) -> list[str]:
    return run.column(
        f"""select distinct field from planned semi join going using (key)
        where field <> {quote_literal(DELETED)} order by 1"""  # noqa: S608 quoted
    )


def _write(run: Run, side: Side, operation: str) -> Path | None:
    """Write one batch file in the form endpoint.py gives; None where nothing is open."""
    own = "sf_id" if side is Side.SALESFORCE else "keva_id"
    run.con.execute(
        f"""create or replace temp table going as
        select key, keva_id, {own} as id from entries
        where direction = $direction and operation = $operation and status = 'planned'""",  # noqa: S608 our own names
        {"direction": str(direction_to(side)), "operation": operation},
    )
    if not run.number("select count(*) from going"):
        return None
    folder = run.folder / "batches"
    folder.mkdir(exist_ok=True)
    path = folder / f"{len(list(folder.iterdir())):04d}-{side}-{operation}.parquet"
    if operation == "delete":
        query = "select key as _key, keva_id as _keva_id, id as _id from going"
    else:
        values = "".join(
            f", max(new) filter (field = {quote_literal(name)}) as {quote_identifier(name)}" for name in _fields(run)
        )
        query = f"""select key as _key, keva_id as _keva_id, id as _id,
            coalesce(list(field order by field) filter (new is null), []) as _clear{values}
            from going join planned using (key) group by key, keva_id, id"""  # noqa: S608 names are quoted
    run.con.execute(f"copy ({query} order by _key) to {quote_literal(str(path))} (format parquet, compression zstd)")
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return path


def _hold_back(run: Run, refused: pa.Table | None) -> int:
    if refused is None or not refused.num_rows:
        return 0
    run.load("refused", refused)
    return run.settle(
        """select _key as key, null::varchar as id, 'rejected' as status, 'quality-gate' as code,
        string_agg(reason, '; ' order by reason) as message from refused group by _key"""
    )
