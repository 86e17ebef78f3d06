-- Features of a pair: a and b are rows of dd_record. name | fields that it needs | expression | columns that must be there on both sides
-- Missing on both sides is -2, on one side -1. The first field is the one that the evidence is put down to.
given_jw        | name | greatest(jaro_winkler_similarity(a.given, b.given), jaro_winkler_similarity(a.given1, b.given1)) | given
given_exact     | name | (a.given = b.given)::INT + (a.given1 = b.given1)::INT | given
given_initial   | name | case when length(a.given1) = 1 or length(b.given1) = 1 then (left(a.given1, 1) = left(b.given1, 1))::INT + 1 else 0 end | given
given_same_start | name | (left(a.given1, 1) = left(b.given1, 1))::INT + (starts_with(a.given1, b.given1) or starts_with(b.given1, a.given1))::INT | given
given_nick      | name | list_has_any(a.nicks, b.nicks)::INT | nicks
given_lev       | name | least(levenshtein(a.given1, b.given1), 6) | given1
given_bits      | name | case when a.given1 = b.given1 then a.bits_given1 else 0 end | given1
given_rare      | name | least(a.bits_given1, b.bits_given1) | given1
middle          | name | case when a.given like '% %' and b.given like '% %' then (split_part(a.given, ' ', 2)[1] = split_part(b.given, ' ', 2)[1])::INT + 1 else 0 end | given
family_jw       | name | jaro_winkler_similarity(a.family, b.family) | family
family_lev      | name | least(levenshtein(a.family, b.family), 8) | family
family_bits     | name | case when a.family = b.family then a.bits_family else 0 end | family
family_rare     | name | least(a.bits_family, b.bits_family) | family
family_sound    | name | (a.family_sound = b.family_sound)::INT | family
family_length   | name | least(length(a.family), length(b.family)) | family
swapped         | name | least(jaro_winkler_similarity(a.given, b.family), jaro_winkler_similarity(a.family, b.given)) | given, family
crossed         | name | greatest(coalesce(jaro_winkler_similarity(a.given1, b.family), 0), coalesce(jaro_winkler_similarity(a.family, b.given1), 0)) | person
person_jw       | name | jaro_winkler_similarity(a.person, b.person) | person
person_lev      | name | 1 - levenshtein(a.person, b.person) / greatest(length(a.person), length(b.person)) | person
person_sorted   | name | jaro_winkler_similarity(a.person_sorted, b.person_sorted) | person
person_bits     | name | case when a.person = b.person then a.bits_person else 0 end | person
person_count    | name | least(a.bits_person, b.bits_person) | person
name_shared     | name | dd_weight(list_intersect(a.name_tokens, b.name_tokens)) | name_tokens
name_share      | name | dd_weight(list_intersect(a.name_tokens, b.name_tokens)) / greatest(least(a.weight_name_tokens, b.weight_name_tokens), 0.1) | name_tokens
generation      | name | case when a.generation is null and b.generation is null then 0 when a.generation = b.generation then 1 when a.generation is null or b.generation is null then 2 else 3 end |
email_exact     | email | (a.email = b.email)::INT | email
email_bits      | email | case when a.email = b.email then a.bits_email else 0 end | email
email_rare      | email | least(a.bits_email, b.bits_email) | email
email_lev       | email | least(levenshtein(a.email, b.email), 12) | email
local_jw        | email | jaro_winkler_similarity(a.local, b.local) | local
local_lev       | email | 1 - levenshtein(a.local, b.local) / greatest(length(a.local), length(b.local)) | local
local_bits      | email | case when a.local = b.local then a.bits_local else 0 end | local
stem_jw         | email | jaro_winkler_similarity(a.stem, b.stem) | stem
local_digits    | email | case when a.stem = b.stem then (a.local = b.local)::INT + 1 else 0 end | stem
domain_exact    | email | (a.domain = b.domain)::INT | domain
domain_free     | email | a.free::INT + b.free::INT | email
label_bits      | email | case when a.label = b.label then a.bits_label else 0 end | label
label_jw        | email | jaro_winkler_similarity(a.label, b.label) | label
role            | email | a.role::INT + b.role::INT | email
name_in_local   | email, name | greatest(coalesce(dd_in_local(a.given_key, a.family_key, b.stem), 0), coalesce(dd_in_local(b.given_key, b.family_key, a.stem), 0)) | person
name_in_local_least | email, name | least(coalesce(dd_in_local(a.given_key, a.family_key, b.stem), 0.4), coalesce(dd_in_local(b.given_key, b.family_key, a.stem), 0.4)) | person
own_local       | email, name | least(coalesce(dd_in_local(a.given_key, a.family_key, a.stem), 2), coalesce(dd_in_local(b.given_key, b.family_key, b.stem), 2)) |
stem_rest       | email, name | jaro_winkler_similarity(replace(a.stem, a.given_key, ''), replace(b.stem, b.given_key, '')) | stem, given1
names_own       | email, name | contains(a.stem, a.family_key)::INT + contains(b.stem, b.family_key)::INT | stem, family
stem_initial    | email | (a.stem <> b.stem and length(a.stem) > 3 and (a.stem[2:] = b.stem[2:] or a.stem[:-2] = b.stem[:-2]))::INT | stem
own_initials    | email, name | (left(a.given1, 1) <> left(b.given1, 1) and (starts_with(a.stem, left(a.given1, 1)) or ends_with(a.stem, left(a.given1, 1))) and (starts_with(b.stem, left(b.given1, 1)) or ends_with(b.stem, left(b.given1, 1))) and not starts_with(a.stem, left(b.given1, 1)) and not starts_with(b.stem, left(a.given1, 1)))::INT | stem, given1
email_people    | email, name | case when a.email = b.email then a.people_email else 0 end | email
phone_people    | phone, name | case when a.phone = b.phone then a.people_phone else 0 end | phone
phone_exact     | phone | (a.phone = b.phone)::INT + coalesce(a.phone = b.phone and a.extension = b.extension, false)::INT | phone
phone_bits      | phone | case when a.phone = b.phone then a.bits_phone else 0 end | phone
phone_rare      | phone | least(a.bits_phone, b.bits_phone) | phone
phone_lev       | phone | least(levenshtein(a.phone, b.phone), 9) | phone
phone_end       | phone | (right(a.phone, 7) = right(b.phone, 7))::INT + (length(a.phone) > 6 and length(b.phone) > 6 and (ends_with(a.phone, b.phone) or ends_with(b.phone, a.phone)))::INT | phone
phone_start     | phone | (left(a.phone, 6) = left(b.phone, 6))::INT | phone
extension       | phone | (a.extension = b.extension)::INT | extension
extension_lev   | phone | least(levenshtein(a.extension, b.extension), 4) | extension
company_exact   | company | (a.company_key = b.company_key)::INT | company_key
company_bits    | company | case when a.company_key = b.company_key then a.bits_company_key else 0 end | company_key
company_jw      | company | jaro_winkler_similarity(a.company_key, b.company_key) | company_key
company_lev     | company | 1 - levenshtein(a.company_key, b.company_key) / greatest(length(a.company_key), length(b.company_key)) | company_key
company_within  | company | (contains(a.company_key, b.company_key) or contains(b.company_key, a.company_key))::INT | company_key
company_shared  | company | dd_weight(list_intersect(a.company_tokens, b.company_tokens)) | company_tokens
company_share   | company | dd_weight(list_intersect(a.company_tokens, b.company_tokens)) / greatest(least(a.weight_company_tokens, b.weight_company_tokens), 0.1) | company_tokens
company_share_all | company | dd_weight(list_intersect(a.company_tokens, b.company_tokens)) / greatest(a.weight_company_tokens, b.weight_company_tokens, 0.1) | company_tokens
company_numbers | company | (a.company_digits = b.company_digits)::INT | company
company_label   | company, email | greatest(coalesce(dd_same_place(a.company_key, b.label), 0), coalesce(dd_same_place(b.company_key, a.label), 0)) |
house           | street | (a.house = b.house)::INT | house
house_lev       | street | least(levenshtein(a.house, b.house), 4) | house
road_jw         | street | jaro_winkler_similarity(a.road, b.road) | road
road_lev        | street | 1 - levenshtein(a.road, b.road) / greatest(length(a.road), length(b.road)) | road
street_shared   | street | dd_weight(list_intersect(a.street_tokens, b.street_tokens)) | street_tokens
street_share    | street | dd_weight(list_intersect(a.street_tokens, b.street_tokens)) / greatest(least(a.weight_street_tokens, b.weight_street_tokens), 0.1) | street_tokens
street_bits     | street | case when a.street = b.street then a.bits_street else 0 end | street
city_exact      | city | (a.city = b.city)::INT | city
city_jw         | city | jaro_winkler_similarity(a.city, b.city) | city
city_within     | city | (contains(a.city, b.city) or contains(b.city, a.city))::INT | city
city_bits       | city | case when a.city = b.city then a.bits_city else 0 end | city
postcode_lev    | postcode | least(levenshtein(a.postcode, b.postcode), 6) | postcode
postcode_start  | postcode | (left(a.postcode, 3) = left(b.postcode, 3))::INT | postcode
postcode_bits   | postcode | case when a.postcode = b.postcode then a.bits_postcode else 0 end | postcode
state_exact     | region | (a.state = b.state)::INT | state
state_jw        | region | jaro_winkler_similarity(a.state, b.state) | state
country_exact   | region | (a.country = b.country)::INT | country
dob_parts       | dob | (left(a.dob, 4) = left(b.dob, 4))::INT + (a.dob[5:6] = b.dob[5:6])::INT + (a.dob[7:8] = b.dob[7:8])::INT | dob
dob_lev         | dob | levenshtein(a.dob, b.dob) | dob
dob_swapped     | dob | (a.dob <> b.dob and left(a.dob, 4) = left(b.dob, 4) and a.dob[5:6] = b.dob[7:8] and a.dob[7:8] = b.dob[5:6])::INT | dob
dob_years       | dob | least(abs(try_cast(left(a.dob, 4) as INT) - try_cast(left(b.dob, 4) as INT)), 60) | dob
dob_default     | dob | (right(a.dob, 4) = '0101')::INT + (right(b.dob, 4) = '0101')::INT | dob
dob_bits        | dob | case when a.dob = b.dob then a.bits_dob else 0 end | dob
title_exact     | title | (a.title = b.title)::INT | title
title_jw        | title | jaro_winkler_similarity(a.title, b.title) | title
title_share     | title | dd_weight(list_intersect(a.title_tokens, b.title_tokens)) / greatest(least(a.weight_title_tokens, b.weight_title_tokens), 0.1) | title_tokens
title_share_all | title | dd_weight(list_intersect(a.title_tokens, b.title_tokens)) / greatest(a.weight_title_tokens, b.weight_title_tokens, 0.1) | title_tokens
title_bits      | title | case when a.title = b.title then a.bits_title else 0 end | title
identifier_lev  | identifier | least(levenshtein(a.identifier, b.identifier), 10) | identifier
identifier_jw   | identifier | jaro_winkler_similarity(a.identifier, b.identifier) | identifier
identifier_bits | identifier | case when a.identifier = b.identifier then a.bits_identifier else 0 end | identifier
