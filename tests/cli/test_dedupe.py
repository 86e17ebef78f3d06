"""`kevasync dedupe` as a user runs it: files in, pairs and clusters out, questions and labels, mistakes."""

import csv
import json

import duckdb
import pytest

from kevasync.cli.main import run

PEOPLE = [
    ("1", "Ann Abernathy", "ann.abernathy@firm.com", "415 555 0101"),
    ("2", "Anne Abernathy", "ann.abernathy@firm.com", "4155550101"),
    ("3", "Boris Quigley", "boris@quigley.org", "312 555 0188"),
    ("4", "B. Quigley", "boris@quigley.org", None),
    ("5", "Zoe Xiong", "zoe@xiong.net", "206 555 0120"),
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEVASYNC_USER", "ann")
    with (tmp_path / "people.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Id", "Who", "Mail", "Tel"])
        writer.writerows(PEOPLE)
    return tmp_path


ROLES = ("--columns", "id=Id,name=Who,email=Mail,phone=Tel")


def dedupe(capsys, *arguments, expect=0):
    code = run(["dedupe", *map(str, arguments), "--json"])
    out = capsys.readouterr().out
    assert code == expect, out
    return json.loads(out)


def test_from_a_file_to_pairs_and_clusters(here, capsys):
    """One command writes the pairs as Parquet and the clusters as CSV, and says what it did as JSON."""
    told = dedupe(capsys, "people.csv", *ROLES, "--out", "pairs.parquet", "--clusters", "groups.csv")
    pairs = duckdb.sql("select * from 'pairs.parquet' where probability >= 0.5 order by id_a").fetchall()
    assert [(a, b) for a, b, *_ in pairs] == [("1", "2"), ("3", "4")]
    groups = dict(duckdb.sql("select id::varchar, cluster from 'groups.csv'").fetchall())
    assert groups["1"] == groups["2"]
    assert groups["3"] == groups["4"]
    assert len(set(groups.values())) == 3
    assert told["records"] == 5
    assert told["matches"] == 2
    assert told["clusters"]["surplus_records"] == 2
    assert {"rule", "cost", "capped"} <= told["blocking"][0].keys()


def test_said_for_people(here, capsys):
    """Without --json a table of the rules and the count of clusters is shown; roles are guessed and named."""
    (here / "plain.csv").write_text("id,name,email\n1,Ann Lee,a.lee@x.com\n2,Ann Lee,a.lee@x.com\n3,Bo Yu,bo@y.com\n")
    assert run(["dedupe", "plain.csv"]) == 0
    shown = capsys.readouterr().out
    assert "1 clusters with duplicates" in shown
    assert "guessed: id=id, name=name, email=email" in shown


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("none.csv",), "dedupe-unreadable"),
        (("people.csv", "--columns", "id=Id,mial=Mail"), "dedupe-role"),
        (("people.csv", "--columns", "id=Id,email=Email"), "dedupe-column-missing"),
        (("people.csv", *ROLES, "--out", "no/folder/pairs.parquet"), "dedupe-not-written"),
        (("people.csv", *ROLES, "--labels", "people.csv"), "dedupe-labels"),
        (("people.csv", *ROLES, "--ask", "no/folder/ask.csv"), "dedupe-not-written"),
    ],
)
def test_a_mistake_is_one_clear_error(here, capsys, arguments, code):
    """Exit code 2, a code of the catalogue, and no file left behind."""
    before = sorted(here.iterdir())
    assert dedupe(capsys, *arguments, expect=2)["error"]["code"] == code
    assert sorted(here.iterdir()) == before


def test_questions_come_back_as_labels(here, capsys):
    """What --ask wrote, filled in, is what --labels reads."""
    rows = [f"{n},Ann{n % 9} Lee{n % 13},ann{n % 40}@lee{n % 3}.com" for n in range(160)]
    (here / "many.csv").write_text("id,name,email\n" + "\n".join(rows) + "\n")
    dedupe(capsys, "many.csv", "--ask", "ask.csv")
    with (here / "ask.csv").open() as file:
        asked = list(csv.DictReader(file))
    assert len(asked) == 100
    with (here / "ask.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id_a", "id_b", "probability", "label"])
        for at, item in enumerate(asked):
            same = int(item["id_a"]) % 40 == int(item["id_b"]) % 40
            writer.writerow([item["id_a"], item["id_b"], item["probability"], "yes" if same or not at else "no"])
    assert dedupe(capsys, "many.csv", "--labels", "ask.csv")["labels"] == 100
