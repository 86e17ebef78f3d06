"""`kevasync accounts` as a user runs it."""

import csv
import json

import duckdb
import pytest

from kevasync.cli.main import run
from kevasync.salesforce.soql import long_id

KEVA = 'id,email,company\nc1,ann@acme.com,"ACME, Inc."\nc2,,Twin\nc3,x@gmail.com,\n'
ACCOUNTS = "Id,Name,Website\n001A,Acme,https://acme.com\n001B,Twin GmbH,\n001C,Twin,\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "keva.csv").write_text(KEVA)
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    return tmp_path


FILES = ("--keva", "keva.csv", "--accounts", "accounts.csv")


def accounts(capsys, *arguments, expect=0):
    code = run(["accounts", *map(str, arguments), "--json"])
    out = capsys.readouterr().out
    assert code == expect, out
    return json.loads(out)


def test_candidates_are_counted_shown_and_written(here, capsys):
    told = accounts(capsys, *FILES, "--out", "found.csv", "--detailed-exitcode", expect=4)
    assert told["counts"] == {"link": 1, "review": 1, "none": 1}
    assert [row["keva_id"] for row in told["samples"]] == ["c1", "c2", "c3"]
    with (here / "found.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["keva_id"], row["account_id"], row["decision"]) for row in rows] == [
        ("c1", "001A", "link"),
        ("c2", "001B", "review"),
        ("c2", "001C", "candidate"),
        ("c3", "", "none"),
    ]
    accounts(capsys, *FILES, "--out", "found.parquet")
    assert duckdb.sql(f"select count(*) from '{here}/found.parquet'").fetchall() == [(4,)]


def test_the_written_file_with_answers_is_given_back(here, capsys):
    accounts(capsys, *FILES, "--out", "found.csv")
    text = (here / "found.csv").read_text().splitlines()
    answered = [line.replace(",review,", ",Yes,") for line in text]
    (here / "found.csv").write_text("\n".join(answered) + "\n")
    told = accounts(capsys, *FILES, "--decided", "found.csv")
    assert told["counts"] == {"link": 2, "review": 0, "none": 1}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("keva_id,account_id,decision\nc2,001B,maybe\n", "'maybe' is neither yes nor no"),
        ("keva_id,account_id,decision\nc2,001B,yes\nc2,001C,yes\n", "c2 has two Accounts"),
        ("keva_id,account_id,decision\nc2,,no\n", "is empty"),
        ("keva_id,decision\nc2,no\n", "no column account_id"),
        ("keva_id,account_id,decision\nc2,001Z,yes\n", "row 1: there is no Account 001Z"),
        ("keva_id,account_id,decision\nc9,001B,yes\n", "row 1: there is no customer c9"),
        ("keva_id,account_id,decision\nc2,001B,yes\nc2,001B,no\n", "row 2: no on c2 and 001B, and row 1 says yes"),
        ("keva_id,account_id,decision\nc2,001B,no\nc2,001B,yes\n", "row 2: yes on c2 and 001B, and row 1 says no"),
    ],
)
def test_answers_that_cannot_be_followed_are_told(here, capsys, text, says):
    (here / "decided.csv").write_text(text)
    assert run(["accounts", *FILES, "--decided", "decided.csv"]) == 2
    err = capsys.readouterr().err
    assert "accounts-decided" in err
    assert says in err


def test_all_wrong_answers_are_told_at_once(here, capsys):
    """Each with its row; a no on what is gone needs nothing done and is no mistake."""
    rows = ["c2,001Z,yes", "c2,001B,maybe", "c2,001B,yes", "c2,001B,no", "c9,001Z,no", "c9,001Y,yes", "c2,001C,yes"]
    (here / "decided.csv").write_text("\n".join(["keva_id,account_id,decision", *rows, "c1,,no"]) + "\n")
    told = accounts(capsys, *FILES, "--decided", "decided.csv", expect=2)["error"]
    assert [item["message"].partition(":")[0] for item in told["problems"]] == [f"row {n}" for n in (1, 2, 4, 6, 7, 8)]
    assert "and 1 more problems" in told["what"]
    assert "no customer c9 and no Account 001Y" in told["what"]


@pytest.mark.parametrize(("there", "said"), [(15, 18), (18, 15), (15, 15), (18, 18)])
def test_an_account_may_be_called_by_15_or_18_characters(here, capsys, there, said):
    """A yes holds however the id is spelled."""
    whole = long_id("0015g00000XyZab")
    (here / "accounts.csv").write_text(f"Id,Name,Website\n{whole[:there]},Else,\n001B,Twin,\n001C,Twin GmbH,\n")
    (here / "decided.csv").write_text(f"keva_id,account_id,decision\nc2,{whole[:said]},yes\n")
    told = accounts(capsys, *FILES, "--decided", "decided.csv")
    (row,) = [row for row in told["samples"] if row["keva_id"] == "c2"]
    assert (row["account_name"], row["decision"]) == ("Else", "link")


def test_a_company_column_that_is_not_there_is_told(here, capsys):
    """Though there are e-mails to go by; case does not matter, and without the option its lack is no mistake."""
    told = accounts(capsys, *FILES, "--company", "nope", expect=2)["error"]
    assert told["code"] == "accounts-no-company"
    assert "no column nope, only id, email, company" in told["what"]
    assert accounts(capsys, *FILES, "--company", "COMPANY")["counts"]["link"] == 1
    (here / "keva.csv").write_text("id,email\nc1,ann@acme.com\n")
    assert accounts(capsys, *FILES)["counts"]["link"] == 1


def test_people_see_a_table(here, capsys):
    assert run(["accounts", *FILES]) == 0
    shown = capsys.readouterr().out
    assert "Accounts of 3 customers" in shown
    assert "the name, the e-mail domain" in shown


def test_links_and_contacts_say_what_is_known(here, capsys):
    (here / "contacts.csv").write_text("Id,AccountId\n003X,001C\n")
    (here / "links.csv").write_text("keva_id,sf_id\nc2,003X\n")
    told = accounts(capsys, *FILES, "--contacts", "contacts.csv", "--links", "links.csv")
    assert told["counts"] == {"link": 2, "review": 0, "none": 1}


@pytest.mark.parametrize(
    ("files", "more", "code"),
    [
        ({"accounts.csv": "Id,Phone\n001A,5\n"}, (), "accounts-no-name"),
        ({"keva.csv": "id,name\nc1,Ann\n"}, (), "accounts-nothing-to-ask"),
        ({"keva.csv": "id,company\nc1,Acme\nc1,Acme\n"}, (), "export-id-twice"),
        ({"keva.csv": ""}, (), "export-empty"),
        ({"contacts.csv": "Id,Email\n003X,a\n"}, ("--contacts", "contacts.csv"), "accounts-incomplete"),
        (
            {"contacts.csv": "Id,Email\n003X,a\n", "links.csv": "keva_id,sf_id\nc1,003X\n"},
            ("--contacts", "contacts.csv", "--links", "links.csv"),
            "accounts-no-contact-account",
        ),
        ({}, ("--out", "nowhere/found.csv"), "accounts-not-written"),
    ],
)
def test_mistakes_are_told(here, capsys, files, more, code):
    for name, text in files.items():
        (here / name).write_text(text)
    ended = run(["accounts", *FILES, *more])
    err = capsys.readouterr().err
    assert code in err
    assert "Traceback" not in err
    assert ended == 2
