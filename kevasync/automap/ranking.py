"""From the features of pairs to calibrated confidences: the pair's score, then the whole list's answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kevasync.automap.meaning import softmax
from kevasync.automap.pairs import FEATURES, Known, Sheet
from kevasync.automap.roles import NONE, OBJECTS, roles

__all__ = ["LIST_FEATURES", "Ranking", "confidences", "list_features", "shares_known"]

Floats = NDArray[np.float64]

LIST_FEATURES = (
    "best", "margin", "meaning_none", "memory_none", "exact_none", "exact_best", "known", "likeness", "certain",
    "entropy", "familiar", "parent", "words", "values_none", "custom", "same", "taken", "contact", "account",
    "best_over_none", "foreign",
)  # fmt: skip
_SPREAD = 1.0


@dataclass(frozen=True, slots=True)
class Ranking:
    """The weights of the pair score and of the list's answer (best, none, another)."""

    weights: Floats
    intercept: float
    means: Floats
    scales: Floats
    list_weights: Floats
    """3 by LIST_FEATURES."""
    list_intercepts: Floats
    doubt: float = 0.0
    """How much a spelling that is used in two ways limits confidence: the power of its share."""

    def scores(self, pairs: Floats) -> Floats:
        """Columns by targets: log-odds of each pair."""
        return np.asarray(pairs @ self.weights + self.intercept, dtype=np.float64)

    def answers(self, listed: Floats, shares: Floats) -> Floats:
        """Columns by 3: the probability that the best is right, that there is none, that another is right."""
        scaled = (listed - self.means) / self.scales
        found = softmax(scaled @ self.list_weights.T + self.list_intercepts)
        most = shares[:, 0] ** self.doubt
        excess = np.maximum(found[:, 0] - most, 0.0)
        found[:, 0] -= excess
        found[:, 1] += excess * shares[:, 1]
        found[:, 2] += excess * (1.0 - shares[:, 1])
        return found


def list_features(object_name: str, sheet: Sheet, known: Known, pairs: Floats, scores: Floats) -> Floats:
    """Columns by LIST_FEATURES."""
    rows = len(sheet.sources)
    put = {name: place for place, name in enumerate(FEATURES)}
    found = np.zeros((rows, len(LIST_FEATURES)))
    nowhere = _nowhere(known)
    for row in range(rows):
        order = np.argsort(-scores[row], kind="stable")
        best = int(order[0])
        near, meaning = sheet.nearest[row], sheet.meaning[row]
        none = float(meaning[nowhere].sum())
        names = [roles().names[place] for place in nowhere]
        exact_none = sum(near.exact.get(name, 0.0) for name in names)
        top = scores[row, best]
        second = scores[row, order[1]] if len(order) > 1 else top - 5.0
        found[row] = (
            top,
            min(top - second, 8.0),
            np.log((none + 1e-3) / (1 - none + 1e-3)),
            sum(near.votes.get(name, 0.0) for name in names),
            exact_none,
            pairs[row, best, put["exact"]],
            float(bool(near.exact)),
            near.likeness,
            float(meaning.max()),
            -float((meaning * np.log(meaning + 1e-12)).sum()),
            sheet.familiar[row],
            float("." in sheet.sources[row].name or "\\" in sheet.sources[row].name),
            min(len(sheet.sources[row].name), 40) / 10.0,
            float(sheet.values[row, nowhere].max(initial=0.0)),
            pairs[row, best, put["custom"]],
            pairs[row, best, put["same"]],
            pairs[row, best, put["taken"]],
            float(object_name == OBJECTS[0]),
            float(object_name == OBJECTS[1]),
            np.tanh((pairs[row, best, put["meaning"]] - np.log((none + 1e-3) / 1e-3)) / 3.0),
            float(not sheet.sources[row].name.isascii()),
            # the field's own name, which elsewhere means something else as often (title, id)
        )
    return found


def shares_known(sheet: Sheet, known: Known, pairs: Floats, scores: Floats) -> Floats:
    """Columns by 2: of the known uses of exactly this spelling, the share of the best field; of the rest, that of none.

    Both 1 and 0 where the spelling is new, or values speak too.
    """
    found = np.tile([1.0, 0.0], (len(sheet.sources), 1))
    names = [roles().names[place] for place in _nowhere(known)]
    exact = FEATURES.index("exact")
    for row, near in enumerate(sheet.nearest):
        if near.seen and not sheet.values[row].any():
            share = float(pairs[row, int(np.argmax(scores[row])), exact])
            none = sum(near.exact.get(name, 0.0) for name in names)
            found[row] = (share * near.seen + 1.0) / (near.seen + 1.0), min(none / max(1.0 - share, 1e-9), 1.0)
    return found


def _nowhere(known: Known) -> NDArray[np.int64]:
    """The roles that none of the targets has: `none`, and those that this object lacks."""
    held = {place.role for place in known.places if place is not None}
    if "company" in held and "parent" not in held:
        held.add("account_ref")
    names = roles().names
    return np.asarray([place for place, name in enumerate(names) if name == NONE or name not in held], dtype=np.int64)


def confidences(scores: Sequence[float] | Floats, answer: Floats) -> tuple[Floats, float]:
    """The confidence of each target, and of none; together at most 1."""
    scores = np.asarray(scores, dtype=np.float64)
    best = int(np.argmax(scores))
    rest = np.delete(scores, best)
    found = np.zeros(len(scores))
    found[best] = answer[0]
    if len(rest):
        shares = softmax(rest * _SPREAD) * answer[2]
        # no alternative is surer than the best of the list
        found[[place for place in range(len(scores)) if place != best]] = np.minimum(shares, answer[0])
    return found, float(answer[1])
