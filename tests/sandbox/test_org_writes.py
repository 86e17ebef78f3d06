"""The org's data rules: Salesforce's codes and texts, one row at a time, thousands of rows a call."""

import datetime as dt
import threading
from itertools import pairwise

import pytest

from kevasync.sandbox.answers import ApiError
from kevasync.sandbox.ids import to_15, to_18
from kevasync.sandbox.org import Org

RULES = """
[Contact.Region__c]
label = "Region"
type = "picklist"
restricted = true
picklist = ["EMEA", "AMER"]

[Contact.Vip__c]
type = "checkbox"

[[Contact.validation]]
name = "Phone_for_directors"
field = "Phone"
when = "Title = 'Director' AND Phone = null"
message = "A director needs a telephone number."
"""


@pytest.fixture
def org(tmp_path):
    schema = tmp_path / "schema.toml"
    schema.write_text(RULES, encoding="utf-8")
    made = Org.open(None, schema_file=schema)
    yield made
    made.close()


def one_error(org, row, **options):
    (result,) = org.create_many("Contact", [row], **options)
    assert not result.success
    assert result.id is None
    return result.errors[0]


@pytest.mark.parametrize(
    ("row", "code", "message", "fields"),
    [
        ({"FirstName": "Ann"}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", ("LastName",)),
        ({"LastName": " \t "}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", ("LastName",)),
        (
            {"LastName": "x", "MailingCity": "y" * 41},
            "STRING_TOO_LONG",
            f"Mailing City: data value too large: {'y' * 41} (max length=40)",
            ("MailingCity",),
        ),
        ({"LastName": "x", "Email": "bad"}, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: bad", ("Email",)),
        (
            {"LastName": "x", "Region__c": "Mars"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Region: bad value for restricted picklist field: Mars",
            ("Region__c",),
        ),
        ({"LastName": "x", "foo": 1}, "INVALID_FIELD", "No such column 'foo' on sobject of type Contact", ()),
        (
            {"LastName": "x", "Name": "y", "CreatedDate": "2020-01-01T00:00:00Z", "Email": "bad"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            ("Unable to create/update fields: Name, CreatedDate. Please check the security settings of this field and"
            " verify that it is read/write for your profile or permission set."),
            ("Name", "CreatedDate"),
        ),
        ({"LastName": 7}, "JSON_PARSER_ERROR", None, ()),
        ({"LastName": "x", "Birthdate": "2020-02-30"}, "JSON_PARSER_ERROR", None, ()),
        ({"LastName": "x", "Keva_Ticket_Count__c": "many"}, "JSON_PARSER_ERROR", None, ()),
        ({"LastName": "x", "OtherLatitude": 1e30}, "NUMBER_OUTSIDE_VALID_RANGE", None, ("OtherLatitude",)),
        ({"LastName": "x", "AccountId": "001000000000000"}, "INVALID_CROSS_REFERENCE_KEY", None, ()),
        (
            {"LastName": "x", "AccountId": "003000000000000"},
            "MALFORMED_ID",
            "Account ID: id value of incorrect type: 003000000000000",
            ("AccountId",),
        ),
        (
            {"LastName": "x", "Title": "director"},
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "A director needs a telephone number.",
            ("Phone",),
        ),
    ],
)  # fmt: skip
def test_a_bad_row_gets_salesforces_code_and_text(org, row, code, message, fields):
    """Every rule answers with Salesforce's own code, text and fields."""
    error = one_error(org, row)
    assert (error.code, error.fields) == (code, fields)
    assert message is None or error.message == message


def test_csv_values_are_read_as_bulk_reads_them(org):
    """Text from CSV becomes the field's type, and a wrong type is worded as Bulk API words it."""
    row = {"LastName": " Ann ", "Vip__c": "Yes", "Keva_Ticket_Count__c": "3", "Description": "a\r\nb"}
    (made,) = org.create_many("Contact", [row], text=True)
    stored = org.get("Contact", made.id)
    assert (stored["LastName"], stored["Vip__c"], stored["Keva_Ticket_Count__c"]) == ("Ann", True, 3.0)
    assert stored["Description"] == "a\r\nb"
    error = one_error(org, {"LastName": "x", "Birthdate": "13/13/2020"}, text=True)
    assert error.code == "INVALID_TYPE_ON_FIELD_IN_RECORD"
    assert error.message == "Birthdate: value not of required type: 13/13/2020"


def test_a_unique_field_refuses_a_second_value_in_any_casing_and_in_one_call(org):
    """DUPLICATE_VALUE names the other record by its short id, also within one call; deleted ones do not count."""
    first, second = org.create_many(
        "Contact", [{"LastName": "a", "Keva_Id__c": "K1"}, {"LastName": "b", "Keva_Id__c": "k1"}]
    )
    assert first.success
    expected = f"duplicate value found: Keva_Id__c duplicates value on record with id: {to_15(first.id)}"
    assert (second.errors[0].code, second.errors[0].message) == ("DUPLICATE_VALUE", expected)
    assert org.update_many("Contact", [{"Id": first.id, "Keva_Id__c": "K1"}])[0].success
    org.delete_many("Contact", [first.id])
    assert org.create_many("Contact", [{"LastName": "c", "Keva_Id__c": "K1"}])[0].success


def test_good_rows_are_written_beside_bad_ones_unless_all_or_none(org):
    """Rows are judged one by one; all_or_none writes nothing when one fails, and says so for the others."""
    rows = [{"LastName": "a"}, {}, {"LastName": "c", "Title": "Director"}, {"LastName": "d"}]
    assert [result.success for result in org.create_many("Contact", rows)] == [True, False, False, True]
    results = org.create_many("Contact", rows, all_or_none=True)
    assert [result.errors[0].code for result in results] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING", "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    ]  # fmt: skip
    assert org.query("SELECT COUNT() FROM Contact").total == 2


def test_an_update_changes_what_it_names_and_clears_what_is_null(org):
    """Fields not named stay, null and the empty string clear, and LastName cannot be cleared."""
    (made,) = org.create_many("Contact", [{"LastName": "a", "FirstName": "b", "Phone": "1", "Title": "t"}])
    (done,) = org.update_many("Contact", [{"id": made.id[:15], "phone": "", "Title": None}])
    assert (done.id, done.success) == (made.id, True)
    stored = org.get("Contact", made.id[:15])
    assert (stored["Name"], stored["Phone"], stored["Title"]) == ("b a", None, None)
    (refused,) = org.update_many("Contact", [{"Id": made.id, "LastName": None}])
    assert refused.errors[0].code == "REQUIRED_FIELD_MISSING"


def test_an_update_of_what_is_not_there_says_what_is_wrong_with_the_id(org):
    """Missing, malformed, foreign, unknown, deleted and repeated ids each get their own code."""
    live, gone = (result.id for result in org.create_many("Contact", [{"LastName": "a"}, {"LastName": "b"}]))
    org.delete_many("Contact", [gone])
    ids = [None, "123", org.user_id, "003000000000000AAA", gone, live, live]
    results = org.update_many("Contact", [{"Id": one, "Phone": "1"} for one in ids])
    assert [result.errors[0].code if result.errors else None for result in results] == [
        "MISSING_ARGUMENT", "MALFORMED_ID", "MALFORMED_ID", "INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED", None,
        "DUPLICATE_VALUE",
    ]  # fmt: skip


def test_upsert_creates_updates_and_refuses_what_is_ambiguous(org):
    """By external ID and by Email; two matches, a missing key and a key given twice are row errors."""
    org.create_many("Contact", [{"LastName": str(n), "Email": "two@example.com"} for n in range(2)])
    rows = [{"Keva_Id__c": key, "LastName": "x"} for key in ("a", "A", None, "b")]
    results = org.upsert_many("Contact", "keva_id__c", rows)
    assert [(result.success, result.created) for result in results] == [(True, True), (False, False)] * 1 + [
        (False, False),
        (True, True),
    ]
    assert results[1].errors[0].message == "Duplicate external id specified: A"
    assert results[2].errors[0].code == "MISSING_ARGUMENT"
    again = org.upsert_many("Contact", "Keva_Id__c", [{"Keva_Id__c": "B", "Phone": "9"}])
    assert (again[0].id, again[0].created) == (results[3].id, False)
    (several,) = org.upsert_many("Contact", "Email", [{"Email": "TWO@example.com", "LastName": "x"}])
    assert several.errors[0].code == "DUPLICATE_EXTERNAL_ID"
    with pytest.raises(ApiError, match="does not exist or is not accessible: Phone"):
        org.upsert_many("Contact", "Phone", [])


def test_a_parent_is_found_by_its_external_id(org):
    """A nested parent with a key field sets the lookup; one that matches nothing names the value."""
    (parent,) = org.create_many("Contact", [{"LastName": "boss", "Keva_Id__c": "p1"}])
    rows = [{"LastName": "a", "ReportsTo": {"Keva_Id__c": key}} for key in ("p1", "p2")]
    good, bad = org.create_many("Contact", rows)
    assert org.get("Contact", good.id)["ReportsToId"] == parent.id
    assert bad.errors[0].message == "Foreign key external ID: p2 not found for field Keva_Id__c in entity Contact"


def test_deletes_are_soft_cascade_and_are_listed(org):
    """A deleted Account takes its Contacts along; queryAll and deleted() still see them."""
    (account,) = org.create_many("Account", [{"Name": "Acme"}])
    (contact,) = org.create_many("Contact", [{"LastName": "a", "AccountId": account.id}])
    now = dt.datetime.now(dt.UTC)
    window = (now - dt.timedelta(hours=1), now + dt.timedelta(hours=1))
    assert contact.id in org.updated("Contact", *window)
    assert org.delete_many("Account", [account.id])[0].success
    assert org.delete_many("Account", [account.id])[0].errors[0].code == "ENTITY_IS_DELETED"
    assert org.query("SELECT COUNT() FROM Contact").total == 0
    assert [row["IsDeleted"] for row in org.query("SELECT IsDeleted FROM Contact", all_rows=True).rows()] == [True]
    assert [one for one, _ in org.deleted("Contact", *window)] == [contact.id]


def test_merged_records_point_to_their_master(org):
    """Losers are deleted with MasterRecordId set, and their children belong to the master."""
    master, loser = (result.id for result in org.create_many("Account", [{"Name": "A"}, {"Name": "B"}]))
    (child,) = org.create_many("Contact", [{"LastName": "c", "AccountId": loser}])
    org.merge_records("Account", master, [loser])
    rows = list(org.query("SELECT Id, MasterRecordId FROM Account WHERE IsDeleted = true", all_rows=True).flat())
    assert rows == [[loser, master]]
    assert org.get("Contact", child.id)["AccountId"] == master


def test_stamps_only_grow_under_concurrent_writers(org):
    """Every write call gets a later SystemModstamp than any before it, with four threads writing."""

    def write():
        for _ in range(25):
            org.create_many("Contact", [{"LastName": "x"}])

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stamps = [row[0] for row in org.query("SELECT SystemModstamp FROM Contact ORDER BY Id").flat()]
    assert len(stamps) == 100
    assert all(before < after for before, after in pairwise(stamps))


def test_an_org_survives_a_restart_and_grows_new_fields(tmp_path):
    """Records, settings, API usage and id numbering are kept; a later schema file adds its columns."""
    first = Org.open(tmp_path / "org.db", stock=True)
    (made,) = first.create_many("Contact", [{"LastName": "a"}])
    first.set_setting("duplicate_rule", "alert")
    first.counters.request()
    identity = (first.org_id, first.user_id, first.username)
    first.close()
    second = Org.open(tmp_path / "org.db")
    assert (second.org_id, second.user_id, second.username) == identity
    assert second.setting("duplicate_rule") == "alert"
    assert second.counters.api_calls_used == 1
    assert second.get("Contact", made.id, ["Keva_Id__c"])["Keva_Id__c"] is None
    (later,) = second.create_many("Contact", [{"LastName": "b", "Keva_Id__c": "k"}])
    assert later.id > made.id
    second.close()


def test_a_stock_org_has_no_custom_fields_and_permissions_hide_what_is_there(org):
    """`stock` leaves Keva's fields out; the permissions setting hides objects and fields as Salesforce does."""
    stock = Org.open(None, stock=True)
    assert not any(field["custom"] for field in stock.describe("Contact")["fields"])
    stock.close()
    org.set_setting("permissions", {"contact": {"phone": "none", "Email": "read"}})
    assert (
        one_error(org, {"LastName": "x", "Phone": "1"}).message == "No such column 'Phone' on sobject of type Contact"
    )
    assert one_error(org, {"LastName": "x", "Email": "a@b.co"}).code == "INVALID_FIELD_FOR_INSERT_UPDATE"
    org.set_setting("permissions", {"Contact": "none"})
    with pytest.raises(ApiError, match="NOT_FOUND"):
        org.describe("Contact")
    with pytest.raises(ApiError, match="INVALID_TYPE"):
        org.query("SELECT Id FROM Contact")


def test_the_duplicate_rule_alerts_or_blocks(org):
    """Off by default; an alert rule gives way to allow_save, a block rule does not."""
    row = {"LastName": "x", "Email": "same@example.com"}
    assert all(result.success for result in org.create_many("Contact", [row, row]))
    org.set_setting("duplicate_rule", "alert")
    error = one_error(org, row)
    assert error.code == "DUPLICATES_DETECTED"
    assert error.extra["duplicateResult"]["allowSave"] is True
    assert org.create_many("Contact", [row], allow_save=True)[0].success
    org.set_setting("duplicate_rule", "block")
    assert one_error(org, row, allow_save=True).code == "DUPLICATES_DETECTED"


def test_ids_are_repaired_from_their_checksum():
    """Fifteen characters gain the checksum; eighteen in the wrong casing get their casing back."""
    assert to_18("0034S000005YJVl") == "0034S000005YJVlQAO"
    assert to_18("0034s000005yjvlqao") == "0034S000005YJVlQAO"
    for wrong in ("", "0034S000005YJV", "0034S000005YJVl???", "0034S000005YJVl999"):
        with pytest.raises(ApiError, match="MALFORMED_ID"):
            to_18(wrong)


def test_an_exhausted_api_budget_refuses_calls(org):
    """Past the limit every call answers 403 REQUEST_LIMIT_EXCEEDED."""
    org.counters.set_limit(1)
    org.counters.request()
    with pytest.raises(ApiError, match="REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded"):
        org.counters.request()
    assert org.counters.limit_info() == "api-usage=1/1"


def test_a_converted_lead_cannot_be_changed(org):
    """CANNOT_UPDATE_CONVERTED_LEAD, as in the recording of a live org."""
    (lead,) = org.create_many("Lead", [{"LastName": "x", "Company": "y", "IsConverted": True}])
    (result,) = org.update_many("Lead", [{"Id": lead.id, "Title": "t"}])
    assert (result.errors[0].code, result.errors[0].message) == (
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "cannot reference converted lead",
    )


def test_a_rule_that_cannot_be_read_is_refused_at_opening(tmp_path):
    """A mistake in the schema file is named before the org opens."""
    schema = tmp_path / "schema.toml"
    for text, said in (
        ('[[Contact.validation]]\nname = "r"\nwhen = "Nope = 1"\nmessage = "m"\n', "Contact.r"),
        ("[Ticket.Foo__c]\ntype = 'string'\n", "Ticket"),
        ("[Contact.Foo__c]\nlabel = 'x'\n", "Contact.Foo__c"),
    ):
        schema.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=said):
            Org.open(None, schema_file=schema)
