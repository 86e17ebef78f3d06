"""Has a record moved since the plan was made? Compares what the side holds now with what the plan saw.

One table answers for updates and deletes: `judged`, a row an entry with `gone`, `all_old`, `all_new`, `any_new` and
`moved` (the fields that hold neither the old nor the new value: somebody else changed them).
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from kevasync.records import Side
from kevasync.sync.run import DELETED, Run, direction_to, long_form
from kevasync.values import FieldKind, canonical, quote_literal

__all__ = ["compare_with_plan", "judge", "settle_updates"]


def settle_updates(run: Run, side: Side) -> None:
    """Settle open updates and deletes: stale ones rejected, those already as planned done, lost answers looked up.

    What is left `planned` may be written. A record that can be read never stays unknown: it holds the new values
    (applied), or the old ones (to be written again), or somebody else's since (rejected: the next plan sees to it).
    """
    direction = quote_literal(direction_to(side))
    where = (
        f"direction = {direction} and operation in ('update', 'delete') and status in ('planned', 'sent', 'unknown')"
    )
    if not run.count(where):
        return
    judge(run, side, where)
    run.settle(
        """select key, null::varchar as id, status, code, message from (
            select key, case
                when operation = 'delete' and gone then case when asked then 'applied' else 'skipped' end
                when gone then case when asked then 'failed' else 'rejected' end
                when operation = 'update' and all_new then case when asked then 'applied' else 'skipped' end
                when asked and operation = 'update' and any_new then 'applied'
                when moved is not null then 'rejected'
                when asked then 'planned'
            end as status,
            case when gone and operation = 'update' then case when asked then 'record-gone' else 'stale' end
                when moved is not null and not all_new then 'stale' end as code,
            case when gone and operation = 'update' then 'the record is gone'
                when moved is not null and not all_new then 'changed since the plan was made: ' || moved end as message
            from judged
        ) where status is not null"""
    )


def judge(run: Run, side: Side, where: str) -> None:
    """Read the records of the entries that meet `where` and make `judged`."""
    own = "sf_id" if side is Side.SALESFORCE else "keva_id"
    run.con.execute(
        f"""create or replace temp table todo as
        select key, operation, {own} as id, status <> 'planned' as asked from entries where {where}"""  # noqa: S608 ours
    )
    fields = run.column(
        f"select distinct field from planned semi join todo using (key) where field <> {quote_literal(DELETED)}"  # noqa: S608
    )
    exact = run.read(side, "current", fields, run.column("select distinct id from todo")).exact
    run.con.execute(
        f"""create or replace temp table found as
        select todo.key, planned.field, old, new, case when current._id is null then old else present.value end as value
        from todo join planned using (key)
        left join current on current._id = todo.id
        left join ({long_form("current", fields)}) as present on present._id = todo.id and present.field = planned.field
        where planned.field <> {quote_literal(DELETED)}"""  # noqa: S608 names are quoted
    )
    compare_with_plan(run, run.kinds(side))
    run.con.execute(
        """create or replace temp table judged as
        select todo.key, any_value(operation) as operation, any_value(asked) as asked,
            coalesce(bool_or(current._deleted), $exact and bool_and(current._id is null)) as gone,
            coalesce(bool_and(is_old), true) as all_old, coalesce(bool_and(is_new), true) as all_new,
            coalesce(bool_or(is_new and not is_old), false) as any_new,
            string_agg(field, ', ' order by field) filter (where not is_old and not is_new) as moved
        from todo left join compared using (key) left join current on current._id = todo.id
        group by todo.key""",
        {"exact": exact},
    )


def compare_with_plan(run: Run, kinds: Mapping[str, FieldKind]) -> None:
    """Make `compared` from `found` (key, field, old, new, value): `is_old` and `is_new`, equal as the kind has it.

    Equal text is equal whatever the kind; only a value that is neither is brought to canonical form, here in Python.
    """
    rows = run.con.execute(
        """select key, field, old, new, value from found
        where value is distinct from old and value is distinct from new"""
    ).fetchall()
    verdicts: list[tuple[str, str, bool, bool]] = []
    for key, field, old, new, value in rows:
        now, was, wanted = (
            canonical(kinds.get(field, FieldKind.TEXT), text, run.plan.region) for text in (value, old, new)
        )
        verdicts.append((key, field, now == was, now == wanted))
    types = {"key": pa.string(), "field": pa.string(), "is_old": pa.bool_(), "is_new": pa.bool_()}
    columns = zip(*verdicts, strict=True) if verdicts else [[]] * 4
    arrays = [pa.array(list(column), kind) for column, kind in zip(columns, types.values(), strict=True)]
    run.load("differing", pa.table(arrays, names=list(types)))
    run.con.execute(
        """create or replace temp table compared as
        select found.key, found.field, coalesce(differing.is_old, value is not distinct from old) as is_old,
            coalesce(differing.is_new, value is not distinct from new) as is_new
        from found left join differing using (key, field)"""
    )
