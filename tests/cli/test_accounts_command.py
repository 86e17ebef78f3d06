"""`kevasync accounts` as a user runs it."""

import csv
import json

import duckdb
import pytest

from kevasync.cli.main import run

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
    ],
)
def test_answers_that_cannot_be_followed_are_told(here, capsys, text, says):
    (here / "decided.csv").write_text(text)
    assert run(["accounts", *FILES, "--decided", "decided.csv"]) == 2
    err = capsys.readouterr().err
    assert "accounts-decided" in err
    assert says in err


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
