"""The lint: what is wrong with a mapping is told before any call, all of it at once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from kevasync.errors import catalogue
from kevasync.mapping import file
from kevasync.mapping.check import check
from kevasync.records import Field, Schema, Side
from tests.mapping.stock_org import CONTACT, STOCK, schema

DESCRIBES = Path(__file__).parents[3] / "shared" / "salesforce" / "describe"

CUSTOM = schema(
    "Contact",
    CONTACT,
    Field("Vip__c", "VIP", "boolean"),
    Field("Tier__c", "Tier", "picklist", 255, restricted=True, picklist=("Gold", "Silver")),
    Field("Tags__c", "Tags", "multipicklist", 4099, restricted=True, picklist=("vip", "eu")),
    Field("Score__c", "Score", "double"),
    Field("Joined__c", "Full name", "string", 100, createable=False, updateable=False, calculated=True),
    Field("Keva_Id__c", "Keva Id", "string", 64, unique=True, external_id=True),
)


def lint(fields: str, contact: Schema = CUSTOM, samples: list[Path] | None = None, head: str = "") -> list:
    name = '[[contact.field]]\nkeva="name"\nsalesforce=["FirstName","LastName"]\ntransform=["split_name"]\n'
    blocks = "".join(f"[[contact.field]]\n{line}\n" for line in fields.splitlines() if line)
    mapping = file.loads(f"[contact]\n{head}\n{name}{blocks.replace('; ', chr(10))}")
    problems = check(mapping, {**STOCK, "Contact": contact}, samples)
    assert all(problem.code in catalogue() for problem in problems)
    return problems


def codes(problems: list) -> list[tuple[str, str, str | None]]:
    return [(problem.severity, problem.code.removeprefix("mapping-"), problem.field) for problem in problems]


def test_documented_mapping_on_a_stock_org():
    """One report names all that is wrong with Keva's default mapping on an org without custom fields."""
    problems = check(file.loads(file.default_text()), STOCK)
    assert codes(problems) == [
        ("error", "field-missing", "Company"),
        ("error", "field-missing", "TimeZone__c"),
        ("error", "field-missing", "Keva_Ticket_Count__c"),
        ("warning", "external-id", "Keva_Id__c"),
        ("warning", "location-city", "location"),
    ]
    assert "Account.Name" in problems[0].hint
    assert all("create the custom field" in problem.hint for problem in problems[1:4])
    assert "city_from_location" in problems[4].hint


@pytest.mark.parametrize("contact", [STOCK["Contact"], CUSTOM, schema("Contact", "LastName string 80 r")])
def test_default_mapping_for_an_org_passes_its_own_check(contact):
    """The default mapping made for an org has no problem there, and says what it left out and why."""
    text = file.default_text(contact)
    mapping = file.loads(text)
    assert check(mapping, {**STOCK, "Contact": contact}) == [] or contact.find("FirstName") is None
    assert "Company is a field of Lead" in text
    assert '# [[contact.field]]\n# keva = "company"' in text
    assert "TimeZone__c on Contact: Text, length 64" in text


def test_default_mapping_reads_the_company_from_the_account():
    """Where Contact has no Company, the Account's name is read instead and the city alone is written."""
    fields = {field.keva: field for field in file.loads(file.default_text(STOCK["Contact"])).objects[0].fields}
    assert fields["company"].salesforce == ("Account.Name",)
    assert [step.name for step in fields["location"].transforms] == ["city_from_location"]
    assert {"timezone", "totalTickets"}.isdisjoint(fields)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('keva="jobTitle"; salesforce="Titel"', ("error", "field-missing", "Titel")),
        ('keva="jobTitle"; salesforce="Name"', ("error", "field-read-only", "Name")),
        ('keva="jobTitle"; salesforce="Joined__c"', ("error", "field-read-only", "Joined__c")),
        ('keva="createdAt"; salesforce="CreatedDate"; direction="to_crm"', ("error", "field-read-only", "CreatedDate")),
        ('keva="jobTitle"; salesforce="Score__c"', ("error", "type", "Score__c")),
        ('keva="totalTickets"; salesforce="Vip__c"; direction="to_crm"', ("error", "type", "Vip__c")),
        ('keva="totalTickets"; salesforce="Score__c"', ("error", "computed", "totalTickets")),
        (
            'keva="industry"; salesforce="Account.Industry"; direction="to_crm"',
            ("error", "path-direction", "Account.Industry"),
        ),
        ('keva="industry"; salesforce="Account.Sector"', ("error", "field-missing", "Account.Sector")),
        ('keva="boss"; salesforce="Owner.Name"', ("warning", "object-missing", "Owner.Name")),
        ('keva="jobtitle"; salesforce="Title"', ("warning", "keva-column", "jobtitle")),
        ('keva="jobTitle"; salesforce="LastName"; direction="to_crm"', ("error", "same-target", "LastName")),
        ('keva="name"; salesforce="Title"', ("error", "same-target", "name")),
        (
            'keva="location"; salesforce="MailingCity"; transform=["city_from_location"]',
            ("error", "no-way-back", "location"),
        ),
        (
            'keva="jobTitle"; salesforce="Title"; transform=[{name="map_values", table={a="1"}, default="a"}]',
            ("error", "no-way-back", "jobTitle"),
        ),
        (
            'keva="jobTitle"; salesforce="Title"; transform=[{name="truncate", length=10}]',
            ("warning", "lossy", "jobTitle"),
        ),
    ],
)
def test_each_rule(line, expected):
    """Each mistake is told by its own code, with the field it is about."""
    assert codes(lint(line)) == [expected]


def test_nearest_name_is_suggested():
    """A misspelled field comes with the right one."""
    assert "Title" in lint('keva="jobTitle"; salesforce="Titel"')[0].hint


def test_good_mappings_are_left_alone():
    """What fits raises nothing: one Keva field to two Salesforce fields, case of names, fields read only."""
    assert (
        lint(
            'keva="phone"; salesforce="phone"\n'
            'keva="phone"; salesforce="MobilePhone"; direction="to_crm"\n'
            'keva="tags"; salesforce="Tags__c"\n'
            'keva="isVip"; salesforce="Vip__c"\n'
            'keva="fullName"; salesforce="Name"; direction="from_crm"\n'
            'keva="x"; salesforce="Score__c"; type="number"\n'
        )
        == []
    )


def test_required_without_source_and_permissions():
    """LastName without a source, and an object that may not be written, are told before the first create."""
    mapping = file.loads('[contact]\n[[contact.field]]\nkeva="email"\nsalesforce="Email"\n')
    locked = replace(CUSTOM, createable=False, updateable=False)
    found = codes(check(mapping, {"Contact": locked}))
    assert found == [("error", "object-permission", None)] * 2 + [("error", "required", "LastName")]
    reading = replace(mapping.objects[0], create_in_salesforce=False)
    assert check(replace(mapping, objects=(reading,)), {"Contact": CUSTOM}) == []


def test_external_id_must_be_unique():
    """The field for the Keva id must be one that makes a repeated create harmless."""
    assert codes(lint("", head='external_id = "Department"')) == [("warning", "external-id", "Department")]
    assert lint("", head='external_id = ""') == []


def rows(tmp_path: Path, columns: str, values: list[tuple]) -> list[Path]:
    """A snapshot part of Keva rows; ids c1, c2 and so on."""
    path = tmp_path / "part.parquet"
    names = ["_id", "_deleted", *columns.split()]
    types = ["varchar", "boolean", *["varchar"] * (len(names) - 2)]
    with duckdb.connect() as con:
        con.execute("create table t (" + ", ".join(f'"{n}" {t}' for n, t in zip(names, types, strict=True)) + ")")
        filled = [(f"c{number}", False, *value) for number, value in enumerate(values, 1)]
        if filled:
            con.executemany(f"insert into t values ({', '.join('?' * len(names))})", filled)
        con.execute("insert into t (_id, _deleted) values ('gone', true)")
        con.execute(f"copy t to '{path}' (format parquet)")
    return [path]


def test_values_are_counted(tmp_path):
    """With rows the lint counts what Salesforce would refuse, names records, and shows no e-mail address."""
    samples = rows(
        tmp_path,
        "name email jobTitle isVip priorityOverride tags totalTickets",
        [
            ("Ada Lovelace", "ada@example.com", "x" * 129, "true", "Gold", '["vip"]', "3"),
            (None, "nonsense", "y" * 300, None, "bronze", '["vip","us"]', "three"),
            ("Bo", None, "ok", None, "bronze", None, None),
            ("Cy", "zoë@example.com", " ", "false", "iron", "eu;vip", "1.50"),
            ("A " + "Name" * 30, "a" * 90 + "@example.com", None, "1", None, None, None),
        ],
    )
    problems = lint(
        'keva="email"; salesforce="Email"\n'
        'keva="jobTitle"; salesforce="Title"\n'
        'keva="isVip"; salesforce="Vip__c"\n'
        'keva="priorityOverride"; salesforce="Tier__c"\n'
        'keva="tags"; salesforce="Tags__c"\n'
        'keva="totalTickets"; salesforce="Score__c"; direction="to_crm"\n'
        'keva="Website"; salesforce="Department"\n',
        samples=samples,
    )
    told = {
        (problem.code.removeprefix("mapping-"), problem.field): problem.message.partition(": ")[2]
        for problem in problems
    }
    assert told == {
        ("too-long", "LastName"): "1 values of name are longer than the 80 characters of Contact.LastName, such as c5",
        ("required-empty", "LastName"): (
            "1 customers have no name, and Contact.LastName is required: no Contact can be created for them, such as c2"
        ),
        ("too-long", "Email"): "1 values of email are longer than the 80 characters of Contact.Email, such as c5",
        (
            "invalid-values",
            "Email",
        ): "1 values of email do not fit Contact.Email, a field of type email, such as c2",
        (
            "too-long",
            "Title",
        ): "2 values of jobTitle are longer than the 128 characters of Contact.Title, such as c1, c2",
        ("null-boolean", "Vip__c"): (
            "2 customers have no isVip, and Contact.Vip__c is a checkbox, which cannot be null, such as c2, c3"
        ),
        ("picklist", "Tier__c"): (
            "3 values of priorityOverride are not in the restricted picklist Contact.Tier__c:"
            " 'bronze' (2), 'iron' (1), such as c2, c3, c4"
        ),
        ("picklist", "Tags__c"): (
            "1 values of tags are not in the restricted picklist Contact.Tags__c: 'vip;us' (1), such as c2"
        ),
        ("invalid-values", "Score__c"): (
            "1 values of totalTickets do not fit Contact.Score__c, a field of type double, such as c2"
        ),
        (
            "keva-column",
            "Website",
        ): "the Keva data has no column Website: the field mapping is switched off until it has",
    }


def test_round_trip_on_the_rows(tmp_path):
    """A two-way field whose values all survive their transformations is left alone; one that loses some is counted."""
    samples = rows(
        tmp_path, "name jobTitle company tags", [("Ada", "CTO", "ACME", '["a"]'), ("Bo", "Buyer of tin", "x", "b;B")]
    )
    line = 'keva="jobTitle"; salesforce="Title"; transform=[{{name="truncate", length={}}}]'
    assert lint(line.format(20), samples=samples) == []
    problem = lint(line.format(5), samples=samples)[0]
    assert problem.code == "mapping-lossy"
    assert "1 values of jobTitle" in problem.message
    assert "c2" in problem.message
    upper = 'keva="{}"; salesforce="Department"; transform=[{{name="case", mode="upper"}}]'
    assert "1 values" in lint(upper.format("company"), samples=samples)[0].message
    assert "2 values" in lint(upper.format("tags"), samples=samples)[0].message
    assert lint('keva="jobTitle"; salesforce="Title"; transform=["trim"]', samples=samples) == []


def test_missing_columns_without_rows(tmp_path):
    """An empty export with the right columns raises nothing; a default fills what is required."""
    samples = rows(tmp_path, "name email", [])
    assert lint('keva="email"; salesforce="Email"', samples=samples) == []
    mapping = file.loads(
        '[contact]\n[[contact.field]]\nkeva="name"\nsalesforce=["FirstName","LastName"]\n'
        'transform=[{name="default", value="Unknown"}, "split_name"]\n'
    )
    assert check(mapping, {"Contact": CUSTOM}, rows(tmp_path, "name", [(None,), ("Ada",)])) == []


@pytest.mark.skipif(not DESCRIBES.exists(), reason="recorded describes of real orgs are not here")
def test_real_describe():
    """A recorded describe of a scratch org gives the same report as our stock org."""
    data = json.loads((DESCRIBES / "cumulusci__Contact.json").read_text(encoding="utf-8"))
    fields = tuple(
        Field(
            item["name"],
            item["label"],
            item["type"],
            item["length"],
            required=not item["nillable"] and not item["defaultedOnCreate"] and item["createable"],
            createable=item["createable"],
            updateable=item["updateable"],
            unique=item["unique"],
            external_id=item["externalId"],
            calculated=item["calculated"],
            compound=item["type"] == "address" or item["name"] == "Name",
            restricted=item["restrictedPicklist"],
            picklist=tuple(value["value"] for value in item["picklistValues"]),
            reference_to=tuple(item["referenceTo"]),
            relationship=item["relationshipName"],
        )
        for item in data["fields"]
    )
    real = Schema(Side.SALESFORCE, "Contact", fields)
    schemas = {**STOCK, "Contact": real}
    assert codes(check(file.loads(file.default_text()), schemas)) == codes(
        check(file.loads(file.default_text()), STOCK)
    )
    assert check(file.loads(file.default_text(real)), schemas) == []
