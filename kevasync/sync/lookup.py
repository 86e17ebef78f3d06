"""Is the record that a create would make there already? Asked before it is sent, and after an answer was lost.

Found by link, by external id, else by e-mail (without one: by the create's last field, among the records that the plan
had not seen: a namesake is somebody else) and then only if it holds the very values that were sent. What is found but
does not hold them is left to the next plan, which links it or asks.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from kevasync.endpoint import Selection
from kevasync.records import Side
from kevasync.sync.run import Run, direction_to, long_form
from kevasync.values import FieldKind, quote_identifier, quote_literal

__all__ = ["settle_creates"]

_MATCH_MAX = 2_000  # above so many creates, all that moved since the plan's snapshot is read, not asked for by value
_CLOCKS = timedelta(minutes=5)  # the side's clock and ours may differ by this much


def settle_creates(run: Run, side: Side) -> None:
    """Settle open creates whose record exists: made by this run (applied), by an earlier one (skipped), else stale.

    A create whose answer was lost and whose record is not there goes back to `planned`: to be sent once more. One that
    carries nothing to look for stays unknown.
    """
    direction = quote_literal(direction_to(side))
    where = f"direction = {direction} and operation = 'create' and status in ('planned', 'sent', 'unknown')"
    if not run.count(where):
        return
    _candidates(run, side, where)
    run.settle(
        """with decided as (
            select todo.key, asked, probe is not null as findable, count(id) > 0 as found,
                any_value(id) filter (rule = 'link') as linked, coalesce(bool_or(ours), false) as ours,
                count(id) filter (rule = 'external id') as by_external, any_value(id) filter (rule = 'external id') as
                external, count(id) filter (equal) as alike, any_value(id) filter (equal) as twin, any_value(id) as one
            from todo left join candidates using (key) group by all
        ), named as (
            select key, one, case
                when linked is not null then case when asked then 'applied' when ours then 'skipped' else 'rejected' end
                when not asked then case when found then 'rejected' end
                when by_external = 1 or alike = 1 then 'applied'
                when found then 'rejected'
                when findable then 'planned'
            end as status, coalesce(linked, case when by_external = 1 then external when alike = 1 then twin end) as id
            from decided
        )
        select key, case when status in ('applied', 'skipped') then id end as id, status,
            case when status = 'rejected' then 'stale' end as code,
            case when status = 'rejected' then 'a record for it appeared since the plan: ' || one end as message
        from named where status is not null""",
        side,
    )
    own, other = ("sf_id", "keva_id") if side is Side.SALESFORCE else ("keva_id", "sf_id")
    run.link(
        run.table(
            f"""select key, {other}, {own}, 'created' as how from settled join entries using (key)
            where settled.status = 'applied'"""  # noqa: S608 our own names
        )
    )


def _candidates(run: Run, side: Side, where: str) -> None:
    """Make `todo` (the creates, each with a value to look for) and `candidates` (key, id, rule, equal, ours)."""
    own, other = ("sf_id", "keva_id") if side is Side.SALESFORCE else ("keva_id", "sf_id")
    email = next((name for name, kind in run.kinds(side).items() if kind is FieldKind.EMAIL), None)
    external = run.plan.external_id if side is Side.SALESFORCE else None
    run.con.execute(
        f"""create or replace temp table todo as
        select key, {other} as partner, status <> 'planned' as asked,
            coalesce(max(field) filter (field = $email), max(field)) as probe_field,
            coalesce(max(new) filter (field = $email), max_by(new, field)) as probe
        from entries left join planned using (key) where {where} group by all""",  # noqa: S608 our own names
        {"email": email},
    )
    fields = run.column("select distinct field from planned semi join todo using (key)")
    fields += [external] if external and external not in fields else []
    _read(run, side, fields, external)
    run.load("active", run.stores.links.arrow(run.object))
    _earlier_runs(run)
    same_id = "false" if external is None else f"current.{quote_identifier(external)} = todo.partner"
    run.con.execute(
        f"""create or replace temp table candidates as
        with present as ({long_form("current", fields)}), probed as (
            select todo.key, present._id as id from todo join present
            on present.field = probe_field and lower(present.value) = lower(probe)
        )
        select key, active.{own} as id, 'link' as rule, false as equal,
            exists (from earlier where earlier.{own} = active.{own}) as ours
        from todo join active on active.{other} = partner and active.active
        union all by name
        select key, current._id as id, 'external id' as rule, false as equal, false as ours
        from todo join current on {same_id}
        union all by name
        select probed.key, probed.id, 'value' as rule, bool_and(
            lower(trim(present.value)) is not distinct from lower(trim(planned.new))) as equal, false as ours
        from probed join todo using (key) join planned using (key)
        left join present on present._id = probed.id and present.field = planned.field
        where not exists (from active where active.{own} = probed.id and active.active)
            and (probe_field is not distinct from $email or not exists (
                from read_parquet($records) as known where known.{own} = probed.id))
        group by probed.key, probed.id, probe_field
        having equal or probe_field is not distinct from $email""",  # noqa: S608 names are quoted
        {"email": email, "records": str(run.plan.file("records"))},
    )


def _earlier_runs(run: Run) -> None:
    """Make `earlier`: the records that earlier runs of this plan (a sample, say) created."""
    run.con.execute("create or replace temp table earlier (keva_id varchar, sf_id varchar)")
    for past in run.stores.ledger.last_runs(1_000, kind=run.kind):
        if past.plan_id == run.plan.id and past.id != run.id:
            run.load("past", run.stores.ledger.arrow(run_id=past.id, status="applied"))
            run.con.execute("insert into earlier select keva_id, sf_id from past where operation = 'create'")


def _read(run: Run, side: Side, fields: list[str], external: str | None) -> None:
    """Make `current`: the records that any of the creates could have made, deleted ones left out."""
    if run.number("select count(*) from todo") > _MATCH_MAX:
        since = str(run.snapshot(side).get("watermark") or _earlier(str(run.plan.manifest["created"])))
        run.read_selection(side, "near_0", fields, Selection(since=since))
        count = 1
    else:
        wanted = [
            (name, f"select distinct probe from todo where probe_field = {quote_literal(name)}")  # noqa: S608
            for name in run.column("select distinct probe_field from todo where probe is not null")
        ]
        if external:
            wanted.append((external, "select distinct partner from todo"))
        for number, (name, query) in enumerate(wanted):
            run.read_selection(side, f"near_{number}", fields, Selection(match=(name, tuple(run.column(query)))))
        count = len(wanted)
    parts = " union all by name ".join(f"from near_{number}" for number in range(count))
    run.con.execute(
        f"""create or replace temp table current as
        select distinct on (_id) * from ({parts}) where not coalesce(_deleted, false)"""  # noqa: S608 our own names
    )


def _earlier(moment: str) -> str:
    """The moment less what two clocks may differ by."""
    when = datetime.fromisoformat(moment) - _CLOCKS
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
