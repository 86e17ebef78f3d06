-- rule: email
select n, email as key from dd_record where email is not null and not role

-- rule: phone
select n, right(phone, 9) || coalesce('x' || extension, '') as key from dd_record where phone is not null

-- rule: phone_name
select n, right(phone, 7) || left(word, 1) as key from (select n, phone, unnest(list_distinct(words)) as word from dd_record where phone is not null)

-- rule: identifier
select n, identifier as key from dd_record where identifier is not null

-- rule: local_part
select n, local as key from dd_record where length(local) >= 5 and not role

-- rule: name_and_dob
select n, left(word, 2) || dob as key from (select n, dob, unnest(list_distinct(words)) as word from dd_record where dob is not null)

-- rule: name_and_city
select n, array_to_string(words, ' ') || '|' || city as key from dd_record where len(words) > 1 and city is not null

-- rule: name
select n, array_to_string(words, ' ') as key from dd_record where len(words) > 1

-- rule: company
select n, company_key || coalesce('|' || dd_sound(family), '') as key from dd_record where company_key is not null

-- rule: company_swapped
select n, company_key || '|' || left(word, 2) as key
from (select n, company_key, unnest(list_distinct(words)) as word from dd_record where company_key is not null) where length(word) > 1

-- rule: domain_and_name
select n, key || '|' || left(word, 2) as key from (
  select n, label as key, unnest(list_distinct(words)) as word from dd_record where label is not null
  union all select n, company_key, unnest(list_distinct(words)) from dd_record where company_key is not null)
where length(word) > 1

-- rule: name_in_local_part
with made as (
  select n, coalesce(label, company_key) as place, given_key as given1, family_key as family, stem from dd_record where coalesce(label, company_key, city) is not null
)
select n, place || '|' || stem as key from made where stem is not null
union all select n, place || '|' || given1 || family from made where family is not null
union all select n, place || '|' || left(given1, 1) || family from made where family is not null
union all select n, place || '|' || given1 || left(family, 1) from made where family is not null
union all select n, place || '|' || family || given1 from made where family is not null

-- rule: name_is_local_part
select n, stem as key from dd_record where length(stem) >= 6 and not role
union all select n, given_key || family_key from dd_record where length(given_key) > 1 and length(family_key) > 1
union all select n, left(given_key, 1) || family_key from dd_record where length(family_key) > 4
union all select n, family_key || given_key from dd_record where length(given_key) > 1 and length(family_key) > 1
union all select n, family_key || left(given_key, 1) from dd_record where length(family_key) > 4

-- rule: rare_name
select n, family || '|' || left(given1, 1) as key from dd_record where family is not null and given1 is not null

-- rule: sound_and_city
select n, dd_sound(word) || '|' || left(city, 5) as key
from (select n, city, unnest(list_distinct(words)) as word from dd_record where city is not null) where length(word) > 2

-- rule: sound
select n, array_to_string(list_sort(list_transform(words, lambda w: dd_sound(w))), '|') as key from dd_record where len(words) > 1

-- rule: nickname_and_family
select n, unnest(nicks)::VARCHAR || '|' || dd_sound(family) as key from dd_record where nicks is not null and family is not null

-- rule: two_parts (parts)
with field as (
  select n, list_concat(
    list_transform(words[:4], lambda w: 'a' || left(w, 3)), list_transform(words[:4], lambda w: 'b' || right(w, 3)),
    ['c' || left(phone, 6), 'd' || right(phone, 4), 'e' || phone[4:7],
     case when not role then 'f' || left(local, 4) end, case when not role then 'g' || right(local, 4) end,
     case when not role and length(local) > 6 then 't' || local[5:7] end, 'h' || label,
     'i' || left(company_key, 4), 'j' || right(company_key, 4), 'k' || left(title, 12), 'l' || left(dob, 4),
     'm' || least(dob[5:6], dob[7:8]) || greatest(dob[5:6], dob[7:8]), 'n' || postcode, 'o' || house, 'p' || left(road, 4),
     'q' || left(city, 4), 'r' || left(identifier, 4), 's' || right(identifier, 4)]) as parts
  from dd_record
), sorted as (select n, list_sort(list_distinct(parts)) as parts from field)
select n, hash(parts[low], parts[high]) as key
from (select n, parts, low, unnest(range(low + 1, len(parts) + 1)) as high
      from (select n, parts, unnest(range(1, len(parts))) as low from sorted))

-- rule: dob
select n, dob as key from dd_record where dob is not null

-- rule: dob_parts
select n, 'a' || left(dob, 6) || left(word, 1) as key from (select n, dob, unnest(list_distinct(words)) as word from dd_record where length(dob) = 8)
union all select n, 'b' || right(dob, 4) || left(word, 1) from (select n, dob, unnest(list_distinct(words)) as word from dd_record where length(dob) = 8)
union all select n, 'c' || left(dob, 4) || right(dob, 2) || left(word, 1) from (select n, dob, unnest(list_distinct(words)) as word from dd_record where length(dob) = 8)

-- rule: dob_near
select n, left(dob, 4) || least(dob[5:6], dob[7:8]) || greatest(dob[5:6], dob[7:8]) as key from dd_record where length(dob) = 8
union all select n, 'd' || left(dob, 3) || right(dob, 4) from dd_record where length(dob) = 8
union all select n, 'y' || dob[4] || least(dob[5:6], dob[7:8]) || greatest(dob[5:6], dob[7:8]) from dd_record where length(dob) = 8

-- rule: phone_near
select n, left(phone, 6) || coalesce('x' || extension, '') as key from dd_record where length(phone) = 10
union all select n, 'e' || left(phone, 3) || right(phone, 4) || coalesce('x' || extension, '') from dd_record where length(phone) = 10

-- rule: address
select n, house || '|' || coalesce(postcode, city) as key from dd_record where house is not null and coalesce(postcode, city) is not null
union all select n, house || '|' || left(road, 5) from dd_record where house is not null and road is not null
union all select n, 'z' || postcode || '|' || left(road, 4) from dd_record where postcode is not null and road is not null

-- rule: postcode_and_name
select n, postcode || '|' || left(word, 1) as key from (select n, postcode, unnest(list_distinct(words)) as word from dd_record where postcode is not null)

-- rule: title_and_place
select n, title || '|' || coalesce(city, '') || '|' || left(word, 1) as key
from (select n, title, city, unnest(list_distinct(words)) as word from dd_record where title is not null and bits_title > 5)

-- rule: title_and_name
select n, title || '|' || dd_sound(word) as key from (select n, title, unnest(list_distinct(words)) as word from dd_record where title is not null and bits_title > 2)

-- rule: company_words
select n, (token >> 10)::VARCHAR || coalesce('|' || left(family, 1), '|' || left(city, 3), '') as key
from (select n, family, city, unnest(company_tokens) as token from dd_record where company_key is not null) where token % 1024 > 150

-- rule: other
select n, v || '|' || left(coalesce(family, company_key, ''), 1) as key from dd_record, unnest([other0, other1, other2, other3, other4, other5, other6, other7]) as o(v) where v is not null

-- rule: title (loose)
select n, title || coalesce('|' || state, '') as key from dd_record where title is not null and bits_title > 4

-- rule: family (loose)
select n, dd_sound(word) || length(word)::VARCHAR as key from (select n, unnest(list_distinct(words)) as word from dd_record where words is not null) where length(word) > 3

-- rule: postcode (loose)
select n, postcode as key from dd_record where postcode is not null and bits_postcode > 5

-- rule: city_and_initial (loose)
select n, city || '|' || left(word, 1) as key from (select n, city, unnest(list_distinct(words)) as word from dd_record where city is not null)

-- rule: city (loose)
select n, left(city, 6) as key from dd_record where city is not null

-- rule: street (loose)
select n, left(road, 6) as key from dd_record where road is not null

-- rule: company_start (loose)
select n, left(company_key, 6) as key from dd_record where company_key is not null
