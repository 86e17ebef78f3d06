"""A plan of values for linked Salesforce records that were worked out elsewhere: which Account a Contact hangs on.

Read, applied, resumed and undone like any plan; what both sides agree on is not touched by it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import uuid_utils

from kevasync.mapping.definition import ObjectMapping
from kevasync.records import Operation
from kevasync.sync.plan import FORMAT, Plan, move_in, not_written, room_for, write_manifest
from kevasync.sync.planner import Estimator
from kevasync.values import quote_identifier, quote_literal

__all__ = ["GIVEN", "Given", "plan_given"]

GIVEN = pa.schema([(name, pa.string()) for name in ("keva_id", "sf_id", "field", "old", "new", "reason")])
"""Values to write: the customer, the record linked to it, the field, what it holds, what it shall hold, and why."""


@dataclass(frozen=True, slots=True)
class Given:
    """Where such a plan belongs, and what writing costs."""

    mapping: ObjectMapping
    workspace_id: str
    region: str
    estimator: Estimator
    notes: Sequence[str] = ()


def plan_given(values: pa.Table, about: Given, plans: Path) -> Plan:
    """Write the plan that sets these values (GIVEN) in Salesforce, as a new folder under `plans`.

    Raises RunError `plan-disk-full`, `plan-not-written`.
    """
    identity = str(uuid_utils.uuid7())
    out, staging = plans / identity, plans / f".{identity}"
    with duckdb.connect() as con, room_for(out):
        con.register("given", values)
        try:
            staging.mkdir()
            for name, query in _tables(about.mapping).items():
                path = staging / f"{name}.parquet"
                con.execute(f"copy ({query}) to {quote_literal(str(path))} (format parquet)")
                with path.open("rb") as file:
                    os.fsync(file.fileno())
            manifest = write_manifest(staging, _manifest(con, about, identity))
            move_in(staging, out)
        except (OSError, duckdb.IOException) as error:
            raise not_written(out, error) from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return Plan(out, manifest)


def _tables(mapping: ObjectMapping) -> dict[str, str]:
    """The plan's files as queries; nothing waits for review, and nothing is said of what the sides agree on."""
    targets = dict.fromkeys(name for field in mapping.fields for name in field.salesforce)
    empty = "".join(f", null::varchar as {quote_identifier(name)}" for name in targets)
    nothing = ", ".join(
        f"null::varchar as {name}"
        for name in ("keva_id", "sf_id", "field", "kind", "keva", "salesforce", "base", "reason")
    )
    return {
        "records": "select keva_id, sf_id, 'update' as operation, any_value(reason) as reason from given"
        " group by keva_id, sf_id order by keva_id, sf_id",
        "changes": "select keva_id, sf_id, 'to_crm' as direction, field, old, new, null::varchar as base, reason"
        " from given order by keva_id, sf_id, field",
        "review": f"select {nothing} where false",
        "base": f"select null::varchar as keva_id, null::varchar as sf_id{empty}, []::varchar[] as agreed where false",
    }


def _manifest(con: duckdb.DuckDBPyConnection, about: Given, identity: str) -> dict[str, Any]:
    fields = {str(name): int(count) for name, count in _rows(con, "select field, count(*) from given group by field")}
    records, clears, size = _rows(
        con,
        """select count(distinct (keva_id, sf_id)), count(*) filter (new is null),
            sum(length(coalesce(new, '')) + length(field) + 20) from given""",
    )[0]
    calls, minutes = about.estimator(about.mapping.salesforce, 0, int(records))
    return {
        "format": FORMAT,
        "plan": identity,
        "created": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "workspace": about.workspace_id,
        "object": about.mapping.name,
        "sobject": about.mapping.salesforce,
        "external_id": None,
        "region": about.region,
        "customers": None,
        "snapshots": {},
        "counts": {**dict.fromkeys(map(str, Operation), 0), str(Operation.UPDATE): int(records)},
        "fields": fields,
        "directions": {"to_crm": sum(fields.values())},
        "review": {},
        "clears": int(clears),
        "rows": {"records": int(records)},
        "estimate": {
            "api_calls": calls,
            "salesforce_calls": calls,
            "keva_calls": 0,
            "bytes": int(size or 0),
            "minutes": round(minutes, 1),
            "share_of_remaining": None,
        },
        "guards": [],
        "notes": list(about.notes),
        "fields_off": [],
        "mapping": [],
    }


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> list[Any]:
    return con.execute(query).fetchall()
