"""The main job through the command line: plan, apply, books, second plan, log, reconcile, undo, quality, exit codes."""

import csv
import io

import pytest
from world import World, contact, customer

from kevasync.cli.main import run
from kevasync.sandbox.server import Sandbox


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox.start(http=True, keva_rate=0) as running:
        yield running


@pytest.fixture(scope="module")
def world(sandbox, tmp_path_factory):
    """Twenty customers: ten linked by e-mail, of which three differ; five to create; one without e-mail; one shared."""
    made = World(tmp_path_factory.mktemp("main"), sandbox)
    sandbox.org.create_many("Contact", [contact(n) for n in range(10)] + [contact(90), contact(90, LastName="Twin")])
    sandbox.keva.seed(
        [customer(n) for n in range(7)]
        + [customer(n, notes="called twice") for n in (7, 8)]
        + [customer(9, jobTitle="Chief")]
        + [customer(n) for n in range(20, 25)]
        + [customer(30, email=None), customer(90), customer(31, name="Prince")]
    )
    return made


def test_the_whole_story(world, capsys):
    """Plan says what apply does; the books balance; the second plan is empty; undo takes it back."""
    before = sorted(world.contacts(), key=lambda row: row["Id"])
    plan = world.command(capsys, "plan", "--detailed-exitcode", code=4)
    assert {name: n for name, n in plan["counts"].items() if n} == {
        "ambiguous": 1, "rejected": 1, "create": 6, "link": 10, "not-in-keva": 2,
    }  # fmt: skip
    assert plan["estimate"]["salesforce_calls"] > 0
    assert len(world.contacts()) == 12, "a plan writes nothing"
    done = world.command(capsys, "apply", "latest", "--yes")
    assert done["balanced"]
    assert done["counts"] == {
        "applied": 16, "no-op": 2, "conflict": 0, "ambiguous": 1, "rejected": 1, "failed": 0, "unknown": 0,
    }  # fmt: skip
    assert done["input"] == sum(done["counts"].values()) == 20
    found = {row["Email"]: row for row in world.contacts()}
    assert found["person7@mail.example"]["Description"] == "called twice"
    assert found["person31@mail.example"]["LastName"] == "Prince"
    assert found["person9@mail.example"]["Title"] == "Buyer", "a conflict waits for a person"
    again = world.command(capsys, "plan", "--detailed-exitcode", code=4)
    assert again["directions"] == {}
    assert again["counts"]["conflict"] == 1
    repeated = world.command(capsys, "apply", plan["plan"], "--yes")
    assert repeated["status"] == "nothing-to-do"
    undone = world.command(capsys, "undo", done["run"], "--yes")
    assert undone["balanced"]
    assert sorted(world.contacts(), key=lambda row: row["Id"]) == before
    after = world.command(capsys, "plan")
    assert after["counts"] == plan["counts"]
    assert after["fields"] == plan["fields"]


def test_log_tells_every_change(world, capsys):
    """The log lists runs, and with a filter every change with old and new; as CSV too."""
    runs = world.command(capsys, "log")["runs"]
    assert [item["kind"] for item in runs].count("undo") == 1
    entries = world.command(capsys, "log", "--customer", "cust_000007", "--status", "applied")["entries"]
    told = [item["changes"]["Description"] for item in entries if "Description" in item["changes"]]
    assert told == [[None, "called twice"], ["called twice", None]]
    capsys.readouterr()
    assert run(["log", "--customer", "cust_000007", "--csv", "--workspace", str(world.folder)]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["field"] for row in rows} >= {"Description"}


def test_reconcile_for_schedulers(world, sandbox, capsys):
    """Reconcile does it all in one; run again it has nothing to do; an edit on each side travels."""
    first = world.command(capsys, "reconcile")
    assert first["balanced"]
    assert world.command(capsys, "reconcile")["run"] is None
    sandbox.keva.touch("cust_000001", jobTitle="Head")
    linked = next(row["Id"] for row in world.contacts() if row["Email"] == "person2@mail.example")
    sandbox.org.update_many("Contact", [{"Id": linked, "Description": "from the org"}])
    moved = world.command(capsys, "reconcile", "--detailed-exitcode", code=4)
    assert moved["outcomes"]["applied"] == 2
    assert sandbox.keva.get("cust_000002")["notes"] == "from the org" or (
        sandbox.keva.get("cust_000002")["customFields"].get("notes") == "from the org"
    )
    assert world.command(capsys, "reconcile")["run"] is None


def test_stale_records_drop_out(world, sandbox, capsys):
    """A record that moved after the plan was made is not overwritten; exit code 3 says so; the rest goes on."""
    sandbox.keva.touch("cust_000003", jobTitle="Planned")
    sandbox.keva.touch("cust_000004", jobTitle="Planned")
    plan = world.command(capsys, "plan")
    moved = next(row["Id"] for row in world.contacts() if row["Email"] == "person3@mail.example")
    sandbox.org.update_many("Contact", [{"Id": moved, "Title": "Meanwhile"}])
    done = world.command(capsys, "apply", plan["plan"], "--yes", code=3)
    assert (done["stale"], done["counts"]["applied"], done["counts"]["rejected"]) == (1, 1, 2)
    titles = {row["Email"]: row["Title"] for row in world.contacts()}
    assert titles["person3@mail.example"] == "Meanwhile"
    assert titles["person4@mail.example"] == "Planned"


def test_a_guard_stops_before_the_first_write(world, sandbox, capsys):
    """An empty Keva is refused with exit code 3, and nothing is written."""
    (world.workspace.exports_dir / "empty.csv").write_text("id,email,name,phone,jobTitle,notes,timezone\n")
    before = world.contacts()
    settings = world.folder / "kevasync.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('# export = "exports/*.csv"', 'export = "exports/empty.csv"'), encoding="utf-8")
    try:
        plan = world.command(capsys, "plan")
        assert "guard-empty-side" in {guard["code"] for guard in plan["guards"]}
        refused = world.command(capsys, "apply", plan["plan"], "--yes", code=3)
        assert refused["error"]["code"] == "guard-empty-side"
        assert world.contacts() == before
    finally:
        settings.write_text(text, encoding="utf-8")
