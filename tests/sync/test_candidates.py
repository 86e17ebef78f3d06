"""Candidates by score in a plan: what is linked, what waits, and what no score may ever touch."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import MAPPING, sf

from kevasync.errors import Refused
from kevasync.sync.candidates import CandidateSearch
from kevasync.sync.explain import explain_record
from kevasync.sync.plan import Plan


class Scores:
    """A scorer that answers from a list and remembers whom it was asked about."""

    def __init__(self, *rows):
        self.rows = rows
        self.asked = None

    def __call__(self, con, customers, contacts):
        ids = [{row[0] for row in con.execute(f"select _id from {view}").fetchall()} for view in (customers, contacts)]
        self.asked = tuple(ids)
        kinds = {"keva_id": pa.string(), "sf_id": pa.string(), "probability": pa.float64(), "evidence": pa.string()}
        rows = [dict(zip(kinds, (*row, "name +8.1 bits"), strict=True)) for row in self.rows]
        return pa.Table.from_pylist(rows, schema=pa.schema(kinds.items()))


def customer(number, **values):
    return {"id": f"k{number}", "email": f"k{number}@a.example", "name": f"Pat Number{number}"} | values


def contact(number, **values):
    return {
        "id": sf(number),
        "Email": f"s{number}@b.example",
        "FirstName": "Pat",
        "LastName": f"Number{number}",
    } | values


def auto(*rows, **more):
    return CandidateSearch(Scores(*rows), auto=True, **more)


def test_a_sure_pair_without_rival_is_linked_and_not_created(plan_of):
    made = plan_of([customer(1)], [contact(1)], candidates=auto(("k1", sf(1), 0.995)))
    assert made.records["k1"] == ("link", "found by score: 99.5 % the same person (name +8.1 bits)", sf(1))
    assert not any(reason == "new record" for reason in (c["reason"] for c in made.changes))
    assert made.waiting("k1") == {("email", "conflict")}
    assert sf(1) not in made.records


def test_in_review_the_same_pair_waits_and_nothing_is_written(plan_of):
    made = plan_of([customer(1)], [contact(1)], candidates=CandidateSearch(Scores(("k1", sf(1), 0.995))))
    assert made.operation("k1") == "ambiguous"
    assert sf(1) in made.reason("k1")
    assert "99.5 %" in made.reason("k1")
    assert made.changes == []
    assert made.records[sf(1)][0] == "not-in-keva"


def test_without_a_search_the_plan_is_as_ever(plan_of):
    made = plan_of([customer(1)], [contact(1)])
    assert made.operation("k1") == "create"
    assert not made.plan.file("candidates").exists()
    assert "candidates" not in made.plan.manifest


@pytest.mark.parametrize(
    "rival",
    [("k2", sf(1), 0.3), ("k1", sf(2), 0.3)],
    ids=["another customer is like the Contact", "another Contact is like the customer"],
)
def test_with_a_rival_a_person_looks(plan_of, rival):
    made = plan_of([customer(1), customer(2)], [contact(1), contact(2)], candidates=auto(("k1", sf(1), 0.999), rival))
    assert made.operation("k1") == "ambiguous"
    assert made.operation("k2") == "create"


def test_two_customers_never_get_one_contact(plan_of):
    search = auto(("k1", sf(1), 0.999), ("k2", sf(1), 0.999))
    made = plan_of([customer(1), customer(2)], [contact(1)], candidates=search)
    assert {made.operation("k1"), made.operation("k2")} == {"ambiguous"}


def test_the_unlikely_are_created_all_the_same(plan_of):
    made = plan_of([customer(1)], [contact(1)], candidates=auto(("k1", sf(1), 0.3)))
    assert made.operation("k1") == "create"
    assert made.plan.manifest["candidates"]["unlikely"] == 1


@pytest.mark.parametrize("how", ["apart", "tombstone"])
def test_what_was_told_apart_or_unlinked_never_comes_back(plan_of, how):
    pair = ("k1", sf(1))
    links = [(*pair, False)] if how == "tombstone" else None
    search = auto((*pair, 0.999), apart=[pair] if how == "apart" else ())
    made = plan_of([customer(1)], [contact(1)], links=links, candidates=search)
    assert made.operation("k1") != "link"
    assert made.plan.manifest["candidates"]["link"] == 0


def test_only_who_has_no_key_is_scored_against_contacts_that_are_free(plan_of):
    scores = Scores()
    keva = [customer(1), customer(2), customer(3, salesforceContactId=sf(3)), customer(4, email="s4@b.example")]
    crm = [contact(number) for number in (2, 3, 4, 5)] + [contact(6, _deleted=True)]
    made = plan_of(keva, crm, links=[("k2", sf(2))], candidates=CandidateSearch(scores, auto=True))
    assert scores.asked == ({"k1"}, {sf(5)})
    assert (made.operation("k3"), made.operation("k4")) == ("link", "link")


def test_a_shared_address_is_settled_by_score(plan_of):
    keva = [customer(1, email="team@a.example"), customer(2, email="team@a.example", name="Ada Else")]
    crm = [contact(1, Email="team@a.example")]
    made = plan_of(keva, crm, candidates=auto(("k1", sf(1), 0.999)))
    assert made.records["k1"][0] == "link"
    assert made.operation("k2") == "ambiguous"


def test_a_narrowed_plan_never_links_by_score(plan_of):
    made = plan_of([customer(1), customer(2)], [contact(1)], customers=["k1"], candidates=auto(("k1", sf(1), 0.999)))
    assert made.operation("k1") == "ambiguous"


def test_nobody_open_means_nobody_is_asked(plan_of):
    scores = Scores()
    made = plan_of([customer(1)], [], candidates=CandidateSearch(scores))
    assert scores.asked is None
    assert made.operation("k1") == "create"


def test_answers_about_others_change_nothing(plan_of):
    """A scorer that names records it was not asked about is not believed."""
    made = plan_of(
        [customer(1), customer(2)], [contact(1)], links=[("k2", sf(1))], candidates=auto(("k1", sf(1), 0.999))
    )
    assert made.operation("k1") == "create"


def test_short_ids_are_candidates_by_their_full_form(plan_of):
    made = plan_of([customer(1)], [contact(1) | {"id": sf(1)[:15]}], candidates=auto(("k1", sf(1), 0.999)))
    assert made.records["k1"][2] == sf(1)


def test_a_contact_held_for_a_person_does_not_become_a_customer(plan_of):
    mapping = type(MAPPING)(MAPPING.name, MAPPING.salesforce, MAPPING.fields, create_in_keva=True)
    search = CandidateSearch(Scores(("k1", sf(1), 0.9)))
    made = plan_of([customer(1)], [contact(1), contact(2)], mapping=mapping, candidates=search)
    assert made.records[sf(1)][0] == "not-in-keva"
    assert made.records[sf(2)][0] == "create"


def test_the_file_is_under_the_digest_and_told_by_why(plan_of):
    made = plan_of([customer(1)], [contact(1)], candidates=auto(("k1", sf(1), 0.9)))
    told = explain_record(made.plan, "k1")["candidates"]
    assert [(row["sf_id"], row["decision"]) for row in told] == [(sf(1), "review")]
    path = made.plan.file("candidates")
    table = pq.read_table(path)
    at = table.column_names.index("decision")
    pq.write_table(table.set_column(at, "decision", pa.array(["link"])), path)
    with pytest.raises(Refused) as refused:
        Plan.load(made.plan.folder)
    assert refused.value.code == "plan-edited"
    path.unlink()
    with pytest.raises(Refused):
        Plan.load(made.plan.folder)
