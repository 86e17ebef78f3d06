"""What a training teaches its reader: learning curve, calibration, which role is taken for which, the worst misses."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from kevasync.automap.corpus import Row
from kevasync.automap.figures import Answer, Figures, measure
from kevasync.automap.roles import roles

__all__ = ["SIZES", "Bin", "Confusion", "Miss", "Point", "Size", "Study", "study"]

NO_FIELD = "no standard field"
CUSTOM = "custom field"
_BINS = 10
_Z = 1.96  # 95 % of a normal distribution


@dataclass(frozen=True, slots=True)
class Size:
    """How much of the corpus a study trains on: `systems` real ones (None: all, and the invented ones too).

    `shares` of them, ascending up to 1, are the points of the learning curve.
    """

    systems: int | None
    folds: int
    shares: tuple[float, ...]


SIZES: Mapping[str, Size] = MappingProxyType(
    {
        "small": Size(16, 3, (0.5, 1.0)),
        "medium": Size(48, 4, (0.25, 0.5, 0.75, 1.0)),
        "full": Size(None, 5, (0.125, 0.25, 0.5, 1.0)),
    }
)


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the learning curve: the figures, always on the same columns, of training with so many systems."""

    systems: int
    rows: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class Bin:
    """The held-out answers of one range of confidence: how sure they were, how often right, and the 95 % interval."""

    answer: str
    """'field', or 'no standard field'."""
    count: int
    confidence: float
    right: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often one role was taken for another; `of` columns have that role, in all."""

    role: str
    taken_for: str
    count: int
    of: int


@dataclass(frozen=True, slots=True)
class Miss:
    """A column whose wrong answer was surer than the right one, by `gap` on average over its `times`."""

    column: str
    object: str
    system: str
    right: str
    said: str
    sure: float
    gap: float
    times: int


@dataclass(frozen=True, slots=True)
class Study:
    """One training, measured on systems that the models had not seen."""

    systems: int
    rows: int
    figures: Mapping[str, Figures]
    curve: tuple[Point, ...]
    reliability: tuple[Bin, ...]
    confusions: tuple[Confusion, ...]
    """The most frequent first."""
    hardest: tuple[Miss, ...]
    """The surest mistakes first."""


class _Report(Protocol):
    @property
    def figures(self) -> Mapping[str, Figures]: ...
    @property
    def answers(self) -> Sequence[Answer]: ...


Fit = Callable[[Sequence[Row], int, int], _Report]
"""Rows, seed and number of folds to what training reports."""


def study(rows: Sequence[Row], fit: Fit, size: Size, seed: int, tell: Callable[[str], None]) -> Study:
    """Train with more and more systems, and look closely at the last training.

    Every point of the curve is measured on the columns of the systems of the first point, so that only what was
    learned differs. `tell` hears what is being done.
    """
    families = _families(rows, size.systems, seed)
    steps = sorted({max(size.folds, round(len(families) * share)) for share in size.shares})
    core = frozenset(families[: steps[0]])
    curve: list[Point] = []
    for step in steps:
        chosen = frozenset(families[:step])
        known = [row for row in rows if row.family in chosen]
        tell(f"Training on {step} systems, {len(known):,} columns")
        report = fit(known, seed, size.folds)
        curve.append(Point(step, len(known), measure([one for one in report.answers if one.family in core])))
    answers = report.answers
    return Study(
        curve[-1].systems,
        curve[-1].rows,
        report.figures,
        tuple(curve),
        tuple(reliability(answers)),
        tuple(confusions(answers)),
        tuple(hardest(answers)),
    )


def _families(rows: Iterable[Row], wanted: int | None, seed: int) -> list[str]:
    """The systems to train on, in the order in which the curve adds them; a few are chosen over all lengths."""
    sizes = Counter(row.family for row in rows)
    found = sorted(sizes, key=lambda family: (-sizes[family], family))
    if wanted is not None:
        real = [family for family in found if not family.startswith("invented")]
        found = [real[place * len(real) // wanted] for place in range(wanted)] if len(real) > wanted else real
    random.Random(seed).shuffle(found)  # noqa: S311 reproducible, not secret
    return found


def reliability(answers: Iterable[Answer]) -> list[Bin]:
    """The answers by tenths of confidence; empty tenths are left out."""
    parts: dict[tuple[str, int], list[tuple[float, bool]]] = defaultdict(list)
    for answer in answers:
        said, sure = _said(answer)
        kind = NO_FIELD if said is None else "field"
        parts[kind, min(_BINS - 1, int(sure * _BINS))].append((sure, said == answer.gold))
    found = []
    for (kind, _), members in sorted(parts.items()):
        count = len(members)
        right = sum(is_right for _, is_right in members)
        low, high = _interval(right, count)
        found.append(Bin(kind, count, sum(sure for sure, _ in members) / count, right / count, low, high))
    return found


def _interval(right: int, count: int) -> tuple[float, float]:
    """Wilson's interval: it stays in [0, 1], and has a width where all are right."""
    share, square = right / count, _Z * _Z
    middle = (share + square / (2 * count)) / (1 + square / count)
    reach = _Z * ((share * (1 - share) + square / (4 * count)) / count) ** 0.5 / (1 + square / count)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def confusions(answers: Iterable[Answer]) -> list[Confusion]:
    """Every role that was taken for another, the most frequent first."""
    taken: Counter[tuple[str, str]] = Counter()
    all_of: Counter[str] = Counter()
    for answer in answers:
        said, _ = _said(answer)
        role = _role(answer.object, answer.gold)
        all_of[role] += 1
        if said != answer.gold:
            other = _role(answer.object, said)
            taken[role, f"another {role}" if other == role else other] += 1
    ordered = sorted(taken.items(), key=lambda item: (-item[1], item[0]))
    return [Confusion(role, other, count, all_of[role]) for (role, other), count in ordered]


def hardest(answers: Iterable[Answer]) -> list[Miss]:
    """Every column that was answered wrongly, the widest gap to the right answer first."""
    seen: dict[tuple[str, str, str, str | None, str | None], list[tuple[float, float]]] = defaultdict(list)
    for answer in answers:
        said, sure = _said(answer)
        if said == answer.gold:
            continue
        # beyond the third nothing is kept: at most as sure as the third, which is next to nothing
        held = answer.none if answer.gold is None else dict(answer.best).get(answer.gold, 0.0)
        seen[answer.name, answer.object, answer.family, answer.gold, said].append((sure, sure - held))
    found = []
    for (name, object_name, family, gold, said), given in seen.items():
        sure, gap = (sum(part) / len(given) for part in zip(*given, strict=True))
        found.append(Miss(name, object_name, family, gold or NO_FIELD, said or NO_FIELD, sure, gap, len(given)))
    return sorted(found, key=lambda miss: (-miss.gap, miss.column, miss.object, miss.system, miss.right, miss.said))


def _said(answer: Answer) -> tuple[str | None, float]:
    """The field that was suggested first (None: no standard field), and how sure that was."""
    if not answer.best or answer.none >= answer.best[0][1]:
        return None, answer.none
    return answer.best[0]


def _role(object_name: str, target: str | None) -> str:
    if target is None:
        return NO_FIELD
    place = roles().place(object_name, target)
    return place.role.replace("_", " ") if place else CUSTOM
