"""What a column needs for its field: transformations, direction, picklist values, a custom field."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kevasync.automap.complete import complete, complete_choice
from kevasync.automap.custom import custom_field
from kevasync.automap.describes import standard
from kevasync.automap.fields import Candidate, SourceField, Suggestion, TargetField, ValueProfile
from kevasync.automap.picklists import match_values
from kevasync.mapping.definition import FieldMapping
from kevasync.mapping.pipeline import pipeline
from kevasync.records import Direction

CONTACT = standard("Contact")


def column(name, *values, rows=None, label=None, kind=None, **shares):
    distinct = tuple(dict.fromkeys(values))
    lengths = [len(value) for value in values] or [0]
    profile = ValueProfile(
        rows or len(values), len(values), 1.0, min(lengths), max(lengths), 1.0, shares, distinct, distinct
    )
    return SourceField(name, label, kind, profile=profile if values else None)


def needs(source, target, object_name="Contact", fields=None, region=None):
    made = complete_choice(source, (target,), fields or standard(object_name), object_name, region=region)
    return made, [(step.name, dict(step.arguments)) for step in made.transforms]


@pytest.mark.parametrize(
    ("source", "target", "steps"),
    [
        (column("Phone No"), "Phone", [("e164", {})]),
        (column("newsletter_opt_in"), "HasOptedOutOfEmail", [("invert", {})]),
        (column("Unsubscribed"), "HasOptedOutOfEmail", []),
        (column("x", "ja", "nein"), "DoNotCall", [("boolean", {"true": "ja", "false": "nein"}), ("invert", {})]),
        (column("no_calls", "yes", rows=3), "DoNotCall", [("default", {"value": False})]),
        (column("loc", "Berlin, DE", place_list=1.0), "MailingCity", [("city_from_location", {})]),
        (column("city", "Berlin"), "MailingCity", []),
        (column("dob", "03.04.1980", "24.12.1970", date=1.0), "Birthdate", [("date", {"format": "%d.%m.%Y"})]),
        (column("dob", "1980-04-03", date=1.0), "Birthdate", []),
        (column("dob", "12/31/1980", "01/02/1980", date=1.0), "Birthdate", [("date", {"format": "%m/%d/%Y"})]),
        (column("title", "x" * 200), "Title", [("truncate", {"length": 128})]),
        (column("dept", "Sales", "N/A"), "Department", [("null_if", {"values": ("N/A",)})]),
        (
            column("surname", "Smith", "-"),
            "LastName",
            [("null_if", {"values": ("-",)}), ("default", {"value": "[not provided]"})],
        ),
    ],
)
def test_what_a_column_needs(source, target, steps):
    """Each column gets the steps its values and its name call for, and no others."""
    assert needs(source, target)[1] == steps


@pytest.mark.parametrize(
    ("value", "steps"),
    [
        ("1.234,50", [("number", {"decimal": ","})]),
        ("1,234.50", [("number", {})]),
        ("1234.5", []),
        ("1,234", [("number", {})]),
    ],
)
def test_numbers_are_read_as_they_are_written(value, steps):
    """Comma or point, with or without groups."""
    fields = [TargetField("Revenue__c", "Revenue", "currency")]
    assert needs(column("r", value, number=1.0), "Revenue__c", fields=fields)[1] == steps


def test_a_region_settles_dates_and_telephone_numbers():
    """3/4/1980 is March in the US and April elsewhere; the note says that the values do not tell."""
    both = column("dob", "03/04/1980", "05/06/1981", date=1.0)
    assert needs(both, "Birthdate", region="US")[1] == [("date", {"format": "%m/%d/%Y"})]
    made, steps = needs(both, "Birthdate", region="GB")
    assert steps == [("date", {"format": "%d/%m/%Y"})]
    assert "do not tell" in made.notes[0]
    assert needs(column("tel"), "Phone", region="DE")[1] == [("e164", {"region": "DE"})]


def test_every_suggested_step_is_one_that_the_mapping_takes():
    """Names and arguments are those of the mapping's own transformations, in an order it accepts."""
    odd = column("c", "a", "N/A", "x" * 300, "1.234,5", "03.04.1980", date=1.0, number=1.0, money=1.0, place_list=1.0)
    for object_name in ("Contact", "Lead"):
        for target in standard(object_name):
            made = complete_choice(odd, (target.name,), standard(object_name), object_name)
            pipeline(FieldMapping("c", (target.name,), made.direction, transforms=made.transforms))


def test_directions():
    """Keva's counters go one way, Account's fields come, the rest goes both ways; lossy steps go one way."""
    assert needs(column("jobTitle"), "Title")[0].direction is Direction.BIDIRECTIONAL
    assert needs(column("company"), "Name", "Account")[0].direction is Direction.FROM_CRM
    assert needs(column("loc", "Berlin, DE", place_list=1.0), "MailingCity")[0].direction is Direction.TO_CRM
    company = needs(column("company", "Acme"), "AccountId")[0]
    assert company.direction is Direction.FROM_CRM
    assert "look-up" in company.notes[0]
    assert needs(column("acct", "001", id_prefix=1.0), "AccountId")[0].direction is Direction.BIDIRECTIONAL
    assert "nothing to map" in needs(column("createdAt"), "CreatedDate")[0].notes[0]
    (total,) = complete([Suggestion(column("totalTickets"), (Candidate(None, 0.9),))], CONTACT, "Contact")
    assert (total.direction, total.custom_field.name) == (Direction.TO_CRM, "Keva_Ticket_Count__c")


def test_a_whole_name_fills_two_fields_unless_another_column_fills_one():
    """`name` is split; beside a column for FirstName it is not."""
    name = Suggestion(column("name", "Ann Lee", person_name=1.0), (Candidate("LastName", 0.7),), ("LastName",))
    first = Suggestion(column("first"), (Candidate("FirstName", 0.9),), ("FirstName",))
    (alone,) = complete([name], CONTACT, "Contact")
    assert alone.targets == ("FirstName", "LastName")
    assert [step.name for step in alone.transforms] == ["split_name"]
    assert complete([name, first], CONTACT, "Contact")[0].targets == ("LastName",)


def test_two_columns_for_one_field_are_told():
    """The surer one keeps it; the other says so."""
    sure = Suggestion(column("phone"), (Candidate("Phone", 0.9),), ("Phone",))
    less = Suggestion(column("tel"), (Candidate("Phone", 0.6),), ("Phone",))
    one, other = complete([less, sure], CONTACT, "Contact")
    assert "phone goes to Phone too" in one.notes[0]
    assert other.notes == ()


def test_picklist_values():
    """Values are matched by spelling and by meaning; what fits none stays without one, with a note."""
    made, steps = needs(column("rate", "hot", "COLD", "Warm", "tepid"), "Rating", "Lead")
    assert dict(made.values) == {"hot": "Hot", "COLD": "Cold", "Warm": "Warm", "tepid": None}
    sure = made.as_dict()["value_confidence"]
    assert (sure["Warm"], sure["hot"]) == (1.0, 0.98)
    assert 0 < sure["tepid"] < 1
    assert steps == [("map_values", {"table": {"hot": "Hot", "COLD": "Cold"}})]
    assert "1 values fit none" in made.notes[0]
    found = {match.value: match for match in match_values(["Mr", "Frau", "Dr"], ["Mr.", "Ms.", "Mrs.", "Dr.", "Prof."])}
    assert {name: match.option for name, match in found.items()} == {"Mr": "Mr.", "Frau": "Ms.", "Dr": "Dr."}
    assert found["Mr"].confidence > found["Frau"].confidence > 0.8
    places = match_values(["USA", "Deutschland", "Georgia"], ["United States", "Germany", "Georgia"])
    assert [match.option for match in places] == ["United States", "Germany", "Georgia"]


def test_the_custom_field_to_create():
    """Type and length come from the values, else from the type, else from what Keva's field is."""

    def shape(source):
        field = custom_field(source, ())
        return field.name, field.type, field.length

    assert shape(column("points", "12", "900", number=1.0, integer=1.0)) == ("Keva_Points__c", "Number", 18)
    assert shape(column("cust id", "12", "900", number=1.0)) == ("Keva_Cust_Id__c", "Text", 40)
    assert shape(column("is_beta", "yes", "no", boolean=1.0)) == ("Keva_Is_Beta__c", "Checkbox", 0)
    assert shape(column("motto", "x" * 90)) == ("Keva_Motto__c", "Text", 255)
    assert shape(column("openTickets", "1", "0", boolean=1.0, integer=1.0, number=1.0))[1] == "Number"
    assert shape(column("wins", "1", "0", boolean=1.0, integer=1.0, number=1.0))[1] == "Number"
    assert shape(column("story", "x" * 900)) == ("Keva_Story__c", "LongTextArea", 4000)
    assert shape(column("Größe", kind="varchar(40)")) == ("Keva_Grosse__c", "Text", 255)
    assert shape(column("seen", kind="timestamp"))[1] == "DateTime"
    assert shape(column("tags"))[1] == "MultiselectPicklist"
    assert shape(column("kevaScore"))[0] == "Keva_Score__c"


@given(st.lists(st.text(max_size=80), min_size=1, max_size=8, unique=True))
def test_custom_names_are_valid_and_differ(names):
    """Whatever the columns are called: letters first, at most 40 characters, no double underscore, never twice."""
    suggestions = [Suggestion(SourceField(name), (Candidate(None, 1.0),)) for name in names]
    made = [item.custom_field.name for item in complete(suggestions, CONTACT, "Contact")]
    assert len({name.casefold() for name in made}) == len(names)
    for name in made:
        assert len(name) <= 40
        assert re.fullmatch(r"[A-Za-z](?:_?[A-Za-z0-9])*__c", name), name
