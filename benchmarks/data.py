"""Three synthetic Parquet files in the shape of a reconciliation: Keva, Salesforce and base, N rows each, deterministic.

1.5 % of Keva's rows and 1 % of Salesforce's are changed (one to three columns, to and from null), 0.5 % are new, 0.3 % and
0.2 % are gone. Keva stands in another order than Salesforce. Invented values only.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

FIRST = (
    "Ada Bela Chiara Dmitri Élodie Farid Greta Hana Ilse Jonas Kaito Lúcia Milan Nadia Óscar Petra Quentin Rosa".split()
)
LAST = (
    "Abel Brandt Castro Dubois Eriksen Fontana Grünwald Hoang Ito Jensen Kowalski Lindqvist Moreau Novák O'Dell".split()
)
FIRMS = "Arbor Boreal Cobalt Delta Ember Fjord Garnet Harbor Indigo Juniper Kestrel Lumen".split()
TITLES = ["Engineer", "Buyer", "Head of Support", "Analyst", "Managing Director", "Office Manager", "Consultant"]
CITIES = "Aarhus Bilbao Cork Dresden Espoo Fargo Ghent Hobart Izmir Jena Kyoto Leeds Malmö Nice Oslo Porto".split()
ZONES = ["Europe/Paris", "America/New_York", "Asia/Tokyo", "UTC", "America/Chicago", "Europe/Berlin"]
WORDS = (
    "asked about renewal invoice upgrade delay refund training login billing onboarding pending follow review".split()
)

COLUMNS = {  # Keva's column: Salesforce's field, share of nulls in per cent
    "email": ("Email", 0), "first_name": ("FirstName", 5), "last_name": ("LastName", 0), "phone": ("Phone", 30),
    "company": ("Company__c", 0), "jobTitle": ("Title", 20), "city": ("MailingCity", 20), "timezone": ("TimeZone__c", 30),
    "notes": ("Description", 40), "tickets": ("Tickets__c", 0), "tier": ("Tier__c", 50),
}  # fmt: skip


def _pick(words: list[str], salt: str) -> str:
    listed = ", ".join("'" + word.replace("'", "''") + "'" for word in words)
    return f"[{listed}][1 + (h(i, {salt}) % {len(words)})::int]"


def _value(column: str, version: str) -> str:
    """SQL for a column's value of row i; another version gives another value."""
    salt = f"({list(COLUMNS).index(column) + 11} + 100 * {version})"
    text = {
        "email": f"lower(strip_accents({_pick(FIRST, salt)})) || '.' || (i + 7 * {version}) || '@' || lower({_pick(FIRMS, '15')}) || '.example'",
        "first_name": _pick(FIRST, salt),
        "last_name": f"{_pick(LAST, salt)} || case when h(i, 113) % 10 = 0 then '-' || {_pick(LAST, '213')} else '' end",
        "phone": f"'+1' || (2000000000 + h(i, {salt}) % 7999999999)::bigint",
        "company": f"{_pick(FIRMS, salt)} || ' ' || (h(i, 115) % 50000) || ' Ltd'",
        "jobTitle": _pick(TITLES, salt),
        "city": _pick(CITIES, salt),
        "timezone": _pick(ZONES, salt),
        "notes": "concat_ws(' ', " + ", ".join(_pick(WORDS, f"{salt} + {300 + part}") for part in range(11)) + ")",
        "tickets": f"(h(i, {salt}) % 500)::varchar",
        "tier": _pick(["gold", "silver", "bronze"], salt),
    }[column]
    nulls = COLUMNS[column][1]
    return f"case when h(i, {salt} + 7) % 100 < {nulls} then null else {text} end" if nulls else text


def write(rows: int, folder: Path) -> None:
    """Write keva.parquet, salesforce.parquet and base.parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"temp_directory": str(folder / "tmp"), "memory_limit": "4GB"}) as con:
        con.execute("create macro h(i, s) as hash(i * 1000003 + s)")
        con.execute("create macro kid(i) as 'cust_' || substr(md5(i::varchar), 1, 27)")
        con.execute("create macro sid(i) as '003Xx' || printf('%010d', i) || 'AAA'")
        base = ", ".join(f"{_value(column, '0')} as {column}" for column in COLUMNS)
        con.execute(f"create table facts as select i, {base} from range({rows}) as t(i)")

        def side(salt: int, per_mille: int) -> str:
            changed = f"h(i, {salt}) % 1000 < {per_mille}"
            hit = "(h(i, {0}) % 11 = {2} or (h(i, {1}) % 3 = 0 and h(i, {0} + 5) % 11 = {2}))"
            return ", ".join(
                f"case when {changed} and {hit.format(salt + 1, salt + 2, place)} then {_value(column, str(salt % 9 + 1))} else {column} end as {column}"
                for place, column in enumerate(COLUMNS)
            )

        new = ", ".join(f"{_value(column, '0')} as {column}" for column in COLUMNS)
        stamp = "strftime(timestamp '2026-01-01' + to_seconds((h(i, 31) % 20000000)::bigint), '%Y-%m-%dT%H:%M:%S.000Z')"
        crm = ", ".join(f'{column} as "{field}"' for column, (field, _) in COLUMNS.items())
        extra = range(rows, rows + rows // 200)
        con.execute(
            f"""copy (select kid(i) as id, {", ".join(COLUMNS)}, {stamp} as updatedAt from (
                select i, {side(2000, 15)} from facts where h(i, 2990) % 1000 >= 3
                union all select i, {new} from range({extra.start}, {extra.stop}) as t(i)) order by hash(i))
            to '{folder}/keva.parquet' (format parquet, compression snappy)"""
        )
        con.execute(
            f"""copy (select sid(i) as Id, {crm}, {stamp} as SystemModstamp from (
                select i, {side(3000, 10)} from facts where h(i, 3990) % 1000 >= 2) order by Id)
            to '{folder}/salesforce.parquet' (format parquet, compression snappy)"""
        )
        con.execute(
            f"""copy (select kid(i) as keva_id, sid(i) as sf_id, {crm} from facts order by sf_id)
            to '{folder}/base.parquet' (format parquet, compression snappy)"""
        )


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]))
