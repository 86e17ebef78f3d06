"""Clusters are not mere connected components, and what a person said holds."""

import numpy as np
import pytest
from made_up import found, people, row

from kevasync.dedupe.clustering import Confirmed, Constraint, _within_reach, clusters, group


def test_a_weak_chain_joins_no_two_strong_groups():
    """Two strong groups with one middling link between them stay two."""
    strong = [(a, b, 5.0) for base in (0, 4) for a in range(base, base + 4) for b in range(a + 1, base + 4)]
    found = group(8, [*strong, (3, 4, 1.0)])
    assert len(set(found[:4])) == len(set(found[4:])) == 1
    assert found[0] != found[4]


def test_a_long_chain_is_cut():
    """Neighbours that resemble each other do not make the ends one person."""
    found = group(40, [(at, at + 1, 0.8) for at in range(39)])
    assert max(map(list(found).count, set(found))) < 6


def test_apart_holds_through_a_third():
    """What a person called different stays apart even where a third record resembles both."""
    edges = [(0, 1, 6.0), (1, 2, 6.0), (0, 2, 6.0)]
    assert len(set(group(3, edges))) == 1
    found = group(3, edges, apart=[(0, 2)])
    assert found[0] != found[2]


def test_different_is_stronger_than_same():
    """A chain of "same" does not undo a "different"."""
    found = group(3, [], same=[(0, 1), (1, 2)], apart=[(0, 2)])
    assert found[0] != found[2]


def test_two_live_addresses_are_two_persons():
    """Two different e-mails confirmed by a person keep their records apart."""
    found = group(3, [(0, 1, 6.0), (1, 2, 6.0), (0, 2, 6.0)], alive={0: "a@x.com", 2: "b@x.com"})
    assert found[0] != found[2]


@pytest.mark.parametrize("order", [1, -1])
def test_decisions_by_id_hold_in_the_table(order):
    """A "not a duplicate" separates a sure pair, "same" joins any two; unknown ids are passed over."""
    rows, _ = people(40)
    rows += [row("p", "Vera", "Ibarra", "vera.ibarra@solo.com"), row("q", "Vera", "Ibarra", "vera.ibarra@solo.com")]
    rows += [row("u", "Tom", "Xiong"), row("v", "Yasmin", "Fairweather")]
    pairs = found(rows)
    told = [
        Constraint(*("p", "q")[::order], same=False),
        Constraint("u", "v", same=True),
        Constraint("p", "?", same=True),
    ]
    before = {item["id"]: item["cluster"] for item in clusters(pairs).to_pylist()}
    assert before["p"] == before["q"]
    assert before["u"] != before["v"]
    after = {item["id"]: item["cluster"] for item in clusters(pairs, told).to_pylist()}
    assert after["p"] != after["q"]
    assert after["u"] == after["v"]
    alive = [Confirmed("p", "vera.ibarra@solo.com"), Confirmed("q", "vera@home.com")]
    kept = {item["id"]: item["cluster"] for item in clusters(pairs, alive).to_pylist()}
    assert kept["p"] != kept["q"]


@pytest.mark.parametrize("seed", range(40))
def test_what_is_out_of_reach_changes_no_group(seed):
    """Groups are the same with all pairs and with those alone that a chain of likely pairs or decisions connects."""
    rng = np.random.default_rng(seed)
    records = 60
    drawn = np.unique(np.sort(rng.integers(0, records, (160, 2)), axis=1), axis=0)
    a, b = drawn[drawn[:, 0] < drawn[:, 1]].astype(np.int32).T
    logit = rng.normal(-1.5, 2.5, len(a))
    same = [(int(one), int(other)) for one, other in rng.integers(0, records, (3, 2)) if one != other]
    apart = [(int(a[at]), int(b[at])) for at in np.flatnonzero(logit > 1)[:2]]
    near = _within_reach(records, a, b, logit, same)
    assert 0 < near.sum() < len(near)
    whole, few = (
        group(records, zip(a[part].tolist(), b[part].tolist(), logit[part].tolist(), strict=True), same, apart)
        for part in (np.ones(len(a), bool), near)
    )
    assert few.tolist() == whole.tolist()
