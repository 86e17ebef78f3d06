-- Values in the form in which they are compared. dd_ascii is a Python function, asked only where there is more than ASCII.
create or replace temp macro dd_plain(x) as
  case when x is null then null when regexp_matches(x, '[^\x00-\x7f]') then dd_ascii(x) else x end;
-- letters, digits and single spaces
create or replace temp macro dd_words(x) as
  nullif(trim(regexp_replace(lower(replace(replace(x, '''', ''), '`', '')), '[^a-z0-9]+', ' ', 'g')), '');
create or replace temp macro dd_squash(x) as replace(x, ' ', '');
-- a person's name without forms of address; the generation stays at its end
create or replace temp macro dd_name(x) as
  nullif(trim(regexp_replace(dd_words(x), '^((mr|mrs|ms|miss|mx|dr|prof|sir|dame|rev|herr|frau|mme|madame|monsieur) +)+', '')), '');
create or replace temp macro dd_generation(x) as
  case regexp_extract(x, '(?:^|[a-z]+ )(jr|junior|sr|senior|ii|iii|iv|2nd|3rd)$', 1)
    when 'jr' then 'jr' when 'junior' then 'jr' when 'sr' then 'sr' when 'senior' then 'sr' when 'ii' then 'jr' when '2nd' then 'jr'
    when 'iii' then 'iii' when '3rd' then 'iii' when 'iv' then 'iv' end;
create or replace temp macro dd_ungenerated(x) as
  nullif(trim(regexp_replace(x, '(^| )(jr|junior|sr|senior|ii|iii|iv|2nd|3rd|phd|md|esq|mba|cpa)$', '')), '');
create or replace temp macro dd_company(x) as
  nullif(trim(regexp_replace(regexp_replace(regexp_replace(' ' || dd_words(replace(x, '&', ' ')) || ' ', ' (and|the|und|et|y) ', ' ', 'g'),
    '( (inc|incorporated|llc|l l c|ltd|limited|gmbh|corp|corporation|co|company|group|plc|sa|s a|srl|s r l|bv|b v|nv|n v|ag|kg|oy|ab|as|aps|pty|pvt|private|llp|lp|sarl|spa|s p a|sas|sl|kk|ug|ev|mbh|holding|holdings))+ $', ' '),
    '^( (the|firma|messrs))+ ', ' ')), '');
create or replace temp macro dd_email(x) as
  regexp_extract(lower(replace(x, ' ', '')), '([^@<>,;:"()]+@[^@<>,;:"()]+[.][^@<>,;:"()]+)', 1);
create or replace temp macro dd_local(e) as
  case when split_part(e, '@', 2) in ('gmail.com', 'googlemail.com') then replace(split_part(split_part(e, '@', 1), '+', 1), '.', '')
       else split_part(split_part(e, '@', 1), '+', 1) end;
create or replace temp macro dd_domain(e) as
  case split_part(e, '@', 2) when 'googlemail.com' then 'gmail.com' else regexp_replace(split_part(e, '@', 2), '^www[.]', '') end;
-- the label that names the organisation: shop.acme.co.uk gives acme
create or replace temp macro dd_label(d) as
  nullif(regexp_replace(regexp_extract(d, '([^.]+)[.](?:(?:co|com|org|net|ac|gov|edu)[.][a-z]{2}|[a-z]+)$', 1), '[^a-z0-9]', '', 'g'), '');
create or replace temp macro dd_phone(x) as
  regexp_replace(regexp_replace(regexp_replace(lower(x), '[.]0$', ''), '(ext|x|#|;|durchwahl).*$', ''), '[^0-9]', '', 'g');
create or replace temp macro dd_extension(x) as
  nullif(regexp_replace(regexp_extract(lower(x), '(?:ext|x|#|;)(.*)$', 1), '[^0-9]', '', 'g'), '');
create or replace temp macro dd_street(x) as
  nullif(trim(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(' ' || dd_words(replace(x, '.', ' ')) || ' ',
    ' (street|str|strasse) ', ' st ', 'g'), ' (avenue|av) ', ' ave ', 'g'), ' (road) ', ' rd ', 'g'), ' (place) ', ' pl ', 'g'),
    ' (north|south|east|west|n|s|e|w|northeast|northwest|southeast|southwest) ', ' ', 'g'), ' (apartment|suite|unit|flat|apt|ste|room|rm|floor|fl) ', ' # ', 'g')), '');
create or replace temp macro dd_date(x) as
  case when regexp_matches(x, '^ *[0-9]{4}[-/. ]?[0-9]{2}[-/. ]?[0-9]{2}') then left(regexp_replace(x, '[^0-9]', '', 'g'), 8)
       when regexp_matches(x, '^ *[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ][0-9]{4}') then
         regexp_extract(x, '^ *[0-9]+[^0-9][0-9]+[^0-9]([0-9]{4})', 1) ||
         lpad(regexp_extract(x, '^ *[0-9]+[^0-9]([0-9]+)[^0-9]', 1), 2, '0') || lpad(regexp_extract(x, '^ *([0-9]+)[^0-9]', 1), 2, '0')
       else nullif(left(regexp_replace(x, '[^0-9]', '', 'g'), 8), '') end;
create or replace temp macro dd_weight(tokens) as list_sum(list_transform(tokens, lambda t: t % 1024)) / 32.0;
-- how a word sounds, roughly: for blocking only
create or replace temp macro dd_sound(w) as
  left(w, 1) || left(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    w[2:], '(ph|v)', 'f', 'g'), '(ck|q|k|g|c|j|x)', 'k', 'g'), '(z|sh|ch)', 's', 'g'), '(d|th)', 't', 'g'), 'm', 'n', 'g'),
    '[aeiouyhw]+', '', 'g'), '(bb|ff|kk|ll|nn|pp|rr|ss|tt)', 'l', 'g'), 4);

create or replace temp table dd_form as
with plain as (
  select n, nullif(trim(dd_plain("name")), '') as "name", nullif(trim(dd_plain(first_name)), '') as first_name,
    nullif(trim(dd_plain(last_name)), '') as last_name, dd_email(dd_plain(email)) as email, dd_plain(phone) as phone,
    dd_plain(company) as company, dd_plain(street) as street, dd_words(dd_plain(city)) as city,
    nullif(dd_squash(dd_words(dd_plain(postcode))), '') as postcode, dd_words(dd_plain(state)) as state, dd_words(dd_plain(country)) as country,
    dd_date(dd_plain(dob)) as dob, dd_words(dd_plain(title)) as title, lower(dd_plain(website)) as website,
    nullif(upper(dd_squash(dd_words(dd_plain(identifier)))), '') as identifier,
    {others_plain}
  from dd_in
), named as (
  select *,
    dd_name(case when first_name is null and last_name is null
      then case when "name" like '%,%' and not regexp_matches("name", ', *(jr|sr|ii|iii|iv|phd|md)[.]? *$', 'i')
           then split_part("name", ',', 2) || ' ' || split_part("name", ',', 1) else "name" end end) as whole,
    dd_name(first_name) as given, dd_words(last_name) as family
  from plain
), split as (
  select *, coalesce(dd_generation(family), dd_generation(given), dd_generation(whole)) as generation,
    dd_ungenerated(dd_ungenerated(given)) as given1, dd_ungenerated(dd_ungenerated(family)) as family1, dd_ungenerated(dd_ungenerated(whole)) as whole1
  from named
), parts as (
  select *,
    coalesce(given1, case when whole1 like '% %' then regexp_replace(whole1, ' [^ ]+$', '') end) as "first",
    coalesce(family1, case when given1 is null then regexp_extract(whole1, '([^ ]+)$', 1) end) as "last",
    regexp_extract(website, '(?:https?://)?(?:www[.])?([^/ ]+)', 1) as site
  from split
), mail as (
  select *, dd_local(email) as local0, dd_domain(email) as domain0, dd_phone(phone) as digits0, dd_street(street) as street0, dd_company(company) as company0
  from parts
)
select n, dd_sound("last") as family_sound, array_to_string(list_sort(string_split(concat_ws(' ', "first", "last"), ' ')), ' ') as person_sorted,
  regexp_replace(company0, '[^0-9]', '', 'g') as company_digits,
  "first" as given, "last" as family, nullif(concat_ws(' ', "first", "last"), '') as person, generation,
  regexp_extract("first", '^([^ ]+)', 1) as given1,
  list_sort(string_split(nullif(concat_ws(' ', "first", "last"), ''), ' ')) as words,
  nullif(local0, '') as local, nullif(domain0, '') as domain,
  nullif(local0, '') || '@' || domain0 as email,
  nullif(regexp_replace(local0, '[^a-z]', '', 'g'), '') as stem,
  coalesce(regexp_full_match(local0, '(info|sales|support|admin|office|contact|hello|billing|accounts?|accounting|help|helpdesk|service|services|team|hr|jobs|marketing|mail|enquiries|inquiries|noreply|no-reply|donotreply|webmaster|postmaster|reception|orders?|purchasing|invoices?|finance|press|media|privacy|security|customerservice|customer[.]?care|kontakt|buero|vertrieb|test|none|na|unknown)[0-9]*'), false) as role,
  coalesce(domain0 in ('gmail.com', 'yahoo.com', 'hotmail.com', 'outlook.com', 'icloud.com', 'aol.com', 'live.com', 'msn.com', 'me.com', 'mac.com',
    'proton.me', 'protonmail.com', 'gmx.de', 'gmx.net', 'web.de', 't-online.de', 'mail.com', 'ymail.com', 'yahoo.co.uk', 'hotmail.co.uk', 'comcast.net',
    'verizon.net', 'att.net', 'sbcglobal.net', 'cox.net', 'btinternet.com', 'orange.fr', 'free.fr', 'wanadoo.fr', 'libero.it', 'mail.ru', 'yandex.ru',
    'qq.com', '163.com', 'naver.com', 'zoho.com', 'fastmail.com', 'hey.com', 'pm.me', 'example.com', 'example.org', 'example.net', 'inbox.com', 'rocketmail.com'), false) as free,
  case when length(digits0) >= 5 and not regexp_full_match(right(digits0, 7), '(0+|1+|2+|3+|4+|5+|6+|7+|8+|9+|1234567)') then case when length(digits0) >= 12 and digits0[1] = '1' then left(regexp_replace(digits0, '^1+', ''), 10) else right(digits0, 10) end end as phone,
  coalesce(dd_extension(phone), case when length(digits0) >= 12 and digits0[1] = '1' then nullif(regexp_replace(digits0, '^1+', '')[11:], '') end) as extension,
  company0 as company, nullif(dd_squash(company0), '') as company_key, string_split(company0, ' ') as company_words,
  street0 as street, nullif(regexp_extract(street0, '(?:^| )([0-9]+)', 1), '') as house,
  nullif(trim(regexp_replace(regexp_replace(street0, '[0-9#]+', ' ', 'g'), ' +', ' ', 'g')), '') as road,
  city, postcode, state, country, case when length(dob) >= 4 then dob end as dob, title, identifier,
  nullif(dd_label(coalesce(case when not coalesce(domain0 in ('gmail.com', 'yahoo.com', 'hotmail.com', 'outlook.com', 'icloud.com', 'aol.com', 'live.com', 'msn.com', 'proton.me', 'example.com', 'example.org', 'example.net'), false) then domain0 end, site)), '') as label,
  {others}
from mail;
