"""init, mapping check and show, quality: the commands of a workspace before anything is written anywhere."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

from kevasync.cli.main import run
from kevasync.endpoint import Extracted
from kevasync.records import Side
from kevasync.sandbox.server import Sandbox
from kevasync.store.snapshots import Snapshots
from kevasync.store.state import State
from kevasync.workspace import Workspace


@pytest.fixture(scope="module")
def stock_describe(tmp_path_factory):
    """The describe of Contact in an org without any custom field, saved as a user would."""
    with Sandbox.start(http=True, stock=True) as sandbox:
        url = f"{sandbox.info['instance_url']}/services/data/v68.0/sobjects/Contact/describe"
        answer = requests.get(url, headers={"Authorization": f"Bearer {sandbox.info['access_token']}"}, timeout=30)
    path = tmp_path_factory.mktemp("describe") / "contact.json"
    path.write_bytes(answer.content)
    return path


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text(
        "id,email,name,phone,company,jobTitle,location\n"
        'c1,ann@example.com,Ann Lee,+1 415 555 0100,Acme,CTO,"San Francisco, CA"\n'
        "c2,bob@example.com,Bob,,Acme,Dev,Berlin\n"
    )
    return path


def document(capsys):
    return json.loads(capsys.readouterr().out)


def test_init_makes_a_workspace_that_fits_a_stock_org(tmp_path, stock_describe, export, capsys, monkeypatch):
    """With --describe the mapping is clean at once; settings, export and folders are there; a second run refuses."""
    monkeypatch.chdir(tmp_path)
    arguments = ["init", "w", "--describe", str(stock_describe), "--keva-export", "customers.csv", "--region", "DE"]
    assert run([*arguments, "--json"]) == 0
    made = document(capsys)
    assert made["files"] == ["kevasync.toml", "mapping.toml"]
    workspace = Workspace.open(tmp_path / "w")
    assert workspace.settings.default_region == "DE"
    assert workspace.settings.keva.export == str(export)
    assert "# Settings of this kevasync workspace" in (workspace.root / "kevasync.toml").read_text()
    before = workspace.mapping_path.read_text()
    checked = [
        "mapping",
        "check",
        "--describe",
        str(stock_describe),
        "--keva",
        str(export),
        "--workspace",
        "w",
        "--json",
    ]
    assert run(checked) == 0
    assert [item for item in document(capsys)["problems"] if item["severity"] == "error"] == []
    assert run([*arguments, "--json"]) == 2
    assert document(capsys)["error"]["code"] == "workspace-exists"
    assert workspace.mapping_path.read_text() == before


@pytest.mark.parametrize("broken", ["not json", "{}", None])
def test_init_with_a_bad_describe_writes_nothing(tmp_path, capsys, broken):
    """A describe file that cannot be used is refused before a single file is made."""
    path = tmp_path / "contact.json"
    if broken is not None:
        path.write_text(broken)
    assert run(["init", str(tmp_path / "w"), "--describe", str(path), "--json"]) == 2
    assert document(capsys)["error"]["code"] == "salesforce-describe-invalid"
    assert not (tmp_path / "w").exists()


def test_default_mapping_on_a_stock_org_is_told_all_at_once(tmp_path, stock_describe, export, capsys, monkeypatch):
    """Company, TimeZone__c and the city of a location: one report, exit 2, errors in JSON and for people."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KEVASYNC_WORKSPACE", raising=False)
    arguments = ["mapping", "check", "--describe", str(stock_describe), "--keva", str(export)]
    assert run([*arguments, "--json"]) == 2
    problems = document(capsys)["problems"]
    assert all(set(item) == {"code", "severity", "object", "field", "message", "hint"} for item in problems)
    text = json.dumps(problems)
    for name in ("Company", "TimeZone__c", "location"):
        assert name in text, name
    assert run(arguments) == 2
    printed = capsys.readouterr()
    assert "errors" in printed.out
    assert "documented default mapping" in printed.err


def test_a_broken_mapping_file_is_problems_not_an_error(tmp_path, capsys):
    """A file that cannot be read as a mapping is reported in the same form as any other problem."""
    path = tmp_path / "mapping.toml"
    field = 'keva = "email"\nsalesforce = "Email"\ndirection = "sideways"\n'
    path.write_text(f'version = 1\n[contact]\nsalesforce = "Contact"\n[[contact.field]]\n{field}')
    assert run(["mapping", "check", "--mapping", str(path), "--json"]) == 2
    (problem,) = document(capsys)["problems"]
    assert "sideways" in problem["message"]


def test_mapping_show_lists_every_field(tmp_path, capsys):
    """Show tells direction, targets and policy of every field, in both forms."""
    assert run(["init", str(tmp_path / "w"), "--json"]) == 0
    capsys.readouterr()
    assert run(["mapping", "show", "--workspace", str(tmp_path / "w"), "--json"]) == 0
    (contact,) = document(capsys)["objects"]
    fields = {field["keva"]: field for field in contact["fields"]}
    assert fields["name"]["salesforce"] == ["FirstName", "LastName"]
    assert fields["location"]["direction"] == "to_crm"
    assert run(["mapping", "show", "--workspace", str(tmp_path / "w")]) == 0
    text = capsys.readouterr().out
    assert "FirstName + LastName" in text
    assert run(["mapping", "show", "--workspace", str(tmp_path / "w"), "--object", "lead", "--json"]) == 2
    assert document(capsys)["error"]["code"] == "mapping-no-object"


def test_quality_writes_the_suite_once_and_keeps_an_edit(tmp_path, stock_describe, capsys):
    """The suite is a file made from mapping and describe; an edit stays until --refresh."""
    at = ["--workspace", str(tmp_path / "w"), "--json"]
    assert run(["init", str(tmp_path / "w"), "--describe", str(stock_describe), "--json"]) == 0
    capsys.readouterr()
    assert run(["quality", *at]) == 2
    assert document(capsys)["error"]["code"] == "quality-no-schema"
    described = ["--describe", str(stock_describe)]
    assert run(["quality", *described, *at]) == 0
    assert document(capsys)["state"] == "new"
    path = tmp_path / "w" / "quality" / "contact.json"
    edited = json.loads(path.read_text())
    edited["expectations"] = edited["expectations"][:3]
    path.write_text(json.dumps(edited))
    assert run(["quality", *described, *at]) == 0
    assert document(capsys) | {"suite": ""} == {"suite": "", "state": "edited", "expectations": 3}
    assert run(["quality", "--refresh", *described, *at]) == 0
    assert document(capsys)["state"] == "renewed"


def test_quality_of_the_latest_snapshots(tmp_path, stock_describe, capsys):
    """Both sides' snapshots are checked whole; findings name the field and examples, exit 1."""
    root = tmp_path / "w"
    assert run(["init", str(root), "--describe", str(stock_describe), "--json"]) == 0
    workspace = Workspace.open(root)
    with State.open(workspace.state_url) as state:
        take_snapshot(Snapshots(state, workspace.snapshots_dir))
    capsys.readouterr()
    assert run(["quality", "--snapshot", "--describe", str(stock_describe), "--workspace", str(root), "--json"]) == 1
    found = document(capsys)["snapshots"]["keva"]
    assert found["rows"] == 3
    assert {(item["field"], item["rows"]) for item in found["findings"]} == {("email", 1), ("email", 2)}


def take_snapshot(snapshots):
    with snapshots.begin(Side.KEVA, "contact") as staging:
        part = staging.path / "part-0.parquet"
        rows = {
            "_id": ["a", "b", "c"],
            "_modified": ["2026-01-01T00:00:00.000Z"] * 3,
            "_deleted": [False] * 3,
            "_master": pa.array([None] * 3, pa.string()),
            "_absent": pa.array([None] * 3, pa.list_(pa.string())),
            "email": ["x@example.com", "X@example.com", "nonsense"],
        }
        pq.write_table(pa.table(rows), part)
        snapshots.commit(staging, Extracted((part,), 3, ("email",)), full=True)


def test_quality_of_a_plan_names_the_customers(tmp_path, stock_describe, capsys):
    """A plan made from files is checked before anybody applies it: rows by Keva id, reasons in words."""
    root = tmp_path / "w"
    assert run(["init", str(root), "--describe", str(stock_describe), "--json"]) == 0
    (tmp_path / "keva.csv").write_text(
        f"id,email,name,jobTitle\nc1,ann@example.com,Ann Lee,{'x' * 200}\nc2,b@example.com,Bo Day,CTO\n"
    )
    (tmp_path / "contacts.csv").write_text("Id,Email,FirstName,LastName,Title\n")
    files = ["--keva", str(tmp_path / "keva.csv"), "--salesforce", str(tmp_path / "contacts.csv")]
    out = tmp_path / "plan"
    capsys.readouterr()
    assert run(["plan", *files, "--mapping", str(root / "mapping.toml"), "--out", str(out), "--json"]) == 0
    capsys.readouterr()
    arguments = ["quality", "--plan", str(out), "--describe", str(stock_describe), "--workspace", str(root)]
    assert run([*arguments, "--json"]) == 1
    found = document(capsys)
    assert found["rows"] == 2
    assert [(row["key"], row["field"]) for row in found["rejected"]] == [("c1", "Title")]
    assert run(arguments) == 1
    assert "c1: Title is longer than 128 characters" in capsys.readouterr().out
