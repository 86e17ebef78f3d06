"""Larger tables: how much a pair loses because strangers who agree as well turn up more often."""

import numpy as np
import pytest

from kevasync.dedupe.comparison import LEARNED, base_features, chance, with_together
from kevasync.dedupe.scoring import Scorer

NAMES = [feature.name for feature in base_features()]


def pair(**values):
    """A pair of which nothing is known but these features."""
    return np.array([[values.get(name, -2.0) for name in NAMES]], np.float32)


def lost(records, **values):
    return float(chance(with_together(pair(**values), records))[0])


def test_small_tables_lose_nothing():
    """Up to the size that the model learned from the scores are the model's."""
    for records in (3, 700, LEARNED):
        assert lost(records, person_bits=3.0, city_bits=2.0) == 0


def test_strangers_come_with_the_size():
    """A pair that shares no rare value loses more the larger the table is, by less than the size itself."""
    losses = [lost(LEARNED * times, person_bits=9.0, city_bits=4.0) for times in (1, 4, 16, 64)]
    assert losses == sorted(set(losses))
    assert 0.5 * np.log(64) < losses[-1] <= np.log(64)


def test_a_rare_value_makes_up_for_the_size():
    """An address that two records of a million share says as much as one that two of twelve thousand share."""
    million = float(np.log2(1_000_000))
    unique = lost(1_000_000, email_bits=million - 1, person_bits=million - 1)
    common = lost(1_000_000, email_bits=8.0, person_bits=8.0)
    assert unique == 0
    assert common > 3
    assert unique <= lost(1_000_000, person_bits=million - 1) < lost(1_000_000, person_bits=million - 5) < common


@pytest.mark.parametrize("records", [5_000, 1_000_000])
def test_the_evidence_still_sums_up(records):
    """What is lost to the size is in the prior and in the fields that make up for it."""
    scorer = Scorer.load()
    base = pair(person_jw=1.0, person_bits=18.0, given_jw=1.0, family_jw=1.0, city_exact=1.0, city_bits=5.0)
    told = scorer.explain(base, records)[0]
    whole = float(scorer.logit(with_together(base, records))[0]) / np.log(2)
    assert sum(part.bits for part in told) == pytest.approx(whole, abs=1e-4)
    assert told[0].field == "prior"
