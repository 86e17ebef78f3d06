"""Undo puts back what a run wrote, leaves alone what others changed since, and can itself be undone."""

from __future__ import annotations

import dataclasses

import pytest
from apply_world import CUSTOMER, World, rows, writes

from kevasync.errors import Refused, UsageError
from kevasync.records import KevaId, Link, Outcome, SalesforceId
from kevasync.sync.diff import connect


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "world")
    yield made
    made.close()


def migrate(world):
    """A first migration: two creates, a link with fills both ways, a link that is equal already."""
    world.customer(1)
    world.customer(2)
    world.customer(3, phone=None)
    world.contact(3, Title=None, **{"Account.Industry": "Retail"})
    world.customer(4)
    world.contact(4)
    return world.apply(world.plan())


def edit_both(world):
    """Then edits on both sides, a name among them."""
    world.keva.put("contact", {"name": "Ann3 van Lee", "location": None}, "cust_0003")
    world.sf.put("Contact", {"Phone": "+14155554444"}, dict(world.links())["cust_0004"])
    world.keva.put("contact", {"jobTitle": "risen"}, "cust_0001")


def values(picture):
    return picture.sf, picture.keva, picture.links, picture.base


def test_undo_of_updates_restores_values_and_base(world):
    """After undo both sides, the links and base are what they were before the run, and the plan is back."""
    migrate(world)
    edit_both(world)
    before, plan = world.picture(), world.plan()
    run = world.apply(plan)
    assert world.picture() != before
    undo = world.undo(run.run_id)
    result = world.apply(undo)
    assert (result.status, result.balanced, result.counts[Outcome.APPLIED]) == ("done", True, 3)
    assert values(world.picture()) == values(before)
    assert sorted(writes(world.plan())) == sorted(writes(plan))


def test_undo_takes_back_an_agreement_that_was_not_there_before(world):
    """A field on which the sides had never agreed is again one on which they have not."""
    world.customer(1, jobTitle="Keva's")
    sf_id = world.contact(1, Title="Salesforce's")
    world.apply(world.plan())
    assert "Title" not in world.base()["cust_0001", sf_id]
    world.sf.put("Contact", {"Title": None}, sf_id)
    before = world.base()
    run = world.apply(world.plan())
    assert world.base()["cust_0001", sf_id]["Title"] == "Keva's"
    world.apply(world.undo(run.run_id))
    assert world.base() == before
    assert world.sf.values("Contact")[sf_id]["Title"] is None


def test_undo_of_a_migration_deletes_what_it_created_and_unlinks_without_a_tombstone(world):
    """Created Contacts are deleted, fills taken back, links gone without trace: the same plan can be made again."""
    world.customer(9)
    first = world.plan()
    before = world.picture()
    run = migrate(world)
    after = world.picture()
    result = world.apply(world.undo(run.run_id))
    assert (result.status, result.balanced) == ("done", True)
    now = world.picture()
    assert now.links == before.links == set()
    assert now.base == {}
    assert world.stores.links.arrow("contact").num_rows == 0
    assert {record["Email"] for record in now.sf.values()} == {"person3@example.com", "person4@example.com"}
    assert now.keva["cust_0003"]["phone"] is None
    assert rows(first, "records")
    world.apply(world.plan())
    again = world.picture()
    assert sorted(record["Email"] for record in again.sf.values()) == sorted(
        record["Email"] for record in after.sf.values()
    )


def test_undo_of_an_undo_brings_the_run_back(world):
    """Deleted Contacts are made again, values, links and base return, and the next plan is empty."""
    run = migrate(world)
    after = world.picture()
    first_undo = world.apply(world.undo(run.run_id))
    result = world.apply(world.undo(first_undo.run_id))
    assert (result.status, result.balanced) == ("done", True)
    now = world.picture()
    assert now.keva == after.keva
    by_email = {record["Email"]: record for record in after.sf.values()}
    assert {record["Email"]: record for record in now.sf.values()} == by_email
    assert {pair[0] for pair in now.links} == {pair[0] for pair in after.links}
    assert {pair[0]: agreed for pair, agreed in now.base.items()} == {
        pair[0]: agreed for pair, agreed in after.base.items()
    }
    assert list(writes(world.plan())) == []


def test_what_somebody_changed_since_is_left_alone_and_listed(world):
    """A value edited after the run stays, a created Contact touched since is not deleted, and the plan says why."""
    run = migrate(world)
    created = dict(world.links())["cust_0001"]
    world.sf.put("Contact", {"AccountId": "001000000000001AAA"}, created)  # a field no mapping knows
    filled = dict(world.links())["cust_0003"]
    world.sf.put("Contact", {"Title": "somebody else's"}, filled)
    plan = world.undo(run.run_id)
    review = {(row["keva_id"], row["field"]): row["reason"] for row in rows(plan, "review")}
    assert "changed since" in review["cust_0003", "Title"]
    assert "not deleted" in review["cust_0001", None]
    result = world.apply(plan)
    assert result.balanced
    held = world.sf.values("Contact")
    assert held[created]["AccountId"] == "001000000000001AAA"
    assert held[filled]["Title"] == "somebody else's"
    assert world.keva.values("contact")["cust_0003"]["phone"] is None
    assert ("cust_0001", created) in world.links()


def test_a_contact_edited_between_the_undo_plan_and_its_apply_is_not_deleted(world):
    """Stale records drop out of an undo as out of any plan, and their link and base stay."""
    run = migrate(world)
    plan = world.undo(run.run_id)
    created = dict(world.links())["cust_0002"]
    world.sf.put("Contact", {"Title": "kept"}, created)
    base = world.base()["cust_0002", created]
    result = world.apply(plan)
    assert (result.stale > 0, result.balanced, result.exit_code) == (True, True, 3)
    assert world.sf.values("Contact")[created]["Title"] == "kept"
    assert ("cust_0002", created) in world.links()
    assert world.base()["cust_0002", created] == base


def test_undo_of_an_unlink_links_again(world):
    """Links dissolved by a run come back with what base knew of them."""
    migrate(world)
    before = world.picture()
    world.keva.remove("contact", "cust_0004")
    run = world.apply(world.plan())
    assert "cust_0004" not in dict(world.links())
    world.keva.records["contact"]["cust_0004"].deleted = False
    result = world.apply(world.undo(run.run_id))
    assert (result.status, world.links(), world.base()) == ("done", before.links, before.base)


def test_only_a_finished_run_of_writes_can_be_undone(world):
    """A run that does not exist, or wrote nothing, or is not finished, is refused with its code."""
    with pytest.raises(UsageError, match="run-not-found"):
        world.undo("none")
    extract = world.stores.ledger.start_run("extract")
    with pytest.raises(UsageError, match="undo-impossible"):
        world.undo(extract)
    world.customer(1)
    world.sf.faults.lost = {"cust_0001"}
    world.sf.faults.down = None
    plan = world.plan()
    run = world.apply(plan)
    world.stores.ledger.reopen_run(run.run_id)
    with pytest.raises(Refused, match="run-unresolved"):
        world.undo(run.run_id)


def test_plan_apply_and_undo_may_share_a_connection(world):
    """Commands hand one DuckDB connection through; the steps do not trip over each other's tables."""
    world.customer(1)
    world.contact(2)
    world.customer(2, jobTitle="other")
    with connect(world.folder / "spill") as con:
        run = world.apply(world.plan(con), con=con)
        plan = world.undo(run.run_id, con=con)
        result = world.apply(plan, con=con)
        assert (run.status, result.status) == ("done", "done")
    assert world.links() == set()


def test_undo_of_a_move_to_a_master_puts_the_link_back(world):
    """A link that followed a merge returns to where it was, with its base and without a tombstone; and forth again."""
    migrate(world)
    links = dict(world.links())
    master = world.contact(7, Title="the master's")
    world.sf.remove("Contact", links["cust_0004"], master)
    before = world.picture()
    run = world.apply(world.plan())
    moved = world.picture()
    assert ("cust_0004", master) in moved.links
    undo = world.apply(world.undo(run.run_id))
    assert (undo.status, undo.stale) == ("done", 0)
    assert values(world.picture()) == values(before)
    assert len(world.stores.links.arrow("contact")) == len(before.links)
    assert world.apply(world.undo(undo.run_id)).status == "done"
    assert (world.links(), world.sf.values("Contact")) == (moved.links, moved.sf)


def test_undo_holds_what_the_side_requires(world):
    """A required value that the run filled in cannot be cleared again: the undo lists it and goes on."""
    customer = world.customer(1, email=None, phone=None)
    contact = world.contact(1)
    world.stores.links.save("contact", [Link(KevaId(customer), SalesforceId(contact), "given")], None)
    run = world.apply(world.plan())
    fields = tuple(dataclasses.replace(item, required=item.name == "email") for item in CUSTOMER.fields)
    world.keva.schemas["contact"] = dataclasses.replace(CUSTOMER, fields=fields)
    plan = world.undo(run.run_id)
    assert [(row["field"], row["keva"]) for row in rows(plan, "review")] == [("email", "person1@example.com")]
    result = world.apply(plan)
    assert (result.status, result.balanced) == ("done", True)
    held = world.keva.values("contact")[customer]
    assert (held["email"], held["phone"]) == ("person1@example.com", None)
