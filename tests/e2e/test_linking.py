"""Linking by score from end to end: the shipped model, a workspace and the sandbox; yes and no by hand."""

import pyarrow.parquet as pq
import pytest
from duplicates_world import DuplicatesWorld

from kevasync.cli.main import run
from kevasync.cli.sides import open_kept
from kevasync.records import KevaId, Link, SalesforceId
from kevasync.sandbox.server import Sandbox


@pytest.fixture
def sandbox():
    with Sandbox.start(http=True, keva_rate=0) as running:
        yield running


@pytest.fixture
def world(sandbox, tmp_path):
    return DuplicatesWorld(tmp_path, sandbox)


def records_of(plan):
    return {row["keva_id"]: row for row in pq.read_table(f"{plan['path']}/records.parquet").to_pylist()}


def moved_customer(world, capsys):
    """The customer whom Keva knows under another address: plan with scores holds him. Answers his id and the record."""
    plan = world.command(capsys, "plan", "--candidates", "review")
    held = {key: row for key, row in records_of(plan).items() if "may be the same person" in (row["reason"] or "")}
    assert plan["candidates"]["review"] == len(held) >= 1
    key = next(key for key, row in sorted(held.items()) if row["reason"].startswith("Contact "))  # no shared e-mail
    candidates = pq.read_table(f"{plan['path']}/candidates.parquet").to_pylist()
    best = max((row for row in candidates if row["keva_id"] == key), key=lambda row: row["probability"])
    return key, best["sf_id"]


def test_held_linked_by_hand_and_compared(world, capsys):
    key, contact = moved_customer(world, capsys)
    before = records_of(world.command(capsys, "plan", "--no-extract"))
    assert before[key]["operation"] == "create"
    assert world.command(capsys, "link", key, contact[:15]) == {"keva_id": key, "sf_id": contact, "linked": True}
    after = records_of(world.command(capsys, "plan", "--no-extract"))
    assert after[key]["operation"] in {"conflict", "review", "update", "no-op"}
    assert after[key]["sf_id"] == contact


def test_rejected_is_created_and_may_be_taken_back(world, capsys):
    key, contact = moved_customer(world, capsys)
    world.command(capsys, "link", key, contact, "--reject")
    for _ in range(2):  # saying it again changes nothing
        plan = world.command(capsys, "plan", "--no-extract", "--candidates", "auto")
        assert records_of(plan)[key]["sf_id"] != contact
        assert contact not in (records_of(plan)[key]["reason"] or "")
        world.command(capsys, "link", key, contact, "--reject")
    world.command(capsys, "link", key, contact)
    assert records_of(world.command(capsys, "plan", "--no-extract"))[key]["sf_id"] == contact
    world.command(capsys, "link", key, contact, "--reject")
    assert records_of(world.command(capsys, "plan", "--no-extract"))[key]["operation"] == "no-op"


def test_wrong_ids_are_told(world, capsys):
    key, contact = moved_customer(world, capsys)
    for wrong in ((key, "0035g00000A1AAA"), ("cust_none", contact)):
        assert run(["link", *wrong, "--workspace", str(world.folder)]) == 2
        assert "link-unknown" in capsys.readouterr().err


def test_a_contact_that_is_taken_stays_where_it_is(world, capsys):
    key, contact = moved_customer(world, capsys)
    world.command(capsys, "link", key, contact)
    other = next(one for one in records_of(world.command(capsys, "plan", "--no-extract")) if one and one != key)
    assert run(["link", other, contact, "--workspace", str(world.folder)]) == 2
    assert "link-taken" in capsys.readouterr().err


def test_a_link_to_a_record_that_is_not_there_can_be_dissolved(world, capsys):
    """A customer that Keva does not have holds a Contact: --reject dissolves the link, and the Contact is free."""
    key, contact = moved_customer(world, capsys)
    with open_kept(world.workspace) as kept:
        kept.stores.links.save("contact", [Link(KevaId("ghost"), SalesforceId(contact), "review")], None)
    world.command(capsys, "link", key, contact, code=2)
    world.command(capsys, "link", "ghost", contact[:15], "--reject")
    assert world.command(capsys, "link", key, contact)["linked"]


def test_accounts_of_a_workspace_come_from_the_org(world, sandbox, capsys):
    made = sandbox.org.create_many(
        "Account", [{"Name": "Fernhill Holdings", "Website": "fernhill79.example"}, {"Name": "Elsewhere"}]
    )
    world.command(capsys, "plan")
    by_domain = world.command(capsys, "accounts")["counts"]["link"]
    assert by_domain >= 1
    sandbox.org.update_many("Contact", [{"Id": world.alone[0], "AccountId": made[1].id}])
    key = next(key for key, row in records_of(world.command(capsys, "plan")).items() if row["sf_id"] == world.alone[0])
    world.command(capsys, "link", key, world.alone[0])
    told = world.command(capsys, "accounts", "--out", str(world.folder / "found.parquet"))
    assert told["counts"]["link"] == by_domain + 1
    rows = pq.read_table(world.folder / "found.parquet").to_pylist()
    linked = {row["keva_id"]: (row["account_name"], row["evidence"]) for row in rows if row["decision"] == "link"}
    assert linked.pop(key) == ("Elsewhere", "the Account of the linked Contact")
    assert set(linked.values()) == {("Fernhill Holdings", "the e-mail domain")}
