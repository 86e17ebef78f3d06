"""A plan of values for linked Salesforce records that were worked out elsewhere: which Account a Contact hangs on.

Read, applied and undone like any plan. It writes these values and no others, and asks nothing of a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from kevasync.mapping.definition import ObjectMapping
from kevasync.records import Side
from kevasync.sync.plan import Plan
from kevasync.sync.planner import Estimator
from kevasync.sync.proposal import Proposal, seal
from kevasync.values import quote_identifier

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
    mapping = about.mapping
    proposal = Proposal(
        object=mapping.name,
        sobject=mapping.salesforce,
        workspace_id=about.workspace_id,
        region=about.region,
        estimators={Side.SALESFORCE: about.estimator},
        notes=about.notes,
    )
    with duckdb.connect() as con:
        con.register("given", values)
        for name, query in _tables(mapping).items():
            con.execute(f"create temp table {quote_identifier(name)} as {query}")
        return seal(con, proposal, plans)


def _tables(mapping: ObjectMapping) -> dict[str, str]:
    """The plan's tables as queries; nothing waits for review, and nothing is said of what the sides agree on."""
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
