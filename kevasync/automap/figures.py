"""How good suggestions are: right first, right among three, calibration, and what may be accepted unread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Answer", "Figures", "measure"]

_BINS = 10
_THRESHOLDS = (0.995, 0.99, 0.98, 0.97, 0.95, 0.9, 0.8, 0.7, 0.5)


@dataclass(frozen=True, slots=True)
class Answer:
    """One column with its right field (None: no standard field) and what was suggested."""

    family: str
    object: str
    language: str
    name: str
    gold: str | None
    best: tuple[tuple[str, float], ...]
    none: float
    trivial: bool = False
    with_values: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares in [0, 1]. `columns` counts all, `mapped` those with a standard field.

    `levels` are (confidence, share right of the answers at least so sure, how many those were), surest first.
    """

    columns: int
    mapped: int
    top1: float
    recall3: float
    decision_accuracy: float
    none_recall: float
    precision_at_90: float
    share_at_90: float
    ece: float
    acceptable_at_99: float
    threshold_99: float
    levels: tuple[tuple[float, float, int], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Rounded, for files."""
        plain = {name: round(value, 4) for name, value in asdict(self).items() if name != "levels"}
        return plain | {"levels": [[least, round(right, 4), count] for least, right, count in self.levels]}


def measure(answers: Sequence[Answer]) -> Figures:
    """The figures of a set of answers; a column counts for calibration when its best answer is a field."""
    mapped = [answer for answer in answers if answer.gold is not None]
    nulls = [answer for answer in answers if answer.gold is None]
    first = sum(bool(answer.best) and answer.best[0][0] == answer.gold for answer in mapped)
    three = sum(answer.gold in [name for name, _ in answer.best[:3]] for answer in mapped)
    right_none = sum(_says_none(answer) for answer in nulls)
    decided = right_none + sum(not _says_none(answer) and answer.best[0][0] == answer.gold for answer in mapped)
    said = [(a.best[0][1], a.best[0][0] == a.gold) for a in answers if a.best and not _says_none(a)]
    sure = [right for confidence, right in said if confidence >= 0.9]  # noqa: PLR2004 the goal's threshold
    share, threshold = _acceptable(said, 0.99)
    return Figures(
        len(answers),
        len(mapped),
        first / max(len(mapped), 1),
        three / max(len(mapped), 1),
        decided / max(len(answers), 1),
        right_none / max(len(nulls), 1),
        sum(sure) / max(len(sure), 1),
        len(sure) / max(len(answers), 1),
        _ece(said),
        share / max(len(answers), 1),
        threshold,
        _levels(answers),
    )


def _levels(answers: Sequence[Answer]) -> tuple[tuple[float, float, int], ...]:
    """What accepting the first answer, be it a field or none, from each confidence on would have been worth."""
    said = [(a.none, a.gold is None) if _says_none(a) else (a.best[0][1], a.best[0][0] == a.gold) for a in answers]
    found = []
    for least in _THRESHOLDS:
        sure = [right for confidence, right in said if confidence >= least]
        if sure:
            found.append((least, sum(sure) / len(sure), len(sure)))
    return tuple(found)


def _says_none(answer: Answer) -> bool:
    return not answer.best or answer.none >= answer.best[0][1]


def _ece(said: Sequence[tuple[float, bool]]) -> float:
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
    for confidence, right in said:
        bins[min(_BINS - 1, int(confidence * _BINS))].append((confidence, right))
    gaps = (abs(sum(c for c, _ in part) - sum(r for _, r in part)) for part in bins)
    return sum(gaps) / max(len(said), 1)


def _acceptable(said: Sequence[tuple[float, bool]], precision: float) -> tuple[int, float]:
    """How many of the surest may be accepted with this precision, and from which confidence on."""
    best, threshold, right = 0, 1.0, 0
    ordered = sorted(said, reverse=True)
    for count, (confidence, is_right) in enumerate(ordered, 1):
        right += is_right
        last = count == len(ordered) or ordered[count][0] < confidence
        if last and right / count >= precision:
            best, threshold = count, confidence
    return best, threshold
