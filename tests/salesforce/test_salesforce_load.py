"""Writing by collections: values, rows that fail, locks, lost answers, the limit."""

from __future__ import annotations

import pytest
from conftest import Counting, Notebook, batch_of, never, people, seed, send, take

from kevasync.endpoint import WriteOutcome
from kevasync.errors import RunError, UsageError
from kevasync.salesforce.endpoint import SalesforceEndpoint


def updates(ids, **values):
    return [{"_key": f"k{n}", "_id": each, "_keva_id": f"c{n}", **values} for n, each in enumerate(ids)]


def creates(count, **values):
    return [{"_key": f"k{n}", "_keva_id": f"c{n}", "LastName": f"New {n}", **values} for n in range(count)]


def count(sandbox, where=""):
    return sandbox.org.query(f"SELECT COUNT() FROM Contact {where}").total


def test_values_arrive_in_their_types(sandbox, by_calls, tmp_path):
    """Numbers and dates as their fields take them; a value of the wrong kind fails its own row only."""
    ids = seed(sandbox, people(4))
    fields = ["Keva_Ticket_Count__c", "Birthdate", "Title"]
    rows = updates(ids)
    rows[0] |= {"Keva_Ticket_Count__c": "12", "Birthdate": "1990-02-28", "Title": "1e5 #N/A"}
    rows[1] |= {"Keva_Ticket_Count__c": "many"}
    rows[2] |= {"Birthdate": "28.02.1990"}
    rows[3] |= {"Title": "#N/A"}
    results = send(by_calls, batch_of(tmp_path, rows, fields))
    assert [results[f"k{n}"].outcome.value for n in range(4)] == ["applied", "failed", "failed", "applied"]
    assert results["k1"].failure.code == "salesforce-value-type"
    record = sandbox.org.get("Contact", ids[0])
    assert (record["Keva_Ticket_Count__c"], record["Birthdate"], record["Title"]) == (12, "1990-02-28", "1e5 #N/A")
    assert sandbox.org.get("Contact", ids[3])["Title"] == "#N/A"


def test_a_thousand_rows_take_five_calls(sandbox, by_calls, session, tmp_path):
    """200 a call, and the progress knows it."""
    ids = seed(sandbox, people(1_000))
    by_calls.describe("Contact")
    progress, before = Counting(), session.calls
    results = send(by_calls, batch_of(tmp_path, updates(ids, Title="x"), ["Title"]), progress=progress)
    assert (session.calls - before, progress.calls, progress.rows) == (5, 5, 1_000)
    assert {each.outcome for each in results.values()} == {WriteOutcome.APPLIED}


def test_refusals_become_ours(sandbox, by_calls, tmp_path):
    """Required, too long, bad e-mail, unique, gone: each row has its own code and fields."""
    seed(sandbox, [{"LastName": "Taken", "Keva_Id__c": "taken"}])
    rows = creates(5)
    rows[0] |= {"LastName": None}
    rows[1] |= {"Title": "x" * 129}
    rows[2] |= {"Email": "not an address"}
    rows[3] |= {"Keva_Id__c": "taken"}
    results = send(by_calls, batch_of(tmp_path, rows, ["LastName", "Title", "Email", "Keva_Id__c"], create=True))
    codes = [results[f"k{n}"].failure and results[f"k{n}"].failure.code for n in range(5)]
    assert codes == [
        "salesforce-required-field",
        "salesforce-too-long",
        "salesforce-invalid-email",
        "salesforce-duplicate-value",
        None,
    ]
    assert results["k1"].failure.fields == ("Title",)
    assert count(sandbox) == 2


def test_locked_rows_are_sent_again_alone(sandbox, by_calls, session, tmp_path):
    """A lock passes; only the locked rows travel again."""
    ids = seed(sandbox, people(10))
    by_calls.describe("Contact")
    sandbox.faults.add("row-lock:times=3")
    before = session.calls
    results = send(by_calls, batch_of(tmp_path, updates(ids, Title="x"), ["Title"]))
    assert {each.outcome for each in results.values()} == {WriteOutcome.APPLIED}
    assert session.calls - before == 2


def test_a_lock_that_stays_fails_as_retryable(sandbox, by_calls, tmp_path):
    """After some rounds the row is told as failed, and that another try may work."""
    ids = seed(sandbox, people(1))
    sandbox.faults.add("row-lock")
    only = send(by_calls, batch_of(tmp_path, updates(ids, Title="x"), ["Title"]))["k0"]
    assert (only.failure.code, only.failure.retryable) == ("salesforce-row-locked", True)


def test_a_lost_insert_is_unknown_and_made_once(sandbox, by_calls, tmp_path):
    """Without external id an insert whose answer is lost is not repeated; the calls after it go on."""
    sandbox.faults.add("lost:times=1,path=*/composite/sobjects")
    results = send(by_calls, batch_of(tmp_path, creates(300), ["LastName"], create=True))
    outcomes = [results[f"k{n}"].outcome for n in range(300)]
    assert outcomes == [WriteOutcome.UNKNOWN] * 200 + [WriteOutcome.APPLIED] * 100
    assert count(sandbox) == 300


def test_a_lost_upsert_is_repeated_and_makes_one(sandbox, by_calls, tmp_path):
    """With the external id the repeat finds what the lost call made."""
    sandbox.faults.add("lost:times=1,path=*/composite/sobjects*")
    batch = batch_of(tmp_path, creates(3), ["LastName"], create=True, external_id="Keva_Id__c")
    results = send(by_calls, batch)
    assert {each.outcome for each in results.values()} == {WriteOutcome.APPLIED}
    assert count(sandbox) == 3


def test_the_limit_stops_before_the_rows_it_refused(sandbox, by_calls, tmp_path):
    """What was written is told, the rest is not: the run can be resumed with exactly those rows."""
    ids = seed(sandbox, people(600))
    by_calls.describe("Contact")
    sandbox.faults.add("limit-exceeded:after=2")
    seen, batch = {}, batch_of(tmp_path, updates(ids, Title="x"), ["Title"])
    with pytest.raises(RunError) as caught:
        take(by_calls.write(batch, Notebook(), Counting(), never), seen)
    assert caught.value.code == "salesforce-request-limit"
    assert len(seen) == 400 == count(sandbox, "WHERE Title = 'x'")


def test_a_dead_line_in_the_middle_leaves_unknown_rows(sandbox, by_calls, tmp_path):
    """An update repeated in vain may have happened: UNKNOWN, then the run ends."""
    ids = seed(sandbox, people(400))
    by_calls.describe("Contact")
    sandbox.faults.add("reset:after=1")
    seen, batch = {}, batch_of(tmp_path, updates(ids, Title="x"), ["Title"])
    with pytest.raises(RunError, match="salesforce-unreachable"):
        take(by_calls.write(batch, Notebook(), Counting(), never), seen)
    assert {each.outcome.value for each in seen.values()} == {"applied", "unknown"}
    assert len(seen) == 400


def test_an_unknown_field_fails_rows_not_the_run(sandbox, by_calls, tmp_path):
    """A field deleted since the plan was made is said for each row."""
    ids = seed(sandbox, people(3))
    results = send(by_calls, batch_of(tmp_path, updates(ids, Gone__c="x"), ["Gone__c"]))
    assert {each.failure.code for each in results.values()} == {"salesforce-invalid-field"}


def test_no_permission_is_a_clear_error(sandbox, session, tmp_path):
    """An org that hides Contact from the integration user."""
    sandbox.org.set_setting("permissions", {"Contact": "none"})
    with pytest.raises(UsageError) as caught:
        SalesforceEndpoint(session).describe("Contact")
    assert caught.value.code == "salesforce-object-hidden"


def test_allow_duplicates_passes_rules_that_alert(sandbox, session, by_calls, tmp_path):
    """The org's duplicate rule stops a look-alike, unless the caller allows it."""
    sandbox.org.set_setting("duplicate_rule", "alert")
    seed(sandbox, [{"LastName": "Twin", "FirstName": "A", "Email": "twin@example.com"}])
    row = [{"_key": "k", "_keva_id": "c", "LastName": "Twin", "FirstName": "A", "Email": "twin@example.com"}]
    batch = batch_of(tmp_path, row, ["LastName", "FirstName", "Email"], create=True)
    refused = send(by_calls, batch)["k"]
    assert refused.failure.code == "salesforce-duplicate-rule"
    assert send(SalesforceEndpoint(session, allow_duplicates=True), batch)["k"].outcome is WriteOutcome.APPLIED
