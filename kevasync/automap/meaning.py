"""What a column means by its name, label and type: linear models over words and letters, evaluated in numpy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kevasync.automap.fields import SourceField
from kevasync.automap.names import Reading, grams, read

__all__ = ["Linear", "Splitter", "kind_of", "signs", "softmax"]

Floats = NDArray[np.float64]

_KINDS = {
    "boolean": "boolean", "bool": "boolean", "checkbox": "boolean", "booleancheckbox": "boolean", "bit": "boolean",
    "date": "date", "datetime": "datetime", "timestamp": "datetime", "time": "datetime", "timestamptz": "datetime",
    "int": "integer", "integer": "integer", "bigint": "integer", "long": "integer", "smallint": "integer",
    "number": "number", "double": "number", "float": "number", "decimal": "number", "currency": "money",
    "money": "money", "numeric": "number", "percent": "number", "email": "email", "phone": "phone", "tel": "phone",
    "phonenumber": "phone", "url": "url", "uri": "url", "enumeration": "choice", "picklist": "choice",
    "select": "choice", "enum": "choice", "radio": "choice", "dropdown": "choice", "multipicklist": "many",
    "array": "many", "list": "many", "object": "structure", "json": "structure", "struct": "structure",
    "reference": "reference", "lookup": "reference", "relation": "reference", "id": "reference",
    "textarea": "text", "longtext": "text", "richtext": "text", "html": "text",
    "string": "string", "text": "string", "varchar": "string", "char": "string", "str": "string",
}  # fmt: skip


def kind_of(kind: str | None) -> str:
    """A type's word in any system as one of ours; '' when it is not known."""
    if not kind:
        return ""
    return _KINDS.get(kind.strip().lower().split("(")[0].replace("_", "").replace(" ", ""), "")


class Splitter:
    """Parts words that are written together (`mailingpostalcode`), by the words the corpus knows."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        total = sum(counts.values()) + 1
        self.costs = {word: math.log(total / count) for word, count in counts.items() if len(word) > 1}
        self.counts = dict(counts)
        self._longest = max(map(len, self.costs), default=0)
        self._split = lru_cache(maxsize=20_000)(self._best)

    def split(self, words: Sequence[str]) -> tuple[str, ...]:
        """The words, with those parted that fall into known words wholly."""
        found: list[str] = []
        for word in words:
            if len(word) > 4 and word.isalpha() and self.counts.get(word, 0) < 6:  # noqa: PLR2004 shorter is a word
                found.extend(self._split(word))
            else:
                found.append(word)
        return tuple(found)

    def _best(self, word: str) -> tuple[str, ...]:
        best: list[tuple[float, tuple[str, ...]]] = [(0.0, ())]
        for end in range(1, len(word) + 1):
            options = [
                (best[start][0] + self.costs[part] + 1.0, (*best[start][1], part))
                for start in range(max(0, end - self._longest), end)
                if best[start][0] < math.inf and (part := word[start:end]) in self.costs
            ]
            best.append(min(options, default=(math.inf, ())))
        whole = self.costs.get(word, math.inf)
        cost, parts = best[-1]
        fits = cost < math.inf and all(len(part) > 2 for part in parts)  # noqa: PLR2004 two letters fit anywhere
        return parts if fits and (cost < whole + 1.0) and len(parts) > 1 else (word,)


def signs(object_name: str, source: SourceField, splitter: Splitter) -> dict[str, float]:
    """The features of a column for the linear models: words, word pairs, letters, the path before, the object."""
    found: dict[str, float] = {}
    reading = read(source.name)
    _add(found, object_name, reading, splitter)
    if source.label and source.label.strip().lower() != source.name.strip().lower():
        _add(found, object_name, read(source.label), splitter)
    if kind := kind_of(source.type):
        found[f"t:{kind}"] = 0.6
    return found


def _add(found: dict[str, float], object_name: str, reading: Reading, splitter: Splitter) -> None:
    own, parents = splitter.split(reading.own), splitter.split(reading.parents)
    for index in reading.indices[:2]:
        _most(found, f"i:{index}", 0.4)
    for word in parents:
        _most(found, f"p:{word}", 0.5)
    if parents:
        _most(found, f"pl:{parents[-1]}", 0.5)
        _most(found, f"pk:{' '.join(parents)}", 0.7)
        if own:
            _most(found, f"pb:{parents[-1]} {own[-1]}", 0.6)
    if not own:
        return
    for word in own:
        _most(found, f"w:{word}", 0.8)
    for first, second in pairwise(own):
        _most(found, f"b:{first} {second}", 0.7)
    key = " ".join(own)
    _most(found, f"f:{key}", 0.8)
    _most(found, f"n:{min(len(own), 5)}{'p' if parents else ''}", 0.2)
    _most(found, f"l:{own[-1]}", 0.6)
    _most(found, f"h:{own[0]}", 0.4)
    _most(found, f"of:{object_name} {key if not parents else '… ' + key}", 0.7)
    _most(found, f"ol:{object_name} {own[-1]}", 0.3)
    letters = grams(key)
    for gram in letters:
        _most(found, f"g:{gram}", 1.6 / math.sqrt(len(letters)))


def _most(found: dict[str, float], sign: str, weight: float) -> None:
    if found.get(sign, 0.0) < weight:
        found[sign] = weight


def softmax(scores: Floats) -> Floats:
    """Probabilities of the last axis."""
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Linear:
    """A multinomial linear model over named features: weights (features by classes), intercepts (classes)."""

    index: Mapping[str, int]
    weights: NDArray[np.float32]
    intercepts: Floats
    classes: tuple[str, ...]

    def odds(self, columns: Iterable[Mapping[str, float]]) -> Floats:
        """The log-odds of each class, a row for each column."""
        rows = []
        for column in columns:
            known = [(place, weight) for sign, weight in column.items() if (place := self.index.get(sign)) is not None]
            if not known:
                rows.append(self.intercepts)
                continue
            places, weights = zip(*known, strict=True)
            rows.append(np.asarray(weights, dtype=np.float64) @ self.weights[list(places)] + self.intercepts)
        return np.asarray(rows, dtype=np.float64).reshape(len(rows), len(self.classes))

    def probabilities(self, columns: Iterable[Mapping[str, float]]) -> Floats:
        """The probability of each class, a row for each column."""
        return softmax(self.odds(columns))
