"""What a pair's neighbours say about it: third records that confirm it, rivals, how dense the table is.

Two records that share little may both be sure copies of a third; two that look alike may each belong to somebody else.
"""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kevasync.dedupe.canonical import SMALLEST

__all__ = ["CONTEXT", "LEAST", "context", "missing_sides"]

CONTEXT = (
    "logit", "rival_a", "rival_b", "strong_a", "strong_b", "path", "path_mass", "path_count", "contradiction",
    "lost_a", "lost_b", "log_records", "density", "doubt", "crowd", "below", "above",
    "near_rival_a", "near_rival_b", "near_path", "near_contradiction", "near_strong", "near_lost", "rank", "expected",
)  # fmt: skip
"""Columns of the matrix that the second model reads."""

DEGREE = 24
"""A record's best neighbours that are looked at: a bound for shared mailboxes."""
_FLOOR = 0.02
LEAST = -6.0
"""Log odds from which pairs are looked at amid their neighbours, whatever is asked for: a table looks the same then."""
_FAR = -8.0
_NEAR = 0.75
"""Log odds no further apart than this are about the same score."""


def put_scores(
    con: duckdb.DuckDBPyConnection, a: npt.NDArray[np.int32], b: npt.NDArray[np.int32], logit: npt.NDArray[np.float32]
) -> None:
    """`dd_scored` (a, b, z) and `dd_edge` (x, y, z, p: both ways, the best neighbours of each record)."""
    con.register("dd_scores", pa.table({"a": a, "b": b, "z": logit}))
    con.execute("create or replace temp table dd_scored as select a, b, z from dd_scores")
    con.unregister("dd_scores")
    con.execute(
        """create or replace temp table dd_edge as
        with ways as (
          select a as x, b as y, z from dd_scored where z > $far union all select b, a, z from dd_scored where z > $far
        ),
        ranked as (select *, row_number() over (partition by x order by z desc, y) as place from ways)
        select x, y, z, (1 / (1 + exp(-z)))::FLOAT as p, place from ranked where place <= $degree""",
        {"far": float(np.log(_FLOOR / (1 - _FLOOR))), "degree": DEGREE},
    )


def missing_sides(con: duckdb.DuckDBPyConnection, limit: int) -> int:
    """`dd_closing` (a, b): pairs no rule found though a third record is likely the same as both. Returns how many."""
    con.execute(
        """create or replace temp table dd_closing as
        with strong as (from dd_edge where p > 0.4 and place <= 12), found as (
          select l.y as a, r.y as b, max(l.p * r.p) as p
          from strong as l join strong as r on l.x = r.x and l.y < r.y group by all
        )
        select a, b from found anti join dd_scored using (a, b) order by p desc, a, b limit $limit""",
        {"limit": limit},
    )
    return int(con.execute("select count(*) from dd_closing").fetchall()[0][0])


def context(
    con: duckdb.DuckDBPyConnection, records: int, wanted: float = _FAR
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Pairs of dd_scored with a logit above `wanted`, and their context: (n x 2, n x len(CONTEXT)), ordered by a, b."""
    con.execute(
        """create or replace temp table dd_path as
        select pair.a, pair.b, max(least(l.z, r.z)) as path, sum(l.p * r.p) as mass,
          count(*) filter (l.p > 0.5 and r.p > 0.5) as paths,
          sum(l.p * (1 - r.p) + r.p * (1 - l.p)) as split, sum(l.p) as known_a, sum(r.p) as known_b
        from dd_scored as pair join dd_edge as l on l.x = pair.a join dd_edge as r on r.x = pair.b and r.y = l.y
        where pair.z > $wanted group by pair.a, pair.b""",
        {"wanted": wanted},
    )
    rows = con.execute(
        """with side as (
          select x, max(z) filter (place = 1) as best, max(y) filter (place = 1) as best_y,
            max(z) filter (place = 2) as next_best,
            count(*) filter (p > 0.5) as strong, sum(p) as mass from dd_edge group by x
        )
        select pair.a, pair.b, pair.z as logit,
          coalesce(case when l.best_y = pair.b then l.next_best else l.best end, $far)::FLOAT as rival_a,
          coalesce(case when r.best_y = pair.a then r.next_best else r.best end, $far)::FLOAT as rival_b,
          coalesce(l.strong, 0)::FLOAT as strong_a, coalesce(r.strong, 0)::FLOAT as strong_b,
          coalesce(path.path, $far)::FLOAT as path, coalesce(mass_of.mass, 0)::FLOAT as path_mass,
          coalesce(mass_of.paths, 0)::FLOAT as path_count,
          coalesce(mass_of.split, 0)::FLOAT as contradiction,
          (coalesce(l.mass, 0) - coalesce(mass_of.known_a, 0))::FLOAT as lost_a,
          (coalesce(r.mass, 0) - coalesce(mass_of.known_b, 0))::FLOAT as lost_b
        from dd_scored as pair left join side as l on l.x = pair.a left join side as r on r.x = pair.b
        left join dd_path as mass_of on mass_of.a = pair.a and mass_of.b = pair.b
        left join dd_path as path on path.a = pair.a and path.b = pair.b
        where pair.z > $wanted order by pair.a, pair.b""",
        {"far": _FAR, "wanted": wanted},
    ).fetchnumpy()
    numbers = np.stack([rows["a"], rows["b"]], axis=1).astype(np.int32)
    count = len(numbers)
    columns = [rows[name].astype(np.float32) for name in CONTEXT[:11]]
    for one, two in ((1, 2), (3, 4), (9, 10)):  # which record is a means nothing
        columns[one], columns[two] = np.minimum(columns[one], columns[two]), np.maximum(columns[one], columns[two])
    size = np.full(count, np.log2(max(records, SMALLEST)), np.float32)
    # sixty copies of one record are 1,770 pairs: they would tell of the table what holds for these sixty only
    counted = columns[3] < DEGREE
    low = con.execute("select z from dd_scored where z <= $wanted", {"wanted": wanted}).fetchnumpy()["z"]
    scores = np.concatenate([low, columns[0][counted]]).astype(np.float32)
    density, unsure = _fullness(scores, records)
    rest = [size, np.full(count, density, np.float32), np.full(count, unsure, np.float32)]
    rest += crowd(scores, columns[0], records)
    rest += alike(dict(zip(CONTEXT, columns, strict=False)), max(records, SMALLEST), counted)
    con.execute("drop table dd_path")
    return numbers, np.stack([*columns, *rest], axis=1) if count else np.empty((0, len(CONTEXT)), np.float32)


def _fullness(scores: npt.NDArray[np.float32], records: int) -> tuple[float, float]:
    """Expected matches per record, as a power of two, and how unsure they are."""
    p = 1 / (1 + np.exp(-scores.astype(np.float64)))
    total = max(float(p.sum()), 0.5)
    return float(np.log2(total / max(records, 1))), float((p * (1 - p)).sum()) / total


def crowd(
    scores: npt.NDArray[np.float32], logit: npt.NDArray[np.float32], records: int
) -> list[npt.NDArray[np.float32]]:
    """How many pairs of the table score about the same, and how many two steps lower and higher in relation to them.

    By this the second model sets the prior right for each table: where few pairs score lower, the tail of the
    different ones ends below, and a middling score means the same person; where they swarm, it does not.
    """
    ordered = np.sort(scores)

    def near(middle: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        counts = np.searchsorted(ordered, middle + 0.75) - np.searchsorted(ordered, middle - 0.75)
        return np.asarray(np.log2(counts + 1.0), np.float64)

    here = near(logit)
    parts = (here - np.log2(max(records, 1)), near(logit - 2) - here, near(logit + 2) - here)
    return [np.asarray(part, np.float32) for part in parts]


def alike(
    columns: dict[str, npt.NDArray[np.float32]], records: int, counted: npt.NDArray[np.bool_]
) -> list[npt.NDArray[np.float32]]:
    """What becomes of this table's pairs of about the same score: the last eight of CONTEXT.

    Where pairs of a score mostly have stronger rivals, or neighbours that disagree, that score means less here than in
    other tables; nobody needs to label anything for that. The last two are how many pairs score as high or higher,
    and how many of them are expected to be right, per record, as powers of two. Only pairs that are `counted` speak.
    """
    logit = columns["logit"].astype(np.float64)
    order = np.flatnonzero(counted)
    order = order[np.argsort(logit[order], kind="stable")]
    ordered = logit[order]
    low, high = np.searchsorted(ordered, logit - _NEAR), np.searchsorted(ordered, logit + _NEAR)

    def mean(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        sums = np.concatenate([[0.0], np.cumsum(values[order], dtype=np.float64)])
        return np.asarray((sums[high] - sums[low]) / np.maximum(high - low, 1), np.float32)

    place = np.searchsorted(ordered, logit)
    sums = np.concatenate([[0.0], np.cumsum(1 / (1 + np.exp(-ordered)))])
    return [
        mean(columns["rival_a"] > logit),
        mean(columns["rival_b"] > logit),
        mean(np.minimum(columns["path_mass"], 1)),
        mean(np.minimum(columns["contradiction"], 2)),
        mean(np.minimum(columns["strong_b"], 3)),
        mean(np.minimum(columns["lost_b"], 3)),
        np.log2((len(ordered) - place + 1) / records).astype(np.float32),
        np.log2((sums[-1] - sums[place] + 1) / records).astype(np.float32),
    ]
