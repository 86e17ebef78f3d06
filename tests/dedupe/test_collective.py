"""What a table's own pairs say about a score, without labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from kevasync.dedupe.collective import CONTEXT, alike
from kevasync.dedupe.training.fit import Plan
from kevasync.dedupe.training.others import OTHERS
from kevasync.dedupe.training.worlds import make_world

NAMES = CONTEXT[-8:]


def told(
    logit: list[float], counted: list[bool] | None = None, **others: list[float]
) -> dict[str, npt.NDArray[np.float32]]:
    columns = {name: np.zeros(len(logit), np.float32) for name in CONTEXT[:11]}
    columns["rival_a"][:] = columns["rival_b"][:] = -8
    for name, values in {"logit": logit, **others}.items():
        columns[name] = np.array(values, np.float32)
    mask = np.array(counted or [True] * len(logit), np.bool_)
    return dict(zip(NAMES, alike(columns, 1000, mask), strict=True))


def test_rivals_of_like_scores_count_and_those_of_others_do_not() -> None:
    found = told([2.0, 2.1, 2.2, 2.3, -4.0], rival_b=[5.0, 5.0, 5.0, -8.0, 5.0], rival_a=[-8.0, 5.0, -8.0, -8.0, -8.0])
    assert found["near_rival_b"] == pytest.approx([0.75, 0.75, 0.75, 0.75, 1.0])
    assert found["near_rival_a"] == pytest.approx([0.25, 0.25, 0.25, 0.25, 0.0])


def test_one_crowded_record_does_not_speak_for_all() -> None:
    found = told([0.0, 0.0], contradiction=[40.0, 0.0], path_mass=[9.0, 0.0], strong_b=[24.0, 0.0], lost_b=[24.0, 0.0])
    assert [float(found[name][0]) for name in NAMES[2:6]] == pytest.approx([0.5, 1.0, 1.5, 1.5])


def test_rank_and_expected_are_per_record() -> None:
    found = told([60.0] * 499 + [-5.0])
    assert found["rank"][0] == pytest.approx(np.log2(500 / 1000))
    assert found["rank"][-1] == pytest.approx(np.log2(501 / 1000))
    assert found["expected"][0] == pytest.approx(np.log2(500 / 1000), abs=1e-4)


def test_copies_by_the_score_do_not_speak_for_the_table() -> None:
    """Pairs among sixty copies of one record are left out of what the table's own pairs say."""
    found = told([9.0] * 1770 + [0.0, 0.1], [False] * 1770 + [True, True], rival_b=[9.0] * 1770 + [5.0, -8.0])
    alone = told([0.0, 0.1], rival_b=[5.0, -8.0])
    assert all(found[name][-2:].tolist() == alone[name].tolist() for name in NAMES)


def test_a_table_with_no_pairs() -> None:
    assert all(values.shape == (0,) for values in told([]).values())


def test_tables_of_the_second_model_are_others_than_those_of_the_first() -> None:
    plan = replace(Plan(), first_rounds=2, second_rounds=2)
    assert not {(kind, seed) for kind, _, seed in plan.pairs()} & {(kind, seed) for kind, _, seed in plan.tables()}
    assert (
        len(set(plan.tables())) == len(plan.tables()) == 2 * 16 + plan.others_second * len(OTHERS) + plan.large_worlds
    )


def test_only_tables_may_lack_namesakes() -> None:
    def homes(seed: int, *, any_table: bool) -> int:
        """How many persons share a mailbox, a sign that somebody was made like somebody else."""
        world = make_world("contacts", 400, seed, any_table=any_table)
        owners: dict[str, set[int]] = {}
        for record, person in zip(world.records, world.truth, strict=True):
            if record.get("email"):
                owners.setdefault(str(record["email"]), set()).add(person)
        return sum(len(persons) > 1 for persons in owners.values())

    assert make_world("contacts", 400, 1) == make_world("contacts", 400, 1)
    assert any(
        make_world("contacts", 400, seed, any_table=True) != make_world("contacts", 400, seed) for seed in range(3)
    )
    assert sum(homes(seed, any_table=True) for seed in range(12)) < sum(
        homes(seed, any_table=False) for seed in range(12)
    )
