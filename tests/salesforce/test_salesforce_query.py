"""Extraction from the sandbox: the two ways agree, deleted and merged records, look-ups, watermarks."""

from __future__ import annotations

from datetime import datetime

import pytest
from conftest import PACE, people, read, seed

from kevasync.endpoint import Selection
from kevasync.errors import RunError, UsageError
from kevasync.salesforce import query as query_module
from kevasync.salesforce import snapshot as snapshot_module
from kevasync.salesforce.endpoint import SalesforceEndpoint

FIELDS = ["LastName", "Email", "Description", "Account.Name", "CreatedDate", "IsEmailBounced"]


def test_rest_and_bulk_read_the_same(sandbox, by_calls, by_jobs, tmp_path):
    """Same rows, same text, same times, whichever API: line breaks, quotes, null parents, booleans, time stamps."""
    (account,) = seed(sandbox, [{"Name": 'Acme, "Inc"'}], "Account")
    rows = people(5, Description='a\r\nb "c",\n\n d', AccountId=account) + people(3)
    ids = seed(sandbox, rows)
    calls, one = read(by_calls, tmp_path, [*FIELDS, "MailingAddress", "Nope__c", "Owner.Nope"])
    jobs, two = read(by_jobs, tmp_path, FIELDS)
    assert calls == jobs
    assert one.missing == ("MailingAddress", "Nope__c", "Owner.Nope")
    assert one.watermark == two.watermark
    first = calls[ids[0]]
    assert first["Description"].replace("\r\n", "\n") == 'a\nb "c",\n\n d'
    assert (first["Account.Name"], calls[ids[5]]["Account.Name"]) == ('Acme, "Inc"', None)
    assert calls[ids[5]]["IsEmailBounced"] == "false"
    assert first["CreatedDate"].endswith("Z")
    assert len(first["_modified"]) == len("2026-11-02T10:00:00.000Z")


def test_paging_reads_every_row_once(sandbox, session, tmp_path, monkeypatch):
    """Five thousand rows come in pages of 2,000 by REST and in small pages by bulk; none twice, none lost."""
    seed(sandbox, people(5_000))
    monkeypatch.setattr(query_module, "ROWS_A_PART", 3_000)
    monkeypatch.setattr("kevasync.salesforce.jobs.PAGE_ROWS", 1_700)
    calls, one = read(SalesforceEndpoint(session, rest_threshold=10_000), tmp_path, ["Email"])
    jobs, two = read(SalesforceEndpoint(session, rest_threshold=10, pace=PACE), tmp_path, ["Email"])
    assert calls == jobs
    assert len(calls) == 5_000
    assert (len(one.parts), len(two.parts)) == (2, 3)
    assert one.api_calls <= 8


def test_deleted_and_merged_records_are_told(sandbox, by_calls, by_jobs, tmp_path):
    """A full read shows what was deleted, and into which record a loser was merged; switched off, neither comes."""
    gone, master, loser, there = seed(sandbox, people(4))
    sandbox.org.delete_many("Contact", [gone])
    sandbox.org.merge_records("Contact", master, [loser])
    for endpoint in (by_calls, by_jobs):
        rows, _ = read(endpoint, tmp_path, ["Email"])
        assert [rows[each]["_deleted"] for each in (gone, master, loser, there)] == [True, False, True, False]
        assert (rows[loser]["_master"], rows[gone]["_master"]) == (master, None)
        rows, _ = read(endpoint, tmp_path, ["Email"], Selection(deleted=False))
        assert set(rows) == {master, there}


@pytest.mark.parametrize("fields", [["Email"], ["Email", "Account.Name"]])
def test_every_id_asked_for_is_answered(sandbox, by_calls, tmp_path, fields):
    """By id, with or without parent paths: the living, the deleted with their master, and what is nowhere as gone."""
    gone, master, loser, there = seed(sandbox, people(4))
    sandbox.org.merge_records("Contact", master, [loser])
    sandbox.org.delete_many("Contact", [gone], hard=True)
    asked = (gone, loser, there[:15], there, "0015i00000ZZZZZ", "x' OR Id != '")
    rows, _ = read(by_calls, tmp_path, fields, Selection(ids=asked))
    assert set(rows) == {gone, loser, there, "0015i00000ZZZZZ", "x' OR Id != '"}
    assert {each for each, row in rows.items() if row["_deleted"]} == set(rows) - {there}
    assert rows[loser]["_master"] == master
    assert rows[there]["Email"] == "p3@example.com"
    rows, _ = read(by_calls, tmp_path, fields, Selection(ids=asked, deleted=False))
    assert set(rows) == {there}


def test_many_ids_and_values_fit_into_addresses(sandbox, by_calls, session, tmp_path, monkeypatch):
    """Long lists are cut into several queries, or above a limit read in bulk and filtered here, with one result."""
    ids = seed(sandbox, people(1_500))
    values = (*(f"P{n}@Example.com" for n in range(1_500)), "o'neil@example.com", "a\\'b", "nul\0")
    seed(sandbox, [{"LastName": "O'Neil", "Email": "o'neil@example.com"}])
    selections = (
        Selection(ids=tuple(ids[:90]), match=("email", values)),
        Selection(match=("email", values)),
        Selection(ids=(*ids, "0035i00000ZZZZZ")),
    )
    before = session.calls
    plain = [read(by_calls, tmp_path, ["Email", "Account.Name"], each)[0] for each in selections]
    assert session.calls - before < 40
    assert [len(rows) for rows in plain] == [90, 1_501, 1_501]
    monkeypatch.setattr(query_module, "MOST_CALLS", 1)
    bulk = SalesforceEndpoint(session, pace=PACE)
    assert [read(bulk, tmp_path, ["Email", "Account.Name"], each)[0] for each in selections] == plain
    by_value, _ = read(bulk, tmp_path, ["LastName"], selections[1])
    assert set(by_value) == set(plain[1])
    assert "Email" not in next(iter(by_value.values()))


def test_looking_up_by_a_field_the_org_lacks_is_an_error(by_calls, tmp_path):
    """Without the field nothing would match, which must not be read as: there are none."""
    with pytest.raises(UsageError, match="salesforce-field-not-searchable"):
        read(by_calls, tmp_path, ["Email"], Selection(match=("No__c", ("x",))))


def test_the_watermark_overlaps_and_never_goes_back(sandbox, by_calls, tmp_path):
    """The next increment begins ten minutes before the latest change seen; with nothing new it stays where it was."""
    ids = seed(sandbox, people(3))
    rows, first = read(by_calls, tmp_path, ["Email"])
    latest = max(datetime.fromisoformat(row["_modified"]) for row in rows.values())
    assert datetime.fromisoformat(first.watermark) <= latest - query_module.OVERLAP
    sandbox.org.update_many("Contact", [{"Id": ids[1], "Title": "new"}])
    rows, second = read(by_calls, tmp_path, ["Title"], Selection(since=rows[ids[2]]["_modified"]))
    assert rows[ids[1]]["Title"] == "new"
    assert second.watermark >= first.watermark
    rows, third = read(by_calls, tmp_path, ["Title"], Selection(since="2999-01-01T00:00:00.000Z"))
    assert (rows, third.watermark) == ({}, "2999-01-01T00:00:00.000Z")


def test_an_empty_snapshot_still_has_its_columns(by_calls, tmp_path):
    """No rows is a snapshot too: one part, all columns, no guess."""
    rows, extracted = read(by_calls, tmp_path, ["Email", "Account.Name"])
    assert (rows, len(extracted.parts), extracted.columns) == ({}, 1, ("Email", "Account.Name"))


def test_a_cut_page_is_an_error_not_a_small_snapshot(sandbox, by_jobs, tmp_path, monkeypatch):
    """Fewer rows than announced must not look like deleted Contacts."""
    seed(sandbox, people(10))
    whole = snapshot_module.SnapshotParts.add_csv

    def cut(self, path, keep, values):
        path.write_bytes(b"\n".join(path.read_bytes().split(b"\n")[:6]) + b"\n")
        return whole(self, path, keep, values)

    monkeypatch.setattr(snapshot_module.SnapshotParts, "add_csv", cut)
    with pytest.raises(RunError, match="10 rows, 5 arrived"):
        read(by_jobs, tmp_path, ["Email"])


def test_reading_survives_a_bad_line(sandbox, session, tmp_path):
    """503, resets in the middle and lost answers are passed over, by both ways."""
    seed(sandbox, people(3_000))
    for fault in ("503:rate=0.2", "reset:rate=0.1", "lost:rate=0.1"):
        sandbox.faults.add(fault)
    assert len(read(SalesforceEndpoint(session, rest_threshold=10_000), tmp_path, ["Email"])[0]) == 3_000
    assert len(read(SalesforceEndpoint(session, rest_threshold=0, pace=PACE), tmp_path, ["Email"])[0]) == 3_000
