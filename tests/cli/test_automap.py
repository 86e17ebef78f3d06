"""`kevasync automap` as a user runs it: every kind of file, the review and back, what goes wrong."""

import csv
import gzip
import io
import json
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kevasync.automap.model_file import default_dir
from kevasync.cli import review_server
from kevasync.cli.context import Context
from kevasync.cli.main import run
from kevasync.cli.review_desk import mapping_session
from kevasync.review.desk import Press
from kevasync.review.mappings import open_mappings
from kevasync.review.session import save
from kevasync.sandbox.server import Sandbox

ROWS = [
    {"id": "1", "first_name": "Ann", "Last Name": "Smith", "E-Mail": "ann@example.com", "phone": "+1 415 555 0101"},
    {"id": "2", "first_name": "Bob", "Last Name": "Jones", "E-Mail": "bob@example.com", "phone": "+1 415 555 0102"},
]


def csv_text(delimiter=","):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(ROWS[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(ROWS)
    return out.getvalue()


def parquet_bytes():
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), out)
    return out.getvalue()


FILES = {
    "comma.csv": csv_text().encode(),
    "semicolon.csv": csv_text(";").encode("utf-8-sig"),
    "tab.txt": csv_text("\t").encode("utf-16"),
    "packed.csv.gz": gzip.compress(csv_text("|").encode()),
    "lines.ndjson": "\n".join(map(json.dumps, ROWS)).encode(),
    "array.json": json.dumps(ROWS).encode(),
    "table.parquet": parquet_bytes(),
    "fields.json": json.dumps([{"name": name, "label": name.title(), "type": "string"} for name in ROWS[0]]).encode(),
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEVASYNC_USER", "ann")
    (tmp_path / "c.csv").write_bytes(FILES["comma.csv"])
    return tmp_path


@pytest.fixture
def workspace(here, capsys):
    assert run(["init", "w"]) == 0
    capsys.readouterr()
    return here / "w"


def automap(capsys, *arguments, expect=0):
    code = run(["automap", *map(str, arguments), "--json"])
    out, error = capsys.readouterr()
    assert code == expect, error
    assert "Traceback" not in error
    return json.loads(out)


def best(document):
    return {item["source"]: item["candidates"][0]["target"] for item in document["suggestions"]}


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_file(here, capsys, name):
    """The same columns come out of each, in their order, each with candidates and a "none" among them."""
    (here / name).write_bytes(FILES[name])
    document = automap(capsys, "--source", name, "--object", "contact")
    assert [item["source"] for item in document["suggestions"]] == list(ROWS[0])
    found = best(document)
    assert (found["first_name"], found["Last Name"], found["E-Mail"]) == ("FirstName", "LastName", "Email")
    for item in document["suggestions"]:
        confidences = [one["confidence"] for one in item["candidates"]]
        assert None in [one["target"] for one in item["candidates"]]
        assert all(0 <= confidence <= 1 for confidence in confidences)
        assert sum(confidences) <= 1.001
        assert item["direction"] in {"bidirectional", "to_crm", "from_crm"}
        assert item["targets"] or item["custom_field"]["name"].startswith("Keva_")


def test_the_fields_of_a_describe_are_the_candidates(here, capsys):
    """A column goes to a custom field of the org; nothing goes to fields the org has not."""
    fields = [{"name": "Nickname__c", "label": "First name", "type": "string", "length": 20, "writable": True}]
    (here / "d.json").write_text(json.dumps(fields))
    document = automap(capsys, "--source", "c.csv", "--describe", "d.json")
    targets = {one["target"] for item in document["suggestions"] for one in item["candidates"]}
    assert targets == {None, "Nickname__c"}


def test_the_connected_org_is_described(workspace, here, capsys, monkeypatch):
    """--org asks the org itself: its custom fields and picklists are candidates, and nothing is written to it."""
    with Sandbox.start(http=True) as org:
        monkeypatch.setenv("KEVASYNC_SALESFORCE__INSTANCE_URL", org.info["instance_url"])
        monkeypatch.setenv("KEVASYNC_SALESFORCE_ACCESS_TOKEN", org.info["access_token"])
        (here / "k.csv").write_text("Keva Id,E-Mail\nc1,ann@example.com\n")
        document = automap(capsys, "--workspace", workspace, "--source", "k.csv", "--org")
    assert best(document) == {"Keva Id": "Keva_Id__c", "E-Mail": "Email"}


def test_a_table_for_people(here, capsys):
    """Without --json: columns, fields, how sure, why, and what to do next."""
    assert run(["automap", "--source", "c.csv"]) == 0
    out = capsys.readouterr().out
    assert "FirstName" in out
    assert "Nothing is applied by itself" in out


@pytest.mark.parametrize("name", ["review.xlsx", "review.csv"])
def test_review_and_back_into_the_mapping(workspace, here, capsys, name):
    """Decide in a file, read it back: suggestions follow at once, mapping.toml gets what was accepted, once."""
    at = ("--workspace", workspace)
    automap(capsys, *at, "--source", "c.csv", "--to", name)
    decide(here / name, {"first_name": ("reject", ""), "phone": ("", "MobilePhone"), "E-Mail": ("accept", "")})
    before = (workspace / "mapping.toml").read_text()
    document = automap(capsys, *at, "--from", name)
    assert {item["verdict"] for item in document["recorded"]["decisions"]} == {"reject", "change", "accept"}
    assert (workspace / "mapping.toml").read_text() == before
    suggestions = {item["source"]: item for item in automap(capsys, *at, "--source", "c.csv")["suggestions"]}
    assert "FirstName" not in {one["target"] for one in suggestions["first_name"]["candidates"]}
    assert suggestions["phone"]["candidates"][0] | {"evidence": 0} == {
        "target": "MobilePhone",
        "confidence": 1.0,
        "evidence": 0,
    }
    written = automap(capsys, *at, "--write-mapping", expect=1)["mapping"]  # email writes Email there already
    assert written["written"] == [{"source": "phone", "targets": ["MobilePhone"]}] or written["held"]
    again = automap(capsys, *at, "--from", name)
    assert again["recorded"]["decisions"] == []


def decide(path, decisions):
    """Type decisions into the file."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        rows = [[cell.value for cell in row] for row in book["review"].iter_rows()]
        for line, row in enumerate(rows[1:], 2):
            for place, value in zip(("decision", "target"), decisions.get(row[0], ()), strict=False):
                book["review"].cell(line, rows[0].index(place) + 1).value = value or None
        book.save(path)
        book.close()
        return
    with path.open(encoding="utf-8-sig", newline="") as stream:
        records = list(csv.DictReader(stream))
    for record in records:
        record["decision"], record["target"] = decisions.get(record["source"], ("", ""))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(records[0]))
        writer.writeheader()
        writer.writerows(records)


def test_two_reviewers_do_not_overwrite_each_other(workspace, here, capsys, monkeypatch):
    """The second file on the same column is told who was first; its other rows are taken."""
    at = ("--workspace", workspace)
    for name in ("one.csv", "two.csv"):
        automap(capsys, *at, "--source", "c.csv", "--to", name)
    decide(here / "one.csv", {"first_name": ("accept", "")})
    decide(here / "two.csv", {"first_name": ("reject", ""), "id": ("accept", "")})
    automap(capsys, *at, "--from", "one.csv")
    monkeypatch.setenv("KEVASYNC_USER", "bob")
    recorded = automap(capsys, *at, "--from", "two.csv", expect=1)["recorded"]
    assert [item["source"] for item in recorded["decisions"]] == ["id"]
    assert [(item["source"], item["by"]) for item in recorded["overtaken"]] == [("first_name", "ann")]


def test_a_mapping_edited_meanwhile_is_refused_and_the_decisions_kept(workspace, here, capsys):
    """Exit 3, the file as it was edited; after that the decisions are written without the review file."""
    at = ("--workspace", workspace)
    automap(capsys, *at, "--source", "c.csv", "--to", "r.xlsx")
    decide(here / "r.xlsx", {"phone": ("change", "MobilePhone"), "id": ("change", "AssistantName")})
    edited = (workspace / "mapping.toml").read_text().replace('keva = "phone"', 'keva = "tel"') + "# mine\n"
    (workspace / "mapping.toml").write_text(edited)
    error = automap(capsys, *at, "--from", "r.xlsx", "--write-mapping", expect=3)["error"]
    assert error["code"] == "automap-mapping-changed"
    assert (workspace / "mapping.toml").read_text() == edited
    written = automap(capsys, *at, "--write-mapping")["mapping"]
    assert {item["source"] for item in written["written"]} == {"phone", "id"}
    text = (workspace / "mapping.toml").read_text()
    assert "# mine" in text
    assert 'transform = ["e164"]' in text


def test_the_commands_of_the_readme(workspace, here, capsys, monkeypatch):
    """What the README says about mapping runs as it stands there, one line after the other."""
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    lines = [
        line.partition("#")[0].split()[2:]
        for line in readme.splitlines()
        if re.match(r"\$ kevasync (automap|rev)", line)
    ]
    (workspace / "users.csv").write_bytes(FILES["comma.csv"])
    monkeypatch.chdir(workspace)
    served = []
    monkeypatch.setattr(review_server, "serve", lambda *given, **_: served.append((given[1], given[2].is_file())))
    for words in lines:
        assert run(words) == 0, capsys.readouterr().err
        if "--to" in words:
            decide(workspace / "review.xlsx", {"id": ("change", "AssistantName")})
        capsys.readouterr()
    assert len(lines) == 4
    assert served == [("map_fields.py", True)]
    assert "AssistantName" in (workspace / "mapping.toml").read_text()


def test_a_save_in_the_screen_is_no_edit_by_hand(workspace, here, capsys):
    """Between writing a review and reading it back: both are written. So is a screen's save after the command's."""
    at = ("--workspace", workspace)
    automap(capsys, *at, "--source", "c.csv", "--to", "r.csv")
    decide(here / "r.csv", {"first_name": ("change", "OtherCity")})
    screen, late = (open_mappings(started(workspace, here)) for _ in range(2))
    record(screen, "id", "AssistantName")
    assert screen.save("ben")["text"].startswith("mapping.toml: 1 written")
    document = automap(capsys, *at, "--from", "r.csv", "--write-mapping")
    assert [item["source"] for item in document["mapping"]["written"]] == ["first_name"]
    record(late, "Last Name", "Department")
    assert late.save("ben")["ok"]
    text = (workspace / "mapping.toml").read_text()
    assert all(f'"{name}"' in text for name in ("AssistantName", "OtherCity", "Department"))
    (workspace / "mapping.toml").write_text(text + "# by hand\n")
    record(late, "phone", "OtherPhone")
    assert "Your decisions are kept" in late.save("ben")["text"]
    assert (workspace / "mapping.toml").read_text() == text + "# by hand\n"
    edited = text.replace(
        'salesforce = "OtherCity"\ndirection = "bidirectional"', 'salesforce = "OtherCity"\ndirection = "to_crm"'
    )
    assert edited != text
    (workspace / "mapping.toml").write_text(edited)
    automap(capsys, *at, "--write-mapping", expect=1)  # phone is read from Phone already
    assert (workspace / "mapping.toml").read_text() == edited
    screen.close()
    late.close()


def started(workspace, here):
    """The session file of a review of c.csv, as `kevasync review mappings` makes it."""
    at = Context(quiet=True, folder=workspace)
    made = mapping_session(at, here / "c.csv", "Contact", None, org=False, region=None, who="ben")
    path = here / "session.json"
    save(made, path)
    return path


def record(screen, source, target):
    (outcome,) = screen.queue.record(
        "ben", [Press(f"b:{source}", "ben", source, "change", {"targets": [target]}, None)]
    )
    assert outcome.status == "saved"


def test_maps_of_other_tools(workspace, here, capsys):
    """A Data Loader map and mapping.toml become decisions; the .sdl written maps what was accepted, no more."""
    at = ("--workspace", workspace)
    (here / "old.sdl").write_text("#Mapping values\nE-Mail=Email\nLast\\ Name=LastName\nphone=\n")
    assert len(automap(capsys, *at, "--from", "old.sdl")["recorded"]["decisions"]) == 2
    automap(capsys, *at, "--source", "c.csv", "--to", "new.sdl")
    lines = (here / "new.sdl").read_text().splitlines()
    assert "Last\\ Name=LastName" in lines
    assert "first_name=" in lines
    (here / "plain.csv").write_text("source,target,confidence\nphone,Phone,0.9\n")
    assert automap(capsys, *at, "--from", "plain.csv")["recorded"]["decisions"][0]["targets"] == ["Phone"]
    recorded = automap(capsys, *at, "--from", workspace / "mapping.toml")["recorded"]["decisions"]
    assert {"email", "name"} <= {item["source"] for item in recorded}


BAD = {
    "empty": (b"", "export-empty"),
    "blank": (b"\n\n", "export-empty"),
    "twice": (b"a,b,a\n1,2,3\n", "export-column-twice"),
    "image": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), None),
    "spreadsheet": (b"PK\x03\x04whatever", "export-format"),
    "NUL cells": (b"a,b\n1,x\0y\n", "export-nul"),
    "cut JSON": (b'[{"name": "x", "type": "str', None),
    "list twice": (b'[{"name":"a","type":"x"},{"name":"a","type":"y"}]', "automap-source"),
    "a number": (b"[1, 2]", None),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_clear_error(here, capsys, name):
    """A code, what happened, what to do next, exit 2."""
    content, code = BAD[name]
    (here / "bad").write_bytes(content)
    error = automap(capsys, "--source", "bad", expect=2)["error"]
    assert code in {None, error["code"]}
    assert error["next"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--source", "nowhere.csv"], "export-missing"),
        (["--source", "."], "export-is-folder"),
        (["--source", "c.csv", "--object", "Opportunity"], "automap-object"),
        (["--source", "c.csv", "--describe", "cut.json"], "automap-describe"),
        (["--source", "c.csv", "--describe", "account.json"], "automap-describe-object"),
        (["--source", "c.csv", "--describe", "nowhere.json"], "file-not-found"),
        (["--source", "c.csv", "--region", "Mars"], "region-unknown"),
        (["--source", "c.csv", "--to", "review.pdf"], "usage"),
        (["--source", "c.csv", "--org", "--describe", "account.json"], "usage"),
        (["--to", "review.csv"], "usage"),
        ([], "usage"),
        (["--from", "c.csv"], "workspace-not-found"),
        (["--write-mapping"], "workspace-not-found"),
    ],
)
def test_a_mistake_is_one_clear_error(here, capsys, arguments, code):
    """Nothing is guessed and nothing is written."""
    (here / "cut.json").write_text('{"name": "Contact", "fields": [{"name": "Id", "la')
    (here / "account.json").write_text('{"name": "Account", "fields": [{"name": "Name", "type": "string"}]}')
    before = sorted(here.iterdir())
    assert automap(capsys, *arguments, expect=2)["error"]["code"] == code
    assert sorted(here.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("automap.zip", lambda old: old[:-9] + b"x" + old[-8:], "model-tampered"),
        ("automap.zip", lambda old: old[:1000], "model-tampered"),
        ("automap.provenance.json", lambda old: old.replace(b'"format": ', b'"format": 9'), "model-version"),
        ("automap.provenance.json", lambda _: b"{", "model-tampered"),
        ("automap.provenance.json", None, "model-missing"),
    ],
)
def test_a_model_that_cannot_be_trusted(workspace, here, capsys, name, content, code):
    """A model changed, cut or of another version is refused with the way to a good one; decisions are kept."""
    folder = workspace / ".kevasync" / "models"
    shutil.copytree(default_dir(), folder)
    at = ("--workspace", workspace)
    (here / "m.csv").write_text("source,target\nphone,Fax\n")
    automap(capsys, *at, "--from", "m.csv")
    kept = (folder / name).read_bytes()
    (folder / name).write_bytes(content(kept)) if content else (folder / name).unlink()
    error = automap(capsys, *at, "--source", "c.csv", expect=2)["error"]
    assert error["code"] == code
    assert "kevasync automap train" in error["next"]
    shutil.rmtree(folder)
    assert best(automap(capsys, *at, "--source", "c.csv"))["phone"] == "Fax"


def test_a_header_alone_is_mapped_by_names(here, capsys):
    """No values is no mistake; the user is told."""
    (here / "h.csv").write_text("email,first_name\n")
    assert best(automap(capsys, "--source", "h.csv")) == {"email": "Email", "first_name": "FirstName"}
    assert run(["automap", "--source", "h.csv"]) == 0
    assert "no values to look at" in capsys.readouterr().out


def test_columns_without_names_and_odd_ones(here, capsys):
    """A nameless column is known by its place; spaces, quotes and signs are part of a name."""
    (here / "o.csv").write_text('email,,"a ""b"" = c",ünï\nx@example.com,1,2,3\n')
    found = [item["source"] for item in automap(capsys, "--source", "o.csv")["suggestions"]]
    assert found == ["email", "column 2", 'a "b" = c', "ünï"]


def test_objects_inside_records_are_told_by_their_path(here, capsys):
    """`company.name` is a column of its own; what is no object stays one column."""
    rows = [
        {"email": "a@example.com", "company": {"name": "Acme", "address": {"city": "Bonn", "zip/code": "1"}}, "x": {}},
        {"email": "b@example.com", "company": {"name": "Bolt", "staff": 5}, "x": {}},
    ]
    (here / "n.ndjson").write_text("\n".join(map(json.dumps, rows)))
    found = [item["source"] for item in automap(capsys, "--source", "n.ndjson")["suggestions"]]
    nested = ["company.address.city", "company.address.zip/code", "company.name", "company.staff"]
    assert found == ["email", *nested, "x"]


def test_decisions_on_a_column_that_the_mapping_cannot_hold(workspace, here, capsys):
    """Leads are not in mapping.toml: said, and the decisions stay."""
    at = ("--workspace", workspace)
    (here / "l.csv").write_text("source,target\nE-Mail,Email\n")
    error = automap(capsys, *at, "--object", "Lead", "--from", "l.csv", "--write-mapping", expect=2)["error"]
    assert error["code"] == "automap-no-table"
    document = automap(capsys, *at, "--object", "Lead", "--source", "c.csv")
    assert next(i for i in document["suggestions"] if i["source"] == "E-Mail")["candidates"][0]["confidence"] == 1.0


def test_five_thousand_columns(here, capsys):
    """As wide as a spreadsheet gets, in seconds; every custom field has a name of its own."""
    names = [f"field {number}" for number in range(5_000)]
    (here / "wide.csv").write_text(",".join(names) + "\n" + ",".join(["x"] * 5_000) + "\n")
    document = automap(capsys, "--source", "wide.csv")  # some 15 s of processor time
    assert len(document["suggestions"]) == 5_000
    made = [item["custom_field"]["name"] for item in document["suggestions"] if item["custom_field"]]
    assert len(set(made)) == len(made)


@pytest.mark.slow
def test_training_on_decisions_makes_a_model_of_the_workspace(workspace, here, capsys):
    """What was decided here is learned: the workspace's own model is used from then on, and knows the column."""
    at = ("--workspace", workspace)
    (here / "m.csv").write_text("source,target\nzyklop,Fax\n")
    automap(capsys, *at, "--from", "m.csv")
    assert run(["automap", "train", "--with-decisions", "--workspace", str(workspace), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["decisions"] == 1
    assert Path(made["model"]).is_relative_to(workspace)
    (here / "z.csv").write_text("email,zyklop\n")
    other = automap(capsys, *at, "--object", "Lead", "--source", "z.csv")
    assert "Fax" in {one["target"] for one in other["suggestions"][1]["candidates"]}


def test_starts_quickly(here):
    """One case, from a cold start, in under three seconds of processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "kevasync", "automap", "--source", "c.csv", "--json"]
    root = Path(__file__).parents[2]
    subprocess.run(
        command, check=True, capture_output=True, env={"PYTHONPATH": str(root), "PATH": "", "HOME": str(here)}
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent < 4.0, f"{spent:.1f} s of processor time"
