"""Learns from a reviewer's labels: a bounded correction of the shipped scores, and which pairs to ask about next."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kevasync.dedupe.comparison import Floats, verdicts
from kevasync.dedupe.pipeline import Pairs
from kevasync.dedupe.scoring import sigmoid
from kevasync.errors import UsageError

__all__ = ["FEWEST", "Asked", "Correction", "Label", "choose", "fit", "read_labels", "refit"]

FEWEST = 20
"""Fewer labels teach nothing that can be trusted."""
_MOST = 4.0
"""Labels move log odds by no more than this beyond what their slope does."""
_STRENGTH = (4.0, 0.1, 1.5)
"""How firmly slope, shift and each field's weight are held to what they are without labels (inverse variances)."""
_YES = {"1", "true", "yes", "y", "t", "same", "match", "merge", "duplicate"}
_NO = {"0", "false", "no", "n", "f", "different", "distinct", "not a duplicate"}

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Label:
    """What a person said of two records, by id."""

    id_a: str
    id_b: str
    same: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A pair to be labelled. `drawn`: taken at random, so that it can also measure the scores."""

    id_a: str
    id_b: str
    probability: float
    drawn: bool


@dataclass(frozen=True)
class Correction:
    """`slope` times the log odds, plus `shift`, plus what each field's agreement or difference is worth here."""

    slope: float
    shift: float
    weights: tuple[float, ...]
    labels: int

    def applied(self, logit: Numbers, told: Floats) -> Numbers:
        """The log odds set right; `told` is what comparison.verdicts says of the same pairs."""
        moved = told.astype(np.float64) @ np.array(self.weights) + self.shift
        return np.asarray(self.slope * logit + np.clip(moved, -_MOST, _MOST))


def read_labels(path: Path) -> list[Label]:
    """Labels from a CSV with the columns id_a, id_b, label (1/0, yes/no, same/different). Raises UsageError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
            headers = reader.fieldnames or []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError("dedupe-labels", f"{path}: {error}") from error
    if not {"id_a", "id_b", "label"} <= set(headers):
        raise UsageError("dedupe-labels", f"{path}: the columns are {', '.join(headers)}, not id_a, id_b, label")
    found: list[Label] = []
    for number, row in enumerate(rows, 2):
        said = (row["label"] or "").strip().lower()
        if said in _YES | _NO:
            found.append(Label(row["id_a"] or "", row["id_b"] or "", said in _YES))
        elif said:
            raise UsageError("dedupe-labels", f"{path}: line {number} says {said!r}, neither yes nor no")
    return found


def refit(pairs: Pairs, labels: Iterable[Label]) -> Pairs:
    """The same pairs with scores that follow the labels. Labels on pairs that were not scored are passed over.

    Raises UsageError dedupe-labels where fewer than FEWEST remain.
    """
    places = pairs.places()
    known: dict[int, bool] = {}
    ids = pairs.record_numbers()
    for label in labels:
        a, b = ids.get(label.id_a), ids.get(label.id_b)
        at = places.get((min(a, b), max(a, b))) if a is not None and b is not None else None
        if at is not None:
            known[at] = label.same
    if len(known) < FEWEST:
        raise UsageError("dedupe-labels", f"{len(known)} labels are of pairs that were scored; {FEWEST} are needed")
    told = verdicts(pairs.features(np.stack([pairs.a, pairs.b], axis=1)))
    rows = np.array(sorted(known))
    truth = np.array([known[int(row)] for row in rows], np.float64)
    return pairs.corrected(fit(pairs.logit[rows], told[rows], truth).applied(pairs.logit, told))


def fit(logit: Numbers, told: Floats, truth: Numbers) -> Correction:
    """Logistic regression by Newton's steps, held to slope 1 and to nothing else: few labels change little.

    It learns what a label depends on given the score, so pairs may be chosen by their score (most uncertain first).
    """
    width = told.shape[1]
    matrix = np.concatenate([logit[:, None], np.ones((len(logit), 1)), told], axis=1).astype(np.float64)
    middle = np.concatenate([[1.0], np.zeros(width + 1)])
    hold = np.concatenate([_STRENGTH[:2], np.full(width, _STRENGTH[2])])
    weights = middle.copy()
    for _ in range(30):
        expected = sigmoid(matrix @ weights)
        slope = matrix.T @ (expected - truth) + hold * (weights - middle)
        curve = (matrix * (expected * (1 - expected))[:, None]).T @ matrix + np.diag(hold)
        step = np.linalg.solve(curve, slope)
        weights -= step
        if float(np.abs(step).max()) < 1e-6:  # noqa: PLR2004 far below what a label can tell
            break
    return Correction(float(max(weights[0], 0.2)), float(weights[1]), tuple(weights[2:].tolist()), len(truth))


def choose(pairs: Pairs, count: int, known: Sequence[Label] = (), seed: int = 0) -> list[Asked]:
    """Pairs worth a person's look, in the order to ask: three of four the most uncertain, one of four drawn at random.

    No record comes up twice among the uncertain ones while others are left, so that one mailbox does not fill the list.
    """
    ids_a, ids_b = pairs.table.column("id_a").to_pylist(), pairs.table.column("id_b").to_pylist()
    done = {frozenset((label.id_a, label.id_b)) for label in known}
    left = [at for at in range(len(ids_a)) if frozenset((ids_a[at], ids_b[at])) not in done]
    rng = np.random.default_rng(seed)
    drawn = [left[int(at)] for at in rng.permutation(len(left))[: count // 4]]
    uncertain = sorted(set(left) - set(drawn), key=lambda at: (abs(float(pairs.logit[at])), at))
    seen: set[str] = set()
    fresh: list[int] = []
    rest: list[int] = []
    for at in uncertain:
        new = ids_a[at] not in seen and ids_b[at] not in seen
        (fresh if new else rest).append(at)
        seen |= {ids_a[at], ids_b[at]}
    picked = (fresh + rest)[: count - len(drawn)]
    order: list[tuple[int, bool]] = []
    waiting = iter(drawn)
    for place, at in enumerate(picked, 1):
        order.append((at, False))
        if place % 3 == 0 and (extra := next(waiting, None)) is not None:
            order.append((extra, True))
    order += [(at, True) for at in waiting]
    probability = pairs.probability
    return [Asked(ids_a[at], ids_b[at], float(probability[at]), is_drawn) for at, is_drawn in order]
