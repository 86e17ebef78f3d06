"""From scored pairs and clusters to what a person decides on: groups of records, each with the pair that decides it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kevasync.dedupe.sides import side_of
from kevasync.records import Side

__all__ = ["Found", "Kind", "Scored", "find_groups"]

MOST_PARTNERS = 10
"""A record that may be one with more others than this is in a crowd."""
Scored = tuple[str, str, float]
"""Two records by name, and the probability that they are one."""


class Kind(StrEnum):
    """What a group would become: one Contact, a link between the sides, or one customer (Keva documents no merge)."""

    MERGE = "merge"
    LINK = "link"
    KEVA = "keva"


@dataclass(frozen=True, slots=True)
class Found:
    """Records that may be one. `between` is the weakest of the pairs that hold them together, `probability` its own.

    `surplus` is how many records too many there would be on both sides; `certain` groups stood at the threshold.
    """

    ids: tuple[str, ...]
    kind: Kind
    probability: float
    between: tuple[str, str] | None
    certain: bool = True

    @property
    def surplus(self) -> int:
        """Records too many if they are one."""
        return max(1, sum(max(0, count - 1) for count in _sides(self.ids).values()))

    @property
    def gain(self) -> float:
        """How much a decision tells: most where the probability is a half."""
        return 0.5 - abs(self.probability - 0.5)


def find_groups(
    pairs: Iterable[Scored],
    clusters: Mapping[str, int],
    links: Sequence[tuple[str, str]],
    decided: Sequence[tuple[str, str, bool]],
    doubtful: float,
) -> list[Found]:
    """Groups of at least two records, and pairs across clusters from the probability `doubtful` on.

    Args:
        pairs: most likely first.
        clusters: the cluster of every record.
        links: a customer and its Contact, by name: known to be one, and no duplicates of each other.
        decided: what people said of two records: the same, or not.
        doubtful: below it a pair across clusters is not worth a look.
    """
    listed = list(pairs)
    members: dict[int, list[str]] = {}
    for name, cluster in clusters.items():
        members.setdefault(cluster, []).append(name)
    linked = {frozenset(pair) for pair in links}
    apart = {frozenset(pair[:2]) for pair in decided if not pair[2]}
    weakest = _weakest(listed, clusters, [*links, *((a, b) for a, b, same in decided if same)])
    found: list[Found] = []
    for cluster, names in members.items():
        kind = _kind(names, linked)
        if kind is not None:
            bridge = weakest.get(cluster)
            between = (bridge[0], bridge[1]) if bridge else None
            found.append(Found(tuple(sorted(names)), kind, bridge[2] if bridge else 1.0, between))
    at_home = {name for pair in linked for name in pair}
    found += _doubtful(listed, clusters, at_home, apart, doubtful)
    return found


def _sides(names: Iterable[str]) -> dict[Side, int]:
    counts = dict.fromkeys(Side, 0)
    for name in names:
        counts[side_of(name)] += 1
    return counts


def _kind(names: Sequence[str], linked: set[frozenset[str]]) -> Kind | None:
    """None where there is nothing to decide: one record, or a customer and its own Contact."""
    counts = _sides(names)
    if counts[Side.SALESFORCE] > 1:
        return Kind.MERGE
    if counts[Side.KEVA] > 1:
        return Kind.KEVA
    if len(names) > 1 and frozenset(names) not in linked:
        return Kind.LINK
    return None


def _weakest(
    pairs: Sequence[Scored], clusters: Mapping[str, int], known: Sequence[tuple[str, str]]
) -> dict[int, Scored]:
    """Of each cluster the last pair that a greedy walk, strongest first, needs to hold it together."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.get(name, name) != name:
            name = parent[name]
        return name

    weakest: dict[int, Scored] = {}
    for a, b in known:
        if clusters.get(a) is not None and clusters.get(a) == clusters.get(b):
            parent[root(a)] = root(b)
    for a, b, probability in pairs:
        if clusters[a] == clusters[b] and (one := root(a)) != (other := root(b)):
            parent[one] = other
            weakest[clusters[a]] = (a, b, probability)
    return weakest


def _doubtful(
    pairs: Sequence[Scored], clusters: Mapping[str, int], linked: set[str], apart: set[frozenset[str]], least: float
) -> Iterator[Found]:
    """Of each two clusters that were not joined the best pair, where somebody should look.

    A record is in one such pair at a time, its best; the next search brings the next. A crowd in which everybody may be
    everybody (a shared mailbox) is one group.
    """
    best: dict[frozenset[int], Scored] = {}
    for a, b, probability in pairs:
        if probability < least:
            break
        between = frozenset((clusters[a], clusters[b]))
        kind = _kind([a, b], set())
        # a customer who has a Contact is not offered another one: the Contacts themselves are
        idle = kind is None or (kind is Kind.LINK and linked & {a, b})
        if len(between) > 1 and frozenset((a, b)) not in apart and not idle:
            best.setdefault(between, (a, b, probability))
    partners = Counter(cluster for between in best for cluster in between)
    crowded = {cluster for cluster, count in partners.items() if count > MOST_PARTNERS}
    taken: set[int] = set()
    for between, (a, b, probability) in best.items():
        if not between & (crowded | taken):
            taken |= between
            yield Found(tuple(sorted((a, b))), _kind([a, b], set()) or Kind.LINK, probability, (a, b), certain=False)
    inside = {between: pair for between, pair in best.items() if between <= crowded}
    for crowd in _joined(inside):
        names = {name for between in crowd for name in inside[between][:2]}
        a, b, probability = inside[crowd[0]]
        yield Found(tuple(sorted(names)), _kind(list(names), set()) or Kind.LINK, probability, (a, b), certain=False)


def _joined(pairs: Iterable[frozenset[int]]) -> list[list[frozenset[int]]]:
    """Pairs in lists that hang together, each in the order given."""
    parent: dict[int, int] = {}

    def root(one: int) -> int:
        while parent.setdefault(one, one) != one:
            one = parent[one]
        return one

    listed = list(pairs)
    for one, other in map(tuple, listed):
        parent[root(one)] = root(other)
    groups: dict[int, list[frozenset[int]]] = {}
    for between in listed:
        groups.setdefault(root(next(iter(between))), []).append(between)
    return list(groups.values())
