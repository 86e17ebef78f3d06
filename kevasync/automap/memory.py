"""Spellings the corpus knows, found by letters: which known names are nearest to a column's, and what they meant."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kevasync.automap.names import grams, read

__all__ = ["Known", "Memory", "Nearest", "memorise"]

_NEIGHBOURS = 8
_END_ALONE = 0.75  # what the end of a path counts for without the path
_SHARPNESS = 6.0  # how fast a neighbour's vote fades as its likeness falls


@dataclass(frozen=True, slots=True)
class Known:
    """One spelling with one meaning: how many systems use it so, and one of them."""

    key: str
    role: str
    systems: int
    system: str


@dataclass(frozen=True, slots=True)
class Nearest:
    """What the memory says of one column: votes for roles (sum 1, or empty), the best likeness and the best entries."""

    votes: dict[str, float]
    likeness: float
    exact: dict[str, float]
    """Votes of the entries spelled exactly alike; empty when there is none."""
    entries: tuple[tuple[float, Known], ...]
    seen: float = 0.0
    """How many systems' uses of exactly this spelling are known."""


def memorise(entries: Iterable[tuple[str, str, str]]) -> list[Known]:
    """(name, role, system) triples as entries, each spelling with each meaning once, in a fixed order."""
    systems: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name, role, system in entries:
        reading = read(name)
        if reading.path:  # never its end alone: `country.name` does not make `name` a country
            systems[reading.path, role].add(system)
    return [Known(key, role, len(named), min(named)) for (key, role), named in sorted(systems.items())]


class Memory:
    """Entries and their letters, weighted by rarity (TF-IDF), as posting lists."""

    def __init__(self, entries: Sequence[Known]) -> None:
        self.entries = tuple(entries)
        self.by_key: dict[str, list[int]] = defaultdict(list)
        keys: dict[str, int] = {}
        for place, entry in enumerate(self.entries):
            self.by_key[entry.key].append(place)
            keys.setdefault(entry.key, len(keys))
        self.keys = tuple(keys)
        self._known: dict[str, Nearest] = {}
        self._index()

    def _index(self) -> None:
        listed = [Counter(grams(key)) for key in self.keys]
        frequency = Counter(gram for counted in listed for gram in counted)
        self.rarity = {gram: math.log((1 + len(listed)) / (1 + count)) + 1.0 for gram, count in frequency.items()}
        postings: dict[str, tuple[list[int], list[float]]] = {gram: ([], []) for gram in frequency}
        for place, counted in enumerate(listed):
            weights = {gram: (1 + math.log(count)) * self.rarity[gram] for gram, count in counted.items()}
            norm = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
            for gram, weight in weights.items():
                places, values = postings[gram]
                places.append(place)
                values.append(weight / norm)
        self.postings: dict[str, tuple[NDArray[np.int32], NDArray[np.float32]]] = {
            gram: (np.asarray(places, dtype=np.int32), np.asarray(values, dtype=np.float32))
            for gram, (places, values) in postings.items()
        }

    def nearest(self, name: str, label: str | None) -> Nearest:
        """What is known of a column by its name and label; the nearer spelling of the two weighs more."""
        found = self._all_of(name)
        if label:
            found += [self._of(key) for key in self._keys_of(label)[:1]]
        if not found:
            return Nearest({}, 0.0, {}, ())
        votes: defaultdict[str, float] = defaultdict(float)
        exact: defaultdict[str, float] = defaultdict(float)
        for one in found:
            for role, vote in one.votes.items():
                votes[role] += vote * one.likeness**2
            for role, count in one.exact.items():
                exact[role] += count
        entries = sorted((pair for one in found for pair in one.entries), key=lambda pair: (-pair[0], pair[1].key))
        return Nearest(
            _shares(votes),
            max(one.likeness for one in found),
            _shares(exact),
            tuple(entries[:_NEIGHBOURS]),
            sum(exact.values()),
        )

    def _all_of(self, name: str) -> list[Nearest]:
        """The path as a whole and its end alone, which says less: the path may make it another person's."""
        keys = self._keys_of(name)
        whole = [self._of(key) for key in keys[:1]]
        return whole + [replace(self._of(key), likeness=_END_ALONE * self._of(key).likeness) for key in keys[1:]]

    def _keys_of(self, name: str) -> list[str]:
        reading = read(name)
        return [key for key in dict.fromkeys((reading.path, reading.key)) if key]

    def _of(self, key: str) -> Nearest:
        if key not in self._known:
            if len(self._known) > 20_000:  # noqa: PLR2004 spellings kept at hand
                self._known.clear()
            self._known[key] = self._look(key)
        return self._known[key]

    def _look(self, key: str) -> Nearest:
        counted = Counter(gram for gram in grams(key) if gram in self.postings)
        likeness = np.zeros(len(self.keys), dtype=np.float64)
        norm = 0.0
        for gram, count in counted.items():
            weight = (1 + math.log(count)) * self.rarity[gram]
            norm += weight * weight
            places, values = self.postings[gram]
            likeness[places] += weight * values
        unknown = sum(1 for gram in set(grams(key)) if gram not in self.postings)
        norm += unknown * 40.0  # letters never seen count as rare ones
        likeness /= math.sqrt(norm) or 1.0
        most = min(_NEIGHBOURS, len(likeness))
        top = np.argpartition(-likeness, most - 1)[:most] if most else np.zeros(0, dtype=np.int64)
        top = top[np.lexsort((top, -np.round(likeness[top], 9)))]
        votes: defaultdict[str, float] = defaultdict(float)
        found: list[tuple[float, Known]] = []
        for place in top:
            alike = float(likeness[place])
            for known in (self.entries[index] for index in self.by_key[self.keys[place]]):
                votes[known.role] += math.exp(_SHARPNESS * (alike - 1)) * math.sqrt(known.systems)
                found.append((alike, known))
        exact = {self.entries[i].role: float(self.entries[i].systems) for i in self.by_key.get(key, ())}
        return Nearest(_shares(votes), float(likeness.max(initial=0.0)), exact, tuple(found[:_NEIGHBOURS]))


def _shares(votes: Mapping[str, float]) -> dict[str, float]:
    total = sum(votes.values())
    return {role: vote / total for role, vote in votes.items()} if total else {}
