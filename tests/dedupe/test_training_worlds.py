"""Worlds of other makers: the same again for the same seed, in the roles that the search for duplicates knows."""

from collections import Counter

import pytest

from kevasync.dedupe.canonical import INPUT
from kevasync.dedupe.training import others
from kevasync.dedupe.training.others import OTHERS, make_other

RECORDS = 240
ROLES = {*INPUT, "other"}  # a single column of the role needs no number


@pytest.mark.parametrize("kind", OTHERS)
def test_the_same_seed_gives_the_same_world(kind):
    """The same kind, size and seed give the same records and truth; another seed gives others."""
    world = make_other(kind, RECORDS, 7)
    assert make_other(kind, RECORDS, 7) == world
    assert make_other(kind, RECORDS, 8).records != world.records


@pytest.mark.parametrize("kind", OTHERS)
def test_columns_are_roles(kind):
    """Whatever columns a seed draws, all are roles, all rows have the same ones, and values are text or missing."""
    for seed in range(9):
        records = make_other(kind, RECORDS, seed).records
        assert records[0].keys() <= ROLES
        assert {tuple(record) for record in records} == {tuple(records[0])}
        assert all(value is None or isinstance(value, str) for record in records for value in record.values())


@pytest.mark.parametrize("kind", OTHERS)
def test_the_truth_counts_persons(kind):
    """Persons are numbered as they first appear, each has a record, and somebody has several."""
    world = make_other(kind, RECORDS, 3)
    counts = Counter(world.truth)
    assert len(world.truth) == len(world.records)
    assert list(counts) == list(range(len(counts)))
    assert max(counts.values()) > 1


@pytest.mark.parametrize("kind", OTHERS)
def test_a_world_is_about_as_large_as_was_asked_for(kind):
    """However many records a seed gives each person."""
    for seed in (3, 7):
        assert 1_600 < len(make_other(kind, 2_000, seed).records) < 2_400


@pytest.mark.parametrize("kind", OTHERS)
def test_a_small_world_still_has_a_hundred_persons(kind):
    """However few records are asked for, there are enough persons to be taken for each other."""
    assert len(set(make_other(kind, 1, 1).truth)) == 100


def test_columns_become_roles(monkeypatch):
    """Columns of one role are joined without what is missing, a second `other` is numbered, bookkeeping is left out."""
    rows = [
        {"record_id": "1", "cluster": "b", "source": "x", "surname": "Roe", "street": "Elm", "house_no": "12"},
        {"record_id": "2", "cluster": "a", "source": "x", "surname": None, "street": None, "house_no": "7"},
        {"record_id": "3", "cluster": "b", "middle_name": "Q", "sex": "F", "street_number": "9", "city": None},
    ]
    monkeypatch.setitem(others._MAKERS, "desk", lambda *_: rows)
    world = make_other("desk", 3, 1)
    assert world.records == [
        {"last_name": "Roe", "street": "Elm 12"},
        {"last_name": None, "street": "7"},
        {"other": "Q", "other1": "F", "city": None},
    ]
    assert world.truth == [0, 1, 0]
