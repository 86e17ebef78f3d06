-- Only where the mapping says create_in_keva: Contacts that nobody has become customers, one an e-mail, never a guess.

-- step: new_emails
create temp table new_emails as
select sf_id, canonical_email(email_as_is) as email from sf_side where not deleted and email_as_is is not null;

-- step: old_emails
create temp table old_emails as
select distinct canonical_email(email_as_is) as email from keva_side where not deleted and email_as_is is not null;

-- step: new_customers
insert into pairs
select null, new_emails.sf_id, null, 'create-keva', 'not in Keva', false
from new_emails semi join (select sf_id from matched where keva_id is null) as alone on alone.sf_id = new_emails.sf_id
where not (select narrows from in_scope)
    and not exists (select 1 from pairs where pairs.sf_id = new_emails.sf_id)
    and not exists (select 1 from tombstones where tombstones.sf_id = new_emails.sf_id)
    and not exists (select 1 from old_emails where old_emails.email = new_emails.email)
    and not exists (select 1 from candidates where candidates.sf_id = new_emails.sf_id and decision <> 'unlikely')
    and new_emails.email in (select email from new_emails group by email having count(*) = 1);
