"""The ledger: entries, answers, jobs, runs and the lock-out after an unknown outcome."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from kevasync.endpoint import Failure, JobNote, WriteOutcome, WriteResult
from kevasync.errors import Refused, RunError, UsageError
from kevasync.store.ledger import Ledger
from kevasync.store.state import State

KILLED = """
import sys, time
from kevasync.store.ledger import Ledger
from kevasync.store.state import State
ledger = Ledger(State.open(sys.argv[1]))
run = ledger.open_run("plan-1").id
keys = ledger.pending(run)["key"].to_pylist()
ledger.journal(run).sending(keys[:2])
print("sent", flush=True)
time.sleep(60)
"""


@pytest.fixture
def ledger(state):
    return Ledger(state)


def enter(ledger, run_id, *rows):
    """Enter one row for each (keva_id, sf_id, direction, operation, changes); answer their keys."""
    names = ("keva_id", "sf_id", "direction", "operation", "changes")
    columns = {name: pa.array([row[index] for row in rows], pa.string()) for index, name in enumerate(names)}
    table = pa.table({"object": pa.array(["contact"] * len(rows)), **columns})
    return ledger.plan_entries(run_id, table)["key"].to_pylist()


def changes(**fields):
    return json.dumps(fields)


def test_entries_go_from_planned_to_their_outcome(ledger):
    """Planned, sent, answered: each entry has one status at a time and the created id lands on its side."""
    run = ledger.start_run("apply", "plan-1", "d")
    made, failed, lost, left, back = enter(
        ledger,
        run,
        ("k1", None, "to_crm", "create", changes(Email=[None, "a@b.co"])),
        ("k2", "s2", "to_crm", "update", changes(Title=["x", None])),
        ("k3", "s3", "to_crm", "update", changes(Title=["x", "y"])),
        ("k4", "s4", "to_crm", "update", changes(Title=["x", "y"])),
        (None, "s5", "from_crm", "create", changes(email=[None, "c@d.co"])),
    )
    ledger.journal(run).sending([made, failed, lost, back])
    ledger.record(
        run,
        [
            WriteResult(made, "003A", WriteOutcome.APPLIED, created=True, returned={"Email": "a@b.co"}),
            WriteResult(failed, "s2", WriteOutcome.FAILED, failure=Failure("sf-locked", "UNABLE_TO_LOCK_ROW", "busy")),
            WriteResult(lost, "s3", WriteOutcome.UNKNOWN),
            WriteResult(back, "cust_9", WriteOutcome.APPLIED, created=True),
        ],
    )
    assert ledger.counts(run) == {"applied": 2, "failed": 1, "unknown": 1, "planned": 1}
    assert ledger.pending(run)["key"].to_pylist() == [lost, left]
    by_key = {row["key"]: row for row in ledger.arrow(run_id=run).to_pylist()}
    assert (by_key[made]["sf_id"], by_key[made]["created"]) == ("003A", True)
    assert json.loads(by_key[made]["returned"]) == {"Email": "a@b.co"}
    assert by_key[back]["keva_id"] == "cust_9"
    assert (by_key[failed]["code"], by_key[failed]["side_code"]) == ("sf-locked", "UNABLE_TO_LOCK_ROW")


def test_applied_is_final(ledger):
    """A late answer of a repeated request, or marking it as sent again, does not take back what was applied."""
    run = ledger.start_run("apply", "plan-1")
    (key,) = enter(ledger, run, ("k1", "s1", "to_crm", "update", "{}"))
    ledger.record(run, [WriteResult(key, "s1", WriteOutcome.APPLIED)])
    ledger.record(run, [WriteResult(key, None, WriteOutcome.UNKNOWN)])
    ledger.journal(run).sending([key])
    assert ledger.counts(run) == {"applied": 1}


def test_an_answer_nobody_asked_for_is_refused_with_its_batch(ledger):
    """A result with a strange key is an error, and none of its batch is recorded."""
    run = ledger.start_run("apply", "plan-1")
    (key,) = enter(ledger, run, ("k1", "s1", "to_crm", "update", "{}"))
    strange = [WriteResult(key, "s1", WriteOutcome.APPLIED), WriteResult("other", "s2", WriteOutcome.APPLIED)]
    with pytest.raises(RunError, match="other"):
        ledger.record(run, strange)
    assert ledger.counts(run) == {"planned": 1}


def test_entering_twice_is_harmless(ledger):
    """A run killed while entering enters the same keys again: one entry each, outcomes untouched."""
    run = ledger.start_run("apply", "plan-1")
    table = pa.table(
        {"key": ["a"], "object": ["contact"], "direction": ["to_crm"], "operation": ["update"], "changes": ["{}"]}
    )
    ledger.plan_entries(run, table)
    ledger.record(run, [WriteResult("a", "s1", WriteOutcome.APPLIED)])
    ledger.plan_entries(run, table)
    assert ledger.counts(run) == {"applied": 1}


def test_changes_come_back_field_by_field_with_nulls(ledger):
    """What undo reads: old and new of each field, an old null told apart from text, whatever the field is called."""
    run = ledger.start_run("apply", "plan-1")
    odd = {'Odd"Name.é': ["null", None], "Account.Name": [None, ""]}
    enter(
        ledger,
        run,
        ("k1", "s1", "to_crm", "update", json.dumps({"Title": [None, "CTO"], **odd})),
        ("k2", "s2", "to_crm", "link", "{}"),
    )
    rows = ledger.run_changes(run).to_pylist()
    assert {row["field"]: (row["old"], row["new"]) for row in rows} == {
        "Title": (None, "CTO"),
        'Odd"Name.é': ("null", None),
        "Account.Name": (None, ""),
    }
    assert {(row["keva_id"], row["operation"], row["status"]) for row in rows} == {("k1", "update", "planned")}


def test_log_filters_hold_together(ledger):
    """Customer, record, status and limit narrow the log; the latest entries are kept, oldest first."""
    first, second = ledger.start_run("apply", "p1"), ledger.start_run("apply", "p2", check=False)
    early = enter(ledger, first, ("k1", "s1", "to_crm", "update", "{}"), ("k2", "s2", "to_crm", "update", "{}"))
    late = enter(ledger, second, ("k1", "s1", "to_crm", "update", "{}"))
    ledger.settle(second, late, "rejected", code="quality-length", message="Title is too long")
    assert ledger.arrow(customer="k1")["key"].to_pylist() == [early[0], *late]
    assert ledger.arrow(record="s1", status="rejected")["message"].to_pylist() == ["Title is too long"]
    assert ledger.arrow(limit=2)["key"].to_pylist() == [early[1], *late]
    assert ledger.arrow(customer="nobody").num_rows == 0


def test_a_killed_run_locks_out_others_and_can_be_taken_up(ledger, state, tmp_path):
    """After kill -9 the rows that left are `sent`; another apply is refused until the run is settled."""
    run = ledger.start_run("apply", "plan-1")
    keys = enter(ledger, run, *[(f"k{i}", f"s{i}", "to_crm", "update", "{}") for i in range(3)])
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "state.db")], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "sent\n"
        process.send_signal(signal.SIGKILL)
    assert ledger.counts(run) == {"sent": 2, "planned": 1}
    with pytest.raises(Refused) as caught:
        ledger.start_run("undo", "plan-2")
    assert caught.value.code == "run-unresolved"
    assert run in caught.value.what
    ledger.start_run("event")
    assert ledger.open_run("plan-1").id == run
    ledger.record(run, [WriteResult(key, None, WriteOutcome.APPLIED) for key in keys])
    ledger.finish_run(run, "done", {"applied": 3})
    assert ledger.open_run("plan-1") is None
    assert ledger.run(ledger.start_run("apply", "plan-2")).is_open


def test_unknown_rows_lock_out_until_somebody_has_looked(ledger):
    """A finished run with unknown rows still locks out; an acknowledgement frees the way and keeps the rows."""
    run = ledger.start_run("apply", "plan-1")
    (key,) = enter(ledger, run, ("k1", "s1", "to_crm", "update", "{}"))
    ledger.record(run, [WriteResult(key, None, WriteOutcome.UNKNOWN)])
    ledger.finish_run(run, "unknown", {"unknown": 1})
    assert [item.id for item in ledger.unresolved()] == [run]
    ledger.refuse_if_unresolved(besides=run)
    ledger.acknowledge(run, "ann")
    ledger.refuse_if_unresolved()
    assert ledger.run(run).books == {"unknown": 1}
    assert ledger.counts(run) == {"unknown": 1}


def test_runs_are_found_by_a_piece_of_their_id(ledger):
    """The beginning or end of an id is enough if only one run has it; wildcards are no way in."""
    run = ledger.start_run("extract")
    other = ledger.start_run("extract")
    assert ledger.run(run[-8:]).id == run
    for piece in (run[:3], "", "%", "nothing"):
        with pytest.raises(UsageError):
            ledger.run(piece)
    assert [item.id for item in ledger.last_runs(kind="extract")] == [other, run]


def test_jobs_are_in_the_ledger_from_before_they_start(ledger, tmp_path):
    """A job note is kept with its state; only jobs neither collected nor aborted are open; runs do not mix."""
    run = ledger.start_run("apply", "plan-1")
    journal = ledger.journal(run)
    note = JobNote("j1", "Contact", "update", tmp_path / "part.parquet", 7, "planned", external_id="Keva_Id__c")
    journal.job(note)
    started = JobNote(note.key, note.object, note.operation, note.batch, 7, "uploaded", "750x", "Keva_Id__c")
    journal.job(started)
    journal.job(JobNote("j2", "Contact", "insert", Path("b.parquet"), 1, "collected", "750y", create=True))
    assert journal.open_jobs() == [started]
    assert [item.key for item in journal.jobs()] == ["j1", "j2"]
    assert ledger.journal("other").open_jobs() == []


def test_the_ledger_survives_reopening(tmp_path):
    """What was recorded is there for the next process."""
    path = tmp_path / "again.db"
    with State.open(path) as state:
        run = Ledger(state).start_run("apply", "plan-1")
        enter(Ledger(state), run, ("k1", "s1", "to_crm", "update", changes(Title=["a", "b"])))
    with State.open(path) as state:
        assert Ledger(state).run_changes(run)["new"].to_pylist() == ["b"]
