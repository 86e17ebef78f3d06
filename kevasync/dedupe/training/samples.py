"""Pairs to learn from: a made-up world goes through the same canonical values, blocking and features as any table."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kevasync.dedupe import reading
from kevasync.dedupe.blocking import Budget, find_candidates
from kevasync.dedupe.canonical import make_records
from kevasync.dedupe.columns import Columns
from kevasync.dedupe.comparison import BATCH, Floats, base_features, compare
from kevasync.dedupe.training.others import OTHERS, make_other
from kevasync.dedupe.training.worlds import World, make_world

__all__ = ["Sample", "any_world", "columns_of", "load_world", "sample_world", "table_of"]

HARD, EASY, TRUE = 4_000, 5_000, 2_000
"""At most so many pairs of each sort from a world; weights make up for what was left out."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Base features, truth (0 or 1) and weight of pairs from one world of so many records."""

    kind: str
    records: int
    base: Floats
    truth: npt.NDArray[np.int8]
    weight: Floats


def any_world(kind: str, records: int, seed: int, *, any_table: bool = False) -> World:
    """A world of one of our kinds or of another maker; `any_table` as in `make_world`."""
    return make_other(kind, records, seed) if kind in OTHERS else make_world(kind, records, seed, any_table=any_table)


def table_of(world: World) -> pa.Table:
    """The records of a world, a column a role."""
    names = _columns(world)
    return pa.table({name: pa.array([record.get(name) for record in world.records], pa.string()) for name in names})


def columns_of(world: World) -> Columns:
    """Which role each column of `table_of` plays."""
    names = _columns(world)
    others = tuple(name for name in names if name.startswith("other"))
    roles = [(name, (name,)) for name in names if name not in others]
    return Columns((*roles, *([("other", others)] if others else [])))


def _columns(world: World) -> list[str]:
    return sorted({name for record in world.records for name in record})


def load_world(con: duckdb.DuckDBPyConnection, world: World) -> int:
    """Make dd_record, dd_pair and dd_truth (n, person) from a world. Returns the number of records."""
    con.register("dd_world", table_of(world))
    reading.read(con, "dd_world", columns_of(world))
    truth = pa.table(
        {"n": pa.array(range(1, len(world.truth) + 1), pa.int32()), "person": pa.array(world.truth, pa.int32())}
    )
    con.register("dd_truth_source", truth)
    con.execute("create or replace temp table dd_truth as from dd_truth_source")
    con.unregister("dd_truth_source")
    con.unregister("dd_world")
    records = make_records(con)
    find_candidates(con, Budget.of(records))
    return records


def sample_world(kind: str, records: int, seed: int) -> Sample:
    """Weighted pairs of the world of that kind, size and seed: the same for the same numbers."""
    con = duckdb.connect(config={"threads": 1})
    con.execute("set enable_progress_bar = false")
    try:
        count = load_world(con, any_world(kind, records, seed))
        con.execute(
            """create temp table dd_sample as
            with known as (
              select pair.a, pair.b, l.person = r.person as same, pair.rowid as place
              from dd_pair as pair join dd_truth as l on l.n = pair.a join dd_truth as r on r.n = pair.b
            ), sorts as (
              select *, case when same then 'true' when row_number() over (partition by same order by place, a, b) <= $hard then 'hard' else 'easy' end as sort
              from known
            ), drawn as (
              select *, row_number() over (partition by sort order by hash(a * 7919 + b), a, b) as draw, count(*) over (partition by sort) as size from sorts
            )
            select a, b, same, (size / least(size, case sort when 'true' then $true when 'hard' then $hard else $easy end))::FLOAT as weight
            from drawn where draw <= case sort when 'true' then $true when 'hard' then $hard else $easy end order by a, b""",
            {"hard": HARD, "easy": EASY, "true": TRUE},
        )
        return _gathered(con, kind, count)
    finally:
        con.close()


def _gathered(con: duckdb.DuckDBPyConnection, kind: str, count: int) -> Sample:
    rows = con.execute("select a, b, same, weight from dd_sample").fetchnumpy()
    known = {(int(a), int(b)): at for at, (a, b) in enumerate(zip(rows["a"], rows["b"], strict=True))}
    width = len(base_features())
    base = np.empty((len(known), width), np.float32)
    for numbers, features in compare(con, "dd_sample", count, BATCH):
        places = [known[int(a), int(b)] for a, b in numbers]
        base[places] = features[:, :width]
    return Sample(kind, count, base, rows["same"].astype(np.int8), rows["weight"].astype(np.float32))
