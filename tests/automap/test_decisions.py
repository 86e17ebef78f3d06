"""Decisions on field mappings: nothing is lost, nothing is overwritten, and undo is a decision too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kevasync.automap.decisions import MappingDecision, MappingDecisions, Verdict, holding
from kevasync.automap.fields import CustomField
from kevasync.mapping.definition import Transform
from kevasync.records import Direction
from kevasync.store.decisions import Decisions
from kevasync.store.state import State


@pytest.fixture
def kept(tmp_path):
    with State.open(tmp_path / "state.db") as state:
        yield MappingDecisions(Decisions(state))


def say(verdict, *targets, source="fname", **more):
    return MappingDecision("Contact", source, Verdict(verdict), targets, **more)


def test_a_decision_comes_back_whole(kept):
    """Who, when, what was shown, transformations and the custom field are read back as they were recorded."""
    wanted = say(
        "accept",
        "FirstName",
        "LastName",
        direction=Direction.BIDIRECTIONAL,
        transforms=(Transform("map_values", {"table": {"a": "b"}}), Transform("null_if", {"values": ("-", "n/a")})),
        custom_field=CustomField("Keva_X__c", "X", "string", 40),
        shown={"source": "fname", "candidates": []},
        key="tab1:7",
    )
    (made,) = kept.record("ann", [wanted]).made
    assert kept.list() == [made]
    assert (made.who, bool(made.id), bool(made.at)) == ("ann", True, True)
    assert replace(made, id="", at="", who="", seen="any") == wanted


def test_the_last_word_holds_and_rejections_add_up(kept):
    """Rejected pairs are all remembered; accepting one of them takes its rejection back."""
    kept.record("ann", [say("reject", "Title"), say("reject"), say("accept", "FirstName"), say("reject", "Title")])
    held = kept.holding("Contact")["fname"]
    assert held.accepted.target == "FirstName"
    assert held.rejected == ((), ("Title",))
    kept.record("bob", [say("change", "Title"), say("reject", "Title")])
    held = kept.holding("Contact")["fname"]
    assert held.accepted is None
    assert ("Title",) in held.rejected


def test_undo_takes_back_one_after_another_and_can_be_undone(kept):
    """Each undo takes back the last decision that stands; an undone undo brings it back."""
    kept.record("ann", [say("accept", "FirstName"), say("change", "LastName")])
    kept.record("ann", [say("undo")])
    assert kept.holding("Contact")["fname"].accepted.target == "FirstName"
    (second,) = kept.record("ann", [say("undo")]).made
    assert kept.holding("Contact")["fname"].accepted is None
    assert kept.record("ann", [say("undo")]).made == ()
    kept.record("ann", [say("undo", undoes=second.id)])
    assert kept.holding("Contact")["fname"].accepted.target == "FirstName"
    assert len(kept.list()) == 5


def test_two_reviewers_do_not_overwrite_each_other(kept):
    """Who decides on a column that somebody else has decided on since is told, and nothing is recorded."""
    (first,) = kept.record("ann", [say("accept", "FirstName", seen=None)]).made
    late = kept.record("bob", [say("reject", "FirstName", seen=None), say("accept", "Email", source="mail", seen=None)])
    assert [item.source for item in late.made] == ["mail"]
    assert [(item.wanted.verdict, item.by.id) for item in late.overtaken] == [("reject", first.id)]
    assert kept.record("bob", [say("reject", "FirstName", seen=first.id)]).overtaken == ()


def test_a_repeated_key_press_is_recorded_once(kept):
    """A queue that is sent again, whole, changes nothing."""
    queue = [say("accept", "FirstName", key=f"tab:{number}", source=f"c{number}") for number in range(50)]
    queue.append(say("undo", key="tab:50", source="c7"))
    ids = [item.id for item in kept.record("ann", queue[:20]).made]
    again = kept.record("ann", queue).made
    assert {item.id for item in again} >= set(ids)
    assert len(kept.list()) == 51
    kept.record("ann", queue)
    kept.record("ann", [queue[-1]])
    assert len(kept.list()) == 51
    assert kept.holding("Contact")["c7"].accepted is None


def test_an_undo_finds_what_was_pressed_in_the_same_burst(kept):
    """Accept, undo, change, sent in one go, end with the change alone; so does the same sent again."""
    burst = [
        say("accept", "FirstName", key="1", seen=None),
        say("undo", key="2", seen="1"),
        say("change", "Title", key="3", seen="2"),
        say("change", "Title", key="3", seen="2"),
    ]
    assert kept.record("ann", burst).overtaken == ()
    kept.record("ann", [*burst, say("undo", key="4", seen="3"), say("accept", "LastName", key="5", seen="4")])
    assert kept.holding("Contact")["fname"].accepted.targets == ("LastName",)
    assert [item.verdict for item in kept.list()] == ["accept", "undo", "change", "undo", "accept"]


def test_writers_at_once_lose_nothing(kept):
    """Of twenty that saw the column undecided, exactly one is first; all others are told."""
    with ThreadPoolExecutor(8) as pool:
        results = list(
            pool.map(lambda name: kept.record(name, [say("accept", "FirstName", seen=None)]), map(str, range(20)))
        )
    assert sum(len(result.made) for result in results) == 1
    assert sum(len(result.overtaken) for result in results) == 19


def test_objects_are_apart(kept):
    """The same column name of another object has its own decisions."""
    kept.record("ann", [say("accept", "FirstName"), replace(say("accept", "LastName"), object="Lead")])
    held = holding(kept.list())
    assert held["Lead", "fname"].accepted.target == "LastName"
    assert held["Contact", "fname"].accepted.target == "FirstName"
