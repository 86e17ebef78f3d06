"""What both sides agree on after a run: links and base, never more than what both of them hold.

Base is compared, not assumed: the Salesforce record is read again after the write and compared with the Keva values
that the plan was made from, or with what Keva holds after a write to it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow.parquet as pq

from kevasync.mapping import transforms
from kevasync.mapping.definition import FieldMapping
from kevasync.records import Side
from kevasync.store.base import BaseRow
from kevasync.store.snapshot_view import create_view
from kevasync.sync.run import Run
from kevasync.values import quote_identifier, quote_literal

__all__ = ["dissolve", "photograph", "remember", "remember_before", "restore", "tie"]

_FEW = 1_000
_DONE = "operation in ('create', 'update') and status in ('applied', 'skipped')"


def tie(run: Run) -> None:
    """Save the links the plan makes. One that another link stands against is stale, unless that Contact is gone."""
    where = "operation = 'link' and status = 'planned'"
    if not run.count(where):
        return
    run.load("active", run.stores.links.arrow(run.object))
    run.con.execute(
        f"""create or replace temp table ties as
        select entries.key, entries.keva_id, entries.sf_id, coalesce(chosen.reason, 'plan') as how,
            mine.sf_id is not distinct from entries.sf_id and mine.sf_id is not null as there, mine.sf_id as before,
            theirs.keva_id is not null and theirs.keva_id <> entries.keva_id as taken
        from (from entries where {where}) as entries
        join chosen using (keva_id, sf_id)
        left join active as mine on mine.keva_id = entries.keva_id and mine.active
        left join active as theirs on theirs.sf_id = entries.sf_id and theirs.active"""  # noqa: S608 constants
    )
    run.con.execute(  # an undo puts a link back where it was: the link it dissolves itself does not stand against it
        """update ties set before = null where exists (from entries where entries.operation = 'unlink'
            and entries.keva_id = ties.keva_id and entries.sf_id = ties.before)"""
    )
    moved = run.column("select before from ties where before is not null and not there")
    run.read(Side.SALESFORCE, "before_merge", [], moved)
    run.con.execute(
        """create or replace temp table moving as
        select key, keva_id, before as sf_id from ties
        where before is not null and not there and not taken and before not in (
            select _id from before_merge where not coalesce(_deleted, false))"""
    )
    run.stores.base.forget(run.object, _pairs(run, "moving"))
    save = "there is false and not taken and (before is null or key in (select key from moving))"
    taken = run.link(
        run.table(f"select key, keva_id, sf_id, how from ties where {save}"),  # noqa: S608 ours
        replace=True,
    )
    refused = ", ".join(quote_literal(key) for key in taken) or "null"
    run.settle(
        f"""with fate as (
            select key, case when there then 'skipped'
                when ({save}) and coalesce(key not in ({refused}), true) then 'applied'
                else 'rejected' end as status from ties)
        select key, null::varchar as id, status, case status when 'rejected' then 'stale' end as code,
            case status when 'rejected' then 'one of the two was linked to another record since' end as message
        from fate"""  # noqa: S608 our own keys
    )
    run.settle(  # without the link its values have no business on the other side
        """select writes.key, null::varchar as id, 'rejected' as status, 'stale' as code, links.message
        from entries as writes join entries as links
            on links.keva_id = writes.keva_id and links.sf_id = writes.sf_id and links.operation = 'link'
        where writes.operation = 'update' and writes.status = 'planned' and links.status = 'rejected'"""
    )


def dissolve(run: Run) -> None:
    """Dissolve the links the plan dissolves, and forget their base; an undo leaves no tombstone.

    In an undo a link stays while a write to its record did not succeed.
    """
    run.con.execute(
        """create or replace temp table ending as
        select ends.key, ends.keva_id, ends.sf_id from entries as ends
        where ends.operation = 'unlink' and ends.status = 'planned' and not exists (
            from entries as other where other.keva_id = ends.keva_id and other.sf_id = ends.sf_id
            and other.operation in ('update', 'delete') and other.status not in ('applied', 'skipped'))"""
    )
    pairs = _pairs(run, "ending")
    if run.kind == "undo":
        run.stores.links.forget(run.object, pairs)
    else:
        run.stores.links.unlink(run.object, pairs, run.id)
    run.stores.base.forget(run.object, pairs)
    run.settle(
        """with fate as (
            select key, case when key in (select key from ending) then 'applied' else 'rejected' end as fate
            from entries where operation = 'unlink' and status = 'planned')
        select key, null::varchar as id, fate as status, case fate when 'rejected' then 'stale' end as code,
            case fate when 'rejected' then 'its record was left as it is, so the link stays' end as message
        from fate"""
    )


def remember_before(run: Run) -> None:
    """Keep links that will move and the base of all pairs of this run as they were: undo takes them back from there."""
    path = run.folder / "base-before.parquet"
    if path.exists():
        return
    links = run.folder / "links-before.parquet"
    run.load("active", run.stores.links.arrow(run.object))
    _write(
        run,
        """select distinct active.keva_id, active.sf_id from active join entries on entries.keva_id = active.keva_id
        where active.active and entries.operation = 'link' and entries.sf_id <> active.sf_id""",
        links,
    )
    view = run.stores.base.view(run.con, run.object, _targets(run), name="base_then")
    _write(
        run,
        f"""select * from {view} semi join (
            select keva_id, sf_id from entries union select keva_id, sf_id from read_parquet($base)
            union select keva_id, sf_id from read_parquet({quote_literal(str(links))})) as pairs
        using (keva_id, sf_id)""",  # noqa: S608 the view's own name
        path,
    )


def remember(run: Run) -> None:
    """Save base: what the plan found equal, and what is equal after the writes. Pairs that were stale are left out."""
    run.load("active", run.stores.links.arrow(run.object))
    path = run.folder / "base-agreed.parquet"
    _write(
        run,
        """select agreed.* from read_parquet($base) as agreed
        semi join chosen on chosen.keva_id = agreed.keva_id and chosen.sf_id = agreed.sf_id
        semi join active on active.keva_id = agreed.keva_id and active.sf_id = agreed.sf_id and active.active
        where not exists (from entries where entries.keva_id = agreed.keva_id and entries.sf_id = agreed.sf_id
            and code = 'stale')""",
        path,
    )
    _save(run, path)
    run.con.execute(f"create or replace temp table met as select distinct keva_id, sf_id from entries where {_DONE}")  # noqa: S608
    if run.number("select count(*) from met"):
        path = run.folder / "base-written.parquet"
        _write(run, _equal_now(run), path)
        _save(run, path)


def photograph(run: Run) -> None:
    """Keep the time stamps of the Contacts this run created: undo deletes only those that nobody touched since."""
    created = run.column(
        "select sf_id from entries where operation = 'create' and direction = 'to_crm' and status = 'applied'"
    )
    run.read(Side.SALESFORCE, "created", [], created)
    query = "select _id, _modified from created where _id in (select sf_id from entries where operation = 'create')"
    _write(run, query, run.folder / "created.parquet")


def restore(run: Run) -> None:
    """Set base to what the undo plan says it was, for the pairs whose values were put back."""
    run.load("active", run.stores.links.arrow(run.object))
    path = run.folder / "base-restored.parquet"
    if not path.exists():  # once written it is the truth: forgetting comes next
        _write(
            run,
            """select earlier.* replace (active.sf_id as sf_id) from read_parquet($base) as earlier
            join active on active.keva_id = earlier.keva_id and active.active
                and (earlier.sf_id is null or active.sf_id = earlier.sf_id)
            where not exists (from entries where entries.keva_id = earlier.keva_id
                and status not in ('applied', 'skipped'))""",
            path,
        )
    run.con.execute("create or replace temp table restored as select * from read_parquet($path)", {"path": str(path)})
    run.stores.base.forget(run.object, _pairs(run, "restored"))
    _save(run, path)


def _equal_now(run: Run) -> str:
    """SQL for the base rows of `met`: the Salesforce values, and in `agreed` the fields in which they are equal."""
    reading = run.read(Side.SALESFORCE, "crm_now", _targets(run), run.column("select sf_id from met"))
    columns = _keva_now(run)
    fields = [
        field
        for field in run.mapping.fields
        if field.keva in columns and not any(name in reading.missing for name in field.salesforce)
    ]
    transforms.register(run.con, fields, run.plan.region)
    marks: dict[str, str] = {}
    for field in fields:
        equal = _equal(field, run.plan.region)
        for name in field.salesforce:
            marks.setdefault(name, equal)
    values = "".join(
        f", case when {equal} then crm_now.{quote_identifier(name)} end as {quote_identifier(name)}"
        for name, equal in marks.items()
    )
    agreed = ", ".join(f"case when {equal} then {quote_literal(name)} end" for name, equal in marks.items())
    return f"""select * from (
            select met.keva_id, met.sf_id{values},
                list_filter([{agreed}]::varchar[], lambda name: name is not null) as agreed
            from met join crm_now on crm_now._id = met.sf_id join keva_now on keva_now._id = met.keva_id
            where not coalesce(crm_now._deleted, false))
        where len(agreed) > 0"""  # noqa: S608 names are quoted


def _equal(field: FieldMapping, region: str) -> str:
    keva = transforms.compare_keva_sql(field, f"keva_now.{quote_identifier(field.keva)}", region)
    crm = transforms.compare_salesforce_sql(
        field, [f"crm_now.{quote_identifier(name)}" for name in field.salesforce], region
    )
    said = f"not coalesce(list_contains(keva_now._absent, {quote_literal(field.keva)}), false)"
    return f"({said} and {keva} is not distinct from {crm})"


def _keva_now(run: Run) -> set[str]:
    """Make `keva_now` for the pairs met: as the plan saw Keva, and after a write to Keva what it holds now."""
    run.con.execute(
        """create or replace temp table kept as
        select distinct on (keva_id) keva_id, returned::json::map(varchar, varchar) as held from entries
        where direction = 'from_crm' and status = 'applied' and returned is not null"""
    )
    fields = [field.keva for field in run.mapping.fields]
    seen = _plan_view(run)
    if seen is None:  # no snapshot: ask Keva about all of them
        reading = run.read(Side.KEVA, "keva_now", fields, run.column("select distinct keva_id from met"))
        return set(fields) - set(reading.missing)
    unsaid = run.column(
        f"""select distinct keva_id from entries where direction = 'from_crm' and {_DONE}
        and keva_id not in (select keva_id from kept)"""  # noqa: S608 constants
    )
    run.read(Side.KEVA, "keva_after", fields, unsaid)
    known = [name for name in fields if name in seen]
    told = ", ".join(
        f"case when map_contains(held, {quote_literal(name)}) then held[{quote_literal(name)}] else "
        f"plan_keva.{quote_identifier(name)} end as {quote_identifier(name)}"
        for name in known
    )
    plain = ", ".join(f"plan_keva.{quote_identifier(name)}" for name in known)
    again = ", ".join(quote_identifier(name) for name in known)
    names = ", ".join(quote_literal(name) for name in known)
    run.con.execute(
        f"""create or replace temp table keva_now as
        select keva_id as _id, case when _id is null then list_filter([{names}]::varchar[],
                lambda name: not map_contains(held, name)) else _absent end as _absent, {told}
        from kept left join plan_keva on plan_keva._id = kept.keva_id
        union all by name
        select _id, _absent, {again} from keva_after
        where _id in (select unnest($unsaid::varchar[]))
        union all by name
        select _id, _absent, {plain} from plan_keva semi join met on met.keva_id = _id
        where _id not in (select keva_id from kept) and _id not in (select unnest($unsaid::varchar[]))""",  # noqa: S608
        {"unsaid": unsaid},
    )
    return set(known)


def _plan_view(run: Run) -> set[str] | None:
    """Make the view `plan_keva` of Keva as the plan saw it: its own snapshots where it names them, else the latest."""
    if run.stores.snapshots is None:
        return None
    named = set(run.snapshot(Side.KEVA).get("ids") or ())
    found = run.stores.snapshots.latest(Side.KEVA, run.object)
    if named:
        found = [item for item in run.stores.snapshots.all(Side.KEVA, run.object) if item.id in named]
    if not found or not all(part.exists() for item in found for part in item.parts):
        return None
    create_view(run.con, "plan_keva", [(list(item.parts), item.columns) for item in found])
    return {name for item in found for name in item.columns}


def _targets(run: Run) -> list[str]:
    return list(dict.fromkeys(name for field in run.mapping.fields for name in field.salesforce))


def _pairs(run: Run, table: str) -> list[tuple[str, str]]:
    return [(str(keva), str(crm)) for keva, crm in run.con.execute(f"select keva_id, sf_id from {table}").fetchall()]  # noqa: S608


def _write(run: Run, query: str, path: Path) -> None:
    """Write a query's rows beside the run's batches, whole or not at all. `$base` in it is the plan's base file."""
    temporary = path.with_suffix(".tmp")
    filled = query.replace("$base", quote_literal(str(run.plan.file("base"))))
    run.con.execute(f"copy ({filled}) to {quote_literal(str(temporary))} (format parquet, compression zstd)")
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)


def _save(run: Run, path: Path) -> None:
    """Save the file's rows in base: few as rows, many as a part (a copy, since base takes the file away)."""
    table = pq.read_table(path, memory_map=True) if pq.read_metadata(path).num_rows <= _FEW else None
    if table is None:
        copy = path.with_suffix(".part.parquet")
        copy.write_bytes(path.read_bytes())
        run.stores.base.save_part(run.object, copy, run.id)
        return
    rows = [
        BaseRow(row["keva_id"], row["sf_id"], {name: row[name] for name in row["agreed"]}) for row in table.to_pylist()
    ]
    run.stores.base.save_rows(run.object, rows, run.id)
