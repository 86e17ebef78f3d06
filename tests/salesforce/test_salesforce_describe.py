"""What an object looks like, from the org or from a file, and what changed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from kevasync.errors import UsageError
from kevasync.records import Field, Schema, Side
from kevasync.salesforce.describe import Describer, drift, schema_from_describe, schema_from_file

RECORDED = Path(__file__).parents[3] / "shared" / "salesforce" / "describe"


def test_describe_tells_what_the_mapping_must_know(session):
    """Required, read-only, compound and external-id fields come out as such."""
    schema = Describer(session).schema("Contact")
    assert [field.name for field in schema.fields if field.required] == ["LastName"]
    assert schema.find("name").compound
    assert not schema.find("Name").createable
    assert schema.find("Keva_Id__c").external_id
    assert schema.find("Email").length == 80
    assert schema.find("AccountId").relationship == "Account"
    assert schema.find("LeadSource").picklist


def test_a_describe_is_kept_and_asked_again_only_if_it_changed(session, tmp_path):
    """The second process gets 304 and the same schema; a damaged file does no harm; other sign-ins have their own."""
    first = Describer(session, tmp_path).schema("Contact")
    (file,) = tmp_path.rglob("*.json")
    kept = json.loads(file.read_text())
    kept["describe"]["fields"] = kept["describe"]["fields"][:10]
    file.write_text(json.dumps(kept))
    # A shorter list in the file shows that it was the file that answered.
    assert len(Describer(session, tmp_path).schema("Contact").fields) == 10
    file.write_text(file.read_text()[:100])
    assert Describer(session, tmp_path).schema("Contact") == first
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize("name", ["Nope__c", "../limits", "Contact/describe", ""])
def test_an_object_that_is_not_there_is_a_clear_error(session, name):
    """Missing objects, and names that are none, never become another address."""
    with pytest.raises(UsageError) as caught:
        Describer(session).schema(name)
    assert caught.value.code == "salesforce-object-hidden"


@pytest.mark.parametrize(
    "content",
    [b"", b'{"name": "Contact", "fields": [{"na', b"[]", b'{"fields": []}', b'{"name":"X","fields":[1]}', b"\xff\xfe"],
)
def test_a_cut_or_wrong_file_is_a_clear_error(tmp_path, content):
    """`--describe FILE` names the file and what is wrong with it."""
    path = tmp_path / "contact.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"contact\.json") as caught:
        schema_from_file(path)
    assert caught.value.code == "salesforce-describe-invalid"
    with pytest.raises(UsageError, match="cannot be read"):
        schema_from_file(tmp_path / "none.json")


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded describes are not here")
def test_recorded_describes_of_live_orgs_are_read():
    """Ten orgs' Contacts, Accounts and Leads: required fields as the contract says."""
    required = {"Contact": {"LastName"}, "Account": {"Name"}, "Lead": {"LastName", "Company"}}
    for path in sorted(RECORDED.glob("*.json")):
        if path.name in {"cumulusci__Global.json", "cumulusci__Organization.json"}:  # lists of objects and records
            continue
        schema = schema_from_file(path)
        if schema.object in required and "PersonAccount" not in path.name:
            assert {field.name for field in schema.fields if field.required} == required[schema.object], path.name


def test_drift_names_what_may_break_a_mapping():
    """Gone, other type, shorter, required now: each said once; what stayed is not mentioned."""
    text = Field("A__c", "A", "string", length=40)
    old = Schema(Side.SALESFORCE, "Contact", (text, *(replace(text, name=f"{letter}__c") for letter in "BCDE")))
    new = Schema(
        Side.SALESFORCE,
        "Contact",
        (
            replace(text, name="a__C"),
            replace(text, name="B__c", type="picklist", length=255),
            replace(text, name="C__c", length=20),
            replace(text, name="D__c", required=True),
            replace(text, name="F__c", required=True),
        ),
    )
    assert [(problem.code, problem.severity, problem.field) for problem in drift(old, new)] == [
        ("describe-type-changed", "error", "B__c"),
        ("describe-length-changed", "error", "C__c"),
        ("describe-now-required", "warning", "D__c"),
        ("describe-field-gone", "error", "E__c"),
        ("describe-now-required", "warning", "F__c"),
    ]
    assert drift(old, old) == []


def test_the_command_line_tools_form_is_taken(tmp_path):
    """`sf sobject describe --json` wraps the describe in `result`."""
    wrapped = {"status": 0, "result": {"name": "Lead", "fields": [{"name": "Id", "type": "id"}]}}
    assert schema_from_describe(wrapped).object == "Lead"
