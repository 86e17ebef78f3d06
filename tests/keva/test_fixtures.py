"""The synthetic fixtures are what the generator writes, and what their README says of them."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from kevasync.keva import export
from kevasync.values import FieldKind, is_valid

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"


@pytest.fixture(scope="module")
def tables():
    def rows(name):
        with (FIXTURES / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return rows("customers.csv"), rows("contacts.csv"), rows("accounts.csv")


def test_generator_writes_these_bytes(tmp_path):
    """The committed files are exactly what the script writes."""
    subprocess.run([sys.executable, str(FIXTURES / "generate.py"), "--out", str(tmp_path)], check=True, timeout=60)
    for name in ("customers.csv", "contacts.csv", "accounts.csv"):
        assert (tmp_path / name).read_bytes() == (FIXTURES / name).read_bytes(), name


def test_numbers_are_those_of_the_readme(tables):
    """So many customers meet their Contact in each way, and so many Contacts are not in Keva."""
    customers, contacts, accounts = tables
    ids = {row["Id"] for row in contacts} | {row["Id"][:15] for row in contacts}
    per_email = Counter(row["Email"].casefold() for row in contacts)
    in_keva = Counter(row["email"].strip().casefold() for row in customers)
    named = {row["Keva_Id__c"] for row in contacts} - {""}
    how = Counter()
    for row in customers:
        email = row["email"].strip().casefold()
        if row["salesforceContactId"] in ids:
            how["pointer"] += 1
        elif row["id"] in named:
            how["external id"] += 1
        elif not is_valid(FieldKind.EMAIL, email, "US"):
            how["cannot be created"] += 1
        elif in_keva[email] > 1 or per_email[email] > 1:
            how["ambiguous"] += 1
        else:
            how["email" if per_email[email] else "create"] += 1
    assert (len(customers), len(contacts), len(accounts)) == (2_500, 2_000, 240)
    assert how == {
        "pointer": 1_240,
        "external id": 40,
        "email": 460,
        "create": 610,
        "cannot be created": 40,
        "ambiguous": 110,
    }


def test_contacts_are_valid_and_customers_are_not_always(tables):
    """An org takes every Contact; the bad values are Keva's."""
    customers, contacts, accounts = tables
    assert all(row["LastName"] and is_valid(FieldKind.EMAIL, row["Email"], "US") for row in contacts)
    assert all(is_valid(FieldKind.PHONE, row["Phone"], "US") for row in contacts if row["Phone"])
    assert {row["Account.Name"] for row in contacts} <= {row["Name"] for row in accounts}
    assert sum(len(row["jobTitle"]) > 128 for row in customers) == 25
    assert sum(bool(row["phone"]) and not is_valid(FieldKind.PHONE, row["phone"], "US") for row in customers) == 25


def test_fixtures_can_be_landed(tmp_path):
    """Both files are read as they are."""
    assert export.land(FIXTURES / "customers.csv", tmp_path).rows == 2_500
    assert export.land_table(FIXTURES / "contacts.csv", tmp_path, id_columns=("Id",)).rows == 2_000
