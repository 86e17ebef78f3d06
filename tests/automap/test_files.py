"""The files of a review and of other tools: what is written is read back, what is wrong is named."""

import csv
import json
import time
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kevasync.automap import describes, exchange, mapping_file, maps, sources, workbook
from kevasync.automap.decisions import Held, MappingDecision, Verdict
from kevasync.automap.exchange import Pair
from kevasync.automap.fields import Candidate, CustomField, Evidence, SourceField, Suggestion, ValueProfile
from kevasync.errors import Refused, UsageError
from kevasync.mapping import file
from kevasync.mapping.definition import Transform
from kevasync.records import Direction

CONTACT = describes.standard("Contact")
VALUES = ValueProfile(3, 3, 1.0, 3, 9, 5.0, {}, ("=1+1", "-5", "\x02bell"), ())
SUGGESTIONS = [
    Suggestion(
        SourceField("=cmd|' /C calc'!A0", "Erster", profile=VALUES),
        (Candidate("FirstName", 0.9, (Evidence("name", 0.9, 1.2, "spelled alike"),)), Candidate(None, 0.1)),
        ("FirstName",),
        Direction.BIDIRECTIONAL,
        (Transform("null_if", {"values": ("-",)}),),
    ),
    Suggestion(
        SourceField("shoe, size"),
        (Candidate(None, 0.8), Candidate("Title", 0.1)),
        (),
        Direction.TO_CRM,
        custom_field=CustomField("Keva_Shoe_Size__c", "Shoe size", "Number", 18),
    ),
    Suggestion(SourceField("mail"), (Candidate("Email", 0.99),), ("Email",), Direction.BIDIRECTIONAL),
]


def fill(path, **decisions):
    """Type decisions into a review file, as a person would: column to (decision, target)."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        sheet = book["review"]
        heads = [cell.value for cell in sheet[1]]
        for row in sheet.iter_rows(min_row=2):
            word, target = decisions.get(row[0].value, ("", ""))
            row[heads.index("decision")].value, row[heads.index("target")].value = word or None, target or None
        book.save(path)
        book.close()
        return
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row["decision"], row["target"] = decisions.get(row["source"].removeprefix("'"), ("", ""))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=";")  # as Excel in Germany saves it
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("name", ["review.xlsx", "review.csv"])
def test_a_review_round_trip(tmp_path, name):
    """Decisions come back with columns, steps and custom field as they were; odd names and formulas are plain text."""
    path = tmp_path / name
    workbook.write(path, SUGGESTIONS, "Contact", targets=CONTACT, held={"mail": Held(last="d7")}, mapping="abc")
    fill(path, **{SUGGESTIONS[0].source.name: ("accept", ""), "shoe, size": ("Accept", ""), "mail": ("", "homephone")})
    review = workbook.read(path, lambda _: CONTACT)
    first, second, third = review.decisions
    assert (first.source, first.verdict, first.targets) == (SUGGESTIONS[0].source.name, "accept", ("FirstName",))
    assert first.transforms == SUGGESTIONS[0].transforms
    assert first.direction is Direction.BIDIRECTIONAL
    assert second.custom_field.name == "Keva_Shoe_Size__c"
    assert (third.verdict, third.targets, third.seen) == ("change", ("HomePhone",), "d7")
    assert first.seen is None
    assert review.mapping == ("abc" if path.suffix == ".xlsx" else None)


def test_no_cell_is_a_formula(tmp_path):
    """Excel runs nothing that a column name or a value says."""
    path = tmp_path / "review.xlsx"
    workbook.write(path, SUGGESTIONS, "Contact", targets=CONTACT, held={})
    book = openpyxl.load_workbook(path)
    assert all(cell.data_type != "f" for page in book for row in page.iter_rows() for cell in row)
    book.close()
    plain = tmp_path / "review.csv"
    workbook.write(plain, SUGGESTIONS, "Contact", targets=CONTACT, held={})
    assert "\n=" not in plain.read_text("utf-8-sig")


def test_wrong_rows_are_all_named_and_none_is_taken(tmp_path):
    """A misspelled decision, a field that is not there, a change to nothing."""
    path = tmp_path / "review.csv"
    workbook.write(path, SUGGESTIONS, "Contact", targets=CONTACT, held={})
    fill(path, **{"shoe, size": ("accpt", ""), "mail": ("change", "Emial"), SUGGESTIONS[0].source.name: ("change", "")})
    with pytest.raises(UsageError) as caught:
        workbook.read(path, lambda _: CONTACT)
    assert caught.value.code == "automap-review-rows"
    assert len(caught.value.problems) == 3
    assert "row 3" in caught.value.problems[1].message


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"a,b\n1,2\n", b"\xff\xfe\x00"])
@pytest.mark.parametrize("name", ["r.xlsx", "r.csv"])
def test_a_broken_review_file_is_one_clear_error(tmp_path, name, content):
    """Cut, foreign or empty."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError, match="automap-review-file"):
        workbook.read(path, lambda _: CONTACT)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)


@given(st.lists(TEXT, min_size=1, max_size=6, unique=True), st.lists(TEXT, max_size=3))
def test_sdl_round_trip(names, comments):
    """Whatever a column is called, Data Loader's map gives it back."""
    pairs = [Pair(name, ("Title",)) for name in names]
    text = exchange.sdl_text(pairs, comments)
    assert text.isascii()
    assert [(pair.source, pair.targets) for pair in exchange.read_sdl(text)] == [(name, ("Title",)) for name in names]


def test_sdl_as_data_loader_writes_it(tmp_path):
    """Comments, dates, escapes, several fields, look-ups by external id, columns left out."""
    path = tmp_path / "contacts.sdl"
    path.write_bytes(
        b"#Mapping values\r\n#Mon Jan 15 10:00:00 CET 2024\r\nE-Mail\\ Address=Email\r\nNa\\:me=FirstName, LastName\r\n"
        b"Gr\\u00f6\\u00dfe=\r\n! also a comment\r\nacct=Account\\:Ext__c\r\nlong\\\r\n  er : Title\r\n"
    )
    found = maps.from_map(path, "Contact", CONTACT)
    assert [(item.source, item.targets) for item in found] == [
        ("E-Mail Address", ("Email",)),
        ("Na:me", ("FirstName", "LastName")),
        ("acct", ("Account:Ext__c",)),
        ("longer", ("Title",)),
    ]
    path.write_bytes(b"a=Email\nb=Nonsense\n")
    with pytest.raises(UsageError, match="line 2: there is no field 'Nonsense'"):
        maps.from_map(path, "Contact", CONTACT)
    path.write_bytes(b"a=\\u00f\n")
    with pytest.raises(UsageError, match="automap-map-file"):
        maps.from_map(path, "Contact", CONTACT)


def decision(source, *targets, verdict="accept", number=0, of="Contact", **more):
    return MappingDecision(of, source, Verdict(verdict), targets, id=f"{source}-{number}", **more)


@pytest.fixture
def mapping(tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text(file.default_text(None), encoding="utf-8")
    return path


def test_accepted_pairs_go_into_the_mapping_and_comments_stay(mapping):
    """New pairs are added with their steps, pairs that are there stay as somebody wrote them."""
    mapping.write_text(mapping.read_text().replace('keva = "email"', 'keva = "email"  # by hand'))
    before = mapping.read_text()
    made = mapping_file.write(
        mapping,
        [
            decision(
                "mobile", "MobilePhone", direction=Direction.TO_CRM, transforms=(Transform("e164", {"region": "DE"}),)
            ),
            decision("email", "Email"),
            decision("employees", "NumberOfEmployees", of="Account"),
        ],
        "Contact",
    )
    assert [item.source for item in made.written] == ["mobile"]
    assert [item.source for item in made.unchanged] == ["email"]
    after = mapping.read_text()
    assert set(before.splitlines()) <= set(after.splitlines())
    (field,) = [one for one in file.load(mapping).object("contact").fields if one.keva == "mobile"]
    assert (field.salesforce, field.direction) == (("MobilePhone",), Direction.TO_CRM)
    mapping_file.write(mapping, [decision("staff", "NumberOfEmployees", of="Account")], "Account")
    (field,) = [one for one in file.load(mapping).object("contact").fields if one.keva == "staff"]
    assert (field.salesforce, field.direction) == (("Account.NumberOfEmployees",), Direction.FROM_CRM)


def test_what_is_read_through_a_look_up_and_what_keva_computes(mapping):
    """A company's name is read from the Account; what Keva computes takes nothing."""
    mapping.write_text(mapping.read_text().replace('keva = "company"', 'keva = "firm"'))
    reads = {"direction": Direction.FROM_CRM}
    made = mapping_file.write(
        mapping, [decision("boss", "AccountId", **reads), decision("createdAt", "CreatedDate", **reads)], "Contact"
    )
    assert [item.source for item in made.written] == ["boss"]
    assert "Keva computes createdAt" in made.held[0][1]
    assert 'salesforce = "Account.Name"' in mapping.read_text()


def test_what_was_taken_back_goes_and_what_clashes_waits(mapping):
    """A pair changed later is replaced; two columns for one field are not written."""
    first = decision("fax_no", "Fax")
    mapping_file.write(mapping, [first], "Contact")
    later = decision("fax_no", "OtherPhone", verdict="change", number=1)
    made = mapping_file.write(mapping, [first, later, decision("first", "FirstName")], "Contact")
    assert made.removed == (("fax_no", ("Fax",)),)
    assert [(item.source, reason) for item, reason in made.held] == [("first", "name writes FirstName already")]
    fields = {one.keva: one.salesforce for one in file.load(mapping).object("contact").fields}
    assert fields["fax_no"] == ("OtherPhone",)
    assert fields["name"] == ("FirstName", "LastName")


def test_a_mapping_edited_meanwhile_is_left_alone(mapping):
    """The refusal names the file; not a byte of it changes, and no draft is left behind."""
    seen = mapping_file.fingerprint(mapping)
    mapping.write_text(mapping.read_text() + "# mine\n")
    before = mapping.read_bytes()
    with pytest.raises(Refused, match="automap-mapping-changed"):
        mapping_file.write(mapping, [decision("mobile", "MobilePhone")], "Contact", seen=seen)
    assert mapping.read_bytes() == before
    assert [path.name for path in mapping.parent.iterdir()] == ["mapping.toml"]
    mapping.write_text("[contact\n")
    with pytest.raises(UsageError, match="mapping-invalid"):
        mapping_file.write(mapping, [decision("mobile", "MobilePhone")], "Contact")


def test_own_writes_do_not_overtake_a_review():
    """From the fingerprint a reviewer knew, our own writes lead to the one that is there now."""
    assert mapping_file.followed("a", [("x", "a"), ("a", "b"), ("b", "c")]) == "c"
    assert mapping_file.followed(None, [("a", "b")]) is None


def test_the_mapping_reads_back_as_decisions(mapping):
    """mapping.toml is a source of decisions, its Account part apart."""
    assert {item.source for item in maps.from_mapping(mapping, "Account")} == {"industry", "website"}
    name = next(item for item in maps.from_mapping(mapping, "Contact") if item.source == "name")
    assert (name.targets, [step.name for step in name.transforms]) == (("FirstName", "LastName"), ["split_name"])


def test_an_sdl_maps_only_what_was_accepted():
    """Suggestions are comments: nothing is applied by itself."""
    text = maps.sdl_of(SUGGESTIONS, {"mail": ("Email",)})
    assert {pair.source: pair.targets for pair in exchange.read_sdl(text)}["mail"] == ("Email",)
    assert "suggested with 0.90" in text
    assert "=FirstName" not in text


DESCRIBE = {
    "name": "Contact",
    "fields": [
        {"name": "Id", "label": "ID", "type": "id", "length": 18, "createable": False, "updateable": False},
        {"name": "MailingAddress", "label": "Mailing", "type": "address", "createable": True, "updateable": True},
        {
            "name": "Tier__c",
            "label": "Tier",
            "type": "picklist",
            "length": 40,
            "createable": True,
            "updateable": True,
            "restrictedPicklist": True,
            "picklistValues": [{"value": "Gold", "active": True}, {"value": "Old", "active": False}],
        },
    ],
}


def write(path: Path, document) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "document", [DESCRIBE, {"result": DESCRIBE}, {"Contact": DESCRIBE["fields"]}, DESCRIBE["fields"]]
)
def test_a_describe_in_each_of_its_forms(tmp_path, document):
    """Salesforce's own, the sf command's, and plain lists."""
    found = {field.name: field for field in describes.read(write(tmp_path / "d.json", document), "Contact")}
    assert not found["Id"].writable
    assert not found["MailingAddress"].writable
    assert (found["Tier__c"].picklist, found["Tier__c"].restricted) == (("Gold",), True)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (json.dumps(DESCRIBE)[:150], "automap-describe"),
        ("", "automap-describe"),
        ([], "automap-describe"),
        ({"name": "Contact"}, "automap-describe"),
        ([{"label": "x"}], "automap-describe"),
        ([{"name": "A"}, {"name": "a"}], "automap-describe"),
        ([1, 2], "automap-describe"),
        ({"name": "Account", "fields": []}, "automap-describe-object"),
        ({"Account": [{"name": "Name"}]}, "automap-describe-object"),
    ],
)
def test_a_describe_that_is_none(tmp_path, document, code):
    """Cut, empty, of another object: said in one error."""
    with pytest.raises(UsageError, match=f"^{code}: "):
        describes.read(write(tmp_path / "d.json", document), "Contact")


def test_a_list_of_fields_is_told_from_rows(tmp_path):
    """{name, label, type} are columns; records that have a name are records."""
    listed = sources.read_list(write(tmp_path / "f.json", [{"name": "mail", "label": "E-Mail", "type": "string"}]))
    assert [(one.name, one.label, one.type) for one in listed] == [("mail", "E-Mail", "string")]
    assert sources.read_list(write(tmp_path / "r.json", [{"name": "Ann", "email": "a@example.com"}])) is None
    assert sources.read_list(write(tmp_path / "c.csv", "name,type\n1,2\n")) is None
    twice = write(tmp_path / "t.json", [{"name": "a", "type": "x"}, {"name": "a", "type": "y"}])
    with pytest.raises(UsageError, match="'a' stands twice"):
        sources.read_list(twice)


def test_a_thousand_accepted_fields_are_written_in_seconds(mapping):
    """One rewrite for all of them, and one when half are taken back; comments and other entries stay."""
    before = mapping.read_text()
    accepted = [decision(f"column_{number}", f"Keva_C{number}__c") for number in range(1_000)]
    started = time.process_time()
    made = mapping_file.write(mapping, accepted, "Contact")
    taken_back = [
        decision(f"column_{number}", f"Keva_C{number}__c", verdict="reject", number=1) for number in range(0, 1_000, 2)
    ]
    again = mapping_file.write(mapping, [*accepted, *taken_back], "Contact")
    assert time.process_time() - started < 20  # rewriting per field took minutes
    assert (len(made.written), len(again.unchanged), len(again.removed)) == (1_000, 500, 500)
    kept = [field.keva for field in file.load(mapping).object("contact").fields]
    assert [name for name in kept if name.startswith("column_")] == [f"column_{place}" for place in range(1, 1_000, 2)]
    assert set(before.splitlines()) <= set(mapping.read_text().splitlines())
