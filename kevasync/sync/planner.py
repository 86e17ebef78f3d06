"""Makes a plan: runs the comparison, counts, asks the guards, estimates the cost and seals the folder."""

from __future__ import annotations

import datetime as dt
import math
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import uuid_utils

from kevasync.errors import UsageError
from kevasync.records import Operation, Side
from kevasync.sync.candidates import CandidateSearch
from kevasync.sync.diff import DiffRequest, run_diff
from kevasync.sync.guards import GuardFacts, GuardLimits, check_guards
from kevasync.sync.plan import FORMAT, Plan, move_in, not_written, room_for, write_manifest

__all__ = ["Estimator", "PlanContext", "make_plan"]

_NAMED = 3

Estimator = Callable[[str, int, int], tuple[int, float]]
"""(object, creates, updates) -> (API calls, minutes), as `Endpoint.estimate`."""


@dataclass(frozen=True, slots=True)
class PlanContext:
    """What a manifest says beside the comparison: where rows came from, what runs before had, what calls are left."""

    workspace_id: str | None = None
    snapshots: Mapping[str, Any] = field(default_factory=dict)
    rows_before: Mapping[Side, int] = field(default_factory=dict)
    estimators: Mapping[Side, Estimator] = field(default_factory=dict)
    api_calls_left: int | None = None
    limits: GuardLimits = field(default_factory=GuardLimits)
    notes: tuple[str, ...] = ()


def make_plan(
    con: duckdb.DuckDBPyConnection, request: DiffRequest, context: PlanContext, out: Path, plan_id: str | None = None
) -> Plan:
    """Compare and write the plan folder `out`: whole or not at all; only an earlier plan gives way to it.

    Raises RunError `plan-out-of-memory`, `plan-disk-full` or `plan-not-written`; UsageError `plan-out-occupied`,
    `plan-no-fields`, `customer-unknown`.
    """
    plan_id = plan_id or str(uuid_utils.uuid7())
    with room_for(out):
        staging = out.with_name(f".plan-{plan_id[-12:]}")
        fields, off = run_diff(con, request)
        notes = _unknown_customers(con, request)
        try:
            staging.mkdir()
            _write_files(con, staging, request)
            manifest = _manifest(con, request, context, plan_id)
            if request.candidates:
                manifest["candidates"] = _scored(con, request.candidates)
            manifest["fields_off"] = off
            manifest["mapping"] = [_describe(item.mapping) for item in fields]
            manifest["notes"] += notes
            write_manifest(staging, manifest)
            move_in(staging, out)
        except (OSError, duckdb.IOException) as error:
            raise not_written(out, error) from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return Plan(out, manifest)


def _unknown_customers(con: duckdb.DuckDBPyConnection, request: DiffRequest) -> list[str]:
    """A note on customers asked for that nobody knows. Raises UsageError `customer-unknown` if that is all of them."""
    if request.customers is None:
        return []
    rows = con.execute(
        """select distinct keva_id from scope where not coalesce(keva_id in (select keva_id from keva_narrow)
            or keva_id in (select keva_id from links) or keva_id in (select keva_id from tombstones), false)
            order by keva_id"""
    ).fetchall()
    unknown = [str(row[0]) for row in rows]
    named = ", ".join(repr(each) for each in unknown[:_NAMED]) + (", …" if len(unknown) > _NAMED else "")
    if unknown and len(unknown) == len(set(request.customers)):
        raise UsageError("customer-unknown", f"Keva has no customer {named}, and no link knows one")
    return [f"Keva has no customer {named}, and no link knows one"] if unknown else []


def _describe(mapping: Any) -> dict[str, Any]:
    return {
        "keva": mapping.keva,
        "salesforce": list(mapping.salesforce),
        "direction": str(mapping.direction),
        "conflict": str(mapping.conflict),
        "drift": str(mapping.drift),
    }


def _scored(con: duckdb.DuckDBPyConnection, search: CandidateSearch) -> dict[str, Any]:
    """Customers by what their scored candidates make of them, and what the search was allowed."""
    found = _pairs(con, "select decision, count(distinct keva_id) from candidates group by decision")
    allowed = {"auto": search.auto, "threshold": search.threshold}
    return {**allowed, **{decision: found.get(decision, 0) for decision in ("link", "review", "unlikely")}}


def _write_files(con: duckdb.DuckDBPyConnection, folder: Path, request: DiffRequest) -> None:
    scored = [("candidates", "order by keva_id, place")] if request.candidates else []
    for table, order in (
        *scored,
        ("records", ""),
        ("changes", "order by keva_id, sf_id, direction, field"),
        ("review", "order by keva_id, sf_id, field"),
        ("agreements", ""),
    ):
        path = folder / f"{'base' if table == 'agreements' else table}.parquet"
        # ids do not repeat and hardly shrink: looking for repeats and packing cost half of the writing for a tenth less
        form = "format parquet, compression uncompressed, dictionary_size_limit 1000"
        con.execute(f"copy (from {table} {order}) to '{_escaped(path)}' ({form})").fetchall()
        with path.open("rb") as file:
            os.fsync(file.fileno())


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")


def _number(con: duckdb.DuckDBPyConnection, question: str) -> int:
    rows = con.execute(question).fetchall()
    return int(rows[0][0] or 0)


def _pairs(con: duckdb.DuckDBPyConnection, question: str) -> dict[str, int]:
    return {str(key): int(count) for key, count in con.execute(question).fetchall()}


def _manifest(
    con: duckdb.DuckDBPyConnection, request: DiffRequest, context: PlanContext, plan_id: str
) -> dict[str, Any]:
    found = _pairs(con, "select operation, count(*) from records group by operation")
    counts = {str(operation): found.get(str(operation), 0) for operation in Operation}
    facts, estimate = _facts(con, request, context, counts)
    return {
        "format": FORMAT,
        "plan": plan_id,
        "created": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "workspace": context.workspace_id,
        "object": request.mapping.name,
        "sobject": request.mapping.salesforce,
        "external_id": _external_id(con, request),
        "region": request.region,
        "customers": None if request.customers is None else sorted(request.customers),
        "snapshots": dict(context.snapshots),
        "counts": counts,
        "fields": _pairs(con, "select field, count(*) from changes group by field order by count(*) desc, field"),
        "directions": _pairs(con, "select direction, count(*) from changes group by direction order by direction"),
        "review": _pairs(con, "select kind, count(*) from review group by kind order by kind"),
        "clears": _number(con, "select count(*) from changes where new is null"),
        "rows": {"keva": facts.keva_rows, "salesforce": facts.sf_rows, "records": sum(counts.values())},
        "estimate": estimate,
        "guards": [dict(item.as_dict()) for item in check_guards(facts, context.limits)],
        "notes": list(context.notes),
    }


def _external_id(con: duckdb.DuckDBPyConnection, request: DiffRequest) -> str | None:
    """The external ID field if the org has it: by describe where there is one, else by the extracted columns."""
    name = request.mapping.external_id
    if name is None:
        return None
    if request.schema is not None:
        known = request.schema.find(name)
        return known.name if known and known.external_id else None
    return name if name.casefold() in {column.casefold() for column in con.table(request.salesforce).columns} else None


def _facts(
    con: duckdb.DuckDBPyConnection, request: DiffRequest, context: PlanContext, counts: Mapping[str, int]
) -> tuple[GuardFacts, dict[str, Any]]:
    writes = {
        (direction, bool(create)): int(records)
        for direction, create, records in con.execute(
            """select direction, case direction when 'to_crm' then sf_id is null else keva_id is null end as creates,
                count(distinct (keva_id, sf_id)) from changes group by all"""
        ).fetchall()
    }
    calls = {Side.SALESFORCE: 0, Side.KEVA: 0}
    minutes = 0.0
    for side, direction, name in (
        (Side.SALESFORCE, "to_crm", request.mapping.salesforce),
        (Side.KEVA, "from_crm", request.mapping.name),
    ):
        creates, updates = writes.get((direction, True), 0), writes.get((direction, False), 0)
        if creates + updates and (estimator := context.estimators.get(side)):
            calls[side], took = estimator(name, creates, updates)
            minutes += took
    left = context.api_calls_left
    estimate = {
        "api_calls": calls[Side.SALESFORCE] + calls[Side.KEVA],
        "salesforce_calls": calls[Side.SALESFORCE],
        "keva_calls": calls[Side.KEVA],
        "bytes": _number(con, "select sum(length(coalesce(new, '')) + length(field) + 20) from changes"),
        "minutes": math.ceil(minutes * 10) / 10,
        "share_of_remaining": None if not left else round(calls[Side.SALESFORCE] / left, 4),
    }
    facts = GuardFacts(
        keva_rows=_number(con, "select count(*) from keva_narrow"),
        sf_rows=_number(con, "select count(*) from sf_narrow"),
        links=_number(con, "select count(*) from matched where known"),
        known_pairs=_number(con, "select count(*) from matched where known and keva_live and sf_live"),
        updated=counts[Operation.UPDATE],
        cleared=_number(con, "select count(distinct (keva_id, sf_id)) from changes where new is null"),
        unlinked=counts[Operation.UNLINK],
        writes=sum(writes.values()),
        keva_rows_before=context.rows_before.get(Side.KEVA),
        sf_rows_before=context.rows_before.get(Side.SALESFORCE),
        api_calls=calls[Side.SALESFORCE],
        api_calls_left=left,
    )
    return facts, estimate
