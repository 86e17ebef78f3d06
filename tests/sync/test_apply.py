"""Apply does exactly the plan: balanced books, stale records dropped, nothing left for a second plan."""

from __future__ import annotations

import dataclasses

import pytest
from apply_world import MAPPING, World, rows, writes

from kevasync.endpoint import Failure
from kevasync.records import KevaId, Link, Outcome, SalesforceId


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


def fill(world):
    """Two creates, a link with a fill each way, a settled link, two ambiguous and a rejected one."""
    for number in (1, 2):
        world.customer(number)
    world.customer(3, phone=None)
    world.contact(3, Title=None, **{"Account.Industry": "Retail"})
    world.customer(4)
    world.contact(4)
    world.customer(5, email="twice@example.com")
    world.customer(6, email="twice@example.com")
    world.customer(7, email=None)
    world.contact(8)


def test_a_first_migration_balances_and_a_second_plan_is_empty(world):
    """Creates, links and fills both ways are written once, the books add up and nothing is left to plan."""
    fill(world)
    plan = world.plan()
    result = world.apply(plan)
    assert (result.status, result.balanced, result.exit_code) == ("done", True, 0)
    assert result.counts == {
        Outcome.APPLIED: 4,
        Outcome.NO_OP: 1,
        Outcome.CONFLICT: 0,
        Outcome.AMBIGUOUS: 2,
        Outcome.REJECTED: 1,
        Outcome.FAILED: 0,
        Outcome.UNKNOWN: 0,
    }
    assert len(world.sf.values("Contact")) == 5
    assert len(world.links()) == 4
    assert (
        world.keva.values("contact")["cust_0003"] | {"phone": "+14155550003", "industry": "Retail"}
        == (world.keva.values("contact")["cust_0003"])
    )
    second = world.plan()
    assert [line for line in writes(second) if not line.startswith(("ambiguous", "rejected"))] == []


def test_changes_both_ways_settle_and_base_holds_what_both_sides_hold(world):
    """After edits on both sides the next run writes them, and base equals the Salesforce record."""
    fill(world)
    world.apply(world.plan())
    world.keva.put("contact", {"name": "Ann4 van Lee", "jobTitle": None}, "cust_0004")
    ((_, sf_id),) = [pair for pair in world.links() if pair[0] == "cust_0004"]
    world.sf.put("Contact", {"Phone": "+14155559999"}, sf_id)
    plan = world.plan()
    result = world.apply(plan)
    assert (result.status, result.counts[Outcome.APPLIED]) == ("done", 1)
    held = world.sf.values("Contact")[sf_id]
    assert (held["LastName"], held["Title"]) == ("van Lee", None)
    assert world.keva.values("contact")["cust_0004"]["phone"] == "+14155559999"
    for pair, agreed in world.base().items():
        record = world.sf.values("Contact")[pair[1]]
        assert agreed == {name: record.get(name) for name in agreed}
    base = world.base()["cust_0004", sf_id]
    assert (base["FirstName"], base["LastName"], base["Title"], base["Phone"]) == (
        "Ann4",
        "van Lee",
        None,
        "+14155559999",
    )
    assert [line for line in writes(world.plan()) if "cust_0004" in line] == []


def test_a_record_edited_since_the_plan_drops_out_and_the_rest_goes_on(world):
    """A stale record is rejected, its values stay, the exit code says so, and the next plan takes it up."""
    fill(world)
    world.apply(world.plan())
    for number in (1, 2):
        world.customer(number, jobTitle="new title")
    plan = world.plan()
    stale_id = dict(world.links())["cust_0001"]
    world.sf.put("Contact", {"Title": "somebody else's"}, stale_id)
    result = world.apply(plan)
    assert (result.stale, result.exit_code, result.counts[Outcome.REJECTED]) == (1, 3, 2)
    assert result.counts[Outcome.APPLIED] == 1
    assert world.sf.values("Contact")[stale_id]["Title"] == "somebody else's"
    (entry,) = world.entries(run_id=result.run_id, status="rejected")
    assert (entry["code"], "Title" in entry["message"]) == ("stale", True)
    assert any(row["keva_id"] == "cust_0001" and row["kind"] == "conflict" for row in rows(world.plan(), "review"))


def test_a_record_deleted_since_the_plan_is_stale(world):
    """A Contact that is gone is neither written nor made again."""
    fill(world)
    world.apply(world.plan())
    world.customer(1, jobTitle="new title")
    plan = world.plan()
    world.sf.remove("Contact", dict(world.links())["cust_0001"])
    result = world.apply(plan)
    assert (result.stale, result.balanced) == (1, True)


def test_a_contact_that_appeared_since_the_plan_is_not_doubled(world):
    """A create whose e-mail somebody else has just entered is stale, and the next plan links it."""
    world.customer(1)
    plan = world.plan()
    world.contact(1)
    result = world.apply(plan)
    assert (result.stale, len(world.sf.values("Contact"))) == (1, 1)
    assert world.apply(world.plan()).counts[Outcome.APPLIED] == 1
    assert len(world.links()) == 1


def test_a_failing_row_fails_alone_and_can_be_applied_again(world):
    """The failed record is kept with the side's text; applying the plan again writes it and nothing else."""
    fill(world)
    plan = world.plan()
    world.sf.faults.failing["cust_0002"] = Failure("value-refused", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "No.")
    result = world.apply(plan)
    assert (result.status, result.counts[Outcome.FAILED], result.exit_code) == ("failed", 1, 1)
    (entry,) = world.entries(run_id=result.run_id, status="failed")
    assert (entry["keva_id"], entry["side_code"]) == ("cust_0002", "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    world.sf.faults.failing.clear()
    again = world.apply(plan)
    assert (again.status, again.stale, again.counts[Outcome.APPLIED]) == ("done", 0, 1)
    assert len(world.sf.values("Contact")) == 5


def test_a_plan_applied_wholly_has_nothing_to_do(world):
    """The same plan again changes nothing and says so."""
    fill(world)
    plan = world.plan()
    world.apply(plan)
    before = world.picture()
    result = world.apply(plan)
    assert (result.status, result.counts[Outcome.NO_OP], result.balanced) == ("nothing-to-do", result.input, True)
    assert world.picture() == before


def test_a_sample_writes_the_first_records_and_the_rest_follows(world):
    """`--sample 2` writes two records; applying the plan afterwards writes the others and doubles nothing."""
    for number in range(1, 6):
        world.customer(number)
    plan = world.plan()
    first = world.apply(plan, sample=2)
    assert (first.input, first.counts[Outcome.APPLIED], len(world.sf.values("Contact"))) == (2, 2, 2)
    rest = world.apply(plan)
    assert (rest.input, rest.counts[Outcome.APPLIED], rest.counts[Outcome.NO_OP]) == (5, 3, 2)
    assert (rest.stale, len(world.sf.values("Contact")), len(world.links())) == (0, 5, 5)


def test_a_link_that_is_refused_takes_its_values_with_it(world):
    """Where the Contact got another link since the plan, nothing of this customer is written to it, or back."""
    world.customer(1, phone=None)
    contact = world.contact(1, Title=None)
    plan = world.plan()
    world.stores.links.save("contact", [Link(KevaId("cust_other"), SalesforceId(contact), "given")], None)
    before = world.picture()
    result = world.apply(plan)
    assert (result.balanced, result.counts[Outcome.REJECTED], result.counts[Outcome.APPLIED]) == (True, 1, 0)
    assert world.picture() == before


def test_a_customer_made_in_keva_is_in_base_at_once(tmp_path):
    """What a new customer and its Contact hold is agreed: an edit that follows is an edit, not a first sync."""
    world = World(tmp_path / "other", mapping=dataclasses.replace(MAPPING, create_in_keva=True))
    contact = world.contact(1)
    world.apply(world.plan(), allow=["--allow-empty"])
    ((customer, _),) = world.links()
    assert world.base()[customer, contact]["Title"] == "Title 1"
    world.sf.put("Contact", {"Title": None}, contact)
    assert f"{customer} jobTitle" in writes(world.plan())
    world.close()
