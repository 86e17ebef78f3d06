"""Labels set the scores right, within bounds; questions come in a useful order."""

import numpy as np
import pytest

from kevasync.dedupe import refit as module
from kevasync.dedupe.refit import Label, choose, fit, learn, read_labels, refit
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


@pytest.mark.parametrize("count", [20, 25, 40, 60, 100, 200])
@pytest.mark.parametrize("kind", ["yes", "no", "mixed", "at random", "one other"])
@pytest.mark.parametrize("seed", range(3))
def test_property_labels_always_settle(count, kind, seed):
    """Whatever the labels: no worse than before, at rest but for the bounds, and labelled pairs move their way."""
    rng = np.random.default_rng([count, seed])
    logit = rng.normal(0, 3, count)
    told = rng.integers(-1, 2, (count, 10)).astype(np.float32)
    truth = {"yes": np.ones(count), "no": np.zeros(count)}.get(kind, (rng.random(count) < 0.5).astype(float))
    if kind == "mixed":
        truth = (rng.random(count) < 1 / (1 + np.exp(1 - logit))).astype(float)
    if kind == "one other":
        truth = np.eye(1, count)[0]
    made = fit(logit, told, truth)
    assert 0.2 <= made.slope <= 3
    assert abs(made.shift) <= 4
    matrix = np.concatenate([logit[:, None], np.ones((count, 1)), told], axis=1).astype(float)
    hold = np.array([4.0, 0.1, *[1.5] * 10])
    middle = np.eye(1, 12)[0]
    weights = np.array([made.slope, made.shift, *made.weights])

    def loss(at):
        z = matrix @ at
        return (np.logaddexp(0, z) - truth * z).sum() + (hold * (at - middle) ** 2).sum() / 2

    assert loss(weights) <= loss(middle) + 1e-9
    slope = matrix.T @ (1 / (1 + np.exp(-(matrix @ weights))) - truth) + hold * (weights - middle)
    low, high = np.array(module._bounds(logit, truth)).T
    inside = np.ones(12, bool)
    inside[:2] = (weights[:2] > low + 1e-9) & (weights[:2] < high - 1e-9)
    assert np.abs(slope[inside]).max() < 1e-3
    before, after = (1 / (1 + np.exp(-z)) for z in (logit, made.applied(logit, told)))
    if kind in {"yes", "no"}:
        assert (after.mean() - before.mean()) * (1 if kind == "yes" else -1) > 0
    assert np.mean((after - truth) ** 2) <= np.mean((before - truth) ** 2) + 1e-3


def test_mixed_labels_teach_what_they_always_taught():
    """Newton's steps, which settle on such labels, come to the same place."""
    rng = np.random.default_rng(7)
    logit, told = rng.normal(0, 2, 60), rng.integers(-1, 2, (60, 10)).astype(np.float32)
    truth = (rng.random(60) < 1 / (1 + np.exp(1 - logit))).astype(float)
    matrix = np.concatenate([logit[:, None], np.ones((60, 1)), told], axis=1).astype(float)
    hold, middle = np.array([4.0, 0.1, *[1.5] * 10]), np.eye(1, 12)[0]
    weights = middle
    for _ in range(30):
        expected = 1 / (1 + np.exp(-(matrix @ weights)))
        curve = (matrix * (expected * (1 - expected))[:, None]).T @ matrix + np.diag(hold)
        weights = weights - np.linalg.solve(curve, matrix.T @ (expected - truth) + hold * (weights - middle))
    made = fit(logit, told, truth)
    assert [made.slope, made.shift, *made.weights] == pytest.approx(weights.tolist(), abs=1e-4)


@pytest.mark.parametrize("same", [True, False])
def test_answers_of_one_sort_do_not_settle_what_was_not_asked(same):
    """25 times yes makes no match of what is less likely than all that was asked; nor does 25 times no the reverse."""
    logit, told = np.linspace(-1, 1, 25), np.zeros((25, 10), np.float32)
    beyond = np.array([-4.0, -2.0] if same else [4.0, 2.0])
    moved = fit(logit, told, np.full(25, float(same))).applied(beyond, told[:2])
    assert ((moved < 0) == same).all()
    assert (np.abs(moved) < np.abs(beyond)).all()


def test_what_became_of_the_labels_is_counted(world):
    """Pairs called both are left out, labels of nobody are counted, and the rest teaches what it teaches alone."""
    pairs, same = world
    told = answers(pairs, {tuple(sorted(pair)) for pair in same}, 60)
    twice = [Label(label.id_b, label.id_a, not label.same) for label in told[:5]]
    nobody = [Label("no", "body", same=True), Label(told[0].id_a, "body", same=False)]
    learned = learn(pairs, [*told, *told[10:20], *twice, *nobody])
    assert (learned.used, learned.contradicted, learned.unknown) == (55, 5, 2)
    assert (learned.pairs.logit == refit(pairs, told[5:]).logit).all()
    with pytest.raises(UsageError, match="5 are contradicted"):
        refit(pairs, [*told[:20], *twice])


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


@pytest.mark.parametrize("between", [";", "\t", "|", ","])
def test_labels_as_spreadsheets_write_them(tmp_path, between):
    """Other delimiters, other case in the header, a byte order mark, quotes, short lines: the same labels."""
    lines = [["ID_A", " Id_B", "Probability", "Label", "Note"], ["1", "2", '"0,5"', "YES", '"a;b,c"'], ["1", "3"],
             ["2", "3", "0.4", "no", ""]]  # fmt: skip
    path = tmp_path / "labels.csv"
    path.write_text("\ufeff" + "\r\n".join(between.join(line) for line in lines) + "\r\n\r\n", encoding="utf-8")
    assert read_labels(path) == [Label("1", "2", same=True), Label("2", "3", same=False)]


def test_an_empty_labels_file_is_told(tmp_path):
    """Nothing in it: the columns that lack are named."""
    path = tmp_path / "labels.csv"
    path.write_text("")
    with pytest.raises(UsageError, match="not id_a, id_b, label"):
        read_labels(path)
