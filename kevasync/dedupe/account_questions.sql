-- What is asked of a person: one line a candidate of a company, whose customers ask the same. Reads what accounts.sql made.
-- step: questions
with one as (
    select organisation.question, organisation."domain", asked.company, asked.email, asked_by.ask, organisation.id
    from asked_by join organisation on organisation.id = asked_by.keva_id and organisation.source = 'keva'
    join account_question as asked on asked.id = organisation.id and asked.source = 'keva'
    anti join settled on settled.keva_id = organisation.id
),
asked as (
    select question, any_value("domain") as "domain", mode(company) as company, count(*) as customers,
        list_sort(list(coalesce(email, id[6:])))[:6] as samples, min(ask) as ask
    from one group by question
)
select asked.question, asked.company, asked."domain", asked.customers, asked.samples,
    bool_or(decided.decision = 'review') over (partition by asked.question) as waits,
    account.account_id, coalesce(account.name, account.account_id), above.name, account.website, decided.confidence,
    decided.evidence, decided.start, decided.name_bits, decided.domain_bits
from asked join account_decided as decided on decided.ask = asked.ask
join account on account.account_id = decided.account_id
left join account as above on above.account_id = account.parent_id
order by asked.customers desc, asked.question, decided.place;
