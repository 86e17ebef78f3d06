-- Who is whom. Expects the tables links (and link_origin: is base the only word on them?), tombstones, scope (filled only
-- if `in_scope` narrows), keva_narrow, sf_narrow, base_narrow and the views keva_side, sf_side, as `projection.py` makes
-- them; and, from the step `merged` on, the view `alone`. Rules in order: known link, salesforceContactId from Keva,
-- external ID on the Contact, unique canonical e-mail on both sides, else create. More than one candidate on either side
-- is ambiguous.

-- step: matched
-- One pass over everything: known links, customers without one (known is false), Contacts without one (keva_id null).
-- `settled`: base, Keva and Salesforce are the same to the letter, so nothing more is asked about the pair.
create temp table matched as
with pairs_known as (
    select links.keva_id, links.sf_id, base.digest, base.partial, base.keva_id is not null as has_base
    from links
    left join base_narrow as base on base.keva_id = links.keva_id and base.sf_id = links.sf_id
    where (select known from link_origin) = 'links'
    union all
    select keva_id, sf_id, digest, partial, true from base_narrow where (select known from link_origin) = 'base'
),
with_keva as (
    select
        coalesce(pairs_known.keva_id, keva.keva_id) as keva_id, pairs_known.sf_id,
        pairs_known.keva_id is not null as known, keva.keva_id is not null as keva_live,
        coalesce(has_base, false) as has_base, pairs_known.digest,
        coalesce(not pairs_known.partial and not keva.partial and pairs_known.digest = keva.digest, false) as may_settle
    from pairs_known full outer join keva_narrow as keva on keva.keva_id = pairs_known.keva_id
    where (select not narrows from in_scope)
        or coalesce(pairs_known.keva_id, keva.keva_id) in (select keva_id from scope)
)
select
    with_keva.keva_id, coalesce(with_keva.sf_id, sf.sf_id) as sf_id,
    coalesce(known, false) as known, coalesce(keva_live, false) as keva_live, sf.sf_id is not null as sf_live,
    coalesce(has_base, false) as has_base,
    coalesce(may_settle and sf.digest = with_keva.digest, false) as settled
from with_keva full outer join sf_narrow as sf on sf.sf_id = with_keva.sf_id;

-- step: unsettled
create temp table unsettled as select * exclude (settled) from matched where not settled and keva_id is not null;

-- step: merged
-- Contacts merged away, with the record that is alive at the end of the chain.
create temp table merged as
with recursive chain(sf_id, master, hops) as (
    select sf_id, master, 1 from sf_side where master is not null and deleted
    union all
    select chain.sf_id, next.master, hops + 1
    from chain join sf_side as next on next.sf_id = chain.master
    where next.master is not null and next.deleted and hops < 20
),
ends as (
    select sf_id, last(master order by hops) as master from chain group by sf_id
)
select ends.sf_id, ends.master from ends semi join sf_narrow on sf_narrow.sf_id = ends.master;

-- step: linked
-- Known links that are not settled: what is alive, where a merged Contact went, the Contact the base speaks of. The link
-- of a customer who is gone follows nobody: it is the one that stands that must be dissolved.
create temp table linked as
select
    unsettled.keva_id, coalesce(merged.master, unsettled.sf_id) as sf_id, unsettled.sf_id as base_sf_id,
    keva_live, sf_live or merged.master is not null as sf_live, not sf_live and merged.master is not null as moved, has_base
from unsettled left join merged on merged.sf_id = unsettled.sf_id and not unsettled.sf_live and unsettled.keva_live
where known;

-- step: moving
-- Every living customer's link whose Contact was merged away, in scope or not, with the Contact it moves to.
create temp table moving as
select links.keva_id, merged.master as sf_id
from links join merged on merged.sf_id = links.sf_id
semi join keva_narrow on keva_narrow.keva_id = links.keva_id;

-- step: moved_twice
-- A master that another customer already has, or that two customers come to by merges. A link stands until it is
-- dissolved, even where its customer is gone: nothing takes its Contact in the same plan.
create temp table moved_twice as
with claimed as (
    select sf_id, keva_id from moving
    union all
    select links.sf_id, links.keva_id from links semi join moving on moving.sf_id = links.sf_id
)
select distinct moving.keva_id, moving.sf_id
from moving join claimed on claimed.sf_id = moving.sf_id and claimed.keva_id <> moving.keva_id;

-- step: loose_as_is
-- Customers without a link. Where the plan is narrowed, those out of scope too: they may claim the same Contact.
create temp table loose_as_is as
select keva_side.keva_id, keva_side.pointer, keva_side.email_as_is
from keva_side semi join alone on alone.keva_id = keva_side.keva_id
where not keva_side.deleted;

-- step: loose
-- The same with what they could be linked by, in canonical form.
create temp table loose as
select keva_id, canonical_id(pointer) as contact_ref, canonical_email(email_as_is) as email from loose_as_is;

-- step: wanted_emails
create temp table wanted_emails as select distinct email, lower(email) as folded from loose where email is not null;

-- step: keva_likely
-- E-mails are counted over all records of the side, linked ones too. Canonical forms are dear, so they are worked out only
-- where the value as it stands could become a wanted one: the same but for case, or with characters that are not kept.
create temp table keva_likely as
select keva_id, email_as_is from keva_side
where not deleted and email_as_is is not null and (
    lower(email_as_is) in (select folded from wanted_emails)
    or strlen(email_as_is) <> length(email_as_is) or email_as_is < '!' or not email_as_is[-1] > ' '
    or contains(email_as_is, chr(0))
);

-- step: keva_emails
create temp table keva_emails as
select email, count(*) as customers
from (select canonical_email(email_as_is) as email from keva_likely)
where email in (select email from wanted_emails)
group by email;

-- step: sf_likely
create temp table sf_likely as
select sf_id, email_as_is from sf_side
where not deleted and email_as_is is not null and (
    lower(email_as_is) in (select folded from wanted_emails)
    or strlen(email_as_is) <> length(email_as_is) or email_as_is < '!' or not email_as_is[-1] > ' '
    or contains(email_as_is, chr(0))
);

-- step: sf_emails
create temp table sf_emails as
select email, count(*) as contacts, min(sf_id) as sf_id, array_to_string(list_sort(list(sf_id))[:5], ', ') as sf_ids
from (select sf_id, canonical_email(email_as_is) as email from sf_likely)
where email in (select email from wanted_emails)
group by email;

-- step: claims
-- Every candidate a rule names, but for pairs that were unlinked before: those never come back by themselves.
create temp table claims as
select keva_id, rule, how, sf_id
from (
    select loose.keva_id, 1 as rule, 'salesforceContactId' as how, coalesce(sf.sf_id, merged.master) as sf_id
    from loose
    left join sf_narrow as sf on sf.sf_id = loose.contact_ref
    left join merged on merged.sf_id = loose.contact_ref
    where coalesce(sf.sf_id, merged.master) is not null
    union all
    select loose.keva_id, 2, 'external ID', sf_side.sf_id
    from sf_side join loose on sf_side.external_ref = loose.keva_id
    where not sf_side.deleted and sf_side.external_ref is not null
    union all
    select loose.keva_id, 3, 'e-mail', sf_emails.sf_id
    from loose
    join sf_emails on sf_emails.email = loose.email and sf_emails.contacts = 1
    join keva_emails on keva_emails.email = loose.email and keva_emails.customers = 1
) as named
where not exists (
    select 1 from tombstones
    where tombstones.keva_id = named.keva_id and tombstones.sf_id = named.sf_id
);

-- step: best_claims
-- The first rule that names anyone decides; a stronger rule of another customer takes the Contact away.
create temp table best_claims as
with first_rule as (
    select keva_id, min(rule) as rule from claims group by keva_id
),
named as (
    select distinct claims.keva_id, claims.rule, claims.how, claims.sf_id
    from claims join first_rule on first_rule.keva_id = claims.keva_id and first_rule.rule = claims.rule
),
per_contact as (
    select sf_id, min(rule) as best_rule from named group by sf_id
),
rivals as (
    select named.sf_id, count(*) as customers
    from named join per_contact on per_contact.sf_id = named.sf_id and per_contact.best_rule = named.rule
    group by named.sf_id
)
select
    named.keva_id, named.rule, any_value(named.how) as how, count(*) as candidates,
    min(named.sf_id) as sf_id,
    array_to_string(list_sort(list(named.sf_id))[:5], ', ') as sf_ids,
    bool_or(named.sf_id in (select sf_id from links union all select sf_id from moving)) as taken,
    bool_or(per_contact.best_rule < named.rule) as outranked,
    max(coalesce(rivals.customers, 0)) as rivals
from named
join per_contact on per_contact.sf_id = named.sf_id
left join rivals on rivals.sf_id = named.sf_id
group by named.keva_id, named.rule;

-- step: found
-- What becomes of each loose customer in scope: link, create, ambiguous, or left alone after an earlier unlink.
create temp table found as
select
    loose.keva_id,
    case when verdict = 'link' then best.sf_id end as sf_id,
    verdict,
    case verdict
        when 'ambiguous' then case
            when best.keva_id is null and keva_emails.customers > 1
                then format('{} customers share this e-mail', keva_emails.customers)
            when best.keva_id is null
                then format('{} Contacts share this e-mail: {}', sf_emails.contacts, sf_emails.sf_ids)
            when best.candidates > 1 then format('{} Contacts by {}: {}', best.candidates, best.how, best.sf_ids)
            when best.taken then format('Contact {} ({}) is linked to another customer', best.sf_id, best.how)
            else format('Contact {} ({}) is claimed by another customer', best.sf_id, best.how)
        end
        when 'link' then format('found by {}', best.how)
        when 'tombstone' then 'unlinked before; not linked or created again by itself'
        else 'not in Salesforce'
    end || case
        when loose.contact_ref is not null and best.rule is distinct from 1
            then format(' (salesforceContactId {} points nowhere)', loose.contact_ref)
        else ''
    end as reason
from loose
left join best_claims as best on best.keva_id = loose.keva_id
left join keva_emails on keva_emails.email = loose.email
left join sf_emails on sf_emails.email = loose.email
cross join lateral (
    select case
        when best.keva_id is not null then
            case when best.candidates > 1 or best.taken or best.outranked or best.rivals > 1
                then 'ambiguous' else 'link' end
        when keva_emails.customers > 1 or (
            sf_emails.contacts > 1
        ) then 'ambiguous'
        when loose.keva_id in (select keva_id from tombstones) then 'tombstone'
        else 'create'
    end as verdict
) as decided
where (select not narrows from in_scope) or loose.keva_id in (select keva_id from scope);

-- step: pairs
-- Every customer in scope that is not settled, once, known or found.
create temp table pairs as
select
    linked.keva_id, linked.sf_id, linked.base_sf_id,
    case
        when moved_twice.keva_id is not null then 'ambiguous'
        when not linked.keva_live and not linked.sf_live then 'gone'
        when not linked.keva_live then 'gone-keva'
        when not linked.sf_live then 'gone-sf'
        when linked.moved then 'relink'
        else 'known'
    end as verdict,
    case
        when moved_twice.keva_id is not null
            then format('Contact {} was merged into {}, which another customer has', linked.base_sf_id, linked.sf_id)
        when linked.moved then format('Contact {} was merged into {}', linked.base_sf_id, linked.sf_id)
    end as reason,
    linked.has_base
from linked left join moved_twice on moved_twice.keva_id = linked.keva_id
union all
select keva_id, sf_id, null, verdict, reason, false from found;
