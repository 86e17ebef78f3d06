"""A run that is cut off anywhere goes on where it was: no duplicate, no lost change, no blind repeat."""

from __future__ import annotations

import shutil

import pytest
from apply_world import World, fragile, writes

from kevasync.memory import Killed


@pytest.fixture
def make(tmp_path):
    made = []

    def build(**options):
        made.append(World(tmp_path / f"world-{len(made)}", **options))
        return made[-1]

    yield build
    for world in made:
        world.close()


def prepare(world):
    """Three creates, an update of a linked record, a fill from Salesforce, and a plan for them."""
    world.customer(1)
    world.contact(1)
    world.customer(2, phone=None)
    world.contact(2)
    world.apply(world.plan())
    world.customer(1, jobTitle="risen")
    for number in (3, 4, 5):
        world.customer(number)
    world.sf.put("Contact", {"Phone": "+14155551234"}, dict(world.links())["cust_0002"])
    return world.plan()


def settled(world):
    """Nothing is doubled, nothing is lost, and a next plan is empty."""
    emails = [record["Email"] for record in world.sf.values("Contact").values()]
    assert sorted(emails) == [f"person{number}@example.com" for number in range(1, 6)]
    assert len(world.links()) == 5
    assert world.sf.values("Contact")[dict(world.links())["cust_0001"]]["Title"] == "risen"
    assert world.keva.values("contact")["cust_0002"]["phone"] == "+14155551234"
    assert list(writes(world.plan())) == []


OPTIONS = {"calls": {}, "jobs": {"bulk": True}, "no external id": {"external_id": False}}


def kill_and_resume(world, plan, reach):
    """Apply until killed, then again as a new process would; False where the run had no such step."""
    try:
        world.apply(plan)
    except Killed:
        pass
    else:
        return False
    world.reopen()
    begun = [run.id for run in world.stores.ledger.last_runs() if run.plan_id == plan.id]
    result = world.apply(plan)
    assert (result.status, result.balanced) in {("done", True), ("nothing-to-do", True)}, reach
    assert not begun or result.run_id == begun[0]
    settled(world)
    return True


def kill_everywhere(world, tmp_path, steps):
    """Kill at these steps of both sides and of the state; the sides' steps are the calls, the state's its changes."""
    plan = prepare(world)
    for part in ("sf", "keva", "state"):
        for step in steps:
            twin = world.clone(tmp_path / f"{part}-{step}")
            if part == "state":
                twin.stores = fragile(twin.stores, step)
            else:
                faults, now = getattr(twin, part).faults, getattr(twin, part).steps
                faults.kill_at = now + step
            reached = kill_and_resume(twin, plan, (part, step))
            twin.close()
            shutil.rmtree(twin.folder)
            if not reached:
                break
        assert step > 3


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_killed_at_every_step_it_resumes_whole(make, tmp_path, options):
    """Killed at each moment a side is spoken to or the state is changed, the next process finishes the same run."""
    kill_everywhere(make(**options), tmp_path, range(1, 60))


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_killed_at_some_steps_it_resumes_whole(make, tmp_path, options):
    """The short form: some of the moments of the slow test."""
    kill_everywhere(make(**options), tmp_path, (7,))
