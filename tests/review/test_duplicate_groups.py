"""From a kept search to the review: cards, survivors, what a merge moves, measured precision; damage is said."""

from __future__ import annotations

import pyarrow as pa
import pytest

from kevasync.dedupe import kept
from kevasync.dedupe.decisions import DuplicateDecision, DuplicateDecisions, Verdict
from kevasync.dedupe.groups import Found, Kind
from kevasync.dedupe.merge import fingerprint
from kevasync.dedupe.sides import Stored
from kevasync.dedupe.survivorship import Rule, Rules
from kevasync.errors import RunError
from kevasync.records import Field, Schema, Side
from kevasync.review.duplicate_groups import Order, Surroundings, measured_here, session_of, shown_groups
from kevasync.store.decisions import Decisions
from kevasync.store.state import State

PAIRS = pa.table({"id_a": ["a"], "id_b": ["b"], "probability": [0.9], "weight": [3.2]})
SCHEMA = Schema(Side.SALESFORCE, "Contact", (Field("Phone", "Business Phone", "phone"),))


def stored(name, **values):
    side = Side.KEVA if name.startswith("keva:") else Side.SALESFORCE
    return Stored(name, side, "2026-11-02T08:00:00Z", {"LastName": "Lee", "Phone": None, "Fax": None, **values})


@pytest.fixture
def search(tmp_path):
    groups = [
        Found(("a", "b", "keva:1"), Kind.MERGE, 0.9, ("a", "b")),
        Found(("c", "keva:2"), Kind.LINK, 0.55, ("c", "keva:2")),
        Found(("d", "e"), Kind.MERGE, 0.7, ("d", "e")),
    ]
    told = {0: [kept.Told("prior", -4.0), kept.Told("email", 7.2, "x", "x")]}
    records = [
        stored("a", Phone="1"), stored("b", Phone="22", Title="CTO", **{"Account.Name": "Acme"}),
        stored("keva:1", Phone="333"),
        stored("c"), stored("keva:2"), stored("d"), stored("e"),
    ]  # fmt: skip
    manifest = {
        "object": "contact",
        "sobject": "Contact",
        "snapshots": {"salesforce": []},
        "too_large": [],
        "left_to_plan": 2,
    }
    kept.save(tmp_path, manifest, PAIRS, groups, told, {one.id: one for one in records}, {"a": "keva:1", "keva:1": "a"})
    return kept.latest(tmp_path)


@pytest.fixture
def decisions(tmp_path):
    with State.open(tmp_path / "state.db") as state:
        yield DuplicateDecisions(Decisions(state))


def say(decisions, number, ids, verdict="merge", probability=None):
    decisions.record("ana", [DuplicateDecision(tuple(ids), Verdict(verdict), f"t:{number}", probability=probability)])


def test_the_page_of_a_search(search):
    """The linked Contact is the main record; rules speak of Contacts; marks are of what must be found unchanged."""
    around = Surroundings(SCHEMA, {"b": {"Case": 3, "Opportunity": 1}, "a": {"Case": 9}})
    made = session_of(search, [0, 1, 2], "/ws", "ana", Rules(fields={"Phone": Rule.LONGEST}), around, None)
    first, second, _ = made.groups
    assert [one.id for one in first.records] == ["a", "b", "keva:1"]
    assert [one.main for one in first.records] == [True, True, False]
    assert first.records[0].note == "a · changed 2026-11-02 · linked to 1"
    assert first.survivors["Phone"] == 1
    assert first.children == "3 Cases, 1 Opportunity"
    assert "Fax" not in first.fields
    assert first.records[1].marks["Title"] == fingerprint("CTO")
    assert "Account.Name" not in first.records[1].marks
    assert [(one.field, one.bits) for one in first.evidence] == [("prior", -4.0), ("email", 7.2)]
    assert (second.becomes, second.children) == ("A link between Keva and Salesforce", "")
    assert (made.labels["Phone"], made.waiting) == ("Business Phone", 3)


def test_what_tells_most_comes_first(search, decisions):
    """Undecided before decided, uncertain before sure; a skip is undecided."""
    say(decisions, 1, ("c", "keva:2"))
    say(decisions, 2, ("d", "e"), "skip")
    assert shown_groups(search, decisions) == [2, 0, 1]
    assert shown_groups(search, decisions, 1) == [2]
    assert shown_groups(search, decisions, 2, Order.SUREST) == [0, 2]


def test_precision_is_measured_here_before_it_is_taken_from_the_model(decisions):
    """Fifty decisions on what was shown measure; fewer do not; of an unmeasured model nothing is said."""
    levels = {"note": "Measured elsewhere.", "levels": [[0.9, 0.94, 2_110], [0.99, 0.997, 951]]}
    assert measured_here(decisions, {}) is None
    model = measured_here(decisions, levels)
    assert [(one.threshold, one.precision) for one in model.levels] == [(0.99, 0.997), (0.9, 0.94)]
    for number in range(50):
        say(decisions, number, (f"x{number}", f"y{number}"), "merge" if number % 10 else "different", 0.96)
    here = measured_here(decisions, levels)
    assert {(one.threshold, one.precision, one.count) for one in here.levels} == {
        (t, 0.9, 50) for t in (0.95, 0.9, 0.8)
    }
    assert "50 decisions made here" in here.note


@pytest.mark.parametrize("name", ["found.json", "groups.parquet", "records.parquet", "pairs.parquet"])
def test_a_search_cut_in_half_is_said(search, tmp_path, name):
    """And which file it is."""
    path = search.folder / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(RunError, match=name) as error:
        kept.latest(tmp_path)
    assert error.value.code == "duplicates-damaged"


def test_a_killed_search_leaves_the_last_one(search, tmp_path):
    """A folder without found.json is no search, and the next search sweeps it; two are kept."""
    torn = tmp_path / "00000000-torn"
    torn.mkdir()
    assert kept.latest(tmp_path).id == search.id
    for _ in range(3):
        newest = kept.save(tmp_path, dict(search.manifest), PAIRS, [], {}, {}, {})
    assert kept.latest(tmp_path).id == newest.id
    assert not torn.exists()
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2
