"""Merges as a plan through the command line: 500 clusters merged and taken back, kills, lost answers, bad input."""

from __future__ import annotations

import itertools
import json
import shutil
from contextlib import contextmanager

import pytest
from world import World, contact, customer

from kevasync.cli.main import run
from kevasync.cli.sides import open_kept, open_salesforce
from kevasync.dedupe.merge import MergeChoice, plan_merges
from kevasync.dedupe.survivorship import Rule, Rules
from kevasync.endpoint import Silent
from kevasync.records import KevaId, Link, SalesforceId
from kevasync.sandbox.server import Sandbox
from kevasync.store.base import BaseRow

SYSTEM = {
    *("Id", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp", "MasterRecordId"),
    *("LastViewedDate", "LastReferencedDate", "LastActivityDate", "PhotoUrl", "attributes"),
}
RULES = Rules(fields={"Phone": Rule.MOST_RECENT, "Description": Rule.UNION})


@pytest.fixture
def sandbox():
    with Sandbox.start(http=True, keva_rate=0) as running:
        yield running


@pytest.fixture
def world(sandbox, tmp_path):
    return World(tmp_path, sandbox)


@contextmanager
def opened(world):
    with open_kept(world.workspace) as kept, open_salesforce(world.workspace, kept.secrets) as endpoint:
        yield kept.stores, endpoint


def plan_of(world, choices, rules=RULES):
    with opened(world) as (stores, endpoint):
        return plan_merges(
            choices, endpoint, stores.links, rules, object_name="contact", sobject="Contact",
            workspace_id=world.workspace.settings.workspace_id, plans=world.workspace.plans_dir, progress=Silent(),
            external_id="Keva_Id__c",
        )  # fmt: skip


def populate(world, sizes):
    """Clusters of these sizes with children and links; the ids of each, the master first."""
    org = world.sandbox.org
    people = [
        contact(n, Title=f"Title {n}-{k}" if k else None, Description=f"note {k}\nof {n}", MobilePhone=f"+4912{n}{k}")
        | ({"Keva_Id__c": f"cust_{n:06d}"} if k == 1 and n % 2 else {})
        for n, size in enumerate(sizes) for k in range(size)
    ]  # fmt: skip
    ids = iter([result.id for result in org.create_many("Contact", people)])
    clusters = [[next(ids) for _ in range(size)] for size in sizes]
    cases = [{"ContactId": one, "Subject": one} for ids in clusters for one in ids[:3]]
    assert all(result.success for result in org.create_many("Case", cases))
    deal = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2027-01-01"}
    org.create_many("Opportunity", [{**deal, "ContactId": ids[-1], "Description": ids[-1]} for ids in clusters])
    # a loser that somebody reports to, who is a loser too; and a master that reports to its own loser
    org.update_many("Contact", [{"Id": a[1], "ReportsToId": b[1]} for a, b in itertools.pairwise(clusters)])
    org.update_many("Contact", [{"Id": clusters[0][0], "ReportsToId": clusters[0][1]}])
    with opened(world) as (stores, _):
        made = [
            Link(KevaId(f"cust_{n:06d}"), SalesforceId(ids[1]), "e-mail") for n, ids in enumerate(clusters) if n % 2
        ]
        made += [
            Link(KevaId(f"cust_m{n}"), SalesforceId(ids[0]), "e-mail") for n, ids in enumerate(clusters) if n % 4 == 3
        ]
        if made:
            stores.links.save("contact", made, None)
            stores.base.save_rows("contact", [BaseRow(x.keva_id, x.sf_id, {"Email": "a@b.example"}) for x in made])
    return clusters


def choices(clusters):
    return [MergeChoice(f"c{n}", tuple(ids), master=ids[0]) for n, ids in enumerate(clusters)]


def picture(world, names=None):
    """Every live record with all fields, every child and link; records named by what they were called at first."""
    org = world.sandbox.org
    names = names or {}
    shown = {}
    for name in ("Contact", "Case", "Opportunity"):
        fields = [item["name"] for item in org.describe(name)["fields"] if item["name"] not in SYSTEM]
        soql = f"SELECT Id, {', '.join(field for field in fields if not field.endswith('Address'))} FROM {name}"
        for row in org.query(soql).rows():
            called = names.get(row["Id"], row["Id"])
            shown[called] = {k: names.get(v, v) for k, v in row.items() if k not in SYSTEM}
    with opened(world) as (stores, _):
        links = sorted(
            (row["keva_id"], names.get(row["sf_id"], row["sf_id"]), row["how"], row["active"])
            for row in stores.links.arrow("contact").to_pylist()
        )
        base = {
            row.keva_id: (names.get(row.sf_id, row.sf_id), dict(row.values))
            for link in links for row in stores.base.read("contact", link[0], ["Email"])
        }  # fmt: skip
    return shown, links, base


def renamed(world, run_id):
    rows = json.loads((world.workspace.state_dir / "runs" / run_id / "made.json").read_text())["rows"]
    return {row["id"]: row["lost"] for row in rows}


def round_trip(world, capsys, sizes):
    clusters = populate(world, sizes)
    before = picture(world)
    plan = plan_of(world, choices(clusters))
    shown = world.command(capsys, "show", plan.id)
    assert shown["counts"]["losers"] == sum(sizes) - len(sizes)
    people = run(["show", plan.id, "--workspace", str(world.folder)]), capsys.readouterr().out
    assert people[0] == 0
    assert clusters[0][0] in people[1]
    assert run(["show", plan.id, "--why", clusters[0][1], "--workspace", str(world.folder)]) == 0
    assert "Case" in capsys.readouterr().out
    done = world.command(capsys, "apply", plan.id, "--yes")
    assert (done["status"], done["balanced"], done["counts"]["applied"]) == ("done", True, sum(sizes) - len(sizes))
    live, _, _ = picture(world)
    assert sum(one.startswith("003") for one in live) == len(sizes)
    for ids in clusters:
        hung = [row for row in live.values() if row.get("Subject") in ids]
        assert {row["ContactId"] for row in hung} == {ids[0]}
    undone = world.command(capsys, "undo", done["run"], "--yes")
    assert (undone["status"], undone["balanced"], undone["told"]) == ("done", True, [])
    assert "CreatedDate" in undone["cannot_be_restored"][0]
    after = picture(world, renamed(world, undone["run"]))
    assert after[0] == before[0]
    assert after[1:] == before[1:]
    return clusters, done, undone


def test_merged_and_taken_back(world, capsys):
    """Every field, link, base and child as before, but for ids; a pair, a triple, a chain, a cluster of 41."""
    _, done, undone = round_trip(world, capsys, [2, 3, 2, 2, 5, 4, 41, 2])
    assert world.command(capsys, "undo", done["run"], "--yes", code=2)["error"]["code"] == "undo-impossible"
    refused = world.command(capsys, "undo", undone["run"], "--yes", code=2)["error"]
    assert refused["code"] == "undo-impossible"
    assert done["run"] in str(refused)
    assert "kevasync dedupe" in str(refused)
    assert run(["log", "--run", done["run"], "--workspace", str(world.folder)]) == 0


@pytest.mark.slow
def test_five_hundred_clusters(world, capsys):
    """The same with 500 clusters, one of them of 200 records."""
    round_trip(world, capsys, [200] + [2 + n % 4 for n in range(499)])


def test_what_moved_since_the_plan_is_left_out(world, capsys):
    """Changed, vanished, merged elsewhere, no edit permission: each its reason; the rest is merged."""
    org = world.sandbox.org
    clusters = populate(world, [2, 3, 2, 2, 5])
    org.delete_many("Contact", [clusters[4][4]])
    plan = plan_of(world, choices(clusters))
    assert plan.counts["skipped"] == 1
    org.update_many("Contact", [{"Id": clusters[0][1], "Title": "meanwhile"}])
    org.merge_records("Contact", clusters[1][0], [clusters[1][2]])
    org.set_setting("read_only_records", [clusters[2][0]])
    done = world.command(capsys, "apply", str(plan.folder), "--yes", code=1)
    assert (done["balanced"], done["input"]) == (True, 9)
    assert {name: n for name, n in done["counts"].items() if n} == {"applied": 1, "rejected": 7, "failed": 1}
    told = {row["cluster"]: row["reason"] for row in done["told"]}
    assert "was changed" in told["c0"]
    assert f"merged into {clusters[1][0]}" in told["c1"] or "changed" in told["c1"]
    assert "insufficient access" in told["c2"]
    assert "gone since the review" in told["c4"]
    assert "c3" not in told
    assert world.command(capsys, "apply", plan.id, "--yes", code=3)["error"]["code"] == "merge-done"


def test_an_undo_that_waited_is_refused_where_somebody_was_faster(world, capsys):
    """A master edited or a Case moved after `--plan-only`: stale, and nothing is written; planned anew it goes."""
    org = world.sandbox.org
    clusters = populate(world, [2, 2, 2, 2])
    before = picture(world)
    done = world.command(capsys, "apply", plan_of(world, choices(clusters)).id, "--yes")
    (case,) = org.query(f"SELECT Id FROM Case WHERE Subject = '{clusters[1][1]}'").rows()
    edits = [("Contact", clusters[0][0], "Title", "chosen later"), ("Case", case["Id"], "ContactId", clusters[2][0])]
    for name, identity, field, value in edits:
        (was,) = org.query(f"SELECT {field} FROM {name} WHERE Id = '{identity}'").rows()
        waiting = world.command(capsys, "undo", done["run"], "--plan-only")["plan"]
        org.update_many(name, [{"Id": identity, field: value}])
        merged = picture(world)
        refused = world.command(capsys, "apply", waiting, "--yes", code=3)["error"]
        assert (refused["code"], done["run"] in str(refused)) == ("stale", True)
        assert identity in str(refused)
        assert picture(world) == merged
        org.update_many(name, [{"Id": identity, field: was[field]}])
    waiting = world.command(capsys, "undo", done["run"], "--plan-only")["plan"]
    undone = world.command(capsys, "apply", waiting, "--yes")
    assert (undone["status"], undone["told"]) == ("done", [])
    assert picture(world, renamed(world, undone["run"]))[0] == before[0]


def test_undo_leaves_alone_what_somebody_changed(world, capsys):
    """A golden value edited since stays, a Case moved since stays, a loser restored from the bin is not made twice."""
    org = world.sandbox.org
    clusters = populate(world, [2, 2, 2])
    done = world.command(capsys, "apply", plan_of(world, choices(clusters)).id, "--yes")
    org.update_many("Contact", [{"Id": clusters[0][0], "Title": "chosen later"}])
    (case,) = org.query(f"SELECT Id FROM Case WHERE Subject = '{clusters[1][1]}'").rows()
    org.update_many("Case", [{"Id": case["Id"], "ContactId": clusters[2][0]}])
    undone = world.command(capsys, "undo", done["run"], "--yes")
    reasons = " ".join(row["reason"] for row in undone["told"])
    assert "Title of " in reasons
    assert f"Case {case['Id']} was moved since" in reasons
    (kept,) = org.query(f"SELECT Title FROM Contact WHERE Id = '{clusters[0][0]}'").rows()
    assert kept["Title"] == "chosen later"


def test_lost_answers_are_looked_up(world, capsys):
    """Half the answers of merges get lost, and some of the undo's: nothing is merged or made twice."""
    clusters = populate(world, [2] * 10 + [7])
    before = picture(world)
    plan = plan_of(world, choices(clusters))
    world.sandbox.faults.add("lost:times=1,path=/services/Soap/*")
    done = world.command(capsys, "apply", plan.id, "--yes")
    assert done["counts"]["applied"] == 16
    world.sandbox.faults.add("lost:times=1,method=POST,path=/services/data/v68.0/composite/sobjects")
    undone = world.command(capsys, "undo", done["run"], "--yes")
    assert undone["status"] == "done"
    assert picture(world, renamed(world, undone["run"]))[0] == before[0]


def test_killed_and_resumed(world, capsys, monkeypatch):
    """Kill -9 in the middle: the same command finishes it; nothing is merged twice; and so for the undo."""
    clusters = populate(world, [3] * 60)
    before = picture(world)
    plan = plan_of(world, choices(clusters))
    monkeypatch.setattr("kevasync.salesforce.merge.REQUESTS_A_CALL", 20)
    world.sandbox.faults.add("slow:seconds=1,path=/services/Soap/*")
    arguments = ("-m", "kevasync", "apply", plan.id, "--yes")
    process = world.process(*arguments)
    while not list(world.sandbox.org.query("SELECT Id FROM Contact WHERE IsDeleted = true", all_rows=True).rows()):
        assert process.poll() is None, process.communicate()
    process.kill()
    process.communicate()
    world.sandbox.faults.clear()
    done = world.command(capsys, "apply", plan.id, "--yes")
    assert (done["counts"]["applied"], done["input"]) == (120, 120)
    made = world.command(capsys, "undo", done["run"], "--plan-only")["plan"]
    process = world.process("-m", "kevasync", "apply", made, "--yes")
    while world.sandbox.org.query("SELECT COUNT() FROM Contact").total == 60:
        assert process.poll() is None, process.communicate()
    process.kill()
    process.communicate()
    undone = world.command(capsys, "apply", made, "--yes")
    assert undone["status"] == "done"
    assert picture(world, renamed(world, undone["run"]))[0] == before[0]


def test_damaged_plans_are_refused(world, capsys):
    """A file cut in half, edited or gone; nothing is merged."""
    clusters = populate(world, [2, 2])
    plan = plan_of(world, choices(clusters))
    path = plan.folder / "merge.json"
    text = path.read_text()
    path.write_text(text[: len(text) // 2])
    assert world.command(capsys, "apply", plan.id, "--yes", code=2)["error"]["code"] == "merge-plan-unreadable"
    path.write_text(text)
    table = plan.folder / "fields.parquet"
    whole = table.read_bytes()
    table.write_bytes(whole[: len(whole) // 2])
    assert world.command(capsys, "apply", plan.id, "--yes", code=3)["error"]["code"] == "merge-plan-edited"
    table.unlink()
    assert world.command(capsys, "show", plan.id, code=3)["error"]["code"] == "merge-plan-edited"
    table.write_bytes(whole)
    other = plan.folder.with_name("copy")
    shutil.copytree(plan.folder, other)
    assert world.command(capsys, "apply", str(other), "--yes")["counts"]["applied"] == 2


def test_a_merge_by_others_is_followed(world, capsys):
    """The sandbox's own merge, behind our back: the next plan re-links the customer to the master."""
    world.sandbox.keva.seed([customer(n) for n in range(2)])
    world.sandbox.org.create_many("Contact", [contact(n) for n in range(2)])
    plan = world.command(capsys, "plan")
    world.command(capsys, "apply", plan["plan"], "--yes")
    ids = {row["Email"]: row["Id"] for row in world.contacts()}
    (master,) = [r.id for r in world.sandbox.org.create_many("Contact", [contact(0, Title="Master")])]
    world.sandbox.org.merge_records("Contact", master, [ids["person0@mail.example"]])
    world.command(capsys, "plan")
    world.command(capsys, "apply", "latest", "--yes")
    with opened(world) as (stores, _):
        now = {row["keva_id"]: row["sf_id"] for row in stores.links.arrow("contact").to_pylist() if row["active"]}
    assert now["cust_000000"] == master
