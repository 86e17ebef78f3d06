"""Survivorship: each rule, ties, values that belong together, values by hand."""

from __future__ import annotations

import pytest

from kevasync.dedupe.survivorship import Member, Rule, Rules, golden_record
from kevasync.records import Field, Schema, Side

SCHEMA = Schema(
    Side.SALESFORCE,
    "Contact",
    (
        Field("Title", "Title", "string", length=128),
        Field("Skills__c", "Skills", "multipicklist", length=40),
        Field("Description", "Description", "textarea", length=32000),
        *(Field(name, name, "string") for name in ("FirstName", "LastName", "MailingStreet", "MailingCity")),
    ),
)


def chosen(rule, *members, name="Title", hand=None):
    (value,) = golden_record(members, SCHEMA, [name], Rules(default=rule), hand)
    return value


def member(identity, title, modified=None, side=Side.SALESFORCE, **more):
    return Member(identity, {"Title": title, **more}, modified, side)


A = member("a", "Buyer", "2026-01-01")
B = member("b", "Senior Buyer", "2026-03-01", Phone="1", Email="2")
C = member("c", "Buyer", "2026-02-01", Side.KEVA)
EMPTY = member("e", "  ", "2026-09-01")


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (Rule.MASTER, "Buyer"), (Rule.MOST_RECENT, "Senior Buyer"), (Rule.MOST_COMPLETE, "Senior Buyer"),
        (Rule.LONGEST, "Senior Buyer"), (Rule.MOST_COMMON, "Buyer"), (Rule.FROM_KEVA, "Buyer"),
        (Rule.FROM_SALESFORCE, "Senior Buyer"),
    ],
)  # fmt: skip
def test_each_rule_chooses_among_values_that_are_there(rule, value):
    """An empty value never wins, however recent; the others are listed as what was passed over."""
    found = chosen(rule, A, EMPTY, B, C)
    assert found.value == value
    assert set(found.others) == {"Buyer", "Senior Buyer"} - {value}
    assert all(source in {"a", "b", "c"} for source in found.sources)


def test_ties_go_to_the_master():
    """Of equals the first record wins, which is the master."""
    one, two = member("m", "aaa", "2026-01-01"), member("x", "bbb", "2026-01-01")
    for rule in Rule:
        assert chosen(rule, one, two).value == "aaa"


def test_nothing_at_all_is_null():
    """No record has a value: null, from nobody."""
    found = chosen(Rule.MOST_RECENT, EMPTY, member("x", None))
    assert (found.value, found.sources) == (None, ())


def test_union_joins_what_can_be_joined():
    """Multi-select picklists and text areas; what is too long falls back to the longest value."""
    one = Member("a", {"Skills__c": "x;y", "Description": "first"})
    two = Member("b", {"Skills__c": "Y;z", "Description": "second"})
    assert chosen(Rule.UNION, one, two, name="Skills__c").value == "x;y;z"
    joined = chosen(Rule.UNION, one, two, name="Description")
    assert (joined.value, joined.sources) == ("first\nsecond", ("a", "b"))
    long = Member("c", {"Skills__c": "p" * 39})
    assert chosen(Rule.UNION, one, long, name="Skills__c").value == "p" * 39
    assert chosen(Rule.UNION, A, B).value == "Senior Buyer"


def test_an_address_is_one_value():
    """Street and city come from one record, also where the other has a gap; a name keeps its own parts."""
    one = Member(
        "a", {"MailingStreet": "1 Main St", "MailingCity": None, "FirstName": "Bo", "LastName": "Lee"}, "2026-01"
    )
    two = Member("b", {"MailingStreet": None, "MailingCity": "Oslo", "FirstName": None, "LastName": "Li"}, "2026-02")
    names = ["FirstName", "LastName", "MailingStreet", "MailingCity"]
    found = {item.field: item.value for item in golden_record([one, two], SCHEMA, names, Rules(Rule.MOST_RECENT))}
    assert found == {"FirstName": None, "LastName": "Li", "MailingStreet": None, "MailingCity": "Oslo"}


def test_by_hand_beats_every_rule():
    """A value chosen by a person stands, a clear too, also one part of an address."""
    assert chosen(Rule.LONGEST, A, B, hand={"Title": " Chief "}).value == "Chief"
    cleared = chosen(Rule.LONGEST, A, B, hand={"Title": None})
    assert (cleared.value, cleared.rule) == (None, "by_hand")
