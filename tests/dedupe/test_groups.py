"""What a person decides on: groups, the pair that decides each, and how decisions come together as merges."""

from __future__ import annotations

from itertools import combinations

import pytest

from kevasync.dedupe.choices import choose
from kevasync.dedupe.decisions import DuplicateDecision, DuplicateDecisions, Verdict
from kevasync.dedupe.groups import Kind, find_groups
from kevasync.store.decisions import Decisions
from kevasync.store.state import State


@pytest.fixture
def decisions(tmp_path):
    with State.open(tmp_path / "state.db") as state:
        yield DuplicateDecisions(Decisions(state))


def say(decisions, number, ids, verdict="merge", **more):
    taken = decisions.record("ana", [DuplicateDecision(tuple(ids), Verdict(verdict), f"t:{number}", **more)])
    assert not taken.overtaken


def value_of(one, name):
    return f"{name} of {one}"


def test_a_group_is_known_by_its_weakest_link():
    """Strong pairs hold it together; the last one that is needed is the one to look at."""
    clusters = dict.fromkeys("abc", 1) | {"d": 2}
    pairs = [("a", "b", 0.99), ("a", "c", 0.8), ("b", "c", 0.7), ("c", "d", 0.3), ("a", "d", 0.25)]
    first, doubtful = find_groups(pairs, clusters, [], [], 0.2)
    assert (first.ids, first.kind, first.between, first.probability) == (("a", "b", "c"), Kind.MERGE, ("a", "c"), 0.8)
    assert (doubtful.ids, doubtful.certain, first.surplus) == (("c", "d"), False, 2)


def test_a_customer_and_its_contact_are_nothing_to_decide():
    """A known link is no group; an unknown one is; two customers of one Contact are; no second Contact is offered."""
    clusters = {"keva:1": 1, "a": 1, "keva:2": 2, "b": 2, "keva:3": 3, "keva:4": 3, "c": 3, "d": 4}
    pairs = [
        ("keva:1", "a", 0.9),
        ("keva:2", "b", 0.9),
        ("keva:3", "keva:4", 0.9),
        ("keva:3", "c", 0.9),
        ("keva:1", "d", 0.4),
    ]
    found = find_groups(pairs, clusters, [("keva:1", "a"), ("keva:3", "c")], [], 0.2)
    assert [(item.ids, item.kind) for item in found] == [
        (("b", "keva:2"), Kind.LINK),
        (("c", "keva:3", "keva:4"), Kind.KEVA),
    ]


def test_a_crowd_is_one_group_and_a_record_has_one_doubtful_pair():
    """Sixty of whom each may be each are not 1,770 questions."""
    crowd = [f"m{number:02d}" for number in range(60)]
    clusters = {name: place for place, name in enumerate([*crowd, "a", "b", "c"])}
    pairs = (
        [("a", "b", 0.45), ("b", "c", 0.4)] + [(x, y, 0.3) for x, y in combinations(crowd, 2)] + [("a", "m00", 0.25)]
    )
    found = find_groups(pairs, clusters, [], [], 0.2)
    assert [len(item.ids) for item in found] == [2, 60]
    assert (found[0].between, found[1].probability) == (("a", "b"), 0.3)


def test_decisions_that_share_a_record_are_one_merge(decisions):
    """The later one has the last word on main record and values; what was merged before is left out."""
    say(decisions, 1, "ab", master="a", values={"Phone": "b", "Title": "a"}, probability=0.9)
    say(decisions, 2, "cd", master="c")
    say(decisions, 3, ["b", "c", "keva:1"], master="c", values={"Phone": "c"}, probability=0.6)
    chosen = choose(decisions, {"d"}, value_of)
    (merge,) = chosen.merges
    assert (merge.ids, merge.master, merge.probability) == (("a", "b", "c"), "c", 0.6)
    assert merge.values == {"Phone": "Phone of c", "Title": "Title of a"}
    assert chosen.done == 1


def test_a_merge_over_somebodys_no_is_left_out(decisions):
    """Of a chain whose ends somebody parted nothing is merged; the rest is."""
    say(decisions, 1, "ab")
    say(decisions, 2, "bc")
    say(decisions, 3, "ac", "different")
    say(decisions, 4, "xy")
    chosen = choose(decisions, set(), value_of)
    assert [item.ids for item in chosen.merges] == [("x", "y")]
    assert [why for _, why in chosen.left] == ["a and c were said to be no duplicates"]


def test_across_the_sides_a_yes_is_a_link(decisions):
    """A customer and a Contact are linked, also when the Contact is what a merge left; customers are told."""
    say(decisions, 1, ["keva:1", "a"])
    say(decisions, 2, ["keva:2", "b", "c"], master="b")
    say(decisions, 3, ["keva:3", "keva:4"])
    chosen = choose(decisions, {"c"}, value_of)
    assert (chosen.merges, chosen.links, chosen.in_keva) == ([], [("1", "a"), ("2", "b")], [("3", "4")])
