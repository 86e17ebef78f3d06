"""Decisions on duplicates: what holds, for ever; and the notebook that makes them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import notebook_app
import pytest
from duplicate_world import duplicate_session

from kevasync.dedupe.choices import choose
from kevasync.dedupe.decisions import DuplicateDecision, DuplicateDecisions, Verdict
from kevasync.review.desk import Desk
from kevasync.review.duplicate_view import parts
from kevasync.review.duplicates import DuplicateReview
from kevasync.store.decisions import Decisions
from kevasync.store.state import State


@pytest.fixture
def kept(tmp_path):
    with State.open(tmp_path / "state.db") as state:
        yield DuplicateDecisions(Decisions(state))


@pytest.fixture
def world(tmp_path):
    session, _ = duplicate_session(tmp_path / "ws", 12)
    pages = []

    def page():
        review = DuplicateReview(session)
        pages.append(review)
        return review, Desk(review.queue)

    yield page
    for review in pages:
        review.close()


def press(number, group, verdict, answer=None, *, client="tab1", saw=None, **more):
    return {
        "key": f"{client}:{number}", "who": "ana", "subject": group.name, "verdict": verdict,
        "answer": answer or {}, "saw": saw, **more,
    }  # fmt: skip


def say(number, ids, verdict, **more):
    return DuplicateDecision(tuple(ids), Verdict(verdict), f"t:{number}", **more)


def test_decisions_become_constraints_and_merges(kept):
    """Merge binds all but what was left out; not a duplicate parts each pair; a skip says nothing; undo takes back."""
    kept.record("ann", [say(1, "abc", "merge", master="b", without=("c",), values={"Phone": "a"}, probability=0.9)])
    kept.record("ann", [say(2, "de", "different"), say(3, "fg", "skip"), say(4, "hi", "merge", master="h")])
    kept.record("ann", [say(5, "hi", "undo", seen="t:4", undoes="t:4")])
    assert sorted(kept.constraints()) == [("a", "b", True), ("a", "c", False), ("b", "c", False), ("d", "e", False)]
    (choice,) = choose(kept, set(), lambda record, name: f"{name} of {record}").merges
    assert (choice.ids, choice.master, choice.values) == (("a", "b"), "b", {"Phone": "Phone of a"})
    assert (choice.probability, choice.who) == (0.9, "ann")


def test_a_group_is_the_same_in_any_order_and_any_size(kept):
    """Its subject does not depend on the order of its records; five thousand ids are no problem."""
    many = [f"003{number:012d}AAA" for number in range(5_000)]
    kept.record("ann", [say(1, many, "merge", master=many[0])])
    taken = kept.record("bob", [say(2, reversed(many), "different")])
    assert list(taken.overtaken) == ["t:2"]
    (choice,) = choose(kept, set(), lambda _record, _name: None).merges
    assert len(choice.ids) == 5_000


def test_of_writers_at_once_one_is_first(kept):
    """All others are told by whom they were overtaken; a repeat is not overtaken by itself."""

    def work(number):
        return kept.record(f"r{number}", [say(number, "ab", "merge", master="a")])

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(16)))
    assert sum(len(result.made) for result in results) == 1
    assert sum(len(result.overtaken) for result in results) == 15
    first = next(number for number, result in enumerate(results) if result.made)
    assert not work(first).overtaken
    assert len(kept.all()) == 1


def test_the_screen_records_what_was_chosen(world):
    """Survivors by field, the main record and the one left out come back to the next page as they were chosen."""
    review, desk = world()
    group = review.session.groups[0]
    answer = {"choices": {"Title": 2, "Nonsense": 1}, "master": 2, "without": [1]}
    reply = desk.answer({"n": 1, "have": 0, "presses": [press(1, group, "merge", answer)], "want": [group.name]})
    assert reply["results"] == [["tab1:1", "saved", ""]]
    assert len(reply["details"][group.name]["cards"]["records"]) == len(group.records)
    _, again = world()
    state = again.states[group.name]
    assert state["verdict"] == "merge"
    assert state["answer"] == {"choices": {"Title": 2}, "master": 2, "without": [1]}
    assert again.steps("ana") == [{"presses": [[group.name, "tab1:1"]]}]
    assert review.summary() == [{"decision": "merge", "by": "ana", "groups": 1}]


@pytest.mark.parametrize(
    ("verdict", "answer"),
    [
        ("accept", {}),
        ("merge", {"master": 9}),
        ("merge", {"master": "x"}),
        ("merge", {"master": 1, "without": [1]}),
        ("merge", {"without": [1]}),
        ("merge", {"choices": [1]}),
    ],
)
def test_a_merge_that_makes_no_sense_is_refused(world, verdict, answer):
    """A pair with one left out, a main record that is left out, a record that is not there."""
    review, desk = world()
    pair = review.session.groups[1]
    (result,) = desk.answer({"presses": [press(1, pair, verdict, answer)]})["results"]
    assert result[1] == "refused"
    assert review.queue._decisions.all() == []


def test_undo_of_one_page_is_seen_by_the_other(world):
    """And a page that had not seen the merge does not part the group over its head."""
    (review, here), (_, there) = world(), world()
    group = review.session.groups[1]
    here.answer({"presses": [press(1, group, "merge", client="here")]})
    (result,) = there.answer({"presses": [press(1, group, "different", client="there")]})["results"]
    assert result[1:] == ["overtaken", "ana merged this group"]
    here.answer({"presses": [press(2, group, "undo", client="here", saw="here:1", undoes="here:1")]})
    there.look()
    assert there.states[group.name]["verdict"] is None


def test_differences_are_marked_to_the_letter():
    """What two values share stays plain; quite different ones are marked whole; an empty one has no pieces."""
    assert parts("020 7946", "+44 20 7946")[-1][1] is False
    assert parts("Groß", "Gross") == [("Gro", False), ("ß", True)]
    assert parts("CTO", "Buyer") == [("CTO", True)]
    assert parts("", "x") == []
    assert parts("same", "same") == [("same", False)]


def test_the_notebook_runs_end_to_end(tmp_path):
    """From a session file to the screen."""
    session, path = duplicate_session(tmp_path / "ws")
    defs = notebook_app.run("resolve_duplicates.py", session=str(path))
    assert len(defs["screen"].page["rows"]) == len(session.groups)
    defs["opened"].close()
