"""What a plan holds: operations, values to write, what waits for a person, the base it will remember."""

import dataclasses
import json
from pathlib import Path

import pytest
from conftest import MAPPING, settled, sf

from kevasync.errors import Refused, UsageError
from kevasync.mapping.definition import ConflictPolicy, DriftPolicy, FieldMapping
from kevasync.records import Direction, Field, Schema, Side
from kevasync.sync.explain import explain_record
from kevasync.sync.plan import Plan
from kevasync.sync.projection import Sides, planned_fields, projection_steps
from kevasync.values import FieldKind


def with_field(name, **changes):
    fields = tuple(dataclasses.replace(f, **changes) if f.keva == name else f for f in MAPPING.fields)
    return dataclasses.replace(MAPPING, fields=fields)


def test_settled_pair_is_a_no_op(plan_of):
    """Equal on all three: no-op, nothing to write, nothing to remember."""
    keva, crm, base = settled(1)
    made = plan_of(keva=[keva], crm=[crm], base=[base])
    assert made.operation("k1") == "no-op"
    assert (made.changes, made.review, made.base) == ([], [], [])


def test_equal_by_meaning_is_a_no_op(plan_of):
    """Another spelling of the same e-mail, phone or name writes nothing; base takes what Salesforce holds."""
    keva, crm, _ = settled(1, keva={"email": " P1@A.EXAMPLE", "phone": "(212) 555-0142", "name": "Pat  Number1"},
                           crm={"Phone": "+12125550142"})  # fmt: skip
    made = plan_of(keva=[keva], crm=[crm], links=[("k1", sf(1))])
    assert made.operation("k1") == "no-op"
    assert made.changes == []
    assert made.base[0]["Phone"] == "+12125550142"
    assert set(made.base[0]["agreed"]) >= {"Email", "FirstName", "LastName", "Phone", "Title", "MailingCity"}


def test_changes_travel_both_ways(plan_of):
    """Keva's edit goes to Salesforce, Salesforce's to Keva; a clear travels; only the changed part is written."""
    keva, crm, base = settled(1, keva={"name": "Pat Other", "jobTitle": None}, crm={"Phone": "+12125550142"})
    made = plan_of(keva=[keva], crm=[crm], base=[base])
    assert made.operation("k1") == "update"
    assert made.writes("k1") == {
        ("to_crm", "LastName"): "Other", ("to_crm", "Title"): None, ("from_crm", "phone"): "+12125550142",
    }  # fmt: skip
    last = next(row for row in made.changes if row["field"] == "LastName")
    assert (last["old"], last["base"], last["sf_id"]) == ("Number1", "Number1", sf(1))


def test_conflict_waits_and_holds_nothing_back(plan_of):
    """A conflict goes to review; the record's other field is written all the same."""
    keva, crm, base = settled(1, keva={"jobTitle": "CTO", "location": "Oslo"}, crm={"Title": "CEO"})
    made = plan_of(keva=[keva], crm=[crm], base=[base])
    assert made.operation("k1") == "conflict"
    assert made.waiting("k1") == {("jobTitle", "conflict")}
    assert made.writes("k1") == {("to_crm", "MailingCity"): "Oslo"}
    assert made.review[0] | {"reason": ""} == {
        "keva_id": "k1", "sf_id": sf(1), "field": "jobTitle", "kind": "conflict",
        "keva": "CTO", "salesforce": "CEO", "base": "Buyer", "reason": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "keva", "crm", "expected"),
    [
        ("keva", "CTO", "CEO", {("to_crm", "Title"): "CTO"}),
        ("salesforce", "CTO", "CEO", {("from_crm", "jobTitle"): "CEO"}),
        ("longest", "Chief", "CEO", {("to_crm", "Title"): "Chief"}),
        ("fill_only", "CTO", "CEO", {}),
        ("append", "called", "met", {("to_crm", "Title"): "met\ncalled", ("from_crm", "jobTitle"): "met\ncalled"}),
        ("newest", "CTO", "CEO", {("from_crm", "jobTitle"): "CEO"}),
    ],
)
def test_conflict_policies(plan_of, policy, keva, crm, expected):
    """Each policy writes its winner, or both."""
    mapping = with_field("jobTitle", conflict=ConflictPolicy(policy))
    rows = settled(
        1,
        keva={"jobTitle": keva, "_modified": "2026-01-01T00:00:00.000Z"},
        crm={"Title": crm, "_modified": "2026-01-02T00:00:00.000Z"},
    )
    assert plan_of(keva=[rows[0]], crm=[rows[1]], base=[rows[2]], mapping=mapping).writes("k1") == expected


def test_union_of_tags(plan_of):
    """Lists that both sides changed are joined, each in its own form."""
    tags = FieldMapping("tags", ("Tags__c",), kind=FieldKind.LIST, conflict=ConflictPolicy.UNION)
    mapping = dataclasses.replace(MAPPING, fields=(*MAPPING.fields, tags))
    keva, crm, base = settled(1, keva={"tags": '["a", "b"]'}, crm={"Tags__c": "a;c"}, base={"Tags__c": "a"})
    made = plan_of(keva=[keva], crm=[crm], base=[base], mapping=mapping)
    assert made.writes("k1")[("to_crm", "Tags__c")] == "a;b;c"
    assert json.loads(made.writes("k1")[("from_crm", "tags")]) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("drift", "writes", "waiting"),
    [
        ("revert", {("to_crm", "MailingCity"): "Oslo"}, set()),
        ("respect", {}, set()),
        ("report", {}, {("location", "drift")}),
    ],
)
def test_drift_policies(plan_of, drift, writes, waiting):
    """An edit on the target of a one-way field is reverted, respected or reported."""
    keva, crm, base = settled(1, keva={"location": "Oslo"}, crm={"MailingCity": "Rome"}, base={"MailingCity": "Oslo"})
    made = plan_of(keva=[keva], crm=[crm], base=[base], mapping=with_field("location", drift=DriftPolicy(drift)))
    assert made.writes("k1") == writes
    assert made.waiting("k1") == waiting


def test_first_sync_fills_and_never_clears(plan_of):
    """Without a base: empty is filled, different waits, a one-way null waits."""
    keva, crm, _ = settled(
        1, keva={"phone": "+12125550142", "jobTitle": None}, crm={"Title": "CEO", "MailingCity": "Rome"}
    )
    made = plan_of(keva=[keva], crm=[crm], links=[("k1", sf(1))])
    assert made.writes("k1") == {("to_crm", "Phone"): "+12125550142", ("from_crm", "jobTitle"): "CEO"}
    assert made.waiting("k1") == {("location", "review")}
    assert made.operation("k1") == "review"
    assert "Title" not in made.base[0]["agreed"]


def test_a_base_that_knows_some_fields(plan_of):
    """A field outside `agreed` has no base: no clear follows from it; an agreed null is a value."""
    keva, crm, base = settled(1, keva={"jobTitle": None, "location": None}, crm={"Title": "CEO", "MailingCity": "Rome"},
                              base={"agreed": ["Email", "FirstName", "LastName", "Title"], "Title": None})  # fmt: skip
    made = plan_of(keva=[keva], crm=[crm], base=[base])
    assert made.writes("k1") == {("from_crm", "jobTitle"): "CEO"}
    assert made.waiting("k1") == {("location", "review")}


def test_create(plan_of):
    """A new customer becomes a Contact; nothing is written for a null or for a from_crm field."""
    made = plan_of(keva=[{"id": "k1", "email": "a@a.example", "name": "Prince", "industry": "Music"}])
    assert made.operation("k1") == "create"
    assert made.writes("k1") == {("to_crm", "Email"): "a@a.example", ("to_crm", "LastName"): "Prince"}
    assert made.changes[0]["sf_id"] is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"name": "Ann Bo"}, "no e-mail"),
        ({"email": "nonsense", "name": "Ann Bo"}, "not a valid email"),
        ({"email": "a@a.example"}, "no last name"),
    ],
)
def test_create_rejected(plan_of, row, reason):
    """A customer with no or an invalid e-mail, or no last name, is rejected with the reason and writes nothing."""
    made = plan_of(keva=[{"id": "k1", **row}])
    assert made.operation("k1") == "rejected"
    assert reason in made.reason("k1")
    assert made.changes == []


def test_create_switched_off(plan_of):
    """With create_in_salesforce off, a new customer is a no-op that says so."""
    made = plan_of(
        keva=[{"id": "k1", "email": "a@a.example", "name": "A B"}],
        mapping=dataclasses.replace(MAPPING, create_in_salesforce=False),
    )
    assert made.operation("k1") == "no-op"
    assert made.reason("k1") == "not in Salesforce"
    assert made.changes == []


def test_create_in_keva(plan_of):
    """With create_in_keva on, a Contact nobody has becomes a customer, but never one whose e-mail is shared."""
    crm = [{"id": sf(1), "Email": "a@a.example", "LastName": "Ito"},
           {"id": sf(2), "Email": "b@a.example", "LastName": "B"},
           {"id": sf(3), "Email": "B@a.example", "LastName": "B"}, {"id": sf(4), "LastName": "No mail"}]  # fmt: skip
    made = plan_of(crm=crm, mapping=dataclasses.replace(MAPPING, create_in_keva=True))
    assert {key: row[0] for key, row in made.records.items()} == {
        sf(1): "create", sf(2): "not-in-keva", sf(3): "not-in-keva", sf(4): "not-in-keva",
    }  # fmt: skip
    assert made.writes() == {("from_crm", "email"): "a@a.example", ("from_crm", "name"): "Ito"}


def test_a_bad_value_holds_back_its_field_only(plan_of):
    """On an update an invalid e-mail, a cleared name or an over-long title is held; the rest goes."""
    title = Field("Title", "Title", "string", length=10)
    schema = Schema(Side.SALESFORCE, "Contact", (title, Field("LastName", "Last Name", "string", 80, required=True)))
    keva, crm, base = settled(1, keva={"email": "not mail", "name": None, "jobTitle": "x" * 11, "location": "Oslo"})
    made = plan_of(keva=[keva], crm=[crm], base=[base], schema=schema)
    assert made.waiting("k1") == {("email", "held"), ("name", "held"), ("jobTitle", "held")}
    assert made.writes("k1") == {("to_crm", "MailingCity"): "Oslo"}
    assert made.operation("k1") == "review"


def test_absent_key_says_nothing(plan_of):
    """A key absent from one record changes nothing in either direction; base stays."""
    keva, crm, base = settled(1, keva={"jobTitle": None, "_absent": ["jobTitle"]}, crm={"Title": "CEO"})
    made = plan_of(keva=[keva], crm=[crm], base=[base])
    assert made.operation("k1") == "no-op"
    assert (made.changes, made.base) == ([], [])


def test_missing_column_is_switched_off(plan_of):
    """A field that a side's data lacks is not compared, and the plan says so."""
    mapping = dataclasses.replace(MAPPING, fields=(*MAPPING.fields, FieldMapping("plan", ("Plan__c",))))
    keva, crm, base = settled(1)
    made = plan_of(keva=[keva], crm=[crm], base=[base], mapping=mapping)
    assert made.plan.manifest["fields_off"] == []
    sides = Sides("k", "s", None, frozenset({"email"}), frozenset({"Email", "Title"}), frozenset(), None, "US")
    fields, off = planned_fields(MAPPING.fields, sides)
    assert [item.mapping.keva for item in fields] == ["email"]
    assert {item["field"] for item in off} == {"name", "phone", "jobTitle", "location", "industry"}


def test_counts_add_up(plan_of):
    """Every customer and every unlinked Contact is in records exactly once; the manifest counts them."""
    rows = [settled(number) for number in range(1, 6)]
    made = plan_of(
        keva=[row[0] for row in rows[:4]], crm=[row[1] for row in rows[1:]], base=[row[2] for row in rows[:3]]
    )
    assert sum(made.plan.counts.values()) == len(made.records) == made.plan.manifest["rows"]["records"] == 5


def test_digest_protects_the_folder(plan_of):
    """A plan edited by hand, or with a file gone, is refused."""
    keva, crm, base = settled(1, keva={"jobTitle": "CTO"})
    folder = plan_of(keva=[keva], crm=[crm], base=[base]).plan.folder
    manifest = json.loads((folder / "plan.json").read_text())
    (folder / "plan.json").write_text(json.dumps(manifest | {"guards": [], "clears": 7}))
    with pytest.raises(Refused, match="plan-edited"):
        Plan.load(folder)
    (folder / "plan.json").write_text("{")
    with pytest.raises(UsageError, match="plan-unreadable"):
        Plan.load(folder)


def test_one_record_in_full(plan_of):
    """`--why` finds a record by Keva id or Salesforce id of either length."""
    keva, crm, base = settled(1, keva={"jobTitle": "CTO"})
    plan = plan_of(keva=[keva], crm=[crm], base=[base]).plan
    for wanted in ("k1", sf(1), sf(1)[:15]):
        told = explain_record(plan, wanted)
        assert told["records"][0]["operation"] == "update"
        assert told["changes"][0]["new"] == "CTO"
    with pytest.raises(UsageError, match="record-not-in-plan"):
        explain_record(plan, "nobody")


def test_guards_fire_with_their_numbers(plan_of):
    """An empty side, too many changes, clears and unlinks each fire with the count and the flag."""
    rows = [settled(number, keva={"jobTitle": None}) for number in range(1, 101)]
    made = plan_of(keva=[row[0] for row in rows], crm=[row[1] for row in rows], base=[row[2] for row in rows])
    assert {guard["code"]: guard["flag"] for guard in made.plan.guards} == {
        "guard-clears": "--allow-clears", "guard-changes": "--allow-changes",
    }  # fmt: skip
    assert "100 of 100 (100.0 %)" in made.plan.guards[0]["message"]
    empty = plan_of(keva=[], crm=[row[1] for row in rows], base=[row[2] for row in rows])
    assert {guard["code"] for guard in empty.plan.guards} == {"guard-empty-side", "guard-unlinks"}
    assert Direction.TO_CRM in empty.plan.manifest["directions"] or not empty.plan.manifest["directions"]


def test_the_assembled_sql_is_as_it_was():
    """The one part of the SQL that follows the mapping is the golden file's; write it anew only on purpose."""
    names = {name for field in MAPPING.fields for name in field.salesforce}
    keva = frozenset(field.keva for field in MAPPING.fields)
    sides = Sides("k", "s", "b", keva, frozenset(names), frozenset({*names, "agreed"}), "Keva_Id__c", "US")
    fields, _ = planned_fields(MAPPING.fields, sides)
    before, after = projection_steps(fields, sides)
    text = "\n\n".join(f"-- step: {name}\n{statement};" for name, statement in before + after) + "\n"
    golden = Path(__file__).parent / "golden" / "projection.sql"
    assert text.encode() == golden.read_bytes(), "run tests/sync/golden/write.py if the change is meant"


def test_what_no_field_is_mapped_to_rejects_a_create(plan_of):
    """A required field, or Keva's e-mail, that the mapping leaves out is said in the plan, not by the side."""
    bare = dataclasses.replace(MAPPING, fields=tuple(f for f in MAPPING.fields if f.keva != "name"))
    made = plan_of(keva=[{"id": "k1", "email": "p1@a.example"}], mapping=bare)
    assert (made.operation("k1"), made.changes) == ("rejected", [])
    assert made.reason("k1") == "nothing is mapped to LastName, which is required"
    one_way = dataclasses.replace(with_field("email", direction=Direction.TO_CRM), create_in_keva=True)
    made = plan_of(crm=[settled(1)[1]], mapping=one_way)
    assert (made.operation(settled(1)[1]["id"]), made.changes) == ("rejected", [])
