"""Which writes a plan comes to: one entry a record and direction, planned in the ledger before anything leaves."""

from __future__ import annotations

from kevasync.sync.run import DELETED, Run
from kevasync.values import quote_literal

__all__ = ["choose", "open_entries"]


def choose(run: Run, sample: int | None) -> None:
    """Make `chosen`: all records of the plan, or the first `sample` of those with something to do, and `wanted`."""
    run.con.execute(
        """create or replace temp table chosen as
        select file_row_number as no, keva_id, sf_id, operation, reason
        from read_parquet($file, file_row_number = true)""",
        {"file": str(run.plan.file("records"))},
    )
    run.con.execute(
        "create or replace temp table wanted as select * from read_parquet($file)",
        {"file": str(run.plan.file("changes"))},
    )
    if sample is None:
        return
    run.con.execute(
        """create or replace temp table chosen as
        select chosen.* from chosen
        where operation in ('create', 'link', 'update', 'unlink') or exists (
            select 1 from wanted
            where wanted.keva_id is not distinct from chosen.keva_id and wanted.sf_id is not distinct from chosen.sf_id)
        order by no limit $sample""",
        {"sample": sample},
    )
    run.con.execute(
        """create or replace temp table wanted as
        select wanted.* from wanted semi join chosen
        on wanted.keva_id is not distinct from chosen.keva_id and wanted.sf_id is not distinct from chosen.sf_id"""
    )


def open_entries(run: Run) -> None:
    """Make `entries`, `planned` (a row a field) and `asked` (the ids as the plan had them, so null for a create).

    From the ledger if this run was begun before, else from the plan.
    """
    if not run.stores.ledger.arrow(run_id=run.id).num_rows:
        run.stores.ledger.plan_entries(run.id, run.table(_from_plan(run)))
    run.load("entries", run.stores.ledger.arrow(run_id=run.id))
    run.con.execute(
        """create or replace temp table planned as
        select key, item.key as field, item.value[1] as old, item.value[2] as new
        from (select key, unnest(map_entries(changes::json::map(varchar, varchar[]))) as item from entries)"""
    )
    run.con.execute(
        """create or replace temp table asked as
        select key, case when operation = 'create' and direction = 'from_crm' then null else keva_id end as keva_id,
            case when operation = 'create' and direction = 'to_crm' then null else sf_id end as sf_id
        from entries"""
    )


def _from_plan(run: Run) -> str:
    """SQL for the entries: one a record and direction with changes, and one a link that is made or dissolved."""
    return f"""
        with writes as (
            select keva_id, sf_id, direction,
                case when bool_or(field = {quote_literal(DELETED)}) then 'delete'
                    when case direction when 'to_crm' then sf_id else keva_id end is null then 'create'
                    else 'update' end as operation,
                json_group_object(field, json_array(old, new))::varchar as changes
            from wanted group by keva_id, sf_id, direction
        ), ties as (
            select keva_id, sf_id, 'bidirectional' as direction, operation, '{{}}' as changes
            from chosen where operation in ('link', 'unlink')
        )
        select uuidv7()::varchar as key, {quote_literal(run.object)} as object, keva_id, sf_id, direction, operation,
            changes
        from (from writes union all by name from ties) order by keva_id, sf_id, direction"""  # noqa: S608 constants
