"""Learns from a reviewer's labels: a bounded correction of the shipped scores, and which pairs to ask about next."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from kevasync.dedupe.comparison import Floats, verdicts
from kevasync.dedupe.pipeline import Pairs
from kevasync.dedupe.scoring import sigmoid
from kevasync.errors import UsageError

__all__ = ["FEWEST", "Asked", "Correction", "Label", "Learned", "choose", "fit", "learn", "read_labels", "refit"]

FEWEST = 20
"""Fewer labels teach nothing that can be trusted."""
_MOST = 4.0
"""Labels move log odds by no more than this beyond what their slope does."""
_SLOPES = (0.2, 3.0)
"""Labels make scores no flatter and no steeper than this."""
_STRENGTH = (4.0, 0.1, 1.5)
"""How firmly slope, shift and each field's weight are held to what they are without labels (inverse variances)."""
_YES = {"1", "true", "yes", "y", "t", "same", "match", "merge", "duplicate"}
_NO = {"0", "false", "no", "n", "f", "different", "distinct", "not a duplicate"}

_HEADERS = ("id_a", "id_b", "label")
_DELIMITERS = ",;\t|"

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


@dataclass(frozen=True)
class Learned:
    """Pairs set right by labels, and what became of these.

    `used` are pairs that were labelled and followed, `contradicted` pairs that were called both one and two, which are
    left out, and `unknown` labels of pairs that were not scored or of records that are not there.
    """

    pairs: Pairs
    used: int
    contradicted: int
    unknown: int


def read_labels(path: Path) -> list[Label]:
    """Labels from a CSV with the columns id_a, id_b, label (1/0, yes/no, same/different). Raises UsageError.

    Commas, semicolons, tabs or bars stand between them, as spreadsheets write; case does not matter in the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = _delimiter(file.readline())
            file.seek(0)
            headers, *rows = list(csv.reader(file, delimiter=delimiter)) or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError("dedupe-labels", f"{path}: {error}") from error
    folded = [name.strip().casefold() for name in headers]
    if not set(_HEADERS) <= set(folded):
        raise UsageError("dedupe-labels", f"{path}: the columns are {', '.join(headers)}, not {', '.join(_HEADERS)}")
    at_a, at_b, at_label = (folded.index(name) for name in _HEADERS)
    found: list[Label] = []
    for number, row in enumerate(rows, 2):
        cells = row + [""] * (len(folded) - len(row))
        said = cells[at_label].strip().lower()
        if said in _YES | _NO:
            found.append(Label(cells[at_a], cells[at_b], said in _YES))
        elif said:
            raise UsageError("dedupe-labels", f"{path}: line {number} says {said!r}, neither yes nor no")
    return found


def _delimiter(header: str) -> str:
    """What stands between the columns: with it the header has those that are needed, else it is what comes most."""
    for one in _DELIMITERS:
        names = {name.strip().casefold() for name in next(csv.reader([header], delimiter=one), [])}
        if set(_HEADERS) <= names:
            return one
    return max(_DELIMITERS, key=header.count)


def refit(pairs: Pairs, labels: Iterable[Label]) -> Pairs:
    """The same pairs with scores that follow the labels; as `learn`, without the counts."""
    return learn(pairs, labels).pairs


def learn(pairs: Pairs, labels: Iterable[Label]) -> Learned:
    """The same pairs with scores that follow the labels, and how many of these could be followed.

    Raises UsageError dedupe-labels where fewer than FEWEST pairs remain.
    """
    places = pairs.places()
    said: dict[int, set[bool]] = {}
    unknown = 0
    ids = pairs.record_numbers()
    for label in labels:
        a, b = ids.get(label.id_a), ids.get(label.id_b)
        at = places.get((min(a, b), max(a, b))) if a is not None and b is not None else None
        if at is None:
            unknown += 1
        else:
            said.setdefault(at, set()).add(label.same)
    known = {at: label for at, (label, *others) in said.items() if not others}
    contradicted = len(said) - len(known)
    if len(known) < FEWEST:
        both = f", {contradicted} are contradicted" if contradicted else ""
        raise UsageError(
            "dedupe-labels", f"{len(known)} labels are of pairs that were scored{both}; {FEWEST} are needed"
        )
    told = verdicts(pairs.features(np.stack([pairs.a, pairs.b], axis=1)))
    rows = np.array(sorted(known))
    truth = np.array([known[int(row)] for row in rows], np.float64)
    corrected = pairs.corrected(fit(pairs.logit[rows], told[rows], truth).applied(pairs.logit, told))
    return Learned(corrected, len(known), contradicted, unknown)


def fit(logit: Numbers, told: Floats, truth: Numbers) -> Correction:
    """Logistic regression within bounds, held to slope 1 and to nothing else: few labels change little.

    It learns what a label depends on given the score, so pairs may be chosen by their score (most uncertain first).
    """
    width = told.shape[1]
    matrix = np.concatenate([logit[:, None], np.ones((len(logit), 1)), told], axis=1).astype(np.float64)
    start = np.concatenate([[1.0], np.zeros(width + 1)])
    hold = np.concatenate([_STRENGTH[:2], np.full(width, _STRENGTH[2])])
    bounds = [*_bounds(logit, truth), *[(None, None)] * width]
    # bare Newton steps overshoot and never settle where all labels are of one sort; this one never goes uphill
    found = minimize(
        _loss, start, (matrix, truth, hold, start), "L-BFGS-B", jac=True, bounds=bounds,
        options={"maxiter": 2_000, "ftol": 1e-15, "gtol": 1e-8},
    )  # fmt: skip
    slope, shift, *weights = found.x.tolist()
    return Correction(slope, shift, tuple(weights), len(truth))


def _bounds(logit: Numbers, truth: Numbers) -> tuple[tuple[float, float], tuple[float, float]]:
    """Within what slope and shift stay.

    Labels of one sort say nothing of the slope; and they lift (or lower) the scores so far that the pair which speaks
    most against it is at a half: what lies beyond was never asked, and would become a match with the rest.
    """
    if truth.all():
        return (1.0, 1.0), (0.0, float(np.clip(-logit.min(), 0, _MOST)))
    if not truth.any():
        return (1.0, 1.0), (float(np.clip(-logit.max(), -_MOST, 0)), 0.0)
    return _SLOPES, (-_MOST, _MOST)


def _loss(weights: Numbers, matrix: Numbers, truth: Numbers, hold: Numbers, middle: Numbers) -> tuple[float, Numbers]:
    """How badly the weights explain the labels, with what holds them back; and which way it rises."""
    logit, moved = matrix @ weights, weights - middle
    loss = (np.logaddexp(0, logit) - truth * logit).sum() + (hold * moved**2).sum() / 2
    return float(loss), matrix.T @ (sigmoid(logit) - truth) + hold * moved


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
