"""SOQL text and record ids."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kevasync.errors import UsageError
from kevasync.records import Field, Schema, Side
from kevasync.salesforce.soql import chunks, columns_of, literals, long_id, since_condition, text_literal

ACCOUNT = Schema(Side.SALESFORCE, "Account", (Field("Name", "Name", "string"), Field("Where", "Where", "address")))
CONTACT = Schema(
    Side.SALESFORCE,
    "Contact",
    (
        Field("Email", "Email", "email"),
        Field("Score__c", "Score", "double"),
        Field("Notes__c", "Notes", "textarea"),
        Field("SystemModstamp", "Stamp", "datetime"),
        Field("AccountId", "Account", "reference", reference_to=("Account",), relationship="Account"),
    ),
)


def schema_of(name):
    if name != "Account":
        raise UsageError("salesforce-object-hidden", name)
    return ACCOUNT


def test_ids_get_their_checksum_and_keep_their_case():
    """15 and 18 characters are one id; a damaged one is none."""
    assert long_id("001xx000003DGb2") == long_id("001xx000003DGb2AAG") == "001xx000003DGb2AAG"
    assert long_id("001xx000003DGb2AAH") is None
    assert long_id("001xx000003DGb2", "003") is None
    assert long_id("' OR Id != '") is None


@given(st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_a_literal_cannot_be_left(text):
    """Between its quotes no quote stands bare, so no value can end the literal and go on as SOQL."""
    literal = text_literal(text)
    if "\0" in text:
        assert literal is None
        return
    inner = literal[1:-1].replace("\\\\", "")
    assert "'" not in inner.replace("\\'", "")
    assert not inner.replace("\\'", "").endswith("\\")
    assert "\n" not in literal


def test_numbers_are_bare_and_what_cannot_be_compared_is_refused():
    """A number field takes numbers only; long text cannot be searched."""
    assert literals(CONTACT.find("score__c"), ["1", "2.50", "1 OR 1=1", "1"]) == ["1", "2.50"]
    with pytest.raises(UsageError, match="not-searchable"):
        literals(CONTACT.find("Notes__c"), ["x"])


@given(st.lists(st.text(min_size=1, max_size=200), max_size=60))
@settings(max_examples=60, deadline=None)
def test_every_chunk_fits_and_nothing_is_lost(values):
    """Long lists are cut so that each query fits into an address, in order."""
    items = [item for item in map(text_literal, values) if item]
    cut = list(chunks(items, "SELECT", 2_000))
    assert [item for chunk in cut for item in chunk] == items
    assert all(len(chunk) == 1 or len(quote_plus(",".join(chunk))) <= 2_000 for chunk in cut)


def test_columns_are_found_through_relationships_and_the_rest_is_missing():
    """Spelling is Salesforce's, names stay the mapping's; what cannot be read is reported, not asked for."""
    found = columns_of(CONTACT, ["email", "account.name", "Account.Where", "Owner.Name", "Nope", "email"], schema_of)
    assert found.asked == ("email", "account.name")
    assert found.paths == ("Email", "Account.Name")
    assert found.missing == ("Account.Where", "Owner.Name", "Nope")
    assert found.selected == ("Id", "SystemModstamp", "Email", "Account.Name")


def test_a_watermark_that_is_no_time_is_refused():
    """A watermark reaches the query unquoted, so nothing else may pass as one."""
    columns = columns_of(CONTACT, ["Email"], schema_of)
    assert since_condition(columns, "2026-11-02T10:00:00.000Z") == "SystemModstamp >= 2026-11-02T10:00:00.000Z"
    with pytest.raises(UsageError):
        since_condition(columns, "2026-11-02 OR Id != null")
