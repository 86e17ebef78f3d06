-- Values in the form in which they are compared. dd_ascii is a Python function, asked only where there is more than ASCII.
create or replace temp macro dd_plain(x) as
  case when regexp_matches(x, '[^\x00-\x7f]') then dd_ascii(x) when contains(x, '&') and contains(x, ';')
    then replace(replace(replace(replace(x, '&amp;', '&'), '&#39;', chr(39)), '&quot;', '"'), '&nbsp;', ' ') else x end;
-- what people write where there is nothing to write is null; of a text that is no name but a page, the beginning is enough
create or replace temp macro dd_said(x) as
  case when length(x) < 15 and lower(trim(x)) in ('n/a', '#n/a', 'unknown', 'undefined', 'not provided', 'not available', 'not applicable', 'not known',
    'tbd', 'tba', '-', '--', '---', '.', '..', '...', '?', '??', '???', 'xx', 'xxx', 'xxxx', '0', '00000', 'no name', 'no email', 'no phone', '(none)', '(null)',
    'unbekannt', 'k.a.', 'desconocido', 'inconnu') then null else left(x, 400) end;
-- the same where it is no name of a person: there are people called Null, Na and None
create or replace temp macro dd_thing(x) as
  case when length(x) < 6 and lower(trim(x)) in ('na', 'none', 'null', 'nil', 'nan', 'test', 'self', 'keine') then null else x end;
-- letters, digits and single spaces
create or replace temp macro dd_words(x) as
  nullif(trim(regexp_replace(lower(replace(replace(x, '''', ''), '`', '')), '[^a-z0-9]+', ' ', 'g')), '');
-- a job in full words, without those that say nothing
create or replace temp macro dd_title(x) as
  nullif(array_to_string(list_filter(list_transform(string_split(replace(dd_words(x), 'r d', 'r&d'), ' '), lambda w: case w
    when 'vp' then 'vice president' when 'svp' then 'senior vice president' when 'evp' then 'executive vice president' when 'avp' then 'assistant vice president'
    when 'ceo' then 'chief executive officer' when 'cfo' then 'chief financial officer' when 'cto' then 'chief technology officer'
    when 'coo' then 'chief operating officer' when 'cmo' then 'chief marketing officer' when 'cio' then 'chief information officer'
    when 'it' then 'information technology' when 'hr' then 'human resources' when 'mgr' then 'manager' when 'mgmt' then 'management' when 'sr' then 'senior' when 'snr' then 'senior'
    when 'jr' then 'junior' when 'dir' then 'director' when 'eng' then 'engineer' when 'engr' then 'engineer' when 'ops' then 'operations'
    when 'r&d' then 'research development' when 'asst' then 'assistant' when 'exec' then 'executive' when 'rep' then 'representative' when 'dev' then 'developer'
    when 'acct' then 'account' when 'mktg' then 'marketing' when 'mkt' then 'marketing' when 'pr' then 'public relations' when 'qa' then 'quality assurance'
    when 'bd' then 'business development' when 'md' then 'managing director' when 'gm' then 'general manager' when 'pa' then 'personal assistant'
    when 'dept' then 'department' when 'admin' then 'administrator' else w end), lambda w: w not in ('of', 'the', 'and', 'for', 'in', 'at', 'de', 'der', 'du', 'la')), ' '), '');
create or replace temp macro dd_squash(x) as replace(x, ' ', '');
-- as in an address: Müller writes mueller there, or muller
create or replace temp macro dd_fold(x) as replace(replace(replace(dd_squash(x), 'ae', 'a'), 'oe', 'o'), 'ue', 'u');
-- a person's name without forms of address; the generation stays at its end
create or replace temp macro dd_name(x) as
  nullif(trim(regexp_replace(dd_words(x), '^((mr|mrs|ms|miss|mx|dr|prof|sir|dame|rev|herr|frau|mme|madame|monsieur) +)+', '')), '');
-- Sen and Jun are names too: they are a generation where a comma or a full stop says so
create or replace temp macro dd_aged(x) as
  case when contains(x, ',') or contains(x, '.')
    then regexp_replace(regexp_replace(x, '(, *(jun|fils|filho|hijo)[.]?| jun[.]) *$', ' jr', 'i'), '(, *(sen|p.re|pai|padre)[.]?| sen[.]) *$', ' sr', 'i') else x end;
create or replace temp macro dd_generation(x) as
  case regexp_extract(x, '(?:^|[a-z]+ )(jr|jnr|junior|sr|snr|senior|ii|iii|iv|2nd|3rd)$', 1)
    when 'jr' then 'jr' when 'jnr' then 'jr' when 'junior' then 'jr' when 'sr' then 'sr' when 'snr' then 'sr' when 'senior' then 'sr' when 'ii' then 'jr' when '2nd' then 'jr'
    when 'iii' then 'iii' when '3rd' then 'iii' when 'iv' then 'iv' end;
create or replace temp macro dd_ungenerated(x) as
  nullif(trim(regexp_replace(x, '(^| )(jr|jnr|junior|sr|snr|senior|ii|iii|iv|2nd|3rd|phd|md|esq|mba|cpa)$', '')), '');
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
  ltrim(regexp_replace(regexp_replace(regexp_replace(replace(lower(x), '(0)', ''), '[.]0$', ''), '(ext|x|#|;|durchwahl).*$', ''), '[^0-9]', '', 'g'), '0');
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
with said as (
  select n, dd_said("name") as "name", dd_said(first_name) as first_name, dd_said(last_name) as last_name, dd_said(email) as email, dd_said(phone) as phone, dd_said(company) as company, dd_said(street) as street, dd_said(city) as city, dd_said(postcode) as postcode, dd_said(state) as state, dd_said(country) as country, dd_said(dob) as dob, dd_said(title) as title, dd_said(website) as website, dd_said(identifier) as identifier,
    {others_said}
  from dd_in
), thing as (
  select n, "name", first_name, last_name, email, phone, dd_thing(company) as company, dd_thing(street) as street, dd_thing(city) as city, dd_thing(postcode) as postcode, dd_thing(state) as state, dd_thing(country) as country, dd_thing(dob) as dob, dd_thing(title) as title, dd_thing(website) as website, dd_thing(identifier) as identifier,
    {others_thing}
  from said
), letters as (
  select n, dd_plain("name") as "name", dd_plain(first_name) as first_name, dd_plain(last_name) as last_name, dd_plain(email) as email, dd_plain(phone) as phone, dd_plain(company) as company, dd_plain(street) as street, dd_plain(city) as city, dd_plain(postcode) as postcode, dd_plain(state) as state, dd_plain(country) as country, dd_plain(dob) as dob, dd_plain(title) as title, dd_plain(website) as website, dd_plain(identifier) as identifier,
    {others_plain}
  from thing
), plain as (
  select n, nullif(trim(dd_aged("name")), '') as "name", nullif(trim(first_name), '') as first_name, nullif(trim(dd_aged(last_name)), '') as last_name,
    dd_email(email) as email, phone, company, street, dd_words(city) as city, nullif(dd_squash(dd_words(postcode)), '') as postcode,
    dd_words(state) as state, dd_words(country) as country, dd_date(dob) as dob, dd_title(title) as title, lower(website) as website,
    nullif(upper(dd_squash(dd_words(identifier))), '') as identifier, {others_words}
  from letters
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
  case when "first" is not null and "last" is not null then least(left("first", 1), left("last", 1)) || greatest(left("first", 1), left("last", 1)) end as initials,
  "first" as given, "last" as family, nullif(concat_ws(' ', "first", "last"), '') as person, generation,
  regexp_extract("first", '^([^ ]+)', 1) as given1, dd_fold(regexp_extract("first", '^([^ ]+)', 1)) as given_key, dd_fold("last") as family_key,
  list_sort(string_split(nullif(concat_ws(' ', "first", "last"), ''), ' ')) as words,
  nullif(local0, '') as local, nullif(domain0, '') as domain,
  nullif(local0, '') || '@' || domain0 as email,
  nullif(dd_fold(regexp_replace(local0, '[^a-z]', '', 'g')), '') as stem,
  coalesce(regexp_full_match(local0, '(info|sales|support|admin|office|contact|hello|billing|accounts?|accounting|help|helpdesk|service|services|team|hr|jobs|marketing|mail|enquiries|inquiries|noreply|no-reply|donotreply|webmaster|postmaster|reception|orders?|purchasing|invoices?|finance|press|media|privacy|security|customerservice|customer[.]?care|kontakt|buero|vertrieb|test|none|na|unknown|no-?e?mail|nobody|xxx?|abc|asdf|administracion|ventas|comercial|soporte|contacto|facturacion|informacion|buchhaltung|einkauf|verkauf|zentrale|sekretariat|empfang|rechnung|personal|contabilidad|compras|direction|comptabilite|accueil|commercial|amministrazione|segreteria|vendite|biuro)[0-9]*'), false) as role,
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
