"""mapping.toml: what is read, what is refused and how it is told, and edits that keep what people wrote."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kevasync.errors import UsageError, catalogue
from kevasync.mapping import file
from kevasync.mapping.definition import ConflictPolicy, FieldMapping, Transform
from kevasync.records import Direction
from kevasync.values import FieldKind

MINIMAL = """\
# our mapping
version = 1

[contact]
salesforce = "Contact"

# the key to everything
[[contact.field]]
keva = "email"         # unique in Keva
salesforce = "Email"

# people
[[contact.field]]
keva = "name"
salesforce = ["FirstName", "LastName"]
transform = ["split_name"]

[account]
# read only
[[account.field]]
keva = "industry"
salesforce = "Industry"
"""


STEP = '[contact]\n[[contact.field]]\nkeva = "a"\nsalesforce = "B"\ntransform = '


def refused(text: str) -> list:
    with pytest.raises(UsageError) as caught:
        file.loads(text)
    assert caught.value.code == "mapping-invalid"
    assert all(problem.code in catalogue() for problem in caught.value.problems)
    return list(caught.value.problems)


def test_default_mapping_is_keva_s_documented_one():
    """Without a describe the default file is the documented mapping, field by field and direction by direction."""
    contact = file.loads(file.default_text()).object("contact")
    assert [(field.keva, "+".join(field.salesforce), field.direction.value) for field in contact.fields] == [
        ("email", "Email", "bidirectional"),
        ("name", "FirstName+LastName", "bidirectional"),
        ("phone", "Phone", "bidirectional"),
        ("company", "Company", "bidirectional"),
        ("jobTitle", "Title", "bidirectional"),
        ("location", "MailingCity", "to_crm"),
        ("timezone", "TimeZone__c", "to_crm"),
        ("notes", "Description", "bidirectional"),
        ("totalTickets", "Keva_Ticket_Count__c", "to_crm"),
        ("industry", "Account.Industry", "from_crm"),
        ("website", "Account.Website", "from_crm"),
    ]


def test_kinds_are_known():
    """A field that does not say its type gets it from Keva's field or from its transformations."""
    contact = file.loads(file.default_text()).object("contact")
    kinds = {field.keva: field.kind.value for field in contact.fields}
    assert kinds == {
        **{name: name for name in ("email", "name", "phone", "timezone")},
        "totalTickets": "number",
        **dict.fromkeys(["company", "jobTitle", "location", "notes", "industry", "website"], "text"),
    }
    text = STEP.replace('"a"', '"isVip"') + '[{name="map_values", table={true="Yes"}}]'
    assert file.loads(text).objects[0].fields[0].kind is FieldKind.TEXT


def test_account_fields_are_paths_of_the_contact():
    """Both ways of writing an Account field mean a path of the Contact that is only read."""
    dotted = '[contact]\n[[contact.field]]\nkeva = "industry"\nsalesforce = "Account.Industry"\n'
    table = '[account]\n[[account.field]]\nkeva = "industry"\nsalesforce = "Industry"\n'
    expected = FieldMapping("industry", ("Account.Industry",), Direction.FROM_CRM)
    assert file.loads(dotted).objects[0].fields == file.loads(table).objects[0].fields == (expected,)


def test_round_trip():
    """What is dumped loads as the same mapping, arguments, policies and switched-off external id included."""
    mapping = file.loads(file.default_text())
    steps = (
        Transform("null_if", {"values": ("N/A", "-")}),
        Transform("map_values", {"table": {"a b": "1"}, "default": "x"}),
    )
    extra = FieldMapping("x.y", ("X__c",), Direction.TO_CRM, FieldKind.LIST, steps, conflict=ConflictPolicy.UNION)
    contact = replace(mapping.objects[0], fields=(*mapping.objects[0].fields, extra), external_id=None)
    mapping = replace(mapping, objects=(contact,))
    assert file.loads(file.dump(mapping)).objects[0] == replace(contact, line=4)


def test_all_mistakes_at_once_with_their_lines():
    """Every mistake is told in one go, each with file, line and the nearest right word."""
    text = """\
version = 1
[contact]
salesforce = 7
creat_in_keva = true
[[contact.field]]
keva = "email"
salesforce = "Email"
direction = "both"
[[contact.field]]
keva = "name"
salesforce = ["FirstName", "LastName"]
transform = ["splitname"]
[[contact.field]]
salesforce = "Phone"
[[contact.field]]
keva = "jobTitle"
salesforce = "Title"
transform = ["trim", {name = "truncate", lenght = 40}]
[[contact.field]]
keva = "a"
salesforce = ["A", "B"]
"""
    problems = refused(text)
    found = {(problem.code, problem.message.split(": ")[0]) for problem in problems}
    assert found == {
        ("mapping-wrong-type", "mapping.toml:3"),
        ("mapping-unknown-key", "mapping.toml:4"),
        ("mapping-unknown-value", "mapping.toml:8"),
        ("mapping-transform", "mapping.toml:12"),
        ("mapping-missing-key", "mapping.toml:13"),
        ("mapping-transform", "mapping.toml:18"),
        ("mapping-transform", "mapping.toml:19"),
    }
    hints = " ".join(problem.hint for problem in problems)
    for word in ("create_in_keva", "split_name", "length"):
        assert word in hints


@pytest.mark.parametrize(
    "text",
    [
        "version = 2\n[contact]\n",
        "version = 1\n",
        "contact = 5\n",
        "[contact]\nfield = [1]\n",
        "[contact]\nfield = 'x'\n",
        "[contact\n",
        "[contact]\nsalesforce = \n",
        '[contact]\n[[contact.field]]\nkeva = ["a"]\nsalesforce = "B"\n',
        '[contact]\n[[contact.field]]\nkeva = "a"\nsalesforce = [1]\n',
        '[contact]\n[[contact.field]]\nkeva = "a"\nsalesforce = []\n',
        '[contact]\n[[contact.field]]\nkeva = "a"\nsalesforce = "B"\ntransform = [3]\n',
        '[contact]\n[[contact.field]]\nkeva = "a"\nsalesforce = ["B","C"]\ntransform = ["split_name", "trim"]\n',
        STEP + '[{name="regex_replace", pattern="(", replacement=""}]\n',
        STEP + '[{name="regex_replace", pattern="a", replacement="\\\\9"}]\n',
        STEP + '[{name="date", format="%Q"}]\n',
        STEP + '[{name="datetime", format="%Y", zone="Mars"}]\n',
        STEP + '[{name="truncate", length=0}]\n',
        STEP + '[{name="case", mode="loud"}]\n',
        '[leads]\n[contact]\n[[contact.field]]\nkeva = "a"\nsalesforce = "B"\n',
    ],
)
def test_nonsense_is_refused(text):
    """Nonsense of every sort is refused with a problem, never with a traceback."""
    assert refused(text)


def test_missing_or_unreadable_file(tmp_path):
    """A file that is not there, a folder and a file that is no text each get their own sentence."""
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(UsageError) as caught:
            file.load(path)
        assert caught.value.code == "mapping-missing"
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9")
    with pytest.raises(UsageError, match="not UTF-8"):
        file.load(tmp_path / "latin.toml")


def test_edits_keep_comments(tmp_path):
    """A changed, an added and a removed field leave all other lines of the file as they were."""
    path = tmp_path / "mapping.toml"
    path.write_text(MINIMAL, encoding="utf-8")
    before = file.load(path)
    file.set_field(path, replace(before.objects[0].fields[0], direction=Direction.TO_CRM))
    changed = path.read_text(encoding="utf-8")
    assert [line for line in changed.splitlines() if line not in MINIMAL.splitlines()] == ['direction = "to_crm"']
    added = FieldMapping("jobTitle", ("Title",), transforms=(Transform("truncate", {"length": 128}),))
    file.set_field(path, added)
    assert file.load(path).objects[0].fields[2] == added
    assert file.remove_field(path, "name", ("FirstName", "LastName"))
    assert not file.remove_field(path, "name", ("FirstName", "LastName"))
    assert file.remove_field(path, "jobTitle", ["Title"])
    text = path.read_text(encoding="utf-8")
    assert "# people" not in text
    for line in ("# our mapping", "# the key to everything", 'keva = "email"         # unique in Keva', "# read only"):
        assert line in text
    assert [field.keva for field in file.load(path).objects[0].fields] == ["email", "industry"]


def test_edits_find_account_fields(tmp_path):
    """An Account path is changed and removed where it stands: in [account], without its prefix."""
    path = tmp_path / "mapping.toml"
    path.write_text(MINIMAL, encoding="utf-8")
    field = replace(file.load(path).objects[0].fields[2], transforms=(Transform("trim"),))
    file.set_field(path, field)
    assert file.load(path).objects[0].fields[2] == field
    assert "Account.Industry" not in path.read_text(encoding="utf-8")
    assert file.remove_field(path, "industry", ("Account.Industry",))
    assert len(file.load(path).objects[0].fields) == 2


def test_an_edit_that_changes_nothing_writes_the_same_text(tmp_path):
    """Setting each field to what it is leaves the file byte for byte."""
    path = tmp_path / "mapping.toml"
    path.write_text(
        MINIMAL + '\n[[account.field]]\nkeva = "website"\nsalesforce = ["Website"]\nconflict = "ask"\n',
        encoding="utf-8",
    )
    before = path.read_bytes()
    for field in file.load(path).objects[0].fields:
        file.set_field(path, field)
    text = path.read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if not line.startswith("direction")] == before.decode().splitlines()


def test_several_changes_are_one_edit(tmp_path):
    """Changed, taken out and added together are what they are one after another."""
    text = file.default_text(None)
    whole, steps = tmp_path / "whole.toml", tmp_path / "steps.toml"
    for path in (whole, steps):
        path.write_text(text, encoding="utf-8")
    fields = file.load(whole).objects[0].fields
    changed = [replace(one, direction=Direction.TO_CRM) for one in fields[:2]]
    added = [replace(fields[0], keva=f"own{number}", salesforce=(f"Own{number}__c",)) for number in range(3)]
    gone = [(one.keva, one.salesforce) for one in (fields[2], fields[-1])]
    assert file.change_fields(whole, [*changed, *added], [*gone, ("nobody", ("Fax",))]) == 2
    for place in gone:
        assert file.remove_field(steps, *place)
    for one in (*changed, *added):
        file.set_field(steps, one)
    assert file.load(whole).objects[0].fields == file.load(steps).objects[0].fields
    assert whole.read_text() == steps.read_text()
