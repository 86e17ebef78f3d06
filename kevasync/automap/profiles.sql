-- For each column how many of its values fit each pattern.
-- `texts` has one row for a column and a value: place (of the column), v (trimmed, cut), n (how often it stands there).
WITH looked AS (
    SELECT
        place, v, n, lower(v) AS low, length(v) AS size,
        length(regexp_replace(v, '[^0-9]', '', 'g')) AS digits,
        length(v) - length(replace(v, ' ', '')) + 1 AS words,
        regexp_full_match(v, '[+-]?\d{1,18}') AS is_integer,
        regexp_full_match(v, '[+-]?[$€£]? ?(\d{1,3}([,.'' ]\d{3})+|\d+)([.,]\d+)? ?[€%]?') AS is_number,
        regexp_full_match(v, '(\d{4}[-/.](0?[1-9]|1[0-2])[-/.](0?[1-9]|[12]\d|3[01])|(0?[1-9]|[12]\d|3[01])[-/.](0?[1-9]|[12]\d|3[01])[-/.](\d{4}|\d{2})|\d{1,2}[-. ](jan|feb|m[aä]r|apr|ma[yi]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*\.?[- ]\d{2,4}|[A-Za-z]{3,9}\.? \d{1,2}, \d{4})', 'i') AS is_date,
        regexp_full_match(v, '(\d{4}-\d{2}-\d{2}|\d{1,2}[/.]\d{1,2}[/.]\d{2,4})[T ,]+\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?([AaPp][Mm]|Z|UTC|[+-]\d{2}:?\d{0,2}))?') AS is_datetime,
        regexp_full_match(v, '(00[1356Q]|500|701|a[0-9A-Z]{2})[0-9a-zA-Z]{12}([0-9A-Za-z]{3})?') AND regexp_matches(v[4:], '\d') AS is_salesforce_id
    FROM texts
),
judged AS (
    SELECT
        *,
        digits BETWEEN 7 AND 17 AND NOT is_date AND NOT is_datetime
        AND regexp_full_match(v, '(\+|00)?[ ]?\(?\d[\d ().\-/·]*( ?(x|ext\.?|extension|#|;ext=|dw) ?\d{1,6})?', 'i')
        AND (digits BETWEEN 10 AND 13 OR NOT is_number OR starts_with(v, '+') OR starts_with(v, '00')) AS is_phone,
        words <= 7 AND digits = 0 AND regexp_matches(low, '(^|[^\p{L}])(manager|director|engineer|developer|officer|president|vp|svp|evp|ceo|cto|cfo|coo|cmo|cio|ciso|founder|owner|head of|chief|analyst|consultant|assistant|associate|administrator|specialist|coordinator|executive|representative|accountant|architect|designer|supervisor|lead|partner|technician|advisor|strategist|buyer|recruiter|attorney|professor|teacher|nurse|leiter(in)?|geschäftsführer(in)?|berater(in)?|entwickler(in)?|einkäufer(in)?|sachbearbeiter(in)?|vertrieb|assistent(in)?|directeur|directrice|responsable|ingénieur|chargée? |gérante?|acheteur|gerente|director[a]?|ingeniero|jefe|responsabile|direttore|impiegato|titolare|inkoper|directie|medewerker)([^\p{L}]|$)') AS is_job,
        words BETWEEN 1 AND 8 AND regexp_matches(low, '(^| |,)(inc|llc|ltd|limited|corp|corporation|co|company|gmbh|ag|kg|ohg|se|e\.?v|sa|sas|sarl|srl|spa|s\.p\.a|s\.a|s\.r\.l|s\.l|sl|bv|b\.v|nv|n\.v|plc|llp|lp|group|holding|holdings|pty|oy|ab|aps|as|kft|sp\. z o\.o|lda|ltda|pvt|partners|industries|foundation|university|bank|solutions|technologies|systems|consulting|services)\.?$') AS is_company
    FROM looked
)
SELECT
    place,
    sum(n) AS looked_at,
    sum(n) FILTER (regexp_full_match(v, '[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s.,;<>]{2,}')) AS email,
    sum(n) FILTER (is_phone) AS phone,
    sum(n) FILTER (is_phone AND regexp_matches(v, '^(\+|00) ?(44[ ()0]*7|49[ ()0]*1[5-7]|33[ ()0]*[67]|34 ?[67]|39 ?3|31[ ()0]*6|41[ ()0]*7|43[ ()0]*6|32[ ()0]*4|46[ ()0]*7|45 ?[2-6]|351 ?9|353[ ()0]*8|61[ ()0]*4|91[ -]?[6-9]|55 ?\(?\d\d\)? ?9)|^0(7\d{3}|15\d|16\d|17\d|6\d{2})[ \d/.-]')) AS mobile,
    sum(n) FILTER (low NOT LIKE '%@%' AND regexp_full_match(low, '(https?://\S+|www\.\S+|([a-z0-9-]+\.)+(com|org|net|io|de|fr|es|it|nl|uk|eu|co|us|ca|ch|at|be|se|dk|no|fi|pl|pt|br|mx|in|au|jp|cn|app|dev|ai|biz|info|edu|gov|tech|cloud)(/\S*)?)')) AS url,
    sum(n) FILTER (regexp_matches(low, '(linkedin|twitter|facebook|instagram|github|xing|x)\.com/')) AS social,
    sum(n) FILTER (is_date) AS date,
    sum(n) FILTER (is_datetime) AS datetime,
    sum(n) FILTER (is_date AND TRY_CAST(regexp_extract(v, '(19|20)\d\d') AS INTEGER) BETWEEN 1925 AND 2008) AS birthdate,
    sum(n) FILTER (low IN ('true', 'false', 'yes', 'no', 'y', 'n', 't', 'f', 'on', 'off', '0', '1', 'ja', 'nein', 'oui', 'non', 'si', 'sí', 'sim', 'não', 'nee', 'j', 'wahr', 'falsch', 'vrai', 'faux')) AS boolean,
    sum(n) FILTER (is_integer) AS integer,
    sum(n) FILTER (is_number) AS number,
    sum(n) FILTER (is_number AND NOT is_integer AND regexp_matches(v, '[.,]')) AS decimal,
    sum(n) FILTER (is_number AND regexp_matches(v, '[$€£]')) AS money,
    sum(n) FILTER (is_number AND v LIKE '%\%' ESCAPE '\') AS percent,
    sum(n) FILTER (is_number AND abs(TRY_CAST(v AS DOUBLE)) <= 180 AND regexp_full_match(v, '-?\d{1,3}\.\d{3,}')) AS coordinate,
    sum(n) FILTER (is_salesforce_id) AS id_prefix,
    sum(n) FILTER (is_salesforce_id AND v LIKE '001%') AS "id_prefix:001",
    sum(n) FILTER (is_salesforce_id AND v LIKE '003%') AS "id_prefix:003",
    sum(n) FILTER (is_salesforce_id AND v LIKE '005%') AS "id_prefix:005",
    sum(n) FILTER (is_salesforce_id AND v LIKE '00Q%') AS "id_prefix:00Q",
    sum(n) FILTER (is_salesforce_id AND v LIKE '012%') AS "id_prefix:012",
    sum(n) FILTER (regexp_full_match(low, '[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}')) AS uuid,
    sum(n) FILTER (regexp_full_match(v, '[A-Za-z]{1,8}[_-]?[0-9A-Za-z]*\d[0-9A-Za-z_-]*') AND words = 1 AND NOT is_salesforce_id) AS code,
    sum(n) FILTER (regexp_full_match(low, '(africa|america|antarctica|arctic|asia|atlantic|australia|europe|indian|pacific|etc|us|canada)/[a-z0-9_+/-]+|utc|gmt([+-]\d+)?')) AS timezone,
    sum(n) FILTER (regexp_full_match(v, '\d{5}(-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{4}|\d{4} ?[A-Z]{2}|[A-Z]{1,2}-\d{4,5}|\d{5}-\d{3}|\d{3} ?\d{2}|\d{6}|\d{3}-\d{4}')) AS postcode,
    sum(n) FILTER (regexp_full_match(v, '(\d{4}|\d{1,3})') AND TRY_CAST(v AS INTEGER) BETWEEN 1800 AND 2100) AS year,
    sum(n) FILTER (digits BETWEEN 1 AND 9 AND words >= 2 AND NOT is_phone AND NOT is_date AND regexp_matches(low, '(^\d+[a-z]?,? +[\p{L}]|(stra(ß|ss)e|str\.|weg|allee|platz|gasse|ring|damm|rue|avenue|ave|street|st\.?|road|rd\.?|lane|drive|dr\.|blvd|boulevard|way|court|calle|carrera|via|viale|piazza|rua|avenida|straat|laan|plein|gracht|kade)[,.]? *\d+|^(p\.?o\.? ?box|postfach))')) AS street,
    sum(n) FILTER (NOT is_number AND words BETWEEN 2 AND 6 AND v LIKE '%,%' AND digits = 0 AND regexp_full_match(v, '[\p{L}][\p{L} .''’-]+, ?[\p{L}][\p{L} .''’-]+')) AS place_list,
    sum(n) FILTER (is_company) AS company_suffix,
    sum(n) FILTER (is_job) AS job_title,
    sum(n) FILTER (NOT is_job AND NOT is_company AND words BETWEEN 2 AND 5 AND digits = 0 AND size <= 60 AND regexp_full_match(v, '[\p{Lu}][\p{L}''’.-]*( (van|von|de|der|den|del|della|di|da|dos|la|le|bin|al|ten|ter|zu|y|e))*( [\p{Lu}][\p{L}''’.-]*)+')) AS person_name,
    sum(n) FILTER (words BETWEEN 2 AND 5 AND digits = 0 AND size <= 60 AND regexp_full_match(v, '[\p{L}''’ .-]+, [\p{Lu}][\p{L}''’ .-]*')) AS name_reversed,
    sum(n) FILTER (words = 1 AND digits = 0 AND regexp_full_match(v, '[\p{Lu}][\p{L}''’-]+')) AS word,
    sum(n) FILTER (v = upper(v) AND v <> low) AS upper,
    sum(n) FILTER (v LIKE '%;%' OR v LIKE '[%]') AS list,
    sum(n) FILTER (v LIKE '{%}') AS json,
    sum(n) FILTER (contains(v, chr(10))) AS multiline,
    sum(n) FILTER (words >= 8) AS prose,
    sum(n) FILTER (regexp_matches(v, '[^\x20-\x7e\x{80}-\x{10ffff}\n\r\t]')) AS binary
FROM judged
GROUP BY place
