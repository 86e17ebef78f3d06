"""Labels set the scores right, within bounds; questions come in a useful order."""

import numpy as np
import pytest

from kevasync.dedupe.refit import Label, choose, fit, read_labels, refit
from kevasync.errors import UsageError


def answers(pairs, same, count):
    return [Label(item.id_a, item.id_b, tuple(sorted((item.id_a, item.id_b))) in same) for item in choose(pairs, count)]


def test_labels_do_no_harm_and_set_scores_right(world):
    """With 60 answers the expected error of all pairs is no worse than before, and answered pairs follow."""
    pairs, same = world
    known = {tuple(sorted(pair)) for pair in same}
    told = answers(pairs, known, 60)
    after = refit(pairs, told)

    def error(given):
        rows = given.table.to_pylist()
        truth = [tuple(sorted((item["id_a"], item["id_b"]))) in known for item in rows]
        return float(np.mean((given.probability - np.array(truth)) ** 2))

    assert error(after) <= error(pairs) + 1e-3
    assert (np.diff(after.probability) <= 0).all()
    assert after.table.num_rows == pairs.table.num_rows


def test_wrong_scores_are_moved():
    """Where the labels say that half-sure pairs are different, their odds fall; the move is bounded."""
    rng = np.random.default_rng(1)
    logit = rng.normal(0, 3, 400)
    truth = (rng.random(400) < 1 / (1 + np.exp(-(logit - 2)))).astype(float)
    told = np.zeros((400, 10), np.float32)
    moved = fit(logit, told, truth).applied(np.array([0.0]), told[:1])
    assert -2.8 < moved[0] < -1.2
    all_wrong = fit(logit, told, np.zeros(400))
    assert all_wrong.applied(np.array([0.0]), told[:1])[0] >= -4.0


def test_few_labels_change_little():
    """One sort of answer or too few are refused."""
    logit, told = np.linspace(-1, 1, 6), np.zeros((6, 10), np.float32)
    learned = fit(logit, told, (logit > 0).astype(float))
    assert learned.slope == pytest.approx(1, abs=0.5)


def test_too_few_labels_are_refused(world):
    """Twenty are needed, on pairs that were scored; one pair twenty times is one."""
    pairs, same = world
    first = next(iter(same))
    for labels in ([], [Label(*first, same=True)] * 30, [Label("no", "body", same=True)] * 30):
        with pytest.raises(UsageError, match="labels") as caught:
            refit(pairs, labels)
        assert caught.value.code == "dedupe-labels"


def test_questions_are_uncertain_first_and_never_twice(world):
    """A quarter is drawn at random; none that was answered is asked again; the same seed asks the same."""
    pairs, _ = world
    asked = choose(pairs, 40)
    assert len({(item.id_a, item.id_b) for item in asked}) == 40
    assert sum(item.drawn for item in asked) == 10
    assert asked == choose(pairs, 40)
    sure = [abs(item.probability - 0.5) for item in asked if not item.drawn]
    assert np.mean(sure[:10]) < np.mean(abs(pairs.probability - 0.5))
    again = choose(pairs, 40, [Label(item.id_a, item.id_b, same=True) for item in asked])
    assert not {(item.id_a, item.id_b) for item in asked} & {(item.id_a, item.id_b) for item in again}


@pytest.mark.parametrize("content", ["id,label\n1,yes\n", "id_a,id_b,label\n1,2,perhaps\n", "\xff\x00"])
def test_a_labels_file_that_is_none(tmp_path, content):
    """Columns that lack, words that mean nothing, rubbish: one clear error that names the place."""
    path = tmp_path / "labels.csv"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(UsageError) as caught:
        read_labels(path)
    assert caught.value.code == "dedupe-labels"


def test_labels_left_empty_are_not_answers(tmp_path):
    """A question that nobody answered is passed over."""
    path = tmp_path / "labels.csv"
    path.write_text("id_a,id_b,probability,label\n1,2,0.5,yes\n1,3,0.5,\n2,3,0.4,No\n")
    assert read_labels(path) == [Label("1", "2", same=True), Label("2", "3", same=False)]
