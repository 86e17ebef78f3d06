-- Candidates by score for customers whom no key links. Expects what link.sql leaves up to the step `found`; from the step
-- `candidates` on also scored (the scorer's answers), apart (pairs a person told apart) and linking (what is allowed).

-- step: open_customers
-- Customers to be created, or of a shared e-mail. Where a pointer or an external ID names anyone, no score speaks.
create temp table open_customers as
select found.keva_id from found anti join best_claims on best_claims.keva_id = found.keva_id
where found.verdict in ('create', 'ambiguous');

-- step: open_contacts
create temp table open_contacts as
select alone.sf_id
from (select sf_id from matched where keva_id is null) as alone
anti join links on links.sf_id = alone.sf_id
anti join moving on moving.sf_id = alone.sf_id
anti join claims on claims.sf_id = alone.sf_id;

-- step: candidates
-- Only a pair that is the one candidate of both its records links by itself: with a rival a person has to look.
create temp table candidates as
with named as (
    select scored.keva_id, scored.sf_id, scored.probability, scored.evidence
    from scored
    semi join open_customers on open_customers.keva_id = scored.keva_id
    semi join open_contacts on open_contacts.sf_id = scored.sf_id
    anti join apart on apart.keva_id = scored.keva_id and apart.sf_id = scored.sf_id
    anti join tombstones on tombstones.keva_id = scored.keva_id and tombstones.sf_id = scored.sf_id
),
ranked as (
    select *,
        row_number() over (partition by keva_id order by probability desc, sf_id) as place,
        count(*) over (partition by keva_id) as contacts,
        count(*) over (partition by sf_id) as customers
    from named
)
select
    keva_id, sf_id, probability, evidence, place,
    case
        when auto and probability >= threshold and contacts = 1 and customers = 1 then 'link'
        when probability >= likely then 'review'
        else 'unlikely'
    end as decision
from ranked cross join linking;

-- step: linked_by_score
update found set verdict = 'link', sf_id = sure.sf_id,
    reason = format('found by score: {:.1f} % the same person ({})', least(99.9, 100 * sure.probability), sure.evidence)
from (select * from candidates where decision = 'link') as sure
where sure.keva_id = found.keva_id;

-- step: held_by_score
-- Nobody is created beside a Contact who is likely the same person.
update found set verdict = 'ambiguous',
    reason = case when found.verdict = 'ambiguous' then found.reason || '; ' else '' end
        || format('Contact {} may be the same person: {:.1f} % ({})', best.sf_id,
            least(99.9, 100 * best.probability), best.evidence)
        || case when best.likely > 1 then format(', and {} more', best.likely - 1) else '' end
from (
    select *, count(*) over (partition by keva_id) as likely from candidates where decision = 'review'
    qualify row_number() over (partition by keva_id order by place) = 1
) as best
where best.keva_id = found.keva_id and found.verdict <> 'link';
