-- Which Account a customer's company is. Expects dd_record and dd_id (canonical.sql) of customers and Accounts in one table,
-- account (account_id, name, parent_id), settled (keva_id, account_id, why: what is known already), refused (keva_id,
-- account_id: a person said no), decided (keva_id, account_id, yes), answered (question, account_id, yes) and limits (block,
-- shown, threshold).

-- step: depth
-- How far an Account is from the top of its tree; a circle of parents ends after twenty steps.
create or replace temp table account_depth as
with recursive up(account_id, parent_id, steps) as (
    select account_id, parent_id, 0 from account
    union all
    select up.account_id, above.parent_id, up.steps + 1
    from up join account as above on above.account_id = up.parent_id where up.steps < 20
)
select account_id, max(steps) as depth from up group by account_id;

-- step: organisations
-- Free-mail addresses say nothing of a company. The root of a domain is what somebody registered: shop.acme.co.uk is acme.co.uk.
create or replace temp table organisation as
select dd_id.id, dd_id.source, company_key, company_tokens, weight_company_tokens,
    case when not "free" then nullif(regexp_extract("domain",
        '([^.]+[.](?:(?:co|com|org|net|ac|gov|edu)[.][a-z]{2}|[a-z]+))$', 1), '') end as "domain",
    case when not "free" then "label" end as "label",
    coalesce(company_key, '') || '@' || coalesce("domain", '') as question
from dd_record join dd_id using (n);

-- step: answered
-- What a person said of a company, but not over what was said of one of its customers, nor over what is settled.
insert into settled
select organisation.id, answered.account_id, 'a person said so of the company'
from organisation join answered on answered.question = organisation.question and answered.yes
semi join account on account.account_id = answered.account_id
anti join decided on decided.keva_id = organisation.id and (decided.yes or decided.account_id = answered.account_id)
where organisation.source = 'keva' and organisation.id not in (select keva_id from settled);

-- step: refused
insert into refused
select organisation.id, answered.account_id
from organisation join answered on answered.question = organisation.question and not answered.yes
where organisation.source = 'keva';

-- step: asks
-- Colleagues ask the same question: it is answered once. Who was told no asks alone.
create or replace temp table ask as
select row_number() over () as ask, * from (
    select distinct company_key, "domain", "label", company_tokens, weight_company_tokens,
        case when id in (select keva_id from refused) then id end as alone
    from organisation where source = 'keva' and (company_key is not null or "domain" is not null)
);

-- step: asked_by
create or replace temp table asked_by as
select organisation.id as keva_id, ask.ask
from organisation join ask on ask.company_key is not distinct from organisation.company_key
    and ask."domain" is not distinct from organisation."domain" and ask."label" is not distinct from organisation."label"
    and ask.alone is not distinct from case when organisation.id in (select keva_id from refused) then organisation.id end
where source = 'keva';

-- step: counts
create or replace temp table offered as
select organisation.*, count(*) over (partition by company_key) as of_name, count(*) over (partition by "domain") as of_domain
from organisation where source = 'account';

-- step: keys
-- What an Account can be found by; `weight` is how many Accounts one key brings.
create or replace temp table account_key as
with named as (
    select id, 'name' as rule, company_key as key from offered where company_key is not null
    union all select id, 'domain', "domain" from offered where "domain" is not null
    union all select id, 'label', "label" from offered where "label" is not null
    union all select id, 'word', unnest(company_tokens)::varchar from offered where company_tokens is not null
    union all select id, 'start', left(company_key, 5) from offered where length(company_key) >= 5
)
select named.*, count(*) over (partition by rule, key) as weight from named;

-- step: capped
-- Keys that bring too many Accounts to compare; words are the usual ones, and the rarer words of a name still find it.
create or replace temp table capped as
select rule, count(distinct key) as keys, max(weight) as largest
from account_key where weight > (select block from limits) group by rule;

-- step: pairs
create or replace temp table account_pair as
with wanted as (
    select ask, alone, 'name' as rule, company_key as key from ask where company_key is not null
    union all select ask, alone, 'domain', "domain" from ask where "domain" is not null
    union all select ask, alone, 'name', "label" from ask where "label" is not null
    union all select ask, alone, 'label', company_key from ask where company_key is not null
    union all select ask, alone, 'word', unnest(company_tokens)::varchar from ask where company_tokens is not null
    union all select ask, alone, 'start', left(company_key, 5) from ask where length(company_key) >= 5
)
select distinct wanted.ask, account_key.id as account_id
from wanted join account_key on account_key.rule = wanted.rule and account_key.key = wanted.key
anti join refused on refused.keva_id = wanted.alone and refused.account_id = account_key.id
where account_key.weight <= (select block from limits);

-- step: evidence
create or replace temp table account_evidence as
select
    pair.ask, pair.account_id, offered.of_name, offered.of_domain,
    coalesce(ask.company_key = offered.company_key, false) as same_name,
    greatest(
        coalesce(dd_weight(list_intersect(ask.company_tokens, offered.company_tokens))
            / greatest(ask.weight_company_tokens, offered.weight_company_tokens, 0.1), 0),
        coalesce((jaro_winkler_similarity(ask.company_key, offered.company_key) - 0.8) * 5, 0)
    ) as alike,
    ask.company_key is not null and offered.company_key is not null as both_named,
    coalesce(ask."domain" = offered."domain", false) as same_domain,
    coalesce(ask."domain" <> offered."domain", false) as other_domain,
    coalesce(ask."label" = offered.company_key, false) as label_is_name
from account_pair as pair
join ask on ask.ask = pair.ask
join offered on offered.id = pair.account_id;

-- step: bits
-- An Account drawn at random is right once in as many as there are; what agrees is worth how rare it is, and 4 bits for the
-- doubt that the right Account is not there at all. docs/accounts.md tells what stands for what.
create or replace temp table account_bits as
with size as (select greatest(count(*), 2) as accounts from account)
select
    *,
    case
        when same_name then log2(accounts / of_name::double) + 4
        when alike >= 0.5 then log2(accounts::double) * least(alike, 0.95) - 1
        when both_named then -2 else 0 end as name_bits,
    case
        when same_domain then log2(accounts / of_domain::double) + 4
        when label_is_name and same_name then 2
        when label_is_name then log2(accounts / of_name::double) + 1
        when other_domain then -3 else 0 end as domain_bits,
    -log2(accounts::double) as start
from account_evidence cross join size;

-- step: shares
-- The Accounts of one question are rivals, and "none of them" is one more.
create or replace temp table account_share as
with weighed as (
    select *, 2 ** (start + name_bits + domain_bits) as weight from account_bits
),
shared as (
    select *, weight / (1 + sum(weight) over (partition by ask)) as confidence from weighed
)
select
    shared.*, account_depth.depth,
    row_number() over (partition by ask order by round(confidence, 3) desc, depth, account_id) as place
from shared join account_depth using (account_id)
where confidence >= (select shown from limits)
qualify place <= 5;

-- step: decided
-- Never by the name alone where two Accounts have it, nor by a likeness alone.
create or replace temp table account_decided as
select
    *,
    case
        when place > 1 then 'candidate'
        when confidence >= (select threshold from limits) and (
            (same_domain and (same_name or alike >= 0.5 or (not both_named and of_domain = 1)))
            or (same_name and of_name = 1 and not other_domain)
        ) then 'link'
        else 'review'
    end as decision,
    concat_ws(', ',
        case when same_name and of_name > 1 then format('the name, which {} Accounts have', of_name)
            when same_name then 'the name' when alike >= 0.5 then format('a name like it ({:.0f} %)', least(99, 100 * alike))
            when both_named then 'another name' end,
        case when same_domain and of_domain > 1 then format('the e-mail domain, which {} Accounts have', of_domain)
            when same_domain then 'the e-mail domain' when label_is_name then 'the e-mail domain is called like it'
            when other_domain then 'another e-mail domain' end
    ) as evidence
from account_share;

-- step: answers
create or replace temp table account_answers as
with asked as (
    select asked_by.keva_id, decided.*
    from asked_by join account_decided as decided using (ask)
    anti join settled on settled.keva_id = asked_by.keva_id
)
select keva_id, 1 as place, account_id, 1.0::double as confidence, 'link' as decision, why as evidence
from settled
union all
select keva_id, place, account_id, confidence, decision, evidence from asked
union all
select organisation.id, 1, null, null, 'none', case when organisation.company_key is null and organisation."domain" is null
    then 'no company, no e-mail of one' else 'no Account is like it' end
from organisation
where source = 'keva' and organisation.id not in (select keva_id from settled) and organisation.id not in (select keva_id from asked);
