-- Only where the mapping says create_in_keva: Contacts that nobody has become customers, one an e-mail, never a guess.

-- step: new_customers
insert into pairs
select null, sf_side.sf_id, null, 'create-keva', 'not in Keva', false
from sf_side semi join (select sf_id from matched where keva_id is null) as alone on alone.sf_id = sf_side.sf_id
where not sf_side.deleted
    and sf_side.email is not null
    and not (select narrows from in_scope)
    and not exists (select 1 from pairs where pairs.sf_id = sf_side.sf_id)
    and not exists (select 1 from tombstones where tombstones.sf_id = sf_side.sf_id)
    and not exists (select 1 from keva_side as known where known.email = sf_side.email and not known.deleted)
    and (select count(*) from sf_side as twin where twin.email = sf_side.email and not twin.deleted) = 1;
