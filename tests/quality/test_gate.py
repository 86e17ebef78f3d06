"""The quality gate: suites made from mapping and describe, edited by people, run on a batch."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kevasync.errors import Refused, UsageError
from kevasync.mapping.definition import FieldMapping, ObjectMapping, Transform
from kevasync.quality import gate, snapshot
from kevasync.quality import suite as suites
from kevasync.quality.suite import SuiteState
from kevasync.records import Direction, Field, Schema, Side
from kevasync.values import FieldKind

MAPPING = ObjectMapping(
    "contact",
    "Contact",
    (
        FieldMapping("email", ("Email",), kind=FieldKind.EMAIL),
        FieldMapping("name", ("FirstName", "LastName"), kind=FieldKind.NAME, transforms=(Transform("split_name"),)),
        FieldMapping("jobTitle", ("Title",)),
        FieldMapping("salutation", ("Salutation",), Direction.TO_CRM),
        FieldMapping("tags", ("Topics__c",), Direction.TO_CRM),
        FieldMapping("industry", ("Account.Industry",), Direction.FROM_CRM),
        FieldMapping("gone", ("Gone__c",)),
    ),
)
SCHEMA = Schema(
    Side.SALESFORCE,
    "Contact",
    (
        Field("Email", "Email", "email", length=80),
        Field("FirstName", "First Name", "string", length=40),
        Field("LastName", "Last Name", "string", length=80, required=True),
        Field("Title", "Title", "string", length=10),
        Field("Salutation", "Salutation", "picklist", length=40, restricted=True, picklist=("Mr.", "Ms.")),
        Field("Topics__c", "Topics", "multipicklist", length=4099, restricted=True, picklist=("C++ (old)", "Go")),
    ),
)
COLUMNS = ("_key", "_keva_id", "_id", "Email", "LastName", "Title", "Salutation", "Topics__c")
GOOD = {
    "_keva_id": None,
    "_id": None,
    "LastName": "Lee",
    "Title": None,
    "Salutation": None,
    "Topics__c": None,
    "_clear": [],
}


def batch(path, rows):
    """Write rows (dicts over GOOD) as a batch file; the key is the row's number."""
    whole = [
        {**GOOD, "Email": f"p{n}@example.com", "_key": f"k{n}", "_keva_id": f"c{n}", **row}
        for n, row in enumerate(rows)
    ]
    schema = pa.schema([(name, pa.string()) for name in COLUMNS] + [("_clear", pa.list_(pa.string()))])
    pq.write_table(pa.Table.from_pylist(whole, schema=schema), path)
    return path


def reasons(result):
    return {(row.key, row.field, row.expectation.removeprefix("expect_column_")) for row in result.rejected}


@pytest.fixture
def suite():
    return suites.build(MAPPING, SCHEMA)


@pytest.mark.parametrize("chunk_rows", [500_000, 2])
def test_bad_rows_are_named_and_good_ones_pass(tmp_path, suite, chunk_rows):
    """Each broken promise is found in its row, for the right reason; chunks change nothing."""
    rows = [
        {},
        {"Email": "not an address"},
        {"LastName": None},  # a new record without a last name
        {"LastName": None, "_id": "003000000000001AAA"},  # an update that leaves the name alone
        {"LastName": None, "_id": "003000000000002AAA", "_clear": ["LastName"]},
        {"Title": "x" * 11},
        {"Salutation": "Dr"},
        {"Topics__c": "Go;C++ (old)", "Salutation": "Mr."},
        {"Topics__c": "Go;Rust"},
        {"Email": "TWIN@example.com"},
        {"Email": "twin@example.com"},
        {"_id": "003000000000009AAA"},
        {"_id": "003000000000009AAA", "Email": None},
    ]
    result = gate.run(batch(tmp_path / "b.parquet", rows), suite, results_dir=tmp_path / "run", chunk_rows=chunk_rows)
    assert reasons(result) == {
        ("k1", "Email", "values_to_match_regex"),
        ("k2", "LastName", "values_to_not_be_null"),
        ("k4", "LastName", "values_to_not_be_null"),
        ("k5", "Title", "value_lengths_to_be_between"),
        ("k6", "Salutation", "values_to_be_in_set"),
        ("k8", "Topics__c", "values_to_match_regex"),
        ("k9", "Email", "values_to_be_unique"),
        ("k10", "Email", "values_to_be_unique"),
        ("k11", "_id", "values_to_be_unique"),
        ("k12", "_id", "values_to_be_unique"),
    }
    assert not result.success
    assert result.rows == len(rows)
    table = gate.as_table(result)
    assert set(table["_key"].to_pylist()) == {f"k{n}" for n in (1, 2, 4, 5, 6, 8, 9, 10, 11, 12)}
    assert "Title is longer than 10 characters" in table["reason"].to_pylist()
    assert next(row.reason for row in result.rejected if row.key == "k5") == "Title is longer than 10 characters"
    kept = result.path.read_text()
    assert "twin@example.com" not in kept
    assert json.loads(kept)["rejected_rows"] == 10


def test_only_fields_present_are_checked(tmp_path, suite):
    """A batch that carries two columns is judged on those; what was skipped is said."""
    pq.write_table(pa.table({"_key": ["a"], "Title": ["far too long a title"]}), tmp_path / "b.parquet")
    result = gate.run(tmp_path / "b.parquet", suite, results_dir=tmp_path)
    assert [(row.key, row.field) for row in result.rejected] == [("a", "Title")]
    assert "expect_column_values_to_not_be_null on LastName" in result.skipped


def test_an_empty_batch_passes(tmp_path, suite):
    """No rows: nothing to reject."""
    result = gate.run(batch(tmp_path / "b.parquet", []), suite, results_dir=tmp_path)
    assert result.success
    assert result.rows == 0


def test_whole_batch_expectations_mostly_and_severity(tmp_path):
    """A user's own expectations: on the whole batch, with a share, and as a mere warning."""
    own = {
        "name": "mine",
        "expectations": [
            {"type": "expect_table_row_count_to_be_between", "kwargs": {"max_value": 2}},
            {
                "type": "expect_column_values_to_match_regex",
                "kwargs": {"column": "Email", "regex": "^p", "mostly": 0.7},
            },
            {
                "type": "expect_column_values_to_match_regex",
                "kwargs": {"column": "Email", "regex": "^q", "mostly": 0.9},
            },
            {
                "type": "expect_column_values_to_be_in_set",
                "kwargs": {"column": "LastName", "value_set": ["Kim"]},
                "severity": "warning",
                "meta": {"reason": "only Kims"},
            },
        ],
    }
    path = batch(tmp_path / "b.parquet", [{}, {}, {}, {"Email": "q@x.org"}])
    for chunk_rows in (500_000, 1):
        result = gate.run(path, own, results_dir=tmp_path, chunk_rows=chunk_rows)
        assert result.refused == ["expect_table_row_count_to_be_between: observed 4"]
        assert reasons(result) == {(key, "Email", "values_to_match_regex") for key in ("k0", "k1", "k2")}
        assert result.warnings == {"only Kims": 4}
        with pytest.raises(Refused, match="observed 4"):
            gate.as_table(result)


@pytest.mark.parametrize(
    ("expectation", "said"),
    [
        ({"type": "expect_nonsense", "kwargs": {}}, "expect_nonsense not found"),
        ({"type": "expect_column_values_to_be_unique", "kwargs": {"colum": "Email"}}, "field required"),
        ({"type": "expect_column_values_to_match_regex", "kwargs": {"column": "Email", "regex": "("}}, "missing )"),
        (
            {"type": "expect_column_value_lengths_to_be_between", "kwargs": {"column": "Email", "max_value": "x"}},
            "integer",
        ),
        (
            {"type": "expect_column_values_to_be_between", "kwargs": {"column": "Email", "max_value": 1}},
            "expectation 2",
        ),
        ("nonsense", "needs a type"),
        ({"type": "expect_column_values_to_be_unique", "kwarg": {}}, "kwarg"),
    ],
)
def test_an_edit_that_cannot_work_is_explained(tmp_path, expectation, said):
    """A mistake in an edited suite names the expectation and what is wrong with it, and touches nothing."""
    broken = {
        "name": "contact",
        "expectations": [{"type": "expect_column_to_exist", "kwargs": {"column": "Email"}}, expectation],
    }
    with pytest.raises(UsageError) as caught:
        gate.run(batch(tmp_path / "b.parquet", [{}]), broken, results_dir=tmp_path / "run")
    assert caught.value.code == "quality-suite-invalid"
    (problem,) = caught.value.problems
    assert said in problem.message
    assert not (tmp_path / "run").exists()


def test_a_file_that_is_no_batch_is_refused(tmp_path, suite):
    """Neither a text file nor a Parquet file without keys is taken for a batch."""
    (tmp_path / "text.parquet").write_text("hello")
    pq.write_table(pa.table({"Email": ["a"]}), tmp_path / "bare.parquet")
    for name in ("text", "bare"):
        with pytest.raises(UsageError, match="quality-batch-unreadable"):
            gate.run(tmp_path / f"{name}.parquet", suite, results_dir=tmp_path)


def test_a_suite_follows_the_mapping_until_someone_edits_it(tmp_path, suite):
    """Generated files are renewed by themselves; an edited one is kept until --refresh."""
    path = tmp_path / "quality" / "contact.json"
    assert suites.ensure(path, suite)[1] is SuiteState.NEW
    assert suites.ensure(path, suite)[1] is SuiteState.CURRENT
    smaller = suites.build(ObjectMapping("contact", "Contact", MAPPING.fields[:1]), SCHEMA)
    assert suites.ensure(path, smaller)[1] is SuiteState.RENEWED
    edited = suites.load(path)
    edited["expectations"][0]["severity"] = "warning"
    suites.save(edited, path)
    assert suites.ensure(path, suite) == (edited, SuiteState.EDITED)
    assert suites.ensure(path, suite, refresh=True) == (suite, SuiteState.RENEWED)
    assert suites.load(path) == suite


def test_a_suite_that_is_not_json_names_the_place(tmp_path):
    """The error names line and column."""
    (tmp_path / "s.json").write_text('{"name": "x",\n "expectations": [,]}')
    with pytest.raises(UsageError, match="line 2, column 19"):
        suites.load(tmp_path / "s.json")


def test_suites_know_their_side(suite):
    """Read-only directions, paths and fields the org lacks are not in a suite; each side has its own columns."""
    columns = {item["kwargs"]["column"] for item in suite["expectations"]}
    assert columns == {"_id", "_keva_id", "Email", "FirstName", "LastName", "Title", "Salutation", "Topics__c"}
    keva = Schema(
        Side.KEVA,
        "customer",
        (Field("email", "email", "email", required=True, unique=True), Field("jobTitle", "", "string")),
    )
    back = suites.build(MAPPING, keva)
    assert {item["kwargs"]["column"] for item in back["expectations"]} == {"_id", "email"}


def test_a_snapshot_is_checked_whole_in_sql(tmp_path):
    """Every row of a snapshot is checked; findings carry counts and example ids; deleted rows are left out."""
    rows = [
        {"_id": "a", "_deleted": False, "email": "a@example.com", "jobTitle": "ok"},
        {"_id": "b", "_deleted": False, "email": "A@example.com", "jobTitle": "this is too long"},
        {"_id": "c", "_deleted": False, "email": "nonsense", "jobTitle": None},
        {"_id": "d", "_deleted": True, "email": "nonsense", "jobTitle": "this is too long"},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "part-0.parquet")
    found = snapshot.run([tmp_path / "part-0.parquet"], suites.of_keva(MAPPING, SCHEMA), results_dir=tmp_path / "run")
    assert found.rows == 3
    assert {(item.field, item.rows, item.examples) for item in found.findings} == {
        ("email", 1, ("c",)),
        ("email", 2, ("a", "b")),
        ("jobTitle", 1, ("b",)),
    }
    assert found.filled == {"email": 3, "jobTitle": 2}
    assert json.loads(found.path.read_text())["rows"] == 3


def test_a_snapshot_meets_the_users_own_expectations_on_a_sample(tmp_path):
    """What has no SQL form here is run by Great Expectations on a sample, and says that it is one."""
    pq.write_table(
        pa.table({"_id": [f"r{n}" for n in range(50)], "city": ["Rom"] * 49 + [None]}), tmp_path / "p.parquet"
    )
    own = {
        "name": "own",
        "expectations": [
            {"type": "expect_column_values_to_not_match_regex", "kwargs": {"column": "city", "regex": "^R"}},
            {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "city", "regex": "^(?!R)"}},
        ],
    }
    found = snapshot.run([tmp_path / "p.parquet"], own, results_dir=tmp_path, sample_rows=10)
    assert len(found.findings) == 2
    assert all(finding.sampled and 0 < finding.rows <= 10 for finding in found.findings)
