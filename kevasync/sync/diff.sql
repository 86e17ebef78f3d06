-- The law of one field for millions of rows: `merge.py` says the same in Python and a property test holds them equal.
-- Expects `differences` (one row a pair and field whose two sides differ), `field_rules`, `constraints`, `pairs`, `edited_gone`.

-- step: verdicts
create temp view verdicts as
select
    differences.*, rules.keva_field, rules.targets, rules.direction, rules.conflict, rules.drift,
    case
        when not keva_said or not sf_said then 'unsaid'
        when pair_verdict = 'create' then 'to_crm'
        when pair_verdict = 'create-keva' then 'from_crm'
        when keva is not distinct from sf then 'agreed'
        when rules.direction = 'to_crm' then case
            when not base_known then case when keva is null then 'review' else 'to_crm' end
            when keva is not distinct from base then 'drift'
            else 'to_crm' end
        when rules.direction = 'from_crm' then case
            when not base_known then case when sf is null then 'review' else 'from_crm' end
            when sf is not distinct from base then 'drift'
            else 'from_crm' end
        when not base_known then case
            when keva is null then 'from_crm'
            when sf is null then 'to_crm'
            else 'conflict' end
        when sf is not distinct from base then 'to_crm'
        when keva is not distinct from base then 'from_crm'
        else 'conflict'
    end as verdict
from differences join field_rules as rules on rules.field_no = differences.field_no;

-- step: actions
create temp table actions as
select
    verdicts.*,
    case verdict
        when 'unsaid' then 'no-op'
        when 'agreed' then 'no-op'
        when 'drift' then case drift
            when 'report' then 'drift'
            when 'respect' then 'no-op'
            else direction end
        when 'conflict' then case conflict
            when 'keva' then 'to_crm'
            when 'salesforce' then 'from_crm'
            when 'union' then 'both'
            when 'append' then 'both'
            when 'fill_only' then case
                when keva is null then 'from_crm'
                when sf is null then 'to_crm'
                else 'no-op' end
            when 'longest' then case
                when length(coalesce(keva, '')) > length(coalesce(sf, '')) then 'to_crm'
                when length(coalesce(keva, '')) < length(coalesce(sf, '')) then 'from_crm'
                else 'conflict' end
            when 'newest' then case
                when keva_time > sf_time then 'to_crm'
                when keva_time < sf_time then 'from_crm'
                else 'conflict' end
            else 'conflict' end
        else verdict
    end as action,
    case
        when pair_verdict like 'create%' then 'new record'
        when verdict = 'conflict' then format('both sides changed, policy {}', conflict)
        when verdict = 'drift' then format('edited on the target of a {} field, policy {}', direction, drift)
        when verdict = 'review' then 'a first sync never clears'
        when not base_known then case
            when direction = 'bidirectional' then 'empty on this side, filled from the other'
            else 'first sync, ' || case direction when 'to_crm' then 'Keva' else 'Salesforce' end || ' leads' end
        when direction = 'to_crm' and sf is distinct from base then 'changed in Keva; Salesforce''s edit is overwritten'
        when direction = 'from_crm' and keva is distinct from base then 'changed in Salesforce; Keva''s edit is overwritten'
        when verdict = 'to_crm' then 'changed in Keva'
        else 'changed in Salesforce'
    end as why
from verdicts;

-- step: proposals
-- One row a value that would be written; `part` is the place among the field's targets.
create temp table proposals as
select * from (
    select
        keva_id, sf_id, pair_verdict, field_no, 'to_crm' as direction, part, targets[part] as field,
        sf_raw[part] as old, new_crm[part] as new, base_raw[part] as base, why, keva_raw, sf_shown, base_shown, base_known
    from (
        select *, unnest(range(1, len(targets) + 1)) as part from actions where action in ('to_crm', 'both')
    )
)
where pair_verdict <> 'create' or new is not null
union all
select
    keva_id, sf_id, pair_verdict, field_no, 'from_crm', 1, keva_field,
    keva_raw, new_keva, base_shown, why, keva_raw, sf_shown, base_shown, base_known
from actions
where action in ('from_crm', 'both') and (pair_verdict <> 'create-keva' or new_keva is not null);

-- step: obstacles
-- What the side would refuse: required, too long, not on the list, not valid for its kind. One bad part holds the whole field.
create temp table obstacles as
select keva_id, sf_id, pair_verdict, field_no, direction, string_agg(distinct obstacle, '; ') as obstacle
from (
    select
        proposals.*,
        case
            when new is null and constraints.required then format('{} is required and cannot be cleared', proposals.field)
            -- Salesforce has a value, but the way back makes nothing of it (the stand-in of `default`, say)
            when new is null and not base_known and proposals.direction = 'from_crm' and trim(keva_raw) <> ''
                then 'a first sync never clears'
            when new is null then null
            when constraints.max_length > 0 and length(new) > constraints.max_length
                then format('{} is too long: {} characters, at most {}', proposals.field, length(new), constraints.max_length)
            when len(constraints.allowed) > 0 and not list_contains(constraints.allowed, new)
                then format('{} is not a value of the restricted picklist {}', new, proposals.field)
            -- a case, not `and`: DuckDB may ask the dear half of an `and` first
            when case when constraints.checked then not kv_is_valid(constraints.kind, new) else false end
                then format('{} is not a valid {}', proposals.field, constraints.kind)
        end as obstacle
    from proposals
    join constraints on constraints.direction = proposals.direction and constraints.field = proposals.field
)
where obstacle is not null
group by keva_id, sf_id, pair_verdict, field_no, direction;

-- step: refused
-- Creates that cannot be: a required value is missing, or the e-mail is.
create temp table refused as
select keva_id, sf_id, string_agg(problem, '; ' order by problem) as problem
from (
    select pairs.keva_id, pairs.sf_id, needed.problem
    from pairs cross join needed
    where pairs.verdict = needed.pair_verdict
        and not exists (
            select 1 from proposals
            where proposals.keva_id is not distinct from pairs.keva_id
                and proposals.sf_id is not distinct from pairs.sf_id
                and proposals.field = needed.field and proposals.new is not null
        )
    union all
    select obstacles.keva_id, obstacles.sf_id, obstacles.obstacle
    from obstacles join needed on needed.pair_verdict = obstacles.pair_verdict
        and needed.field_no = obstacles.field_no and needed.direction = obstacles.direction
)
group by keva_id, sf_id;

-- step: changes
create temp table changes as
select
    proposals.keva_id, proposals.sf_id, proposals.direction, proposals.field,
    proposals.old, proposals.new, proposals.base, proposals.why as reason
from proposals
left join obstacles
    on obstacles.keva_id is not distinct from proposals.keva_id
    and obstacles.sf_id is not distinct from proposals.sf_id
    and obstacles.field_no = proposals.field_no and obstacles.direction = proposals.direction
left join refused
    on refused.keva_id is not distinct from proposals.keva_id and refused.sf_id is not distinct from proposals.sf_id
where obstacles.field_no is null and refused.problem is null
    and proposals.old is distinct from proposals.new
    and (proposals.pair_verdict <> 'create' or (select create_in_salesforce from switches));

-- step: review
create temp table review as
select keva_id, sf_id, keva_field as field, action as kind, keva_raw as keva, sf_shown as salesforce,
    base_shown as base, why as reason
from actions
where action in ('conflict', 'review', 'drift')
union all
select distinct on (proposals.keva_id, proposals.sf_id, proposals.field_no, proposals.direction)
    proposals.keva_id, proposals.sf_id, rules.keva_field, 'held', keva_raw, sf_shown, base_shown, obstacles.obstacle
from proposals
join obstacles
    on obstacles.keva_id is not distinct from proposals.keva_id
    and obstacles.sf_id is not distinct from proposals.sf_id
    and obstacles.field_no = proposals.field_no and obstacles.direction = proposals.direction
join field_rules as rules on rules.field_no = proposals.field_no
where not exists (
    select 1 from refused
    where refused.keva_id is not distinct from proposals.keva_id and refused.sf_id is not distinct from proposals.sf_id
)
union all
select keva_id, sf_id, null, 'conflict', null, null, null, reason from edited_gone;

-- step: tallies
create temp table tallies as
select keva_id, sf_id, sum(changed) as changed, sum(conflicts) as conflicts, sum(waiting) as waiting
from (
    select keva_id, sf_id, 1 as changed, 0 as conflicts, 0 as waiting from changes
    union all
    select keva_id, sf_id, 0, (kind = 'conflict')::int, (kind <> 'conflict')::int from review
)
group by keva_id, sf_id;

-- step: records
create temp table records_open as
select pairs.keva_id, pairs.sf_id, decided.operation,
    case decided.operation
        when 'rejected' then refused.problem
        when 'unlink' then case pairs.verdict
            when 'gone' then 'gone on both sides'
            when 'gone-keva' then 'gone in Keva'
            else 'gone in Salesforce' end
        when 'conflict' then coalesce(edited_gone.reason, format('{} of the fields changed on both sides', tallies.conflicts))
        when 'review' then format('{} of the fields wait for a person', tallies.waiting)
        when 'update' then format('{} values to write', tallies.changed)
        when 'no-op' then coalesce(pairs.reason, 'equal')
        else pairs.reason
    end as reason
from pairs
left join tallies on tallies.keva_id is not distinct from pairs.keva_id and tallies.sf_id is not distinct from pairs.sf_id
left join refused on refused.keva_id is not distinct from pairs.keva_id and refused.sf_id is not distinct from pairs.sf_id
left join edited_gone on edited_gone.keva_id = pairs.keva_id
cross join lateral (
    select case
        when pairs.verdict = 'ambiguous' then 'ambiguous'
        when pairs.verdict = 'create' and not (select create_in_salesforce from switches) then 'no-op'
        when refused.problem is not null then 'rejected'
        when edited_gone.keva_id is not null then 'conflict'
        when pairs.verdict like 'gone%' then 'unlink'
        when pairs.verdict like 'create%' then 'create'
        when pairs.verdict in ('link', 'relink') then 'link'
        when tallies.conflicts > 0 then 'conflict'
        when tallies.waiting > 0 then 'review'
        when tallies.changed > 0 then 'update'
        else 'no-op'
    end as operation
) as decided
union all
select null, alone.sf_id, 'not-in-keva', 'no customer has this Contact'
from (select sf_id from matched where keva_id is null) as alone
anti join pairs on pairs.sf_id = alone.sf_id
where not (select narrows from in_scope);

-- step: records
-- The settled ones need no table of their own: most records are among them.
create temp view records as
select * from records_open
union all
select keva_id, sf_id, 'no-op', 'equal' from matched where settled;
