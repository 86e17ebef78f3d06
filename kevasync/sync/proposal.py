"""Seals a plan that was worked out elsewhere than by comparing: its tables as files, its manifest, its price."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import uuid_utils

from kevasync.records import Operation, Side
from kevasync.sync.plan import FORMAT, Plan, move_in, not_written, room_for, write_manifest
from kevasync.sync.planner import Estimator
from kevasync.sync.run import direction_to
from kevasync.values import quote_literal

__all__ = ["Proposal", "seal"]

_FILES = ("records", "changes", "review", "base")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a manifest says beside the tables. `more` are its keys beyond those of every plan."""

    object: str
    sobject: str
    workspace_id: str
    region: str
    estimators: Mapping[Side, Estimator]
    notes: Sequence[str]
    external_id: str | None = None
    mapping: Sequence[Mapping[str, Any]] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    def name_on(self, side: Side) -> str:
        """The object as this side calls it."""
        return self.sobject if side is Side.SALESFORCE else self.object


def seal(con: duckdb.DuckDBPyConnection, about: Proposal, plans: Path) -> Plan:
    """Write the tables `records`, `changes`, `review` and `base` of the connection as a new plan under `plans`.

    The folder is there whole or not at all. Raises RunError `plan-disk-full`, `plan-not-written`.
    """
    identity = str(uuid_utils.uuid7())
    out, staging = plans / identity, plans / f".{identity}"
    with room_for(out):
        try:
            staging.mkdir()
            for name in _FILES:
                path = staging / f"{name}.parquet"
                con.execute(f"copy {name} to {quote_literal(str(path))} (format parquet, compression zstd)")
                with path.open("rb") as file:
                    os.fsync(file.fileno())
            manifest = write_manifest(staging, _manifest(con, about, identity))
            move_in(staging, out)
        except (OSError, duckdb.IOException) as error:
            raise not_written(out, error) from error
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return Plan(out, manifest)


def _manifest(con: duckdb.DuckDBPyConnection, about: Proposal, identity: str) -> dict[str, Any]:
    counts = _tally(con, "select operation, count(*) from records group by operation")
    return {
        "format": FORMAT,
        "plan": identity,
        "created": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "workspace": about.workspace_id,
        "object": about.object,
        "sobject": about.sobject,
        "external_id": about.external_id,
        "region": about.region,
        "mapping": [dict(item) for item in about.mapping],
        "customers": None,
        "snapshots": {},
        "fields_off": [],
        "counts": {str(operation): counts.get(str(operation), 0) for operation in Operation},
        "fields": _tally(con, "select field, count(*) from changes group by field order by count(*) desc, field"),
        "directions": _tally(con, "select direction, count(*) from changes group by direction order by direction"),
        "review": _tally(con, "select kind, count(*) from review group by kind order by kind"),
        "clears": _number(con, "select count(*) from changes where new is null"),
        "rows": {"records": sum(counts.values())},
        "estimate": _estimate(con, about),
        "guards": [],
        "notes": list(about.notes),
        **about.more,
    }


def _estimate(con: duckdb.DuckDBPyConnection, about: Proposal) -> dict[str, Any]:
    calls, minutes = dict.fromkeys(Side, 0), 0.0
    for side in Side:
        creates, updates = (
            _number(
                con,
                f"""select count(distinct (keva_id, sf_id)) from changes
                where direction = {quote_literal(direction_to(side))} and (sf_id is null or keva_id is null) = {new}""",  # noqa: S608 ours
            )
            for new in ("true", "false")
        )
        if creates + updates:
            cost = about.estimators[side](about.name_on(side), creates, updates)
            calls[side], minutes = cost[0], minutes + cost[1]
    return {
        "api_calls": sum(calls.values()),
        "salesforce_calls": calls[Side.SALESFORCE],
        "keva_calls": calls[Side.KEVA],
        "bytes": _number(con, "select sum(length(coalesce(new, '')) + length(field) + 20) from changes"),
        "minutes": round(minutes, 1),
        "share_of_remaining": None,
    }


def _tally(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    return {str(name): int(number) for name, number in con.execute(query).fetchall()}


def _number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(con.execute(query).fetchall()[0][0] or 0)
