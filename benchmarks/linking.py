"""Linking by score on the shared set crm_20k: how many customers find their Contact after the keys, and how many rightly.

    python benchmarks/linking.py [--set FILE]

Customers and Contacts go through `kevasync plan --candidates auto` from files, as a user's would.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

SET = Path(__file__).resolve().parents[2] / "shared" / "dedupe" / "crm_20k.parquet"
MAPPING = """version = 1

[contact]
salesforce = "Contact"
create_in_salesforce = true

[[contact.field]]
keva = "name"
salesforce = ["FirstName", "LastName"]
transform = ["split_name"]
""" + "".join(
    f'\n[[contact.field]]\nkeva = "{keva}"\nsalesforce = "{target}"\n'
    for keva, target in (
        ("email", "Email"),
        ("phone", "Phone"),
        ("title", "Title"),
        ("city", "MailingCity"),
        ("company", "Company__c"),
    )
)
ALONE = 0.2
"""A pair is linked where neither record has another candidate from here on."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, default=SET)
    given = parser.parse_args()
    if not given.set.is_file():
        print(f"skipped: {given.set} is not here")
        return 0
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con:
        work = Path(folder)
        con.execute(f"create view people as select *, row_number() over (order by unique_id) as n from '{given.set}'")
        con.execute(
            "create table contact as select *, '003' || lpad(n::VARCHAR, 12, '0') as sf from people where source = 'sfdc'"
        )
        con.execute(
            f"copy (select unique_id as id, concat_ws(' ', first_name, last_name) as name, email, phone, title, city, company "
            f"from people where source = 'keva') to '{work / 'keva.csv'}'"
        )
        con.execute(
            f'copy (select sf as "Id", first_name as "FirstName", last_name as "LastName", email as "Email", phone as "Phone", '
            f'title as "Title", city as "MailingCity", company as "Company__c" from contact) to \'{work / "sf.csv"}\''
        )
        (work / "mapping.toml").write_text(MAPPING, encoding="utf-8")
        began = time.perf_counter()
        files = ["--keva", work / "keva.csv", "--salesforce", work / "sf.csv", "--mapping", work / "mapping.toml"]
        told = subprocess.run(
            [sys.executable, "-m", "kevasync", "plan", *files, "--candidates", "auto", "--out", work / "plan", "--json"],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if told.returncode:
            print(told.stdout, told.stderr)
            return 1
        seconds = time.perf_counter() - began
        counts = con.execute(
            "select count(*) filter (source = 'keva'), count(*) filter (source = 'sfdc') from people"
        ).fetchall()[0]
        print(f"{counts[0]:,} customers, {counts[1]:,} Contacts, plan with candidates in {seconds:.0f} s")
        con.execute(
            f"""create view told as select left(sf_id, 15) as sf15, *, count(*) over (partition by keva_id) = 1
                and count(*) over (partition by sf_id) = 1 as alone
            from '{next((work / "plan").rglob("candidates.parquet"))}' where probability >= {ALONE}"""
        )
        for least in (0.9, 0.95, 0.98, 0.99):
            linked, right = con.execute(
                f"""select count(*), avg((customer.cluster = contact.cluster)::INT)
                from told join people as customer on customer.unique_id = told.keva_id join contact on contact.sf = told.sf15
                where alone and probability >= {least}"""
            ).fetchall()[0]
            print(f"auto from {least}: {linked:,} linked, {right or 0:.2%} right")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
