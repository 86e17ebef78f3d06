"""What people and scripts want to know of a plan: summary, samples, one record in full and why. Reads only."""

from __future__ import annotations

from typing import Any

import duckdb

from kevasync.errors import UsageError
from kevasync.sync.plan import Plan

__all__ = ["explain_record", "plan_as_dict", "samples"]


def plan_as_dict(plan: Plan) -> dict[str, Any]:
    """What `kevasync plan --json` prints (design.md section 9)."""
    names = ("counts", "fields", "directions", "review", "clears", "rows", "estimate", "guards", "fields_off", "notes")
    told = {name: plan.manifest[name] for name in names}
    if "candidates" in plan.manifest:
        told["candidates"] = plan.manifest["candidates"]
    return {"plan": plan.id, "path": str(plan.folder), **told}


def _rows(con: duckdb.DuckDBPyConnection, query: str, *values: object) -> list[dict[str, Any]]:
    answer = con.execute(query, list(values))
    names = [column[0] for column in answer.description or []]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def samples(plan: Plan, limit: int = 5) -> dict[str, list[dict[str, Any]]]:
    """A few changes, review items and records per operation, the same ones each time."""
    with duckdb.connect() as con:
        return {
            "changes": _rows(
                con,
                """select keva_id, sf_id, direction, field, old, new, reason from read_parquet($1)
                order by md5(concat_ws('|', keva_id, sf_id, field)) limit $2""",
                str(plan.file("changes")), limit,
            ),
            "review": _rows(
                con,
                """select keva_id, sf_id, field, kind, keva, salesforce, base, reason from read_parquet($1)
                order by kind, md5(concat_ws('|', keva_id, sf_id, field)) limit $2""",
                str(plan.file("review")), limit,
            ),
            "records": _rows(
                con,
                """select operation, keva_id, sf_id, reason from read_parquet($1)
                where operation in ('ambiguous', 'rejected', 'unlink', 'conflict')
                qualify row_number() over (partition by operation order by keva_id, sf_id) <= $2
                order by operation, keva_id, sf_id""",
                str(plan.file("records")), limit,
            ),
        }  # fmt: skip


def explain_record(plan: Plan, record: str) -> dict[str, Any]:
    """Everything the plan says of one record, by its Keva id or Salesforce id (15 or 18 characters).

    Raises UsageError `record-not-in-plan`.
    """
    with duckdb.connect() as con:
        con.execute("create temp table wanted as select $1::varchar as id", [record])
        mine = "(select id from wanted) in (keva_id, sf_id, left(sf_id, 15))"
        found = _rows(con, f"select * from read_parquet($1) where {mine}", str(plan.file("records")))  # noqa: S608 fixed text
        if not found:
            raise UsageError("record-not-in-plan", f"plan {plan.id} has no record {record}")
        changes = _rows(
            con,
            f"select * from read_parquet($1) where {mine} order by direction, field",  # noqa: S608 fixed text
            str(plan.file("changes")),
        )
        review = _rows(con, f"select * from read_parquet($1) where {mine} order by field", str(plan.file("review")))  # noqa: S608 as above
        agreed = _rows(con, f"select * from read_parquet($1) where {mine}", str(plan.file("base")))  # noqa: S608 as above
        candidates = []
        if "candidates" in plan.manifest:
            candidates = _rows(
                con,
                f"""select keva_id, sf_id, round(probability, 4) as probability, evidence, decision
                from read_parquet($1) where {mine} order by probability desc, keva_id, sf_id""",  # noqa: S608 as above
                str(plan.file("candidates")),
            )
    remembered = [{name: row[name] for name in row["agreed"]} for row in agreed]
    return {"records": found, "changes": changes, "review": review, "candidates": candidates, "agreed": remembered}
