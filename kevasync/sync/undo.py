"""Undo: a plan of its own that writes back the before-images of a run; what somebody else changed since is left alone.

The plan deletes Contacts the run created (if untouched since), dissolves links it made, and says in its base file what
the sides agreed on before. Applied like any plan; an undo can itself be undone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from kevasync.endpoint import Endpoint, Progress
from kevasync.errors import Refused, UsageError
from kevasync.mapping.definition import ObjectMapping
from kevasync.records import Side
from kevasync.sync.plan import Plan
from kevasync.sync.proposal import Proposal, seal
from kevasync.sync.run import DELETED, Run, Stores, connection, direction_to
from kevasync.sync.stale import judge
from kevasync.values import quote_identifier, quote_literal

__all__ = ["plan_undo"]


def plan_undo(
    run_id: str,
    endpoints: Mapping[Side, Endpoint],
    stores: Stores,
    mapping: ObjectMapping,
    *,
    workspace_id: str,
    runs: Path,
    plans: Path,
    progress: Progress,
    con: duckdb.DuckDBPyConnection | None = None,
) -> Plan:
    """Write the plan that takes a run back into a new folder under `plans`; apply it like any other.

    Its review.parquet lists what stays as it is, with the reason: changed since, gone, or a customer created in Keva.

    Raises:
        UsageError: `run-not-found`, `undo-impossible` (a kind of run that wrote nothing, or its files are gone).
        Refused: `run-unresolved` while the run's own outcome is open.
        RunError: `plan-disk-full`, `plan-not-written`.
    """
    past = stores.ledger.run(run_id)
    folder = runs / past.id
    if past.kind not in {"apply", "undo"} or not (folder / "run.json").is_file():
        raise UsageError("undo-impossible", f"Run {past.id} ({past.kind}) left nothing to undo with")
    if past.is_open or stores.ledger.arrow(run_id=past.id, status=["sent", "unknown"]).num_rows:
        raise Refused("run-unresolved", f"Run {past.id} was not finished; finish it before taking it back")
    manifest = json.loads((folder / "run.json").read_text(encoding="utf-8"))["manifest"]
    with connection(con) as work:
        run = Run(
            id=past.id,
            kind=past.kind,
            started=past.started_at,
            plan=Plan(folder, manifest | {"snapshots": {}}),
            mapping=mapping,
            endpoints=endpoints,
            stores=stores,
            folder=folder,
            con=work,
            progress=progress,
            stop=lambda: False,
        )
        _look(run)
        _propose(run)
        return seal(work, _about(run, workspace_id), plans)


def _look(run: Run) -> None:
    """Make `back` (a row a value written: is it still as written?) and `fate` (a row a record created)."""
    run.load("entries", run.stores.ledger.arrow(run_id=run.id, status="applied"))
    run.load("active", run.stores.links.arrow(run.object))
    run.con.execute(
        """create or replace temp table planned as
        select key, item.key as field, item.value[1] as old, item.value[2] as new
        from (select key, unnest(map_entries(changes::json::map(varchar, varchar[]))) as item from entries)"""
    )
    run.con.execute(
        """create or replace temp table back (key varchar, field varchar, before varchar, value varchar,
            is_old boolean, is_new boolean)"""
    )
    run.con.execute("create or replace temp table fate (key varchar, gone boolean, touched boolean)")
    run.con.execute("create or replace temp table required (direction varchar, field varchar)")
    for side in (Side.SALESFORCE, Side.KEVA):
        where = f"direction = {quote_literal(direction_to(side))} and operation in ('update', 'create')"
        if not run.count(where):
            continue
        judge(run, side, where)
        must = [field.name for field in run.endpoints[side].describe(run.object_on(side)).fields if field.required]
        run.con.execute("insert into required select $1, unnest($2::varchar[])", [str(direction_to(side)), must])
        run.con.execute(
            """insert into back select key, field, old, value, is_old, is_new
            from found join compared using (key, field) join judged using (key) where not gone"""
        )
        created = run.folder / "created.parquet"
        stamps = (
            f"read_parquet({quote_literal(str(created))})"
            if created.exists()
            else "(select null as _id, null as _modified)"
        )
        run.con.execute(
            f"""insert into fate select judged.key, gone, moved is not null or not all_new
                or current._modified is distinct from stamps._modified
            from judged join todo using (key) left join current on current._id = todo.id
            left join {stamps} as stamps on stamps._id = todo.id
            where judged.operation = 'create' or gone"""  # noqa: S608 quoted
        )


def _propose(run: Run) -> None:
    """Make the plan's tables: `changes`, `review`, `records`, `base`."""
    deleted = quote_literal(DELETED)
    run.con.execute(
        f"""create or replace temp table changes as
        with written as (
            select entries.*, back.field, back.before, back.value, is_old, is_new, touched
            from entries join back using (key) left join fate using (key)
        )
        select keva_id, sf_id, direction, field, value as old, before as new, null::varchar as base,
            'written by run {run.id}' as reason
        from written left join required using (direction, field)
        where operation = 'update' and is_new and not is_old and (before is not null or required.field is null)
        union all
        select keva_id, sf_id, direction, field, value, null, null, 'created by run {run.id}'
        from written where operation = 'create' and direction = 'to_crm' and not touched
        union all
        select keva_id, sf_id, direction, {deleted}, null, 'true', null, 'created by run {run.id}'
        from entries join fate using (key)
        where operation = 'create' and direction = 'to_crm' and not touched and not gone
        union all
        select keva_id, null, direction, field, null, old, null, 'deleted by run {run.id}'
        from entries join planned using (key)
        where operation = 'delete' and field <> {deleted} and old is not null
            and not exists (from active where active.keva_id = entries.keva_id and active.active)"""  # noqa: S608 our own run's id
    )
    run.con.execute(
        """create or replace temp table review as
        select keva_id, sf_id, field, 'held' as kind, case direction when 'from_crm' then value end as keva,
            case direction when 'to_crm' then value end as salesforce, null::varchar as base,
            case when is_new then 'required, so it cannot be cleared again'
                else 'changed since by somebody else: left as it is' end as reason
        from entries join back using (key) left join required using (direction, field)
        where operation = 'update' and not is_old
            and (not is_new or (before is null and required.field is not null))
        union all
        select keva_id, sf_id, null, 'held', null, null, null, case
            when direction = 'from_crm' and operation = 'create' then 'Keva cannot delete a customer'
            when gone then 'gone since' else 'the Contact was changed after it was created: not deleted' end
        from entries join fate using (key)
        where gone or touched or (direction = 'from_crm' and operation = 'create')"""
    )
    _propose_records(run)
    _propose_base(run)


def _propose_records(run: Run) -> None:
    """Make `records`: one row a record of the run, with what becomes of it and of its link."""
    run.con.execute(
        f"""create or replace temp table records as
        with touched as (
            select keva_id, sf_id, operation from entries
            where operation <> 'delete'
            union all
            select keva_id, null, operation from entries where operation = 'delete'
            union all  -- a link that moved to the Contact its own was merged into ended where it had been
            select earlier.keva_id, earlier.sf_id, 'unlink'
            from {_links_before(run)} as earlier join entries using (keva_id) where entries.operation = 'link'
        ), votes as (
            select keva_id, sf_id, bool_or(operation = 'create') as created, bool_or(operation = 'link') as linked,
                bool_or(operation = 'unlink') as unlinked, bool_or(operation = 'delete') as deleted
            from touched group by keva_id, sf_id
        ), weighed as (
            select votes.*,
                exists (from changes where changes.keva_id is not distinct from votes.keva_id
                    and changes.sf_id is not distinct from votes.sf_id) as changing,
                exists (from review where review.keva_id is not distinct from votes.keva_id
                    and review.sf_id is not distinct from votes.sf_id) as held,
                exists (from active where active.keva_id = votes.keva_id and active.sf_id = votes.sf_id
                    and active.active) as bound,
                exists (from entries where operation = 'delete' and entries.keva_id = votes.keva_id) as recreated
            from votes
        )
        select keva_id, sf_id, case
                when deleted and changing then 'create'
                when (linked and bound) or (created and changing) then 'unlink'
                when unlinked and not bound and not recreated then 'link'
                when changing and not created then 'update'
                when held then 'review'
                else 'no-op'
            end as operation, 'undo of run {run.id}' as reason
        from weighed where not (unlinked and recreated)
        order by keva_id, sf_id"""  # noqa: S608 our own run's id
    )


def _links_before(run: Run) -> str:
    """SQL for the links (keva_id, sf_id) that the run moved, as they were before."""
    path = run.folder / "links-before.parquet"
    if path.exists():
        return f"read_parquet({quote_literal(str(path))})"
    return "(select null::varchar as keva_id, null::varchar as sf_id where false)"


def _propose_base(run: Run) -> None:
    """Make `base`: for every pair with values put back, base as it is with those fields as they were before the run.

    A field that was left alone keeps its base. A record to be made again has no id yet: its sf_id is null.
    """
    targets = list(dict.fromkeys(name for field in run.mapping.fields for name in field.salesforce))
    run.load("reach", _reach(run.mapping))
    run.stores.base.view(run.con, run.object, targets, name="base_now")
    empty = "".join(f", null::varchar as {quote_identifier(name)}" for name in targets)
    before = f"(select null::varchar as keva_id, null::varchar as sf_id{empty}, []::varchar[] as agreed where false)"
    path = run.folder / "base-before.parquet"
    if path.exists():
        before = f"read_parquet({quote_literal(str(path))})"
    values = "".join(
        f", case when not partly or list_contains(undone, {quote_literal(name)}) then was.{quote_identifier(name)}"
        f" else base_now.{quote_identifier(name)} end as {quote_identifier(name)}"
        for name in targets
    )
    run.con.execute(
        f"""create or replace temp table base as
        with restored as (
            select records.keva_id, any_value(coalesce(records.sf_id, deleted.sf_id)) as past_id,
                any_value(records.sf_id) as sf_id, any_value(records.operation = 'update') as partly,
                coalesce(list_distinct(list(reach.target) filter (reach.target is not null)), []) as undone
            from records
            left join entries as deleted on deleted.operation = 'delete' and deleted.keva_id = records.keva_id
            left join changes on changes.keva_id = records.keva_id and changes.sf_id is not distinct from records.sf_id
            left join reach on reach.field = changes.field and reach.direction = changes.direction
            where records.operation in ('update', 'create', 'link')
            group by records.keva_id
        )
        select restored.keva_id, restored.sf_id{values}, case when partly
                then list_concat(
                    list_filter(coalesce(base_now.agreed, []), lambda name: not list_contains(undone, name)),
                    list_filter(coalesce(was.agreed, []), lambda name: list_contains(undone, name)))
                else coalesce(was.agreed, []) end as agreed
        from restored
        left join {before} as was on was.keva_id = restored.keva_id and was.sf_id = restored.past_id
        left join base_now on base_now.keva_id = restored.keva_id and base_now.sf_id = restored.past_id"""  # noqa: S608 quoted
    )


def _reach(mapping: ObjectMapping) -> pa.Table:
    """Which Salesforce fields a changed field speaks for: all targets of its mapping, since they are one value."""
    rows = [
        {"direction": direction, "field": name, "target": target}
        for field in mapping.fields
        for direction, names in (("to_crm", field.salesforce), ("from_crm", (field.keva,)))
        for name in names
        for target in field.salesforce
    ]
    return pa.Table.from_pylist(rows)


def _about(run: Run, workspace_id: str) -> Proposal:
    past = run.plan.manifest
    return Proposal(
        object=run.object,
        sobject=str(past["sobject"]),
        workspace_id=workspace_id,
        region=str(past["region"]),
        estimators={side: endpoint.estimate for side, endpoint in run.endpoints.items()},
        notes=[f"takes back run {run.id}"],
        external_id=past.get("external_id"),
        mapping=past.get("mapping") or (),
        more={"kind": "undo", "undoes": run.id},
    )
