"""Lost answers, refusals, interruptions: apply looks up, resumes or refuses, and never guesses."""

from __future__ import annotations

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apply_world import World, rows, writes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kevasync.endpoint import Failure, Silent
from kevasync.errors import Refused, RunError
from kevasync.records import Outcome
from kevasync.sync.apply import apply
from kevasync.sync.plan import Plan, write_manifest


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "world", chunk=1)
    yield made
    made.close()


def linked(world, count):
    """So many linked customers, in agreement."""
    for number in range(1, count + 1):
        world.customer(number)
        world.contact(number)
    world.apply(world.plan())


@pytest.mark.parametrize("external_id", [True, False])
@pytest.mark.parametrize("fault", ["lost", "dropped"])
def test_creates_without_an_answer_are_looked_up_and_never_doubled(tmp_path, fault, external_id):
    """A create that was written is found; one that never arrived is sent once more; each makes one Contact."""
    world = World(tmp_path / "world", external_id=external_id)
    for number in range(1, 5):
        world.customer(number)
    setattr(world.sf.faults, fault, {"cust_0002", "cust_0003"})
    result = world.apply(world.plan())
    assert (result.status, result.counts[Outcome.APPLIED]) == ("done", 4)
    assert (len(world.sf.values("Contact")), len(world.links())) == (4, 4)
    assert list(writes(world.plan())) == []
    world.close()


def test_a_lost_create_that_the_org_has_altered_is_left_to_the_next_plan(tmp_path):
    """Without an external id a record that is not as sent is neither claimed nor made twice; the next plan links it."""
    world = World(tmp_path / "world", external_id=False)
    world.customer(1)
    world.sf.faults.lost = {"cust_0001"}
    original = world.sf._store

    def flow(batch, row):
        result = original(batch, row)
        world.sf.put("Contact", {"Title": "set by a flow"}, result.id)
        return result

    world.sf._store = flow
    result = world.apply(world.plan())
    assert (result.stale, result.balanced, len(world.sf.values("Contact"))) == (1, True, 1)
    assert world.apply(world.plan()).balanced
    assert (len(world.links()), len(world.sf.values("Contact"))) == (1, 1)
    world.close()


@pytest.mark.parametrize("fault", ["lost", "dropped"])
def test_updates_without_an_answer_are_looked_up(world, fault):
    """An update that was written counts as applied; one that never arrived is sent once more."""
    linked(world, 3)
    for number in (1, 2, 3):
        world.customer(number, jobTitle="risen")
    setattr(world.sf.faults, fault, {"cust_0001", "cust_0003"})
    result = world.apply(world.plan())
    assert (result.status, result.counts[Outcome.APPLIED]) == ("done", 3)
    assert {record["Title"] for record in world.sf.values("Contact").values()} == {"risen"}
    assert list(writes(world.plan())) == []


def test_a_create_that_never_arrives_fails_after_the_second_try(world):
    """Two losses in a row are reported as failed, not as unknown: the look-up shows that nothing was written."""
    world.customer(1)

    class Always(set):
        def discard(self, name):
            """It never gets through."""

    world.sf.faults.dropped = Always({"cust_0001"})
    result = world.apply(world.plan())
    assert (result.status, result.counts[Outcome.FAILED]) == ("failed", 1)
    assert world.entries(run_id=result.run_id)[0]["code"] == "answer-lost"


def test_a_side_that_goes_down_ends_the_run_cleanly_and_locks_out_others(world):
    """The error comes through, nothing is lost, another plan is refused until this run is finished, then it is."""
    linked(world, 3)
    for number in (1, 2, 3):
        world.customer(number, jobTitle="risen")
    plan, other = world.plan(), world.plan()
    original = world.sf._write_row

    def cut(batch, row):
        world.sf.faults.down = RunError("state-unreachable", "the line is cut")
        return original(batch, row)

    world.sf._write_row = cut
    with pytest.raises(RunError, match="the line is cut"):
        world.apply(plan)
    with pytest.raises(Refused, match="run-unresolved"):
        world.apply(other)
    world.sf.faults.down, world.sf._write_row = None, original
    result = world.apply(plan)
    assert (result.status, result.counts[Outcome.APPLIED], result.balanced) == ("done", 3, True)
    assert world.apply(other).counts[Outcome.NO_OP] == 3


def test_stop_finishes_what_is_in_flight_and_the_rest_can_be_resumed(world):
    """After the first Ctrl-C what was sent is recorded, the rest is pending, and the same plan goes on later."""
    for number in range(1, 5):
        world.customer(number)
    plan = world.plan()
    result = world.apply(plan, stop=lambda: len(world.sf.values("Contact")) >= 2)
    assert (result.status, result.pending, result.balanced, result.exit_code) == ("interrupted", 2, False, 1)
    assert (result.counts[Outcome.APPLIED], len(world.links())) == (2, 2)
    world.reopen()
    again = world.apply(plan)
    assert (again.run_id, again.status, again.counts[Outcome.APPLIED]) == (result.run_id, "done", 4)


def test_a_plan_of_another_workspace_or_edited_by_hand_or_guarded_is_refused(world):
    """Nothing is written by a plan that is foreign, edited, or stopped by a guard; the guard's flag lets it pass."""
    world.customer(1)
    plan = world.plan()
    with pytest.raises(Refused, match="plan-foreign"):
        apply(
            plan,
            world.endpoints,
            world.stores,
            None,
            workspace_id="ws_2",
            runs=world.folder / "runs",
            progress=Silent(),
            stop=lambda: False,
        )
    manifest = dict(plan.manifest)
    manifest["guards"] = [{"code": "guard-clears", "message": "9 of 10 cleared", "flag": "--allow-clears"}]
    guarded = Plan(plan.folder, write_manifest(plan.folder, manifest))
    with pytest.raises(Refused, match="guard-clears") as refusal:
        world.apply(guarded)
    assert any("--allow-clears" in step for step in refusal.value.next_steps)
    table = pq.read_table(plan.file("changes"))
    changed = table.set_column(table.column_names.index("new"), "new", pa.array(["x"] * len(table), pa.string()))
    kept = plan.file("changes").read_bytes()
    pq.write_table(changed, plan.file("changes"))
    with pytest.raises(Refused, match="plan-edited"):
        world.apply(guarded)
    plan.file("changes").write_bytes(kept)
    assert world.sf.values("Contact") == {}
    assert world.apply(guarded, allow={"--allow-clears"}).status == "done"


def test_two_processes_do_not_apply_one_plan(world):
    """While one works on a plan, another is refused."""
    world.customer(1)
    plan = world.plan()
    seen = []

    def stop():
        if not seen:
            seen.append(True)
            with pytest.raises(Refused, match="plan-busy"):
                world.apply(plan)
        return False

    assert world.apply(plan, stop=stop).status == "done"
    assert seen


def test_rows_the_gate_refuses_are_rejected_with_their_reason(world):
    """The gate sees the batch file; the rows it names are not sent, the others are."""
    for number in (1, 2, 3):
        world.customer(number)

    def gate(path):
        keys = [row["_key"] for row in pq.read_table(path).to_pylist() if row["_keva_id"] == "cust_0002"]
        return pa.table({"_key": keys, "reason": ["Title looks like a formula"] * len(keys)})

    result = world.apply(world.plan(), gate=gate)
    assert (result.counts[Outcome.APPLIED], result.counts[Outcome.REJECTED], result.stale) == (2, 1, 0)
    (entry,) = world.entries(run_id=result.run_id, status="rejected")
    assert (entry["code"], entry["message"]) == ("quality-gate", "Title looks like a formula")


def test_a_conflict_in_one_field_does_not_hold_the_others_back(world):
    """The record counts as conflict, its other field is written, and base knows only what both sides hold."""
    linked(world, 1)
    sf_id = dict(world.links())["cust_0001"]
    world.customer(1, jobTitle="Keva's", location="New York")
    world.sf.put("Contact", {"Title": "Salesforce's"}, sf_id)
    result = world.apply(world.plan())
    assert (result.counts[Outcome.CONFLICT], result.balanced, result.exit_code) == (1, True, 0)
    assert world.sf.values("Contact")[sf_id]["MailingCity"] == "New York"
    base = world.base()["cust_0001", sf_id]
    assert (base["MailingCity"], base["Title"]) == ("New York", "Title 1")


def test_a_merged_contact_moves_the_link_and_a_gone_customer_ends_it(world):
    """A merge in Salesforce re-links to the master and keeps base; a customer gone leaves a tombstone and no base."""
    linked(world, 2)
    links = dict(world.links())
    master = world.sf.put("Contact", world.sf.values("Contact")[links["cust_0001"]] | {"Email": "other@example.com"})
    world.sf.remove("Contact", links["cust_0001"], master)
    world.keva.remove("contact", "cust_0002")
    result = world.apply(world.plan())
    assert result.balanced
    assert world.links() == {("cust_0001", master)}
    assert {pair[0] for pair in world.base()} == {"cust_0001"}
    tombstones = {row["keva_id"] for row in world.stores.links.arrow("contact").to_pylist() if not row["active"]}
    assert "cust_0002" in tombstones


def test_a_link_taken_since_the_plan_is_stale(world):
    """A customer who was linked elsewhere after the plan is not linked again, and nothing else suffers."""
    for number in (1, 2):
        world.customer(number)
        world.contact(number)
    plan = world.plan()
    other = world.contact(7)
    run_id = world.stores.ledger.start_run("apply", check=False)
    world.stores.links.save(
        "contact", pa.table({"keva_id": ["cust_0001"], "sf_id": [other], "how": ["by hand"]}), run_id
    )
    world.stores.ledger.finish_run(run_id, "done")
    result = world.apply(plan)
    assert (result.counts[Outcome.APPLIED], result.stale, result.balanced) == (1, 1, True)
    assert ("cust_0001", other) in world.links()


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_goes_wrong_the_books_balance_and_the_next_runs_settle(tmp_path, data):
    """Any mix of creates, edits, losses and refusals: balanced books, no duplicate, and an empty plan in the end."""
    names = st.sets(st.sampled_from([f"cust_{number:04d}" for number in range(1, 7)]), max_size=3)
    folder = tmp_path / "any"
    shutil.rmtree(folder, ignore_errors=True)
    world = World(folder, bulk=data.draw(st.booleans()), external_id=data.draw(st.booleans()))
    try:
        for number in range(1, 7):
            world.customer(number)
            if number % 2:
                world.contact(number, Title=data.draw(st.sampled_from([None, f"Title {number}"])))
        refusal = Failure("value-refused", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "No.")
        for side in (world.sf, world.keva):
            side.faults.lost, side.faults.dropped = set(data.draw(names)), set(data.draw(names))
        world.sf.faults.failing = dict.fromkeys(data.draw(names), refusal)
        for _ in range(2):
            result = world.apply(world.plan())
            assert result.balanced
            assert sum(result.counts.values()) == result.input
            world.sf.faults.failing = {}
        assert list(writes(world.plan())) == []
        emails = [record["Email"] for record in world.sf.values("Contact").values()]
        assert len(emails) == len(set(emails)) == 6
        assert rows(world.plan(), "review") == []
    finally:
        world.close()
