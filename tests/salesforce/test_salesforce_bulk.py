"""Writing in bulk: parts, clears, failures, locks, kills and resumes, whole jobs that fail."""

from __future__ import annotations

import pytest
from conftest import PACE, Counting, Notebook, batch_of, never, people, seed, send, take

from kevasync.endpoint import WriteOutcome
from kevasync.errors import RunError
from kevasync.salesforce.endpoint import SalesforceEndpoint

APPLIED, FAILED, UNKNOWN = WriteOutcome.APPLIED, WriteOutcome.FAILED, WriteOutcome.UNKNOWN


def updates(ids, **values):
    return [{"_key": f"k{n}", "_id": each, "_keva_id": f"c{n}", **values} for n, each in enumerate(ids)]


def creates(count, **values):
    return [{"_key": f"k{n}", "_keva_id": f"c{n}", "LastName": f"New {n}", **values} for n in range(count)]


def count(sandbox, where=""):
    return sandbox.org.query(f"SELECT COUNT() FROM Contact {where}").total


def outcomes(results):
    return {each.outcome for each in results.values()}


def test_updates_clear_change_and_leave_alone(sandbox, by_jobs, tmp_path):
    """#N/A clears, a value changes, null leaves alone, line breaks arrive, the text #N/A is refused, not cleared."""
    ids = seed(sandbox, people(4, Title="old", Description="kept"))
    rows = updates(ids)
    rows[0] |= {"Title": 'say "hi",\nthere'}
    rows[1] |= {"_clear": ["Title"]}
    rows[2] |= {"Phone": "1"}
    rows[3] |= {"Title": "#N/A", "Phone": "2"}
    results = send(by_jobs, batch_of(tmp_path, rows, ["Title", "Phone"]))
    assert [results[f"k{n}"].outcome for n in range(4)] == [APPLIED, APPLIED, APPLIED, FAILED]
    held = [sandbox.org.get("Contact", each) for each in ids]
    assert [each["Title"] for each in held] == ['say "hi",\nthere', None, "old", "old"]
    assert [each["Phone"] for each in held] == [None, None, "1", None]
    assert {each["Description"] for each in held} == {"kept"}


@pytest.mark.parametrize("external_id", ["Keva_Id__c", None])
def test_several_jobs_side_by_side_find_every_row(sandbox, session, tmp_path, external_id):
    """Small parts, three jobs at a time: every row gets its own id, failed rows their own error, no file stays."""
    endpoint = SalesforceEndpoint(session, pace=PACE, rest_threshold=0, most_bytes=2_000)
    rows = creates(700)
    for n in range(0, 700, 50):
        rows[n]["LastName"] = "x" * 81
    journal, progress = Notebook(), Counting()
    results = send(
        endpoint,
        batch_of(tmp_path / "b", rows, ["LastName"], create=True, external_id=external_id),
        journal,
        progress=progress,
    )
    assert len(results) == 700 == progress.rows
    assert len(journal.jobs) > 3
    assert journal.moments[:4] == ["planned", "created", "uploaded", "sending"]
    assert {note.state for note in journal.jobs.values()} == {"collected"}
    for n, row in enumerate(rows):
        result = results[row["_key"]]
        if n % 50 == 0:
            assert result.failure.code == "salesforce-too-long"
        else:
            assert result.created
            assert sandbox.org.get("Contact", result.id)["LastName"] == f"New {n}"
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["batch-0.parquet"]


def test_an_upsert_repeated_updates(sandbox, by_jobs, tmp_path):
    """A create sent twice with its external id makes one record, and says so the second time."""
    batch = batch_of(tmp_path, creates(3), ["LastName"], create=True, external_id="Keva_Id__c")
    assert {each.created for each in send(by_jobs, batch).values()} == {True}
    assert {each.created for each in send(by_jobs, batch).values()} == {False}
    assert count(sandbox) == 3


def test_deletes_and_the_already_deleted(sandbox, by_jobs, tmp_path):
    """A record that is gone counts as deleted."""
    ids = seed(sandbox, people(3))
    sandbox.org.delete_many("Contact", ids[:1])
    assert outcomes(send(by_jobs, batch_of(tmp_path, updates(ids), [], delete=True))) == {APPLIED}
    assert count(sandbox) == 0


def test_locked_rows_go_again_in_a_smaller_job(sandbox, by_jobs, tmp_path):
    """Rows that were locked are sent again by themselves, and are answered once."""
    ids = seed(sandbox, people(20))
    sandbox.faults.add("row-lock:times=5")
    journal = Notebook()
    assert outcomes(send(by_jobs, batch_of(tmp_path, updates(ids, Title="x"), ["Title"]), journal)) == {APPLIED}
    assert sorted(note.rows for note in journal.jobs.values()) == [5, 20]


def test_locks_that_stay_fail_as_retryable(sandbox, by_jobs, tmp_path):
    """After some rounds the rows are told as failed."""
    ids = seed(sandbox, people(2))
    sandbox.faults.add("row-lock")
    results = send(by_jobs, batch_of(tmp_path, updates(ids, Title="x"), ["Title"]))
    assert {(each.failure.code, each.failure.retryable) for each in results.values()} == {
        ("salesforce-row-locked", True)
    }


def test_a_job_that_fails_as_a_whole_fails_its_rows(sandbox, by_jobs, tmp_path):
    """One unknown column fails the job; every row says why, and none is lost."""
    ids = seed(sandbox, people(3))
    results = send(by_jobs, batch_of(tmp_path, updates(ids, Gone__c="x"), ["Gone__c"]))
    assert {(each.outcome, each.failure.code) for each in results.values()} == {(FAILED, "salesforce-invalid-field")}
    assert "Gone__c" in results["k0"].failure.message


def test_a_job_aborted_in_setup_tells_what_was_done(sandbox, by_jobs, tmp_path):
    """Rows processed before are applied, the others are failed as not processed; nothing is guessed."""
    ids = seed(sandbox, people(5))
    sandbox.bulk.pause.clear()

    class Admin(Counting):
        """Aborts the job as soon as it is being watched, then lets the org work on."""

        def advance(self, rows, *, api_calls=0):
            super().advance(rows, api_calls=api_calls)
            (job, *_) = sandbox.bulk.jobs.all("ingest")
            if job.state in {"UploadComplete", "InProgress"}:
                sandbox.bulk.abort(job.id, "ingest")
                sandbox.bulk.pause.set()

    results = send(by_jobs, batch_of(tmp_path, updates(ids, Title="x"), ["Title"]), progress=Admin())
    assert outcomes(results) == {FAILED}
    assert {each.failure.code for each in results.values()} == {"salesforce-row-not-processed"}
    assert count(sandbox, "WHERE Title = 'x'") == 0


@pytest.mark.parametrize("moment", ["planned", "created", "uploaded", "sending", "complete", "collected"])
def test_a_kill_at_any_moment_resumes_without_a_second_write(sandbox, by_jobs, session, tmp_path, moment):
    """Before the job began: nothing was written and the rows may be sent again; after: resume brings the results."""
    seed(sandbox, people(2))
    batch = batch_of(tmp_path, creates(4), ["LastName"], create=True)
    journal, seen = Notebook(die_at=moment), {}
    with pytest.raises(KeyboardInterrupt):
        take(by_jobs.write(batch, journal, Counting(), never), seen)
    again = SalesforceEndpoint(session, pace=PACE, rest_threshold=0)
    late = take(again.resume(journal, Counting(), never), {})
    assert not journal.open_jobs()
    if moment in {"planned", "created", "uploaded", "sending"}:
        assert (seen, late) == ({}, {})
        assert count(sandbox) == 2
    else:
        assert set(seen or late) == {"k0", "k1", "k2", "k3"}
        assert count(sandbox) == 6
    assert list(again.resume(journal, Counting(), never)) == []


def test_a_job_in_flight_is_collected_after_a_kill(sandbox, by_jobs, session, tmp_path):
    """Killed while Salesforce works on the job: resume waits for it and yields every row."""
    ids = seed(sandbox, people(5))
    sandbox.bulk.pause.clear()
    journal = Notebook()

    def stop_watching(*_):
        raise KeyboardInterrupt

    writing = by_jobs.write(batch_of(tmp_path, updates(ids, Title="x"), ["Title"]), journal, Counting(), never)
    session_json = session.json
    session.json = lambda method, path, **rest: (
        stop_watching() if "watching" in rest.get("doing", "") else session_json(method, path, **rest)
    )
    with pytest.raises(KeyboardInterrupt):
        next(writing)
    del session.json
    sandbox.bulk.pause.set()
    late = take(by_jobs.resume(journal, Counting(), never), {})
    assert {each.outcome for each in late.values()} == {APPLIED}
    assert len(late) == 5


def test_a_job_salesforce_forgot_is_unknown(sandbox, by_jobs, tmp_path):
    """After seven days the results are gone: the rows are to be looked up, not called written or failed."""
    ids = seed(sandbox, people(2))
    journal = Notebook(die_at="complete")
    with pytest.raises(KeyboardInterrupt):
        send(by_jobs, batch_of(tmp_path, updates(ids, Title="x"), ["Title"]), journal)
    for job in sandbox.bulk.jobs.all("ingest"):
        sandbox.bulk.delete(job.id, "ingest")
    late = [result for chunk in by_jobs.resume(journal, Counting(), never) for result in chunk]
    assert [each.outcome for each in late] == [UNKNOWN, UNKNOWN]
    assert not journal.open_jobs()


def test_a_bad_line_loses_and_doubles_nothing(sandbox, session, tmp_path):
    """Resets, 503 and lost answers at every step: each Contact is made once and each row answered once."""
    endpoint = SalesforceEndpoint(session, pace=PACE, rest_threshold=0, most_bytes=8_000)
    for fault in ("503:rate=0.1", "reset:rate=0.05", "lost:rate=0.1"):
        sandbox.faults.add(fault)
    results = send(endpoint, batch_of(tmp_path, creates(600), ["LastName"], create=True))
    assert outcomes(results) == {APPLIED}
    assert len({each.id for each in results.values()}) == 600 == count(sandbox)


def test_stop_finishes_what_is_in_flight(sandbox, session, tmp_path):
    """After the first Ctrl-C the running job is collected, the next part is not begun."""
    endpoint = SalesforceEndpoint(session, pace=PACE, rest_threshold=0, most_bytes=500)
    journal = Notebook()
    results = send(
        endpoint, batch_of(tmp_path, creates(200), ["LastName"], create=True), journal, stop=lambda: bool(journal.sent)
    )
    assert 0 < len(results) < 200
    assert sorted(results) == sorted(journal.sent)
    assert count(sandbox) == len(results)


def test_the_limit_leaves_jobs_to_resume(sandbox, by_jobs, tmp_path):
    """REQUEST_LIMIT_EXCEEDED while watching: the job stays open in the ledger, resume collects it tomorrow."""
    ids = seed(sandbox, people(3))
    sandbox.faults.add("limit-exceeded:method=GET,path=*/jobs/ingest/*")
    journal = Notebook()
    with pytest.raises(RunError, match="salesforce-request-limit"):
        send(by_jobs, batch_of(tmp_path, updates(ids, Title="x"), ["Title"]), journal)
    assert [note.state for note in journal.open_jobs()] == ["uploaded"]
    sandbox.faults.clear()
    late = [result for chunk in by_jobs.resume(journal, Counting(), never) for result in chunk]
    assert [each.outcome for each in late] == [APPLIED] * 3
