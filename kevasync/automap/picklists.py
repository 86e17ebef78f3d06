"""Which value of a Salesforce picklist a column's value means: 'Mr' is 'Mr.', 'USA' is 'United States'."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from rapidfuzz import fuzz

__all__ = ["ValueMatch", "match_values"]

_SPELLED_ALIKE = 0.86
_ENOUGH = 0.6
_SYNONYM = 0.9
_TAKEN = 0.15
_PUNCTUATION = re.compile(r"[^\w]+|_")


@dataclass(frozen=True, slots=True)
class ValueMatch:
    """One value of the column, the picklist's value it means (None: none fits) and how sure that is, in [0, 1]."""

    value: str
    option: str | None
    confidence: float


@cache
def _meanings() -> Mapping[str, frozenset[int]]:
    """Each bare spelling with the numbers of the meanings it has."""
    text = (resources.files("kevasync.automap") / "synonyms.toml").read_text(encoding="utf-8")
    found: dict[str, set[int]] = {}
    for number, group in enumerate(tomllib.loads(text)["groups"]):
        for word in group:
            found.setdefault(_bare(word), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


def _bare(text: str) -> str:
    """Without case, accents' composition and punctuation."""
    return _PUNCTUATION.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def match_values(values: Sequence[str], options: Sequence[str]) -> list[ValueMatch]:
    """A match for each value, best pairs first to choose, each option given to one value where others would do.

    An option may still be given to several values that all mean it ('USA' and 'US'); then each keeps its confidence.
    """
    scored = sorted(
        (
            (score, position, option)
            for position, value in enumerate(values)
            for option, score in _scores(value, options)
        ),
        key=lambda item: (-item[0], item[1], item[2]),
    )
    chosen: dict[int, tuple[str, float]] = {}
    taken: set[str] = set()
    for score, position, option in scored:
        if position in chosen:
            continue
        fair = score - (_TAKEN if option in taken and score < _SYNONYM else 0.0)
        if fair >= _ENOUGH:
            chosen[position] = (option, fair)
            taken.add(option)
    return [
        ValueMatch(value, *chosen[position])
        if position in chosen
        else ValueMatch(value, None, _none_fits(value, options))
        for position, value in enumerate(values)
    ]


def _none_fits(value: str, options: Sequence[str]) -> float:
    best = max((score for _, score in _scores(value, options)), default=0.0)
    return round(1.0 - best, 4)


def _scores(value: str, options: Sequence[str]) -> list[tuple[str, float]]:
    return [(option, _alike(value, option)) for option in options]


def _alike(value: str, option: str) -> float:
    """How surely the two mean the same."""
    if value.strip() == option:
        return 1.0
    own, other = _bare(value), _bare(option)
    if not own or not other:
        return 0.0
    if own == other:
        return 0.98
    meanings = _meanings()
    if meanings.get(own, frozenset()) & meanings.get(other, frozenset()):
        return _SYNONYM if len(own) > 1 else 0.7
    if len(own) > 3 and f" {own} " in f" {other} ":  # noqa: PLR2004 short words stand in too many values
        return 0.75 * len(own) / len(other) + 0.25
    ratio = fuzz.ratio(own, other) / 100
    return ratio * 0.95 if ratio >= _SPELLED_ALIKE else ratio * 0.6
