"""The files of a bulk load: parts of bounded size, upload CSV, and results matched back."""

from __future__ import annotations

import csv
import random

import pytest
from conftest import batch_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kevasync.endpoint import WriteOutcome
from kevasync.salesforce.parts import (
    Carried,
    Leftover,
    cut,
    impossible_rows,
    keys_of,
    match,
    part_file,
    subset,
    write_csv,
)

NOTHING = Leftover(WriteOutcome.UNKNOWN, None)


def carried(folder, rows, fields, **options):
    batch = batch_of(folder, rows, fields, **options)
    return Carried(batch.path, batch.create, batch.external_id, batch.delete)


def lines(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def answer(path, header, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([header, *rows])
    return path


def test_upload_says_clears_and_leaves_the_rest_alone(tmp_path):
    """#N/A clears, empty leaves alone, quotes and line breaks survive, a column nobody speaks of is not there."""
    rows = [
        {"_key": "a", "_id": "003A", "Title": 'say "hi",\nthere', "Phone": None},
        {"_key": "b", "_id": "003B", "_clear": ["Title"], "Phone": ""},
    ]
    part = carried(tmp_path, rows, ["Title", "Phone", "Fax"])
    write_csv(part, tmp_path / "up.csv")
    assert lines(tmp_path / "up.csv") == [["Id", "Title"], ["003A", 'say "hi",\nthere'], ["003B", "#N/A"]]
    assert b"\r" not in (tmp_path / "up.csv").read_bytes()
    assert not (tmp_path / "up.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_creates_carry_the_external_id(tmp_path):
    """An upsert finds its record by the Keva id, also where the mapping does not write that field."""
    part = carried(
        tmp_path,
        [{"_key": "a", "_keva_id": "cust-1", "LastName": "X"}],
        ["LastName"],
        create=True,
        external_id="Keva_Id__c",
    )
    write_csv(part, tmp_path / "up.csv")
    assert part.operation == "upsert"
    assert lines(tmp_path / "up.csv") == [["LastName", "Keva_Id__c"], ["X", "cust-1"]]


def test_the_text_na_is_refused_and_not_sent(tmp_path):
    """A bulk file cannot say the text #N/A, so such a row fails with our own error and its field is not cleared."""
    rows = [{"_key": "a", "_id": "003A", "Title": "#N/A"}, {"_key": "b", "_id": "003B", "Title": "x #N/A"}]
    part = carried(tmp_path, rows, ["Title"])
    (refused,) = impossible_rows(part)
    assert (refused.key, refused.failure.code, refused.failure.fields) == ("a", "salesforce-na-literal", ("Title",))
    write_csv(part, tmp_path / "up.csv")
    assert lines(tmp_path / "up.csv")[1:] == [["003B", "x #N/A"]]


@given(st.lists(st.text('ab"é🦀\n, ', max_size=40), min_size=1, max_size=30), st.integers(80, 400))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_parts_hold_every_row_once_and_fit(tmp_path, texts, most):
    """No upload is larger than allowed, counted in bytes as quoted, unless a single row is."""
    rows = [{"_key": f"k{n}", "_id": f"003{n}", "Title": text} for n, text in enumerate(texts)]
    whole = carried(tmp_path / "in", rows, ["Title"])
    seen = []
    for between in cut(whole, most):
        part = part_file(whole, between, tmp_path)
        write_csv(part, tmp_path / "up.csv")
        keys = keys_of(part)
        assert (tmp_path / "up.csv").stat().st_size <= most or len(keys) == 1
        seen += keys
        part.path.unlink()
    assert seen == [row["_key"] for row in rows]


@pytest.mark.parametrize("kind", ["update", "upsert", "insert"])
def test_results_find_their_rows_in_any_order(tmp_path, kind):
    """Results come shuffled, with columns in another order and spelling, and equal rows among them."""
    options = {"create": kind != "update", "external_id": "Keva_Id__c" if kind == "upsert" else None}
    rows = [
        {
            "_key": f"k{n}",
            "_keva_id": f"c{n}",
            "_id": f"003{n}" if kind == "update" else None,
            "LastName": f"a\nb {n // 2}",
        }
        for n in range(20)
    ]
    part = carried(tmp_path, rows, ["LastName", "Title"], **options)
    write_csv(part, tmp_path / "up.csv")
    header, *sent = lines(tmp_path / "up.csv")
    mixed = list(enumerate(sent))
    random.Random(1).shuffle(mixed)
    head = [name.upper() for name in reversed(header)]
    good = [[f"id{n}", "true", *reversed(row)] for n, row in mixed if n % 2]
    bad = [["", "STRING_TOO_LONG:too long:Title --", *reversed(row)] for n, row in mixed if not n % 2]
    files = {
        "successfulResults": answer(tmp_path / "s.csv", ["sf__Id", "sf__Created", *head], good),
        "failedResults": answer(tmp_path / "f.csv", ["sf__Id", "sf__Error", *head], bad),
    }
    found = {item.key: item for chunk in match(part, files, NOTHING) for item in chunk}
    assert len(found) == 20
    assert sum(item.outcome is WriteOutcome.APPLIED for item in found.values()) == 10
    assert len({item.id for item in found.values() if item.outcome is WriteOutcome.APPLIED}) == 10
    if kind != "insert":
        assert all((found[f"k{n}"].outcome is WriteOutcome.APPLIED) == bool(n % 2) for n in range(20))
        assert all(found[f"k{n}"].id == f"id{n}" for n in range(1, 20, 2))


def test_rows_without_a_result_are_unknown(tmp_path):
    """A row no file names is not guessed to have gone well or badly."""
    part = carried(tmp_path, [{"_key": "a", "_id": "003A", "Title": "x"}], ["Title"])
    ((only,),) = match(part, {}, NOTHING)
    assert only.outcome is WriteOutcome.UNKNOWN


def test_rows_a_job_did_not_come_to_are_failed_not_unknown(tmp_path):
    """After an abort the list of unprocessed rows is proof that they were not written; the rest stays unknown."""
    part = carried(tmp_path, [{"_key": key, "_id": f"003{key}", "Title": "x"} for key in "abc"], ["Title"])
    files = {
        "successfulResults": answer(tmp_path / "s.csv", ["sf__Id", "sf__Created", "Id"], [["003a", "false", "003a"]]),
        "unprocessedrecords": answer(tmp_path / "u.csv", ["Id", "Title"], [["003b", "x"]]),
    }
    (tmp_path / "f.csv").touch()
    files["failedResults"] = tmp_path / "f.csv"
    found = {item.key: item.outcome for chunk in match(part, files, NOTHING) for item in chunk}
    assert found == {"a": WriteOutcome.APPLIED, "b": WriteOutcome.FAILED, "c": WriteOutcome.UNKNOWN}


def test_a_subset_keeps_only_the_wanted_rows(tmp_path):
    """Locked rows travel again in a file of their own."""
    part = carried(tmp_path, [{"_key": key, "_id": f"003{key}", "Title": key} for key in "abc"], ["Title"])
    assert keys_of(subset(part, ["c", "a"], tmp_path)) == ["a", "c"]
