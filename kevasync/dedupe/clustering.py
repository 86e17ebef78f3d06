"""From pairs to groups: average link, so a chain of weak links joins nothing; constraints always hold."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from kevasync.dedupe.pipeline import MATCH, Pairs

__all__ = ["Confirmed", "Constraint", "Edge", "clusters", "group"]

Edge = tuple[int, int, float]
"""Two records, counted from 0, and their log odds."""

_UNKNOWN = -3.0
"""Log odds of two records that no rule brought together, or that scored too low to be kept."""
_MOST, _LEAST = 6.0, -6.0


@dataclass(frozen=True, slots=True)
class Constraint:
    """A person's decision on two records, by id: the same, or not. "Not" is stronger, and holds for whole groups."""

    id_a: str
    id_b: str
    same: bool


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A person confirmed that this record's e-mail is alive: two different ones are never in one group."""

    id: str
    email: str


def clusters(pairs: Pairs, constraints: Iterable[Constraint | Confirmed] = (), threshold: float = MATCH) -> pa.Table:
    """Every record of the table with its cluster: columns id and cluster (int64, 1 up, in order of the first record).

    Decisions on ids that the table lacks are passed over.
    """
    ids = pairs.con.sql("select id from dd_id order by n").to_arrow_table().column("id")
    place = {identity: at for at, identity in enumerate(ids.to_pylist())} if (given := list(constraints)) else {}
    same = [
        (place[item.id_a], place[item.id_b])
        for item in given
        if isinstance(item, Constraint) and item.same and {item.id_a, item.id_b} <= place.keys()
    ]
    apart = [
        (place[item.id_a], place[item.id_b])
        for item in given
        if isinstance(item, Constraint) and not item.same and {item.id_a, item.id_b} <= place.keys()
    ]
    alive = {place[item.id]: item.email for item in given if isinstance(item, Confirmed) and item.id in place}
    shift = float(np.log(threshold / (1 - threshold)))
    a, b, logit = pairs.a - 1, pairs.b - 1, pairs.logit - shift
    near = _within_reach(len(ids), a, b, logit, same)
    edges = zip(a[near].tolist(), b[near].tolist(), logit[near].tolist(), strict=True)
    found = group(len(ids), edges, same, apart, alive)
    return pa.table({"id": ids, "cluster": pa.array(found, pa.int64())})


def _within_reach(
    records: int,
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    logit: npt.NDArray[np.float64],
    same: Sequence[tuple[int, int]],
) -> npt.NDArray[np.bool_]:
    """The pairs that can matter to the groups.

    Two groups are joined only over a pair that speaks for it, or by a decision. So a pair whose records no chain of
    such pairs connects, which is most of the unlikely ones of a large table, changes nothing: it can be forgotten.
    """
    likely = logit > 0
    decided = np.array(same, np.int32).reshape(-1, 2)
    rows = np.concatenate([a[likely], decided[:, 0]])
    columns = np.concatenate([b[likely], decided[:, 1]])
    chains = coo_array((np.ones(len(rows), np.bool_), (rows, columns)), shape=(records, records))
    _, part = connected_components(chains, directed=False)
    return np.asarray(part[a] == part[b])


def group(
    records: int,
    edges: Iterable[Edge],
    same: Sequence[tuple[int, int]] = (),
    apart: Sequence[tuple[int, int]] = (),
    alive: dict[int, str] | None = None,
) -> npt.NDArray[np.int64]:
    """The number of the group of each record: pairs of groups are joined while their mean log odds are above 0."""
    forest = _Groups(records, apart, alive or {})
    for a, b in same:
        forest.join(a, b)
    queue: list[tuple[float, int, int]] = []
    for a, b, logit in edges:
        x, y = forest.root(a), forest.root(b)
        if x != y:
            forest.add(x, y, max(_LEAST, min(_MOST, logit)))
    for x, y in forest.linked():
        queue.append((-forest.mean(x, y), x, y))
    heapq.heapify(queue)
    while queue:
        expected, x, y = heapq.heappop(queue)
        x, y = forest.root(x), forest.root(y)
        if x == y or forest.barred(x, y):
            continue
        mean = forest.mean(x, y)
        if mean <= 0:
            continue
        # a mean only falls as groups grow, so a stale entry is put back where it belongs now
        if mean < -expected - 1e-9:
            heapq.heappush(queue, (-mean, x, y))
            continue
        forest.join(x, y)
    return forest.numbers()


class _Groups:
    """Groups with the sum of the links between them; the smaller is always poured into the larger."""

    def __init__(self, records: int, apart: Sequence[tuple[int, int]], alive: dict[int, str]) -> None:
        self.parent = list(range(records))
        self.size = [1] * records
        self.links: dict[int, dict[int, tuple[float, int]]] = {}
        self.bars: dict[int, set[int]] = {}
        self.alive = dict(alive)
        for a, b in apart:
            if a != b:
                self.bars.setdefault(a, set()).add(b)
                self.bars.setdefault(b, set()).add(a)

    def root(self, record: int) -> int:
        """What the record's group is called now."""
        parent = self.parent
        while parent[record] != record:
            parent[record] = parent[parent[record]]
            record = parent[record]
        return record

    def add(self, x: int, y: int, logit: float) -> None:
        """One more link between two groups."""
        for one, other in ((x, y), (y, x)):
            total, count = self.links.setdefault(one, {}).get(other, (0.0, 0))
            self.links[one][other] = (total + logit, count + 1)

    def linked(self) -> Iterator[tuple[int, int]]:
        """Pairs of groups with a link between them."""
        return ((x, y) for x, others in self.links.items() for y in others if x < y)

    def mean(self, x: int, y: int) -> float:
        """Mean log odds of all pairs between two groups, unknown ones included."""
        total, count = self.links.get(x, {}).get(y, (0.0, 0))
        pairs = self.size[x] * self.size[y]
        return (total + _UNKNOWN * max(0, pairs - count)) / pairs

    def barred(self, x: int, y: int) -> bool:
        """Whether a person has said that these are not one."""
        if y in self.bars.get(x, ()):
            return True
        return x in self.alive and y in self.alive and self.alive[x] != self.alive[y]

    def join(self, a: int, b: int) -> None:
        """Make two groups one, unless they are barred."""
        x, y = self.root(a), self.root(b)
        if x == y or self.barred(x, y):
            return
        if len(self.links.get(x, ())) + len(self.bars.get(x, ())) < len(self.links.get(y, ())) + len(
            self.bars.get(y, ())
        ):
            x, y = y, x
        self.parent[y] = x
        self.size[x] += self.size[y]
        mine = self.links.setdefault(x, {})
        for other, (total, count) in self.links.pop(y, {}).items():
            theirs = self.links[other]
            del theirs[y]
            if other != x:
                before, known = mine.get(other, (0.0, 0))
                mine[other] = theirs[x] = (before + total, known + count)
        mine.pop(y, None)
        for other in self.bars.pop(y, set()):
            self.bars[other].discard(y)
            self.bars[other].add(x)
            self.bars.setdefault(x, set()).add(other)
        if y in self.alive:
            self.alive[x] = self.alive.pop(y)

    def numbers(self) -> npt.NDArray[np.int64]:
        """Groups numbered from 1 in the order of their first record."""
        names: dict[int, int] = {}
        return np.array(
            [names.setdefault(self.root(record), len(names) + 1) for record in range(len(self.parent))], np.int64
        )
