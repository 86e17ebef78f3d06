"""From a table to scored pairs: read, canonical values, blocking, comparison, scores, neighbours."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kevasync.dedupe import collective
from kevasync.dedupe.blocking import Budget, RuleReport, find_candidates
from kevasync.dedupe.canonical import make_records
from kevasync.dedupe.columns import Columns
from kevasync.dedupe.comparison import base_features, compare, glance
from kevasync.dedupe.guards import guarded
from kevasync.dedupe.reading import Source, read
from kevasync.dedupe.scoring import Scorer, sigmoid

__all__ = ["FLOOR", "MATCH", "Evidence", "Pairs", "Report", "close_triangles", "find_pairs", "score_alone"]

MATCH = 0.5
"""Pairs from this probability on are taken for one person, unless said otherwise."""
FLOOR = 0.01
"""Pairs below this probability are not written: there are too many of them."""
_KEPT_LOGIT = -7.0
_SIEVE_FROM = 150_000
"""So many pairs are all compared in full."""
_AMID = (6, 2_500_000)
"""So many pairs a record, or so many in all where that is more, are looked at amid their neighbours: the most likely.
A million records of which many are alike would need more memory than a small machine has."""
_BITS = float(1 / np.log(2))
_VALUES = {
    "name": "person", "email": "email", "phone": "phone", "company": "company", "street": "street", "city": "city",
    "postcode": "postcode", "region": "coalesce(state, country)", "dob": "dob", "title": "title",
    "identifier": "identifier", "other": "other0",
}  # fmt: skip

Tell = Callable[[str, int | None], None]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one field says, in bits; positive speaks for one person. `a` and `b`: the values as they were compared."""

    field: str
    bits: float
    a: str | None = None
    b: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Counts of a run: candidates are the pairs that blocking found, `closing` those found through a third record.

    `passed_over`: of the pairs that were judged by themselves, the least likely ones where they were too many to be
    looked at amid their neighbours.
    """

    records: int
    columns: tuple[Columns, ...]
    candidates: int
    closing: int
    passed_over: int
    rules: tuple[RuleReport, ...]
    seconds: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "records": self.records,
            "columns": [item.as_dict() for item in self.columns],
            "guessed": any(item.guessed for item in self.columns),
            "not_compared": sorted({name for item in self.columns for name in item.left_out}),
            "notes": [note for item in self.columns for note in item.notes],
            "candidates": self.candidates,
            "closing": self.closing,
            "passed_over": self.passed_over,
            "blocking": [rule.as_dict() for rule in self.rules],
            "cpu_seconds": {name: round(value, 2) for name, value in self.seconds.items()},
        }


@dataclass(frozen=True)
class Pairs:
    """Scored pairs, most likely first. `table`: id_a, id_b, probability, weight; `a`, `b`: record numbers from 1."""

    con: duckdb.DuckDBPyConnection
    table: pa.Table
    a: npt.NDArray[np.int32]
    b: npt.NDArray[np.int32]
    logit: npt.NDArray[np.float64]
    report: Report
    scorer: Scorer = field(repr=False)

    @property
    def probability(self) -> npt.NDArray[np.float64]:
        """Of each pair, in the table's order."""
        return sigmoid(self.logit)

    def features(self, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Base features of pairs of record numbers, in that order."""
        keys = numbers[:, 0].astype(np.int64) << 32 | numbers[:, 1]
        wanted, back = np.unique(keys, return_inverse=True)
        self.con.register("dd_given", pa.table({"key": wanted}))
        self.con.execute(
            "create or replace temp table dd_asked as "
            "select (key >> 32)::INTEGER as a, (key & 4294967295)::INTEGER as b from dd_given order by key"
        )
        self.con.unregister("dd_given")
        width = len(base_features())
        found = np.empty((len(wanted), width), np.float32)
        for pairs, rows in compare(self.con, "dd_asked", self.report.records):
            places = np.searchsorted(wanted, pairs[:, 0].astype(np.int64) << 32 | pairs[:, 1])
            found[places] = rows[:, :width]
        return found[back]

    def places(self) -> dict[tuple[int, int], int]:
        """Where each pair of record numbers stands."""
        return {pair: at for at, pair in enumerate(zip(self.a.tolist(), self.b.tolist(), strict=True))}

    def record_numbers(self) -> dict[str, int]:
        """The number of each record, by id."""
        return dict(self.con.execute("select id, n::INTEGER from dd_id").fetchall())

    def corrected(self, logit: npt.NDArray[np.float64]) -> Pairs:
        """The same pairs with other log odds, in their new order."""
        order = np.lexsort((self.b, self.a, -logit))
        kept = self.table.select(["id_a", "id_b"]).take(pa.array(order))
        table = kept.append_column("probability", pa.array(sigmoid(logit[order])))
        table = table.append_column("weight", pa.array(logit[order] * _BITS))
        return replace(self, table=table, a=self.a[order], b=self.b[order], logit=logit[order])

    def numbers(self, asked: Sequence[tuple[str, str]]) -> npt.NDArray[np.int32]:
        """Record numbers of pairs of ids. Raises KeyError for an id that the table lacks."""
        ids = sorted({identity for pair in asked for identity in pair})
        found = dict(
            self.con.execute("select id, n::INTEGER from dd_id where id in (select unnest(?))", [ids]).fetchall()
        )
        return np.array([(found[a], found[b]) for a, b in asked], np.int32).reshape(-1, 2)

    def explain(self, asked: Sequence[tuple[str, str]]) -> list[list[Evidence]]:
        """Evidence for each pair of ids: the prior, each field the table has, and what neighbours add (`together`)."""
        if not asked:
            return []
        numbers = self.numbers(asked)
        told = self.scorer.explain(self.features(numbers), self.report.records)
        values = self._values(sorted({int(number) for number in numbers.ravel()}))
        final = {(int(a), int(b)): z * _BITS for a, b, z in zip(self.a, self.b, self.logit, strict=True)}
        evidence: list[list[Evidence]] = []
        for (a, b), parts in zip(numbers.tolist(), told, strict=True):
            items = [
                Evidence(part.field, part.bits, values[a].get(part.field), values[b].get(part.field)) for part in parts
            ]
            weight = final.get((min(a, b), max(a, b)))
            if weight is not None:
                items.append(Evidence("together", weight - sum(item.bits for item in items)))
            evidence.append(items)
        return evidence

    def _values(self, numbers: list[int]) -> dict[int, dict[str, str]]:
        columns = ", ".join(f"{sql} as {name}" for name, sql in _VALUES.items())
        rows = self.con.execute(
            f"select n, {columns} from dd_record where n in (select unnest(?))",  # noqa: S608 ours
            [numbers],
        ).fetchall()
        return {row[0]: {name: value for name, value in zip(_VALUES, row[1:], strict=True) if value} for row in rows}


def find_pairs(
    con: duckdb.DuckDBPyConnection,
    source: Source,
    columns: Sequence[Columns] | Columns | None,
    *,
    scorer: Scorer | None = None,
    floor: float = FLOOR,
    tell: Tell = lambda _step, _total: None,
) -> Pairs:
    """Pairs of records that may be one person, with their probability. Raises UsageError (catalogue/dedupe.toml).

    Leaves the temporary tables dd_record and dd_id on the connection; a second call replaces them. `tell` hears each
    step's name and size.
    """
    scorer = scorer or Scorer.load()
    clock = _Clock()
    tell("read", None)
    used = read(con, source, columns)
    records = make_records(con)
    con.execute("drop table if exists dd_in")
    clock.mark("read")
    tell("block", records)
    rules = find_candidates(con, Budget.of(records))
    candidates = int(con.execute("select count(*) from dd_pair").fetchall()[0][0])
    clock.mark("block")
    tell("compare", candidates)
    numbers, logit = score_alone(con, "dd_pair", records, scorer)
    con.execute("drop table dd_pair")
    judged = len(numbers)
    numbers, logit = _most_likely(numbers, logit, max(_AMID[0] * records, _AMID[1]))
    passed_over = judged - len(numbers)
    clock.mark("compare")
    tell("together", len(numbers))
    numbers, logit, closing = close_triangles(con, numbers, logit, records, scorer)
    numbers, context = collective.context(con, records, min(float(np.log(floor / 4)), collective.LEAST))
    final = guarded(con, numbers, scorer.together(context))
    con.execute("drop table dd_scored; drop table dd_edge")
    clock.mark("together")
    report = Report(records, tuple(used), candidates, closing, passed_over, tuple(rules), clock.seconds)
    keep = final >= np.log(floor / (1 - floor))
    return _pairs(con, numbers[keep], final[keep], report, scorer)


def score_alone(
    con: duckdb.DuckDBPyConnection, pairs: str, records: int, scorer: Scorer
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Pairs (n x 2) and log odds of those that are not hopeless: told by a few features first, then by all."""
    if scorer.sieve is not None and con.execute(f"select count(*) from {pairs}").fetchall()[0][0] > _SIEVE_FROM:  # noqa: S608 ours
        passed = [numbers[scorer.hopeful(rows)] for numbers, rows in glance(con, pairs, records)]
        kept = np.concatenate([np.empty((0, 2), np.int32), *passed]).astype(np.int32)
        con.register("dd_passing", pa.table({"a": kept[:, 0], "b": kept[:, 1]}))
        con.execute("create or replace temp table dd_passed as select a, b from dd_passing order by a, b")
        con.unregister("dd_passing")
        pairs = "dd_passed"
    found: list[npt.NDArray[np.int32]] = [np.empty((0, 2), np.int32)]
    logits: list[npt.NDArray[np.float32]] = [np.empty(0, np.float32)]
    for numbers, features in compare(con, pairs, records):
        logit = scorer.logit(features)
        keep = logit > _KEPT_LOGIT
        found.append(numbers[keep].astype(np.int32))
        logits.append(logit[keep].astype(np.float32))
    return np.concatenate(found), np.concatenate(logits)


def _most_likely(
    numbers: npt.NDArray[np.int32], logit: npt.NDArray[np.float32], most: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """At most so many pairs; of those that score the same either all or none."""
    if len(logit) <= most:
        return numbers, logit
    kept = logit > np.partition(logit, len(logit) - most - 1)[len(logit) - most - 1]
    return numbers[kept], logit[kept]


def close_triangles(
    con: duckdb.DuckDBPyConnection,
    numbers: npt.NDArray[np.int32],
    logit: npt.NDArray[np.float32],
    records: int,
    scorer: Scorer,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32], int]:
    """Compare also the pairs whose third record says that they may belong together; leaves dd_scored and dd_edge."""
    collective.put_scores(con, numbers[:, 0], numbers[:, 1], logit)
    closing = collective.missing_sides(con, max(4 * records, 200_000))
    if closing:
        more, values = _all_alone(con, records, scorer)
        numbers, logit = np.concatenate([numbers, more]), np.concatenate([logit, values])
        collective.put_scores(con, numbers[:, 0], numbers[:, 1], logit)
    con.execute("drop table dd_closing")
    return numbers, logit, closing


def _all_alone(
    con: duckdb.DuckDBPyConnection, records: int, scorer: Scorer
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    parts = [(pairs.astype(np.int32), scorer.logit(rows)) for pairs, rows in compare(con, "dd_closing", records)]
    return np.concatenate([pairs for pairs, _ in parts]), np.maximum(
        np.concatenate([z for _, z in parts]), _KEPT_LOGIT
    ).astype(np.float32)


def _pairs(
    con: duckdb.DuckDBPyConnection,
    numbers: npt.NDArray[np.int32],
    logit: npt.NDArray[np.float64],
    report: Report,
    scorer: Scorer,
) -> Pairs:
    order = np.lexsort((numbers[:, 1], numbers[:, 0], -logit))
    numbers, logit = numbers[order], logit[order]
    ids = con.sql("select id from dd_id order by n").to_arrow_table().column("id").combine_chunks()
    table = pa.table(
        {
            "id_a": ids.take(pa.array(numbers[:, 0] - 1)),
            "id_b": ids.take(pa.array(numbers[:, 1] - 1)),
            "probability": sigmoid(logit),
            "weight": logit * _BITS,
        }
    )
    return Pairs(con, table, numbers[:, 0], numbers[:, 1], logit, report, scorer)


class _Clock:
    """CPU seconds of each step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.process_time()

    def mark(self, step: str) -> None:
        """End of the step."""
        now = time.process_time()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self._last
        self._last = now
