"""Reconcile for schedulers: idle runs write nothing, guards become exit code 3, a cut-off run is finished first."""

from __future__ import annotations

import pytest
from apply_world import World

from kevasync.records import Outcome
from kevasync.sync.plan import Plan, write_manifest
from kevasync.sync.reconcile import reconcile


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path / "world")
    yield made
    made.close()


def test_reconcile_writes_then_is_idle(world):
    """The first run writes and exits 0 (4 in detail); the second begins no run at all."""
    world.customer(1)
    first = reconcile(lambda: None, world.plan, world.apply)
    assert (first.exit_code, first.detailed_exit_code(), first.applied.counts[Outcome.APPLIED]) == (0, 4, 1)
    runs = len(world.stores.ledger.last_runs())
    second = reconcile(lambda: None, world.plan, world.apply)
    assert (second.applied, second.exit_code, second.detailed_exit_code()) == (None, 0, 0)
    assert len(world.stores.ledger.last_runs()) == runs
    assert second.as_dict()["run"] is None


def test_a_guard_is_a_result_with_exit_code_3(world):
    """A scheduler gets the plan's counts and the refusal; nothing is written."""
    world.customer(1)

    def guarded():
        plan = world.plan()
        manifest = dict(plan.manifest) | {
            "guards": [{"code": "guard-count", "message": "1 record, 900 before", "flag": "--allow-count"}]
        }
        return Plan(plan.folder, write_manifest(plan.folder, manifest))

    result = reconcile(lambda: None, guarded, world.apply)
    assert (result.exit_code, result.refused.code, world.sf.values("Contact")) == (3, "guard-count", {})
    assert result.as_dict()["refused"]["code"] == "guard-count"


def test_a_run_that_was_cut_off_is_finished_first(world):
    """Resume comes before reading; where it is cut off again nothing new is begun."""
    for number in (1, 2, 3, 4):
        world.customer(number)
    plan = world.plan()
    world.apply(plan, stop=lambda: len(world.sf.values("Contact")) >= 2)
    order = []
    result = reconcile(
        lambda: order.append("extract"), world.plan, world.apply, lambda: order.append("resume") or world.apply(plan)
    )
    assert order == ["resume", "extract"]
    assert (result.resumed.status, result.applied, result.exit_code) == ("done", None, 0)
    assert len(world.sf.values("Contact")) == 4
